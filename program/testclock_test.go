package program_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

// On an organisation's test clock what is due happens at its own local midnight,
// in order, each once, over a change of daylight saving time too (M11, M15).
func TestM11M15OverdueAtLocalMidnight(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	tokyo := w.top + "/Tokyo"
	admin.post("/v1/organisations", map[string]any{"path": tokyo, "time_zone": "Asia/Tokyo"}).want(201)
	customer, card := w.customer(w.branchA, "4242424242424242")
	eastern, err := time.LoadLocation("America/New_York")
	must(t, err)
	spring := changeAfter(eastern, time.Now().AddDate(0, 0, 3))
	make := func(path string, due remit.Date, number string) string {
		id := admin.post("/v1/invoices", map[string]any{
			"organisation": path, "customer_id": customer, "number": number, "issue_date": firstDay().String(), "due_date": due.String(),
			"lines": []any{map[string]any{"description": "x", "quantity": "1", "unit_price": "50.00", "amount": 5000}},
		}).want(201).text("id")
		admin.post("/v1/invoices/"+id+"/send", nil).want(200)
		return id
	}
	before := make(w.branchA, spring.AddDays(-1), "before the change")
	on := make(w.branchA, spring, "on the day of the change")
	far := make(tokyo, spring.AddDays(-1), "in Tokyo")
	paid := make(w.branchA, spring.AddDays(-1), "paid in time")
	voided := make(w.branchA, spring.AddDays(-1), "cancelled in time")
	payer.post("/v1/invoices/"+paid+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
	admin.post("/v1/invoices/"+voided+"/void", map[string]any{"reason": "x"}).want(200)
	advance := func(to time.Time) *answer {
		t.Helper()
		for range 20 {
			got := admin.post("/v1/clock/advance", map[string]any{"organisation": w.top, "to": to.UTC().Format(time.RFC3339)}).want(200, 202)
			if got.status == 200 {
				return got
			}
		}
		t.Fatal("the clock does not get there")
		return nil
	}
	overdue := func(want map[string]bool) {
		t.Helper()
		for id, is := range want {
			if got := admin.get("/v1/invoices/" + id).want(200); got.at("overdue") != is {
				t.Errorf("%s is overdue: %v, want %v", got.text("number"), got.at("overdue"), is)
			}
		}
	}
	midnight := func(d remit.Date, zone *time.Location) time.Time {
		at, err := time.ParseInLocation("2006-01-02", d.String(), zone)
		must(t, err)
		return at
	}
	japan, err := time.LoadLocation("Asia/Tokyo")
	must(t, err)
	first := midnight(spring, japan)
	advance(first.Add(-time.Second))
	overdue(map[string]bool{before: false, on: false, far: false})
	fired := advance(first)
	overdue(map[string]bool{before: false, on: false, far: true, paid: false, voided: false})
	if fired.at("fired", 0) == nil || fired.text("fired", 0, "invoice_id") != far || fired.at("fired", 1) != nil {
		t.Errorf("on the way: %s", fired.raw)
	}
	if fired.text("happened", 0, "about") != "in Tokyo" || !strings.Contains(fired.text("happened", 0, "what"), "$50.00 is overdue") || fired.at("happened", 1) != nil {
		t.Errorf("it is told as %s", fired.raw)
	}
	advance(midnight(spring, eastern).Add(-time.Second))
	overdue(map[string]bool{before: false, on: false})
	advance(midnight(spring, eastern))
	overdue(map[string]bool{before: true, on: false})
	advance(midnight(spring.AddDays(1), eastern).Add(-time.Second))
	overdue(map[string]bool{on: false})
	advance(midnight(spring.AddDays(1), eastern))
	overdue(map[string]bool{before: true, on: true, far: true, paid: false, voided: false})
	for id, at := range map[string]time.Time{before: midnight(spring, eastern), on: midnight(spring.AddDays(1), eastern), far: first} {
		entries := admin.get("/v1/invoices/" + id + "/timeline").want(200)
		if n := strings.Count(string(entries.raw), `"kind":"overdue"`); n != 1 {
			t.Errorf("it becomes overdue %d times", n)
		}
		if want := at.UTC().Format(time.RFC3339); !strings.Contains(string(entries.raw), fmt.Sprintf(`"at":%q,"kind":"overdue"`, want)) {
			t.Errorf("it is not overdue from %s: %s", want, entries.raw)
		}
	}
	// With a later date it is not overdue, until that one has passed too.
	content := admin.get("/v1/invoices/" + on).want(200)
	later := spring.AddDays(10)
	admin.put("/v1/invoices/"+on, map[string]any{
		"number": content.text("number"), "issue_date": content.text("issue_date"), "due_date": later.String(), "lines": content.at("lines"), "reason": "more time",
	}).want(200)
	overdue(map[string]bool{on: false})
	advance(midnight(later.AddDays(1), eastern))
	overdue(map[string]bool{on: true})
	if status := admin.post("/v1/clock/advance", map[string]any{"organisation": w.top, "to": first.UTC().Format(time.RFC3339)}).status; status != 422 {
		t.Errorf("turning the clock back: %d", status)
	}
	// An organisation without a test clock is on real time, and nobody moves it.
	owner, top := w.stranger()
	unmoved := w.tables("sessions")
	owner.post("/v1/clock/advance", map[string]any{"organisation": top, "days": 1}).want(409)
	owner.post("/v1/clock/advance", map[string]any{"organisation": w.top, "days": 1}).want(404, 422)
	w.unchanged("moving a clock that is none", unmoved, w.tables("sessions"))
}

// Whoever leaves while the clock is on its way finds it where it was sent.
func TestTheClockArrivesWithoutItsClient(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "4242424242424242")
	for range 3 {
		w.invoice(w.branchA, customer, 5000)
	}
	me := admin.get("/v1/me").want(200)
	account, err := uuid.Parse(me.text("id"))
	must(t, err)
	tenant, err := uuid.Parse(w.sql("select tenant::text from organisations where path = $1", w.top)[0][0])
	must(t, err)
	left, leave := context.WithCancel(t.Context())
	c := *w.program.Commands
	c.Answer = 1
	read := false
	c.Now = func() time.Time {
		if read { // the request is understood, and the clock about to move
			leave()
		}
		return w.program.Commands.Now()
	}
	caller := commands.Caller{Account: account, Tenants: []commands.Membership{{Tenant: tenant, Path: w.top}}}
	to := time.Now().AddDate(0, 0, 200)
	result, err := c.AdvanceClock(left, caller, func() (commands.ClockInput, error) {
		read = true
		return commands.ClockInput{Organisation: w.top, To: to}, nil
	})
	must(t, err)
	if left.Err() == nil || !result.Done || result.Now.Before(to) || len(result.Fired) < 3 {
		t.Errorf("it came to %s of %s, fired %d", result.Now, to, len(result.Fired))
	}
}

