package sandbox_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stripe/stripe-go/v79"

	"remit/sandbox"
)

// seller makes a connected account that may charge.
func (s *stand) seller() string {
	s.t.Helper()
	s.control("POST", "/_sandbox/settings", map[string]any{"verification_ms": 0}, nil)
	id := s.onboarded(nil)
	if !s.account(id).ChargesEnabled {
		s.t.Fatal("not enabled")
	}
	return id
}

// direct charges 100.00 on a connected account and takes 1.00 of it.
func (s *stand) direct(account string) *stripe.PaymentIntent {
	s.t.Helper()
	params := payment("pm_card_visa")
	params.Amount, params.ApplicationFeeAmount = stripe.Int64(10000), stripe.Int64(100)
	params.SetStripeAccount(account)
	params.AddExpand("latest_charge.balance_transaction")
	pi, err := s.PaymentIntents.New(params)
	if err != nil {
		s.t.Fatal(err)
	}
	return pi
}

func on(account string) http.Header { return http.Header{"Stripe-Account": {account}} }

// The platform's part leaves the connected account's movement and arrives in
// the platform's balance; a refund gives it back in proportion, to the cent.
func TestApplicationFees(t *testing.T) {
	s := open(t)
	s.paidOut("manual")
	id := s.seller()
	pi := s.direct(id)
	b := pi.LatestCharge.BalanceTransaction
	if pi.Application == nil || b.Fee != 320+100 || b.Net != 10000-420 || len(b.FeeDetails) != 2 || b.FeeDetails[1].Type != "application_fee" || b.FeeDetails[1].Amount != 100 {
		t.Errorf("%+v", b)
	}
	fees := s.ApplicationFees.List(&stripe.ApplicationFeeListParams{Charge: &pi.LatestCharge.ID})
	if !fees.Next() {
		t.Fatal(fees.Err())
	}
	fee := fees.ApplicationFee()
	if fee.Amount != 100 || fee.Account.ID != id || fee.ID != pi.LatestCharge.ApplicationFee.ID {
		t.Errorf("%+v", fee)
	}
	if _, err := s.PaymentIntents.Get(pi.ID, nil); failure(t, err).HTTPStatusCode != http.StatusNotFound {
		t.Error("the platform has the connected account's intent")
	}
	s = s.reopen()
	for _, amount := range []string{"3333", "3333", "3334"} {
		s.onAccount(id, "POST", "/v1/refunds", "payment_intent="+pi.ID+"&refund_application_fee=true&amount="+amount)
	}
	got, err := s.ApplicationFees.Get(fee.ID, nil)
	if err != nil || got.AmountRefunded != 100 || !got.Refunded || len(got.Refunds.Data) != 3 {
		t.Errorf("%+v %v", got, err)
	}
	if net := s.movements(""); net != 0 {
		t.Error("the platform keeps", net)
	}
	if net := s.movements(id); net != -320 {
		t.Error("the connected account has", net)
	}
	other := s.direct(id)
	s.ok("POST", "/v1/application_fees/"+other.LatestCharge.ApplicationFee.ID+"/refunds", "amount=40&metadata[a]=b")
	s.onAccount(id, "POST", "/v1/refunds", "payment_intent="+other.ID+"&refund_application_fee=true")
	if net := s.movements(""); net != 0 {
		t.Error("the platform keeps", net)
	}
	s.ok("GET", "/v1/application_fees/"+fee.ID+"/refunds", "")
	s.ok("GET", "/v1/application_fees/"+fee.ID+"/refunds/"+got.Refunds.Data[0].ID, "expand[]=fee")
	for _, path := range []string{
		"/v1/charges?expand[]=data.balance_transaction&expand[]=data.application", "/v1/refunds?expand[]=data.balance_transaction",
		"/v1/balance_transactions?expand[]=data.source", "/v1/payment_intents?expand[]=data.latest_charge", "/v1/events?limit=100",
		"/v1/balance", "/v1/account", "/v1/accounts/" + id,
	} {
		s.onAccount(id, "GET", path, "")
	}
	if n := s.happened("application_fee.created"); n != 2 {
		t.Error(n)
	}
}

