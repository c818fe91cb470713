package remit_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"remit"
	"remit/money"
)

// Protects U3's words and the codes that go with them.
func TestAllowedAmountWords(t *testing.T) {
	usd := func(minor int64) money.Amount { return money.Of(minor, "USD") }
	for _, c := range []struct {
		name                 string
		outstanding, minimum int64
		partials             bool
		stripeMinimum        int64
		requested            money.Amount
		code, message        string
	}{
		{"all", 120000, 5000, true, 50, usd(120000), "", ""},
		{"all, without partials", 120000, 0, false, 50, usd(120000), "", ""},
		{"all, below the minimum", 3000, 5000, true, 50, usd(3000), "", ""},
		{"all, below Stripe's minimum", 30, 5000, true, 50, usd(30), "", ""},
		{"a part", 120000, 5000, true, 50, usd(5000), "", ""},
		{"leaving Stripe's minimum", 120000, 5000, true, 50, usd(119950), "", ""},
		{"a part without a floor", 120000, 0, true, 0, usd(1), "", ""},
		{"too much", 120000, 5000, true, 50, usd(120001), "amount_above_outstanding", "The most you can pay is $1,200.00."},
		{"too much, without partials", 120000, 0, false, 50, usd(120001), "amount_above_outstanding", "The most you can pay is $1,200.00."},
		{"too little", 120000, 5000, true, 50, usd(4999), "amount_below_minimum", "Pay at least $50.00, or all $1,200.00."},
		{"too little for Stripe", 120000, 0, true, 50, usd(49), "amount_below_minimum", "Pay at least $0.50, or all $1,200.00."},
		{"too small a rest", 120000, 5000, true, 50, usd(119951), "remainder_below_minimum",
			"The rest would be below the online minimum, $0.50. Pay at most $1,199.50, or all $1,200.00."},
		{"a part, without partials", 120000, 0, false, 50, usd(60000), "amount_not_exact", "Pay all $1,200.00."},
		{"no part fits", 5020, 5000, true, 50, usd(5000), "amount_not_exact", "Pay all $50.20."},
		{"part of less than the minimum", 3000, 5000, true, 50, usd(2000), "amount_not_exact", "Pay all $30.00."},
		{"nothing", 120000, 5000, true, 50, usd(0), "amount_missing", "Enter an amount, like 250.00."},
		{"less than nothing", 120000, 5000, true, 50, usd(-1), "amount_missing", "Enter an amount, like 250.00."},
		{"another currency", 120000, 5000, true, 50, money.Of(120000, "EUR"), "amount_missing", "This invoice is paid in USD."},
	} {
		err := remit.AllowedAmount(usd(c.outstanding), usd(c.minimum), c.partials, usd(c.stripeMinimum), c.requested)
		if c.code == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		var problem *remit.Error
		if !errors.As(err, &problem) || problem.Kind != remit.KindInvalid || problem.Code != c.code || problem.Message != c.message ||
			len(problem.Fields) != 1 || problem.Fields[0] != (remit.FieldError{Field: "amount", Message: c.message}) {
			t.Errorf("%s: %#v, want %s %q", c.name, problem, c.code, c.message)
		}
	}
}

// Protects against charging for nothing: a paid invoice takes no amount at all,
// and says so as a conflict.
func TestNothingOutstanding(t *testing.T) {
	for _, outstanding := range []int64{0, -100} {
		err := remit.AllowedAmount(money.Of(outstanding, "USD"), money.Amount{}, true, money.Amount{}, money.Of(outstanding, "USD"))
		if !remit.IsCode(err, remit.CodeNotPayable) {
			t.Errorf("outstanding %d: %v", outstanding, err)
		}
	}
}

// Protects D3 as a law, for any figures: what is allowed is within the bounds,
// leaves nothing or what Stripe can still collect, and what is refused breaks one.
func TestAllowedAmountIsD3(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		small := rapid.Int64Range(0, 300)
		outstanding, minimum, stripe := small.Draw(t, "outstanding"), small.Draw(t, "minimum"), small.Draw(t, "stripe")
		requested, partials := rapid.Int64Range(-10, 320).Draw(t, "requested"), rapid.Bool().Draw(t, "partials")
		usd := func(minor int64) money.Amount { return money.Of(minor, "USD") }
		err := remit.AllowedAmount(usd(outstanding), usd(minimum), partials, usd(stripe), usd(requested))

		rest := outstanding - requested
		want := outstanding > 0 && requested > 0 && requested >= min(minimum, outstanding) && requested <= outstanding &&
			(rest == 0 || rest >= stripe) && (rest == 0 || requested >= stripe) && (partials || rest == 0)
		if (err == nil) != want {
			t.Fatalf("paying %d of %d (minimum %d, Stripe's %d, partials %v): %v", requested, outstanding, minimum, stripe, partials, err)
		}
	})
}

// Protects payers from a dead end: by allowed amounts alone an invoice can
// always be paid off.
func TestFailure48AnInvoiceCanAlwaysBePaidOff(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		left, minimum := rapid.Int64Range(1, 100000).Draw(t, "total"), rapid.Int64Range(0, 5000).Draw(t, "minimum")
		for tries := 0; left > 0 && tries < 200; tries++ {
			requested := rapid.Int64Range(1, left).Draw(t, "requested")
			err := remit.AllowedAmount(money.Of(left, "USD"), money.Of(minimum, "USD"), true, money.Of(50, "USD"), money.Of(requested, "USD"))
			if err == nil {
				left -= requested
			}
			if left > 0 {
				exact := money.Of(left, "USD")
				if err := remit.AllowedAmount(exact, money.Of(minimum, "USD"), true, money.Of(50, "USD"), exact); err != nil {
					t.Fatalf("the last %d cannot be paid: %v", left, err)
				}
			}
		}
	})
}

// Protects C10: an amount below Stripe's floor is answered in U9's words.
func TestFailure46OnlineMinimum(t *testing.T) {
	err := remit.OnlineMinimum(money.Of(30, "USD"))
	if !remit.IsCode(err, remit.CodeNotPayable) || err.Error() != "$0.30 is below the online minimum, $0.50. Pay by bank transfer." {
		t.Errorf("30 cents: %v", err)
	}
	for _, a := range []money.Amount{money.Of(50, "USD"), money.Of(0, "USD"), money.Of(1, "ZAR"), money.Of(50, "JPY")} {
		if err := remit.OnlineMinimum(a); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}
