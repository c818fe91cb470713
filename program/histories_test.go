package program_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"remit"
	"remit/activities"
	"remit/program"
	remitworker "remit/worker"
	"remit/workflows"
)

// recordInto names the folder that `make histories` records into.
const recordInto = "REMIT_HISTORIES"

// The paths whose histories are recorded. Each walks an invoice through the
// true program to its end and returns the id of the workflow's first run.
var paths = map[string]func(w *world, p *path){
	"paid_by_card": func(w *world, p *path) {
		invoice := p.invoice(5000)
		w.signIn("payer.a").post("/v1/invoices/"+invoice+"/pay", p.card(5000)).want(200)
	},
	"declined_then_paid": func(w *world, p *path) {
		invoice := p.invoice(5000)
		w.signIn("payer.a").post("/v1/invoices/"+invoice+"/pay", p.broke(5000)).want(402)
		w.signIn("payer.a").post("/v1/invoices/"+invoice+"/pay", p.card(5000)).want(200)
	},
	"paid_in_two_parts": func(w *world, p *path) {
		invoice := p.invoice(20000)
		w.signIn("payer.a").post("/v1/invoices/"+invoice+"/pay", p.card(8000)).want(200)
		w.signIn("admin").post("/v1/invoices/"+invoice+"/pay", p.card(12000)).want(200)
	},
	"lost_answer_settled": func(w *world, p *path) {
		invoice := p.invoice(5000)
		w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{
			{"match": map[string]any{"method": "POST", "path": "/v1/payment_intents/*/confirm"}, "effect": "drop_after"},
			{"match": map[string]any{"method": "GET", "path": "/v1/payment_intents/"}, "effect": "drop_before"},
		}})
		w.signIn("payer.a").post("/v1/invoices/"+invoice+"/pay", p.card(5000)).want(202)
		w.sandbox("DELETE", "/faults", nil)
	},
	"settled_by_hand": func(w *world, p *path) {
		payment := w.lostForDays(p.invoice(5000), p.card(5000))
		w.signIn("admin").post("/v1/payments/"+payment+"/settle", map[string]any{"charged": true, "charge": "ch_seen", "reason": "seen in the dashboard"}).want(200)
		w.sandbox("DELETE", "/faults", nil)
	},
	"checkout_completed": func(w *world, p *path) {
		invoice := p.invoice(5000)
		page := w.signIn("payer.a").post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "checkout": true}).want(202).text("checkout", "url")
		w.submit(page, "4242424242424242", false)
		session := w.sql("select stripe_session from attempts where invoice_id = $1::uuid", invoice)[0][0]
		_, err := w.program.Commands.CheckoutReturn(w.t.Context(), session)
		must(w.t, err)
	},
	"checkout_expired_by_a_card": func(w *world, p *path) {
		invoice := p.invoice(5000)
		w.signIn("payer.a").post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "checkout": true}).want(202)
		w.signIn("admin").post("/v1/invoices/"+invoice+"/pay", p.card(5000)).want(200)
	},
	"voided": func(w *world, p *path) {
		w.signIn("admin").post("/v1/invoices/"+p.invoice(5000)+"/void", map[string]any{"reason": "mistake"}).want(200)
	},
	"held_and_lifted": func(w *world, p *path) {
		invoice := p.invoice(5000)
		w.signIn("admin").post("/v1/invoices/"+invoice+"/hold", map[string]any{"reason": "disputed"}).want(200)
		w.signIn("admin").del("/v1/invoices/" + invoice + "/hold").want(200)
		w.signIn("payer.a").post("/v1/invoices/"+invoice+"/pay", p.card(5000)).want(200)
	},
	"paid_by_transfer": func(w *world, p *path) {
		w.signIn("admin").post("/v1/invoices/"+p.invoice(5000)+"/payments", map[string]any{"amount": 5000, "method": "bank_transfer", "reference": "R-1"}).want(200, 201)
	},
	"script_after_payment": func(w *world, p *path) {
		source := "def after_payment(invoice, payment):\n    return [{\"add_tag\": \"seen\"}]\n"
		w.signIn("admin").put("/v1/settings/after-payment-script?organisation="+url.QueryEscape(w.branchB), map[string]any{"source": source}).want(200)
		invoice := p.invoiceAt(w.branchB, 5000)
		w.signIn("admin").post("/v1/invoices/"+invoice+"/pay", p.card(5000)).want(200)
	},
	"overdue_by_the_clock": func(w *world, p *path) {
		invoice := p.invoice(5000)
		w.later(25 * 24 * time.Hour)
		if overdue, _ := w.signIn("admin").get("/v1/invoices/" + invoice).want(200).at("overdue").(bool); !overdue {
			w.t.Fatal("the invoice is not overdue")
		}
		w.signIn("payer.a").post("/v1/invoices/"+invoice+"/pay", p.card(5000)).want(200)
	},
	"woken_at_rest": func(w *world, p *path) {
		invoice := p.invoice(5000)
		w.signIn("admin").post("/v1/invoices/"+invoice+"/void", map[string]any{"reason": "mistake"}).want(200)
		p.end()
		id := uuid.MustParse(invoice)
		run, err := w.program.Commands.Temporal.SignalWithStartWorkflow(w.t.Context(), p.workflow, remit.SignalWake, remit.Wake{Why: "dispute"},
			client.StartWorkflowOptions{TaskQueue: remit.TaskQueue}, remit.InvoicePaymentWorkflow, remit.InvoiceRef{Tenant: w.tenant(invoice), Invoice: id})
		must(w.t, err)
		p.run = run.GetRunID()
	},
	"refund_reserved": func(w *world, p *path) {
		p.refunded(func(invoice, _ string) string { return remit.InvoiceWorkflowID(uuid.MustParse(invoice)) })
	},
	"refund_sent": func(w *world, p *path) {
		p.refunded(func(_, refund string) string { return remit.RefundWorkflowID(uuid.MustParse(refund)) })
	},
	"bank_account_verified": func(w *world, p *path) {
		admin, id := p.bankAccount()
		admin.post("/v1/bank-accounts/"+id+"/verification", map[string]any{"amounts": []int{1, 2}}).want(422)
		admin.post("/v1/bank-accounts/"+id+"/verification", map[string]any{"amounts": []int{32, 45}}).want(200)
	},
	"bank_account_expired": func(w *world, p *path) {
		p.bankAccount()
		w.later(11 * 24 * time.Hour)
	},
	"reconciled": func(w *world, p *path) {
		done := w.signIn("admin").post("/v1/reconciliations", map[string]any{"organisation": w.top}).want(201)
		p.workflow = remit.ReconciliationWorkflowID(uuid.MustParse(done.text("id")))
	},
	"dashboard_refreshed": func(w *world, p *path) {
		admin := w.signIn("admin")
		admin.post("/v1/stripe/refresh", nil).want(202)
		w.until("the figures are read", func() bool { return admin.get("/v1/stripe/balance").want(200).at("as_of") != nil })
		found, err := w.query("select id::text from connections where disconnected_at is null")
		must(w.t, err)
		p.workflow = remit.DashboardWorkflowID(uuid.MustParse(found[0][0]))
	},
	"imported": func(w *world, p *path) {
		done := w.upload(w.branchB, "small.csv", []byte(small))
		p.workflow = remit.ImportWorkflowID(uuid.MustParse(done.text("id")))
	},
}

