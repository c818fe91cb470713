package program_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"remit"
	"remit/program"
)

// O22, F5: the platform takes its share of every payment to an account that is
// connected in its name, on a saved card and on Stripe's page, and of what is charged
// after a decline and not of what was declined. With a refund it goes back in
// proportion. Whoever connects is told before.
func TestThePlatformTakesItsFee(t *testing.T) {
	t.Parallel()
	p := openPlatform(t, func(c *program.Config) { c.ApplicationFee = remit.ApplicationFee{Rate: 1500, Returned: true} })
	admin := p.signIn("admin")
	caller := p.caller("admin", nil)
	caller.ConfirmedAt, caller.Session = time.Now(), []byte("this session")
	l, err := p.program.Commands.ConnectStandard(t.Context(), caller, p.top)
	must(t, err)
	back := p.authorize(l.URL, "new_ready")
	_, err = p.program.Commands.FinishStandard(t.Context(), caller, back.Query().Get("state"), back.Query().Get("code"))
	must(t, err)
	p.online()
	customer, poor := p.customer(p.branchA, "4000000000000341")
	page := admin.post("/v1/customers/"+customer+"/payment-methods", map[string]any{}).want(200, 201).text("url")
	p.submit(page, "4242424242424242", false)
	admin.get("/v1/customers/" + customer + "/payment-methods").want(200)
	good := p.sql("select id::text from payment_methods where customer_id = $1::uuid and last4 = '4242'", customer)[0][0]

	// An intent that was made for more is charged less, and with it its fee.
	invoice, _ := p.invoice(p.branchA, customer, 9000)
	admin.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 9000, "payment_method": poor}).want(402)
	admin.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5040, "payment_method": good}).want(200)
	fee := p.fees()
	if len(fee) != 1 || fee[0].Amount != 75 || fee[0].Refunded != 0 {
		t.Fatalf("of 50.40 at 1.5 %% the platform took %+v", fee)
	}
	payment := p.sql("select id::text from payments where invoice_id = $1::uuid and state = 'succeeded'", invoice)[0][0]
	admin.post("/v1/payments/"+payment+"/refunds", map[string]any{"amount": 2520, "reason": "sent back", "then": "settle"}).want(201)
	p.until("half of it went back", func() bool { f := p.fees(); return len(f) == 1 && (f[0].Refunded == 37 || f[0].Refunded == 38) })

	hosted, _ := p.invoice(p.branchA, customer, 6000)
	page = admin.post("/v1/invoices/"+hosted+"/pay", map[string]any{"amount": 6000, "checkout": true}).want(202).text("checkout", "url")
	p.submit(page, "4242424242424242", false)
	p.status(hosted, "paid")
	if fee = p.fees(); len(fee) != 2 || fee[0].Amount != 90 {
		t.Errorf("of 60.00 on Stripe's page the platform took %+v", fee)
	}
}

// platformFee is what the platform took of a charge.
type platformFee struct {
	Amount   int64
	Refunded int64 `json:"amount_refunded"`
}

// fees are what the platform took, the latest first.
func (p *platformWorld) fees() []platformFee {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.standin+"/v1/application_fees", nil)
	must(p.t, err)
	request.SetBasicAuth(p.platform, "")
	response, err := http.DefaultClient.Do(request)
	must(p.t, err)
	defer func() { _ = response.Body.Close() }()
	var list struct{ Data []platformFee }
	must(p.t, json.NewDecoder(response.Body).Decode(&list))
	return list.Data
}
