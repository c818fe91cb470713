package sandbox

import (
	"net/http"
	"strings"
)

// act is what somebody does in the dashboard, or what a bank does, on demand.
// id is the object that the path names.
type act func(t *tx, id string, r *http.Request) (any, *apiError)

type actRoute struct {
	route
	act act
}

var acts []actRoute

// dashboard adds an act, e.g. "/charges/{id}/refund"; called from init
// functions only.
func dashboard(pattern string, a act) {
	acts = append(acts, actRoute{route{pattern: pattern, segments: strings.Split(pattern[1:], "/")}, a})
}

// actOn carries out the act that the path stands for. known is false if it
// stands for none. What an act put is only kept if it did not fail.
func (t *tx) actOn(r *http.Request, path string) (value any, known bool, failed *apiError) {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for _, a := range acts {
		if len(a.segments) != len(segments) {
			continue
		}
		vars, ok := a.match(segments)
		if !ok {
			continue
		}
		value, failed = a.act(t, vars["id"], r)
		if failed != nil {
			t.discard()
			return nil, true, failed
		}
		return t.wired(value), true, nil
	}
	return nil, false, nil
}

func init() {
	dashboard("/charges", makeForeignCharge)
	dashboard("/charges/{id}/refund", refundByHand)
	dashboard("/charges/{id}/dispute", disputeByHand)
	dashboard("/disputes/{id}/close", closeByHand)
	dashboard("/disputes/{id}/escalate", escalateByHand)
	dashboard("/refunds/{id}", moveRefundByHand)
}

// makeForeignCharge pays by another way than the integration under test: its
// intent has none of that one's metadata unless it is given some.
func makeForeignCharge(t *tx, _ string, r *http.Request) (any, *apiError) {
	wish := struct {
		Amount        int64             `json:"amount"`
		Currency      string            `json:"currency"`
		Customer      string            `json:"customer"`
		Description   string            `json:"description"`
		Metadata      map[string]string `json:"metadata"`
		PaymentMethod string            `json:"payment_method"`
	}{Currency: "usd", PaymentMethod: "pm_card_visa", Metadata: map[string]string{}}
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	if _, ok := currencies[wish.Currency]; !ok {
		return nil, invalidParam("", "currency", "Invalid currency: %s", wish.Currency)
	}
	if wish.Amount < max(1, minimums[wish.Currency]) || wish.Amount > maxAmount {
		return nil, invalidParam("", "amount", "amount must be from %d to %d.", max(1, minimums[wish.Currency]), maxAmount)
	}
	pi := t.newPaymentIntent()
	pi.Amount, pi.Currency, pi.Metadata = wish.Amount, wish.Currency, wish.Metadata
	if wish.Description != "" {
		pi.Description = &wish.Description
	}
	if wish.Customer != "" {
		if _, ok := get[customer](t, wish.Customer); !ok {
			return nil, missing(customers, "customer", wish.Customer)
		}
		pi.Customer = &wish.Customer
	}
	c := &call{tx: t}
	m, err := c.usePaymentMethod(wish.PaymentMethod)
	if err == nil {
		err = usableFor(m, pi.Customer)
	}
	if err != nil {
		return nil, asRefusal(err)
	}
	if m.isBank() && (wish.Currency != "usd" || !m.Kept.Verified) {
		return nil, refuse("", "payment_method", "A bank account that is debited must be verified, and in usd.")
	}
	pi.PaymentMethodTypes, pi.PaymentMethod = []string{m.Type}, &m.ID
	pi.setMethodOptions()
	pi.Kept.Mandate = t.standing(m)
	t.put(pi)
	t.emit("payment_intent.created", pi)
	_ = t.charge(pi, m, nil) // a decline is booked on the charge, which is the answer
	return must[charge](t, *pi.LatestCharge), nil
}

// refundByHand is the dashboard's refund: what the API refuses, it refuses.
func refundByHand(t *tx, id string, r *http.Request) (any, *apiError) {
	var wish struct {
		Amount   int64             `json:"amount"` // 0 is all that is left
		Reason   string            `json:"reason"`
		Metadata map[string]string `json:"metadata"`
		WithFee  bool              `json:"refund_application_fee"`
	}
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	ch, failed := t.chargeByHand(id)
	if failed != nil {
		return nil, failed
	}
	if wish.Reason != "" && !known(refundReasons, wish.Reason) {
		return nil, invalidParam("", "reason", "reason must be one of %s.", orList(sortedKeys(refundReasons)))
	}
	amount, failed := t.refundableAmount(ch, wish.Amount, wish.Amount != 0)
	if failed != nil {
		return nil, failed
	}
	if wish.Metadata == nil {
		wish.Metadata = map[string]string{}
	}
	return t.refund(ch, amount, wish.Reason, wish.Metadata, wish.WithFee), nil
}