// The paths that begin on the first day of a world.
var fresh = map[string]func(w *world, p *path){
	"billed": func(w *world, p *path) {
		schedule := w.signIn("admin").post("/v1/billing-schedules", map[string]any{
			"customer_id": w.bare(), "number": "MONTHLY", "interval": "month", "start_date": firstDay().String(), "lines": rent("10.00"),
		}).want(201).text("id")
		w.billed(schedule, 1)
		p.workflow = remit.BillingWorkflowID(uuid.MustParse(w.sql("select tenant from billing_schedules where id = $1::uuid", schedule)[0][0]))
	},
	"charged_by_itself": func(w *world, p *path) {
		w.autoCharge(map[string]any{})
		p.invoice(5000)
		w.later(21 * 24 * time.Hour)
	},
	"connection_followed": func(w *world, p *path) {
		id := uuid.MustParse(w.sql("select id from connections")[0][0])
		w.signIn("admin").post("/v1/invoices/"+p.invoice(5000)+"/pay", map[string]any{"amount": 5000, "checkout": true}).want(202)
		w.later(2 * 24 * time.Hour)
		w.signIn("admin").del("/v1/stripe/connection").want(204)
		p.workflow, p.run = remit.OnboardingWorkflowID(id), ""
	},
	"due_date_run": func(w *world, p *path) {
		w.autoCharge(map[string]any{})
		p.invoice(5000)
		w.later(21 * 24 * time.Hour)
		p.workflow, p.run = remit.DueDateRunWorkflowID(uuid.MustParse(w.sql("select id from due_date_runs where charged = 1")[0][0])), ""
	},
}

