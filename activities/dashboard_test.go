package activities_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"remit"
	"remit/activities"
	"remit/gateway"
	"remit/postgres"
)

// refreshes reads the shop's account again, in steps of some pages.
func (s *shop) refreshes(pages int) (steps int) {
	s.t.Helper()
	d := s.dashboards()
	d.Pages = pages
	for more := true; more; steps++ {
		var err error
		more, err = d.RefreshDashboard(s.t.Context(), remit.DashboardRef{Tenant: s.tenant, Connection: s.connection})
		must(s.t, err)
	}
	return steps
}

func (s *shop) dashboards() *activities.Dashboards {
	return &activities.Dashboards{DB: s.db, Connector: s.payments.Connector, Logger: s.payments.Logger, Now: s.payments.Now}
}

// figures reads what is stored of the shop's account.
func (s *shop) figures(read func(tx *postgres.Tx, of postgres.DashboardOf) error) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		return read(tx, postgres.DashboardOf{Account: s.account})
	}))
}

func (s *shop) transactions(q postgres.DashboardQuery) (list []remit.StripeTransaction) {
	s.t.Helper()
	s.figures(func(tx *postgres.Tx, of postgres.DashboardOf) (err error) {
		if q.DashboardOf = of; q.Limit == 0 {
			q.Limit = 1000
		}
		list, err = tx.DashboardTransactions(s.t.Context(), q)
		return err
	})
	return list
}

func (s *shop) payouts() (list []remit.Payout) {
	s.t.Helper()
	s.figures(func(tx *postgres.Tx, of postgres.DashboardOf) (err error) {
		list, err = tx.DashboardPayouts(s.t.Context(), postgres.DashboardQuery{DashboardOf: of, Limit: 1000})
		return err
	})
	return list
}

// days moves the stand-in's clock.
func (s *shop) days(n int) {
	s.t.Helper()
	s.passed += time.Duration(n) * 24 * time.Hour
	must(s.t, s.link.Stripe.MoveStandinClock(s.t.Context(), time.Now().Add(s.passed)))
}

// busy is a month of charges in two currencies, a refund, a dispute that is lost,
// one that is won, and a bank's debit, with the payouts of its days.
func (s *shop) busy() (paid remit.InvoiceRef) {
	s.t.Helper()
	for n, amount := range []int64{5000, 1234, 99900} {
		ref := s.invoice(amount)
		_, err := s.payments.Perform(s.t.Context(), ref, s.pay(ref, amount, s.card))
		must(s.t, err)
		if n == 0 {
			paid = ref
		}
	}
	s.act("/charges", map[string]any{"amount": 4321, "currency": "eur"})
	s.days(3)
	back := s.act("/charges", map[string]any{"amount": 7000})
	s.act("/charges/"+back+"/refund", map[string]any{"amount": 2500})
	lost := s.act("/charges", map[string]any{"amount": 3000})
	s.act("/disputes/"+s.act("/charges/"+lost+"/dispute", nil)+"/close", map[string]any{"outcome": "lost"})
	won := s.act("/charges", map[string]any{"amount": 1500, "currency": "eur"})
	dispute := s.act("/charges/"+won+"/dispute", nil)
	s.days(4)
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "won"})
	account := s.bank("000123456789")
	debit := s.invoice(25000)
	_, err := s.payments.Perform(s.t.Context(), debit, s.pay(debit, 25000, account))
	must(s.t, err)
	s.days(12)
	return paid
}

