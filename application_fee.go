package remit

import (
	"fmt"
	"strings"

	"remit/money"
)

// ApplicationFee is what the platform takes of each payment to an account that is
// connected in its name. It is the platform operator's, the same for every
// organisation, and comes off what the organisation gets: payers never see it.
// See docs.stripe.com/connect/direct-charges.
type ApplicationFee struct {
	Rate     Percent // of what is charged, a surcharge included
	Returned bool    // with a refund, in proportion; else the platform keeps it
}

// ParseApplicationFee reads a rate such as "0.5", "" for none, and what becomes of the
// fee when a payment is refunded: "keep", which is Stripe's default and that of "", or
// "return".
func ParseApplicationFee(rate, refunds string) (f ApplicationFee, err error) {
	switch refunds {
	case "", "keep":
	case "return":
		f.Returned = true
	default:
		return f, Invalid("refunds", "Choose keep or return.")
	}
	if strings.TrimSpace(rate) == "" {
		return f, nil
	}
	if f.Rate, err = ParsePercent("rate", rate); err != nil {
		return f, err
	}
	if f.Rate > MaxSurchargeRate {
		return f, Invalid("rate", "Enter a percentage from 0 to %s.", MaxSurchargeRate)
	}
	return f, nil
}

// Of is the fee of a charge through a connection of the mode, in minor units, rounded
// down to what Stripe can move in that currency. An account reached by its own keys has
// no platform that could take one.
func (f ApplicationFee) Of(mode ConnectionMode, charged money.Amount) int64 {
	if !mode.Platform() || charged.Minor <= 0 {
		return 0
	}
	fee := part(charged.Minor, f.Rate, false)
	return fee - fee%money.ChargeStep(charged.Currency)
}

// String is the fee as the account's owner reads it, "" for none.
func (f ApplicationFee) String() string {
	if f.Rate == 0 {
		return ""
	}
	back := "It is kept when a payment is refunded."
	if f.Returned {
		back = "It goes back in proportion when a payment is refunded."
	}
	return fmt.Sprintf("The platform takes %s of each payment. %s", f.Rate, back)
}
