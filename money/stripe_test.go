package money_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"remit/money"
)

// Protects against charging a hundredfold: for every currency, an amount either
// goes to Stripe's units and back unchanged, or is refused.
func TestStripeRoundTrips(t *testing.T) {
	check := func(t interface {
		Fatalf(format string, args ...any)
	}, a money.Amount) bool {
		amount, err := a.Stripe()
		if err != nil {
			return false
		}
		back, err := money.FromStripe(amount, a.Currency.Stripe())
		if err != nil || back != a {
			t.Fatalf("%s is %d at Stripe and comes back as %v, %v", a.FormatISO(), amount, back, err)
		}
		return true
	}
	refused := map[money.Currency]bool{"IQD": true, "LYD": true, "CLF": true, "UYW": true, "UYI": true}
	for _, c := range money.Currencies() {
		whole, err := money.ParseStrict("1200", c)
		if err != nil {
			t.Fatal(err)
		}
		if crossed := check(t, whole); crossed == refused[c] {
			t.Errorf("1,200 %s: crossed %v", c, crossed)
		}
	}
	rapid.Check(t, func(t *rapid.T) { check(t, anyAmount().Draw(t, "amount")) })
}

// Protects the other direction: what Stripe writes is read exactly or refused.
func TestFromStripeRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCurrency().Draw(t, "currency")
		amount := rapid.Int64().Draw(t, "amount")
		a, err := money.FromStripe(amount, c.Stripe())
		if err != nil {
			return
		}
		if back, err := a.Stripe(); c != "BHD" && c != "JOD" && c != "KWD" && c != "OMR" && c != "TND" && (err != nil || back != amount) {
			t.Fatalf("%d %s from Stripe is %s and goes back as %d, %v", amount, c, a.FormatISO(), back, err)
		}
	})
}

// Protects Stripe's special cases, with the examples of its documentation.
func TestFailure42StripeSpecialCases(t *testing.T) {
	const refused = -1
	for _, c := range []struct {
		amount money.Amount
		want   int64
	}{
		{money.Of(1000, "USD"), 1000},
		{money.Of(500, "JPY"), 500},
		{money.Of(5, "ISK"), 500},
		{money.Of(5, "UGX"), 500},
		{money.Of(500, "MGA"), 5},
		{money.Of(550, "MGA"), refused},
		{money.Of(5120, "KWD"), 5120},
		{money.Of(5124, "KWD"), refused},
		{money.Of(1045, "HUF"), 1045},
		{money.Of(1, "CLF"), refused},
		{money.Of(math.MaxInt64, "ISK"), refused},
	} {
		got, err := c.amount.Stripe()
		if c.want == refused && err == nil || c.want != refused && (err != nil || got != c.want) {
			t.Errorf("%s at Stripe: %d, %v; want %d", c.amount.FormatISO(), got, err, c.want)
		}
	}
	if _, err := money.FromStripe(550, "isk"); err == nil {
		t.Error("5.50 ISK is taken from Stripe")
	}
	if _, err := money.FromStripe(math.MaxInt64, "mga"); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("too many MGA from Stripe: %v", err)
	}
	if _, err := money.FromStripe(1, "btc"); err == nil {
		t.Error("btc is taken from Stripe")
	}
}

// Protects C10: Stripe's floor and ceiling are known before Stripe is asked,
// and said in words a payer can act on.
func TestCheckCharge(t *testing.T) {
	for _, c := range []struct {
		amount  money.Amount
		problem string
	}{
		{money.Of(50, "USD"), ""},
		{money.Of(30, "USD"), "$0.30 is below the online minimum, $0.50."},
		{money.Of(17499, "HUF"), "HUF 174.99 is below the online minimum, HUF 175.00."},
		{money.Of(50, "JPY"), ""},
		{money.Of(1, "ZAR"), ""},
		{money.Of(0, "USD"), "There is nothing to charge."},
		{money.Of(-100, "USD"), "There is nothing to charge."},
		{money.Of(99_999_999, "USD"), ""},
		{money.Of(100_000_000, "USD"), "$1,000,000.00 is above the most one charge can be, $999,999.99."},
		{money.Of(999_999, "ISK"), ""},
		{money.Of(1_000_000, "ISK"), "ISK 1,000,000 is above the most one charge can be, ISK 999,999."},
		{money.Of(100_000_000, "KWD"), "KWD 100,000.000 is above the most one charge can be, KWD 99,999.990."},
		{money.Of(5124, "KWD"), "Stripe takes KWD only in steps of KWD 0.010."},
		{money.Of(100, "LYD"), "Stripe does not take LYD."},
	} {
		err := money.CheckCharge(c.amount)
		if c.problem == "" && err != nil || c.problem != "" && (err == nil || err.Error() != c.problem) {
			t.Errorf("%s: %v, want %q", c.amount.FormatISO(), err, c.problem)
		}
	}
	for _, c := range money.Currencies() {
		if minimum, known := money.MinimumCharge(c); known {
			if err := money.CheckCharge(minimum); err != nil {
				t.Errorf("the minimum of %s cannot be charged: %v", c, err)
			}
		}
	}
}