// Protects whoever asks which invoices are in a payout: for every payout the lines
// that are shown add up to it, the remainder is nothing, and each charge leads to
// its invoice; currencies keep apart (PO2, PO3, PO7; failures 58, 59).
func TestEveryPayoutIsExplainedByItsLines(t *testing.T) {
	s := openShop(t)
	paid := s.busy()
	s.refreshes(0)
	payouts := s.payouts()
	found := map[string]int{}
	for _, p := range payouts {
		found[p.Currency]++
		lines := s.transactions(postgres.DashboardQuery{Payout: p.ID, Without: p.OwnTransaction})
		net := int64(0)
		for _, l := range lines {
			if net += l.Net; l.Currency != p.Currency {
				t.Errorf("%s is in %s and carries %s", p.ID, p.Currency, l.Currency)
			}
		}
		if len(lines) == 0 || net != p.Amount || p.Unexplained == nil || *p.Unexplained != 0 {
			t.Errorf("%s over %d: %d lines of %d, unexplained %v", p.ID, p.Amount, len(lines), net, p.Unexplained)
		}
		s.figures(func(tx *postgres.Tx, of postgres.DashboardOf) error {
			sums, err := tx.PayoutSums(t.Context(), of, p)
			if rest := remit.Unexplained(p.Amount, sums); rest != 0 {
				t.Errorf("%s: its sums leave %d", p.ID, rest)
			}
			return err
		})
	}
	if found["USD"] < 2 || found["EUR"] < 1 {
		t.Fatalf("payouts by currency: %v", found)
	}
	kinds := map[remit.MovementKind]bool{}
	for _, l := range s.transactions(postgres.DashboardQuery{}) {
		kinds[l.Kind] = true
	}
	for _, kind := range []remit.MovementKind{remit.MovedCharge, remit.MovedRefund, remit.MovedDispute, remit.MovedDisputeReversal, remit.MovedPayout} {
		if !kinds[kind] {
			t.Errorf("no %s was listed", kind)
		}
	}
	s.figures(func(tx *postgres.Tx, of postgres.DashboardOf) error {
		in, err := tx.PayoutsOfInvoice(t.Context(), paid.Invoice)
		if err == nil && len(in) != 1 {
			t.Errorf("the invoice is in %v", in)
		}
		for _, p := range in {
			named := slices.ContainsFunc(s.transactions(postgres.DashboardQuery{Payout: p.ID}), func(l remit.StripeTransaction) bool {
				return l.InvoiceID != nil && *l.InvoiceID == paid.Invoice && l.InvoiceNumber != "" && l.CustomerName == "Globex"
			})
			if !named {
				t.Errorf("%s does not name the invoice", p.ID)
			}
		}
		balances, err2 := tx.DashboardBalances(t.Context(), of)
		if len(balances) != 2 || balances[0].Currency != "EUR" || balances[1].Currency != "USD" {
			t.Errorf("balances: %+v", balances)
		}
		return errors.Join(err, err2)
	})
}

// A refresh that dies after any page, and one that is cut into steps, end in the
// same figures as one that went through; repeated, it changes nothing and reads
// no more than what is new (M6).
func TestARefreshGoesOnWhereItWas(t *testing.T) {
	s := openShop(t)
	s.busy()
	died := 0
	d := s.dashboards()
	d.Crash = func(string) { panic(errDied) }
	fresh := func() (is bool) {
		s.figures(func(tx *postgres.Tx, of postgres.DashboardOf) error {
			state, err := tx.Dashboard(t.Context(), of)
			is = state.FreshAt != nil
			return err
		})
		return is
	}
	for ; !fresh(); died++ {
		if died > 200 || !crashes(func() {
			_, _ = d.RefreshDashboard(t.Context(), remit.DashboardRef{Tenant: s.tenant, Connection: s.connection})
		}) {
			t.Fatal("it never ends, or nothing died")
		}
	}
	once := s.transactions(postgres.DashboardQuery{})
	all, err := s.stripeTransactions()
	must(t, err)
	if died < 6 || len(once) != len(all) {
		t.Fatalf("died %d times, %d of %d transactions", died, len(once), len(all))
	}
	payouts := s.payouts()
	s.watched.seen = nil
	if steps := s.refreshes(1); steps < 4 {
		t.Errorf("%d steps of one page", steps)
	}
	if calls := s.watched.count("GET", ""); calls > 6 {
		t.Errorf("nothing was new, and %d calls were made: %s", calls, strings.Join(s.watched.seen, ", "))
	}
	if again := s.transactions(postgres.DashboardQuery{}); !slices.Equal(idsOf(again), idsOf(once)) || len(s.payouts()) != len(payouts) {
		t.Errorf("repeated: %d transactions, %d payouts", len(again), len(s.payouts()))
	}
	s.figures(func(tx *postgres.Tx, of postgres.DashboardOf) error {
		state, err := tx.Dashboard(t.Context(), of)
		if state.Running() || state.FreshAt == nil || state.Failure != "" {
			t.Errorf("ended as %+v", state)
		}
		return err
	})
}

