package money_test

import (
	"math"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"remit/money"
)

// Protects every currency: what is written for people or for machines is read
// back as the same amount, to the last minor unit.
func TestTextRoundTrips(t *testing.T) {
	check := func(t interface {
		Fatalf(format string, args ...any)
	}, a money.Amount) {
		for _, text := range []string{a.Format(), a.FormatISO(), " " + a.Decimal() + "\u00a0"} {
			if got, err := money.ParseDecimal(text, a.Currency); err != nil || got != a {
				t.Fatalf("%d %s is written %q and read as %v, %v", a.Minor, a.Currency, text, got, err)
			}
		}
		if got, err := money.ParseStrict(a.Decimal(), a.Currency); err != nil || got != a {
			t.Fatalf("%d %s is written %q and read as %v, %v", a.Minor, a.Currency, a.Decimal(), got, err)
		}
	}
	for _, c := range money.Currencies() {
		for _, minor := range []int64{0, 1, -1, 9, 10, 99, 100, 12345678, math.MaxInt64, math.MinInt64} {
			check(t, money.Of(minor, c))
		}
	}
	rapid.Check(t, func(t *rapid.T) { check(t, anyAmount().Draw(t, "amount")) })
}

// Protects what people read: grouping, decimals of the currency, a true minus.
func TestFormat(t *testing.T) {
	for _, c := range []struct {
		amount        money.Amount
		format, iso   string
		machineFormat string
	}{
		{money.Of(120000, "USD"), "$1,200.00", "USD 1,200.00", "1200.00"},
		{money.Of(1200, "JPY"), "¥1,200", "JPY 1,200", "1200"},
		{money.Of(-500, "USD"), "−$5.00", "−USD 5.00", "-5.00"},
		{money.Of(5, "USD"), "$0.05", "USD 0.05", "0.05"},
		{money.Of(0, "EUR"), "€0.00", "EUR 0.00", "0.00"},
		{money.Of(1234567, "KWD"), "KWD 1,234.567", "KWD 1,234.567", "1234.567"},
		{money.Of(12345, "CLF"), "CLF 1.2345", "CLF 1.2345", "1.2345"},
		{money.Of(100000000, "CAD"), "CA$1,000,000.00", "CAD 1,000,000.00", "1000000.00"},
		{money.Of(math.MinInt64, "USD"), "−$92,233,720,368,547,758.08", "−USD 92,233,720,368,547,758.08", "-92233720368547758.08"},
	} {
		if got := c.amount.Format(); got != c.format {
			t.Errorf("Format: %q, want %q", got, c.format)
		}
		if got := c.amount.FormatISO(); got != c.iso {
			t.Errorf("FormatISO: %q, want %q", got, c.iso)
		}
		if got := c.amount.Decimal(); got != c.machineFormat {
			t.Errorf("Decimal: %q, want %q", got, c.machineFormat)
		}
	}
}

