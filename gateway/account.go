package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v79"

	"remit"
)

// Account is a connected account as Stripe describes it.
type Account struct {
	ID       string
	Facts    remit.AccountFacts
	Schedule remit.PayoutSchedule
	Banks    []remit.PayoutBank // where payouts go
}

// Account retrieves the account the access is to.
func (c *Client) Account(ctx context.Context) (Account, error) {
	params := &stripe.AccountParams{}
	c.on(ctx, &params.Params, "")
	a := &stripe.Account{}
	if err := c.backend.Call(http.MethodGet, "/v1/account", c.access.Key, params, a); err != nil {
		return Account{}, failureOf(err)
	}
	return accountOf(a), nil
}

func accountOf(a *stripe.Account) Account {
	account := Account{ID: a.ID, Facts: remit.AccountFacts{
		Country: a.Country, DefaultCurrency: strings.ToUpper(string(a.DefaultCurrency)), Email: a.Email,
		DetailsSubmitted: a.DetailsSubmitted, ChargesEnabled: a.ChargesEnabled, PayoutsEnabled: a.PayoutsEnabled,
		Capabilities: map[string]string{},
	}}
	f := &account.Facts
	if a.BusinessProfile != nil {
		f.BusinessName = a.BusinessProfile.Name
	}
	if caps := a.Capabilities; caps != nil {
		f.Capabilities["card_payments"], f.Capabilities["transfers"] = string(caps.CardPayments), string(caps.Transfers)
		f.Capabilities[remit.CapabilityBankDebits] = string(caps.USBankAccountACHPayments)
	}
	if r := a.Requirements; r != nil {
		f.DisabledReason = string(r.DisabledReason)
		f.CurrentlyDue, f.PastDue, f.EventuallyDue, f.PendingVerification = r.CurrentlyDue, r.PastDue, r.EventuallyDue, r.PendingVerification
		if r.CurrentDeadline != 0 {
			day := time.Unix(r.CurrentDeadline, 0).UTC()
			f.Deadline = &day
		}
		for _, e := range r.Errors {
			f.Errors = append(f.Errors, remit.RequirementError{Field: e.Requirement, Code: e.Code, Reason: e.Reason})
		}
	}
	if k := a.Controller; k != nil {
		if k.Fees != nil {
			f.FeePayer = string(k.Fees.Payer)
		}
		if k.Losses != nil {
			f.LossPayer = string(k.Losses.Payments)
		}
	}
	account.Schedule, account.Banks = scheduleOf(a), banksOf(a.ExternalAccounts)
	return account
}

// EventTypes are the events Remit's endpoint asks for: those that can change
// what Remit has recorded.
var EventTypes = []string{
	"payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.processing",
	"payment_intent.requires_action", "payment_intent.canceled",
	"checkout.session.completed", "checkout.session.expired",
	"checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed",
	"payment_method.attached", "payment_method.detached", "payment_method.updated", "payment_method.automatically_updated",
	"customer.updated", "customer.deleted",
	"charge.refunded", "charge.refund.updated", "refund.created", "refund.updated",
	"setup_intent.succeeded", "setup_intent.setup_failed", "setup_intent.requires_action", "setup_intent.canceled", "mandate.updated",
	"account.updated", "capability.updated", "account.application.deauthorized",
	"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
	"charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
	"payout.created", "payout.updated", "payout.paid", "payout.failed", "payout.canceled", "payout.reconciliation_completed", "balance.available",
}

// CreateEndpoint asks Stripe to send events to url and returns the endpoint's
// id and its signing secret, which Stripe shows this once.
func (c *Client) CreateEndpoint(ctx context.Context, key, url string) (id, secret string, err error) {
	params := &stripe.WebhookEndpointParams{
		URL: stripe.String(url), APIVersion: stripe.String(stripe.APIVersion),
		EnabledEvents: stripe.StringSlice(EventTypes),
		Description:   stripe.String("Remit"),
	}
	c.on(ctx, &params.Params, key)
	endpoint, err := c.endpoints.New(params)
	if err != nil {
		return "", "", failureOf(err)
	}
	return endpoint.ID, endpoint.Secret, nil
}

// WidenEndpoint has an endpoint that was made by an earlier Remit send the events
// that this one asks for too. One that sends them all is left alone.
func (c *Client) WidenEndpoint(ctx context.Context, id string) error {
	params := &stripe.WebhookEndpointParams{}
	c.on(ctx, &params.Params, "")
	endpoint, err := c.endpoints.Get(id, params)
	if err != nil {
		return failureOf(err)
	}
	wanted := slices.Concat(endpoint.EnabledEvents, slices.DeleteFunc(slices.Clone(EventTypes), func(event string) bool {
		return slices.Contains(endpoint.EnabledEvents, event)
	}))
	if len(wanted) == len(endpoint.EnabledEvents) || slices.Contains(endpoint.EnabledEvents, "*") {
		return nil
	}
	widen := &stripe.WebhookEndpointParams{EnabledEvents: stripe.StringSlice(wanted)}
	c.on(ctx, &widen.Params, fmt.Sprintf("%s/events/%d", id, len(wanted)))
	_, err = c.endpoints.Update(id, widen)
	return failureOf(err)
}

// DeleteEndpoint stops events to an endpoint; one that is gone already is fine.
func (c *Client) DeleteEndpoint(ctx context.Context, id string) error {
	params := &stripe.WebhookEndpointParams{}
	c.on(ctx, &params.Params, "")
	_, err := c.endpoints.Del(id, params)
	err = failureOf(err)
	if f, ok := errors.AsType[*Failure](err); ok && f.Status == http.StatusNotFound {
		return nil
	}
	return err
}
