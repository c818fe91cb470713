package program_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"remit/api"
	"remit/commands"
	"remit/program"
)

// The people of the walk, in the order of a row's answers. Unlike those of the
// walk in package api most hold something at Branch A alone.
var walkers = []string{"admin", "payer.a", "payer.b", "clerk", "viewer", "customer", "token", "stranger"}

// walked is a route, the object or ?organisation that its address needs ("ends"
// for the one that ends its caller's session), and how each of the walkers is
// answered: y he may, whatever else is wrong with the request, 3 seen and not
// his to do (403), 4 nothing there for him (404).
type walked struct{ of, answers string }

// walkRows is the table. Objects are at Branch A, and bodies are ones that no
// route takes, so that who may is told what is wrong with them (400).
var walkRows = map[string]walked{
	"signOut":                  {"ends", ""},
	"confirmSession":           {"", "yyyyyyyy"},
	"me":                       {"", "yyyyyyyy"},
	"changePassword":           {"", "yyyyyy3y"},
	"setSecondFactor":          {"", "yyyyyyyy"},
	"removeSecondFactor":       {"", "yyyyyy3y"},
	"users":                    {"TOP", "y3333334"},
	"inviteUser":               {"", "y333333y"},
	"updateUser":               {"user", "y3333334"},
	"apiTokens":                {"TOP", "yyyyyyy4"},
	"createApiToken":           {"", "yyyyyy3y"},
	"revokeApiToken":           {"token", "y4444444"},
	"organisations":            {"TOP", "y3333334"},
	"createOrganisation":       {"", "y333333y"},
	"updateOrganisation":       {"organisation", "y3433434"},
	"recordKeys":               {"organisation", "yy4yy4y4"},
	"deleteOrganisation":       {"organisation", "y3433434"},
	"roles":                    {"TOP", "y3333334"},
	"putRole":                  {"role", "y333333y"},
	"deleteRole":               {"role", "y3333334"},
	"grants":                   {"TOP", "y3333334"},
	"createGrant":              {"", "y333333y"},
	"deleteGrant":              {"grant", "y3433434"},
	"audit":                    {"TOP", "y3333334"},
	"workItemStep":             {"TOP/Branch A", "y3433434"},
	"setWorkItemStep":          {"TOP/Branch A", "y3433434"},
	"approvalRules":            {"TOP/Branch A", "y3433434"},
	"setApprovalRules":         {"TOP/Branch A", "y3433434"},
	"afterPaymentScript":       {"TOP/Branch A", "y3433434"},
	"setAfterPaymentScript":    {"TOP/Branch A", "y3433434"},
	"removeAfterPaymentScript": {"TOP/Branch A", "y3433434"},
	"testAfterPaymentScript":   {"TOP/Branch A", "y3433434"},
	"workflowDefinition":       {"TOP/Branch A", "y3433434"},
	"setWorkflowDefinition":    {"TOP/Branch A", "y3433434"},
	"paymentSettings":          {"TOP/Branch A", "y343y434"},
	"setPaymentSettings":       {"TOP/Branch A", "y3433434"},
	"excessSettings":           {"TOP/Branch A", "y343y434"},
	"setExcessSettings":        {"TOP/Branch A", "y3433434"},
	"noticeSettings":           {"TOP/Branch A", "y3433434"},
	"setNoticeSettings":        {"TOP/Branch A", "y3433434"},
	"noticeTemplate":           {"occasion", "y444343y"},
	"setNoticeTemplate":        {"occasion", "y444343y"},
	"removeNoticeTemplate":     {"occasion", "y444343y"},
	"previewNotice":            {"occasion", "y444343y"},
	"undeliveredMails":         {"TOP/Branch A", "y3433434"},
	"resendMail":               {"mail", "y3433434"},
	"retrySettings":            {"TOP/Branch A", "y343y434"},
	"setRetrySettings":         {"TOP/Branch A", "y3433434"},
	"replayRetries":            {"TOP/Branch A", "y343y434"},
	"connection":               {"TOP", "y444y434"},
	"removeKeys":               {"TOP", "y4443434"},
	"saveKeys":                 {"TOP", "y4443434"},
	"connectExpress":           {"TOP", "y4443434"},
	"refreshLink":              {"TOP", "y4443434"},
	"connectStandard":          {"TOP", "y4443434"},
	"impact":                   {"TOP", "y4443434"},
	"stripeAccount":            {"TOP", "y444y434"},
	"stripeCustomers":          {"TOP", "y444y434"},
	"stripeBankAccounts":       {"TOP", "y444y434"},
	"stripeBalance":            {"TOP", "y444y434"},
	"stripePayouts":            {"TOP", "y444y434"},
	"stripeTransactions":       {"TOP", "y444y434"},
	"stripeDashboardLink":      {"TOP", "y444y434"},
	"refreshStripe":            {"TOP", "y444y434"},
	"customers":                {"TOP/Branch A", "yyyy3y34"},
	"createCustomer":           {"", "y333333y"},
	"customer":                 {"customer", "yy4y4y44"},
	"updateCustomer":           {"customer", "y3434344"},
	"linkCustomer":             {"customer", "y3434344"},
	"unlinkCustomer":           {"customer", "y3434344"},
	"customerLink":             {"customer", "yy4y4344"},
	"settleDifference":         {"customer", "y3434344"},
	"deleteCustomer":           {"customer", "y3434344"},
	"planMapping":              {"TOP/Branch A", "y3433434"},
	"startMapping":             {"", "y333333y"},
	"mapping":                  {"mapping", "y4444444"},
	"stopMapping":              {"mapping", "y4444444"},
	"resumeMapping":            {"mapping", "y4444444"},
	"customerCredit":           {"customer", "yy4y4y44"},
	"paymentMethods":           {"customer", "yy434y44"},
	"addPaymentMethod":         {"customer", "yy434y44"},
	"setDefaultPaymentMethod":  {"customer", "yy434y44"},
	"switchAutomatic":          {"customer", "y3434y44"},
	"removePaymentMethod":      {"payment method", "yy434y44"},
	"bankAccounts":             {"customer", "yy434y44"},
	"addBankAccount":           {"customer", "yy434y44"},
	"waitingBankAccounts":      {"TOP/Branch A", "yyyy3334"},
	"bankAccount":              {"bank account", "yy434y44"},
	"verifyBankAccount":        {"bank account", "yy434y44"},
	"invoices":                 {"TOP/Branch A", "yyyyyyy4"},
	"createInvoice":            {"", "y333333y"},
	"invoice":                  {"invoice", "yy4yyyy4"},
	"invoicePdf":               {"invoice", "yy4yyyy4"},
	"paymentRecord":            {"invoice", "y343y334"},
	"updateInvoice":            {"invoice", "y3433334"},
	"sendInvoice":              {"invoice", "y3433334"},
	"processInvoice":           {"invoice", "y3433334"},
	"voidInvoice":              {"invoice", "y3433334"},
	"resetLink":                {"invoice", "y3433334"},
	"promisePayment":           {"invoice", "y3433334"},
	"holdInvoice":              {"invoice", "y3433334"},
	"reverseLateFee":           {"invoice", "y3433334"},
	"liftHold":                 {"invoice", "y3433334"},
	"chargeInvoice":            {"invoice", "y3433334"},
	"switchCharge":             {"invoice", "y3433334"},
	"payInvoice":               {"invoice", "yy433y34"},
	"payments":                 {"invoice", "yy4yyyy4"},
	"recordPayment":            {"invoice", "y3433334"},
	"refunds":                  {"payment", "yy4yyyy4"},
	"refundPayment":            {"payment", "y3433334"},
	"cancelPayment":            {"payment", "yy433y34"},
	"settlePayment":            {"payment", "y3433334"},
	"unknownPayments":          {"TOP/Branch A", "y3333334"},
	"settleBack":               {"payment", "y3433334"},
	"unknownBack":              {"TOP/Branch A", "y3333334"},
	"runAfterPaymentScript":    {"invoice", "y3433334"},
	"timeline":                 {"invoice", "yy4yy3y4"},
	"disputes":                 {"TOP/Branch A", "y333y334"},
	"workItems":                {"TOP/Branch A", "yyyyyyy4"},
	"workItem":                 {"work item", "yy4y4444"},
	"claimWorkItem":            {"work item", "yy4y4444"},
	"releaseWorkItem":          {"work item", "yy4y4444"},
	"payWorkItem":              {"work item", "yy434444"},
	"approvals":                {"TOP/Branch A", "y3333334"},
	"approval":                 {"approval", "y4444444"},
	"approve":                  {"approval", "y4444444"},
	"declineApproval":          {"approval", "y4444444"},
	"approvalDelegations":      {"TOP", "yyyyyyy4"},
	"delegateApprovals":        {"", "y333333y"},
	"takeBackApprovals":        {"delegation", "y4444444"},
	"reconciliations":          {"TOP", "y444y434"},
	"startReconciliation":      {"", "y333y33y"},
	"fetchMissing":             {"reconciliation", "y444y444"},
	"webhookEndpoints":         {"TOP/Branch A", "y3333334"},
	"addWebhookEndpoint":       {"", "y333333y"},
	"enableWebhookEndpoint":    {"webhook", "y4444444"},
	"removeWebhookEndpoint":    {"webhook", "y4444444"},
	"events":                   {"TOP/Branch A", "y3333334"},
	"resendEvent":              {"event", "y4444444"},
	"products":                 {"TOP/Branch A", "y3333334"},
	"createProduct":            {"", "y333333y"},
	"updateProduct":            {"product", "y4444444"},
	"removeProduct":            {"product", "y4444444"},
	"orders":                   {"TOP/Branch A", "y3333334"},
	"fulfilOrder":              {"order", "y4444444"},
	"storeSettings":            {"TOP/Branch A", "y3433434"},
	"setStoreSettings":         {"TOP/Branch A", "y3433434"},
	"excess":                   {"TOP/Branch A", "y3333334"},
	"recordExcess":             {"", "y333333y"},
	"resolveExcess":            {"excess", "y4444444"},
	"dueDateRuns":              {"TOP/Branch A", "y3433434"},
	"startDueDateRun":          {"", "y333333y"},
	"dueDateRun":               {"due-date run", "y4444444"},
	"billingSchedules":         {"TOP/Branch A", "y3333334"},
	"createBillingSchedule":    {"", "y333333y"},
	"billingSchedule":          {"billing schedule", "y4444444"},
	"updateBillingSchedule":    {"billing schedule", "y4444444"},
	"endBillingSchedule":       {"billing schedule", "y4444444"},
	"imports":                  {"", "yyyyyyyy"},
	"startImport":              {"", "y333333y"},
	"import":                   {"import", "y4444444"},
	"advanceClock":             {"", "y333333y"},
}

