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
