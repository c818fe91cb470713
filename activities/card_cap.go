package activities

import (
	"context"
	"crypto/sha256"
	"strconv"
	"time"

	"remit"
	"remit/decline"
	"remit/gateway"
	"remit/postgres"
	"remit/retry"
)

// tryWindow is the longest span in which a network counts tries.
const tryWindow = 30 * 24 * time.Hour

// cardCap says whether a card may be tried once more, by what was tried with it by
// everybody whom its network sees as one merchant, and if not, when it may. Of any
// other method it says nothing.
func cardCap(ctx context.Context, tx *postgres.Tx, c remit.Connection, method remit.PaymentMethod, now time.Time) (refused *decline.Decline, freeAt time.Time, err error) {
	if method.Type != gateway.TypeCard {
		return nil, freeAt, nil
	}
	failed, err := tx.FailedTries(ctx, cardOf(c, method), now.Add(-tryWindow))
	if err != nil {
		return nil, freeAt, err
	}
	refused, freeAt = retry.Cap(method.Brand, failed, now)
	return refused, freeAt, nil
}

// CardFreeAt is when a card's network lets another try through; zero: now.
func CardFreeAt(ctx context.Context, tx *postgres.Tx, c remit.Connection, method remit.PaymentMethod, now time.Time) (time.Time, error) {
	_, free, err := cardCap(ctx, tx, c, method, now)
	return free, err
}

// countCard counts a try that is about to be sent, unless the card is at its
// limit. Whoever else wants to try the same card waits until this transaction has
// ended, so that two invoices cannot pass the limit side by side.
func countCard(ctx context.Context, tx *postgres.Tx, c remit.Connection, method remit.PaymentMethod, a remit.Attempt, now time.Time) (*decline.Decline, error) {
	if method.Type != gateway.TypeCard {
		return nil, nil
	}
	card := cardOf(c, method)
	if err := tx.LockCard(ctx, card); err != nil {
		return nil, err
	}
	refused, _, err := cardCap(ctx, tx, c, method, now)
	if refused != nil || err != nil {
		return refused, err
	}
	return nil, tx.CountTry(ctx, card, a.ID, now)
}

// cardOf names a card as its network sees it at a connection, without saying which
// one it is. Organisations connected through the platform share it, as they share
// Stripe's fingerprints; one with keys of its own shares its account.
func cardOf(c remit.Connection, method remit.PaymentMethod) [32]byte {
	scope, card := c.Account, method.Fingerprint
	if c.Mode.Platform() {
		scope = "the platform"
	}
	if card == "" {
		card = method.StripeID
	}
	return sha256.Sum256([]byte("card try\x00" + scope + "\x00" + strconv.FormatBool(c.Livemode) + "\x00" + card))
}