// onAccount sends a form for a connected account and demands success.
func (s *stand) onAccount(account, method, path, form string) {
	s.t.Helper()
	if status, body := s.form(method, path, form, on(account)); status != http.StatusOK {
		s.t.Fatalf("%s %s: %d %s", method, path, status, body)
	}
}

// movements is the sum of what moved in the balance of a connected account, or
// of the platform.
func (s *stand) movements(account string) (net int64) {
	s.t.Helper()
	params := &stripe.BalanceTransactionListParams{}
	if account != "" {
		params.SetStripeAccount(account)
	}
	list := s.BalanceTransactions.List(params)
	for list.Next() {
		net += list.BalanceTransaction().Net
	}
	if list.Err() != nil {
		s.t.Fatal(list.Err())
	}
	return net
}

// What a platform may not take, and an account may not do.
func TestDirectChargeRefusals(t *testing.T) {
	s := open(t)
	id := s.seller()
	for _, form := range []string{
		tenDollars + "&application_fee_amount=1001", tenDollars + "&application_fee_amount=-1",
	} {
		if status, body := s.form("POST", "/v1/payment_intents", form, on(id)); status != http.StatusBadRequest {
			t.Error(form, status, string(body))
		}
	}
	s.control("POST", "/_sandbox/accounts/"+id, map[string]any{"charges_enabled": false}, nil)
	if status, body := s.form("POST", "/v1/payment_intents", tenDollars+"&confirm=true&payment_method=pm_card_visa", on(id)); status != http.StatusBadRequest {
		t.Error(status, string(body))
	}
	session := "mode=payment&success_url=https://a.example&line_items[0][quantity]=1&line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=1000&line_items[0][price_data][product_data][name]=x"
	if status, body := s.form("POST", "/v1/checkout/sessions", session, on(id)); status != http.StatusBadRequest {
		t.Error(status, string(body))
	}
	s.control("POST", "/_sandbox/accounts/"+id, map[string]any{"clear": true}, nil)
	s.onAccount(id, "POST", "/v1/checkout/sessions", session+"&payment_intent_data[application_fee_amount]=50")
	debit := "amount=1000&currency=usd&payment_method_types[]=us_bank_account"
	s.onAccount(id, "POST", "/v1/payment_intents", debit)
	s.control("POST", "/_sandbox/account", map[string]any{"us_bank_account_ach_payments": "inactive"}, nil)
	if status, _ := s.form("POST", "/v1/payment_intents", debit, on(id)); status != http.StatusBadRequest {
		t.Error("debits banks though its platform may not")
	}
}

// A restriction counts from its deadline on the account's clock; money that
// could not be paid out is paid out once it may.
func TestRestrictions(t *testing.T) {
	s := open(t)
	id := s.seller()
	s.direct(id)
	s.control("POST", "/_sandbox/accounts/"+id, map[string]any{
		"restrict": map[string]any{"fields": []string{"individual.verification.document"}, "deadline": 1, "charges": false},
	}, nil)
	a := s.account(id)
	if !a.PayoutsEnabled || a.Requirements.CurrentDeadline == 0 || !slices.Contains(a.Requirements.CurrentlyDue, "individual.verification.document") {
		t.Errorf("%+v", a.Requirements)
	}
	s.pass(id, 10*86400)
	if a = s.account(id); a.PayoutsEnabled || !a.ChargesEnabled || a.Requirements.DisabledReason != "requirements.past_due" || len(a.Requirements.PastDue) != 1 {
		t.Errorf("%+v", a)
	}
	paid := func() (found []string) {
		params := &stripe.PayoutListParams{}
		params.SetStripeAccount(id)
		list := s.Payouts.List(params)
		for list.Next() {
			found = append(found, list.Payout().ID)
		}
		return found
	}
	if found := paid(); len(found) != 0 {
		t.Error("paid out while it may not be:", found)
	}
	s.fillForm(s.visit(s.link(id)).to, "", nil)
	s.pass(id, 2*86400)
	found := paid()
	if len(found) != 1 {
		t.Fatal(found)
	}
	params := &stripe.BalanceTransactionListParams{Payout: &found[0]}
	params.SetStripeAccount(id)
	sum := int64(0)
	for list := s.BalanceTransactions.List(params); list.Next(); {
		sum += list.BalanceTransaction().Net
	}
	if sum != 0 {
		t.Error("a payout's lines do not add up:", sum)
	}
}

