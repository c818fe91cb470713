package sandbox_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v79"
)

type errorBody struct {
	Error struct {
		Type    string `json:"type"`
		Code    string `json:"code"`
		Param   string `json:"param"`
		Message string `json:"message"`
	} `json:"error"`
}

// What is not known or not well formed is refused as Stripe does, naming the
// parameter; nothing is answered with a made-up success.
func TestRefusals(t *testing.T) {
	s := open(t)
	customer := s.customer()
	for _, row := range []struct {
		method, path, body string
		status             int
		code, param        string
	}{
		{"GET", "/v1/foo", "", 404, "", ""},
		{"POST", "/v1/subscriptions", "customer=" + customer, 404, "", ""},
		{"GET", "/v1/customers/", "", 404, "", ""},
		{"GET", "/v1/customers/cus_none", "", 404, "resource_missing", "id"},
		{"GET", "/v1/payment_intents/pi_none", "", 404, "resource_missing", "intent"},
		{"GET", "/v1/charges/ch_none", "", 404, "resource_missing", "id"},
		{"POST", "/v1/customers", "nickname=x", 400, "parameter_unknown", "nickname"},
		{"POST", "/v1/customers", "address[planet]=x", 400, "parameter_unknown", "address[planet]"},
		{"POST", "/v1/payment_intents", "currency=usd", 400, "parameter_missing", "amount"},
		{"POST", "/v1/payment_intents", "amount=10.5&currency=usd", 400, "parameter_invalid_integer", "amount"},
		{"POST", "/v1/payment_intents", "amount=&currency=usd", 400, "parameter_invalid_empty", "amount"},
		{"POST", "/v1/payment_intents", "amount=1000&currency=zzz", 400, "", "currency"},
		{"POST", "/v1/payment_intents", "amount=1000&currency=usd&confirm=maybe", 400, "", "confirm"},
		{"POST", "/v1/payment_intents", "amount=1000&currency=usd&capture_method=later", 400, "", "capture_method"},
		{"POST", "/v1/payment_intents", "amount=1000&currency=usd&capture_method=manual", 400, "payment_intent_invalid_parameter", "capture_method"},
		{"POST", "/v1/payment_intents", "amount=1000&currency=usd&confirmation_method=manual", 400, "payment_intent_invalid_parameter", "confirmation_method"},
		{"POST", "/v1/payment_intents", "amount=1000&currency=usd&payment_method_options[card][capture_method]=manual", 400, "parameter_unknown", "payment_method_options[card][capture_method]"},
		{"POST", "/v1/payment_intents", "amount=1000&currency=usd&payment_method_options[card][request_three_d_secure]=never", 400, "", "payment_method_options[card][request_three_d_secure]"},
		{"POST", "/v1/payment_intents", "amount=1000&currency=usd&customer=cus_none", 400, "resource_missing", "customer"},
		{"POST", "/v1/payment_intents", "amount=1000&currency=usd&off_session=true", 400, "payment_intent_invalid_parameter", "off_session"},
		{"POST", "/v1/payment_intents", "amount=1000&currency=usd&application_fee_amount=10", 400, "", "application_fee_amount"},
		{"POST", "/v1/payment_intents", "amount=1000&currency=usd&confirm=true&payment_method=pm_card_visa", 400, "", "return_url"},
		{"POST", "/v1/refunds", "amount=5", 400, "parameter_missing", "charge"},
		{"POST", "/v1/webhook_endpoints", "url=nowhere&enabled_events[]=*", 400, "url_invalid", "url"},
		{"POST", "/v1/webhook_endpoints", "url=http://h/", 400, "parameter_missing", "enabled_events"},
		{"GET", "/v1/charges?limit=101", "", 400, "parameter_invalid_integer", "limit"},
		{"GET", "/v1/charges?starting_after=ch_none", "", 400, "resource_missing", "starting_after"},
		{"GET", "/v1/customers/" + customer + "?expand[]=name", "", 400, "", "expand"},
		{"POST", "/v1/payment_methods", "type=card&card[number]=4242424242424242&card[exp_month]=13&card[exp_year]=2040", 402, "invalid_expiry_month", "exp_month"},
		{"POST", "/v1/payment_methods", "type=card&card[number]=4242424242424242&card[exp_month]=1&card[exp_year]=2020", 402, "invalid_expiry_year", "exp_year"},
		{"POST", "/v1/payment_methods", "type=card&card[number]=4111111111111112&card[exp_month]=1&card[exp_year]=2040", 402, "incorrect_number", "number"},
		{"POST", "/v1/payment_methods", "type=giropay", 400, "payment_method_unactivated", "type"},
	} {
		status, body := s.form(row.method, row.path, row.body, nil)
		var e errorBody
		if err := json.Unmarshal(body, &e); err != nil {
			t.Fatal(err)
		}
		if status != row.status || e.Error.Code != row.code || e.Error.Param != row.param || e.Error.Message == "" {
			t.Errorf("%s %s %s: %d %+v", row.method, row.path, row.body, status, e.Error)
		}
	}
	status, _ := s.raw("POST", "/v1/customers", "application/json", `{"name":"x"}`, nil)
	if status != 400 {
		t.Error("JSON was taken:", status)
	}
	status, _ = s.form("GET", "/v1/balance", "", http.Header{"Stripe-Version": {"2030-01-01"}})
	if status != 400 {
		t.Error("another API version was taken:", status)
	}
}

