package sandbox_test

import (
	"testing"

	"github.com/stripe/stripe-go/v79"
)

// What is done in the dashboard is seen by the API, and refused where the API
// would refuse it, without a trace.
func TestDashboard(t *testing.T) {
	s := open(t)
	s.paidOut("manual")
	var foreign, refunded struct{ ID, Status string }
	s.act("/charges", map[string]any{"amount": 5000, "description": "by telephone"}, &foreign)
	ch, err := s.Charges.Get(foreign.ID, nil)
	if err != nil || ch.Amount != 5000 || !ch.Paid || len(ch.Metadata) != 0 || ch.PaymentIntent == nil {
		t.Fatal(ch, err)
	}
	s.act("/charges/"+ch.ID+"/refund", map[string]any{"amount": 1200, "reason": "duplicate"}, &refunded)
	if ch, err = s.Charges.Get(ch.ID, nil); err != nil || ch.AmountRefunded != 1200 || refunded.Status != "succeeded" {
		t.Error(ch, err)
	}
	s.act("/refunds/"+refunded.ID, map[string]any{"status": "failed", "failure_reason": "lost_or_stolen_card"}, nil)
	if r, err := s.Refunds.Get(refunded.ID, nil); err != nil || r.Status != "failed" || r.FailureReason != "lost_or_stolen_card" {
		t.Error(r, err)
	}
	var d struct{ ID string }
	s.act("/charges/"+ch.ID+"/dispute", map[string]any{"amount": 3000, "reason": "duplicate"}, &d)
	before := s.available()
	s.act("/disputes/"+d.ID+"/close", map[string]any{"outcome": "won"}, nil)
	if got := s.available() - before; got != 3000 {
		t.Error(got)
	}
	events := s.happened("*")
	for path, wish := range map[string]map[string]any{
		"/charges":                       {"amount": 1},
		"/charges/" + ch.ID + "/refund":  {"amount": 5001},
		"/charges/ch_none/refund":        {},
		"/charges/" + ch.ID + "/dispute": {"reason": "boredom"},
		"/disputes/" + d.ID + "/close":   {"outcome": "won"},
		"/disputes/dp_none/close":        {"outcome": "won"},
		"/disputes/dp_none/escalate":     {},
		"/refunds/" + refunded.ID:        {"status": "succeeded"},
		"/refunds/re_none":               {"status": "succeeded"},
		"/balance":                       {"amount": 0},
		"/payouts/po_none/fail":          {},
		"/nothing":                       {},
	} {
		if status := s.control("POST", "/_sandbox"+path, wish, nil); status != 400 && status != 404 {
			t.Error(path, wish, status)
		}
	}
	if got := s.happened("*"); got != events {
		t.Errorf("%d events more after what was refused", got-events)
	}
	var books struct {
		Disputes []struct{ ID string } `json:"disputes"`
		Payouts  []struct{ ID string } `json:"payouts"`
	}
	if s.control("GET", "/_sandbox/books", nil, &books); len(books.Disputes) != 1 || books.Payouts == nil {
		t.Errorf("%+v", books)
	}
}

// A foreign charge may be declined too, which is booked as any decline is.
func TestForeignDecline(t *testing.T) {
	s := open(t)
	var ch stripe.Charge
	s.act("/charges", map[string]any{"amount": 5000, "payment_method": "pm_card_visa_chargeDeclined"}, &ch)
	if ch.Status != "failed" || ch.FailureCode != "card_declined" {
		t.Errorf("%+v", ch)
	}
}

// Whatever happens, the balance is the sum of the movements, and what lists
// them by source, type and time gives each once.
func TestMovementsSumUp(t *testing.T) {
	s := open(t)
	for _, card := range []string{"pm_card_visa", "pm_card_createDispute", "pm_card_refundFail", "pm_card_bypassPending"} {
		pi := s.pay(card)
		if card != "pm_card_createDispute" {
			s.refund(pi.ID, 300)
		}
	}
	s.advance(1)
	s.act("/balance", map[string]any{"amount": 9000}, nil)
	s.act("/balance", map[string]any{"amount": -1000}, nil)
	s.advance(4)
	sum, types, seen := int64(0), map[stripe.BalanceTransactionType]int{}, map[string]bool{}
	params := &stripe.BalanceTransactionListParams{}
	params.Limit = stripe.Int64(3)
	list := s.BalanceTransactions.List(params)
	for list.Next() {
		b := list.BalanceTransaction()
		sum += b.Net
		types[b.Type]++
		if seen[b.ID] || b.Net != b.Amount-b.Fee {
			t.Errorf("%+v", b)
		}
		seen[b.ID] = true
	}
	balance, err := s.Balance.Get(nil)
	if err != nil || balance.Available[0].Amount+balance.Pending[0].Amount != sum {
		t.Errorf("%+v, movements %d, %v", balance, sum, err)
	}
	for kind, n := range types {
		got := 0
		list := s.BalanceTransactions.List(&stripe.BalanceTransactionListParams{Type: stripe.String(string(kind)), Currency: stripe.String("usd")})
		for list.Next() {
			got++
		}
		if got != n {
			t.Error(kind, got, n)
		}
	}
	for _, kind := range []stripe.BalanceTransactionType{"charge", "refund", "refund_failure", "adjustment", "topup", "payout"} {
		if types[kind] == 0 {
			t.Error("no", kind, types)
		}
	}
}
