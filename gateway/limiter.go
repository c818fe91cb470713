package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"remit/bucket"
)

// Limiter gives leave to call Stripe out of buckets that all processes share.
// It is kept in PostgreSQL, which this package does not know.
type Limiter interface {
	// LeaseStripe takes tokens of an account's buckets, at most one ask for each,
	// and returns a grant for each ask, in their order.
	LeaseStripe(ctx context.Context, account string, livemode bool, asks []bucket.Ask) ([]bucket.Grant, error)
}

// Limits are how many calls a second are made to one account at most, in each
// mode. Zero is no limit.
type Limits struct{ Live, Test int64 }

// Stripe's own limits by default, in calls a second for each account; and for
// each endpoint within them (docs.stripe.com/rate-limits).
const (
	liveRate, testRate = 100, 25
	endpointRate       = 25
)

// ParseLimits reads "auto", which is Stripe's limits, "off", or a number of calls
// a second for both modes. Empty is "auto" at Stripe itself and "off" where url
// leads to a stand-in, which limits nothing unless it is told to.
func ParseLimits(text, url string) (Limits, error) {
	if text == "" && IsStandin(url) {
		text = "off"
	}
	switch text {
	case "", "auto":
		return Limits{Live: liveRate, Test: testRate}, nil
	case "off":
		return Limits{}, nil
	}
	rate, err := strconv.ParseInt(text, 10, 64)
	if err != nil || rate < 1 || rate > 10_000 {
		return Limits{}, fmt.Errorf("%q is not auto, off or a number of calls a second from 1 to 10000", text)
	}
	return Limits{Live: rate, Test: rate}, nil
}

// Batch marks calls that nobody waits for, such as those of a run that collects
// what is due. They are made when nobody else wants to call the same account, and
// leave a reserve for whoever comes.
func Batch(ctx context.Context) context.Context {
	return context.WithValue(ctx, batchMark{}, true)
}

type batchMark struct{}

func isBatch(ctx context.Context) bool { return ctx.Value(batchMark{}) != nil }

// leaseLife is how long tokens are kept that nobody used: a process that dies
// wastes no more. It also bounds how many calls can come at once. Stripe's limiter
// is a bucket of its own that holds one second's worth (stripe.com/blog/rate-limiters),
// so that what our bucket holds and what may lie about leased, together half of
// that, never overfill it, even if a call is under way for half a second longer
// than another.
const leaseLife = 200 * time.Millisecond

// limitOf is the bucket for a rate.
func limitOf(rate int64) bucket.Limit {
	return bucket.Limit{Rate: rate, Burst: max(1, rate*3/10)}
}

// reserveOf is what calls that nobody waits for leave in the bucket, in tokens.
// Whoever somebody waits for takes it at once, and then has all that flows in
// until the reserve is there again.
func reserveOf(rate int64) int64 { return min(rate/5, limitOf(rate).Burst-1) }

// mostAtOnce is how many tokens one process leases of a bucket at once.
func mostAtOnce(rate int64) int64 { return max(1, rate/5) }

// budget is whose limits a call counts against.
type budget struct {
	account  string
	livemode bool
}

// budgetOf is the account that the key is of: Stripe may count what a platform
// does for connected accounts against either, and a platform's own limit bounds
// both. Where it is not known it is told by the key's digest.
func budgetOf(access Access) budget {
	b := budget{account: access.Owner, livemode: strings.Contains(access.Key, "_live_")}
	if b.account == "" {
		digest := sha256.Sum256([]byte(access.Key))
		b.account = "key:" + hex.EncodeToString(digest[:8])
	}
	return b
}

// allCalls is the bucket that every call of an account takes from.
const allCalls = "all"

// groupOf is the other bucket of a call: the resource by its first two segments,
// read or written, for example "POST payment_intents".
func groupOf(method, path string) string {
	if method != "GET" {
		method = "POST"
	}
	resource, _, _ := strings.Cut(strings.TrimPrefix(path, "/v1/"), "/")
	return method + " " + resource
}