// Only a test secret key opens an account; every other key is told why not.
func TestKeys(t *testing.T) {
	s := open(t)
	for key, code := range map[string]string{
		"": "", "sk_live_abcdefgh12345678": "", "pk_test_abcdefgh": "secret_key_required", "sk_test_": "", "nonsense": "",
	} {
		s.key = key
		status, body := s.form("GET", "/v1/account", "", nil)
		var e errorBody
		if err := json.Unmarshal(body, &e); err != nil {
			t.Fatal(err)
		}
		if status != 401 || e.Error.Code != code || e.Error.Type != "invalid_request_error" || (len(key) > 16 && strings.Contains(string(body), key)) {
			t.Errorf("%q: %d %s", key, status, body)
		}
	}
	s.key = testKey
	_, err := s.Accounts.GetByID("acct_unknown", nil)
	if e := failure(t, err); e.HTTPStatusCode != 403 || e.Code != stripe.ErrorCodeAccountInvalid {
		t.Error(e)
	}
	p := &stripe.BalanceParams{}
	p.SetStripeAccount("acct_unknown")
	_, err = s.Balance.Get(p)
	if e := failure(t, err); e.HTTPStatusCode != 403 || e.Code != stripe.ErrorCodeAccountInvalid {
		t.Error(e)
	}
}

// An account's objects are nobody else's, a rolled key opens the same account,
// and a revoked one none.
func TestAccountsAreSeparate(t *testing.T) {
	s := open(t)
	customer := s.customer()
	stranger := s.as("sk_test_stranger")
	_, err := stranger.Customers.Get(customer, nil)
	if e := failure(t, err); e.HTTPStatusCode != 404 {
		t.Error(e)
	}
	list := stranger.Events.List(nil)
	if list.Next() {
		t.Error("a stranger sees events")
	}
	if status := s.control("POST", "/_sandbox/keys", map[string]string{"alias": "sk_test_rolled"}, nil); status != 200 {
		t.Fatal(status)
	}
	if status := s.control("POST", "/_sandbox/keys", map[string]string{"alias": "sk_test_stranger"}, nil); status != 400 {
		t.Error("another account's key was taken:", status)
	}
	if got, err := s.as("sk_test_rolled").Customers.Get(customer, nil); err != nil || got.ID != customer {
		t.Error(got, err)
	}
	if status := s.control("POST", "/_sandbox/keys", map[string]string{"revoke": testKey}, nil); status != 200 {
		t.Fatal(status)
	}
	_, err = s.Customers.Get(customer, nil)
	if e := failure(t, err); e.HTTPStatusCode != 401 || e.Code != stripe.ErrorCodeAPIKeyExpired {
		t.Error(e)
	}
	s.key = "sk_test_rolled"
	s = s.reopen()
	if got, err := s.as("sk_test_rolled").Customers.Get(customer, nil); err != nil || got.ID != customer {
		t.Error("after a restart:", got, err)
	}
}

