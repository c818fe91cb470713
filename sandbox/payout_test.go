package sandbox_test

import (
	"testing"

	"github.com/stripe/stripe-go/v79"
)

func (s *stand) payouts() []*stripe.Payout {
	s.t.Helper()
	var all []*stripe.Payout
	list := s.Payouts.List(nil)
	for list.Next() {
		all = append(all, list.Payout())
	}
	if list.Err() != nil {
		s.t.Fatal(list.Err())
	}
	return all
}

// carried is what a payout's movements sum up to, and how many they are.
func (s *stand) carried(payout string) (net int64, count int) {
	s.t.Helper()
	list := s.BalanceTransactions.List(&stripe.BalanceTransactionListParams{Payout: &payout})
	for list.Next() {
		net += list.BalanceTransaction().Net
		count++
	}
	if list.Err() != nil {
		s.t.Fatal(list.Err())
	}
	return net, count
}

// What is available goes to the bank each midnight, in one payout whose
// movements, its own among them, sum up to nothing.
func TestDailyPayouts(t *testing.T) {
	s := open(t)
	for range 12 {
		s.pay("pm_card_visa")
	}
	s.advance(1)
	if got := s.payouts(); len(got) != 0 {
		t.Fatal("paid out before the money was there", got[0])
	}
	s.advance(3)
	s.pay("pm_card_visa")
	all := s.payouts()
	if len(all) != 1 || all[0].Amount != 12*941 || !all[0].Automatic || all[0].ReconciliationStatus != "completed" {
		t.Fatalf("%+v", all)
	}
	if net, count := s.carried(all[0].ID); net != 0 || count != 13 {
		t.Error(net, count)
	}
	s = s.reopen()
	s.advance(5)
	all = s.payouts()
	if len(all) != 2 || all[0].Amount != 941 || all[1].Status != "paid" || s.available() != 0 {
		t.Fatalf("%+v, %d available", all, s.available())
	}
	if net, count := s.carried(all[1].ID); net != 0 || count != 13 {
		t.Error("after a restart:", net, count)
	}
	if s.happened("payout.created") != 2 || s.happened("payout.paid") != 2 || s.happened("payout.reconciliation_completed") != 2 {
		t.Error("events are missing")
	}
	list := s.Payouts.List(&stripe.PayoutListParams{Status: stripe.String("paid"), ArrivalDateRange: &stripe.RangeQueryParams{GreaterThan: all[1].ArrivalDate}})
	if !list.Next() || list.Payout().ID != all[0].ID || list.Next() {
		t.Error("filters", list.Err())
	}
}

// A payout that the bank refuses comes back, and nothing is paid out until
// there is another bank account.
func TestPayoutFails(t *testing.T) {
	s := open(t)
	s.act("/bank_account", map[string]any{"account_number": "000111111116"}, nil)
	s.pay("pm_card_visa")
	s.advance(9)
	all := s.payouts()
	if len(all) != 1 || all[0].Status != "failed" || all[0].FailureCode != "no_account" || all[0].FailureBalanceTransaction == nil || s.available() != 941 {
		t.Fatalf("%+v, %d available", all, s.available())
	}
	s.act("/bank_account", map[string]any{"account_number": "000123456789"}, nil)
	s.advance(3)
	if all = s.payouts(); len(all) != 2 || all[0].Status != "paid" || s.available() != 0 {
		t.Fatalf("%+v", all)
	}
	s.act("/payouts/"+all[0].ID+"/fail", map[string]any{"code": "account_closed"}, nil)
	if p, err := s.Payouts.Get(all[0].ID, nil); err != nil || p.Status != "failed" || s.available() != 941 {
		t.Error(p, err)
	}
	if s.happened("payout.failed") != 2 {
		t.Error("events are missing")
	}
	if status := s.control("POST", "/_sandbox/bank_account", map[string]any{"account_number": "1"}, nil); status != 400 {
		t.Error(status)
	}
}

// What the balance is short of is taken from the bank the next night.
func TestShortBalanceIsDebited(t *testing.T) {
	s := open(t)
	s.act("/balance", map[string]any{"amount": -700}, nil)
	if s.available() != -700 {
		t.Fatal(s.available())
	}
	s.advance(1)
	if all := s.payouts(); len(all) != 1 || all[0].Amount != -700 || s.available() != 0 {
		t.Errorf("%+v", all)
	}
}

// Money stays where payouts are made by hand, and goes out weekly or monthly
// on its day.
func TestPayoutSchedules(t *testing.T) {
	s := open(t)
	s.paidOut("manual")
	s.act("/balance", map[string]any{"amount": 5000}, nil)
	s.advance(40)
	if s.available() != 5000 {
		t.Fatal(s.available())
	}
	p, err := s.Payouts.New(&stripe.PayoutParams{Amount: stripe.Int64(2000), Currency: stripe.String("usd")})
	if err != nil || p.Status != "pending" || p.Automatic || s.available() != 3000 {
		t.Fatal(p, err)
	}
	for _, id := range []string{p.ID, "po_none"} {
		list := s.BalanceTransactions.List(&stripe.BalanceTransactionListParams{Payout: &id})
		if list.Next() {
			t.Error("a payout by hand has movements")
		}
		if e := failure(t, list.Err()); e.Param != "payout" {
			t.Error(e)
		}
	}
	_, err = s.Payouts.New(&stripe.PayoutParams{Amount: stripe.Int64(3001), Currency: stripe.String("usd")})
	if e := failure(t, err); e.Code != stripe.ErrorCodeBalanceInsufficient {
		t.Error(e)
	}
	for interval, wish := range map[string]map[string]any{
		"weekly": {"interval": "weekly", "weekly_anchor": "friday"}, "monthly": {"interval": "monthly", "monthly_anchor": 31},
	} {
		s.act("/balance", map[string]any{"amount": 10}, nil)
		s.act("/payout_schedule", wish, nil)
		s.advance(32)
		if s.available() != 0 {
			t.Error(interval, s.available())
		}
	}
	account, err := s.Accounts.Get()
	if err != nil || account.Settings.Payouts.Schedule.Interval == "manual" {
		t.Error(account, err)
	}
	for _, wish := range []map[string]any{{"interval": "hourly"}, {"interval": "weekly", "weekly_anchor": "someday"}, {"interval": "monthly", "monthly_anchor": 32}, {"delay_days": 1}} {
		if status := s.control("POST", "/_sandbox/payout_schedule", wish, nil); status != 400 {
			t.Error(wish, status)
		}
	}
}
