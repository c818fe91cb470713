package api

import (
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func refunds(c *call) (answer, error) {
	all, err := c.server.commands.Refunds(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	list, err := pageOf(all, c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, refundShape))
}

func refundPayment(c *call) (answer, error) {
	refund, err := c.server.commands.RefundPayment(c.ctx(), c.caller, c.id(), body(c, func(w refundWire) (commands.RefundInput, error) {
		return commands.RefundInput{Amount: w.Amount, Reason: w.Reason, Then: remit.RefundChoice(w.Then), ReturnSurcharge: w.ReturnSurcharge}, nil
	}))
	if err != nil {
		return answer{}, err
	}
	return created(refundShape(refund))
}

// refundWire is a refund as it is asked for. Bounds are the contract's.
type refundWire struct {
	Amount          int64  `json:"amount"`
	Reason          string `json:"reason"`
	Then            string `json:"then"`
	ReturnSurcharge bool   `json:"return_surcharge"`
}

type refundBody struct {
	ID           uuid.UUID          `json:"id"`
	PaymentID    uuid.UUID          `json:"payment_id"`
	InvoiceID    uuid.UUID          `json:"invoice_id"`
	Amount       int64              `json:"amount"`
	Surcharge    int64              `json:"surcharge"`
	Currency     string             `json:"currency"`
	State        remit.RefundState  `json:"state"`
	Reason       string             `json:"reason"`
	Then         remit.RefundChoice `json:"then"`
	Failure      *string            `json:"failure"`
	StripeRefund *string            `json:"stripe_refund"`
	CreatedAt    time.Time          `json:"created_at"`
}

func refundShape(r remit.Refund) refundBody {
	return refundBody{
		ID: r.ID, PaymentID: r.PaymentID, InvoiceID: r.InvoiceID, Amount: r.Amount, Surcharge: r.Surcharge, Currency: r.Currency, State: r.State,
		Reason: r.Reason, Then: r.Choice, Failure: orNull(r.Failure), StripeRefund: orNull(r.StripeRefund), CreatedAt: r.CreatedAt.UTC(),
	}
}
