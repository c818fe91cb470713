package sandbox_test

import (
	"bytes"
	"html"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stripe/stripe-go/v79"
)

// sessionParams is a session as an invoice is paid with: 2 × 10.00 + 5.00.
func sessionParams() *stripe.CheckoutSessionParams {
	line := func(name string, unit, quantity int64) *stripe.CheckoutSessionLineItemParams {
		return &stripe.CheckoutSessionLineItemParams{
			Quantity: stripe.Int64(quantity),
			PriceData: &stripe.CheckoutSessionLineItemPriceDataParams{
				Currency: stripe.String("usd"), UnitAmount: stripe.Int64(unit),
				ProductData: &stripe.CheckoutSessionLineItemPriceDataProductDataParams{Name: stripe.String(name)},
			},
		}
	}
	p := &stripe.CheckoutSessionParams{
		Mode:               stripe.String("payment"),
		SuccessURL:         stripe.String("https://seller.example/return?session_id={CHECKOUT_SESSION_ID}"),
		CancelURL:          stripe.String("https://seller.example/invoice"),
		PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
		LineItems:          []*stripe.CheckoutSessionLineItemParams{line("Hosting <b>", 1000, 2), line("Support", 500, 1)},
		ClientReferenceID:  stripe.String("INV-1"),
		PaymentIntentData: &stripe.CheckoutSessionPaymentIntentDataParams{
			Description: stripe.String("Invoice INV-1"), Metadata: map[string]string{"payment": "p1"},
		},
	}
	p.AddMetadata("invoice", "i1")
	return p
}

