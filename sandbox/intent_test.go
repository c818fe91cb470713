package sandbox_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v79"
)

// A declined intent takes another card under the same id, and its latest charge
// is another one after every attempt that reached the bank.
func TestDeclinedIntentIsPaidWithAnotherCard(t *testing.T) {
	s := open(t)
	_, err := s.PaymentIntents.New(payment("pm_card_visa_chargeDeclined"))
	pi := failure(t, err).PaymentIntent
	first := pi.LatestCharge.ID
	pi, err = s.PaymentIntents.Confirm(pi.ID, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String("pm_card_visa")})
	if err != nil {
		t.Fatal(err)
	}
	if pi.Status != "succeeded" || pi.LatestCharge.ID == first || pi.LastPaymentError != nil {
		t.Errorf("%+v", pi)
	}
	n := 0
	for list := s.Charges.List(&stripe.ChargeListParams{PaymentIntent: stripe.String(pi.ID)}); list.Next(); n++ {
	}
	if n != 2 {
		t.Errorf("%d charges, want the failed and the paid one", n)
	}
}

// What a state forbids is refused with the intent in the answer, and changes
// nothing.
func TestIntentRefusesWhatItsStateForbids(t *testing.T) {
	s := open(t)
	paid := s.pay("pm_card_visa").ID
	fresh, err := s.PaymentIntents.New(&stripe.PaymentIntentParams{Amount: stripe.Int64(500), Currency: stripe.String("usd")})
	if err != nil {
		t.Fatal(err)
	}
	ended, err := s.PaymentIntents.New(&stripe.PaymentIntentParams{Amount: stripe.Int64(500), Currency: stripe.String("usd")})
	if err != nil {
		t.Fatal(err)
	}
	if ended, err = s.PaymentIntents.Cancel(ended.ID, &stripe.PaymentIntentCancelParams{CancellationReason: stripe.String("abandoned")}); err != nil || ended.Status != "canceled" || ended.CanceledAt == 0 {
		t.Fatal(ended, err)
	}
	confirm := func(id string) func() error {
		return func() error {
			_, err := s.PaymentIntents.Confirm(id, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String("pm_card_visa"), ReturnURL: stripe.String("https://example.com")})
			return err
		}
	}
	for name, try := range map[string]func() error{
		"confirm paid":     confirm(paid),
		"confirm canceled": confirm(ended.ID),
		"confirm without a method": func() error {
			_, err := s.PaymentIntents.Confirm(fresh.ID, nil)
			return err
		},
		"cancel paid": func() error { _, err := s.PaymentIntents.Cancel(paid, nil); return err },
		"cancel again": func() error {
			_, err := s.PaymentIntents.Cancel(ended.ID, nil)
			return err
		},
		"amount of paid": func() error {
			_, err := s.PaymentIntents.Update(paid, &stripe.PaymentIntentParams{Amount: stripe.Int64(5)})
			if failure(t, err).Code == stripe.ErrorCodeAmountTooSmall {
				_, err = s.PaymentIntents.Update(paid, &stripe.PaymentIntentParams{Amount: stripe.Int64(700)})
			}
			return err
		},
	} {
		e := failure(t, try())
		if e.HTTPStatusCode != 400 || e.Code != stripe.ErrorCodePaymentIntentUnexpectedState || e.PaymentIntent == nil {
			t.Errorf("%s: %v", name, e)
		}
	}
	again, err := s.PaymentIntents.Get(paid, nil)
	if err != nil || again.Status != "succeeded" || again.Amount != 1000 {
		t.Errorf("%+v %v", again, err)
	}
}

// An intent's amount follows until it is paid, and the charge is of the last.
func TestAmountMayChangeBeforePayment(t *testing.T) {
	s := open(t)
	p := payment("pm_card_visa")
	p.Confirm = nil
	pi, err := s.PaymentIntents.New(p)
	if err != nil || pi.Status != "requires_confirmation" {
		t.Fatal(pi, err)
	}
	if _, err := s.PaymentIntents.Update(pi.ID, &stripe.PaymentIntentParams{Amount: stripe.Int64(2500)}); err != nil {
		t.Fatal(err)
	}
	pi, err = s.PaymentIntents.Confirm(pi.ID, nil)
	if err != nil || pi.AmountReceived != 2500 {
		t.Fatal(pi, err)
	}
}

