package remit

import (
	"strings"
)

// CodeLinkTaken says that a customer at Stripe is somebody else's here.
const CodeLinkTaken = "stripe_customer_taken"

// maxStripeID is more than any id of Stripe's has.
const maxStripeID = 255

// ParseStripeCustomer reads the id of a customer at Stripe as people paste it.
// Returns [CodeInvalid] naming the field for what is no such id.
func ParseStripeCustomer(field, s string) (string, error) {
	s = strings.TrimSpace(s)
	rest, is := strings.CutPrefix(s, "cus_")
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_'
	}
	if !is || rest == "" || len(s) > maxStripeID || strings.ContainsFunc(rest, odd) {
		return "", Invalid(field, "Enter the id of a customer at Stripe, like cus_OCtCxqQDgu1uX9.")
	}
	return s, nil
}

// AtStripe is a customer as his account at Stripe has him, or had him.
type AtStripe struct {
	ID            string
	Contact       Contact
	Metadata      map[string]string
	Deleted       bool
	Livemode      bool
	DefaultMethod string // of his payment methods, "" if he has none
}

// Linkable says why a customer who was looked at cannot be linked at a connection in
// the mode given, nil if he can be.
func (c AtStripe) Linkable(field string, livemode bool) error {
	switch {
	case c.Deleted:
		return Invalid(field, "%s was deleted at Stripe.", c.ID)
	case c.Livemode != livemode:
		return Invalid(field, "%s is in the other mode: %s.", c.ID, modeWord(c.Livemode))
	}
	return nil
}

// NoSuchAtStripe is the answer where an account has no such customer.
func NoSuchAtStripe(field, id, account string, livemode bool) error {
	return Invalid(field, "The account %s has no customer %s in %s.", account, id, modeWord(livemode))
}

func modeWord(livemode bool) string {
	if livemode {
		return "live mode"
	}
	return "test mode"
}

// TakenBy is the answer where a customer at Stripe is linked with another of ours;
// name is "" where the caller may not know whom.
func TakenBy(id, name string) *Error {
	if name == "" {
		name = SomebodyElse
	}
	return Conflict(CodeLinkTaken, "%s belongs to %s. Unlink that customer first: two of yours on one of Stripe's would share payment methods.", id, name)
}
