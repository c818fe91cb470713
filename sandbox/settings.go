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
	// Microdeposits is how bank accounts are verified: by the code of one
	// deposit (descriptor_code) or by the amounts of two (amounts).
	Microdeposits string `json:"microdeposits"`
	// RateLimit is how many requests a second are taken; 0 is no limit. Stripe's
	// is 25 in test mode, for each account.
	RateLimit int64 `json:"rate_limit"`
	// DistinctCards has each card that is saved be a card of its own, whatever test
	// number was typed: else all who type one share its fingerprint.
	DistinctCards bool `json:"distinct_cards"`
	// Declines is by which mixture cards are declined that would pay; nil is not
	// at all.
	Declines *declineMix `json:"declines,omitempty"`
	// Verification is how long Stripe looks at what a connected account's owner
	// said of himself, in milliseconds of the account's clock; nil is 30 seconds.
	Verification *int64 `json:"verification_ms,omitempty"`
}

// verification is how long that takes.
func (s *settings) verification() int64 {
	if s.Verification == nil {
		return 30_000
	}
	return *s.Verification
}

var defaultSettings = settings{
	RetrySchedule: []int64{
		1_000, 5_000, 30_000, 2 * 60_000, 10 * 60_000,
		3_600_000, 3 * 3_600_000, 6 * 3_600_000, 12 * 3_600_000,
	},
	Timeout: 10_000, Microdeposits: byCode,
}

var settingsKind = register(&kind{name: "_settings", fresh: func() object { return &settings{} }})

func (*settings) kind() *kind        { return settingsKind }
func (*settings) key() string        { return "settings" }
func (*settings) born() int64        { return 0 }
func (*settings) listedBy() []string { return nil }
func (*settings) hidden() any        { return nil }

func (t *tx) settings() *settings {
	if s, ok := get[settings](t, "settings"); ok {
		if s.Microdeposits == "" { // written before there were any
			s.Microdeposits = byCode
		}
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