// Amounts below the currency's minimum, above eight digits or out of a
// currency's rules are refused by Stripe's codes.
func TestAmountRules(t *testing.T) {
	s := open(t)
	for _, row := range []struct {
		amount   int64
		currency string
		code     string
	}{
		{49, "usd", "amount_too_small"}, {50, "usd", ""}, {29, "gbp", "amount_too_small"}, {30, "gbp", ""},
		{49, "jpy", "amount_too_small"}, {50, "jpy", ""}, {99_999_999, "usd", ""}, {100_000_000, "usd", "amount_too_large"},
		{17_499, "huf", "amount_too_small"}, {1001, "kwd", "invalid_charge_amount"}, {1000, "kwd", ""},
		{10_050, "isk", "invalid_charge_amount"}, {10_000, "isk", ""}, {0, "usd", "parameter_invalid_integer"}, {-5, "usd", "parameter_invalid_integer"},
	} {
		_, err := s.PaymentIntents.New(&stripe.PaymentIntentParams{Amount: stripe.Int64(row.amount), Currency: stripe.String(row.currency)})
		if row.code == "" {
			if err != nil {
				t.Errorf("%d %s: %v", row.amount, row.currency, err)
			}
			continue
		}
		if e := failure(t, err); string(e.Code) != row.code || e.HTTPStatusCode != 400 || e.Param != "amount" {
			t.Errorf("%d %s: %v", row.amount, row.currency, e)
		}
	}
}

