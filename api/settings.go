package api

import (
	"remit"
	"remit/commands"
	"remit/money"
)

func workItemStep(c *call) (answer, error) {
	return stepAnswer(c.server.commands.WorkItemStep(c.ctx(), c.caller, c.organisation()))
}

func setWorkItemStep(c *call) (answer, error) {
	return stepAnswer(c.server.commands.SetWorkItemStep(c.ctx(), c.caller, c.organisation(), c.assignee()))
}

type stepBody struct {
	Assignee assigneeBody `json:"assignee"`
	XML      string       `json:"xml"`
	SetAt    *string      `json:"set_at"`
	Reaches  int          `json:"reaches"`
	Warnings []string     `json:"warnings"`
}

func stepAnswer(s commands.WorkItemStep, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(stepBody{Assignee: assigneeShape(s.Assignee), XML: s.XML, SetAt: orNull(s.SetAt), Reaches: s.Reaches, Warnings: orEmpty(s.Warnings)})
}

// assigneeWire is an assignee in fields, or as the XML line.
type assigneeWire struct {
	Name  *string `json:"name"`
	Path  *string `json:"path"`
	Type  *string `json:"type"`
	Scope *string `json:"scope"`
	XML   *string `json:"xml"`
}

// assignee reads the body in whichever of its three forms it came.
func (c *call) assignee() commands.Body[remit.Assignee] {
	if c.media == mediaXML {
		return func() (remit.Assignee, error) { return remit.ParseAssignee(string(c.payload)) }
	}
	return body(c, func(w assigneeWire) (remit.Assignee, error) {
		if w.XML == nil {
			return remit.AssigneeFromFields(orBlank(w.Name), orBlank(w.Path), orBlank(w.Type), orBlank(w.Scope))
		}
		if w.Name != nil || w.Path != nil || w.Type != nil || w.Scope != nil {
			return remit.Assignee{}, remit.Invalid("xml", "Give the line or the fields, not both.")
		}
		return remit.ParseAssignee(*w.XML)
	})
}

