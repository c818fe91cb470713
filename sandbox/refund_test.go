package sandbox_test

import (
	"testing"

	"github.com/stripe/stripe-go/v79"
	"pgregory.net/rapid"
)

// Refunds never exceed the charge, in whatever parts they are asked for, and
// the balance is what was charged less fees and refunds.
func TestRefundsNeverExceedTheCharge(t *testing.T) {
	s := open(t)
	rapid.Check(t, func(r *rapid.T) {
		s.API = s.as("sk_test_refunds" + rapid.StringMatching(`[a-z0-9]{16}`).Draw(r, "account"))
		pi := s.pay("pm_card_visa")
		refunded := int64(0)
		for range rapid.IntRange(1, 6).Draw(r, "refunds") {
			amount := rapid.Int64Range(1, 1200).Draw(r, "amount")
			_, err := s.Refunds.New(&stripe.RefundParams{PaymentIntent: &pi.ID, Amount: &amount})
			switch {
			case amount <= 1000-refunded:
				if err != nil {
					r.Fatal(err)
				}
				refunded += amount
			case refunded == 1000:
				if e := failure(t, err); e.Code != stripe.ErrorCodeChargeAlreadyRefunded {
					r.Fatal(e)
				}
			default:
				if e := failure(t, err); e.HTTPStatusCode != 400 || e.Param != "amount" {
					r.Fatal(e)
				}
			}
		}
		ch, err := s.Charges.Get(pi.LatestCharge.ID, nil)
		if err != nil || ch.AmountRefunded != refunded || ch.Refunded != (refunded == 1000) {
			r.Fatal(ch, err)
		}
		balance, err := s.Balance.Get(nil)
		if err != nil || balance.Pending[0].Amount != 1000-59-refunded || balance.Available[0].Amount != 0 {
			r.Fatalf("%+v %v", balance.Pending[0], err)
		}
	})
}

// The refund cards go on by the clock: one settles late, one comes back.
func TestRefundCards(t *testing.T) {
	s := open(t)
	for _, row := range []struct {
		card           string
		at, end        stripe.RefundStatus
		refunded, nets int64
	}{
		{"pm_card_pendingRefund", "pending", "succeeded", 1000, -59},
		{"pm_card_refundFail", "succeeded", "failed", 0, 941},
	} {
		pi := s.pay(row.card)
		r, err := s.Refunds.New(&stripe.RefundParams{PaymentIntent: &pi.ID})
		if err != nil || r.Status != row.at {
			t.Fatal(r, err)
		}
		s.advance(1)
		if r, err = s.Refunds.Get(r.ID, nil); err != nil || r.Status != row.end {
			t.Fatal(r, err)
		}
		ch, err := s.Charges.Get(pi.LatestCharge.ID, nil)
		if err != nil || ch.AmountRefunded != row.refunded {
			t.Error(row.card, ch.AmountRefunded, err)
		}
		if list := s.Events.List(&stripe.EventListParams{Type: stripe.String("refund.updated")}); !list.Next() {
			t.Error("no refund.updated")
		}
	}
}

// A charge's money is pending for two days and then available.
func TestBalanceBecomesAvailable(t *testing.T) {
	s := open(t)
	s.paidOut("manual")
	s.pay("pm_card_visa")
	s.pay("pm_card_bypassPending")
	at := func(pending, available int64) {
		t.Helper()
		b, err := s.Balance.Get(nil)
		if err != nil || b.Pending[0].Amount != pending || b.Available[0].Amount != available {
			t.Errorf("%+v %v", b, err)
		}
	}
	at(941, 941)
	s.advance(3)
	at(0, 1882)
}

// Only money that was received can be sent back.
func TestUnpaidCannotBeRefunded(t *testing.T) {
	s := open(t)
	_, err := s.PaymentIntents.New(payment("pm_card_visa_chargeDeclined"))
	declined := failure(t, err)
	_, err = s.Refunds.New(&stripe.RefundParams{PaymentIntent: &declined.PaymentIntent.ID})
	if e := failure(t, err); e.HTTPStatusCode != 400 {
		t.Error(e)
	}
	_, err = s.Refunds.New(&stripe.RefundParams{Charge: &declined.ChargeID})
	if e := failure(t, err); e.HTTPStatusCode != 400 || e.Code != stripe.ErrorCodeChargeNotRefundable {
		t.Error(e)
	}
}

// With a settling time a charge has no balance transaction at first, as with
// Stripe's automatic_async; charge.updated tells when it has.
func TestChargeSettlesLater(t *testing.T) {
	s := open(t)
	if status := s.control("POST", "/_sandbox/settings", map[string]any{"settle_ms": 60_000}, nil); status != 200 {
		t.Fatal(status)
	}
	id := s.pay("pm_card_visa").LatestCharge.ID
	if ch, err := s.Charges.Get(id, nil); err != nil || ch.BalanceTransaction != nil {
		t.Fatal(ch, err)
	}
	s = s.reopen()
	s.advance(1)
	p := &stripe.ChargeParams{}
	p.AddExpand("balance_transaction")
	if ch, err := s.Charges.Get(id, p); err != nil || ch.BalanceTransaction == nil || ch.BalanceTransaction.Net != 941 {
		t.Fatal(ch, err)
	}
	if list := s.Events.List(&stripe.EventListParams{Type: stripe.String("charge.updated")}); !list.Next() || list.Event().Data.PreviousAttributes["balance_transaction"] != nil {
		t.Error("no charge.updated")
	}
}
