package bucket_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"remit/bucket"
)

// taken is one grant and when it was given.
type taken struct {
	at     time.Time
	tokens int64
}

// However many ask, for however much, in whatever order and after whatever
// pauses: in no span of time are more tokens given than flow in and the bucket
// holds, and whoever keeps a reserve leaves it.
func TestNoSpanGivesMoreThanRateAndBurst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := bucket.Limit{Rate: rapid.Int64Range(1, 500).Draw(t, "rate"), Burst: rapid.Int64Range(1, 200).Draw(t, "burst")}
		now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		level := bucket.Full(limit, now)
		var all []taken
		for range rapid.IntRange(1, 60).Draw(t, "asks") {
			now = now.Add(time.Duration(rapid.Int64Range(-50_000, 400_000).Draw(t, "microseconds")) * time.Microsecond)
			ask := bucket.Ask{Limit: limit, Want: rapid.Int64Range(1, 300).Draw(t, "want"), Reserve: rapid.Int64Range(0, limit.Burst-1).Draw(t, "reserve")}
			var given int64
			level, given = level.Take(ask, now)
			if given < 0 || given > ask.Want {
				t.Fatalf("%d given of %d", given, ask.Want)
			}
			if given > 0 && level.Millionths < ask.Reserve*1_000_000 {
				t.Fatalf("the reserve of %d was touched: %+v", ask.Reserve, level)
			}
			all = append(all, taken{level.At, given})
		}
		for i := range all {
			var sum int64
			for _, each := range all[i:] {
				sum += each.tokens
				span := each.at.Sub(all[i].at).Microseconds()
				if sum*1_000_000 > span*limit.Rate+limit.Burst*1_000_000 {
					t.Fatalf("%d tokens within %d µs at %+v", sum, span, limit)
				}
			}
		}
	})
}

// Who was given nothing and waits as long as was said is given something, and
// no shorter wait than a microsecond less would have done for a single token.
func TestTheWaitIsLongEnough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := bucket.Limit{Rate: rapid.Int64Range(1, 500).Draw(t, "rate"), Burst: rapid.Int64Range(1, 200).Draw(t, "burst")}
		now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		ask := bucket.Ask{Limit: limit, Want: rapid.Int64Range(1, 300).Draw(t, "want"), Reserve: rapid.Int64Range(0, limit.Burst-1).Draw(t, "reserve")}
		level := bucket.Level{Millionths: rapid.Int64Range(0, limit.Burst*1_000_000).Draw(t, "held"), At: now}
		level, given := level.Take(ask, now)
		if given > 0 {
			return // nothing to wait for
		}
		wait := level.Wait(ask)
		if _, given := level.Take(ask, now.Add(wait)); given < 1 {
			t.Fatalf("nothing after %s: %+v %+v", wait, level, ask)
		}
		one := ask
		one.Want = 1
		if _, early := level.Take(one, now.Add(level.Wait(one)-time.Microsecond)); early > 0 {
			t.Fatalf("%s was longer than needed: %+v %+v", level.Wait(one), level, one)
		}
	})
}
