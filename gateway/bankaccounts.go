package gateway

import (
	"context"
	"time"

	"github.com/stripe/stripe-go/v79"

	"remit"
)

// Stripe's types of payment method.
const (
	TypeCard        = "card"
	TypeBankAccount = "us_bank_account" // ACH debits
)

// NewSetup is what the SetupIntent of a bank account is created with.
type NewSetup struct {
	StripeCustomer string
	Metadata       map[string]string
}

// CreateSetup makes a SetupIntent that a bank account is to be named to.
func (c *Client) CreateSetup(ctx context.Context, key string, n NewSetup) (SetupView, error) {
	params := &stripe.SetupIntentParams{
		Customer: stripe.String(n.StripeCustomer), PaymentMethodTypes: stripe.StringSlice([]string{TypeBankAccount}),
		Usage: stripe.String("off_session"), Metadata: n.Metadata,
	}
	c.on(ctx, &params.Params, key)
	return setupOr(c.setups.New(params))
}

// BankDetails are what a bank account is named by. They are sent once, and kept
// nowhere.
type BankDetails struct {
	AccountNumber string
	Routing       string
	HolderName    string
	HolderType    string // individual or company
	Email         string
	Acceptance    remit.MandateAcceptance
}

// ConfirmSetup names a bank account to a SetupIntent and has Stripe send deposits
// to it. It is the one call that carries an account number.
func (c *Client) ConfirmSetup(ctx context.Context, key, id string, d BankDetails) (SetupView, error) {
	params := &stripe.SetupIntentConfirmParams{
		PaymentMethodData: &stripe.SetupIntentConfirmPaymentMethodDataParams{
			Type: stripe.String(TypeBankAccount),
			USBankAccount: &stripe.SetupIntentConfirmPaymentMethodDataUSBankAccountParams{
				AccountNumber: stripe.String(d.AccountNumber), RoutingNumber: stripe.String(d.Routing), AccountHolderType: stripe.String(d.HolderType),
			},
			BillingDetails: &stripe.SetupIntentConfirmPaymentMethodDataBillingDetailsParams{Name: stripe.String(d.HolderName)},
		},
		MandateData: &stripe.SetupIntentMandateDataParams{CustomerAcceptance: acceptanceOf(d.Acceptance)},
		PaymentMethodOptions: &stripe.SetupIntentPaymentMethodOptionsParams{
			USBankAccount: &stripe.SetupIntentPaymentMethodOptionsUSBankAccountParams{VerificationMethod: stripe.String("microdeposits")},
		},
	}
	if d.Email != "" {
		params.PaymentMethodData.BillingDetails.Email = stripe.String(d.Email)
	}
	params.AddExpand("payment_method")
	c.on(ctx, &params.Params, key)
	return setupOr(c.setups.Confirm(id, params))
}

func acceptanceOf(a remit.MandateAcceptance) *stripe.SetupIntentMandateDataCustomerAcceptanceParams {
	params := &stripe.SetupIntentMandateDataCustomerAcceptanceParams{AcceptedAt: stripe.Int64(a.At.Unix())}
	if a.How == string(stripe.MandateCustomerAcceptanceTypeOffline) {
		params.Type = stripe.MandateCustomerAcceptanceTypeOffline
		params.Offline = &stripe.SetupIntentMandateDataCustomerAcceptanceOfflineParams{}
		return params
	}
	params.Type = stripe.MandateCustomerAcceptanceTypeOnline
	params.Online = &stripe.SetupIntentMandateDataCustomerAcceptanceOnlineParams{IPAddress: stripe.String(a.Address), UserAgent: stripe.String(a.Agent)}
	return params
}

// Setup retrieves a SetupIntent as it stands.
func (c *Client) Setup(ctx context.Context, id string) (SetupView, error) {
	params := &stripe.SetupIntentParams{}
	params.AddExpand("payment_method")
	c.on(ctx, &params.Params, "")
	return setupOr(c.setups.Get(id, params))
}

// VerifySetup enters what was read on the account's statement. A wrong entry is a
// [Failure] with meaning [Outcome]; its Tries are those left.
func (c *Client) VerifySetup(ctx context.Context, key, id string, e remit.DepositEntry) (SetupView, error) {
	params := &stripe.SetupIntentVerifyMicrodepositsParams{}
	if e.Code != "" {
		params.DescriptorCode = stripe.String(e.Code)
	} else {
		params.Amounts = stripe.Int64Slice(e.Amounts)
	}
	params.AddExpand("payment_method")
	c.on(ctx, &params.Params, key)
	return setupOr(c.setups.VerifyMicrodeposits(id, params))
}

// CancelSetup ends a SetupIntent that nobody will verify.
func (c *Client) CancelSetup(ctx context.Context, key, id string) (SetupView, error) {
	params := &stripe.SetupIntentCancelParams{}
	c.on(ctx, &params.Params, key)
	return setupOr(c.setups.Cancel(id, params))
}

// MandateActive reports whether a permission to debit still holds. One that is not
// in force yet has not ended: what it allows only Stripe knows.
func (c *Client) MandateActive(ctx context.Context, id string) (bool, error) {
	params := &stripe.MandateParams{}
	c.on(ctx, &params.Params, "")
	m, err := c.mandates.Get(id, params)
	if err != nil {
		return false, failureOf(err)
	}
	return m.Status != stripe.MandateStatusInactive, nil
}

// SetupView is what Stripe says of a SetupIntent.
type SetupView struct {
	ID       string
	Created  time.Time
	Customer string
	Metadata map[string]string
	Facts    remit.SetupFacts
	Method   MethodView // of the bank account, where one was named
}

func setupOr(si *stripe.SetupIntent, err error) (SetupView, error) {
	if err != nil {
		return SetupView{}, failureOf(err)
	}
	v := SetupView{ID: si.ID, Created: time.Unix(si.Created, 0).UTC(), Metadata: si.Metadata, Facts: remit.SetupFacts{Status: string(si.Status)}}
	if si.Customer != nil {
		v.Customer = si.Customer.ID
	}
	if si.Mandate != nil {
		v.Facts.Mandate = si.Mandate.ID
	}
	if si.LastSetupError != nil {
		v.Facts.ErrorCode = string(si.LastSetupError.Code)
	}
	if si.PaymentMethod != nil {
		v.Facts.PaymentMethod, v.Method = si.PaymentMethod.ID, methodViewOf(si.PaymentMethod)
	}
	if si.NextAction != nil && si.NextAction.VerifyWithMicrodeposits != nil {
		deposits := si.NextAction.VerifyWithMicrodeposits
		arrives := time.Unix(deposits.ArrivalDate, 0).UTC()
		v.Facts.Deposit, v.Facts.ArrivesAt, v.Facts.HostedURL = remit.DepositKind(deposits.MicrodepositType), &arrives, deposits.HostedVerificationURL
		if v.Facts.Deposit == "" {
			v.Facts.Deposit = remit.DepositAmounts
		}
	}
	return v, nil
}
