package commands

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// UnknownBack lists the refunds and disputes of which a person is asked to look in
// Stripe what became of them, because nobody can ask their account any more: those heard
// of longest ago first; where an invoice is given only its own. They are shown where the
// caller holds stripe=refund.
func (c *Commands) UnknownBack(ctx context.Context, caller Caller, organisation string, invoice *uuid.UUID, page Page) (List[remit.UnknownBack], error) {
	tenants, err := c.tenantsToList(ctx, caller, organisation, remit.StripeRefund)
	if err != nil {
		return List[remit.UnknownBack]{}, err
	}
	query := postgres.UnknownBackQuery{Path: organisation, Invoice: invoice, Limit: page.limit() + 1}
	if query.After, query.AfterID, err = page.afterTime(); err != nil {
		return List[remit.UnknownBack]{}, err
	}
	var pages [][]remit.UnknownBack
	for _, member := range tenants {
		if query.Units, err = c.units(ctx, caller, member.Tenant, remit.StripeRefund); err != nil {
			return List[remit.UnknownBack]{}, err
		}
		list, err := c.unknownBack(ctx, member.Tenant, query)
		if err != nil {
			return List[remit.UnknownBack]{}, err
		}
		pages = append(pages, list)
	}
	return cut(merge(pages, unknownBackKey), page.limit(), unknownBackKey), nil
}

// OneUnknownBack is one of them, by its payment and its own id. One that is known by now
// is a conflict.
func (c *Commands) OneUnknownBack(ctx context.Context, caller Caller, payment, id uuid.UUID) (remit.UnknownBack, error) {
	found, _, invoice, err := c.seePayment(ctx, caller, payment, remit.StripeRefund)
	if err != nil {
		return remit.UnknownBack{}, err
	}
	if err := c.authorise(ctx, caller, found.member.Tenant, invoice.Organisation, remit.StripeRefund); err != nil {
		return remit.UnknownBack{}, err
	}
	list, err := c.unknownBack(ctx, found.member.Tenant, postgres.UnknownBackQuery{ID: &id, Limit: 1})
	if err != nil {
		return remit.UnknownBack{}, err
	}
	if len(list) == 0 || list[0].PaymentID != payment {
		return remit.UnknownBack{}, remit.Conflict(remit.CodeConflict, "Nobody has to look in Stripe for this. What became of it is known, or Stripe is still being asked.")
	}
	return list[0], nil
}

func (c *Commands) unknownBack(ctx context.Context, tenant uuid.UUID, query postgres.UnknownBackQuery) (list []remit.UnknownBack, err error) {
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		list, err = tx.ListUnknownBack(ctx, query)
		return err
	})
	return list, err
}

// SettleBackInput is what a person saw in Stripe of a refund or a dispute: one of the
// two is named.
type SettleBackInput struct {
	Refund   *uuid.UUID
	Dispute  *uuid.UUID
	WentBack bool
	Reason   string
}

// SettleBack takes a person's word for whether money of a payment went back, by a refund
// or a dispute at an account that nobody can ask any more. It needs stripe=refund at the
// invoice's path. Errors: what became of it is known, or Stripe is still being asked
// (409); which of the two, the reason (422).
func (c *Commands) SettleBack(ctx context.Context, caller Caller, id uuid.UUID, body Body[SettleBackInput]) (remit.Payment, error) {
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
	switch in.Reason = strings.TrimSpace(in.Reason); {
	case (in.Refund == nil) == (in.Dispute == nil):
		return remit.Payment{}, remit.Invalid("refund", "Name a refund or a dispute.")
	case in.Reason == "" || len(in.Reason) > 500:
		return remit.Payment{}, remit.Invalid("reason", "Say what you saw, in at most 500 characters.")
	}
	permit := caller.permitted(remit.Permit{Account: caller.Account, Path: invoice.Organisation, Scopes: []remit.Scope{remit.StripeRefund}})
	_, err = c.submit(ctx, caller, found, invoice, remit.RequestSettle, func(*postgres.Tx) (any, error) {
		return remit.SettleRequest{Payment: payment.ID, Refund: in.Refund, Dispute: in.Dispute, WentBack: in.WentBack, Reason: in.Reason, Permit: permit}, nil
	})
	if err != nil {
		return remit.Payment{}, err
	}
	return c.paymentNow(ctx, found.member.Tenant, payment)
}

func unknownBackKey(u remit.UnknownBack) (string, uuid.UUID) { return timeKey(u.Since), u.ID }
