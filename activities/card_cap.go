package activities

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"
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
	for _, card := range cardsOf(c, method) {
		failed, err := tx.FailedTries(ctx, card, now.Add(-tryWindow))
		if err != nil {
			return nil, freeAt, err
		}
		no, free := retry.Cap(method.Brand, failed, now)
		if free.After(freeAt) {
			freeAt = free
		}
		if refused == nil {
			refused = no
		}
	}
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
	cards := cardsOf(c, method)
	for _, card := range cards {
		if err := tx.LockCard(ctx, card); err != nil {
			return nil, err
		}
	}
	refused, _, err := cardCap(ctx, tx, c, method, now)
	if refused != nil || err != nil {
		return refused, err
	}
	for _, card := range cards {
		if err := tx.CountTry(ctx, card, a.ID, now); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// sendable counts a try that is about to be sent, unless the card is at its limit, and
// keeps a charge by itself from a method that its bank refused for good since the charge
// was decided, on another invoice. Such a refusal is recorded behind the same lock: it is
// seen here, or comes after the moment of this try.
func sendable(ctx context.Context, tx *postgres.Tx, c remit.Connection, method remit.PaymentMethod, a remit.Attempt, permit remit.Permit, now time.Time) (*decline.Decline, error) {
	refused, err := countCard(ctx, tx, c, method, a, now)
	if refused != nil || err != nil || !permit.Itself() {
		return refused, err
	}
	if err := tx.LockFingerprint(ctx, method.Fingerprint); err != nil {
		return nil, err
	}
	known, err := tx.HardRefusal(ctx, method)
	if err == nil && known != nil {
		err = remit.Conflict(remit.CodeConflict, "Its bank refused this payment method for good meanwhile, with another invoice.")
	}
	return nil, err
}

// lockRefused has word that a method is refused for good, and charges by themselves with
// it, take turns: whoever looked before has tried before it was said.
func lockRefused(ctx context.Context, tx *postgres.Tx, method *remit.MethodSummary, refused *decline.Decline) error {
	if refused == nil || !refused.Hard || method == nil {
		return nil
	}
	return tx.LockFingerprint(ctx, method.Fingerprint)
}

// cardsOf names a card as its network sees it at a connection, without saying which
// one it is, in the order in which the names are locked. Organisations connected through
// the platform share it, as they share Stripe's fingerprints; those at one account share
// it, whether by keys of its own or through the platform.
func cardsOf(c remit.Connection, method remit.PaymentMethod) [][32]byte {
	card := method.Fingerprint
	if card == "" {
		card = method.StripeID
	}
	scopes := []string{c.Account}
	if c.Mode.Platform() {
		scopes = append(scopes, "the platform")
	}
	names := make([][32]byte, len(scopes))
	for n, scope := range scopes {
		names[n] = sha256.Sum256([]byte("card try\x00" + scope + "\x00" + strconv.FormatBool(c.Livemode) + "\x00" + card))
	}
	slices.SortFunc(names, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
	return names
}
