package program_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"remit/program"
)

// dueIn makes a sent invoice that is due so many days after the clock's first one.
func (w *world) dueIn(path, customer string, days int, cents int64) (invoice string) {
	w.t.Helper()
	admin := w.signIn("admin")
	invoice = admin.post("/v1/invoices", dueBody(path, customer, days, cents)).want(201).text("id")
	admin.post("/v1/invoices/"+invoice+"/send", nil).want(200)
	return invoice
}

func dueBody(path, customer string, days int, cents int64) map[string]any {
	return map[string]any{
		"organisation": path, "customer_id": customer, "number": fmt.Sprintf("%s %d %d", path[len(path)-1:], days, cents),
		"issue_date": firstDay().AddDays(-10).String(), "due_date": firstDay().AddDays(days).String(),
		"lines": []map[string]any{{"description": "Work", "amount": cents}},
	}
}

// chargedAt is when an invoice is to be charged, which is on its agenda once.
func (w *world) chargedAt(invoice string) time.Time {
	w.t.Helper()
	if rows := w.sql("select count(*) from agenda where kind = 'charge' and invoice_id = $1::uuid and done_at is null", invoice); rows[0][0] != "1" {
		w.t.Fatalf("its charge is on the agenda %s times", rows[0][0])
	}
	at, err := time.Parse(time.RFC3339, w.signIn("admin").get("/v1/invoices/"+invoice).want(200).text("next_charge", "at"))
	must(w.t, err)
	return at
}

// leap moves the clocks from outside to the afternoon of a day, as if nothing had run
// meanwhile.
func (w *world) leap(days int) {
	w.t.Helper()
	shown, _ := w.sandbox("GET", "/clock", nil)["now"].(string)
	now, err := time.Parse(time.RFC3339, shown)
	must(w.t, err)
	eastern, err := time.LoadLocation("America/New_York")
	must(w.t, err)
	to := firstDay().AddDays(days).At(17*60, eastern)
	w.sandbox("POST", "/clock", map[string]any{"to": to.UTC().Format(time.RFC3339)})
	w.sql(fmt.Sprintf("update organisations set clock_offset = clock_offset + interval '%d seconds' where clock_offset is not null", int(to.Sub(now).Seconds())))
}

// run runs what is due at an organisation by a day, and waits for its end.
func (w *world) run(path string, days int, dry bool) *answer {
	w.t.Helper()
	admin := w.signIn("admin")
	got := admin.post("/v1/due-date-runs", map[string]any{"organisation": path, "as_of": firstDay().AddDays(days).String(), "dry_run": dry}).want(201, 202)
	w.until("the run has ended", func() bool {
		got = admin.get("/v1/due-date-runs/" + got.text("id")).want(200)
		return got.text("state") == "done"
	})
	return got
}

// chargedOnce reports invoices that were not charged what they owe by one charge.
func (w *world) chargedOnce(invoices map[string]int64) {
	w.t.Helper()
	for invoice, want := range invoices {
		w.status(invoice, "paid")
		if cents, charges := w.captured(invoice); cents != want || charges != 1 {
			w.t.Errorf("%d cents were captured by %d charges, want %d once", cents, charges, want)
		}
	}
}

