package sandbox

import (
	"fmt"
	"strconv"
	"strings"
)

// currencies are what Stripe takes, by exponent of the minor unit
// (docs.stripe.com/currencies).
var currencies = map[string]int{}

func init() {
	for exponent, codes := range []string{
		"bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf",
		"",
		`usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob
		brl bsd bwp byn bzd cad cdf chf cny cop crc cve czk dkk dop dzd egp etb
		eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd
		kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr
		mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron
		rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd
		twd tzs uah ugx uyu uzs wst xcd yer zar zmw`,
		"bhd jod kwd omr tnd",
	} {
		for code := range strings.FieldsSeq(codes) {
			currencies[code] = exponent
		}
	}
}

// minimums are the least charges, in minor units.
var minimums = map[string]int64{
	"usd": 50, "eur": 50, "cad": 50, "aud": 50, "nzd": 50, "chf": 50, "sgd": 50, "brl": 50, "inr": 50,
	"gbp": 30, "jpy": 50, "krw": 50, "mxn": 1000, "thb": 1000, "dkk": 250, "nok": 300, "sek": 300,
	"hkd": 400, "aed": 200, "myr": 200, "pln": 200, "ron": 200, "czk": 1500, "huf": 17500,
}

// maxAmount is eight digits, in minor units.
const maxAmount = 99_999_999

// amount reads a charge's amount and checks it against the currency's rules.
func (p *params) checkAmount(field string, amount int64, currency string) {
	exponent, known := currencies[currency]
	if !known {
		return // the currency is refused for itself
	}
	switch {
	case amount < 1:
		p.fail("parameter_invalid_integer", field, "This value must be greater than or equal to 1.")
	case amount > maxAmount:
		p.fail("amount_too_large", field, "Amount must be no more than %s", money(maxAmount, currency))
	case amount < minimums[currency]:
		p.fail("amount_too_small", field, "Amount must be at least %s", money(minimums[currency], currency))
	case exponent == 3 && amount%10 != 0:
		p.fail("invalid_charge_amount", field, "Invalid amount: amounts in %s must be evenly divisible by 10.", currency)
	case (currency == "isk" || currency == "ugx") && amount%100 != 0:
		p.fail("invalid_charge_amount", field, "Invalid amount: amounts in %s must be evenly divisible by 100.", currency)
	}
}

// readCurrency returns what the parameter currency says in lower case.
func (p *params) readCurrency(text string) string {
	code := strings.ToLower(text)
	if _, known := currencies[code]; code != "" && !known {
		p.fail("", "currency", "Invalid currency: %s. Stripe currently supports these currencies: %s", text, strings.Join(sortedKeys(currencies), ", "))
	}
	return code
}

// money writes an amount for people, e.g. "$0.50 usd" or "¥50 jpy".
func money(amount int64, currency string) string {
	symbol := map[string]string{"usd": "$", "cad": "$", "aud": "$", "eur": "€", "gbp": "£", "jpy": "¥"}[currency]
	exponent := currencies[currency]
	if exponent == 0 {
		return fmt.Sprintf("%s%s %s", symbol, grouped(amount), currency)
	}
	unit := int64(100)
	if exponent == 3 {
		unit = 1000
	}
	return fmt.Sprintf("%s%s.%0*d %s", symbol, grouped(amount/unit), exponent, amount%unit, currency)
}

func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
