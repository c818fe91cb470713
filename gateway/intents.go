package gateway

import (
	"context"
	"encoding/json"

	"github.com/stripe/stripe-go/v79"

	"remit"
)

// NewIntent is what a PaymentIntent is created with. Amount includes any
// surcharge and is in Stripe's minor units.
type NewIntent struct {
	Amount         int64
	Currency       string
	StripeCustomer string
	Description    string
	ReceiptEmail   string // whom Stripe sends its receipt; "" for nobody
	ApplicationFee int64  // of Amount, that the platform takes; only at a connected account
	Metadata       map[string]string
}

// CreateIntent creates an intent unconfirmed.
func (c *Client) CreateIntent(ctx context.Context, key string, n NewIntent) (remit.IntentView, error) {
	params := &stripe.PaymentIntentParams{
		Amount: stripe.Int64(n.Amount), Currency: stripe.String(n.Currency),
		PaymentMethodTypes: stripe.StringSlice([]string{TypeCard}),
		Description:        stripe.String(n.Description),
	}
	if n.StripeCustomer != "" {
		params.Customer = stripe.String(n.StripeCustomer)
	}
	if n.ReceiptEmail != "" {
		params.ReceiptEmail = stripe.String(n.ReceiptEmail)
	}
	if n.ApplicationFee > 0 {
		params.ApplicationFeeAmount = stripe.Int64(n.ApplicationFee)
	}
	for k, v := range n.Metadata {
		params.AddMetadata(k, v)
	}
	c.on(ctx, &params.Params, key)
	return intentOr(c.intents.New(params))
}

// SetIntentAmount changes the amount of an intent that is not yet confirmed, and what
// of it the platform takes. The fee is sent only where it is another than the intent
// has: an account with keys of its own knows none.
func (c *Client) SetIntentAmount(ctx context.Context, key string, intent remit.IntentView, amount, applicationFee int64) (remit.IntentView, error) {
	params := &stripe.PaymentIntentParams{Amount: stripe.Int64(amount)}
	switch applicationFee {
	case intent.ApplicationFee:
	case 0:
		params.AddExtra("application_fee_amount", "")
	default:
		params.ApplicationFeeAmount = stripe.Int64(applicationFee)
	}
	c.on(ctx, &params.Params, key)
	return intentOr(c.intents.Update(intent.ID, params))
}

// Intent retrieves an intent as it stands.
func (c *Client) Intent(ctx context.Context, id string) (remit.IntentView, error) {
	params := &stripe.PaymentIntentParams{}
	params.AddExpand("latest_charge")
	c.on(ctx, &params.Params, "")
	return intentOr(c.intents.Get(id, params))
}

// Confirm is what an intent is confirmed with.
type Confirm struct {
	Method  string // its id at Stripe
	Type    string // [TypeCard] or [TypeBankAccount]
	Mandate string // the permission that a bank is debited by; "" for the one that stands at Stripe
}

// ConfirmIntent charges a saved method, the payer being away. A decline is a
// [Failure] with meaning [Outcome] that carries the intent. One intent is tried
// with methods of any type, so each try says its own.
func (c *Client) ConfirmIntent(ctx context.Context, key, id string, with Confirm) (remit.IntentView, error) {
	params := &stripe.PaymentIntentConfirmParams{
		PaymentMethod: stripe.String(with.Method), OffSession: stripe.Bool(true), PaymentMethodTypes: stripe.StringSlice([]string{with.Type}),
	}
	if with.Mandate != "" {
		params.Mandate = stripe.String(with.Mandate)
	}
	c.on(ctx, &params.Params, key)
	return intentOr(c.intents.Confirm(id, params))
}

// CancelIntent cancels an intent. The caller treats it as canceled only when
// the returned status says so.
func (c *Client) CancelIntent(ctx context.Context, key, id string) (remit.IntentView, error) {
	params := &stripe.PaymentIntentCancelParams{}
	c.on(ctx, &params.Params, key)
	return intentOr(c.intents.Cancel(id, params))
}

func (c *Client) on(ctx context.Context, params *stripe.Params, key string) {
	params.Context = ctx
	if c.access.Account != "" {
		params.SetStripeAccount(c.access.Account)
	}
	if key != "" {
		params.SetIdempotencyKey(key)
	}
}

func intentOr(pi *stripe.PaymentIntent, err error) (remit.IntentView, error) {
	if err != nil {
		return remit.IntentView{}, failureOf(err)
	}
	view := viewOf(pi)
	if pi.LastResponse != nil {
		view.AdviceCode = adviceOf(pi.LastResponse.RawJSON)
	}
	return view, nil
}

// adviceOf is the advice code of an intent's last error, of which this version's
// SDK has no field: an answer that was lost is to be read no softer afterwards.
func adviceOf(raw []byte) string {
	var intent struct {
		LastPaymentError *struct {
			AdviceCode string `json:"advice_code"`
		} `json:"last_payment_error"`
	}
	if json.Unmarshal(raw, &intent) != nil || intent.LastPaymentError == nil {
		return ""
	}
	return intent.LastPaymentError.AdviceCode
}

func viewOf(pi *stripe.PaymentIntent) remit.IntentView {
	v := remit.IntentView{
		ID: pi.ID, Status: string(pi.Status), Currency: string(pi.Currency),
		Amount: pi.Amount, AmountReceived: pi.AmountReceived, ApplicationFee: pi.ApplicationFeeAmount,
	}
	if pi.Customer != nil {
		v.Customer = pi.Customer.ID
	}
	if pi.LatestCharge != nil {
		v.LatestCharge = pi.LatestCharge.ID
		v.Method = methodOf(pi.LatestCharge.PaymentMethodDetails)
		if d := pi.LatestCharge.PaymentMethodDetails; d != nil && d.USBankAccount != nil && d.USBankAccount.Mandate != nil {
			v.Mandate = d.USBankAccount.Mandate.ID
		}
	}
	if pi.Invoice != nil {
		v.StripeInvoice = pi.Invoice.ID
	}
	if pi.PaymentMethod != nil {
		v.PaymentMethod = pi.PaymentMethod.ID
	}
	if pi.NextAction != nil {
		switch next := pi.NextAction; {
		case next.RedirectToURL != nil:
			v.NextActionURL = next.RedirectToURL.URL
		case next.VerifyWithMicrodeposits != nil:
			v.NextActionURL = next.VerifyWithMicrodeposits.HostedVerificationURL
		}
	}
	if e := pi.LastPaymentError; e != nil {
		v.ErrorCode, v.DeclineCode = string(e.Code), string(e.DeclineCode)
	}
	return v
}

func methodOf(d *stripe.ChargePaymentMethodDetails) *remit.MethodSummary {
	switch {
	case d == nil:
		return nil
	case d.Card != nil:
		return &remit.MethodSummary{Type: TypeCard, Brand: string(d.Card.Brand), Last4: d.Card.Last4, Funding: string(d.Card.Funding), Fingerprint: d.Card.Fingerprint}
	case d.USBankAccount != nil:
		return &remit.MethodSummary{Type: TypeBankAccount, Brand: d.USBankAccount.BankName, Last4: d.USBankAccount.Last4, Fingerprint: d.USBankAccount.Fingerprint}
	default:
		return &remit.MethodSummary{Type: string(d.Type)}
	}
}