// Walking a list page by page, forwards or backwards, gives every object once,
// in order, whatever the page size.
func TestListsAreWalkedWhole(t *testing.T) {
	s := open(t)
	var newest []string
	for range 23 {
		newest = append([]string{s.customer()}, newest...)
	}
	for _, size := range []int64{1, 7, 23, 100} {
		p := &stripe.CustomerListParams{}
		p.Limit = &size
		var got []string
		for list := s.Customers.List(p); list.Next(); {
			got = append(got, list.Customer().ID)
		}
		if strings.Join(got, " ") != strings.Join(newest, " ") {
			t.Errorf("forwards by %d: %v", size, got)
		}
		p = &stripe.CustomerListParams{}
		p.Limit, p.EndingBefore = &size, &newest[22]
		got = nil
		for list := s.Customers.List(p); list.Next(); {
			got = append(got, list.Customer().ID)
		}
		if len(got) != 22 || got[0] != newest[21] || got[21] != newest[0] {
			t.Errorf("backwards by %d: %v", size, got)
		}
	}
	p := &stripe.CustomerListParams{Email: stripe.String("nobody@example.com")}
	if s.Customers.List(p).Next() {
		t.Error("the filter by email lets others through")
	}
}

// Lists by time follow the account's clock.
func TestListsByTime(t *testing.T) {
	s := open(t)
	old := s.customer()
	s.advance(10)
	young, err := s.Customers.Get(s.customer(), nil)
	if err != nil {
		t.Fatal(err)
	}
	cut := young.Created - 86_400
	count := func(r stripe.RangeQueryParams) (ids []string) {
		for list := s.Customers.List(&stripe.CustomerListParams{CreatedRange: &r}); list.Next(); {
			ids = append(ids, list.Customer().ID)
		}
		return ids
	}
	if got := count(stripe.RangeQueryParams{GreaterThan: cut}); len(got) != 1 || got[0] != young.ID {
		t.Error(got)
	}
	if got := count(stripe.RangeQueryParams{LesserThanOrEqual: cut}); len(got) != 1 || got[0] != old {
		t.Error(got)
	}
}

// Expand replaces ids by their objects, in objects, lists and several levels deep.
func TestExpand(t *testing.T) {
	s := open(t)
	customer := s.customer()
	p := payment("pm_card_visa")
	p.Customer = &customer
	for _, field := range []string{"customer", "payment_method", "latest_charge.balance_transaction.source", "latest_charge.refunds"} {
		p.AddExpand(field)
	}
	pi, err := s.PaymentIntents.New(p)
	if err != nil {
		t.Fatal(err)
	}
	if pi.Customer.Email != "payer@example.com" || pi.PaymentMethod.Card.Last4 != "4242" {
		t.Errorf("%+v", pi)
	}
	if b := pi.LatestCharge.BalanceTransaction; b == nil || b.Source == nil || b.Source.Charge == nil || b.Source.Charge.Amount != 1000 {
		t.Errorf("%+v", b)
	}
	if pi.LatestCharge.Refunds == nil {
		t.Error("refunds were not included")
	}
	l := &stripe.ChargeListParams{Customer: &customer}
	l.AddExpand("data.payment_intent.customer")
	list := s.Charges.List(l)
	if !list.Next() || list.Charge().PaymentIntent.Customer.Email != "payer@example.com" {
		t.Error("not expanded in a list:", list.Err())
	}
}