// Protects amount fields: what people type is taken, what could mean two things
// is refused with what to type instead.
func TestParseDecimal(t *testing.T) {
	const enter, point, large = "Enter an amount, like 250.00.", "Use a point before the decimals, like 250.00.", "This amount is too large."
	const two = "Enter at most 2 decimals, like 250.00."
	for _, c := range []struct {
		text     string
		currency money.Currency
		minor    int64
		problem  string
	}{
		{"$1,200", "USD", 120000, ""},
		{"1,200.50", "USD", 120050, ""},
		{" 1200.5 ", "USD", 120050, ""},
		{"0250", "USD", 25000, ""},
		{"USD 1,200.00", "USD", 120000, ""},
		{"1,200.00 usd", "USD", 120000, ""},
		{"-$5", "USD", -500, ""},
		{"$-5", "USD", -500, ""},
		{"−5.00", "USD", -500, ""},
		{"$5", "CAD", 500, ""},
		{"CA$5", "CAD", 500, ""},
		{"12 €", "EUR", 1200, ""},
		{"¥1,200", "JPY", 1200, ""},
		{"1,234.567", "KWD", 1234567, ""},
		{"92233720368547758.07", "USD", math.MaxInt64, ""},

		{"", "USD", 0, enter},
		{"$", "USD", 0, enter},
		{"-", "USD", 0, enter},
		{"abc", "USD", 0, enter},
		{"1e9", "USD", 0, enter},
		{"NaN", "USD", 0, enter},
		{"Inf", "USD", 0, enter},
		{"0x10", "USD", 0, enter},
		{"+5", "USD", 0, enter},
		{"--5", "USD", 0, enter},
		{"1 200", "USD", 0, enter},
		{"1,2,3", "USD", 0, enter},
		{"1_000", "USD", 0, enter},
		{".50", "USD", 0, enter},
		{"5.", "USD", 0, enter},
		{"٣", "USD", 0, enter},
		{"€5", "USD", 0, enter},
		{"$5$", "USD", 0, enter},
		{"1.200,50", "USD", 0, point},
		{"12,5", "USD", 0, point},
		{"12,50", "USD", 0, point},
		{"1.234", "USD", 0, two},
		{"1.230", "USD", 0, two},
		{"1200.50", "JPY", 0, "JPY has no decimals: enter an amount like 250."},
		{"1.2345", "KWD", 0, "Enter at most 3 decimals, like 250.000."},
		{"92233720368547758.08", "USD", 0, large},
		{"-92233720368547758.09", "USD", 0, large},
		{"9999999999999999999999999", "USD", 0, large},
		{strings.Repeat("9", 60), "USD", 0, enter},
		{"5", "ABC", 0, `"ABC" is not an ISO 4217 currency.`},
	} {
		got, err := money.ParseDecimal(c.text, c.currency)
		if c.problem == "" && (err != nil || got != money.Of(c.minor, c.currency)) {
			t.Errorf("%q in %s: %v, %v; want %d", c.text, c.currency, got.Minor, err, c.minor)
		}
		if c.problem != "" && (err == nil || err.Error() != c.problem) {
			t.Errorf("%q in %s: %v, %v; want %q", c.text, c.currency, got.Minor, err, c.problem)
		}
	}
}

// Protects what machines send: one form only, so that a value has one text.
func TestParseStrict(t *testing.T) {
	for _, text := range []string{"0", "1200.50", "1200.5", "-5", "92233720368547758.07"} {
		if _, err := money.ParseStrict(text, "USD"); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"", "-", "+1", "01", "1.", ".5", "1,200", "$1", " 1", "1 ", "1e9", "NaN", "1.234", "−1", "92233720368547758.08"} {
		if got, err := money.ParseStrict(text, "USD"); err == nil {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
}

// Protects T22: quantities and prices are plain decimals within bounds.
func TestParseNumber(t *testing.T) {
	for _, text := range []string{"0", "1", "-1.5", "0.000000000001", "999999999999999.999999999999"} {
		if got, err := money.ParseNumber(text); err != nil || got.String() != text {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1e9999", "1e3", "NaN", "Infinity", "+1", "1.", ".1", "1,000", "0x1", "1000000000000000", "0.0000000000001", " 1"} {
		if got, err := money.ParseNumber(text); err == nil {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
}

// Protects the readers of typed text: any bytes give an amount or one sentence.
func FuzzParseDecimal(f *testing.F) {
	for _, seed := range []string{"$1,200", "1.200,50", "−5", "USD 1", "¥", "1e9", "\xff"} {
		f.Add(seed, "USD")
	}
	sentence := regexp.MustCompile(`^(?s:[A-Z"].*\.)$`)
	f.Fuzz(func(t *testing.T, text, code string) {
		got, err := money.ParseDecimal(text, money.Currency(code))
		if err != nil && !sentence.MatchString(err.Error()) {
			t.Errorf("%q: the error is %q", text, err)
		}
		if err == nil {
			if again, err := money.ParseDecimal(got.Format(), got.Currency); err != nil || again != got {
				t.Errorf("%q is %v, written %q, read as %v, %v", text, got.Minor, got, again, err)
			}
		}
	})
}
