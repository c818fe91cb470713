package program_test

import (
	"testing"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"remit"
	"remit/commands"
)

// A permission that is taken away after somebody claimed, and even after Stripe
// has been asked for an intent, stops the money: 403 and no confirm (T4).
func TestT4RevokedBetweenClaimAndConfirm(t *testing.T) {
	t.Parallel()
	var crash boundaries
	w := openWorld(t, crash.hook)
	admin := w.signIn("admin")
	customer, card := w.customer(w.branchA, "4242424242424242")
	revoke := map[string]func(grant, user string){
		"grant removed": func(grant, _ string) { admin.del("/v1/grants/" + grant).want(204) },
		"frozen": func(_, user string) {
			admin.post("/v1/grants", map[string]any{"user": user, "role": "Frozen", "path": w.branchA}).want(201)
		},
		"disabled": func(_, user string) { admin.put("/v1/users/"+user, map[string]any{"disabled": true}).want(200) },
	}
	n := 0
	for _, boundary := range []string{"", "reserved", "intent stored"} {
		for how, take := range revoke {
			n++
			name := "payer." + uuid.NewString()[:6]
			payer := w.person(name, commands.GrantInput{Role: "Invoice Payers", Path: w.branchA})
			me := payer.get("/v1/me").want(200)
			grant, user := me.text("grants", 0, "id"), me.text("id")
			invoice, item := w.invoice(w.branchA, customer, 4000+int64(n))
			payer.post("/v1/work-items/"+item+"/claim", nil).want(200)
			if boundary == "" {
				take(grant, user)
			} else {
				crash.at(boundary, func() { take(grant, user) })
			}
			got := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 4000 + n, "payment_method": card})
			switch {
			case boundary == "" && how == "disabled":
				got.want(401) // his session has ended
			case boundary == "":
				got.want(403, 404) // with the role goes the sight of the item
			default:
				got.want(403)
			}
			if cents, charges := w.captured(invoice); cents != 0 || charges != 0 {
				t.Errorf("%s at %q: captured %d in %d", how, boundary, cents, charges)
			}
			after := admin.get("/v1/invoices/" + invoice).want(200)
			if after.text("status") != "open" || after.at("in_flight") != nil {
				t.Errorf("%s at %q leaves %s, in flight %v", how, boundary, after.text("status"), after.at("in_flight"))
			}
		}
	}
	if confirms := w.asked("POST", "/confirm"); confirms != 0 {
		t.Errorf("%d confirms were sent", confirms)
	}
}

// An API token that is revoked on the way of a payment that it asked for charges
// nothing, although whoever it speaks for still may pay (T4).
func TestT4TokenRevokedBetweenRequestAndConfirm(t *testing.T) {
	t.Parallel()
	var crash boundaries
	w := openWorld(t, crash.hook)
	customer, card := w.customer(w.branchA, "4242424242424242")
	payer := w.signIn("payer.a")
	for n, boundary := range []string{"reserved", "intent stored"} {
		token := payer.post("/v1/api-tokens", map[string]any{"name": "till " + boundary}).want(201)
		machine := &browser{w: w, client: w.anonymous().client, bearer: token.text("secret")}
		invoice, _ := w.invoice(w.branchA, customer, 4000+int64(n))
		crash.at(boundary, func() { payer.del("/v1/api-tokens/" + token.text("id")).want(204) })
		machine.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 4000 + n, "payment_method": card}).want(403)
		if cents, charges := w.captured(invoice); cents != 0 || charges != 0 {
			t.Errorf("at %q: captured %d in %d", boundary, cents, charges)
		}
		payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 4000 + n, "payment_method": card}).want(200)
	}
}

// A message forged straight to the invoice's workflow, with an id of no row, of
// another invoice's row or of a row that was carried out, moves nothing (T5).
func TestT5ForgedUpdates(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	customer, card := w.customer(w.branchA, "4242424242424242")
	payer := w.signIn("payer.a")
	paid, item := w.invoice(w.branchA, customer, 5000)
	payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
	invoice, _ := w.invoice(w.branchA, customer, 6000)
	tenant := uuid.MustParse(w.sql("select id::text from tenants where path = $1", w.top)[0][0])
	done := uuid.MustParse(w.sql("select id::text from invoice_requests where invoice_id = $1::uuid", paid)[0][0])
	before := w.tables("sessions")
	for name, forged := range map[string]struct {
		invoice string
		request remit.Request
	}{
		"no row":             {invoice, remit.Request{ID: uuid.New(), Kind: remit.RequestPay}},
		"no row, a void":     {invoice, remit.Request{ID: uuid.New(), Kind: remit.RequestVoid}},
		"an unknown kind":    {invoice, remit.Request{ID: uuid.New(), Kind: "give"}},
		"another invoice's":  {invoice, remit.Request{ID: done, Kind: remit.RequestPay}},
		"carried out before": {paid, remit.Request{ID: done, Kind: remit.RequestPay}},
		"as something else":  {paid, remit.Request{ID: done, Kind: remit.RequestVoid}},
		"no such invoice":    {uuid.NewString(), remit.Request{ID: uuid.New(), Kind: remit.RequestPay}},
	} {
		result, err := w.forge(tenant, uuid.MustParse(forged.invoice), forged.request)
		if err == nil && result.Refused == nil && forged.request.ID != done {
			t.Errorf("%s: %+v", name, result)
		}
	}
	w.unchanged("a forged update", before, w.tables("sessions"))
	// Another tenant's reference with this invoice's id finds nothing either.
	_, elsewhere := w.stranger()
	before = w.tables("sessions")
	strange := uuid.MustParse(w.sql("select id::text from tenants where path = $1", elsewhere)[0][0])
	if result, err := w.forge(strange, uuid.MustParse(invoice), remit.Request{ID: uuid.New(), Kind: remit.RequestPay}); err == nil && result.Refused == nil {
		t.Errorf("another tenant's: %+v", result)
	}
	w.unchanged("a forged update", before, w.tables("sessions"))
	if n := w.asked("POST", "/confirm"); n != 1 {
		t.Errorf("%d confirms", n)
	}
	payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 6000, "payment_method": card}).want(200)
}

// forge sends an update the way somebody with access to Temporal could.
func (w *world) forge(tenant, invoice uuid.UUID, request remit.Request) (remit.RequestResult, error) {
	temporal := w.program.Commands.Temporal
	start := temporal.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID: remit.InvoiceWorkflowID(invoice), TaskQueue: remit.TaskQueue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, remit.InvoicePaymentWorkflow, remit.InvoiceRef{Tenant: tenant, Invoice: invoice})
	var result remit.RequestResult
	handle, err := temporal.UpdateWithStartWorkflow(w.t.Context(), client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateName: remit.UpdateRequest, WorkflowID: remit.InvoiceWorkflowID(invoice), Args: []any{request}, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err == nil {
		err = handle.Get(w.t.Context(), &result)
	}
	return result, err
}
