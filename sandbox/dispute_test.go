package sandbox_test

import (
	"testing"

	"github.com/stripe/stripe-go/v79"
)

// dispute is the newest dispute of an intent.
func (s *stand) dispute(intent string) *stripe.Dispute {
	s.t.Helper()
	list := s.Disputes.List(&stripe.DisputeListParams{PaymentIntent: &intent})
	if !list.Next() {
		s.t.Fatal("no dispute", list.Err())
	}
	return list.Dispute()
}

// happened counts the events of a type.
func (s *stand) happened(kind string) int {
	s.t.Helper()
	n := 0
	list := s.Events.List(&stripe.EventListParams{Type: &kind})
	for list.Next() {
		n++
	}
	if list.Err() != nil {
		s.t.Fatal(list.Err())
	}
	return n
}

// available is the account's dollars that it can spend.
func (s *stand) available() int64 {
	s.t.Helper()
	b, err := s.Balance.Get(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return b.Available[0].Amount
}

func (s *stand) seconds(n int) {
	s.t.Helper()
	s.act("/clock", map[string]any{"advance_seconds": n}, nil)
}

// A chargeback takes the money and a fee at once, and keeps the charge from
// being refunded while the bank has it.
func TestChargebackTakesTheMoney(t *testing.T) {
	s := open(t)
	s.paidOut("manual")
	for card, reason := range map[string]stripe.DisputeReason{
		"pm_card_createDispute": "fraudulent", "4000000000002685": "product_not_received",
	} {
		if card[0] == '4' {
			card = s.card(card)
		}
		before := s.available()
		pi := s.pay(card)
		if list := s.Disputes.List(&stripe.DisputeListParams{PaymentIntent: &pi.ID}); list.Next() {
			t.Error("disputed at once")
		}
		s.seconds(90)
		d := s.dispute(pi.ID)
		if d.Status != "needs_response" || d.Amount != 1000 || d.Reason != reason || d.IsChargeRefundable || d.PaymentMethodDetails.Card.CaseType != "chargeback" {
			t.Errorf("%+v", d)
		}
		if len(d.BalanceTransactions) != 1 || d.BalanceTransactions[0].Net != -2500 || d.BalanceTransactions[0].Fee != 1500 || d.BalanceTransactions[0].ReportingCategory != "dispute" {
			t.Errorf("%+v", d.BalanceTransactions)
		}
		if got := s.available() - before; got != -2500 {
			t.Error(got)
		}
		if ch, err := s.Charges.Get(pi.LatestCharge.ID, nil); err != nil || !ch.Disputed {
			t.Error(ch, err)
		}
		_, err := s.Refunds.New(&stripe.RefundParams{PaymentIntent: &pi.ID})
		if e := failure(t, err); e.Code != stripe.ErrorCodeChargeDisputed || e.HTTPStatusCode != 400 {
			t.Error(e)
		}
	}
	if s.happened("charge.dispute.created") != 2 || s.happened("charge.dispute.funds_withdrawn") != 2 {
		t.Error("events are missing")
	}
}

// The two test words decide: won, the amount comes back and the fee does not.
func TestEvidenceDecides(t *testing.T) {
	for word, row := range map[string]struct {
		status     stripe.DisputeStatus
		nets       int64
		refundable bool
	}{"winning_evidence": {"won", -1500, true}, "losing_evidence": {"lost", -2500, false}} {
		s := open(t)
		s.paidOut("manual")
		pi := s.pay("pm_card_createDispute")
		s.seconds(90)
		d, err := s.Disputes.Update(s.dispute(pi.ID).ID, &stripe.DisputeParams{
			Evidence: &stripe.DisputeEvidenceParams{UncategorizedText: &word}, Submit: stripe.Bool(true),
		})
		if err != nil || d.Status != "under_review" || d.EvidenceDetails.SubmissionCount != 1 || !d.EvidenceDetails.HasEvidence {
			t.Fatal(d, err)
		}
		s.seconds(90)
		if d = s.dispute(pi.ID); d.Status != row.status || d.IsChargeRefundable != row.refundable || s.available() != row.nets {
			t.Errorf("%s: %+v, %d available", word, d, s.available())
		}
		if s.happened("charge.dispute.closed") != 1 || s.happened("charge.dispute.updated") != 1 || (s.happened("charge.dispute.funds_reinstated") == 1) != row.refundable {
			t.Error("events are wrong")
		}
		_, err = s.Disputes.Update(d.ID, &stripe.DisputeParams{Submit: stripe.Bool(true)})
		if e := failure(t, err); e.HTTPStatusCode != 400 {
			t.Error(e)
		}
	}
}

// Evidence that is not submitted is kept, and a chargeback that nobody answers
// is lost when its day is over.
func TestUnansweredChargebackIsLost(t *testing.T) {
	s := open(t)
	pi := s.pay("pm_card_createDispute")
	s.seconds(90)
	d, err := s.Disputes.Update(s.dispute(pi.ID).ID, &stripe.DisputeParams{
		Evidence: &stripe.DisputeEvidenceParams{ProductDescription: stripe.String("a chair")}, Submit: stripe.Bool(false),
	})
	if err != nil || d.Status != "needs_response" || d.EvidenceDetails.SubmissionCount != 0 {
		t.Fatal(d, err)
	}
	s = s.reopen()
	s.advance(9)
	if d = s.dispute(pi.ID); d.Status != "lost" || !d.EvidenceDetails.PastDue || d.Evidence.ProductDescription != "a chair" {
		t.Errorf("%+v", d)
	}
}

// An inquiry takes nothing, leaves the charge refundable, and either comes to
// nothing or becomes a chargeback.
func TestInquiry(t *testing.T) {
	s := open(t)
	s.paidOut("manual")
	first, second := s.pay("pm_card_createDisputeInquiry"), s.pay("pm_card_createDisputeInquiry")
	s.seconds(90)
	d := s.dispute(first.ID)
	if d.Status != "warning_needs_response" || len(d.BalanceTransactions) != 0 || !d.IsChargeRefundable || d.PaymentMethodDetails.Card.CaseType != "inquiry" || s.available() != 0 {
		t.Errorf("%+v", d)
	}
	if _, err := s.Refunds.New(&stripe.RefundParams{PaymentIntent: &first.ID, Amount: stripe.Int64(100)}); err != nil {
		t.Error(err)
	}
	s.act("/disputes/"+s.dispute(second.ID).ID+"/escalate", nil, nil)
	if d := s.dispute(second.ID); d.Status != "needs_response" || s.available() != -2500 {
		t.Errorf("%+v", d)
	}
	s.advance(121)
	if d := s.dispute(first.ID); d.Status != "warning_closed" {
		t.Errorf("%+v", d)
	}
}

// Accepting is losing, and happens once.
func TestAcceptDispute(t *testing.T) {
	s := open(t)
	pi := s.pay(s.card("4000000404000079"))
	s.seconds(90)
	list := s.Disputes.List(&stripe.DisputeListParams{Charge: &pi.LatestCharge.ID})
	sum := int64(0)
	for list.Next() {
		sum += list.Dispute().Amount
		d, err := s.Disputes.Close(list.Dispute().ID, nil)
		if err != nil || d.Status != "lost" {
			t.Fatal(d, err)
		}
		_, err = s.Disputes.Close(d.ID, nil)
		if e := failure(t, err); e.HTTPStatusCode != 400 {
			t.Error(e)
		}
	}
	if sum != 1000 || s.happened("charge.dispute.closed") != 2 {
		t.Error(sum, list.Err())
	}
}

// Files are not taken, and neither is evidence without end.
func TestEvidenceIsChecked(t *testing.T) {
	s := open(t)
	pi := s.pay("pm_card_createDispute")
	s.seconds(90)
	id := s.dispute(pi.ID).ID
	for param, value := range map[string]string{"receipt": "file_1", "customer_name": string(make([]byte, 5001))} {
		_, err := s.Disputes.Update(id, &stripe.DisputeParams{Params: stripe.Params{Extra: &stripe.ExtraValues{Values: map[string][]string{"evidence[" + param + "]": {value}}}}})
		if e := failure(t, err); e.HTTPStatusCode != 400 || e.Param != "evidence["+param+"]" {
			t.Error(e)
		}
	}
	if d := s.dispute(pi.ID); d.EvidenceDetails.HasEvidence {
		t.Error("refused evidence was kept")
	}
}

// An issuer's early warning names the charge, and is past acting on once the
// money is back.
func TestEarlyFraudWarning(t *testing.T) {
	s := open(t)
	pi := s.pay("pm_card_createIssuerFraudRecord")
	s.seconds(90)
	list := s.RadarEarlyFraudWarnings.List(&stripe.RadarEarlyFraudWarningListParams{PaymentIntent: &pi.ID})
	if !list.Next() {
		t.Fatal(list.Err())
	}
	w := list.RadarEarlyFraudWarning()
	if w.Charge.ID != pi.LatestCharge.ID || !w.Actionable || s.happened("radar.early_fraud_warning.created") != 1 {
		t.Errorf("%+v", w)
	}
	s.refund(pi.ID, 0)
	if w, err := s.RadarEarlyFraudWarnings.Get(w.ID, nil); err != nil || w.Actionable {
		t.Error(w, err)
	}
}