func (t *tx) chargeByHand(id string) (*charge, *apiError) {
	ch, ok := get[charge](t, id)
	switch {
	case !ok:
		return nil, missingPath(charges, "id", id)
	case ch.Status != succeeded:
		return nil, refuse("charge_not_refundable", "id", "Charge %s has a status of %s.", id, ch.Status)
	}
	return ch, nil
}

func disputeByHand(t *tx, id string, r *http.Request) (any, *apiError) {
	wish := struct {
		Amount  int64  `json:"amount"` // 0 is all that is left
		Reason  string `json:"reason"`
		Inquiry bool   `json:"inquiry"`
	}{Reason: "fraudulent"}
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	ch, failed := t.chargeByHand(id)
	if failed != nil {
		return nil, failed
	}
	rest := ch.Amount - ch.AmountRefunded
	switch {
	case ch.PaymentMethodDetails.USBankAccount != nil:
		return nil, refuse("", "id", "Charge %s is a bank debit: let it come back by /charges/%s/return instead.", id, id)
	case !known(disputeReasons, wish.Reason):
		return nil, invalidParam("", "reason", "reason must be one of %s.", orList(sortedKeys(disputeReasons)))
	case wish.Amount < 0 || wish.Amount > rest || rest == 0:
		return nil, invalidParam("", "amount", "amount must be from 1 to %d, which is left of the charge.", rest)
	case wish.Amount == 0:
		wish.Amount = rest
	}
	return t.openDispute(ch, wish.Amount, wish.Reason, wish.Inquiry), nil
}

func (t *tx) openByHand(id string) (*dispute, *apiError) {
	d, ok := get[dispute](t, id)
	switch {
	case !ok:
		return nil, missingPath(disputes, "id", id)
	case !d.open():
		return nil, refuse("", "id", "This dispute is already closed")
	}
	return d, nil
}

func closeByHand(t *tx, id string, r *http.Request) (any, *apiError) {
	var wish struct {
		Outcome string `json:"outcome"`
	}
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	d, failed := t.openByHand(id)
	switch {
	case failed != nil:
		return nil, failed
	case wish.Outcome != disputeWon && wish.Outcome != disputeLost:
		return nil, invalidParam("", "outcome", "outcome must be won or lost.")
	}
	t.closeDispute(d, wish.Outcome)
	return d, nil
}

func escalateByHand(t *tx, id string, _ *http.Request) (any, *apiError) {
	d, failed := t.openByHand(id)
	switch {
	case failed != nil:
		return nil, failed
	case !d.inquiry():
		return nil, refuse("", "id", "Dispute %s is no inquiry any more.", id)
	}
	t.escalate(d)
	return d, nil
}

// moveRefundByHand is what the payer's bank, or the payer, does to a refund.
func moveRefundByHand(t *tx, id string, r *http.Request) (any, *apiError) {
	wish := struct {
		Status string `json:"status"`
		Reason string `json:"failure_reason"`
	}{Reason: "unknown"}
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	was, ok := get[refund](t, id)
	switch {
	case !ok:
		return nil, missingPath(refunds, "id", id)
	case was.ended():
		return nil, refuse("", "id", "Refund %s has ended: it is %s.", id, was.Status)
	}
	is := must[refund](t, id)
	switch wish.Status {
	case "failed":
		t.failRefund(id, wish.Reason)
		is = must[refund](t, id)
	case canceled:
		t.cancelRefund(is)
	case "requires_action":
		t.askPayer(is, "payer@example.com")
	case "pending", succeeded:
		is.Status, is.NextAction, is.Kept.Waits = wish.Status, nil, false
		if is.Status == succeeded {
			is.arrive(t)
		}
		t.put(is)
		t.refundChanged(was, is)
	default:
		return nil, invalidParam("", "status", "status must be pending, requires_action, succeeded, failed or canceled.")
	}
	return is, nil
}
