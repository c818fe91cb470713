package remit_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"remit"
	"remit/money"
)

func credit(brand string) *remit.MethodSummary {
	return &remit.MethodSummary{Type: "card", Brand: brand, Funding: "credit"}
}

// The figures that the settings page promises.
func TestFailure43AddOnAndGrossUp(t *testing.T) {
	t.Parallel()
	for _, of := range []struct {
		mode                remit.SurchargeMode
		currency            money.Currency
		percent             remit.Percent
		amount, fixed       int64
		wantTotal, wantsNet int64
	}{
		{remit.SurchargeOff, "USD", 2_900, 100_00, 30, 100_00, 100_00 - 2_90 - 30},
		{remit.SurchargeAddOn, "USD", 2_900, 100_00, 30, 103_20, 99_91},
		{remit.SurchargeGrossUp, "USD", 2_900, 100_00, 30, 103_30, 100_00},
		{remit.SurchargeGrossUp, "USD", 2_900, 1_200_00, 30, 1_236_15, 1_200_00},
		{remit.SurchargeAddOn, "USD", 0, 100_00, 30, 100_30, 100_00},
		{remit.SurchargeGrossUp, "JPY", 3_600, 10_000, 40, 10_415, 10_000},
		{remit.SurchargeAddOn, "JPY", 3_600, 10_000, 40, 10_400, 9_986},
		{remit.SurchargeAddOn, "KWD", 2_900, 100_000, 100, 103_000, 99_913},
		{remit.SurchargeGrossUp, "KWD", 2_900, 100_000, 100, 103_090, 100_000},
		{remit.SurchargeGrossUp, "USD", 2_901, 100_00, 0, 102_99, 100_00},
	} {
		s := remit.SurchargeSettings{Mode: of.mode, Percent: of.percent, Fixed: of.fixed}
		fee, err := remit.Surcharge(s, credit("visa"), money.Of(of.amount, of.currency))
		if err != nil || of.amount+fee != of.wantTotal || s.Net(of.amount+fee) != of.wantsNet {
			t.Errorf("%s of %d %s: pays %d, nets %d, %v; want %d and %d",
				of.mode, of.amount, of.currency, of.amount+fee, s.Net(of.amount+fee), err, of.wantTotal, of.wantsNet)
		}
	}
}

// M8: whatever the amount, rate and currency, a seller nets what the mode promises,
// within what one step of the currency can say; the payer's total can be charged; and
// a grossed-up total is the smallest.
func TestFailure45NoPartOfAFeeIsDropped(t *testing.T) {
	t.Parallel()
	var currencies []money.Currency
	for _, c := range money.Currencies() {
		if _, err := money.Of(1000, c).Stripe(); err == nil {
			currencies = append(currencies, c)
		}
	}
	for range 120 { // times the hundred draws of each check
		rapid.Check(t, func(t *rapid.T) {
			c := rapid.SampledFrom(currencies).Draw(t, "currency")
			step := money.ChargeStep(c)
			s := remit.SurchargeSettings{
				Mode:    rapid.SampledFrom([]remit.SurchargeMode{remit.SurchargeAddOn, remit.SurchargeGrossUp}).Draw(t, "mode"),
				Percent: remit.Percent(rapid.Int64Range(0, int64(remit.MaxSurchargeRate)).Draw(t, "percent")),
				Fixed:   rapid.Int64Range(0, 1000).Draw(t, "fixed"),
			}
			amount := rapid.Int64Range(1, 500_000).Draw(t, "amount") * step
			if money.CheckCharge(money.Of(amount, c)) != nil {
				return // below the minimum
			}
			fee, err := remit.Surcharge(s, credit("visa"), money.Of(amount, c))
			if err != nil {
				return // above the most that can be charged
			}
			total := amount + fee
			if fee < 0 || money.CheckCharge(money.Of(total, c)) != nil {
				t.Fatalf("a total of %d %s", total, c)
			}
			if s.Mode == remit.SurchargeGrossUp {
				if s.Net(total) < amount || s.Net(total) >= amount+step {
					t.Fatalf("%d nets %d of %d", total, s.Net(total), amount)
				}
				if fee >= step && s.Net(total-step) >= amount {
					t.Fatalf("%d would do for %d", total-step, amount)
				}
				return
			}
			// Half a step off what percentage and fixed fee come to, by the one rounding.
			exact := amount*int64(s.Percent) + s.Fixed*100_000
			if off := fee*100_000 - exact; off > step*50_000+50_000 || off < -step*50_000-50_000 {
				t.Fatalf("%d is charged for a fee of %d/100000", fee, exact)
			}
		})
	}
}

// D4: only a credit card is surcharged, and what is not known to be one is none.
func TestSurchargeOnlyOfCreditCards(t *testing.T) {
	t.Parallel()
	s := remit.SurchargeSettings{Mode: remit.SurchargeAddOn, Percent: 2_900, Fixed: 30}
	for _, m := range []*remit.MethodSummary{
		nil, {Type: "card", Funding: "debit"}, {Type: "card", Funding: "prepaid"}, {Type: "card", Funding: "unknown"}, {Type: "card"},
		{Type: "us_bank_account"}, {Type: "us_bank_account", Funding: "credit"}, {Type: "link", Funding: "credit"},
	} {
		if fee, err := remit.Surcharge(s, m, money.Of(100_00, "USD")); fee != 0 || err != nil {
			t.Errorf("%+v: %d, %v", m, fee, err)
		}
	}
}

