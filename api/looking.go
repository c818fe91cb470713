package api

import (
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func unknownPayments(c *call) (answer, error) {
	list, err := c.server.commands.UnknownPayments(c.ctx(), c.caller, c.organisation(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, unknownShape))
}

func settlePayment(c *call) (answer, error) {
	payment, err := c.server.commands.SettlePayment(c.ctx(), c.caller, c.id(), body(c, func(w settleWire) (commands.SettleInput, error) {
		return commands.SettleInput(w), nil
	}))
	if err != nil {
		return answer{}, err
	}
	return ok(paymentShape(payment))
}

// settleWire is what a person saw in Stripe. Bounds are the contract's.
type settleWire struct {
	Charged       bool   `json:"charged"`
	Charge        string `json:"charge"`
	PaymentIntent string `json:"payment_intent"`
	Reason        string `json:"reason"`
}

type unknownBody struct {
	PaymentID    uuid.UUID          `json:"payment_id"`
	InvoiceID    uuid.UUID          `json:"invoice_id"`
	Number       string             `json:"number"`
	Organisation string             `json:"organisation"`
	Attempt      int                `json:"attempt"`
	State        remit.AttemptState `json:"state"`
	Amount       int64              `json:"amount"`
	Surcharge    int64              `json:"surcharge"`
	Currency     string             `json:"currency"`
	Stripe       unknownAtBody      `json:"stripe"`
	Since        time.Time          `json:"since"`
	AskedAt      time.Time          `json:"asked_at"`
}

// unknownAtBody is where in Stripe to look.
type unknownAtBody struct {
	Account         string  `json:"account"`
	Livemode        bool    `json:"livemode"`
	PaymentIntent   *string `json:"payment_intent"`
	CheckoutSession *string `json:"checkout_session"`
}

func unknownShape(u remit.UnknownPayment) unknownBody {
	return unknownBody{
		PaymentID: u.PaymentID, InvoiceID: u.InvoiceID, Number: u.InvoiceNumber, Organisation: u.Organisation, Attempt: u.Attempt, State: u.State,
		Amount: u.Amount, Surcharge: u.Surcharge, Currency: u.Currency, Since: u.Since.UTC(), AskedAt: u.AskedAt.UTC(),
		Stripe: unknownAtBody{Account: u.Account, Livemode: u.Livemode, PaymentIntent: orNull(u.PaymentIntent), CheckoutSession: orNull(u.StripeSession)},
	}
}

func unknownBack(c *call) (answer, error) {
	list, err := c.server.commands.UnknownBack(c.ctx(), c.caller, c.organisation(), nil, c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, unknownBackShape))
}

func settleBack(c *call) (answer, error) {
	payment, err := c.server.commands.SettleBack(c.ctx(), c.caller, c.id(), body(c, func(w settleBackWire) (commands.SettleBackInput, error) {
		return commands.SettleBackInput(w), nil
	}))
	if err != nil {
		return answer{}, err
	}
	return ok(paymentShape(payment))
}

// settleBackWire is what a person saw in Stripe of money on its way back. Bounds are the
// contract's.
type settleBackWire struct {
	Refund   *uuid.UUID `json:"refund"`
	Dispute  *uuid.UUID `json:"dispute"`
	WentBack bool       `json:"went_back"`
	Reason   string     `json:"reason"`
}

type unknownBackBody struct {
	Kind         string            `json:"kind"`
	ID           uuid.UUID         `json:"id"`
	PaymentID    uuid.UUID         `json:"payment_id"`
	InvoiceID    uuid.UUID         `json:"invoice_id"`
	Number       string            `json:"number"`
	Organisation string            `json:"organisation"`
	Amount       int64             `json:"amount"`
	Currency     string            `json:"currency"`
	Stripe       unknownBackAtBody `json:"stripe"`
	Since        time.Time         `json:"since"`
}

// unknownBackAtBody is where in Stripe to look.
type unknownBackAtBody struct {
	Account       string  `json:"account"`
	Livemode      bool    `json:"livemode"`
	ID            *string `json:"id"`
	PaymentIntent *string `json:"payment_intent"`
}

func unknownBackShape(u remit.UnknownBack) unknownBackBody {
	kind := "refund"
	if u.Dispute {
		kind = "dispute"
	}
	return unknownBackBody{
		Kind: kind, ID: u.ID, PaymentID: u.PaymentID, InvoiceID: u.InvoiceID, Number: u.InvoiceNumber, Organisation: u.Organisation, Amount: u.Amount, Currency: u.Currency,
		Since: u.Since.UTC(), Stripe: unknownBackAtBody{Account: u.Account, Livemode: u.Livemode, ID: orNull(u.StripeID), PaymentIntent: orNull(u.PaymentIntent)},
	}
}
