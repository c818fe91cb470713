package api

import (
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

// paymentBody is a payment as it leaves.
type paymentBody struct {
	ID             uuid.UUID          `json:"id"`
	InvoiceID      uuid.UUID          `json:"invoice_id"`
	Attempt        *int               `json:"attempt"`
	Amount         int64              `json:"amount"`
	Surcharge      int64              `json:"surcharge"`
	AmountRefunded int64              `json:"amount_refunded"`
	Currency       string             `json:"currency"`
	State          remit.AttemptState `json:"state"`
	Returned       bool               `json:"returned"`
	Disputed       bool               `json:"disputed"`
	Method         *methodBody        `json:"method"`
	Decline        *declineBody       `json:"decline"`
	Stripe         stripeIDsBody      `json:"stripe"`
	Reference      *string            `json:"reference"`
	CreatedAt      time.Time          `json:"created_at"`
	SettledAt      *time.Time         `json:"settled_at"`
}

type methodBody struct {
	ID    *string `json:"id"`
	Type  string  `json:"type"`
	Brand *string `json:"brand"`
	Last4 *string `json:"last4"`
}

type declineBody struct {
	Class   *string `json:"class"`
	Code    *string `json:"code"`
	Message string  `json:"message"`
}

type stripeIDsBody struct {
	PaymentIntent *string `json:"payment_intent"`
	Charge        *string `json:"charge"`
}

// paymentShape is a payment with its last attempt. Whether it holds a decline's
// code was decided where it was read.
func paymentShape(p remit.Payment) paymentBody {
	body := paymentBody{
		ID: p.ID, InvoiceID: p.InvoiceID, Amount: p.Amount, Surcharge: p.Surcharge, AmountRefunded: p.AmountRefunded, Returned: p.Returned, Disputed: p.Disputed,
		Currency: p.Currency, State: p.State, Reference: orNull(p.Reference), CreatedAt: p.CreatedAt.UTC(), SettledAt: utc(p.SettledAt),
		Stripe: stripeIDsBody{PaymentIntent: orNull(p.PaymentIntent), Charge: orNull(p.Charge)},
	}
	if len(p.Attempts) == 0 {
		if p.Source == sourceTransfer {
			body.Method = &methodBody{Type: sourceTransfer}
		}
		return body
	}
	last := p.Attempts[len(p.Attempts)-1]
	body.Attempt = &last.Number
	if m := last.Method; m != nil {
		body.Method = &methodBody{ID: orNull(m.ID), Type: m.Type, Brand: orNull(m.Brand), Last4: orNull(m.Last4)}
	}
	if d := last.Decline; d != nil {
		body.Decline = &declineBody{Message: d.Message, Class: orNull(d.Class), Code: orNull(d.Code)}
	}
	return body
}

// sourceTransfer is the source of money received outside Stripe.
const sourceTransfer = "bank_transfer"

// outcomeBody is how far a payment came.
type outcomeBody struct {
	Payment    *paymentBody `json:"payment"`
	Invoice    invoiceBody  `json:"invoice"`
	Checkout   *pageBody    `json:"checkout"`
	NextAction *addressBody `json:"next_action"`
}

// pageBody is a page of Stripe's to send a person to.
type pageBody struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

type addressBody struct {
	URL string `json:"url"`
}

func outcomeShape(o commands.PayOutcome) outcomeBody {
	body := outcomeBody{Invoice: invoiceShape(o.Invoice)}
	if o.Payment.ID != uuid.Nil { // else a card is only collected
		payment := paymentShape(withAttempt(o))
		body.Payment = &payment
	}
	if o.Checkout != nil {
		page := pageShape(*o.Checkout)
		body.Checkout = &page
	}
	if o.NextAction != "" {
		body.NextAction = &addressBody{URL: o.NextAction}
	}
	return body
}

// withAttempt is the outcome's payment with the attempt it is about as its last.
func withAttempt(o commands.PayOutcome) remit.Payment {
	p := o.Payment
	p.Attempts = []remit.Attempt{o.Attempt}
	return p
}

func pageShape(p commands.CheckoutPage) pageBody {
	return pageBody{URL: p.URL, ExpiresAt: p.ExpiresAt.UTC()}
}
