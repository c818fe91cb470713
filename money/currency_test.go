package money_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v79"
	"golang.org/x/text/currency"

	"remit/money"
)

// Protects the table: the decimals that are not two are ISO 4217's, one by one.
func TestExponents(t *testing.T) {
	odd := map[int][]string{
		0: strings.Fields("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
		3: strings.Fields("BHD IQD JOD KWD LYD OMR TND"),
		4: strings.Fields("CLF UYW"),
	}
	for _, c := range money.Currencies() {
		want := 2
		for exponent, codes := range odd {
			if slices.Contains(codes, string(c)) {
				want = exponent
			}
		}
		if got, known := c.Exponent(); got != want || !known {
			t.Errorf("%s has %d decimals, want %d", c, got, want)
		}
	}
	if n := len(money.Currencies()); n != 165 {
		t.Errorf("%d currencies, ISO 4217 at amendment 180 has 165 with a minor unit", n)
	}
}

// Protects against a forgotten currency: whatever is legal tender somewhere by
// CLDR, and whatever Stripe names, is in the table unless withdrawn since.
func TestNoCurrencyIsMissing(t *testing.T) {
	withdrawn := strings.Fields("ANG BGN BYR CUC HRK MRO SLL STD ZMK ZWL LTL LVL EEK VEF")
	check := func(source, code string) {
		if _, err := money.ParseCurrency(code); err != nil && !slices.Contains(withdrawn, strings.ToUpper(code)) {
			t.Errorf("%s knows %s, we do not", source, code)
		}
	}
	tender := 0
	for tenders := currency.Query(); tenders.Next(); tender++ {
		check("CLDR", tenders.Unit().String())
	}
	if tender < 200 {
		t.Errorf("CLDR named %d tenders only", tender)
	}
	for _, c := range stripeCurrencies {
		check("Stripe", string(c))
	}
}

// Protects the door: only codes of active currencies with a minor unit, in
// either case, and nothing that merely looks like one.
func TestParseCurrency(t *testing.T) {
	for _, code := range []string{"USD", "usd", "Usd"} {
		if got, err := money.ParseCurrency(code); got != "USD" || err != nil {
			t.Errorf("%q is %q, %v", code, got, err)
		}
	}
	for _, code := range []string{"", "US", "USDT", " USD", "XAU", "XXX", "XTS", "XDR", "HRK", "BGN", "ZZZ", "€", "ſek", "\u212Aes"} {
		if got, err := money.ParseCurrency(code); err == nil {
			t.Errorf("%q is taken as %q", code, got)
		}
	}
}

// stripeCurrencies are the currencies stripe-go v79 names whose decimals matter
// most: its zero-decimal list, its special cases and the three-decimal ones.
var stripeCurrencies = []stripe.Currency{
	stripe.CurrencyBIF, stripe.CurrencyCLP, stripe.CurrencyDJF, stripe.CurrencyGNF,
	stripe.CurrencyISK, stripe.CurrencyJPY, stripe.CurrencyKMF, stripe.CurrencyKRW,
	stripe.CurrencyMGA, stripe.CurrencyPYG, stripe.CurrencyRWF, stripe.CurrencyUGX,
	stripe.CurrencyVND, stripe.CurrencyVUV, stripe.CurrencyXAF, stripe.CurrencyXOF,
	stripe.CurrencyXPF, stripe.CurrencyHUF, stripe.CurrencyTWD, stripe.CurrencyUSD,
	stripe.CurrencyEUR, stripe.CurrencyGBP,
}
