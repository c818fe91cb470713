package program_test

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
)

var asPage = map[string]string{"Accept": "text/html"}

// passerBy is a browser in which nobody is signed in, and which stays where it is
// sent from.
func (w *world) passerBy() *browser {
	b := w.browser()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return b
}

// linkOf is the path of an invoice's public page.
func (w *world) linkOf(b *browser, invoice string) string {
	w.t.Helper()
	link, err := url.Parse(b.get("/v1/invoices/" + invoice).want(200).text("payment_link"))
	must(w.t, err)
	return link.Path
}

var hiddenField = regexp.MustCompile(`name="(key|owed)" value="([^"]*)"`)

// pressPay sends the form of a public page that was shown.
func (w *world) pressPay(b *browser, link string, shown *answer, change url.Values) *answer {
	w.t.Helper()
	form := url.Values{}
	for _, field := range hiddenField.FindAllStringSubmatch(string(shown.raw), -1) {
		form.Set(field[1], field[2])
	}
	maps.Copy(form, change)
	return b.raw("POST", link+"/checkout", form.Encode(), map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Sec-Fetch-Site": "same-origin",
	})
}

// Whoever has the link pays without signing in, once: a second tab and a double
// click get the same page of Stripe's, the link then says it is paid, and looking
// starts nothing (L1, L2, L10, L16, T40).
func TestPublicLinkPaysOnce(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	link := w.linkOf(admin, invoice)
	stranger, secondTab := w.passerBy(), w.passerBy()
	shown := stranger.send("GET", link, nil, asPage).want(200)
	for name, value := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} {
		if got := shown.header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	if !strings.Contains(string(shown.raw), "Pay now") || !strings.Contains(string(shown.raw), "noindex") {
		t.Errorf("the page: %s", shown.raw)
	}
	sessions := w.asked("POST", "/checkout/sessions")
	for range 100 {
		stranger.send("GET", link, nil, asPage).want(200)
	}
	if n := w.asked("POST", "/checkout/sessions"); n != sessions {
		t.Errorf("looking made %d sessions", n-sessions)
	}
	first := w.pressPay(stranger, link, shown, nil).want(303).header.Get("Location")
	again := w.pressPay(stranger, link, shown, nil).want(303).header.Get("Location")
	other := w.pressPay(secondTab, link, secondTab.send("GET", link, nil, asPage).want(200), nil).want(303).header.Get("Location")
	if first != again || first != other || !strings.Contains(first, "/c/") && !strings.Contains(first, "checkout") {
		t.Errorf("three presses lead to %s, %s and %s", first, again, other)
	}
	if token := link[strings.LastIndex(link, "/")+1:]; strings.Contains(first, token) || strings.Contains(string(w.folder(t, w.journal)), token) {
		t.Error("Stripe was given the link")
	}
	// Back without paying: the page says so and offers to pay.
	abandoned := stranger.send("GET", "/pay/return", nil, asPage).want(303).header.Get("Location")
	if text := string(stranger.send("GET", abandoned, nil, asPage).want(200).raw); !strings.Contains(text, "No payment was made.") || !strings.Contains(text, "Pay now") {
		t.Errorf("after an abandoned checkout: %s", text)
	}
	w.submit(first, "4242424242424242", false)
	w.until("it is paid", func() bool { return admin.get("/v1/invoices/"+invoice).want(200).text("status") == "paid" })
	paid := string(secondTab.send("GET", link, nil, asPage).want(200).raw)
	if !strings.Contains(paid, "Payment successful") || strings.Contains(paid, "Pay now") {
		t.Errorf("after it was paid: %s", paid)
	}
	w.pressPay(stranger, link, shown, nil).want(303, 409)
	if cents, charges := w.captured(invoice); cents != 5000 || charges != 1 {
		t.Errorf("captured %d in %d", cents, charges)
	}
	timeline := string(admin.get("/v1/invoices/" + invoice + "/timeline").want(200).raw)
	if !strings.Contains(timeline, "Somebody with the link") {
		t.Errorf("the timeline does not say who: %s", timeline)
	}
}

