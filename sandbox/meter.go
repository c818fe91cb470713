package sandbox

import "time"

// meter is a token bucket that holds one second's worth of requests. It runs on
// real time, as those who send requests do.
type meter struct {
	rate   int64 // requests a second, by which it was filled last
	tokens float64
	last   time.Time
}

// allow takes a token, if there is one. A rate of 0 is no limit; another rate
// than before begins with a full bucket.
func (m *meter) allow(now time.Time, rate int64) bool {
	if rate != m.rate {
		*m = meter{rate: rate, tokens: float64(rate), last: now}
	}
	if rate == 0 {
		return true
	}
	m.tokens = min(float64(rate), m.tokens+now.Sub(m.last).Seconds()*float64(rate))
	m.last = now
	if m.tokens < 1 {
		return false
	}
	m.tokens--
	return true
}