// A connected account's events reach its platform's endpoint for such events,
// with the account named, and no other endpoint of the platform.
func TestConnectEvents(t *testing.T) {
	s, own, connect := open(t), receive(t), receive(t)
	s.subscribe(own, "*")
	e, err := s.WebhookEndpoints.New(&stripe.WebhookEndpointParams{
		URL: &connect.URL, EnabledEvents: stripe.StringSlice([]string{"charge.succeeded", "account.updated", "account.application.deauthorized", "account.application.authorized"}),
		APIVersion: stripe.String(sandbox.APIVersion), Connect: stripe.Bool(true),
	})
	if err != nil || e.Application == "" {
		t.Fatal(err, e)
	}
	connect.mu.Lock()
	connect.secret = e.Secret
	connect.mu.Unlock()
	id := s.standard("new_ready")
	s.direct(id)
	s.control("POST", "/_sandbox/accounts/"+id, map[string]any{"payouts_enabled": false}, nil)
	s.control("POST", "/_sandbox/accounts/"+id, map[string]any{"deauthorize": true}, nil)
	want := []string{"account.application.authorized", "account.application.deauthorized", "account.updated", "charge.succeeded"}
	eventually(t, "four events", func() bool { return connect.count() == len(want) })
	types := connect.types()
	slices.Sort(types)
	if !slices.Equal(types, want) || len(connect.bad) > 0 {
		t.Error(types, connect.bad)
	}
	for _, got := range connect.events {
		if got.Account != id {
			t.Error(got.Type, got.Account)
		}
		if got.Type == "account.application.deauthorized" && got.GetObjectValue("id") != e.Application {
			t.Error(got.GetObjectValue("id"))
		}
	}
	eventually(t, "the platform's own event", func() bool { return slices.Contains(own.types(), "application_fee.created") })
	if slices.Contains(own.types(), "charge.succeeded") {
		t.Error("an endpoint without connect has the account's events")
	}
	if status, _ := s.form("GET", "/v1/events", "", on(id)); status != http.StatusForbidden {
		t.Error(status)
	}
	other := s.seller()
	params := &stripe.EventListParams{}
	params.SetStripeAccount(other)
	if list := s.Events.List(params); !list.Next() || list.Event().Account != other {
		t.Error("the account's events cannot be read:", list.Err())
	}
}

// The books say which receipts Stripe would have sent.
func TestReceipts(t *testing.T) {
	s := open(t)
	pi := s.ok("POST", "/v1/payment_intents", tenDollars+"&confirm=true&payment_method=pm_card_visa_debit&receipt_email=payer@example.com")
	s.pay("pm_card_visa")
	s.ok("POST", "/v1/refunds", "payment_intent="+pi+"&amount=300")
	var books struct {
		Receipts []struct {
			Kind, Email string
			Amount      int64
		}
	}
	s.control("GET", "/_sandbox/books?kind=receipts", nil, &books)
	if len(books.Receipts) != 2 || books.Receipts[0].Kind != "payment" || books.Receipts[1].Amount != 300 || books.Receipts[0].Email != "payer@example.com" {
		t.Errorf("%+v", books)
	}
}