// A wrong, a reset and a draft's link are one and the same 404; who tries many
// is turned away; a checkout that was asked for by a link since reset is not
// opened (T7).
func TestT7LinksThatLeadNowhere(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	draft := admin.post("/v1/invoices", map[string]any{
		"customer_id": customer, "number": uuid.NewString(), "issue_date": "2026-01-01", "due_date": "2026-02-01",
		"lines": []any{map[string]any{"description": "x", "quantity": "1", "unit_price": "50.00", "amount": 5000}},
	}).want(201).text("id")
	old := w.linkOf(admin, invoice)
	stranger := w.passerBy()
	shown := stranger.send("GET", old, nil, asPage).want(200)
	fresh := admin.post("/v1/invoices/"+invoice+"/link", nil).want(200).text("payment_link")
	if strings.HasSuffix(fresh, old) {
		t.Fatal("a reset gave the same link")
	}
	w.pressPay(stranger, old, shown, nil).want(404)
	if n := w.asked("POST", "/checkout/sessions"); n != 0 {
		t.Errorf("a reset link opened %d sessions", n)
	}
	flipped := []byte(old)
	at := len(flipped) - 2
	flipped[at] = map[bool]byte{true: 'B', false: 'A'}[flipped[at] == 'A'] // a character of links, so that only the tag is wrong
	var bodies []string
	for _, link := range []string{old, string(flipped), w.linkOf(admin, draft), "/pay/x", "/pay/" + strings.Repeat("A", 98)} {
		bodies = append(bodies, regexp.MustCompile(`/pay/[\w%-]+`).ReplaceAllString(string(stranger.send("GET", link, nil, asPage).want(404).raw), ""))
	}
	for _, body := range bodies {
		if body != bodies[0] || !strings.Contains(body, "Ask the sender for a new one.") {
			t.Errorf("two answers to dead links: %s", body)
		}
	}
	limited := false
	for range 40 {
		limited = limited || stranger.send("GET", "/pay/guess", nil, asPage).status == http.StatusTooManyRequests
	}
	if !limited {
		t.Error("40 bad links in a row were all served")
	}
}

// Each state that an invoice can be in reads on its page as it should, and only
// one that can be paid offers to (U9).
func TestPublicPageOfEachState(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	customer, card := w.customer(w.branchA, "4242424242424242")
	stranger := w.passerBy()
	reads := func(invoice, words string, pays bool) {
		t.Helper()
		text := string(stranger.send("GET", w.linkOf(admin, invoice), nil, asPage).want(200).raw)
		if !strings.Contains(text, words) || strings.Contains(text, "Pay now") != pays {
			t.Errorf("want %q, offering to pay %t: %s", words, pays, text)
		}
		if payersMayNotRead.MatchString(text) {
			t.Errorf("it reads %q", payersMayNotRead.FindString(text))
		}
	}
	sent, _ := w.invoice(w.branchA, customer, 5000)
	reads(sent, "ue on ", true)
	part, _ := w.invoice(w.branchA, customer, 5000)
	admin.post("/v1/invoices/"+part+"/payments", map[string]any{"amount": 2000, "method": "bank_transfer", "reference": "r"}).want(201)
	reads(part, "$50.00", true)
	voided, _ := w.invoice(w.branchA, customer, 5000)
	admin.post("/v1/invoices/"+voided+"/void", map[string]any{"reason": "mistake"}).want(200)
	reads(voided, "Nothing to pay.", false)
	small, _ := w.invoice(w.branchA, customer, 30)
	reads(small, "$0.30 is below the online minimum, $0.50. Pay by bank transfer.", false)
	declined, _ := w.invoice(w.branchA, customer, 5000)
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{{"match": map[string]any{"times": 1}, "effect": "decline", "decline_code": "stolen_card"}}})
	payer.post("/v1/invoices/"+declined+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(402)
	w.sandbox("DELETE", "/faults", nil)
	reads(declined, "did not go through.", true)
	payer.post("/v1/invoices/"+declined+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
	reads(declined, "Payment successful", false)
	admin.del("/v1/stripe/connection").want(204, 409)
	reads(sent, "Online payment is not available now.", false)
}

// A link cannot be used to try cards: after ten new pages in an hour there is
// none, and whoever waits may go on later (T40).
func TestT40CheckoutsOfALink(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "")
	invoice, _ := w.invoice(w.branchA, customer, 50000)
	link, stranger := w.linkOf(admin, invoice), w.passerBy()
	shown := stranger.send("GET", link, nil, asPage).want(200)
	if !strings.Contains(string(shown.raw), `name="amount"`) {
		t.Fatal("the demo allows partial payments")
	}
	last := 0
	for n := range 12 {
		change := url.Values{"key": {uuid.NewString()}, "amount": {strconv.Itoa(100 + n)}}
		last = w.pressPay(stranger, link, shown, change).want(303, 429).status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the twelfth page in a row: %d", last)
	}
	if n := w.asked("POST", "/checkout/sessions"); n != 10 {
		t.Errorf("%d sessions were made, want 10", n)
	}
	// What a page did not offer is refused where it was typed.
	w.pressPay(stranger, link, shown, url.Values{"key": {uuid.NewString()}, "amount": {"600"}}).want(422)
	w.pressPay(stranger, link, shown, url.Values{"key": {uuid.NewString()}, "amount": {"-1"}}).want(422)
}

