package remit

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Chained is the text of an entry that its hash is over: an array of the invoice,
// number, instant, kind, words, rule, actor, Stripe ids and data, as JSON without
// white space (docs/record.md). What comes next is not part of it: that is read from
// the agenda and may change.
func (e TimelineEntry) Chained(invoice uuid.UUID) ([]byte, error) {
	ids := e.StripeIDs
	if ids == nil {
		ids = []string{}
	}
	text, err := json.Marshal([]any{invoice, e.Seq, e.At.UTC().Format(time.RFC3339Nano), e.Kind, e.What, e.Why, e.Actor, ids, e.Data})
	if err != nil {
		return nil, fmt.Errorf("hash a timeline entry: %w", err)
	}
	return text, nil
}

// ChainHash is the hash of an entry, given that of the one before it (nothing for
// the first) and its [TimelineEntry.Chained] text: SHA-256 of one after the other.
func ChainHash(previous, text []byte) []byte {
	sum := sha256.Sum256(append(append([]byte{}, previous...), text...))
	return sum[:]
}
