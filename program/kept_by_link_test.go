package program_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// agreed is what the public form sends where its payer ticks the box.
var agreed = url.Values{"keep": {"yes"}}

// asksToKeep reads a public page, and whether its box is there and ticked.
func (w *world) asksToKeep(b *browser, link string) (shown *answer, there, ticked bool) {
	w.t.Helper()
	shown = b.send("GET", link, nil, asPage).want(200)
	box := regexp.MustCompile(`<input type="checkbox" id="keep" name="keep"[^>]*>`).FindString(string(shown.raw))
	return shown, box != "", strings.Contains(box, "checked")
}

// payByLink pays an invoice by its link with a card, with the answer that the payer gives.
func (w *world) payByLink(invoice, card string, answer url.Values) {
	w.t.Helper()
	link, payer := w.linkOf(w.signIn("admin"), invoice), w.passerBy()
	shown, _, _ := w.asksToKeep(payer, link)
	w.submit(w.pressPay(payer, link, shown, answer).want(303).header.Get("Location"), card, false)
	w.looked(invoice)
	w.status(invoice, "paid")
}

// saved are the methods that are kept for a customer, as their last four digits, the
// default first.
func (w *world) saved(customer string) (digits []string) {
	w.t.Helper()
	methods := w.signIn("admin").get("/v1/customers/" + customer + "/payment-methods").want(200)
	for n := 0; methods.at("data", n) != nil; n++ {
		digits = append(digits, methods.text("data", n, "last4"))
	}
	return digits
}

// The first invoice that is paid by its link, with the tick, leaves the card there as the
// customer's default, and his next one is charged to it by itself on its due date; the
// one of a payer who ticks nothing leaves nothing, and the next one waits for a
// method (AC6).
func TestTheFirstPaymentByLinkKeepsTheMethod(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	w.autoCharge(map[string]any{})
	willing, _ := w.customer(w.branchA, "")
	unwilling, _ := w.customer(w.branchA, "")
	banked, _ := w.customer(w.branchA, "")
	first, _ := w.invoice(w.branchA, willing, 5000)
	other, _ := w.invoice(w.branchA, unwilling, 6000)
	debited, _ := w.invoice(w.branchA, banked, 7000)
	admin, payer := w.signIn("admin"), w.passerBy()
	shown, there, ticked := w.asksToKeep(payer, w.linkOf(admin, first))
	if !strings.Contains(string(shown.raw), `href="#keep"`) {
		t.Error("whoever has no mouse is led past the box")
	}
	if words := "Keep this card or bank account, and let Branch A charge further invoices to it on their due dates"; !there || ticked || !strings.Contains(string(shown.raw), words) {
		t.Fatalf("the box is there: %v, ticked: %v: %s", there, ticked, shown.raw)
	}
	w.payByLink(first, "5555555555554444", agreed)
	w.payByLink(other, "5555555555554444", nil)
	link := w.linkOf(admin, debited)
	shown, _, _ = w.asksToKeep(payer, link)
	w.payByBank(w.pressPay(payer, link, shown, agreed).want(303).header.Get("Location"), "success")
	w.looked(debited)
	w.status(debited, "processing")
	if told := w.sql("select what from timeline where invoice_id = $1::uuid and kind = 'checkout_opened'", first); len(told) != 1 || !strings.Contains(told[0][0], "is kept, as who opened it agreed") {
		t.Errorf("the timeline says %v", told)
	}
	if kept, none, bank := w.saved(willing), w.saved(unwilling), w.saved(banked); len(kept) != 1 || kept[0] != "4444" || len(none) != 0 || len(bank) != 1 {
		t.Fatalf("kept are %v, %v and %v", kept, none, bank)
	}
	if at := admin.get("/v1/customers/" + willing).want(200).at("default_payment_method"); at == nil {
		t.Error("it is not his default")
	}
	next, _ := w.invoice(w.branchA, willing, 3000)
	after, _ := w.invoice(w.branchA, unwilling, 4000)
	byDebit, _ := w.invoice(w.branchA, banked, 2000)
	if _, there, _ := w.asksToKeep(payer, w.linkOf(admin, next)); there {
		t.Error("who has a method that is charged is asked for one more")
	}
	w.later(21 * 24 * time.Hour)
	w.status(next, "paid")
	w.until("the debit is sent or through", func() bool {
		is := admin.get("/v1/invoices/" + byDebit).want(200).text("status")
		return is == "processing" || is == "paid"
	})
	if cents, charges := w.captured(next); cents != 3000 || charges != 1 {
		t.Errorf("%d were captured in %d charges", cents, charges)
	}
	w.status(after, "open")
	if came := w.collection(after); came != "awaits_method" {
		t.Errorf("collecting came to %q", came)
	}
}

