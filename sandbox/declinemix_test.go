package sandbox_test

import (
	"testing"

	"github.com/stripe/stripe-go/v79"
)

// The mixture declines some of the cards that would pay, for several reasons; a card that was lost stays lost, on other intents too and
// once nothing else is declined, until its bank sends another.
func TestDeclineMixture(t *testing.T) {
	s := open(t)
	customer := s.customer()
	save := func() string {
		m, err := s.PaymentMethods.Attach("pm_card_visa", &stripe.PaymentMethodAttachParams{Customer: &customer})
		if err != nil {
			t.Fatal(err)
		}
		return m.ID
	}
	pay := func(card string) string {
		p := payment(card)
		p.Customer, p.OffSession = &customer, stripe.Bool(true)
		_, err := s.PaymentIntents.New(p)
		if err == nil {
			return ""
		}
		e := failure(t, err)
		if e.DeclineCode != "" {
			return string(e.DeclineCode)
		}
		return string(e.Code)
	}
	if status := s.control("POST", "/_sandbox/settings", map[string]any{"declines": map[string]any{"percent": 101}}, nil); status != 400 {
		t.Errorf("101 percent: %d", status)
	}
	s.control("POST", "/_sandbox/settings", map[string]any{"declines": map[string]any{"percent": 80, "seed": 7}}, nil)
	codes, lost, why := map[string]int{}, "", ""
	for range 300 {
		card := save()
		code := pay(card)
		codes[code]++
		switch code {
		case "lost_card", "stolen_card", "expired_card":
			lost, why = card, code
		}
		if lost != "" && codes[""] > 0 && len(codes) > 4 {
			break
		}
	}
	if codes[""] == 0 || len(codes) < 5 || lost == "" {
		t.Errorf("of 300 cards: %v", codes)
	}
	s.control("POST", "/_sandbox/settings", map[string]any{"declines": nil}, nil)
	if code := pay(lost); code != why {
		t.Errorf("a lost card pays: %q, not %q", code, why)
	}
	if code := pay(save()); code != "" {
		t.Errorf("another card is declined without a mixture: %q", code)
	}
	s.control("POST", "/_sandbox/payment_methods/"+lost+"/update", map[string]any{"last4": "0001"}, nil)
	if code := pay(lost); code != "" {
		t.Errorf("the card that came in its place is declined: %q", code)
	}
}

// One intent tried again is another question with its own answer, the same each
// time the story is told; and of its next try the mixture knows nothing yet.
func TestDeclineMixtureAnswersEachTry(t *testing.T) {
	s := open(t)
	s.control("POST", "/_sandbox/settings", map[string]any{"declines": map[string]any{"percent": 60, "seed": 3}}, nil)
	paidLater := 0
	for range 20 {
		p := payment("")
		p.PaymentMethod, p.Confirm = nil, nil
		pi, err := s.PaymentIntents.New(p)
		if err != nil {
			t.Fatal(err)
		}
		for try := range 6 {
			if _, err = s.PaymentIntents.Confirm(pi.ID, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String("pm_card_visa")}); err == nil {
				if try > 0 {
					paidLater++
				}
				break
			}
		}
	}
	if paidLater < 1 {
		t.Errorf("%d of 20 were paid at a later try", paidLater)
	}
}
