package sandbox

import (
	"encoding/json"
	"fmt"
	"time"
)

// keyLife is how long a key is remembered on the account's clock; after it the
// same key is a new request (docs.stripe.com/api/idempotent_requests).
const keyLife = 24 * time.Hour

// idempotencyRecord is what a key stands for: the request by its digest, and
// the answer it was given.
type idempotencyRecord struct {
	Key    string          `json:"key"`
	Digest string          `json:"digest"`
	At     int64           `json:"at"` // account's clock, Unix nanoseconds
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body"`
	// RequestID is the request that had the effect; a replay names it in the
	// header Original-Request.
	RequestID string `json:"req"`
}

// idempotencyKeys are the keys of one account.
type idempotencyKeys struct {
	records map[string]*idempotencyRecord
	order   []*idempotencyRecord // oldest first, for pruning
	running map[string]bool
}

func (k *idempotencyKeys) init() {
	k.records, k.running = map[string]*idempotencyRecord{}, map[string]bool{}
}

// claim reserves the key for a request. It returns the record to answer from
// if the request was answered before, or Stripe's error if the key is in use,
// or was first used with other parameters. Otherwise the caller runs the
// request and calls release.
func (k *idempotencyKeys) claim(key, digest string, now time.Time) (*idempotencyRecord, *apiError) {
	k.prune(now)
	if k.running[key] {
		return nil, &apiError{
			Status: 409, Type: typeIdempotency, Code: "idempotency_key_in_use",
			Message: fmt.Sprintf("There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): %s. Please try again later.", key),
		}
	}
	record, known := k.records[key]
	if !known {
		k.running[key] = true
		return nil, nil
	}
	if record.Digest != digest {
		return nil, &apiError{
			Status: 400, Type: typeIdempotency,
			Message: fmt.Sprintf("Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '%s' if you meant to execute a different request.", key),
		}
	}
	return record, nil
}

func (k *idempotencyKeys) release(key string) { delete(k.running, key) }

// add remembers an answer, at commit or replay.
func (k *idempotencyKeys) add(r *idempotencyRecord) {
	k.records[r.Key] = r
	k.order = append(k.order, r)
}

func (k *idempotencyKeys) prune(now time.Time) {
	stale := now.Add(-keyLife).UnixNano()
	for len(k.order) > 0 && k.order[0].At <= stale {
		if old := k.order[0]; k.records[old.Key] == old {
			delete(k.records, old.Key)
		}
		k.order[0] = nil
		k.order = k.order[1:]
	}
}
