package sandbox

import (
	"net/http"
	"strings"
)

// declineMix is the setting by which banks decline a share of the cards that would
// pay: whether, and why, follows from the seed, the intent and how often it was
// tried, so that the same story ends alike however often it is told.
type declineMix struct {
	Percent float64 `json:"percent"`
	Seed    int64   `json:"seed"`
}

// mixed is one reason of the mixture. One that sticks stays with the payment
// method: a lost card stays lost.
type mixed struct {
	weight uint64
	code   string
	advice string
	sticks bool
}

// mixture is roughly what declines of saved cards are made of.
var mixture = []mixed{
	{38, "insufficient_funds", "try_again_later", false},
	{14, "do_not_honor", "try_again_later", false},
	{14, "generic_decline", "", false},
	{8, "processing_error", "try_again_later", false},
	{6, "card_velocity_exceeded", "try_again_later", false},
	{6, "authentication_required", "", false},
	{4, "issuer_not_available", "try_again_later", false},
	{5, "expired_card", "confirm_card_data", true},
	{3, "lost_card", "do_not_try_again", true},
	{2, "stolen_card", "do_not_try_again", true},
}

// declineSome is the mixture's decision on one try of an intent, nil for yes.
// attended says that the payer is there, whom nobody asks to authenticate again.
func (t *tx) declineSome(pi *paymentIntent, m *paymentMethod, attended bool) *decline {
	if m.Kept.Refused != "" {
		return mixedDecline(m.Kept.Refused)
	}
	mix := t.settings().Declines
	n := uint64(pi.Kept.Tries) //nolint:gosec // counts from one
	if mix == nil || chance(mix.Seed, n, "mixture "+pi.ID)*100 >= mix.Percent {
		return nil
	}
	total := uint64(0)
	for _, reason := range mixture {
		total += reason.weight
	}
	rest := draw(mix.Seed, n, "reason "+pi.ID) % total
	chosen := mixture[0]
	for _, reason := range mixture {
		if rest < reason.weight {
			chosen = reason
			break
		}
		rest -= reason.weight
	}
	if attended && chosen.code == "authentication_required" {
		chosen.code = "do_not_honor"
	}
	if chosen.sticks {
		m.Kept.Refused = chosen.code
		t.put(m)
	}
	return mixedDecline(chosen.code)
}

func mixedDecline(code string) *decline {
	for _, reason := range mixture {
		if reason.code == code {
			return declineOf("", code, reason.advice)
		}
	}
	return declineOf("", code, "")
}

func init() { dashboard("/payment_intents/{id}/invoice", invoiceByHand) }

// invoiceByHand makes an intent that of an invoice of Stripe's own, whose tries
// Stripe repeats by itself. There are no such invoices here.
func invoiceByHand(t *tx, id string, r *http.Request) (any, *apiError) {
	wish := struct {
		Invoice string `json:"invoice"`
	}{Invoice: "in_" + t.server.digest(24, "invoice of an intent", id)}
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	pi, ok := get[paymentIntent](t, id)
	if !ok {
		return nil, missingPath(paymentIntents, "intent", id)
	}
	if !strings.HasPrefix(wish.Invoice, "in_") {
		return nil, invalidParam("", "invoice", "invoice must be an id beginning with in_.")
	}
	pi.Invoice = &wish.Invoice
	t.put(pi)
	return pi, nil
}
