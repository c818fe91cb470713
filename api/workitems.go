package api

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func workItems(c *call) (answer, error) {
	filter := commands.WorkItemFilter{Organisation: c.organisation()}
	if state := c.text("state"); state != "" {
		filter.States = []remit.WorkItemState{remit.WorkItemState(state)}
	}
	list, err := c.server.commands.WorkItems(c.ctx(), c.caller, filter, c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, c.workItemShape))
}

func workItem(c *call) (answer, error) {
	return c.workItemAnswer(c.server.commands.WorkItem(c.ctx(), c.caller, c.id()))
}

func claimWorkItem(c *call) (answer, error) {
	return c.workItemAnswer(c.server.commands.ClaimWorkItem(c.ctx(), c.caller, c.id()))
}

func releaseWorkItem(c *call) (answer, error) {
	return c.workItemAnswer(c.server.commands.ReleaseWorkItem(c.ctx(), c.caller, c.id()))
}

func (c *call) workItemAnswer(w remit.WorkItem, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(c.workItemShape(w))
}

// payWorkItem pays a work item's invoice.
func payWorkItem(c *call) (answer, error) {
	return c.payAnswer(c.server.commands.PayWorkItem(c.ctx(), c.caller, c.id(), c.payBody()))
}

// payInvoice pays an invoice without its work item.
func payInvoice(c *call) (answer, error) {
	return c.payAnswer(c.server.commands.PayInvoice(c.ctx(), c.caller, c.id(), c.payBody()))
}

type payWire struct {
	Amount        int64      `json:"amount"`
	PaymentMethod *uuid.UUID `json:"payment_method"`
	Checkout      bool       `json:"checkout"`
	Save          bool       `json:"save"`
	Surcharge     *int64     `json:"surcharge"`
	BankOnly      bool       `json:"bank_only"`
}

func (c *call) payBody() commands.Body[commands.PayInput] {
	return body(c, func(w payWire) (commands.PayInput, error) {
		return commands.PayInput{
			Amount: w.Amount, PaymentMethod: w.PaymentMethod, Checkout: w.Checkout, Save: w.Save, Surcharge: w.Surcharge, BankOnly: w.BankOnly,
			Keyed: c.request.Header.Get(headerKey) != "",
		}, nil
	})
}

// payAnswer is 200 for money that is there, 202 for what is not at its end yet,
// and 402 with the payment for a decline.
func (c *call) payAnswer(o commands.PayOutcome, err error) (answer, error) {
	var refused *commands.DeclinedError
	var waits *commands.ApprovalNeededError
	switch {
	case errors.As(err, &refused):
		return answer{}, declined{error: err, payment: paymentShape(withAttempt(refused.Outcome))}
	case errors.As(err, &waits):
		return answer{}, unapproved{error: err, approval: approvalShape(waits.Approval)}
	case err != nil:
		return answer{}, err
	case o.Done:
		return ok(c.outcomeShape(o))
	default:
		return answer{status: http.StatusAccepted, body: c.outcomeShape(o)}, nil
	}
}
