package httpsec

import (
	"net/http"
	"net/netip"
	"strconv"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// Limiter lets each key do something a number of times within a period, the
// whole number at once if it likes, refilling evenly. It remembers a bounded
// number of keys; who has not been seen longest is forgotten first. It counts
// in this process only. Safe for concurrent use.
type Limiter struct {
	every rate.Limit
	times int
	keys  *lru.Cache[string, *rate.Limiter]
}

// limiterKeys bounds a limiter to a few tens of megabytes.
const limiterKeys = 100_000

// NewLimiter allows times (at least 1) per period for each key.
func NewLimiter(times int, period time.Duration) *Limiter {
	keys, err := lru.New[string, *rate.Limiter](limiterKeys)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &Limiter{every: rate.Every(period / time.Duration(times)), times: times, keys: keys}
}

// Allow counts one try at now. If it is one too many it does not count, and
// wait says after how long the next is allowed.
func (l *Limiter) Allow(key string, now time.Time) (wait time.Duration, ok bool) {
	bucket := l.bucket(key)
	reservation := bucket.ReserveN(now, 1)
	if wait = reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
		return wait, false
	}
	return 0, true
}

// Exhausted tells, without counting, whether the next try would be refused: for
// limits that count failures only.
func (l *Limiter) Exhausted(key string, now time.Time) (wait time.Duration, exhausted bool) {
	bucket := l.bucket(key)
	reservation := bucket.ReserveN(now, 1)
	defer reservation.CancelAt(now)
	wait = reservation.DelayFrom(now)
	return wait, wait > 0
}

func (l *Limiter) bucket(key string) *rate.Limiter {
	if bucket, ok := l.keys.Get(key); ok {
		return bucket
	}
	fresh := rate.NewLimiter(l.every, l.times)
	if first, ok, _ := l.keys.PeekOrAdd(key, fresh); ok {
		return first
	}
	return fresh
}

// Limit answers 429 with Retry-After where the request's key has used up the
// limiter. An empty key is not limited.
func Limit(l *Limiter, key func(*http.Request) string, deny Deny, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if k := key(r); k != "" {
			if wait, ok := l.Allow(k, time.Now()); !ok {
				RetryAfter(w, wait)
				deny(w, r, http.StatusTooManyRequests, "rate_limited", "Too many requests; try again later.")
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// RetryAfter sets the header to whole seconds, rounded up.
func RetryAfter(w http.ResponseWriter, wait time.Duration) {
	seconds := max(1, (wait+time.Second-1)/time.Second)
	w.Header().Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
}

// AddressKey is a limiter's key for a client: an IPv4 address, or the /64 of an
// IPv6 one, of which a single customer has all addresses.
func AddressKey(r *http.Request) string {
	addr := ClientAddress(r.Context())
	if !addr.Is6() {
		return addr.String()
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}
