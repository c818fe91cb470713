package activities_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// day is a day's charges at an account with a history before it.
type day struct {
	*shop
	since   time.Time
	charges int
}

// standinCharge is what the stand-in says of one.
type standinCharge struct {
	ID            string `json:"id"`
	PaymentIntent string `json:"payment_intent"`
	Created       int64  `json:"created"`
}

// openDay makes an account with so many charges in its history, all of them on
// the ledger, and then a day of more.
func openDay(t *testing.T, history, charges int) *day {
	t.Helper()
	s := openShop(t)
	s.standinAct("/payout_schedule", map[string]any{"interval": "manual"}, nil)
	invoice := s.invoice(1000).Invoice
	s.bookCharges(invoice, s.makeCharges(history))
	var clock struct {
		Now time.Time `json:"now"`
	}
	s.standinAct("/clock", map[string]any{"advance_seconds": 3 * 24 * 3600}, &clock)
	d := &day{shop: s, since: clock.Now.Add(-time.Hour), charges: charges}
	s.bookCharges(invoice, s.makeCharges(charges))
	return d
}

func (s *shop) standinAct(path string, wish map[string]any, into any) {
	s.t.Helper()
	body, err := json.Marshal(wish)
	must(s.t, err)
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, "/_sandbox"+path, bytes.NewReader(body))
	r.SetBasicAuth(s.key, "")
	w := httptest.NewRecorder()
	s.acts.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		s.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	if into != nil {
		must(s.t, json.Unmarshal(w.Body.Bytes(), into))
	}
}

func (s *shop) makeCharges(n int) []standinCharge {
	s.t.Helper()
	made := make([]standinCharge, n)
	var all sync.WaitGroup
	for part := range slices.Chunk(made, n/4+1) {
		all.Go(func() {
			for i := range part {
				s.standinAct("/charges", map[string]any{"amount": 1000}, &part[i])
			}
		})
	}
	all.Wait()
	return made
}

// book puts charges on the ledger by the database alone: what is measured is
// how they are read.
func (s *shop) bookCharges(invoice uuid.UUID, made []standinCharge) {
	s.t.Helper()
	ctx := s.t.Context()
	conn, err := pgx.Connect(ctx, s.url)
	must(s.t, err)
	defer func() { must(s.t, conn.Close(ctx)) }()
	charges, intents, at := make([]string, len(made)), make([]string, len(made)), make([]time.Time, len(made))
	for n, c := range made {
		charges[n], intents[n], at[n] = c.ID, c.PaymentIntent, time.Unix(c.Created, 0)
	}
	_, err = conn.Exec(ctx, "set session_replication_role = replica") // without the triggers that keep balances
	must(s.t, err)
	_, err = conn.Exec(ctx, `with made as (select gen_random_uuid() as payment, gen_random_uuid() as entry, * from unnest($4::text[], $5::text[], $6::timestamptz[]) as m (charge, intent, at)),
		paid as (insert into payments (tenant, id, invoice_id, customer_id, source, account, livemode, currency, payment_intent, charge, amount, amount_captured, state, created_at, settled_at)
			select $1, payment, $2, $7, 'stripe', $3, false, 'USD', intent, charge, 1000, 1000, 'succeeded', at, at from made),
		booked as (insert into ledger_entries (tenant, id, key, kind, invoice_id, payment_id, at) select $1, entry, 'payment/' || payment, 'payment', $2, payment, at from made)
		insert into ledger_lines (tenant, entry_id, n, account, payment_id, amount, currency)
			select $1, entry, 1, 'stripe', payment, 1000, 'USD' from made union all select $1, entry, 2, 'excess', payment, -1000, 'USD' from made`,
		s.tenant, invoice, s.account, charges, intents, at, s.customer.ID)
	must(s.t, err)
	_, err = conn.Exec(ctx, "analyze payments, ledger_entries, ledger_lines, refunds, disputes")
	must(s.t, err)
}