// Every path through the program leaves a history that today's workflows replay.
// `make histories` keeps what it leaves for package workflows to replay for good.
func TestHistoriesOfEveryPath(t *testing.T) {
	w := openWorld(t)
	for name, walk := range paths {
		t.Run(name, func(t *testing.T) { recordPath(t, w, name, walk) })
	}
	for name, walk := range fresh {
		t.Run(name, func(t *testing.T) { recordPath(t, openWorld(t), name, walk) })
	}
	t.Run("worker_killed", func(t *testing.T) {
		w := openWorld(t, func(c *program.Config) { c.Work = false })
		recordPath(t, w, "worker_killed", func(w *world, p *path) { w.payAcrossADeath(p) })
	})
}

func recordPath(t *testing.T, w *world, name string, walk func(*world, *path)) {
	t.Helper()
	outer := w.t
	w.t = t
	defer func() { w.t = outer }()
	p := &path{w: w}
	walk(w, p)
	p.end()
	history := w.history(p.workflow, p.run)
	raw, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(history)
	must(t, err)
	raw = append(raw, '\n')
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableRegistrationAliasing: true})
	must(t, err)
	remitworker.Register(replaying{replayer: replayer}, remitworker.Steps{Payments: &activities.Payments{}, Imports: &activities.Imports{}, Reconciliations: &activities.Reconciliations{}, BankAccounts: &activities.BankAccounts{}}, workflows.DefaultTimes)
	must(t, replayer.ReplayWorkflowHistory(nil, history))
	if dir := os.Getenv(recordInto); dir != "" {
		must(t, os.MkdirAll(dir, 0o750))
		must(t, os.WriteFile(filepath.Join(dir, name+".json"), raw, 0o600))
	} else if _, err := os.Stat(filepath.Join("..", "workflows", "testdata", "histories", name+".json")); err != nil {
		t.Errorf("this path has no recorded history; run `make histories`: %v", err)
	}
}

// replaying registers workflows at a replayer, which has no place for activities.
type replaying struct {
	worker.Registry
	replayer worker.WorkflowReplayer
}

// path is one walk: its invoice and the run that is recorded.
type path struct {
	w        *world
	workflow string
	run      string
	customer string
	cards    map[string]string
}

// invoice makes an invoice and waits for the run that its sending starts.
func (p *path) invoice(cents int64) string {
	p.w.t.Helper()
	return p.invoiceAt(p.w.branchA, cents)
}

