package activities_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"testing"
	"time"

	"remit"
	"remit/postgres"
)

// submit fills in a hosted page with a card as a payer would and sends it.
func (s *shop) submit(page, card string, save bool) {
	s.t.Helper()
	s.fill(page, save, url.Values{"email": {"pay@globex.test"}, "card_number": {card}, "card_expiry": {"12 / 34"}, "card_cvc": {"123"}, "name": {"Globex"}})
}

// fill sends a hosted page with what was typed there.
func (s *shop) fill(page string, save bool, form url.Values) {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	browser := &http.Client{Jar: jar, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := browser.Get(page)
	must(s.t, err)
	body, err := io.ReadAll(response.Body)
	must(s.t, err)
	must(s.t, response.Body.Close())
	if found := regexp.MustCompile(`name="attempt" value="([^"]*)"`).FindSubmatch(body); found != nil {
		form.Set("attempt", string(found[1]))
	}
	if save {
		form.Set("save", "yes")
	}
	sent, err := browser.PostForm(page, form)
	must(s.t, err)
	must(s.t, sent.Body.Close())
}

// checkout opens a hosted checkout and gives its page.
func (s *shop) checkout(ref remit.InvoiceRef, amount int64, save bool) string {
	s.t.Helper()
	done, err := s.payments.Perform(s.t.Context(), ref, s.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: amount, Save: save}))
	must(s.t, err)
	if done.Result.Refused != nil {
		s.t.Fatalf("refused: %+v", done.Result.Refused)
	}
	_, payments := s.read(ref)
	attempts := payments[len(payments)-1].Attempts
	return attempts[len(attempts)-1].SessionURL
}

// A checkout that the payer completes is found by a look, booked once, and the
// card he saved can be used from then on (M2c, PM3).
func TestCheckoutPaysAndSavesTheCard(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(8000)
	page := s.checkout(ref, 8000, true)
	s.submit(page, "5555555555554444", true)
	_, err := s.payments.Advance(t.Context(), ref)
	must(t, err)
	s.settledOnce(ref, 8000)
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		methods, err := tx.PaymentMethods(t.Context(), s.customer.ID)
		if len(methods) != 2 {
			t.Fatalf("%d methods are saved", len(methods))
		}
		return err
	}))
}

// While a checkout is open, a person's payment with a saved card expires it and
// takes its place; the page cannot be paid any more (lago-api#5708).
func TestFailure01SavedCardTakesAnOpenCheckoutsPlace(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(8000)
	page := s.checkout(ref, 8000, false)
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 8000, s.card))
	must(t, err)
	s.submit(page, "4242424242424242", false)
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	s.settledOnce(ref, 8000)
}

// Where the payer of the open checkout was quicker, his payment is recorded and
// the other one is told that nothing is owed (traceroot#2219).
func TestFailure02CompletedCheckoutWinsOverASavedCard(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(8000)
	s.submit(s.checkout(ref, 8000, false), "4242424242424242", false)
	done, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 8000, s.card))
	must(t, err)
	if done.Result.Refused == nil || done.Result.Refused.Code != remit.CodeNotPayable {
		t.Fatalf("the second payer got %+v", done.Result)
	}
	s.settledOnce(ref, 8000)
}

// A checkout whose create was lost is repeated with the same key and parameters
// before any other way to pay opens: there is one session (M2c).
func TestLostCheckoutCreateIsRepeated(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(8000)
	s.watched.after = func(method, path string) error {
		if method == "POST" && path == "/v1/checkout/sessions" {
			return errors.New("the line went dead")
		}
		return nil
	}
	_, err := s.payments.Perform(t.Context(), ref, s.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: 8000}))
	must(t, err)
	s.watched.after = nil
	_, err = s.payments.Perform(t.Context(), ref, s.pay(ref, 8000, s.card))
	must(t, err)
	sessions := 0
	for list := s.stripe.CheckoutSessions.List(nil); list.Next(); sessions++ {
		if status := string(list.CheckoutSession().Status); status != "expired" {
			t.Fatalf("a session is %s", status)
		}
	}
	if sessions != 1 {
		t.Fatalf("%d sessions were made", sessions)
	}
	s.settledOnce(ref, 8000)
}

// Where an open checkout cannot be expired because Stripe does not answer, the
// other payment waits: 409 and no charge.
func TestUnexpirableCheckoutBlocks(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(8000)
	s.checkout(ref, 8000, false)
	s.watched.stop = func(_, path string) error {
		if hasSuffix(path, "/expire") || regexp.MustCompile(`/v1/checkout/sessions/cs_`).MatchString(path) {
			return errors.New("the line went dead")
		}
		return nil
	}
	done, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 8000, s.card))
	must(t, err)
	if done.Result.Refused == nil || done.Result.Refused.Code != remit.CodeInFlight {
		t.Fatalf("got %+v", done.Result)
	}
	if cents, _ := s.captured(ref); cents != 0 {
		t.Fatalf("%d was captured", cents)
	}
}

// Killed at every boundary of a checkout, there is one session, and it is paid once.
func TestCheckoutSurvivesDeathAtEveryBoundary(t *testing.T) {
	for _, boundary := range []string{"reserved", "session created"} {
		t.Run(boundary, func(t *testing.T) {
			s := openShop(t)
			ref := s.invoice(8000)
			request := s.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: 8000})
			if !s.performAndDie(ref, request, boundary) {
				t.Fatal("the boundary was never reached")
			}
			_, err := s.payments.Perform(t.Context(), ref, request)
			must(t, err)
			_, payments := s.read(ref)
			s.submit(payments[0].Attempts[0].SessionURL, "4242424242424242", false)
			_, err = s.payments.Advance(t.Context(), ref)
			must(t, err)
			s.settledOnce(ref, 8000)
		})
	}
}

// A card that wants its owner is declined off-session; the hosted checkout that
// follows begins only after Stripe has canceled the failed intent (M2).
func TestAuthenticationRequiredLeadsToACheckout(t *testing.T) {
	s := openShop(t)
	careful := s.save("pm_card_authenticationRequired")
	ref := s.invoice(8000)
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 8000, careful))
	must(t, err)
	_, payments := s.read(ref)
	if d := payments[0].Attempts[0].Decline; d == nil || d.Class != "authenticate" {
		t.Fatalf("the decline is %+v", d)
	}
	page := s.checkout(ref, 8000, false)
	_, payments = s.read(ref)
	if len(payments) != 2 || !payments[0].IntentClosed {
		t.Fatalf("payments: %+v", payments)
	}
	pi, err := s.stripe.PaymentIntents.Get(payments[0].PaymentIntent, nil)
	must(t, err)
	if pi.Status != "canceled" {
		t.Fatalf("the failed intent is %s", pi.Status)
	}
	s.submit(page, "4242424242424242", false)
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	s.settledOnce(ref, 8000)
}
