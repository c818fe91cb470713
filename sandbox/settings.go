package sandbox

import "time"

// deliveryLife is how long an event is tried, as in Stripe's live mode.
const deliveryLife = 72 * time.Hour

// settings are how the stand-in behaves for one account; kept over restarts.
type settings struct {
	// RetrySchedule is the wait before the second, third … attempt of a
	// delivery, in milliseconds of the account's clock; the last repeats.
	RetrySchedule []int64 `json:"webhook_retry_ms"`
	// Timeout is how long an endpoint may take to answer, in milliseconds.
	Timeout int64 `json:"webhook_timeout_ms"`
	// Settle is how long a charge has no balance transaction yet, in
	// milliseconds of the account's clock. Stripe's default capture method,
	// automatic_async, allows itself such a time.
	Settle int64 `json:"settle_ms"`
}

var defaultSettings = settings{
	RetrySchedule: []int64{
		1_000, 5_000, 30_000, 2 * 60_000, 10 * 60_000,
		3_600_000, 3 * 3_600_000, 6 * 3_600_000, 12 * 3_600_000,
	},
	Timeout: 10_000,
}

var settingsKind = register(&kind{name: "_settings", fresh: func() object { return &settings{} }})

func (*settings) kind() *kind        { return settingsKind }
func (*settings) key() string        { return "settings" }
func (*settings) born() int64        { return 0 }
func (*settings) listedBy() []string { return nil }
func (*settings) hidden() any        { return nil }

func (t *tx) settings() *settings {
	if s, ok := get[settings](t, "settings"); ok {
		return s
	}
	s := defaultSettings
	return &s
}

func (s *settings) webhookTimeout() time.Duration {
	return time.Duration(s.Timeout) * time.Millisecond
}

// retryAfter is the wait after the nth failed attempt.
func (s *settings) retryAfter(n int) time.Duration {
	if len(s.RetrySchedule) == 0 {
		return deliveryLife + time.Second // never again
	}
	i := min(n, len(s.RetrySchedule)) - 1
	return time.Duration(s.RetrySchedule[i]) * time.Millisecond
}