var errDied = errors.New("died")

func crashes(do func()) (died bool) {
	defer func() {
		if r := recover(); r != nil {
			if err, is := r.(error); !is || !errors.Is(err, errDied) {
				panic(r)
			}
			died = true
		}
	}()
	do()
	return false
}

func idsOf(list []remit.StripeTransaction) []string {
	ids := make([]string, len(list))
	for n, l := range list {
		ids[n] = l.ID + " " + l.Payout
	}
	return ids
}

func (s *shop) stripeTransactions() (all []gateway.BalanceTransactionView, err error) {
	for view, err := range s.link.Stripe.BalanceTransactionsSince(s.t.Context(), time.Time{}, time.Time{}) {
		if err != nil {
			return nil, err
		}
		all = append(all, view)
	}
	return all, nil
}

// A payout that its lines do not explain says by how much, one whose bank refused
// it why, and figures that cannot be had newer stay, with their age (failure 58).
func TestWhatIsOddIsSaid(t *testing.T) {
	s := openShop(t)
	s.act("/charges", map[string]any{"amount": 10000})
	s.days(4)
	s.watched.answer = func(method, path string) (int, string) {
		if method == "GET" && path == "/v1/payouts" {
			return 200, `{"object": "list", "has_more": false, "data": [
				{"id": "po_odd", "object": "payout", "amount": 700, "currency": "usd", "status": "paid", "automatic": true, "reconciliation_status": "completed", "created": 1700000000, "arrival_date": 1700006400},
				{"id": "po_hand", "object": "payout", "amount": 100, "currency": "usd", "status": "failed", "failure_code": "account_closed", "failure_message": "Closed.", "automatic": false, "reconciliation_status": "not_applicable", "created": 1700000001, "arrival_date": 1700006400}]}`
		}
		if method == "GET" && path == "/v1/balance_transactions" {
			return 200, `{"object": "list", "has_more": false, "data": [
				{"id": "txn_1", "object": "balance_transaction", "type": "charge", "reporting_category": "charge", "currency": "usd", "amount": 600, "fee": 20, "net": 580, "created": 1690000000,
				 "fee_details": [{"type": "application_fee", "amount": 15, "currency": "usd"}, {"type": "stripe_fee", "amount": 5, "currency": "usd"}]}]}`
		}
		return 0, ""
	}
	s.refreshes(0)
	payouts := s.payouts()
	if len(payouts) != 2 || payouts[0].ID != "po_hand" || payouts[0].Unexplained != nil || payouts[0].FailureCode != "account_closed" {
		t.Fatalf("payouts: %+v", payouts)
	}
	if odd := payouts[1]; odd.Unexplained == nil || *odd.Unexplained != 120 {
		t.Errorf("unexplained: %v", odd.Unexplained)
	}
	if l := s.transactions(postgres.DashboardQuery{Payout: "po_odd"}); len(l) != 1 || l[0].ApplicationFee != 15 || l[0].Fee != 20 {
		t.Errorf("lines: %+v", l)
	}
	s.watched.stop = func(string, string) error { return errors.New("no network") }
	s.refreshes(0)
	s.figures(func(tx *postgres.Tx, of postgres.DashboardOf) error {
		state, err := tx.Dashboard(t.Context(), of)
		if state.Failure == "" || state.FreshAt == nil || state.Wanted(time.Now(), time.Hour) || len(s.payouts()) != 2 {
			t.Errorf("after a failure: %+v", state)
		}
		return err
	})
}
