package money

import (
	"maps"
	"slices"
	"strings"
)

// Currency is an ISO 4217 code in capitals, such as "USD". Make one with
// [ParseCurrency]; a conversion from a string is unchecked.
type Currency string

// ParseCurrency takes the code of an active ISO 4217 currency in either case,
// as Stripe writes them small. Codes without a minor unit (gold, special
// drawing rights, test codes) are refused: nothing can be invoiced in them.
func ParseCurrency(code string) (Currency, error) {
	c := Currency(strings.ToUpper(code))
	if _, known := exponents[c]; !known || len(code) != 3 {
		return "", InputError("Enter a currency as its three-letter ISO 4217 code, like USD.")
	}
	return c, nil
}

// Exponent is how many decimals the currency has (ISO 4217's minor unit): 0,
// 2, 3 or 4. It is not always how Stripe counts: see [Amount.Stripe].
func (c Currency) Exponent() (decimals int, known bool) {
	decimals, known = exponents[c]
	return decimals, known
}

// Currencies lists every currency [ParseCurrency] takes, in alphabetical order.
func Currencies() []Currency { return slices.Sorted(maps.Keys(exponents)) }

// exponents follows ISO 4217 list one up to amendment 180 (in force since 1
// January 2026: BGN gone, XAD, XCG and ZWG in).
var exponents = exponentTable(map[int]string{
	0: `BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF`,
	2: `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD
		BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP
		DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
		IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL
		MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR
		NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
		SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD
		USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG`,
	3: `BHD IQD JOD KWD LYD OMR TND`,
	4: `CLF UYW`,
})

func exponentTable(codesByExponent map[int]string) map[Currency]int {
	table := make(map[Currency]int)
	for exponent, codes := range codesByExponent {
		for code := range strings.FieldsSeq(codes) {
			table[Currency(code)] = exponent
		}
	}
	return table
}