func (b *stand) session(p *stripe.CheckoutSessionParams) *stripe.CheckoutSession {
	b.t.Helper()
	s, err := b.CheckoutSessions.New(p)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// reload reads the session again with its intents and line items.
func (b *stand) reload(s *stripe.CheckoutSession) *stripe.CheckoutSession {
	b.t.Helper()
	p := &stripe.CheckoutSessionParams{}
	for _, field := range []string{"payment_intent.latest_charge", "payment_intent.payment_method", "setup_intent.payment_method", "customer", "line_items"} {
		p.AddExpand(field)
	}
	now, err := b.CheckoutSessions.Get(s.ID, p)
	if err != nil {
		b.t.Fatal(err)
	}
	return now
}

// A session is paid on its page: no intent before, one charge after, and the
// person is back with the seller, who hears of it in this order.
func TestCheckoutPays(t *testing.T) {
	b := open(t)
	s := b.session(sessionParams())
	if s.Status != "open" || s.PaymentIntent != nil || s.AmountTotal != 2500 || s.PaymentStatus != "unpaid" {
		t.Fatalf("a new session: %+v", s)
	}
	page := b.visit(s.URL)
	for _, words := range []string{"$25.00 USD", "Hosting &lt;b&gt;", "2 × $10.00 USD", `href="https://seller.example/invoice"`, "Test cards"} {
		if !strings.Contains(page.page, words) {
			t.Errorf("the page does not show %q", words)
		}
	}
	done := b.checkout(s, "4242 4242 4242 4242")
	if want := "https://seller.example/return?session_id=" + s.ID; done.status != http.StatusSeeOther || done.to != want {
		t.Fatalf("after the submit: %d to %q", done.status, done.to)
	}
	now := b.reload(s)
	pi := now.PaymentIntent
	if now.Status != "complete" || now.PaymentStatus != "paid" || now.URL != "" || now.CustomerDetails.Email != "payer@example.com" {
		t.Errorf("the session: %+v", now)
	}
	if pi.Status != "succeeded" || pi.AmountReceived != 2500 || pi.Metadata["payment"] != "p1" || pi.Metadata["invoice"] != "" || pi.Description != "Invoice INV-1" {
		t.Errorf("the intent: %+v", pi)
	}
	if now.Customer != nil || pi.PaymentMethod.Customer != nil {
		t.Error("nobody asked for a customer")
	}
	want := []string{"payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"}
	if got := b.eventTypes(); !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
	if again := b.visit(s.URL); again.page == "" || !strings.Contains(again.page, "already paid") || !strings.Contains(again.page, done.to) {
		t.Errorf("the page of a paid session: %s", again.page)
	}
}

// A decline keeps the session open, says so in the bank's words and leaves one
// intent, which the next card pays.
func TestCheckoutDeclineThenAnotherCard(t *testing.T) {
	b := open(t)
	s := b.session(sessionParams())
	for number, words := range map[string]string{
		"4000000000009995": "Your card has insufficient funds.",
		"4000000000009987": "Your card was declined.", // lost: never said to the payer
		"4000000000000127": "Your card's security code is incorrect.",
	} {
		refused := b.checkout(s, number)
		if refused.status != http.StatusPaymentRequired || !strings.Contains(html.UnescapeString(refused.page), words) {
			t.Fatalf("%s: %d, want the page to say %q", number, refused.status, words)
		}
		if strings.Contains(refused.page, number) {
			t.Error("the page shows the card's number again")
		}
	}
	open := b.reload(s)
	if open.Status != "open" || open.PaymentIntent.Status != "requires_payment_method" || open.PaymentIntent.LastPaymentError == nil {
		t.Fatalf("after the declines: %+v", open)
	}
	if done := b.checkout(s, "4242424242424242"); done.status != http.StatusSeeOther {
		t.Fatalf("the good card: %d", done.status)
	}
	if paid := b.reload(s); paid.PaymentIntent.ID != open.PaymentIntent.ID || paid.PaymentStatus != "paid" {
		t.Errorf("the good card paid another intent: %+v", paid)
	}
}

// What is wrong with the form is said beside its field and costs no attempt.
func TestCheckoutFormErrors(t *testing.T) {
	b := open(t)
	s := b.session(sessionParams())
	for _, c := range []struct{ field, value, words string }{
		{"card_number", "4242 4242", "Your card number is incomplete."},
		{"card_number", "4242424242424241", "Your card number is invalid."},
		{"card_expiry", "13 / 40", "Your card's expiration date is incomplete."},
		{"card_expiry", "01 / 20", "Your card's expiration date is in the past."},
		{"card_cvc", "12", "Your card's security code is incomplete."},
		{"name", " ", "Enter the name on the card."},
		{"email", "payer", "This email address is incomplete."},
	} {
		got := b.checkout(s, "4242424242424242", c.field, c.value)
		beside := regexp.MustCompile(`(?s)name="` + c.field + `"[^>]*aria-describedby="` + c.field + `-error".*?id="` + c.field + `-error">([^<]*)<`)
		match := beside.FindStringSubmatch(got.page)
		if got.status != http.StatusUnprocessableEntity || match == nil || html.UnescapeString(match[1]) != c.words {
			t.Errorf("%s=%q: %d %v, want %q beside it", c.field, c.value, got.status, match, c.words)
		}
	}
	if now := b.reload(s); now.PaymentIntent != nil {
		t.Error("a wrong form made an intent")
	}
}

// A form sent many times at once is one payment, and everyone lands at the
// seller.
func TestCheckoutDoubleSubmitPaysOnce(t *testing.T) {
	b := open(t)
	s := b.session(sessionParams())
	form := b.visit(s.URL).fill("4242424242424242")
	results := make([]shown, 8)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() { results[i] = b.post(s.URL, form) })
	}
	all.Wait()
	for _, got := range results {
		if got.status == http.StatusSeeOther && strings.Contains(got.to, "seller.example/return") {
			continue
		}
		if got.status != http.StatusOK || !strings.Contains(got.page, "already paid") {
			t.Errorf("a submit ended with %d %q", got.status, got.to)
		}
	}
	count := 0
	for list := b.Charges.List(&stripe.ChargeListParams{}); list.Next(); {
		count++
	}
	if count != 1 {
		t.Errorf("%d charges", count)
	}
}

// The same declined form sent twice is one attempt, not two.
func TestCheckoutRepeatedDeclinedFormIsOneAttempt(t *testing.T) {
	b := open(t)
	s := b.session(sessionParams())
	form := b.visit(s.URL).fill("4000000000000002")
	first, second := b.post(s.URL, form), b.post(s.URL, form)
	if !strings.Contains(first.page, "declined") || !strings.Contains(second.page, "declined") {
		t.Error("both answers say that the card was declined")
	}
	failed := slices.DeleteFunc(b.eventTypes(), func(e string) bool { return e != "charge.failed" })
	if len(failed) != 1 {
		t.Errorf("%d attempts", len(failed))
	}
}

