// Package money is amounts: int64 minor units beside an ISO 4217 currency.
//
// It owns the currencies and their decimals, checked arithmetic with one
// rounding, reading what people and machines write, writing amounts for both,
// and the difference between ISO's minor units and the ones Stripe counts in.
// It does not own what may be charged (package remit) nor exchange between
// currencies, of which Remit does none.
//
// Invariants: no floating point; an operation either gives the exact result
// (or the one documented rounding) or an error, never a wrapped or truncated
// number; amounts of two currencies never meet in one result.
package money

import (
	"errors"
	"fmt"
	"math"
	"math/bits"

	"github.com/shopspring/decimal"
)

// Errors of arithmetic. They are wrapped with the operands: test with
// [errors.Is].
var (
	ErrOverflow = errors.New("amount is out of range")
	ErrCurrency = errors.New("amounts are in different currencies")
	ErrRate     = errors.New("rate is out of range")
)

// Amount is a number of minor units (cents, yen, fils) of one currency. The
// zero Amount has no currency and mixes with nothing.
type Amount struct {
	Minor    int64    `json:"minor"`
	Currency Currency `json:"currency"`
}

// Of is an amount of minor units of c: Of(120000, "USD") is $1,200.00.
func Of(minor int64, c Currency) Amount { return Amount{Minor: minor, Currency: c} }

// Add returns a + b. It fails with [ErrCurrency] or [ErrOverflow].
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, fmt.Errorf("%w: %s and %s", ErrCurrency, a, b)
	}
	sum := a.Minor + b.Minor
	if (sum > a.Minor) != (b.Minor > 0) {
		return Amount{}, fmt.Errorf("%w: %s plus %s", ErrOverflow, a, b)
	}
	return Amount{sum, a.Currency}, nil
}

// Sub returns a - b. It fails with [ErrCurrency] or [ErrOverflow].
func (a Amount) Sub(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, fmt.Errorf("%w: %s and %s", ErrCurrency, a, b)
	}
	difference := a.Minor - b.Minor
	if (difference < a.Minor) != (b.Minor > 0) {
		return Amount{}, fmt.Errorf("%w: %s minus %s", ErrOverflow, a, b)
	}
	return Amount{difference, a.Currency}, nil
}

// Neg returns -a. Only the smallest int64 has no negative: [ErrOverflow].
func (a Amount) Neg() (Amount, error) {
	if a.Minor == math.MinInt64 {
		return Amount{}, fmt.Errorf("%w: minus %s", ErrOverflow, a)
	}
	return Amount{-a.Minor, a.Currency}, nil
}

// Sum adds amounts that must all be in c; without amounts it is zero.
func Sum(c Currency, amounts ...Amount) (Amount, error) {
	total := Of(0, c)
	for _, a := range amounts {
		var err error
		if total, err = total.Add(a); err != nil {
			return Amount{}, err
		}
	}
	return total, nil
}

// Mul returns a × rate, rounded once to a whole minor unit, half up: 2.5 cents
// are 3, and -2.5 cents are -3, so that a correction always mirrors what it
// corrects. It fails with [ErrOverflow], and with [ErrRate] for a rate of more
// digits than [ParseNumber] takes.
func (a Amount) Mul(rate decimal.Decimal) (Amount, error) {
	minor, err := roundHalfUp(decimal.NewFromInt(a.Minor), rate)
	if err != nil {
		return Amount{}, fmt.Errorf("%w: %s times a rate", err, a)
	}
	return Amount{minor, a.Currency}, nil
}

// Product returns quantity × price in c, rounded once to a whole minor unit,
// half up as in [Amount.Mul]. The price is in major units (dollars) and may
// have more decimals than the currency, as unit prices do.
func Product(quantity, price decimal.Decimal, c Currency) (Amount, error) {
	exponent, known := c.Exponent()
	if !known {
		return Amount{}, fmt.Errorf("%w: %q is not a currency", ErrCurrency, string(c))
	}
	if !inRange(price) {
		return Amount{}, fmt.Errorf("%w: price", ErrRate)
	}
	minor, err := roundHalfUp(quantity, price.Shift(int32(exponent))) //nolint:gosec // at most 4
	if err != nil {
		return Amount{}, err
	}
	return Amount{minor, c}, nil
}

func roundHalfUp(x, y decimal.Decimal) (int64, error) {
	if !inRange(x) || !inRange(y) {
		return 0, ErrRate
	}
	// Round is half away from zero: half up on the size, the sign kept.
	product := x.Mul(y).Round(0).BigInt()
	if !product.IsInt64() {
		return 0, ErrOverflow
	}
	return product.Int64(), nil
}

// inRange keeps out numbers such as 1e9999999, short to write and costly to
// round.
func inRange(d decimal.Decimal) bool {
	return d.Exponent() >= -40 && d.Exponent() <= 20 && d.Coefficient().BitLen() <= 192
}

// Share is the part of total that corresponds to part of whole, rounded half up
// once. 0 <= part <= whole, whole > 0 and total >= 0, all in minor units.
func Share(total, part, whole int64) int64 {
	high, low := bits.Mul64(uint64(total), uint64(part))   //nolint:gosec // not negative
	low, carry := bits.Add64(low, uint64(whole)/2, 0)      //nolint:gosec // positive
	share, _ := bits.Div64(high+carry, low, uint64(whole)) //nolint:gosec // positive
	return int64(share)                                    //nolint:gosec // at most total
}