// Where nothing is charged by itself there is no box, and nothing is kept whatever the
// form says: by the settings, or by the customer's word (AC6).
func TestNothingIsKeptWhereNothingIsChargedByItself(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin := w.signIn("admin")
	plain, _ := w.customer(w.branchA, "")
	off, _ := w.invoice(w.branchA, plain, 5000)
	w.autoCharge(map[string]any{})
	denied, _ := w.customer(w.branchA, "")
	no, _ := w.invoice(w.branchA, denied, 6000)
	admin.put("/v1/customers/"+denied+"/auto-charge", map[string]any{"auto_charge": false}).want(200, 204)
	for customer, invoice := range map[string]string{plain: off, denied: no} {
		if _, there, _ := w.asksToKeep(w.passerBy(), w.linkOf(admin, invoice)); there {
			t.Errorf("there is a box on %s", invoice)
		}
		w.payByLink(invoice, "5555555555554444", agreed)
		if kept := w.saved(customer); len(kept) != 0 {
			t.Errorf("kept is %v", kept)
		}
	}
}

// A page that was opened with another answer is not led to: it closes, and the new one
// does what is asked now. Nothing is ticked for who comes back (AC6, L16).
func TestAPageOfAnotherAnswerIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	w.autoCharge(map[string]any{})
	admin, payer := w.signIn("admin"), w.passerBy()
	customer, _ := w.customer(w.branchA, "")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	link := w.linkOf(admin, invoice)
	press := func(answer url.Values) string {
		t.Helper()
		shown, _, _ := w.asksToKeep(payer, link)
		return w.pressPay(payer, link, shown, answer).want(303).header.Get("Location")
	}
	kept := press(agreed)
	if again := press(agreed); again != kept {
		t.Errorf("the same answer led to %s, then to %s", kept, again)
	}
	once := press(nil)
	if once == kept {
		t.Fatal("who said no is led to the page that keeps")
	}
	press(agreed)
	if _, there, ticked := w.asksToKeep(payer, link); !there || ticked {
		t.Errorf("back from there the box is there: %v, ticked: %v", there, ticked)
	}
	once = press(nil)
	w.submit(once, "5555555555554444", false)
	w.looked(invoice)
	w.status(invoice, "paid")
	if list := w.saved(customer); len(list) != 0 {
		t.Errorf("kept is %v", list)
	}
	if live := w.sql("select count(*)::text from attempts where invoice_id = $1::uuid and state = 'canceled'", invoice)[0][0]; live != "3" {
		t.Errorf("%s pages were closed", live)
	}
}

// Where fees are passed on the card is typed before anything is paid: it is kept once its
// payer has paid with it, and who leaves without paying leaves nothing (AC6, D4).
func TestACardWithAFeeIsKeptOncePaid(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin, payer := w.signIn("admin"), w.passerBy()
	admin.put("/v1/settings/payments?organisation="+url.QueryEscape(w.branchA), map[string]any{"surcharge": map[string]any{"mode": "add_on"}, "auto_charge": true}).want(200)
	customer, _ := w.customer(w.branchA, "")
	invoice, _ := w.invoice(w.branchA, customer, 100_00)
	link := w.linkOf(admin, invoice)
	ask := func(answer url.Values) string {
		t.Helper()
		shown, _, _ := w.asksToKeep(payer, link)
		page := w.pressPay(payer, link, shown, url.Values{"key": {uuid.NewString()}, "keep": answer["keep"]}).want(303).header.Get("Location")
		at, err := url.Parse(w.submit(page, "5555555555554444", false))
		must(t, err)
		return string(payer.send("GET", at.RequestURI(), nil, asPage).want(200).raw)
	}
	if asked := ask(nil); !strings.Contains(asked, "The card is not kept.") {
		t.Errorf("who said no reads: %s", asked)
	}
	asked := ask(agreed)
	if !strings.Contains(asked, "The card is kept once you have paid, and further invoices are charged to it.") {
		t.Errorf("who agreed reads: %s", asked)
	}
	if list := w.saved(customer); len(list) != 0 {
		t.Fatalf("before it is paid with, kept is %v", list)
	}
	form := url.Values{}
	for _, field := range shownFee.FindAllStringSubmatch(asked, -1) {
		form.Set(field[1], field[2])
	}
	payer.raw("POST", "/pay/return", form.Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"}).want(303)
	w.status(invoice, "paid")
	if list := w.saved(customer); len(list) != 1 || list[0] != "4444" {
		t.Fatalf("paid with, kept is %v", list)
	}
	next, _ := w.invoice(w.branchA, customer, 50_00)
	w.later(21 * 24 * time.Hour)
	w.status(next, "paid")
}