// Every route of the contract answers everybody as the table says, and nobody
// without credentials; a route without a row fails (T1, T2).
func TestPermissionWalk(t *testing.T) {
	t.Parallel()
	w := openWorld(t, func(c *program.Config) { c.LoopbackWebhooks = true })
	g := newGround(w)
	doc, err := openapi3.NewLoader().LoadFromData(api.Document())
	must(t, err)
	seen := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.Security != nil && len(*op.Security) == 0 {
				continue
			}
			seen++
			row, has := walkRows[op.OperationID]
			if !has {
				t.Errorf("%s %s (%s) has no row: say how each of %v is answered", method, path, op.OperationID, walkers)
				continue
			}
			g.walk(t, method, path, op, row)
		}
	}
	if seen != len(walkRows) {
		t.Errorf("there are %d rows for %d routes", len(walkRows), seen)
	}
	w.sql("delete from approvals where asked_by_name = 'Somebody' returning id::text") // made without a word on a timeline
}

func (g *ground) walk(t *testing.T, method, path string, op *openapi3.Operation, row walked) {
	ask := func(b *browser) *answer {
		target := path
		if strings.Contains(path, "{") {
			if g.standing[row.of] == "" {
				g.standing[row.of] = g.object(row.of)
			}
			head, rest, _ := strings.Cut(path, "{")
			_, tail, _ := strings.Cut(rest, "}")
			target = head + g.standing[row.of] + tail
		} else if row.of != "" {
			target += "?organisation=" + url.QueryEscape(strings.ReplaceAll(row.of, "TOP", g.w.top))
		}
		body, headers := "", map[string]string{}
		if op.RequestBody != nil {
			body, headers["Content-Type"] = `{"no_route_takes_this":true}`, "application/json"
			if _, form := op.RequestBody.Value.Content["multipart/form-data"]; form {
				body = "--b\r\nContent-Disposition: form-data; name=\"no_route_takes_this\"\r\n\r\nx\r\n--b--\r\n"
				headers["Content-Type"] = "multipart/form-data; boundary=b"
			}
		}
		got := b.raw(method, target, body, headers)
		if method == http.MethodDelete && got.status < 300 {
			delete(g.standing, row.of) // used up
		}
		return got
	}
	if got := ask(g.w.anonymous()); got.status != http.StatusUnauthorized {
		t.Errorf("%s as nobody: %d, want 401", op.OperationID, got.status)
	}
	if row.of == "ends" {
		return
	}
	answers := ""
	for _, name := range walkers {
		got := ask(g.people[name])
		answers += class(got.status, op.RequestBody != nil)
		if got.status == http.StatusForbidden && got.text("code") == "forbidden" && !strings.Contains(got.text("detail"), "=") && !strings.Contains(got.text("detail"), "token") {
			t.Errorf("%s as %s: a refusal that names no permission: %s", op.OperationID, name, got.raw)
		}
		if got.status >= 500 {
			t.Errorf("%s as %s: %d %s", op.OperationID, name, got.status, got.raw)
		}
	}
	if answers != row.answers {
		t.Errorf("%s (%s): %s answered %q, want %q", op.OperationID, row.of, strings.Join(walkers, " "), answers, row.answers)
	}
}

