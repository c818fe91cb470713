package portal

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"remit"
	"remit/commands"
	"remit/money"
	"remit/portal/page"
)

// at is the organisation a settings page is about: the one asked for, else the
// one chosen, else the first where the visitor may see the setting.
func (v *visit) at(asked string, places []string) string {
	for _, p := range []string{asked, v.place()} {
		if slices.Contains(places, p) {
			return p
		}
	}
	if len(places) > 0 {
		return places[0]
	}
	return v.place()
}

// paymentSettings are how invoices made from now on are paid (U22).
func (v *visit) paymentSettings() error {
	view, err := v.paymentSettingsView(v.query("at"))
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.PaymentSettingsPage(view))
}

func (v *visit) paymentSettingsView(asked string) (page.PaymentSettings, error) {
	places := v.placesWhere(remit.StripeView)
	view := page.PaymentSettings{Shell: v.settingsShell("Payments"), Places: places, Place: v.at(asked, places)}
	s, err := v.do.PaymentSettings(v.ctx(), v.caller, view.Place)
	if err != nil {
		return view, err
	}
	view.Online, view.Partial, view.Currency, view.SetAt = s.OnlinePayments, s.PartialPayments, s.Currency, s.SetAt
	view.Cards, view.BankAccounts = s.Methods.Cards, s.Methods.BankAccounts
	view.Bank, view.BankDetails, view.Links = s.BankTransfer.Enabled, s.BankTransfer.Details, s.PaymentLinks
	view.Terms, view.Seller, view.Contact = strconv.Itoa(s.PaymentTerms), s.Seller, s.Contact
	view.RequireMethod, view.Charge = s.RequireMethod, chargeView(s.AutoCharge)
	view.Fee, view.Receipts, view.BelowMinimum = surchargeView(s.Surcharge, s.Currency, s.PlatformTakes), string(s.Receipts), string(s.Remainders)
	view.LateFees = lateFeesView(s.LateFees, s.Currency)
	view.Minimum, view.MayEdit = page.Typed(s.MinimumPartial, s.Currency), v.may(view.Place, remit.StripeAll)
	return view, nil
}

func (v *visit) savePaymentSettings() error {
	view, err := v.paymentSettingsView(v.typed("at"))
	if err != nil {
		return err
	}
	view.Online, view.Partial, view.Minimum = v.typed("online") != "", v.typed("partial") != "", v.typed("minimum_partial")
	view.Cards, view.BankAccounts = v.typed("cards") != "", v.typed("bank_accounts") != ""
	view.Bank, view.BankDetails, view.Links = v.typed("bank") != "", v.typed("bank_transfer.details"), v.typed("links") != ""
	view.Terms, view.Seller, view.Contact = v.typed("payment_terms_days"), v.typed("seller"), v.typed("contact")
	view.RequireMethod = v.typed("require_method") != ""
	view.Charge = page.ChargeSettings{
		On: v.typed("auto_charge") != "", At: v.typed("auto_charge_at"), Days: v.typed("auto_charge_days"), From: v.typed("charge_window"), To: v.typed("charge_to"),
		TooLate: v.typed("too_late_days"), Announce: v.typed("announce_days"),
	}
	view.Receipts, view.BelowMinimum = v.typed("receipts"), v.typed("below_minimum")
	late, wrongLate := v.lateFeesTyped(&view)
	fee, wrongFee := v.surchargeTyped(&view)
	if v.typed("show") != "" && wrongFee == nil { // without a script what it comes to is asked for
		return v.show(http.StatusOK, page.PaymentSettingsPage(view))
	}
	_, err = v.do.SetPaymentSettings(v.ctx(), v.caller, view.Place, func() (commands.PaymentSettings, error) {
		in := commands.PaymentSettings{
			OnlinePayments: view.Online, Methods: remit.AllowedMethods{Cards: view.Cards, BankAccounts: view.BankAccounts}, PartialPayments: view.Partial, PaymentLinks: view.Links,
			BankTransfer: remit.BankTransfer{Enabled: view.Bank, Details: view.BankDetails},
			Seller:       view.Seller, Contact: view.Contact, RequireMethod: view.RequireMethod,
			Surcharge: fee, Receipts: remit.ReceiptsBy(view.Receipts), Remainders: remit.RemainderRule(view.BelowMinimum), LateFees: late,
		}
		err := cmp.Or(wrongFee, wrongLate)
		if err != nil {
			return in, err
		}
		if in.PaymentTerms, err = strconv.Atoi(view.Terms); err != nil {
			return in, remit.CheckPaymentTerms(-1)
		}
		if in.AutoCharge, err = chargeTyped(view.Charge); err != nil {
			return in, err
		}
		if view.Minimum == "" {
			return in, nil
		}
		amount, err := money.ParseDecimal(view.Minimum, money.Currency(view.Currency))
		if err != nil {
			return in, wrong("minimum_partial", err.Error())
		}
		in.MinimumPartial = amount.Minor
		return in, nil
	})
	if err != nil {
		p, status, mendable := problems(err, append(lateFeeFields(), "methods", "minimum_partial", "bank_transfer.details", "payment_terms_days", "seller", "contact",
			"surcharge.mode", "surcharge.percent", "surcharge.fixed", "surcharge.caps", "receipts", "below_minimum",
			"auto_charge_at", "auto_charge_days", "charge_window", "too_late_days", "announce_days")...)
		if !mendable {
			return err
		}
		view.Problems = p
		return v.show(status, page.PaymentSettingsPage(view))
	}
	return v.goTo("/settings/payments?"+url.Values{"at": {view.Place}}.Encode(), "saved")
}

