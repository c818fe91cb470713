package retry

import (
	"slices"
	"strings"
	"time"

	"remit/decline"
)

// limit is a number of failed tries with one card in a span of time.
type limit struct {
	tries int
	in    time.Duration
}

const month = 30 * 24 * time.Hour

// Limits of the networks. Visa's are what Stripe blocks at
// (support.stripe.com, card_decline_rate_limit_exceeded), Mastercard's its
// Transaction Processing Excellence programme. Other networks publish none, and
// get the strictest of a month.
var (
	ofVisa       = []limit{{15, month}}
	ofMastercard = []limit{{10, 24 * time.Hour}, {35, month}}
)

// Cap says whether a card may be tried once more, by when tries with it failed:
// the refusal if not, and when its network lets the next one through; nil and the
// zero time if it may. network is Stripe's name of the brand. The times, in any
// order, are of every invoice and organisation that the network sees as one.
func Cap(network string, failed []time.Time, now time.Time) (refused *decline.Decline, freeAt time.Time) {
	limits := ofVisa
	if strings.EqualFold(network, "mastercard") {
		limits = ofMastercard
	}
	failed = slices.SortedFunc(slices.Values(failed), time.Time.Compare)
	for _, l := range limits {
		if len(failed) < l.tries {
			continue
		}
		if free := failed[len(failed)-l.tries].Add(l.in); free.After(now) {
			freeAt = latest(freeAt, free)
		}
	}
	if freeAt.IsZero() {
		return nil, freeAt
	}
	capped := decline.Classify(decline.CodeNetworkCap, "", "", "card")
	return &capped, freeAt
}

// Allowed is a limit as people read it.
type Allowed struct {
	Of    string
	Tries int
	Days  int
}

// Caps are the limits that hold whatever a policy says.
func Caps() []Allowed {
	of := func(name string, l limit) Allowed { return Allowed{name, l.tries, int(l.in / (24 * time.Hour))} }
	return []Allowed{
		of("Visa and other networks: tries with a card that failed", ofVisa[0]),
		of("Mastercard: tries with a card that failed", ofMastercard[0]),
		of("Mastercard: tries with a card that failed", ofMastercard[1]),
		{"Bank debits that lacked money: the first one and two more, of one invoice", 1 + mostRepresent, 180},
	}
}
