package commands

import (
	"context"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// UnknownPayments lists the payments of which a person is asked to look in
// Stripe whether they were charged, those asked about first first. They are
// shown where the caller holds stripe=refund.
func (c *Commands) UnknownPayments(ctx context.Context, caller Caller, organisation string, page Page) (List[remit.UnknownPayment], error) {
	tenants, err := c.tenantsToList(ctx, caller, organisation, remit.StripeRefund)
	if err != nil {
		return List[remit.UnknownPayment]{}, err
	}
	query := postgres.UnknownQuery{Path: organisation, Limit: page.limit() + 1}
	if query.After, query.AfterID, err = page.afterTime(); err != nil {
		return List[remit.UnknownPayment]{}, err
	}
	var pages [][]remit.UnknownPayment
	for _, member := range tenants {
		if query.Units, err = c.units(ctx, caller, member.Tenant, remit.StripeRefund); err != nil {
			return List[remit.UnknownPayment]{}, err
		}
		var list []remit.UnknownPayment
		err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
			list, err = tx.ListUnknown(ctx, query)
			return err
		})
		if err != nil {
			return List[remit.UnknownPayment]{}, err
		}
		pages = append(pages, list)
	}
	return cut(merge(pages, unknownKey), page.limit(), unknownKey), nil
}

// UnknownPayment is one of them, by its payment. One whose outcome is known by
// now is a conflict.
func (c *Commands) UnknownPayment(ctx context.Context, caller Caller, payment uuid.UUID) (remit.UnknownPayment, error) {
	found, _, invoice, err := c.seePayment(ctx, caller, payment, remit.StripeRefund)
	if err != nil {
		return remit.UnknownPayment{}, err
	}
	if err := c.authorise(ctx, caller, found.member.Tenant, invoice.Organisation, remit.StripeRefund); err != nil {
		return remit.UnknownPayment{}, err
	}
	var list []remit.UnknownPayment
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		list, err = tx.ListUnknown(ctx, postgres.UnknownQuery{Payment: &payment, Limit: 1})
		return err
	})
	if err == nil && len(list) == 0 {
		err = remit.Conflict(remit.CodeConflict, "Nobody has to look in Stripe for this payment. What became of it is known, or Stripe is still being asked.")
	}
	if err != nil {
		return remit.UnknownPayment{}, err
	}
	return list[0], nil
}

// SettleInput is what a person saw in Stripe.
type SettleInput struct {
	Charged       bool
	Charge        string // its id, if the person has it
	PaymentIntent string // where Remit knows none: that of a hosted checkout
	Reason        string
}

var (
	chargeID = regexp.MustCompile(`^(ch|py)_[A-Za-z0-9_]{1,250}$`)
	intentID = regexp.MustCompile(`^pi_[A-Za-z0-9_-]{1,250}$`)
)

// SettlePayment takes a person's word for whether a payment was charged of which
// Stripe does not tell Remit (M3). It needs stripe=refund at the invoice's path.
// Errors: what became of it is known, or Stripe is still being asked (409); the
// reason, the ids (422).
func (c *Commands) SettlePayment(ctx context.Context, caller Caller, id uuid.UUID, body Body[SettleInput]) (remit.Payment, error) {
	found, payment, invoice, err := c.seePayment(ctx, caller, id, remit.StripeRefund)
	if err != nil {
		return remit.Payment{}, err
	}
	if err := c.authorise(ctx, caller, found.member.Tenant, invoice.Organisation, remit.StripeRefund); err != nil {
		return remit.Payment{}, err
	}
	in, err := body()
	if err != nil {
		return remit.Payment{}, err
	}
	if err := in.check(); err != nil {
		return remit.Payment{}, err
	}
	permit := caller.permitted(remit.Permit{Account: caller.Account, Path: invoice.Organisation, Scopes: []remit.Scope{remit.StripeRefund}})
	_, err = c.submit(ctx, caller, found, invoice, remit.RequestSettle, func(*postgres.Tx) (any, error) {
		return remit.SettleRequest{Payment: payment.ID, Charged: in.Charged, Charge: in.Charge, PaymentIntent: in.PaymentIntent, Reason: in.Reason, Permit: permit}, nil
	})
	if err != nil {
		return remit.Payment{}, err
	}
	return c.paymentNow(ctx, found.member.Tenant, payment)
}

// paymentNow reads a payment anew.
func (c *Commands) paymentNow(ctx context.Context, tenant uuid.UUID, payment remit.Payment) (remit.Payment, error) {
	var after []remit.Payment
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		after, err = tx.Payments(ctx, payment.InvoiceID)
		return err
	})
	for _, p := range after {
		if p.ID == payment.ID {
			return p, err
		}
	}
	return payment, err
}

func (in *SettleInput) check() error {
	in.Reason, in.Charge, in.PaymentIntent = strings.TrimSpace(in.Reason), strings.TrimSpace(in.Charge), strings.TrimSpace(in.PaymentIntent)
	switch {
	case in.Reason == "" || len(in.Reason) > 500:
		return remit.Invalid("reason", "Say what you saw, in at most 500 characters.")
	case in.Charge != "" && !in.Charged:
		return remit.Invalid("charge", "A payment that was not charged has no charge.")
	case in.PaymentIntent != "" && !in.Charged:
		return remit.Invalid("payment_intent", "Name a payment only if it was charged.")
	case in.Charge != "" && !chargeID.MatchString(in.Charge):
		return remit.Invalid("charge", "This is no id of a charge: they begin with ch_ or py_.")
	case in.PaymentIntent != "" && !intentID.MatchString(in.PaymentIntent):
		return remit.Invalid("payment_intent", "This is no id of a payment at Stripe: they begin with pi_.")
	}
	return nil
}

func unknownKey(u remit.UnknownPayment) (string, uuid.UUID) { return timeKey(u.AskedAt), u.AttemptID }
