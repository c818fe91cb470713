package program_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// autoCharge has invoices made from now on charged by themselves.
func (w *world) autoCharge(change map[string]any) {
	w.t.Helper()
	change["auto_charge"] = true
	w.signIn("admin").put("/v1/settings/payments", change).want(200)
}

// collection is what charging an invoice by itself has come to.
func (w *world) collection(invoice string) string {
	w.t.Helper()
	return w.sql("select collection_state from invoices where id = $1::uuid", invoice)[0][0]
}

// kinds are the kinds of an invoice's timeline entries, in order.
func (w *world) kinds(invoice string) (kinds []string) {
	w.t.Helper()
	for _, row := range w.sql("select kind from timeline where invoice_id = $1::uuid order by seq", invoice) {
		kinds = append(kinds, row[0])
	}
	return kinds
}

// On its due date, when the window opens, an invoice is charged to the saved card by
// itself, once (AC1); what may not be charged is not, and says why; what failed is
// tried again by its ladder, which ends; a new card is tried at once (R7).
func TestDueDatesFailure36ANewCardIsTriedAtOnce(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	w.autoCharge(map[string]any{})
	good, _ := w.customer(w.branchA, "4242424242424242")
	bare, _ := w.customer(w.branchA, "")
	poor, _ := w.customer(w.branchA, "4000000000000341")
	unwilling, _ := w.customer(w.branchA, "4242424242424242")
	for _, c := range []struct {
		body string
		word any
	}{{`{"name":"Said","auto_charge":true}`, true}, {`{"name":"Unsaid"}`, true}, {`{"name":"Taken away","auto_charge":null}`, nil}} {
		if got := admin.put("/v1/customers/"+bare, json.RawMessage(c.body)).want(200); got.at("auto_charge") != c.word {
			t.Errorf("after %s: %s", c.body, got.raw)
		}
	}
	admin.put("/v1/customers/"+unwilling, map[string]any{"name": "Unwilling", "auto_charge": false}).want(200)
	if still := admin.put("/v1/customers/"+unwilling, map[string]any{"name": "Still unwilling"}).want(200); still.at("auto_charge") != false {
		t.Errorf("what is not said does not stay: %s", still.raw)
	}
	plain, _ := w.invoice(w.branchA, good, 12000)
	second, _ := w.invoice(w.branchA, good, 3000)
	held, _ := w.invoice(w.branchA, good, 4000)
	admin.post("/v1/invoices/"+held+"/hold", map[string]any{"reason": "they object"}).want(200)
	without, _ := w.invoice(w.branchA, bare, 5000)
	declined, _ := w.invoice(w.branchA, poor, 6000)
	refused, _ := w.invoice(w.branchA, unwilling, 7000)
	byHand, _ := w.invoice(w.branchA, good, 8000)
	admin.post("/v1/invoices/"+byHand+"/payments", map[string]any{"amount": 8000, "method": "bank_transfer", "reference": "T1"}).want(200, 201)
	w.autoCharge(map[string]any{"auto_charge_at": "on_send"})
	atOnce, _ := w.invoice(w.branchA, good, 9000)

	// A forecast of weeks ahead decides about each charge at its own time: none is late.
	ahead := admin.post("/v1/due-date-runs", map[string]any{"organisation": w.top, "as_of": firstDay().AddDays(40).String(), "dry_run": true}).want(201)
	if charged, skipped := ahead.number("charged"), ahead.number("skipped"); charged != 4 || skipped != 2 {
		t.Errorf("forty days ahead %d are to be charged and %d to be skipped: %s", charged, skipped, ahead.raw)
	}
	w.later(19 * 24 * time.Hour)
	w.status(plain, "open")
	w.status(atOnce, "paid") // the window opened meanwhile
	w.later(40 * time.Hour)
	w.status(plain, "paid")
	for _, each := range []struct {
		what, invoice, status, collection string
		cents                             int64
	}{
		{"saved card", plain, "paid", "", 12000}, {"another of the same day", second, "paid", "", 3000}, {"on hold", held, "open", "", 0},
		{"no method", without, "open", "awaits_method", 0}, {"declined", declined, "open", "retrying", 0}, {"the customer said no", refused, "open", "", 0},
		{"paid before", byHand, "paid", "", 0}, {"on sending", atOnce, "paid", "", 9000},
	} {
		w.status(each.invoice, each.status)
		if got := w.collection(each.invoice); got != each.collection {
			t.Errorf("%s: collection is %q, want %q", each.what, got, each.collection)
		}
		if cents, _ := w.captured(each.invoice); cents != each.cents {
			t.Errorf("%s: %d cents were captured, want %d", each.what, cents, each.cents)
		}
	}
	runs := w.sql("select sum(found), sum(charged), sum(declined), sum(skipped), sum(failed + processing) from due_date_runs where not dry_run")
	if want := []string{"6", "3", "1", "2", "0"}; !slices.Equal(runs[0], want) {
		t.Errorf("the runs' records add up to %q, want %q", runs[0], want)
	}

	w.later(10 * 24 * time.Hour)
	if got := w.collection(declined); got != "ended" {
		t.Errorf("after ten days the ladder is %q: %q", got, w.kinds(declined))
	}
	if tries := w.sql("select count(*) from attempts where invoice_id = $1::uuid", declined)[0][0]; tries != "3" {
		t.Errorf("it was tried %s times", tries)
	}
	for _, customer := range []string{bare, poor} {
		page := admin.post("/v1/customers/"+customer+"/payment-methods", map[string]any{}).want(201).text("url")
		w.submit(page, "5555555555554444", false)
		methods := admin.get("/v1/customers/" + customer + "/payment-methods").want(200)
		for n := 0; methods.at("data", n) != nil; n++ {
			if strings.HasSuffix(methods.text("data", n, "last4"), "4444") {
				admin.put("/v1/customers/"+customer+"/default-payment-method", map[string]any{"payment_method": methods.text("data", n, "id")}).want(200)
			}
		}
	}
	w.status(without, "paid")
	w.status(declined, "paid")
	for invoice, want := range map[string]int64{plain: 12000, without: 5000, declined: 6000} {
		if cents, charges := w.captured(invoice); cents != want || charges != 1 {
			t.Errorf("%d cents were captured by %d charges, want %d once", cents, charges, want)
		}
	}
}
