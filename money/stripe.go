package money

import (
	"fmt"
	"strings"
)

// MaxStripeAmount is the largest amount of one charge, in the units Stripe
// counts in: eight digits. Source: docs.stripe.com/currencies, and the API's
// specification of 2024.
const MaxStripeAmount = 99_999_999

// Stripe returns the amount as Stripe's API of 2024-06-20 counts it. Mostly
// that is Minor. Source of the exceptions: docs.stripe.com/currencies.
//
//   - MGA has two decimals in ISO 4217 and none at Stripe.
//   - ISK and UGX have none in ISO 4217, and at Stripe two that are always 00.
//   - The last digit of a three-decimal amount must be 0.
//
// An amount these rules cannot express exactly is an error, as is a currency
// that Stripe does not list and whose units are therefore a guess.
func (a Amount) Stripe() (int64, error) {
	scale, err := stripeScaleOf(a.Currency)
	if err != nil {
		return 0, err
	}
	if a.Minor%scale.step != 0 {
		return 0, InputError(fmt.Sprintf("Stripe takes %s only in steps of %s.",
			a.Currency, Of(scale.step, a.Currency).FormatISO()))
	}
	amount := a.Minor / scale.divide
	if product := amount * scale.multiply; product/scale.multiply == amount {
		return product, nil
	}
	return 0, fmt.Errorf("%w: %s", ErrOverflow, a)
}

// FromStripe is the amount that Stripe wrote, with its lower-case currency. It
// fails where that is no whole number of minor units, as 5.50 ISK is not.
func FromStripe(amount int64, currency string) (Amount, error) {
	c, err := ParseCurrency(currency)
	if err != nil {
		return Amount{}, fmt.Errorf("amount from Stripe in %q: %w", currency, err)
	}
	scale, err := stripeScaleOf(c)
	if err != nil {
		return Amount{}, err
	}
	if amount%scale.multiply != 0 {
		return Amount{}, fmt.Errorf("amount from Stripe: %d %s is not a multiple of %d", amount, c, scale.multiply)
	}
	minor := amount / scale.multiply
	if product := minor * scale.divide; product/scale.divide == minor {
		return Amount{product, c}, nil
	}
	return Amount{}, fmt.Errorf("%w: %d %s from Stripe", ErrOverflow, amount, c)
}

// Stripe is the currency as Stripe writes it: "usd".
func (c Currency) Stripe() string { return strings.ToLower(string(c)) }

// MinimumCharge is the smallest charge Stripe takes in c, and whether it is
// known. The real floor holds after conversion to the settlement currency, so
// a charge in a currency of this table may still be amount_too_small on an
// account that settles in another. Source: docs.stripe.com/currencies.
func MinimumCharge(c Currency) (Amount, bool) {
	minor, known := minimumCharges[c]
	return Of(minor, c), known
}

// ChargeStep is what the minor units of a charge in c are a multiple of: mostly 1.
// It is 1 too where Stripe does not list the currency.
func ChargeStep(c Currency) int64 {
	scale, err := stripeScaleOf(c)
	if err != nil {
		return 1
	}
	return scale.step
}

// CheckCharge reports why Stripe would refuse to charge the amount: nothing to
// charge, below [MinimumCharge], above [MaxStripeAmount], or not expressible
// ([Amount.Stripe]). The error is an [InputError] or wraps [ErrOverflow].
func CheckCharge(a Amount) error {
	if a.Minor <= 0 {
		return InputError("There is nothing to charge.")
	}
	if minimum, known := MinimumCharge(a.Currency); known && a.Minor < minimum.Minor {
		return InputError(fmt.Sprintf("%s is below the online minimum, %s.", a, minimum))
	}
	amount, err := a.Stripe()
	if err != nil {
		return err
	}
	if amount > MaxStripeAmount {
		most, err := FromStripe(largestStripeAmount(a.Currency), a.Currency.Stripe())
		if err != nil {
			return err
		}
		return InputError(fmt.Sprintf("%s is above the most one charge can be, %s.", a, most))
	}
	return nil
}

// stripeScale turns minor units into Stripe's: divide, multiply, and what the
// minor units must be a multiple of.
type stripeScale struct{ divide, multiply, step int64 }

func stripeScaleOf(c Currency) (stripeScale, error) {
	exponent, known := c.Exponent()
	switch {
	case c == "MGA":
		return stripeScale{divide: 100, multiply: 1, step: 100}, nil
	case c == "ISK" || c == "UGX":
		return stripeScale{divide: 1, multiply: 100, step: 1}, nil
	case stripeThreeDecimal[c]:
		return stripeScale{divide: 1, multiply: 1, step: 10}, nil
	case stripeZeroDecimal[c], known && exponent == 2:
		return stripeScale{divide: 1, multiply: 1, step: 1}, nil
	}
	return stripeScale{}, InputError(fmt.Sprintf("Stripe does not take %s.", c))
}

func largestStripeAmount(c Currency) int64 {
	scale, err := stripeScaleOf(c)
	if err != nil {
		return 0
	}
	unit := max(scale.multiply, scale.step/scale.divide)
	return MaxStripeAmount - MaxStripeAmount%unit
}

// stripeZeroDecimal are the currencies without decimals on both sides. Stripe's
// own list also names MGA, ISK and UGX, which are the exceptions above.
var stripeZeroDecimal = map[Currency]bool{
	"BIF": true, "CLP": true, "DJF": true, "GNF": true, "JPY": true, "KMF": true,
	"KRW": true, "PYG": true, "RWF": true, "VND": true, "VUV": true, "XAF": true,
	"XOF": true, "XPF": true,
}

var stripeThreeDecimal = map[Currency]bool{
	"BHD": true, "JOD": true, "KWD": true, "OMR": true, "TND": true,
}

// minimumCharges in minor units of ISO 4217.
var minimumCharges = map[Currency]int64{
	"AED": 2_00, "AUD": 50, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 15_00, "DKK": 2_50,
	"EUR": 50, "GBP": 30, "HKD": 4_00, "HUF": 175_00, "INR": 50, "JPY": 50, "KRW": 50,
	"MXN": 10_00, "MYR": 2_00, "NOK": 3_00, "NZD": 50, "PLN": 2_00, "RON": 2_00,
	"SEK": 3_00, "SGD": 50, "THB": 10_00, "USD": 50,
}
