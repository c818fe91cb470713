// Package bucket is the arithmetic of token buckets: how many calls may be made
// now, and how long the next one has to wait.
//
// It owns how a bucket fills and what is taken from it. It does not own where a
// bucket is kept, or what its tokens are for.
//
// Invariant: in any span of t seconds no more than rate·t + burst tokens are
// given, whoever asks in whatever order.
package bucket

import "time"

// whole is one token. A bucket is counted in millionths of a token, so that a
// microsecond at a whole rate fills it by a whole number and nothing is rounded.
const whole = 1_000_000

// Limit is how fast a bucket fills, in tokens a second, and how many it holds.
// Both are at least one.
type Limit struct{ Rate, Burst int64 }

// Ask is a wish for tokens of one bucket: as many as Want, at least one, of what
// the bucket holds beyond Reserve, which is less than its burst.
type Ask struct {
	Name    string
	Limit   Limit
	Want    int64
	Reserve int64
}

// Grant is what an ask was given, and where that is nothing, how long it may
// take until there is something.
type Grant struct {
	Tokens int64
	Wait   time.Duration
}

// Level is what a bucket holds at a time.
type Level struct {
	Millionths int64
	At         time.Time // to the microsecond
}

// Full is a bucket that nobody took anything from.
func Full(limit Limit, now time.Time) Level {
	return Level{Millionths: limit.Burst * whole, At: now}
}

// Take fills the bucket for the time gone by and gives whole tokens, up to what
// is wanted. A clock that goes back fills nothing.
func (l Level) Take(ask Ask, now time.Time) (Level, int64) {
	if now.Before(l.At) {
		now = l.At
	}
	burst := ask.Limit.Burst * whole
	// What is missing bounds the time that counts, and with it every product.
	missing := max(0, burst-l.Millionths)
	gone := min(now.Sub(l.At).Microseconds(), missing/ask.Limit.Rate+1)
	held := min(burst, l.Millionths+gone*ask.Limit.Rate)
	given := max(0, min(ask.Want, (held-ask.Reserve*whole)/whole))
	return Level{Millionths: held - given*whole, At: now}, given
}

// Wait is how long it takes until the bucket, if nobody else asks, holds enough
// for the ask to be worth making: some of what is wanted, as much as flows in
// within a twentieth of a second, so that many who wait do not ask for every
// token by itself.
func (l Level) Wait(ask Ask) time.Duration {
	enough := min(ask.Want, max(1, ask.Limit.Rate/20), ask.Limit.Burst-ask.Reserve)
	missing := (ask.Reserve+enough)*whole - l.Millionths
	if missing <= 0 {
		return 0
	}
	return time.Duration((missing+ask.Limit.Rate-1)/ask.Limit.Rate) * time.Microsecond
}
