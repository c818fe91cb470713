package api

import (
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func disputes(c *call) (answer, error) {
	filter := commands.DisputeFilter{Organisation: c.organisation(), State: remit.DisputeState(c.text("state")), Open: c.flag("open")}
	list, err := c.server.commands.Disputes(c.ctx(), c.caller, filter, c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, disputeShape))
}

// disputeBody is a dispute as it leaves.
type disputeBody struct {
	ID           uuid.UUID          `json:"id"`
	PaymentID    uuid.UUID          `json:"payment_id"`
	InvoiceID    uuid.UUID          `json:"invoice_id"`
	Organisation string             `json:"organisation"`
	Amount       int64              `json:"amount"`
	Currency     string             `json:"currency"`
	State        remit.DisputeState `json:"state"`
	Reason       string             `json:"reason"`
	RespondBy    *time.Time         `json:"respond_by"`
	Final        bool               `json:"final"`
	Withdrawn    bool               `json:"withdrawn"`
	Reinstated   bool               `json:"reinstated"`
	Stripe       disputeIDsBody     `json:"stripe"`
	CreatedAt    time.Time          `json:"created_at"`
	ClosedAt     *time.Time         `json:"closed_at"`
}

type disputeIDsBody struct {
	Dispute string `json:"dispute"`
	Charge  string `json:"charge"`
}

func disputeShape(d remit.Dispute) disputeBody {
	body := disputeBody{
		ID: d.ID, PaymentID: d.PaymentID, InvoiceID: d.InvoiceID, Organisation: d.Organisation, Amount: d.Amount, Currency: d.Currency,
		State: d.State, Reason: d.Reason, Final: d.Return(), Withdrawn: d.Withdrawn, Reinstated: d.Reinstated,
		Stripe: disputeIDsBody{Dispute: d.StripeDispute, Charge: d.Charge}, CreatedAt: d.CreatedAt.UTC(), ClosedAt: utc(d.ClosedAt),
	}
	if by, may := d.Respond(); may {
		body.RespondBy = utc(&by)
	}
	return body
}
