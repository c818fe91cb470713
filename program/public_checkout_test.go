package program_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// postAtStripe does something at the organisation's account behind Remit's back.
func (w *world) postAtStripe(path string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.standin+path, nil)
	must(w.t, err)
	request.Header.Set("Authorization", "Bearer "+w.key)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	must(w.t, err)
	must(w.t, response.Body.Close())
	if response.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %d", path, response.StatusCode)
	}
}

// While Stripe takes its time to make a page, a second tab waits for that page
// and uses up nothing of what the link may ask for in an hour (L16, T40).
func TestASecondTabWaitsForThePage(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	link, stranger, second := w.linkOf(admin, invoice), w.passerBy(), w.passerBy()
	shown := stranger.send("GET", link, nil, asPage).want(200)
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{{"match": map[string]any{"method": "POST", "path": "/v1/checkout/sessions"}, "effect": "delay", "ms": 2500}}})
	first := make(chan string)
	go func() { first <- w.pressPay(stranger, link, shown, nil).header.Get("Location") }()
	w.until("the page is being made", func() bool {
		return len(w.sql("select 1::text from attempts where invoice_id = $1::uuid and state = 'created'", invoice)) == 1
	})
	other := w.pressPay(second, link, shown, url.Values{"key": {uuid.NewString()}}).want(303).header.Get("Location")
	if led := <-first; led != other || !strings.Contains(led, "/c/") && !strings.Contains(led, "checkout") {
		t.Errorf("two tabs are led to %s and %s", led, other)
	}
	if asked := w.sql("select count(*)::text from invoice_requests where invoice_id = $1::uuid and kind = 'checkout'", invoice)[0][0]; asked > "2" {
		t.Errorf("it was asked for %s times", asked)
	}
}

// A page that is over at Stripe, which nobody has told Remit of, is not led to:
// pressing Pay looks, and opens another (M6, L14).
func TestAPageThatIsOverAtStripeIsNotLedTo(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	link, stranger := w.linkOf(admin, invoice), w.passerBy()
	w.sandbox("POST", "/faults", map[string]any{"webhooks": map[string]any{"drop": 1}})
	shown := stranger.send("GET", link, nil, asPage).want(200)
	over := w.pressPay(stranger, link, shown, nil).want(303).header.Get("Location")
	session := w.sql("select stripe_session from attempts where invoice_id = $1::uuid", invoice)[0][0]
	w.postAtStripe("/v1/checkout/sessions/" + session + "/expire")
	again := w.pressPay(stranger, link, shown, nil).want(303).header.Get("Location")
	if again == over {
		t.Fatal("it led to a page that is over")
	}
	w.submit(again, "4242424242424242", false)
	fresh := w.sql("select stripe_session from attempts where invoice_id = $1::uuid order by number desc limit 1", invoice)[0][0]
	stranger.send("GET", "/pay/return?session_id="+fresh, nil, asPage).want(200)
	w.until("it is paid", func() bool { return admin.get("/v1/invoices/"+invoice).want(200).text("status") == "paid" })
	if cents, charges := w.captured(invoice); cents != 5000 || charges != 1 {
		t.Errorf("captured %d in %d", cents, charges)
	}
}
