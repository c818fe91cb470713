package sandbox

import "net/http"

func init() {
	dashboard("/payment_methods/{id}/update", updateCardByHand)
	dashboard("/payment_methods/{id}/detach", detachByHand)
}

// updateCardByHand is the card networks' account updater: the bank sent its
// customer a new card in place of the saved one.
func updateCardByHand(t *tx, id string, r *http.Request) (any, *apiError) {
	var wish struct {
		ExpMonth int64  `json:"exp_month"`
		ExpYear  int64  `json:"exp_year"`
		Last4    string `json:"last4"`
	}
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	m, failed := t.methodByHand(id)
	if failed != nil {
		return nil, failed
	}
	if m.Card == nil {
		return nil, refuse("", "id", "PaymentMethod %s is no card.", id)
	}
	was, card := *m, *m.Card
	if wish.ExpMonth != 0 {
		card.ExpMonth = wish.ExpMonth
	}
	if wish.ExpYear != 0 {
		card.ExpYear = fullYear(wish.ExpYear)
	}
	if wish.Last4 != "" {
		if len(wish.Last4) != 4 || keepDigits(wish.Last4) != wish.Last4 {
			return nil, invalidParam("", "last4", "last4 must be four digits.")
		}
		card.Last4, card.Fingerprint = wish.Last4, t.server.digest(16, "renewed card", m.ID, wish.Last4)
	}
	if refused := checkCard(m.spec(), card.ExpMonth, card.ExpYear, "", t.at); refused != nil {
		return nil, invalidParam(refused.Code, "exp_month", "%s", refused.Message)
	}
	m.Card, m.Kept.Refused = &card, "" // the bank's new card is not the one that was lost
	t.put(m)
	t.emitChange("payment_method.automatically_updated", &was, m)
	return m, nil
}

// detachByHand takes a saved method away from its customer.
func detachByHand(t *tx, id string, _ *http.Request) (any, *apiError) {
	m, failed := t.methodByHand(id)
	if failed != nil {
		return nil, failed
	}
	t.detach(m)
	return m, nil
}

// methodByHand finds a saved method.
func (t *tx) methodByHand(id string) (*paymentMethod, *apiError) {
	m, ok := get[paymentMethod](t, id)
	switch {
	case !ok:
		return nil, missingPath(paymentMethods, "payment_method", id)
	case m.Customer == nil:
		return nil, refuse("", "payment_method", "PaymentMethod %s is not attached to a customer.", id)
	}
	return m, nil
}
