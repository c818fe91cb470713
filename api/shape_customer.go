package api

import (
	"time"

	"github.com/google/uuid"

	"remit"
)

// customerBody is a customer as it leaves.
type customerBody struct {
	ID                   uuid.UUID  `json:"id"`
	Name                 string     `json:"name"`
	Email                string     `json:"email"`
	Organisation         string     `json:"organisation"`
	Currency             string     `json:"currency"`
	ExternalID           *string    `json:"external_id"`
	StripeCustomerID     *string    `json:"stripe_customer_id"`
	DefaultPaymentMethod *uuid.UUID `json:"default_payment_method"`
	AutoCharge           *bool      `json:"auto_charge"`
	Reminders            bool       `json:"reminders"`
	LinkNote             *string    `json:"link_note"`

	Details customerDetailsWire `json:"details"`

	CreatedAt time.Time `json:"created_at"`
}

func customerShape(c remit.Customer) customerBody {
	return customerBody{
		ID: c.ID, Name: c.Name, Email: c.Email, Organisation: c.Organisation, Currency: c.Currency,
		ExternalID: orNull(c.ExternalID), StripeCustomerID: orNull(c.StripeCustomer),
		DefaultPaymentMethod: c.DefaultPaymentMethod, AutoCharge: c.AutoCharge, Reminders: c.Reminders, CreatedAt: c.CreatedAt.UTC(),
		LinkNote: orNull(c.LinkNote), Details: detailsShape(c.Details),
	}
}

// paymentMethodBody is a saved payment method as it leaves.
type paymentMethodBody struct {
	ID           uuid.UUID          `json:"id"`
	Type         string             `json:"type"`
	Brand        *string            `json:"brand"`
	BankName     *string            `json:"bank_name"`
	Last4        string             `json:"last4"`
	ExpMonth     *int               `json:"exp_month"`
	ExpYear      *int               `json:"exp_year"`
	Status       remit.MethodStatus `json:"status"`
	AttemptsLeft *int               `json:"attempts_left"`
	Default      bool               `json:"default"`
}

func paymentMethodShape(m remit.PaymentMethod) paymentMethodBody {
	body := paymentMethodBody{
		ID: m.ID, Type: m.Type, Brand: orNull(m.Brand), BankName: orNull(m.BankName), Last4: m.Last4,
		Status: m.Status, AttemptsLeft: m.AttemptsLeft, Default: m.Default,
	}
	if m.ExpMonth != 0 {
		body.ExpMonth, body.ExpYear = &m.ExpMonth, &m.ExpYear
	}
	return body
}