// class is how far somebody got.
func class(status int, body bool) string {
	switch {
	case status == http.StatusForbidden:
		return "3"
	case status == http.StatusNotFound:
		return "4"
	case body && status == http.StatusBadRequest, !body && (status < 300 || status == http.StatusConflict):
		return "y"
	default:
		return fmt.Sprintf("(%d)", status)
	}
}

// ground is what stands at Branch A to be walked over.
type ground struct {
	w                               *world
	people                          map[string]*browser
	standing                        map[string]string // an object of each kind
	customer, method, invoice, item string
	bankAccount                     string // of the customer, waiting for its deposits; "" until it is asked for
}

func newGround(w *world) *ground {
	g := &ground{w: w, people: map[string]*browser{}, standing: map[string]string{}}
	for _, name := range []string{"admin", "payer.a", "payer.b", "clerk", "viewer"} {
		g.people[name] = w.signIn(name)
	}
	g.customer, g.method = w.customer(w.branchA, "4242424242424242")
	g.invoice, g.item = w.invoice(w.branchA, g.customer, 5000)
	g.people["customer"] = w.customersUser("walker", g.customer)
	g.people["token"] = w.token(w.signIn("admin"), "invoice=read")
	g.people["stranger"], _ = w.stranger()
	return g
}

// connect enters the keys, which the walk may have removed.
func (g *ground) connect() {
	g.people["admin"].put("/v1/stripe/connection/keys", map[string]any{"secret_key": g.w.key, "publishable_key": "pk_test_1"}).want(200)
}