// A card that wants authentication leads over the bank's page, and only what
// the person does there decides.
func TestCheckoutAuthentication(t *testing.T) {
	for outcome, c := range map[string]struct {
		status stripe.CheckoutSessionStatus
		words  string
	}{
		"complete": {"complete", ""},
		"fail":     {"open", "unable to authenticate"},
	} {
		t.Run(outcome, func(t *testing.T) {
			b := open(t)
			s := b.session(sessionParams())
			challenge := b.checkout(s, "4000002760003184")
			if challenge.status != http.StatusSeeOther || b.reload(s).PaymentIntent.Status != "requires_action" {
				t.Fatalf("no challenge: %d", challenge.status)
			}
			if asked := b.visit(challenge.to); !strings.Contains(asked.page, "Confirm it is you") {
				t.Fatalf("the bank's page: %s", asked.page)
			}
			back := b.post(challenge.to, map[string][]string{"outcome": {outcome}})
			if got := b.reload(s).Status; got != c.status {
				t.Errorf("the session is %s before the person is back, want %s", got, c.status)
			}
			end := b.visit(back.to)
			if c.words == "" && !strings.HasPrefix(end.to, "https://seller.example/return") {
				t.Errorf("the way back leads to %q", end.to)
			}
			if !strings.Contains(end.page, c.words) {
				t.Errorf("the form does not say %q: %s", c.words, end.page)
			}
		})
	}
}

// The seller may want every payer authenticated, also where the bank does not.
func TestCheckoutAsksForAuthentication(t *testing.T) {
	b := open(t)
	p := sessionParams()
	p.PaymentMethodOptions = &stripe.CheckoutSessionPaymentMethodOptionsParams{
		Card: &stripe.CheckoutSessionPaymentMethodOptionsCardParams{RequestThreeDSecure: stripe.String("any")},
	}
	s := b.session(p)
	if challenge := b.checkout(s, "4242424242424242"); !strings.Contains(challenge.to, "/_hosted/3ds/") {
		t.Errorf("led to %q", challenge.to)
	}
	if asks := b.reload(s).PaymentIntent.PaymentMethodOptions.Card.RequestThreeDSecure; asks != "any" {
		t.Errorf("the intent asks %q", asks)
	}
}

// A customer without an address gets the one the person gives.
func TestCheckoutGivesTheCustomerAnAddress(t *testing.T) {
	b := open(t)
	who, err := b.Customers.New(&stripe.CustomerParams{Name: stripe.String("No Address")})
	if err != nil {
		t.Fatal(err)
	}
	p := sessionParams()
	p.Customer = stripe.String(who.ID)
	s := b.session(p)
	b.checkout(s, "4242424242424242", "email", "new@example.com")
	if now := b.reload(s); now.Customer.Email != "new@example.com" || now.CustomerDetails.Email != "new@example.com" {
		t.Errorf("customer %q, session %q", now.Customer.Email, now.CustomerDetails.Email)
	}
}

// A card is kept where the seller asked for it, a customer made where he
// wanted one, and neither otherwise.
func TestCheckoutKeepsCardsAsAgreed(t *testing.T) {
	for _, c := range []struct {
		name      string
		change    func(*stand, *stripe.CheckoutSessionParams)
		more      []string
		customer  bool
		attached  bool
		redisplay stripe.PaymentMethodAllowRedisplay
	}{
		{name: "nothing asked", change: func(*stand, *stripe.CheckoutSessionParams) {}, redisplay: "unspecified"},
		{name: "customer always", change: func(_ *stand, p *stripe.CheckoutSessionParams) {
			p.CustomerCreation = stripe.String("always")
		}, customer: true, redisplay: "unspecified"},
		{name: "future usage alone", change: func(_ *stand, p *stripe.CheckoutSessionParams) {
			p.PaymentIntentData.SetupFutureUsage = stripe.String("off_session")
		}, customer: true, attached: true, redisplay: "limited"},
		{name: "future usage and customer", change: func(b *stand, p *stripe.CheckoutSessionParams) {
			p.Customer = stripe.String(b.customer())
			p.PaymentIntentData.SetupFutureUsage = stripe.String("off_session")
		}, customer: true, attached: true, redisplay: "limited"},
		{name: "offered and taken", change: offerSave, more: []string{"save", "yes"}, customer: true, attached: true, redisplay: "always"},
		{name: "offered and left", change: offerSave, customer: true, redisplay: "unspecified"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t)
			p := sessionParams()
			c.change(b, p)
			s := b.session(p)
			offered := strings.Contains(b.visit(s.URL).page, "Save this card")
			if offered != (p.SavedPaymentMethodOptions != nil) {
				t.Errorf("the box is shown: %t", offered)
			}
			if done := b.checkout(s, "4242424242424242", c.more...); done.status != http.StatusSeeOther {
				t.Fatalf("%d %s", done.status, done.page)
			}
			now := b.reload(s)
			pm := now.PaymentIntent.PaymentMethod
			if (now.Customer != nil) != c.customer || (pm.Customer != nil) != c.attached || pm.AllowRedisplay != c.redisplay {
				t.Errorf("customer %v, method's customer %v, redisplay %s", now.Customer, pm.Customer, pm.AllowRedisplay)
			}
			if c.customer && now.Customer.Email == "" {
				t.Error("the customer has no address")
			}
		})
	}
}

