package program_test

import (
	"testing"
	"time"

	"remit"
)

// billed waits until a schedule has so many periods through and gives it.
func (w *world) billed(schedule string, periods int) *answer {
	w.t.Helper()
	var got *answer
	w.until("its periods are through", func() bool {
		got = w.signIn("admin").get("/v1/billing-schedules/" + schedule).want(200)
		return got.at("periods", periods-1) != nil
	})
	if got.at("periods", periods) != nil {
		w.t.Fatalf("more than %d periods are through: %s", periods, got.raw)
	}
	return got
}

// clockTo moves the test clock to noon, UTC, of a date.
func (w *world) clockTo(date string) {
	w.t.Helper()
	w.until("the clock is there", func() bool {
		return w.signIn("admin").post("/v1/clock/advance", map[string]any{"organisation": w.top, "to": date + "T12:00:00Z"}).want(200, 202).status == 200
	})
}

func rent(price string) []map[string]any {
	return []map[string]any{{"description": "Rent", "quantity": "1", "unit_price": price}}
}

// A schedule bills each month once, as it said before, and its invoices are charged by
// its own word; a change half-way holds from the next period on and touches nothing
// that was made; paused it skips, and ended it bills no more (B1-B4, AC4, AC5, D1, D7).
func TestScheduleOverThreePeriodsWithAChange(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "4242424242424242")
	terms := map[string]any{
		"customer_id": customer, "number": "RENT-1", "lines": rent("310.00"), "interval": "month", "anchor_day": 31, "start_date": firstDay().String(),
		"prorate": true, "auto_charge": true, "payment_link": false, "due_days": 2,
	}
	made := admin.post("/v1/billing-schedules", terms).want(201)
	id := made.text("id")
	first := w.billed(id, 1)
	invoice := admin.get("/v1/invoices/" + first.text("periods", 0, "invoice_id")).want(200)
	if invoice.text("status") != "open" || invoice.at("settings", "payment_links") != false || invoice.at("settings", "auto_charge") != true || invoice.text("issue_date") != firstDay().String() {
		t.Errorf("the first invoice is %s", invoice.raw)
	}
	if invoice.text("due_date") != firstDay().AddDays(2).String() {
		t.Errorf("it is due on %s", invoice.text("due_date"))
	}
	admin.post("/v1/billing-schedules", terms).want(409)

	// Everybody else's settings change; the schedule's do not.
	admin.put("/v1/settings/payments", map[string]any{"auto_charge": false, "payment_terms_days": 5, "minimum_partial": 100, "partial_payments": true}).want(200)
	said := first.text("upcoming", 0, "number")
	w.clockTo(first.text("upcoming", 0, "from"))
	second := w.billed(id, 2)
	if second.text("periods", 0, "number") != said {
		t.Errorf("%s was said, and %s was made", said, second.text("periods", 0, "number"))
	}
	whole := admin.get("/v1/invoices/" + second.text("periods", 0, "invoice_id")).want(200)
	if whole.number("total") != 31000 || whole.number("settings", "payment_terms_days") == 5 || whole.number("settings", "minimum_partial") == 100 {
		t.Errorf("the second invoice is %s", whole.raw)
	}

	change := map[string]any{"lines": rent("400.00"), "adjustments": []map[string]any{{"kind": "tax", "description": "VAT 19%", "amount": 7600}}, "interval": "month", "anchor_day": 31, "prorate": true, "auto_charge": false, "due_days": 2}
	changed := admin.put("/v1/billing-schedules/"+id, change).want(200)
	if changed.text("in_force_from") != second.text("change_from") || changed.number("upcoming", 0, "total") != 47600 || changed.number("upcoming", 0, "adjustments", 0, "amount") != 7600 {
		t.Errorf("the change is %s", changed.raw)
	}
	w.clockTo(changed.text("in_force_from"))
	third := w.billed(id, 3)
	dearer := admin.get("/v1/invoices/" + third.text("periods", 0, "invoice_id")).want(200)
	if dearer.number("total") != 47600 || dearer.text("adjustments", 0, "description") != "VAT 19%" || dearer.at("settings", "auto_charge") != false || dearer.text("issue_date") != changed.text("in_force_from") {
		t.Errorf("the third invoice is %s", dearer.raw)
	}
	if again := admin.get("/v1/invoices/" + whole.text("id")).want(200); again.number("total") != 31000 {
		t.Errorf("the change touched %s", again.raw)
	}

	if status := admin.get("/v1/invoices/" + invoice.text("id")).want(200).text("status"); status != "paid" {
		t.Errorf("the first invoice is %s, a month later", status)
	}

	admin.put("/v1/billing-schedules/"+id, map[string]any{"paused": true}).want(200)
	w.clockTo(third.text("upcoming", 0, "from"))
	w.billed(id, 3)
	admin.put("/v1/billing-schedules/"+id, map[string]any{"paused": false}).want(200)
	skipped := w.billed(id, 4)
	if skipped.text("periods", 0, "state") != "skipped" || skipped.text("state") != "active" {
		t.Errorf("after a pause it is %s", skipped.raw)
	}
	admin.del("/v1/billing-schedules/" + id).want(204)
	admin.put("/v1/billing-schedules/"+id, change).want(409)
	w.later(62 * 24 * time.Hour)
	if ended := w.billed(id, 4); ended.text("state") != string(remit.BillingEnded) || ended.at("upcoming", 0) != nil {
		t.Errorf("ended it is %s", ended.raw)
	}
	w.signIn("viewer").get("/v1/billing-schedules/" + id).want(404)
}