// workflow is who is asked to pay (U23).
func (v *visit) workflow() error {
	view, err := v.workflowView(v.query("at"))
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.WorkflowPage(view))
}

func (v *visit) workflowView(asked string) (page.Workflow, error) {
	places := v.placesWhere(remit.WorkflowEdit)
	view := page.Workflow{Shell: v.settingsShell("Workflow"), Places: places, Place: v.at(asked, places)}
	step, err := v.do.WorkItemStep(v.ctx(), v.caller, view.Place)
	if err != nil {
		return view, err
	}
	view.SetAt, view.XML, view.Reaches, view.Warnings = step.SetAt, step.XML, step.Reaches, step.Warnings
	view.Fields = page.AssigneeFields{Name: step.Assignee.Name, Scope: step.Assignee.Scope.String()}
	if !step.Assignee.Path.IsZero() {
		view.Fields.Path = step.Assignee.Path.String()
	}
	view.Script, err = v.scriptView(view.Place)
	return view, err
}

func (v *visit) saveWorkflow() error {
	view, err := v.workflowView(v.typed("at"))
	if err != nil {
		return err
	}
	view.Mode = v.typed("mode")
	if view.Mode == "xml" {
		view.XML = v.typed("xml")
	} else {
		view.Fields = page.AssigneeFields{Name: v.typed("name"), Path: v.typed("path"), Scope: v.typed("scope")}
	}
	_, err = v.do.SetWorkItemStep(v.ctx(), v.caller, view.Place, func() (remit.Assignee, error) {
		if view.Mode == "xml" {
			return remit.ParseAssignee(view.XML)
		}
		return remit.AssigneeFromFields(view.Fields.Name, view.Fields.Path, remit.AssigneeUnit, view.Fields.Scope)
	})
	if err == nil {
		return v.goTo("/settings/workflow?"+url.Values{"at": {view.Place}}.Encode(), "saved")
	}
	p, status, mendable := problems(err, "xml", "name", "path", "scope")
	if !mendable {
		return err
	}
	if view.Mode == "xml" { // whatever attribute is wrong, the line is where it stands
		for n := range p.Fields {
			p.Fields[n].Field = "xml"
		}
	}
	view.Problems = p
	return v.show(status, page.WorkflowPage(view))
}