// Whom to ask stands on an invoice's page whatever becomes of it. The bank account that an invoice was made with stands on its page as long as
// money is owed and none is under way, also where nothing can be paid online;
// whoever has the link gets the invoice as a file under the same protection, and
// nobody gets one by a link that leads nowhere.
func TestPublicPageNamesBankAccountAndFile(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin := w.signIn("admin")
	at := "/v1/settings/payments?organisation=" + url.QueryEscape(w.top)
	admin.put(at, map[string]any{"bank_transfer": map[string]any{"enabled": true, "details": "Harbour Bank\nAccount 12345678"}, "seller": "Harbour Plumbing", "contact": "pay@harbour.example"}).want(200)
	admin.put(at, map[string]any{"contact": "https://harbour.example"}).want(422)
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	link, stranger := w.linkOf(admin, invoice), w.passerBy()
	names := func(want bool) {
		t.Helper()
		text := string(stranger.send("GET", link, nil, asPage).want(200).raw)
		if strings.Contains(text, "Account 12345678") != want || !strings.Contains(text, link+"/pdf") || !strings.Contains(text, `Ask Harbour Plumbing: <a href="mailto:pay@harbour.example"`) {
			t.Errorf("naming the account, %t: %s", want, text)
		}
	}
	names(true)
	file := stranger.send("GET", link+"/pdf", nil, asPage).want(200)
	for name, value := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Content-Type": "application/pdf"} {
		if got := file.header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	if robots := file.header.Get("X-Robots-Tag"); !strings.HasPrefix(string(file.raw), "%PDF-") || !strings.Contains(robots, "noindex") {
		t.Errorf("the file is %.20q, for robots %q", file.raw, robots)
	}
	voided, _ := w.invoice(w.branchA, customer, 5000)
	gone := w.linkOf(admin, voided)
	admin.post("/v1/invoices/"+voided+"/void", map[string]any{"reason": "mistake"}).want(200)
	stranger.send("GET", gone+"/pdf", nil, asPage).want(404)
	admin.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
	names(false)
	stranger.send("GET", link+"/pdf", nil, asPage).want(200)

	unpaid, _ := w.invoice(w.branchA, customer, 5000)
	link = w.linkOf(admin, unpaid)
	admin.del("/v1/stripe/connection").want(204, 409)
	names(true)
	admin.post("/v1/invoices/"+unpaid+"/link", nil).want(200)
	stranger.send("GET", link+"/pdf", nil, asPage).want(404)
	limited := false
	for range 40 {
		limited = limited || stranger.send("GET", "/pay/guess/pdf", nil, asPage).status == http.StatusTooManyRequests
	}
	if !limited {
		t.Error("40 bad links to files in a row were all served")
	}
}

// A seller who hides payment links has them named nowhere: not by the API, not
// on the staff's page; a link that was given out before by other means still
// works, as links do until they are reset (C12).
func TestHiddenLinksAreNamedNowhere(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "")
	shown, _ := w.invoice(w.branchA, customer, 5000)
	admin.put("/v1/settings/payments?organisation="+url.QueryEscape(w.top), map[string]any{"payment_links": false}).want(200)
	hidden, item := w.invoice(w.branchA, customer, 5000)
	if link := admin.get("/v1/invoices/" + hidden).want(200).at("payment_link"); link != nil {
		t.Errorf("the API says %v", link)
	}
	if link := w.signIn("payer.a").get("/v1/work-items/"+item).want(200).at("invoice", "payment_link"); link != nil {
		t.Errorf("the work item says %v", link)
	}
	admin.post("/v1/invoices/"+hidden+"/link", nil).want(409)
	if page := string(admin.send("GET", "/invoices/"+hidden, nil, asPage).want(200).raw); strings.Contains(page, "/pay/") || strings.Contains(page, "Public link") {
		t.Errorf("the staff's page names it: %s", page)
	}
	// The one made before keeps what it was made with (D7).
	w.passerBy().send("GET", w.linkOf(admin, shown), nil, asPage).want(200)
}
