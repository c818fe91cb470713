package bench

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"sync/atomic"
)

// payers is how many customers share what is paid. A card's network lets only so
// many tries through that nobody knows the end of, and tries with one card take
// turns: what is paid with a single one measures that.
const payers = 64

// payer is a customer with a saved card.
type payer struct{ customer, card string }

// payersInTurn gives one payer after the other.
type payersInTurn struct {
	all  []payer
	next atomic.Int64
}

func (p *payersInTurn) take() payer { return p.all[int(p.next.Add(1))%len(p.all)] }

// addPayers makes customers until there are n, each with a card of its own.
func (b *bench) addPayers(ctx context.Context, n int) error {
	for len(b.payers.all) < n {
		var made struct{ ID string }
		if err := b.payer.do(ctx, http.MethodPost, "/v1/customers", map[string]any{"organisation": organisation, "name": "Globex"}, "", &made); err != nil {
			return err
		}
		card, err := b.saveCard(ctx, made.ID)
		if err != nil {
			return err
		}
		b.payers.all = append(b.payers.all, payer{made.ID, card})
	}
	// One test number is typed everywhere, by which the network would know one card.
	return b.sql(ctx, "update payment_methods set fingerprint = 'bench ' || id")
}

// saveCard types a card on the stand-in's hosted page and returns its id here.
func (b *bench) saveCard(ctx context.Context, customer string) (string, error) {
	methods := "/v1/customers/" + customer + "/payment-methods"
	var page struct{ URL string }
	if err := b.payer.do(ctx, http.MethodPost, methods, map[string]any{}, "", &page); err != nil {
		return "", err
	}
	text, err := fetch(ctx, http.MethodGet, page.URL, nil)
	if err != nil {
		return "", err
	}
	form := url.Values{"email": {"a@b.test"}, "card_number": {"4242424242424242"}, "card_expiry": {"12 / 40"}, "card_cvc": {"123"}, "name": {"Globex"}}
	if found := regexp.MustCompile(`name="attempt" value="([^"]*)"`).FindSubmatch(text); found != nil {
		form.Set("attempt", string(found[1]))
	}
	if _, err := fetch(ctx, http.MethodPost, page.URL, form); err != nil {
		return "", err
	}
	var saved struct{ Data []struct{ ID string } }
	if err := b.payer.do(ctx, http.MethodGet, methods, nil, "", &saved); err != nil {
		return "", err
	}
	if len(saved.Data) == 0 {
		return "", errors.New("no card was saved")
	}
	return saved.Data[0].ID, nil
}
