package remit_test

import (
	"testing"

	"remit"
	"remit/money"
)

// An amount that Stripe cannot express is refused before it is promised, not
// afterwards (M8, M14).
func TestRefundIsOfAnAmountThatStripeTakes(t *testing.T) {
	for name, row := range map[string]struct {
		amount   int64
		currency money.Currency
		takes    bool
	}{
		"a cent": {1, "USD", true}, "a yen": {1, "JPY", true}, "a krona": {1, "ISK", true},
		"ten fils": {10, "KWD", true}, "a fils": {1, "KWD", false}, "a part of an ariary": {150, "MGA", false},
	} {
		_, err := remit.Refundable{Applied: 10000}.Refund(row.amount, row.currency, false)
		if takes := err == nil; takes != row.takes || !takes && !remit.IsCode(err, remit.CodeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
