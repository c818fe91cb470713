package sandbox

import "time"

// testModeRate is Stripe's limit of requests a second in test mode
// (docs.stripe.com/rate-limits).
const testModeRate = 25

// meter is a token bucket that holds one second's worth of requests.
type meter struct {
	tokens float64
	last   time.Time
}

// allow takes a token, if there is one.
func (m *meter) allow(now time.Time) bool {
	if m.last.IsZero() {
		m.tokens = testModeRate
	} else {
		m.tokens = min(testModeRate, m.tokens+now.Sub(m.last).Seconds()*testModeRate)
	}
	m.last = now
	if m.tokens < 1 {
		return false
	}
	m.tokens--
	return true
}
