package remit_test

import (
	"testing"

	"pgregory.net/rapid"

	"remit"
	"remit/money"
)

// Protects a platform's operator from a fee read otherwise than it was written.
func TestApplicationFeeIsRead(t *testing.T) {
	for text, want := range map[string]remit.Percent{"": 0, "0": 0, "0.5": 500, "2.9 %": 2900, "30": 30_000} {
		got, err := remit.ParseApplicationFee(text, "")
		if err != nil || got.Rate != want || got.Returned {
			t.Errorf("%q is read as %+v, %v", text, got, err)
		}
	}
	for _, wrong := range [][2]string{{"-1", ""}, {"30.001", ""}, {"0.0005", ""}, {"half", ""}, {"1", "sometimes"}} {
		if got, err := remit.ParseApplicationFee(wrong[0], wrong[1]); err == nil {
			t.Errorf("%q is read as %+v", wrong, got)
		}
	}
	if got, err := remit.ParseApplicationFee("1", "return"); err != nil || !got.Returned {
		t.Errorf("a fee to be returned is read as %+v, %v", got, err)
	}
}

// Protects an organisation from a fee above the rate, and a payment from one that
// Stripe would refuse: it is never more than was charged, in whole steps, and within
// one step of the exact share. An account with keys of its own pays none.
func TestApplicationFeeLaw(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		currency := money.Currency(rapid.SampledFrom([]string{"USD", "JPY", "KWD", "ISK", "EUR"}).Draw(r, "currency"))
		step := money.ChargeStep(currency)
		charged := rapid.Int64Range(1, money.MaxStripeAmount/step).Draw(r, "charged") * step
		f := remit.ApplicationFee{Rate: remit.Percent(rapid.Int64Range(0, int64(remit.MaxSurchargeRate)).Draw(r, "rate"))}
		mode := rapid.SampledFrom([]remit.ConnectionMode{remit.ModeExpress, remit.ModeStandard}).Draw(r, "mode")
		fee := f.Of(mode, money.Of(charged, currency))
		exact := charged * int64(f.Rate) // in 100,000ths of a minor unit
		if fee < 0 || fee > charged || fee%step != 0 || fee*100_000 > exact || exact-fee*100_000 >= step*100_000 {
			r.Fatalf("%s of %d %s is %d", f.Rate, charged, currency, fee)
		}
		if own := f.Of(remit.ModeKeys, money.Of(charged, currency)); own != 0 {
			r.Fatalf("an account with keys of its own pays %d", own)
		}
	})
}