// submit presses a button of the bank's page and returns where it leads.
func (s *stand) submit(page, outcome string) *url.URL {
	s.t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Get(page)
	if err != nil {
		s.t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != 200 || !strings.Contains(string(body), `value="`+outcome+`"`) {
		s.t.Fatalf("page: %d %s", resp.StatusCode, body)
	}
	resp, err = browser.PostForm(page, url.Values{"outcome": {outcome}})
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	to, err := resp.Location()
	if resp.StatusCode != http.StatusSeeOther || err != nil {
		s.t.Fatalf("submit: %d %v", resp.StatusCode, err)
	}
	return to
}

// On-session authentication waits on a page; only completing it reaches the
// bank, and a page that was left behind does nothing.
func TestAuthenticationPage(t *testing.T) {
	s := open(t)
	for _, row := range []struct {
		method, outcome, status, code, redirect string
		charges                                 int
	}{
		{"pm_card_authenticationRequired", "complete", "succeeded", "", "succeeded", 1},
		{"pm_card_authenticationRequired", "fail", "requires_payment_method", "payment_intent_authentication_failure", "failed", 0},
		{"pm_card_threeDSecureRequiredChargeDeclined", "complete", "requires_payment_method", "card_declined", "failed", 1},
		{"pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "complete", "requires_payment_method", "card_declined", "failed", 1},
		{"pm_card_authenticationRequiredSetupForOffSession", "complete", "succeeded", "", "succeeded", 1},
		{"pm_card_threeDSecure2Required", "complete", "succeeded", "", "succeeded", 1},
	} {
		p := payment(row.method)
		p.ReturnURL = stripe.String("https://shop.example/back?order=7")
		pi, err := s.PaymentIntents.New(p)
		if err != nil || pi.Status != "requires_action" || pi.NextAction.RedirectToURL == nil || pi.LatestCharge != nil {
			t.Fatal(row.method, pi, err)
		}
		page := pi.NextAction.RedirectToURL.URL
		back := s.submit(page, row.outcome)
		q := back.Query()
		if q.Get("order") != "7" || q.Get("payment_intent") != pi.ID || q.Get("redirect_status") != row.redirect || q.Get("payment_intent_client_secret") != pi.ClientSecret {
			t.Errorf("%s: back to %s", row.method, back)
		}
		pi, err = s.PaymentIntents.Get(pi.ID, nil)
		if err != nil || string(pi.Status) != row.status {
			t.Fatal(row.method, pi, err)
		}
		if row.code != "" && string(pi.LastPaymentError.Code) != row.code {
			t.Errorf("%s: %v", row.method, pi.LastPaymentError)
		}
		n := 0
		for list := s.Charges.List(&stripe.ChargeListParams{PaymentIntent: stripe.String(pi.ID)}); list.Next(); n++ {
		}
		if n != row.charges {
			t.Errorf("%s: %d charges", row.method, n)
		}
		resp, err := browser.PostForm(page, url.Values{"outcome": {"complete"}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if later, err := s.PaymentIntents.Get(pi.ID, nil); err != nil || later.Status != pi.Status {
			t.Errorf("%s: a second press changed %s to %s", row.method, pi.Status, later.Status)
		}
	}
}

// Off-session, a card that wants authentication is declined unless it was set
// up, as each of Stripe's cards is documented to behave.
func TestOffSession(t *testing.T) {
	s := open(t)
	for _, row := range []struct {
		number         string
		before, setUp  string // decline codes; "" pays
		setUpOnSession bool   // setting up takes the bank's page
	}{
		{"4242424242424242", "", "", false},
		{"4000002500003155", "authentication_required", "", true},
		{"4000002760003184", "authentication_required", "authentication_required", true},
		{"4000003800000446", "", "", false},
		{"4000008260003178", "authentication_required", "insufficient_funds", true},
		{"4000000000000341", "generic_decline", "generic_decline", false},
	} {
		customer, card := s.customer(), s.card(row.number)
		if _, err := s.PaymentMethods.Attach(card, &stripe.PaymentMethodAttachParams{Customer: &customer}); err != nil {
			t.Fatal(row.number, err)
		}
		pay := func(want string) {
			t.Helper()
			p := payment(card)
			p.Customer, p.OffSession = &customer, stripe.Bool(true)
			_, err := s.PaymentIntents.New(p)
			if want == "" {
				if err != nil {
					t.Errorf("%s: %v", row.number, err)
				}
				return
			}
			e := failure(t, err)
			if e.HTTPStatusCode != 402 || string(e.DeclineCode) != want || e.PaymentIntent.Status != "requires_payment_method" {
				t.Errorf("%s: %v, want %s", row.number, e, want)
			}
		}
		pay(row.before)
		si, err := s.SetupIntents.New(&stripe.SetupIntentParams{
			Customer: &customer, PaymentMethod: &card, Confirm: stripe.Bool(true),
			PaymentMethodTypes: stripe.StringSlice([]string{"card"}), ReturnURL: stripe.String("https://shop.example/back"),
		})
		if err != nil {
			t.Fatal(row.number, err)
		}
		if row.setUpOnSession != (si.Status == "requires_action") {
			t.Fatalf("%s: setup %s", row.number, si.Status)
		}
		if row.setUpOnSession {
			s.submit(si.NextAction.RedirectToURL.URL, "complete")
		}
		if si, err = s.SetupIntents.Get(si.ID, nil); err != nil || si.Status != "succeeded" {
			t.Fatal(row.number, si, err)
		}
		pay(row.setUp)
	}
}

// A card that the bank refuses cannot be saved, by attaching or by a
// SetupIntent; a card that was used up or detached cannot be used again.
func TestSavingCards(t *testing.T) {
	s := open(t)
	customer := s.customer()
	attach := &stripe.PaymentMethodAttachParams{Customer: &customer}
	_, err := s.PaymentMethods.Attach(s.card("4000000000000002"), attach)
	if e := failure(t, err); e.HTTPStatusCode != 402 || e.DeclineCode != "generic_decline" {
		t.Error(e)
	}
	_, err = s.SetupIntents.New(&stripe.SetupIntentParams{
		Customer: &customer, PaymentMethod: stripe.String("pm_card_visa_chargeDeclined"), Confirm: stripe.Bool(true),
		PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
	})
	if e := failure(t, err); e.HTTPStatusCode != 402 || e.SetupIntent == nil || e.SetupIntent.Status != "requires_payment_method" || e.SetupIntent.LastSetupError == nil {
		t.Error(e)
	}
	used := s.card("4242424242424242")
	s.pay(used)
	_, err = s.PaymentIntents.New(payment(used))
	if e := failure(t, err); e.HTTPStatusCode != 400 {
		t.Error(e)
	}
	saved := payment("pm_card_visa")
	saved.Customer, saved.SetupFutureUsage = &customer, stripe.String("off_session")
	pi, err := s.PaymentIntents.New(saved)
	if err != nil {
		t.Fatal(err)
	}
	list := s.PaymentMethods.List(&stripe.PaymentMethodListParams{Customer: &customer})
	if !list.Next() || list.PaymentMethod().ID != pi.PaymentMethod.ID {
		t.Fatal("the card was not saved with the payment")
	}
	if _, err := s.PaymentMethods.Detach(pi.PaymentMethod.ID, nil); err != nil {
		t.Fatal(err)
	}
	_, err = s.PaymentMethods.Attach(pi.PaymentMethod.ID, attach)
	if e := failure(t, err); e.HTTPStatusCode != 400 {
		t.Error(e)
	}
}

// A seller may want the payer authenticated whatever his bank says; on a saved
// card without the payer it changes nothing.
func TestSellerAsksForAuthentication(t *testing.T) {
	s := open(t)
	customer := s.customer()
	p := payment("pm_card_visa")
	p.Customer, p.ReturnURL, p.SetupFutureUsage = &customer, stripe.String("https://shop.example/back"), stripe.String("off_session")
	p.PaymentMethodOptions = &stripe.PaymentIntentPaymentMethodOptionsParams{
		Card: &stripe.PaymentIntentPaymentMethodOptionsCardParams{RequestThreeDSecure: stripe.String("challenge")},
	}
	pi, err := s.PaymentIntents.New(p)
	if err != nil || pi.Status != "requires_action" || pi.PaymentMethodOptions.Card.RequestThreeDSecure != "challenge" {
		t.Fatal(pi, err)
	}
	s.submit(pi.NextAction.RedirectToURL.URL, "complete")
	if pi, err = s.PaymentIntents.Get(pi.ID, nil); err != nil || pi.Status != "succeeded" {
		t.Fatal(pi, err)
	}
	p.PaymentMethod, p.SetupFutureUsage, p.OffSession = &pi.PaymentMethod.ID, nil, stripe.Bool(true)
	if pi, err = s.PaymentIntents.New(p); err != nil || pi.Status != "succeeded" {
		t.Error(pi, err)
	}
}
