package money_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"remit/money"
)

// anyAmount draws amounts over the whole of int64, in any currency.
func anyAmount() *rapid.Generator[money.Amount] {
	return rapid.Custom(func(t *rapid.T) money.Amount {
		return money.Of(rapid.Int64().Draw(t, "minor"), anyCurrency().Draw(t, "currency"))
	})
}

func anyCurrency() *rapid.Generator[money.Currency] {
	return rapid.SampledFrom(money.Currencies())
}

// Protects M8: a sum or difference is exact or an error, never a wrapped number.
func TestArithmeticIsExactOrAnError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyAmount().Draw(t, "a")
		b := money.Of(rapid.Int64().Draw(t, "b"), a.Currency)
		check := func(name string, got money.Amount, err error, exact *big.Int) {
			switch {
			case exact.IsInt64() && (err != nil || got != money.Of(exact.Int64(), a.Currency)):
				t.Fatalf("%s of %d and %d = %v, %v; exactly %s", name, a.Minor, b.Minor, got, err, exact)
			case !exact.IsInt64() && !errors.Is(err, money.ErrOverflow):
				t.Fatalf("%s of %d and %d = %v, %v; it overflows", name, a.Minor, b.Minor, got, err)
			}
		}
		x, y := big.NewInt(a.Minor), big.NewInt(b.Minor)
		sum, err := a.Add(b)
		check("sum", sum, err, new(big.Int).Add(x, y))
		difference, err := a.Sub(b)
		check("difference", difference, err, new(big.Int).Sub(x, y))
		negative, err := a.Neg()
		check("negative", negative, err, new(big.Int).Neg(x))
	})
}

// Protects M8: two currencies never meet in one result.
func TestCurrenciesDoNotMix(t *testing.T) {
	dollars, yen := money.Of(1, "USD"), money.Of(1, "JPY")
	if _, err := dollars.Add(yen); !errors.Is(err, money.ErrCurrency) {
		t.Errorf("USD + JPY: %v", err)
	}
	if _, err := dollars.Sub(yen); !errors.Is(err, money.ErrCurrency) {
		t.Errorf("USD - JPY: %v", err)
	}
	if _, err := money.Sum("USD", dollars, yen); !errors.Is(err, money.ErrCurrency) {
		t.Errorf("sum of USD and JPY: %v", err)
	}
	if _, err := (money.Amount{}).Add(dollars); !errors.Is(err, money.ErrCurrency) {
		t.Errorf("nothing + USD: %v", err)
	}
}

// Protects M8: a rate is applied with one rounding, half up, checked against
// exact fractions, and a correction mirrors what it corrects.
func TestMulRoundsOnceHalfUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := money.Of(rapid.Int64Range(-1e15, 1e15).Draw(t, "minor"), "USD")
		rate := decimal.New(rapid.Int64Range(-1e9, 1e9).Draw(t, "coefficient"), -rapid.Int32Range(0, 9).Draw(t, "decimals"))
		got, err := a.Mul(rate)
		exact := new(big.Rat).Mul(new(big.Rat).SetInt64(a.Minor), rate.Rat())
		want := halfUp(exact)
		if !want.IsInt64() {
			if !errors.Is(err, money.ErrOverflow) {
				t.Fatalf("%d × %s = %v, %v; it overflows", a.Minor, rate, got, err)
			}
			return
		}
		if err != nil || got.Minor != want.Int64() {
			t.Fatalf("%d × %s = %v, %v; want %s", a.Minor, rate, got.Minor, err, want)
		}
		mirror, err := money.Of(-a.Minor, "USD").Mul(rate)
		if err != nil || mirror.Minor != -got.Minor {
			t.Fatalf("%d × %s = %v, %v; want the mirror of %d", -a.Minor, rate, mirror.Minor, err, got.Minor)
		}
	})
}

// halfUp rounds a fraction to the nearest whole number, halves away from zero.
func halfUp(x *big.Rat) *big.Int {
	doubled := new(big.Int).Mul(new(big.Int).Abs(x.Num()), big.NewInt(2))
	doubled.Add(doubled, x.Denom())
	size := doubled.Div(doubled, new(big.Int).Mul(x.Denom(), big.NewInt(2)))
	if x.Sign() < 0 {
		size.Neg(size)
	}
	return size
}

// Protects against rounding the known awkward cases another way, and against
// rates built to exhaust memory.
func TestMulCases(t *testing.T) {
	for _, c := range []struct {
		minor int64
		rate  string
		want  int64
		err   error
	}{
		{10000, "0.029", 290, nil},
		{50, "0.05", 3, nil}, // 2.5
		{-50, "0.05", -3, nil},
		{49, "0.05", 2, nil}, // 2.45 is 2, though 2.45 -> 2.5 -> 3 by two roundings
		{1, "0.5", 1, nil},
		{1, "0.4999999999", 0, nil},
		{math.MaxInt64, "1", math.MaxInt64, nil},
		{math.MaxInt64, "1.1", 0, money.ErrOverflow},
		{math.MinInt64, "-1", 0, money.ErrOverflow},
		{1, "1e9999", 0, money.ErrRate},
		{1, "1e-9999", 0, money.ErrRate},
	} {
		got, err := money.Of(c.minor, "USD").Mul(decimal.RequireFromString(c.rate))
		if !errors.Is(err, c.err) || err == nil && got.Minor != c.want {
			t.Errorf("%d × %s = %d, %v; want %d, %v", c.minor, c.rate, got.Minor, err, c.want, c.err)
		}
	}
}

// Protects line amounts: quantity times a price finer than the currency is
// rounded once, to the currency's own unit.
func TestProduct(t *testing.T) {
	for _, c := range []struct {
		quantity, price string
		currency        money.Currency
		want            int64
	}{
		{"3", "3.33", "USD", 999},
		{"0.5", "0.01", "USD", 1},
		{"1000", "0.0015", "USD", 150},
		{"3", "33.335", "USD", 10001}, // 100.005
		{"2.5", "101", "JPY", 253},    // 252.5
		{"1", "1.2345", "KWD", 1235},
		{"-1", "10.00", "USD", -1000},
	} {
		got, err := money.Product(decimal.RequireFromString(c.quantity), decimal.RequireFromString(c.price), c.currency)
		if err != nil || got != money.Of(c.want, c.currency) {
			t.Errorf("%s × %s %s = %v, %v; want %d", c.quantity, c.price, c.currency, got, err, c.want)
		}
	}
	if _, err := money.Product(decimal.New(1, 15), decimal.New(1, 15), "USD"); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("an overflowing product: %v", err)
	}
	if _, err := money.Product(decimal.New(1, 0), decimal.New(1, 2_000_000_000), "USD"); !errors.Is(err, money.ErrRate) {
		t.Errorf("a price of two thousand million digits: %v", err)
	}
	if _, err := money.Product(decimal.New(1, 0), decimal.New(1, 0), "ABC"); !errors.Is(err, money.ErrCurrency) {
		t.Errorf("a product in no currency: %v", err)
	}
}