func offerSave(b *stand, p *stripe.CheckoutSessionParams) {
	p.Customer = stripe.String(b.customer())
	p.SavedPaymentMethodOptions = &stripe.CheckoutSessionSavedPaymentMethodOptionsParams{PaymentMethodSave: stripe.String("enabled")}
}

// A session ends by the seller's word or by the account's clock, takes its
// intent with it, and its page then leads back and takes no money.
// A complete session cannot be expired, nor an intent of a session cancelled
// behind its back.
// Each wrong parameter is refused by its name.
// The shortest and the longest life are taken; without one it is a day.
// Sessions are found by what they belong to, and their lines in pages.
// Mode setup saves a card without charging, over the bank's page where the
// card wants it.
func TestCheckoutSetup(t *testing.T) {
	for _, number := range []string{"4242424242424242", "4000002500003155"} {
		t.Run(number, func(t *testing.T) {
			b := open(t)
			p := &stripe.CheckoutSessionParams{
				Mode: stripe.String("setup"), Customer: stripe.String(b.customer()),
				PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
				SuccessURL:         stripe.String("https://seller.example/done?id={CHECKOUT_SESSION_ID}"),
				SetupIntentData:    &stripe.CheckoutSessionSetupIntentDataParams{Metadata: map[string]string{"method": "m1"}},
			}
			s := b.session(p)
			if s.SetupIntent == nil || s.PaymentStatus != "no_payment_required" {
				t.Fatalf("a new session: %+v", s)
			}
			if refused := b.checkout(s, "4000000000000002"); refused.status != http.StatusPaymentRequired {
				t.Errorf("a card that cannot be saved: %d", refused.status)
			}
			end := b.checkout(s, number)
			if strings.Contains(end.to, "/_hosted/3ds/") {
				end = b.visit(b.post(end.to, map[string][]string{"outcome": {"complete"}}).to)
			}
			if !strings.HasPrefix(end.to, "https://seller.example/done?id="+s.ID) {
				t.Fatalf("the end: %d %q %s", end.status, end.to, end.page)
			}
			now := b.reload(s)
			if now.Status != "complete" || now.SetupIntent.Status != "succeeded" || now.SetupIntent.Metadata["method"] != "m1" || now.SetupIntent.PaymentMethod.Customer == nil {
				t.Errorf("the session: %+v", now)
			}
			off, err := b.PaymentIntents.New(&stripe.PaymentIntentParams{
				Amount: stripe.Int64(1000), Currency: stripe.String("usd"), Customer: stripe.String(now.Customer.ID),
				PaymentMethod: stripe.String(now.SetupIntent.PaymentMethod.ID), OffSession: stripe.Bool(true), Confirm: stripe.Bool(true),
				PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
			})
			if err != nil || off.Status != "succeeded" {
				t.Errorf("a later charge: %v", err)
			}
		})
	}
}

// A restart forgets nothing: a session made before it is paid after it, and
// one whose time came in between is over.
func TestCheckoutSurvivesRestart(t *testing.T) {
	first := open(t)
	s := first.session(sessionParams())
	first.checkout(s, "4000000000000002")
	tried := first.reload(s)
	second := first.reopen()
	page := strings.Replace(s.URL, first.web.URL, second.web.URL, 1)
	done := second.post(page, second.visit(page).fill("4242424242424242"))
	if done.status != http.StatusSeeOther {
		t.Fatalf("%d %s", done.status, done.page)
	}
	if now := second.reload(s); now.PaymentStatus != "paid" || now.PaymentIntent.ID != tried.PaymentIntent.ID {
		t.Errorf("after the restart: %+v", now)
	}
}

// M12: no card number or CVC is written down anywhere.
func TestCheckoutKeepsNoCardNumbers(t *testing.T) {
	b := open(t)
	s := b.session(sessionParams())
	b.checkout(s, "4000000000009995", "card_cvc", "8761")
	b.checkout(s, "4242 4242 4242 4242", "card_cvc", "8761")
	b.close()
	err := filepath.WalkDir(b.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, secret := range []string{"4000000000009995", "4242424242424242", "4242 4242", "8761"} {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s holds %s", filepath.Base(path), secret)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
