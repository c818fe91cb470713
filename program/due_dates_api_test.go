package program_test

import (
	"strings"
	"testing"
	"time"
)

// A caller reads what will be charged before it is, has it charged now or not at all,
// and pays a deposit alone (AC9, X8).
func TestAChargeIsForetoldAskedForAndSwitchedOff(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	w.autoCharge(map[string]any{})
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "4242424242424242")
	today := time.Now().UTC()
	due, early := today.AddDate(0, 0, 20).Format(time.DateOnly), today.AddDate(0, 0, 10).Format(time.DateOnly)
	body := map[string]any{
		"customer_id": customer, "number": "D-1", "issue_date": today.Format(time.DateOnly), "due_date": due,
		"lines":   []map[string]any{{"description": "Work", "amount": 12000}},
		"deposit": map[string]any{"amount": 12000, "due_date": early},
	}
	admin.post("/v1/invoices", body).want(422)
	body["deposit"] = map[string]any{"amount": 2000, "due_date": early}
	invoice := admin.post("/v1/invoices", body).want(201).text("id")
	address := "/v1/invoices/" + invoice
	admin.post(address+"/send", map[string]any{}).want(200)
	body["reason"], body["deposit"] = "A day more.", nil
	amended := admin.put(address, body).want(200)
	if amended.number("deposit", "amount") != 2000 || amended.number("next_charge", "amount") != 2000 {
		t.Errorf("amending lost the deposit: %s", amended.raw)
	}
	// A day that has passed is none to look ahead to, but where the caller's day has not.
	past := admin.post("/v1/due-date-runs", map[string]any{"organisation": w.branchA, "as_of": firstDay().AddDays(-2).String(), "dry_run": true}).want(422)
	if past.text("errors", 0, "field") != "as_of" || !strings.Contains(past.text("detail"), "already at "+w.branchA) {
		t.Errorf("a forecast of the past is refused by %s", past.raw)
	}
	dry := admin.post("/v1/due-date-runs", map[string]any{"organisation": w.branchA, "as_of": early, "dry_run": true}).want(201, 202)
	w.until("the forecast is made", func() bool {
		dry = admin.get("/v1/due-date-runs/" + dry.text("id")).want(200)
		return dry.text("state") == "done"
	})
	if dry.number("found") != 1 || dry.text("entries", "data", 0, "invoice_id") != invoice || dry.text("entries", "data", 0, "outcome") != "charged" || dry.number("sums", 0, "amount") != 2000 {
		t.Errorf("the forecast is %s", dry.raw)
	}
	if off := admin.put(address+"/auto-charge", map[string]any{"auto_charge": false}).want(200); off.at("next_charge") != nil {
		t.Errorf("switched off it is still to be charged: %s", off.raw)
	}
	admin.post(address+"/charge", map[string]any{}).want(409)
	admin.put(address+"/auto-charge", map[string]any{"auto_charge": true}).want(200)

	w.sql("update invoices set collection_state = 'asks', collection_why = 'lost_card', collection_since = now() where id = '" + invoice + "'")
	asks := admin.get("/v1/invoices?attention=true").want(200)
	if asks.text("data", 0, "id") != invoice || asks.text("data", 0, "collection", "reason") != "lost_card" || admin.get("/v1/invoices?attention=false").want(200).at("data", 0) != nil {
		t.Errorf("what needs attention is %s", asks.raw)
	}
	for _, reader := range []*browser{w.signIn("payer.a"), w.customersUser("reader", customer)} {
		if told := reader.get(address).want(200); told.text("collection", "state") != "asks" || told.at("collection", "reason") != nil {
			t.Errorf("who reads no decline codes is told %s", told.raw)
		}
	}
	admin.post(address+"/charge", map[string]any{}).want(200)
	w.status(invoice, "partially_paid")
	if cents, charges := w.captured(invoice); cents != 2000 || charges != 1 {
		t.Errorf("%d cents were captured by %d charges", cents, charges)
	}
}

// A dry run tells what billing schedules are yet to make and have charged by its date,
// beside the forecast: the run that follows differs in nothing, and has nothing of it (X8, D7).
func TestADryRunTellsWhatSchedulesAreYetToMake(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	w.autoCharge(map[string]any{})
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "4242424242424242")
	tomorrow := firstDay().AddDays(1)
	admin.post("/v1/billing-schedules", map[string]any{
		"customer_id": customer, "number": "RENT", "interval": "week", "start_date": tomorrow.String(), "due_days": 2, "auto_charge": true,
		"lines": []any{map[string]any{"description": "Rent", "quantity": "1", "unit_price": "50.00"}},
	}).want(201)
	forecast := func(days int) *answer {
		t.Helper()
		return w.run(w.branchA, days, true)
	}
	ahead := forecast(12)
	if ahead.number("not_yet_made", "count") != 2 || ahead.text("not_yet_made", "data", 0, "number") != "RENT-"+tomorrow.String() || ahead.number("not_yet_made", "data", 0, "amount") != 5000 ||
		ahead.text("not_yet_made", "data", 1, "charge_date") != tomorrow.AddDays(9).String() || ahead.number("found") != 0 || ahead.at("sums", 0) != nil {
		t.Errorf("the forecast is %s", ahead.raw)
	}
	if none := forecast(2); none.number("not_yet_made", "count") != 0 {
		t.Errorf("before anything is charged the forecast is %s", none.raw)
	}
	forecast(0)
	if ran := w.run(w.branchA, 0, false); ran.number("found") != 0 || ran.at("differences", 0) != nil || ran.at("compared_with") == nil || ran.number("not_yet_made", "count") != 0 {
		t.Errorf("the run is %s", ran.raw)
	}
}
