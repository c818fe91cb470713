package gateway

import (
	"context"
	"time"

	"github.com/stripe/stripe-go/v79"
)

// SessionParams is every parameter of a Checkout Session. It is stored before
// the session is created, so that a create whose answer was lost is repeated
// with exactly the same ones.
type SessionParams struct {
	Mode              string            `json:"mode"` // payment or setup
	Amount            int64             `json:"amount,omitempty"`
	Currency          string            `json:"currency"`
	Name              string            `json:"name,omitempty"` // what is paid, as the payer reads it
	StripeCustomer    string            `json:"stripe_customer,omitempty"`
	ClientReferenceID string            `json:"client_reference_id"`
	SuccessURL        string            `json:"success_url"`
	CancelURL         string            `json:"cancel_url"`
	ExpiresAt         int64             `json:"expires_at"` // Unix seconds on the account's clock
	Save              bool              `json:"save,omitempty"`
	ApplicationFee    int64             `json:"application_fee,omitempty"` // of Amount, that the platform takes
	ReceiptEmail      string            `json:"receipt_email,omitempty"`   // whom Stripe sends its receipt
	BankDebits        bool              `json:"bank_debits,omitempty"`     // offered beside cards
	BankOnly          bool              `json:"bank_only,omitempty"`       // no card is taken
	Metadata          map[string]string `json:"metadata"`
}

// SessionView is what Stripe says of a Checkout Session.
type SessionView struct {
	ID            string
	Status        string // open, complete or expired
	PaymentStatus string // paid, unpaid or no_payment_required
	URL           string
	ExpiresAt     time.Time
	PaymentIntent string
	SetupIntent   string
	Customer      string
	PaymentMethod string // the one a setup session collected
}

// CreateSession makes a hosted page.
func (c *Client) CreateSession(ctx context.Context, key string, p SessionParams) (SessionView, error) {
	params := &stripe.CheckoutSessionParams{
		Mode:               stripe.String(p.Mode),
		PaymentMethodTypes: stripe.StringSlice([]string{TypeCard}),
		ClientReferenceID:  stripe.String(p.ClientReferenceID),
		SuccessURL:         stripe.String(p.SuccessURL),
		CancelURL:          stripe.String(p.CancelURL),
		Metadata:           p.Metadata,
	}
	if p.StripeCustomer != "" {
		params.Customer = stripe.String(p.StripeCustomer)
	}
	if p.BankDebits {
		params.PaymentMethodTypes = stripe.StringSlice([]string{TypeCard, TypeBankAccount})
		if p.BankOnly {
			params.PaymentMethodTypes = stripe.StringSlice([]string{TypeBankAccount})
		}
		params.PaymentMethodOptions = &stripe.CheckoutSessionPaymentMethodOptionsParams{
			USBankAccount: &stripe.CheckoutSessionPaymentMethodOptionsUSBankAccountParams{VerificationMethod: stripe.String("automatic")},
		}
	}
	if p.Mode == "setup" {
		params.SetupIntentData = &stripe.CheckoutSessionSetupIntentDataParams{Metadata: p.Metadata}
		params.Currency = stripe.String(p.Currency)
	} else {
		params.ExpiresAt = stripe.Int64(p.ExpiresAt)
		params.LineItems = []*stripe.CheckoutSessionLineItemParams{{
			Quantity: stripe.Int64(1),
			PriceData: &stripe.CheckoutSessionLineItemPriceDataParams{
				Currency:    stripe.String(p.Currency),
				UnitAmount:  stripe.Int64(p.Amount),
				ProductData: &stripe.CheckoutSessionLineItemPriceDataProductDataParams{Name: stripe.String(p.Name)},
			},
		}}
		params.PaymentIntentData = &stripe.CheckoutSessionPaymentIntentDataParams{Metadata: p.Metadata, Description: stripe.String(p.Name)}
		if p.ApplicationFee > 0 {
			params.PaymentIntentData.ApplicationFeeAmount = stripe.Int64(p.ApplicationFee)
		}
		if p.ReceiptEmail != "" {
			params.PaymentIntentData.ReceiptEmail = stripe.String(p.ReceiptEmail)
		}
		if p.Save {
			params.PaymentIntentData.SetupFutureUsage = stripe.String("off_session")
		}
	}
	c.on(ctx, &params.Params, key)
	return sessionOr(c.sessions.New(params))
}

// Session retrieves a session as it stands.
func (c *Client) Session(ctx context.Context, id string) (SessionView, error) {
	params := &stripe.CheckoutSessionParams{}
	params.AddExpand("setup_intent")
	c.on(ctx, &params.Params, "")
	return sessionOr(c.sessions.Get(id, params))
}

// ExpireSession ends an open session. One that is complete is refused with
// meaning [Stop] or [State]; the caller then retrieves it.
func (c *Client) ExpireSession(ctx context.Context, key, id string) (SessionView, error) {
	params := &stripe.CheckoutSessionExpireParams{}
	c.on(ctx, &params.Params, key)
	return sessionOr(c.sessions.Expire(id, params))
}

func sessionOr(s *stripe.CheckoutSession, err error) (SessionView, error) {
	if err != nil {
		return SessionView{}, failureOf(err)
	}
	v := SessionView{
		ID: s.ID, Status: string(s.Status), PaymentStatus: string(s.PaymentStatus), URL: s.URL,
		ExpiresAt: time.Unix(s.ExpiresAt, 0).UTC(),
	}
	if s.PaymentIntent != nil {
		v.PaymentIntent = s.PaymentIntent.ID
	}
	if s.Customer != nil {
		v.Customer = s.Customer.ID
	}
	if s.SetupIntent != nil {
		v.SetupIntent = s.SetupIntent.ID
		if s.SetupIntent.PaymentMethod != nil {
			v.PaymentMethod = s.SetupIntent.PaymentMethod.ID
		}
	}
	return v, nil
}