// What is planned for an invoice is one row, which goes with its due date and its
// organisation's zone; a run does what a dry run said, each charge once however many
// runs overlap, and names what came otherwise (AC2, AC7, M11, M15).
func TestFailure34OnePlanFollowsTheCalendar(t *testing.T) {
	t.Parallel()
	w := openWorld(t, func(c *program.Config) { c.SweepEvery = time.Hour }) // only what is asked for is run
	w.autoCharge(map[string]any{})
	admin := w.signIn("admin")
	customer, card := w.customer(w.branchA, "4242424242424242")
	nine := func(days int, zone string) time.Time {
		loc, err := time.LoadLocation(zone)
		must(t, err)
		return firstDay().AddDays(days).At(9*60, loc)
	}

	moved := w.dueIn(w.branchA, customer, 20, 6100)
	body := dueBody(w.branchA, customer, 27, 6100)
	body["number"], body["reason"] = dueBody(w.branchA, customer, 20, 6100)["number"], "They asked for a week."
	admin.put("/v1/invoices/"+moved, body).want(200)
	if got := w.chargedAt(moved); !got.Equal(nine(27, "America/New_York")) {
		t.Errorf("due a week later it is charged at %s", got)
	}
	abroad := w.top + "/Tokyo"
	made := admin.post("/v1/organisations", map[string]any{"path": abroad, "name": "Tokyo"}).want(201).text("id")
	far := w.dueIn(abroad, customer, 27, 6200)
	admin.put("/v1/organisations/"+made, map[string]any{"time_zone": "Asia/Tokyo"}).want(200)
	if got := w.chargedAt(far); !got.Equal(nine(27, "Asia/Tokyo")) {
		t.Errorf("in another zone it is charged at %s", got)
	}

	first, second := w.dueIn(w.branchB, customer, 27, 6300), w.dueIn(w.branchB, customer, 27, 6400)
	third, paid := w.dueIn(w.branchA, customer, 27, 6500), w.dueIn(w.branchA, customer, 27, 6600)
	again, more := w.dueIn(w.top, customer, 27, 6700), w.dueIn(w.top, customer, 27, 6800)
	w.leap(27)
	dry := w.run(w.branchB, 27, true)
	if did := w.run(w.branchB, 27, false); did.number("charged") != 2 || dry.number("charged") != 2 || did.text("compared_with") != dry.text("id") || did.at("differences", 0) != nil {
		t.Errorf("with nothing in between %s differs from %s", did.raw, dry.raw)
	}
	dry = w.run(w.branchA, 27, true)
	w.signIn("payer.a").post("/v1/invoices/"+paid+"/pay", map[string]any{"amount": 6600, "payment_method": card}).want(200)
	did := w.run(w.branchA, 27, false)
	if did.text("compared_with") != dry.text("id") || did.text("differences", 0, "invoice_id") != paid || did.at("differences", 1) != nil {
		t.Errorf("with a payment in between it differs by %s", did.raw)
	}

	var all sync.WaitGroup
	for _, path := range []string{w.top, w.top, abroad, w.branchA} { // a second one at the same organisation may be told so
		all.Go(func() {
			run := map[string]any{"organisation": path, "as_of": firstDay().AddDays(27).String()}
			if path == abroad { // there it is the next day by now
				delete(run, "as_of")
			}
			got := admin.post("/v1/due-date-runs", run)
			if !slices.Contains([]int{201, 202, 409}, got.status) {
				t.Errorf("a run at %s is answered %d: %s", path, got.status, got.raw)
			}
		})
	}
	all.Wait()
	w.chargedOnce(map[string]int64{moved: 6100, far: 6200, first: 6300, second: 6400, third: 6500, paid: 6600, again: 6700, more: 6800})
}

// After days in which nothing ran, what was missed happens once, whoever comes first;
// what is more than three days late is asked about, and is charged when somebody says
// so (M13, M15).
func TestFailure38MissedDaysHappenOnce(t *testing.T) {
	t.Parallel()
	w := openWorld(t, func(c *program.Config) { c.Work = false })
	stop := w.anotherWorker()
	w.autoCharge(map[string]any{})
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "4242424242424242")
	missed := map[string]int64{w.dueIn(w.branchA, customer, 20, 6100): 6100, w.dueIn(w.branchA, customer, 20, 6200): 6200, w.dueIn(w.branchB, customer, 22, 6300): 6300}
	late, later := w.dueIn(w.branchA, customer, 19, 6400), w.dueIn(w.branchA, customer, 24, 6500)
	stop()

	w.leap(23)
	defer w.anotherWorker()()
	defer w.anotherWorker()()

	w.until("it is asked about", func() bool { return w.collection(late) == "asks" })
	w.chargedOnce(missed)
	w.status(later, "open")
	if cents, _ := w.captured(late); cents != 0 {
		t.Errorf("four days late %d cents were captured", cents)
	}
	admin.post("/v1/invoices/"+late+"/charge", map[string]any{}).want(200)
	missed[late] = 6400
	w.chargedOnce(missed)
}
