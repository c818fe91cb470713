package api

import (
	"remit"
	"remit/commands"
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
}

func stepAnswer(s commands.WorkItemStep, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(stepBody{Assignee: assigneeShape(s.Assignee), XML: s.XML, SetAt: orNull(s.SetAt), Reaches: s.Reaches})
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
		replace(&settings.PartialPayments, w.PartialPayments)
		replace(&settings.MinimumPartial, w.MinimumPartial)
		if w.BankTransfer != nil {
			replace(&settings.BankTransfer.Enabled, w.BankTransfer.Enabled)
			replace(&settings.BankTransfer.Details, w.BankTransfer.Details)
		}
		replace(&settings.PaymentLinks, w.PaymentLinks)
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
	PartialPayments *bool             `json:"partial_payments"`
	MinimumPartial  *int64            `json:"minimum_partial"`
	BankTransfer    *bankTransferWire `json:"bank_transfer"`
	PaymentLinks    *bool             `json:"payment_links"`
}

type bankTransferWire struct {
	Enabled *bool   `json:"enabled"`
	Details *string `json:"details"`
}

type paymentSettingsBody struct {
	OnlinePayments  bool               `json:"online_payments"`
	PartialPayments bool               `json:"partial_payments"`
	MinimumPartial  int64              `json:"minimum_partial"`
	BankTransfer    remit.BankTransfer `json:"bank_transfer"`
	PaymentLinks    bool               `json:"payment_links"`
	Currency        string             `json:"currency"`
	SetAt           *string            `json:"set_at"`
	Version         int64              `json:"version"`
}

func paymentSettingsAnswer(s commands.PaymentSettings, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(paymentSettingsBody{
		OnlinePayments: s.OnlinePayments, PartialPayments: s.PartialPayments, MinimumPartial: s.MinimumPartial,
		BankTransfer: s.BankTransfer, PaymentLinks: s.PaymentLinks, Currency: s.Currency, SetAt: orNull(s.SetAt), Version: s.Version,
	})
}
