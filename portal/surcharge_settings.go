package portal

import (
	"remit"
	"remit/money"
	"remit/portal/page"
)

// networkLabels are the networks as people write them.
var networkLabels = map[string]string{
	"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "discover": "Discover", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay",
}

// surchargeView is the setting as it is typed, with what it comes to.
func surchargeView(s remit.SurchargeSettings, currency string, platform remit.Percent) page.SurchargeForm {
	form := page.SurchargeForm{Mode: string(s.Mode), Percent: s.Percent.Decimal(), Fixed: page.Typed(s.Fixed, currency)}
	for _, network := range remit.SurchargeNetworks() {
		most := page.NetworkCap{Network: network, Label: networkLabels[network]}
		if limit, capped := s.Caps[network]; capped {
			most.Percent = limit.Decimal()
		}
		form.Caps = append(form.Caps, most)
	}
	return withExamples(form, s, currency, platform)
}

// withExamples says what a payment comes to in each mode, and which rule that may go
// against.
func withExamples(form page.SurchargeForm, s remit.SurchargeSettings, currency string, platform remit.Percent) page.SurchargeForm {
	form.Platform = platform
	example := func(mode remit.SurchargeMode) string {
		of := s
		of.Mode = mode
		amount, total, net, ok := remit.SurchargeExample(of, money.Currency(currency), platform)
		if !ok {
			return "Nothing is added."
		}
		return amount.Format() + ": payer pays " + total.Format() + ", you get " + net.Format()
	}
	form.AddOn, form.GrossUp = example(remit.SurchargeAddOn), example(remit.SurchargeGrossUp)
	form.Warning = remit.SurchargeWarning(s, money.Currency(currency))
	return form
}

// surchargeTyped reads it off the form, into the form as well.
func (v *visit) surchargeTyped(view *page.PaymentSettings) (s remit.SurchargeSettings, err error) {
	form := page.SurchargeForm{Mode: v.typed("surcharge.mode"), Percent: v.typed("surcharge.percent"), Fixed: v.typed("surcharge.fixed")}
	for _, network := range remit.SurchargeNetworks() {
		form.Caps = append(form.Caps, page.NetworkCap{Network: network, Label: networkLabels[network], Percent: v.typed("cap." + network)})
	}
	platform := view.Fee.Platform
	view.Fee = form
	s = remit.SurchargeSettings{Mode: remit.SurchargeMode(form.Mode), Caps: map[string]remit.Percent{}}
	if s.Percent, err = remit.ParsePercent("surcharge.percent", form.Percent); err != nil {
		return s, err
	}
	fixed, err := money.ParseDecimal(form.Fixed, money.Currency(view.Currency))
	if err != nil {
		return s, wrong("surcharge.fixed", err.Error())
	}
	s.Fixed = fixed.Minor
	for _, most := range form.Caps {
		if most.Percent == "" {
			continue
		}
		if s.Caps[most.Network], err = remit.ParsePercent("surcharge.caps", most.Percent); err != nil {
			return s, err
		}
	}
	if s, err = s.Check(); err == nil {
		view.Fee = withExamples(form, s, view.Currency, platform)
	}
	return s, err
}