func (p *path) invoiceAt(branch string, cents int64) string {
	p.w.t.Helper()
	var good string
	p.customer, good = p.w.customer(branch, "4242424242424242")
	p.cards = map[string]string{"good": good}
	invoice, _ := p.w.invoice(branch, p.customer, cents)
	p.workflow = remit.InvoiceWorkflowID(uuid.MustParse(invoice))
	p.w.until("the workflow runs", func() bool {
		described, err := p.w.program.Commands.Temporal.DescribeWorkflowExecution(p.w.t.Context(), p.workflow, "")
		if err == nil {
			p.run = described.GetWorkflowExecutionInfo().GetExecution().GetRunId()
		}
		return err == nil
	})
	return invoice
}

func (p *path) card(cents int64) map[string]any {
	return map[string]any{"amount": cents, "payment_method": p.cards["good"]}
}

// broke is a payment with a second card of the customer, which is declined.
func (p *path) broke(cents int64) map[string]any {
	admin := p.w.signIn("admin")
	page := admin.post("/v1/customers/"+p.customer+"/payment-methods", map[string]any{}).want(200, 201).text("url")
	p.w.submit(page, "4000000000000341", false)
	methods := admin.get("/v1/customers/" + p.customer + "/payment-methods").want(200)
	for n := range 2 {
		if id := methods.text("data", n, "id"); id != p.cards["good"] {
			return map[string]any{"amount": cents, "payment_method": id}
		}
	}
	p.w.t.Fatalf("there is no second card: %s", methods.raw)
	return nil
}

// bankAccount adds a bank account, whose workflow is the one that is recorded.
func (p *path) bankAccount() (admin *browser, id string) {
	p.w.t.Helper()
	admin = p.w.signIn("admin")
	p.w.deposits("amounts")
	id = admin.post("/v1/customers/"+p.w.bare()+"/bank-accounts", bankAccountBody("000123456789")).want(201).text("id")
	p.workflow = remit.BankAccountWorkflowID(uuid.MustParse(id))
	described, err := p.w.program.Commands.Temporal.DescribeWorkflowExecution(p.w.t.Context(), p.workflow, "")
	must(p.w.t, err)
	p.run = described.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	return admin, id
}

// refunded pays an invoice, refunds it once its first run is over, and goes on
// with the workflow that is named.
func (p *path) refunded(workflow func(invoice, refund string) string) {
	invoice := p.invoice(5000)
	admin := p.w.signIn("admin")
	payment := admin.post("/v1/invoices/"+invoice+"/pay", p.card(5000)).want(200).text("payment", "id")
	p.end()
	refund := admin.post("/v1/payments/"+payment+"/refunds", map[string]any{"amount": 5000, "reason": "sent back", "then": "settle"}).want(201)
	if refund.text("state") != "succeeded" {
		p.w.t.Fatalf("the refund is %s", refund.raw)
	}
	p.workflow = workflow(invoice, refund.text("id"))
	described, err := p.w.program.Commands.Temporal.DescribeWorkflowExecution(p.w.t.Context(), p.workflow, "")
	must(p.w.t, err)
	p.run = described.GetWorkflowExecutionInfo().GetExecution().GetRunId()
}

// end waits until the recorded run is over.
func (p *path) end() {
	p.w.t.Helper()
	p.w.until("the run ends", func() bool {
		described, err := p.w.program.Commands.Temporal.DescribeWorkflowExecution(p.w.t.Context(), p.workflow, p.run)
		must(p.w.t, err)
		return described.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	})
}

func (w *world) tenant(invoice string) uuid.UUID {
	return uuid.MustParse(w.sql("select tenant::text from invoices where id = $1::uuid", invoice)[0][0])
}

// history reads a run's history and opens its payloads, which hold ids and
// states: sealed under the world's keys nobody could ever replay it again.
func (w *world) history(workflow, run string) *historypb.History {
	w.t.Helper()
	events := w.program.Commands.Temporal.GetWorkflowHistory(w.t.Context(), workflow, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	history := &historypb.History{}
	for events.HasNext() {
		event, err := events.Next()
		must(w.t, err)
		history.Events = append(history.Events, event)
	}
	opened, err := w.opener()
	must(w.t, err)
	must(w.t, opened.open(context.WithoutCancel(w.t.Context()), history))
	return history
}