func orBlank(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func paymentSettings(c *call) (answer, error) {
	return paymentSettingsAnswer(c.server.commands.PaymentSettings(c.ctx(), c.caller, c.organisation()))
}

// setPaymentSettings changes what the body names and leaves the rest as it is.
func setPaymentSettings(c *call) (answer, error) {
	input := body(c, func(w paymentSettingsWire) (commands.PaymentSettings, error) {
		settings, err := c.server.commands.PaymentSettings(c.ctx(), c.caller, c.organisation())
		if err != nil {
			return settings, err
		}
		replace(&settings.OnlinePayments, w.OnlinePayments)
		if w.Methods != nil {
			replace(&settings.Methods.Cards, w.Methods.Cards)
			replace(&settings.Methods.BankAccounts, w.Methods.BankAccounts)
		}
		replace(&settings.PartialPayments, w.PartialPayments)
		replace(&settings.MinimumPartial, w.MinimumPartial)
		if w.BankTransfer != nil {
			replace(&settings.BankTransfer.Enabled, w.BankTransfer.Enabled)
			replace(&settings.BankTransfer.Details, w.BankTransfer.Details)
		}
		replace(&settings.PaymentLinks, w.PaymentLinks)
		replace(&settings.RequireMethod, w.RequireMethod)
		replace(&settings.PaymentTerms, w.PaymentTerms)
		replace(&settings.Seller, w.Seller)
		replace(&settings.Contact, w.Contact)
		replace(&settings.Receipts, w.Receipts)
		replace(&settings.Remainders, w.Remainders)
		if w.Surcharge != nil {
			replace(&settings.Surcharge.Mode, w.Surcharge.Mode)
			replace(&settings.Surcharge.Percent, w.Surcharge.Percent)
			replace(&settings.Surcharge.Fixed, w.Surcharge.Fixed)
			if w.Surcharge.Caps != nil {
				settings.Surcharge.Caps = w.Surcharge.Caps.caps()
			}
		}
		if w.LateFees != nil {
			settings.LateFees = w.LateFees.fees()
		}
		replace(&settings.AutoCharge.On, w.AutoCharge)
		replace(&settings.AutoCharge.At, w.AutoChargeAt)
		replace(&settings.AutoCharge.Days, w.AutoChargeDays)
		if w.ChargeWindow != nil {
			settings.AutoCharge.Window = remit.ChargeWindow(*w.ChargeWindow)
		}
		replace(&settings.AutoCharge.TooLate, w.TooLate)
		replace(&settings.AutoCharge.Announce, w.Announce)
		return settings, nil
	})
	return paymentSettingsAnswer(c.server.commands.SetPaymentSettings(c.ctx(), c.caller, c.organisation(), input))
}

func replace[T any](target, given *T) {
	if given != nil {
		*target = *given
	}
}

type paymentSettingsWire struct {
	OnlinePayments  *bool             `json:"online_payments"`
	Methods         *methodsWire      `json:"methods"`
	PartialPayments *bool             `json:"partial_payments"`
	MinimumPartial  *int64            `json:"minimum_partial"`
	BankTransfer    *bankTransferWire `json:"bank_transfer"`
	PaymentLinks    *bool             `json:"payment_links"`
	RequireMethod   *bool             `json:"require_method"`
	PaymentTerms    *int              `json:"payment_terms_days"`
	Seller          *string           `json:"seller"`
	Contact         *string           `json:"contact"`

	Surcharge  *surchargeWire       `json:"surcharge"`
	Receipts   *remit.ReceiptsBy    `json:"receipts"`
	Remainders *remit.RemainderRule `json:"below_minimum"`
	LateFees   *lateFeesWire        `json:"late_fees"`

	AutoCharge     *bool               `json:"auto_charge"`
	AutoChargeAt   *remit.ChargeTiming `json:"auto_charge_at"`
	AutoChargeDays *int                `json:"auto_charge_days"`
	ChargeWindow   *chargeWindowWire   `json:"charge_window"`
	TooLate        *int                `json:"too_late_days"`
	Announce       *int                `json:"announce_days"`
}

type methodsWire struct {
	Cards        *bool `json:"cards"`
	BankAccounts *bool `json:"bank_accounts"`
}

type chargeWindowWire struct {
	From remit.TimeOfDay `json:"from"`
	To   remit.TimeOfDay `json:"to"`
}

type surchargeWire struct {
	Mode    *remit.SurchargeMode `json:"mode"`
	Percent *remit.Percent       `json:"percent"`
	Fixed   *int64               `json:"fixed"`
	Caps    *capsWire            `json:"caps"`
}

// capsWire are all caps: what is left out has none.
type capsWire struct {
	Visa       *remit.Percent `json:"visa"`
	Mastercard *remit.Percent `json:"mastercard"`
	Amex       *remit.Percent `json:"amex"`
	Discover   *remit.Percent `json:"discover"`
	Diners     *remit.Percent `json:"diners"`
	JCB        *remit.Percent `json:"jcb"`
	UnionPay   *remit.Percent `json:"unionpay"`
}

func (w capsWire) caps() map[string]remit.Percent {
	named := map[string]*remit.Percent{
		"visa": w.Visa, "mastercard": w.Mastercard, "amex": w.Amex, "discover": w.Discover, "diners": w.Diners, "jcb": w.JCB, "unionpay": w.UnionPay,
	}
	caps := map[string]remit.Percent{}
	for network, most := range named {
		if most != nil {
			caps[network] = *most
		}
	}
	return caps
}

// exampleBody is what a payment comes to under the settings: of 100 in their currency.
type exampleBody struct {
	Amount int64 `json:"amount"`
	Total  int64 `json:"total"` // that the payer pays
	Net    int64 `json:"net"`   // that is left of it
}

type bankTransferWire struct {
	Enabled *bool   `json:"enabled"`
	Details *string `json:"details"`
}

type paymentSettingsBody struct {
	OnlinePayments  bool                 `json:"online_payments"`
	Methods         remit.AllowedMethods `json:"methods"`
	PartialPayments bool                 `json:"partial_payments"`
	MinimumPartial  int64                `json:"minimum_partial"`
	BankTransfer    remit.BankTransfer   `json:"bank_transfer"`
	PaymentLinks    bool                 `json:"payment_links"`
	RequireMethod   bool                 `json:"require_method"`
	PaymentTerms    int                  `json:"payment_terms_days"`
	Seller          string               `json:"seller"`
	Contact         string               `json:"contact"`
	remit.AutoCharge
	Surcharge  remit.SurchargeSettings `json:"surcharge"`
	Example    *exampleBody            `json:"surcharge_example"`
	Warning    *string                 `json:"surcharge_warning"`
	Receipts   remit.ReceiptsBy        `json:"receipts"`
	Remainders remit.RemainderRule     `json:"below_minimum"`
	LateFees   remit.LateFeeSettings   `json:"late_fees"`

	Currency string  `json:"currency"`
	SetAt    *string `json:"set_at"`
	Version  int64   `json:"version"`
}

func paymentSettingsAnswer(s commands.PaymentSettings, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	var example *exampleBody
	if amount, total, net, passed := remit.SurchargeExample(s.Surcharge, money.Currency(s.Currency), s.PlatformTakes); passed {
		example = &exampleBody{Amount: amount.Minor, Total: total.Minor, Net: net.Minor}
	}
	return ok(paymentSettingsBody{
		Surcharge: s.Surcharge.Shown(), Example: example, Warning: orNull(remit.SurchargeWarning(s.Surcharge, money.Currency(s.Currency))), Receipts: s.Receipts, Remainders: s.Remainders, LateFees: s.LateFees.Shown(),
		OnlinePayments: s.OnlinePayments, Methods: s.Methods.Shown(), PartialPayments: s.PartialPayments, MinimumPartial: s.MinimumPartial,
		BankTransfer: s.BankTransfer, PaymentLinks: s.PaymentLinks, RequireMethod: s.RequireMethod, PaymentTerms: s.PaymentTerms, Seller: s.Seller, Contact: s.Contact, AutoCharge: s.AutoCharge, Currency: s.Currency, SetAt: orNull(s.SetAt), Version: s.Version,
	})
}