// A network's cap holds for its cards alone, and never exceeds its share of the amount.
func TestSurchargeCaps(t *testing.T) {
	t.Parallel()
	s := remit.SurchargeSettings{Mode: remit.SurchargeGrossUp, Percent: 2_900, Fixed: 30, Caps: map[string]remit.Percent{"visa": 3_000, "amex": 0}}
	for brand, want := range map[string]int64{"visa": 3_00, "mastercard": 3_30, "amex": 0} {
		if fee, err := remit.Surcharge(s, credit(brand), money.Of(100_00, "USD")); fee != want || err != nil {
			t.Errorf("%s: %d, %v; want %d", brand, fee, err, want)
		}
	}
	if fee, _ := remit.Surcharge(s, credit("visa"), money.Of(50, "USD")); fee != 1 {
		t.Errorf("3 %% of 0.50, rounded down, is %d", fee)
	}
}

// What cannot be charged or counted is an error, never a wrapped number.
func TestSurchargeAtTheEdges(t *testing.T) {
	t.Parallel()
	s := remit.SurchargeSettings{Mode: remit.SurchargeGrossUp, Percent: remit.MaxSurchargeRate, Fixed: money.MaxStripeAmount}
	for _, amount := range []int64{money.MaxStripeAmount, math.MaxInt64 / 4, math.MaxInt64} {
		if fee, err := remit.Surcharge(s, credit("visa"), money.Of(amount, "USD")); err == nil {
			t.Errorf("%d: a fee of %d", amount, fee)
		}
	}
	if fee, err := remit.Surcharge(s, credit("visa"), money.Of(0, "USD")); fee != 0 || err != nil {
		t.Errorf("of nothing: %d, %v", fee, err)
	}
}

func TestSurchargeSettingsAreChecked(t *testing.T) {
	t.Parallel()
	good := remit.SurchargeSettings{Mode: remit.SurchargeAddOn, Percent: 2_900, Fixed: 30, Caps: map[string]remit.Percent{"visa": 3_000}}
	if _, err := good.Check(); err != nil {
		t.Error(err)
	}
	for field, s := range map[string]remit.SurchargeSettings{
		"surcharge.mode":    {Mode: "both"},
		"surcharge.percent": {Mode: remit.SurchargeAddOn, Percent: 30_001},
		"surcharge.fixed":   {Mode: remit.SurchargeAddOn, Percent: 1, Fixed: -1},
		"surcharge.caps":    {Mode: remit.SurchargeOff, Caps: map[string]remit.Percent{"maestro": 1}},
	} {
		_, err := s.Check()
		if err == nil || remit.AsError(err).Fields[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// Above 3 % the rule is named, unless a cap keeps to it.
func TestSurchargeWarning(t *testing.T) {
	t.Parallel()
	capped := map[string]remit.Percent{"visa": 3_000}
	for _, of := range []struct {
		s     remit.SurchargeSettings
		warns bool
	}{
		{remit.SurchargeSettings{Mode: remit.SurchargeOff, Percent: 9_000}, false},
		{remit.SurchargeSettings{Mode: remit.SurchargeAddOn, Percent: 2_900}, false},
		{remit.SurchargeSettings{Mode: remit.SurchargeAddOn, Percent: 2_900, Fixed: 30}, true},
		{remit.SurchargeSettings{Mode: remit.SurchargeAddOn, Percent: 3_001}, true},
		{remit.SurchargeSettings{Mode: remit.SurchargeAddOn, Percent: 3_001, Caps: capped}, false},
	} {
		if got := remit.SurchargeWarning(of.s, "USD"); (got != "") != of.warns {
			t.Errorf("%+v: %q", of.s, got)
		}
	}
}

func TestPercentReadsWhatItWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := remit.Percent(rapid.Int64Range(0, 100_000).Draw(t, "percent"))
		if again, err := remit.ParsePercent("percent", p.String()); err != nil || again != p {
			t.Fatalf("%s: %d, %v", p, again, err)
		}
	})
	for _, text := range []string{"", "-1", "2.9001", "two", "1e9", "99999999999"} {
		if p, err := remit.ParsePercent("percent", text); err == nil {
			t.Errorf("%q is %s", text, p)
		}
	}
}

// F5, M8: of a fee the same part goes back as of the amount, in steps that Stripe can
// send back, and the rest with the last of it.
func TestPartOfASurchargeGoesBack(t *testing.T) {
	t.Parallel()
	for _, of := range []struct {
		currency                    money.Currency
		applied, fee, amount, wants int64
	}{
		{"USD", 100_00, 3_20, 50_00, 1_60}, {"USD", 100_00, 3_20, 100_00, 3_20}, {"USD", 100_00, 3_20, 33_33, 1_07},
		{"KWD", 100_000, 3_090, 50_010, 1_540}, {"KWD", 100_000, 3_090, 100_000, 3_090},
	} {
		may := remit.Refundable{Applied: of.applied, Surcharge: of.fee}
		if back, err := may.Refund(of.amount, of.currency, true); back != of.wants || err != nil {
			t.Errorf("of %d, %d of %d %s: %d, %v; want %d", of.fee, of.amount, of.applied, of.currency, back, err, of.wants)
		}
		if kept, err := may.Refund(of.amount, of.currency, false); kept != 0 || err != nil {
			t.Errorf("a fee that is kept: %d, %v", kept, err)
		}
	}
}