// A hosted page that nobody paid on is over when its time on the organisation's
// clock is, and the invoice can be paid another way (M2c, M15).
func TestM2cAnOpenPageEndsOnTheClock(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	page := payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "checkout": true}).want(202)
	again := payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "checkout": true}).want(202, 409)
	if again.status == 202 && again.text("checkout", "url") != page.text("checkout", "url") {
		if state := w.sql("select count(*)::text from attempts where invoice_id = $1::uuid and ended_at is null", invoice); state[0][0] != "1" {
			t.Errorf("%s pages are open", state[0][0])
		}
		page = again
	}
	for range 20 {
		if admin.post("/v1/clock/advance", map[string]any{"organisation": w.top, "days": 2}).want(200, 202).status == 200 {
			break
		}
	}
	w.until("the page is over", func() bool { return payer.get("/v1/invoices/"+invoice).want(200).at("in_flight") == nil })
	w.submit(page.text("checkout", "url"), "4242424242424242", false)
	if cents, _ := w.captured(invoice); cents != 0 {
		t.Errorf("a page that is over captured %d", cents)
	}
	payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
	if cents, charges := w.captured(invoice); cents != 5000 || charges != 1 {
		t.Errorf("captured %d in %d charges", cents, charges)
	}
}

// changeAfter is the first date after a time on which a zone changes its offset.
func changeAfter(zone *time.Location, from time.Time) remit.Date {
	for day := 0; ; day++ {
		at := from.AddDate(0, 0, day).In(zone)
		start := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, zone)
		_, before := start.Zone()
		_, after := start.AddDate(0, 0, 1).Zone()
		if before != after {
			return remit.DateOf(start)
		}
	}
}