// object makes what the walk may use up, and finds the rest.
func (g *ground) object(kind string) string {
	g.w.t.Helper()
	admin, name := g.people["admin"], "walked-"+uuid.NewString()[:8]
	switch kind {
	case "invoice":
		return g.invoice
	case "work item":
		return g.item
	case "occasion":
		return "reminder"
	case "mail":
		return g.w.sql(`insert into mails (tenant, id, recipient, subject, text, invoice_id, stage, due_version, created_at, state)
			select tenant, gen_random_uuid(), 'a@globex.test', 'x', 'x', id, 'failed/1', due_version, now(), 'bounced' from invoices where id = $1 returning id::text`, g.invoice)[0][0]
	case "approval":
		return g.w.sql(`insert into approvals (tenant, id, invoice_id, organisation_id, amount, at_most, method_words, total, state, asked_by, asked_by_name, asked_at, level)
			select tenant, gen_random_uuid(), id, organisation_id, 100, false, 'Visa 4242', total, 'asked', gen_random_uuid(), 'Somebody', now(), $2 from invoices where id = $1 returning id::text`,
			g.invoice, g.w.branchA)[0][0]
	case "delegation":
		return g.w.sql(`insert into approval_delegations (tenant, id, organisation_id, from_account, to_account, until, ends_at, created_at)
			select i.tenant, gen_random_uuid(), i.organisation_id, f.id, t.account_id, now()::date, now() + interval '1 hour', now()
			from invoices i join members t on t.tenant = i.tenant
			join accounts f on not exists (select 1 from members m where m.tenant = i.tenant and m.account_id = f.id) where i.id = $1 limit 1 returning id::text`,
			g.invoice)[0][0]
	case "payment":
		paid, _ := g.w.invoice(g.w.branchA, g.customer, 3000)
		return admin.post("/v1/invoices/"+paid+"/payments", map[string]any{"amount": 3000, "method": "bank_transfer", "reference": "x"}).want(201).text("id")
	case "customer":
		return g.customer
	case "payment method":
		g.connect()
		page := admin.post("/v1/customers/"+g.customer+"/payment-methods", map[string]any{}).want(201).text("url")
		g.w.submit(page, "4242424242424242", false)
		methods := admin.get("/v1/customers/" + g.customer + "/payment-methods").want(200)
		for n := 0; methods.at("data", n) != nil; n++ {
			if id := methods.text("data", n, "id"); id != g.method && methods.text("data", n, "status") == "usable" {
				return id
			}
		}
		return g.method
	case "bank account":
		if g.bankAccount == "" {
			g.connect()
			g.bankAccount = admin.post("/v1/customers/"+g.customer+"/bank-accounts", bankAccountBody("000123456789")).want(201).text("id")
		}
		return g.bankAccount
	case "organisation":
		return admin.post("/v1/organisations", map[string]any{"path": g.w.branchA + "/" + name}).want(201).text("id")
	case "role":
		admin.put("/v1/roles/"+name, map[string]any{"permissions": []string{"invoice=read"}}).want(201)
		return name
	case "user", "grant":
		id, err := g.w.program.Commands.CreateDemoUser(g.w.t.Context(), commands.DemoUser{
			Organisation: g.w.top, Email: name + "@test.test", Name: name, Grants: []commands.GrantInput{{Role: "Viewer", Path: g.w.branchA}},
		})
		must(g.w.t, err)
		if kind == "user" {
			return id.String()
		}
		return admin.get("/v1/grants?user="+id.String()).want(200).text("data", 0, "id")
	case "token":
		return admin.post("/v1/api-tokens", map[string]any{"name": name}).want(201).text("id")
	case "webhook":
		return admin.post("/v1/webhook-endpoints", map[string]any{"organisation": g.w.branchA, "url": "http://127.0.0.1:1/" + name}).want(201).text("id")
	case "order":
		return g.w.sql(`with s as (insert into stores (tenant, id, organisation_id, slug, is_open) select tenant, gen_random_uuid(), organisation_id, 'walked', false from invoices where id = $1
				on conflict (tenant, organisation_id) do update set is_open = false returning tenant, id),
			o as (insert into orders (tenant, id, store_id, created_at) select tenant, $1, id, now() from s on conflict do nothing) select ($1::uuid)::text`, g.invoice)[0][0]
	case "product":
		return admin.post("/v1/products", map[string]any{"organisation": g.w.branchA, "name": name, "price": 2500}).want(201).text("id")
	case "event":
		admin.post("/v1/webhook-endpoints", map[string]any{"organisation": g.w.branchA, "url": "http://127.0.0.1:1/" + name}).want(201)
		g.w.invoice(g.w.branchA, g.customer, 3000)
		return admin.get("/v1/events?organisation="+url.QueryEscape(g.w.branchA)).want(200).text("data", 0, "id")
	case "excess":
		return admin.post("/v1/excess", map[string]any{"organisation": g.w.branchA, "amount": 100, "currency": "USD", "reference": name}).want(201).text("id")
	case "reconciliation":
		g.connect()
		return admin.post("/v1/reconciliations", map[string]any{"organisation": g.w.top}).want(201, 202).text("id")
	case "due-date run":
		return admin.post("/v1/due-date-runs", map[string]any{"organisation": g.w.branchA, "dry_run": true}).want(201, 202).text("id")
	case "billing schedule":
		return admin.post("/v1/billing-schedules", map[string]any{
			"customer_id": g.customer, "number": name, "interval": "month", "start_date": "2090-01-01", "lines": []map[string]any{{"description": "Rent", "quantity": "1", "unit_price": "10.00"}},
		}).want(201).text("id")
	case "mapping":
		g.connect()
		return admin.post("/v1/customer-mapping/import", map[string]any{"organisation": g.w.branchA}).want(202).text("id")
	case "import":
		return g.w.upload(g.w.branchA, name+".csv", []byte("customer,number,total,issue date,due date\n")).text("id")
	}
	g.w.t.Fatalf("no object of kind %q", kind)
	return ""
}