// reconcile compares the day once.
func (d *day) reconcile() remit.ReconciliationRun {
	d.t.Helper()
	ctx := d.t.Context()
	run := remit.ReconciliationRun{ID: uuid.New(), OrganisationID: d.tenant, Account: d.account, Since: d.since, At: time.Now(), Actor: remit.System}
	must(d.t, d.db.InTenant(ctx, d.tenant, func(tx *postgres.Tx) error { return tx.BeginReconciliation(ctx, run) }))
	r := &activities.Reconciliations{DB: d.db, Connector: d.payments.Connector, Logger: d.payments.Logger, Now: time.Now}
	must(d.t, r.CompareWithStripe(ctx, remit.ReconciliationRef{Tenant: d.tenant, Run: run.ID}))
	var found []remit.Reconciliation
	must(d.t, d.db.InTenant(ctx, d.tenant, func(tx *postgres.Tx) (err error) {
		if run, err = tx.ReconciliationRun(ctx, run.ID); err == nil {
			found, err = tx.ReconciliationsOfRun(ctx, run.ID)
		}
		return err
	}))
	if run.State != remit.RunDone || len(found) != 1 || found[0].Unexplained != 0 || len(found[0].Differences) != 0 {
		d.t.Fatalf("%+v %+v", run, found)
	}
	return run
}

// cost is what one comparison takes. Of several the least time counts, as what
// else the machine does only adds to it.
type cost struct {
	took      time.Duration
	allocated uint64
}

func (d *day) measure() cost {
	d.t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begun := time.Now()
	d.reconcile()
	c := cost{took: time.Since(begun)}
	runtime.ReadMemStats(&after)
	c.allocated = after.TotalAlloc - before.TotalAlloc
	return c
}

// Reconciling a day reads that day and no history: pages asked of Stripe,
// movements and entries are as many in an account with one as in an account
// without. With REMIT_BENCH set it measures too, of 500 charges in accounts of
// 1,000 and 100,000, or as many as REMIT_BENCH says, in turns.
func TestReconcilingADayCostsWhatTheDayCosts(t *testing.T) {
	small, large, charges := 10, 400, 110
	if os.Getenv("REMIT_BENCH") != "" {
		small, large, charges = 500, 99500, 500
		if n, err := strconv.Atoi(os.Getenv("REMIT_BENCH")); err == nil && n > 1 {
			large = n - charges
		}
	}
	days := []*day{openDay(t, small, charges), openDay(t, large, charges)}
	var asked []int
	for _, d := range days {
		d.watched.seen = nil
		run := d.reconcile()
		asked = append(asked, len(d.watched.seen))
		if run.Work != (remit.ReconciliationWork{Movements: charges, Entries: charges}) {
			t.Errorf("looked at %+v for %d charges", run.Work, charges)
		}
	}
	if pages := (charges+99)/100 + 1; asked[0] != asked[1] || asked[0] > pages+1 {
		t.Errorf("asked Stripe %d times, %d with a history", asked[0], asked[1])
	}
	if os.Getenv("REMIT_BENCH") == "" {
		return
	}
	costs := [2][]cost{}
	for range 31 {
		for n, d := range days {
			costs[n] = append(costs[n], d.measure())
		}
	}
	var least, middle [2]time.Duration
	var allocated [2]uint64
	for n, of := range costs {
		slices.SortFunc(of, func(a, b cost) int { return cmp.Compare(a.took, b.took) })
		least[n], middle[n] = of[0].took, of[len(of)/2].took
		slices.SortFunc(of, func(a, b cost) int { return cmp.Compare(a.allocated, b.allocated) })
		allocated[n] = of[len(of)/2].allocated
	}
	fmt.Printf("a day of %d charges in an account of %d: least %v, median %v, %d bytes; of %d: least %v, median %v, %d bytes; ratio of least times %.3f, of medians %.3f, of bytes %.3f\n",
		charges, small+charges, least[0], middle[0], allocated[0], large+charges, least[1], middle[1], allocated[1],
		float64(least[1])/float64(least[0]), float64(middle[1])/float64(middle[0]), float64(allocated[1])/float64(allocated[0]))
}
