package commands

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/policies"
	"remit/postgres"
)

// ApprovalFilter narrows the list of approvals. States empty: those that wait.
type ApprovalFilter struct {
	States       []remit.ApprovalState
	Organisation string
	Shown        bool // on a page: for who may approve nowhere it is empty, and no refusal
}

// DeclineInput is why somebody does not approve a payment.
type DeclineInput struct {
	Reason string
}

// Approvals lists what the caller may decide about, asked first first: where he
// holds stripe=approve, and where somebody who does has handed his approvals to
// him. What he asked himself is not among it.
func (c *Commands) Approvals(ctx context.Context, caller Caller, filter ApprovalFilter, page Page) (List[remit.Approval], error) {
	tenants := caller.Tenants
	if filter.Organisation != "" {
		member, err := tenantOf(caller, filter.Organisation)
		if err != nil {
			return List[remit.Approval]{}, err
		}
		tenants = []Membership{member}
	}
	query := postgres.ApprovalQuery{States: filter.States, Reader: caller.Account, Path: filter.Organisation, Limit: page.limit() + 1}
	if len(query.States) == 0 {
		query.States = []remit.ApprovalState{remit.ApprovalAsked}
	}
	var err error
	if query.After, query.AfterID, err = page.afterTime(); err != nil {
		return List[remit.Approval]{}, err
	}
	var pages [][]remit.Approval
	reach := false
	for _, member := range tenants {
		if query.Units, err = c.units(ctx, caller, member.Tenant, remit.StripeApprove); err != nil {
			return List[remit.Approval]{}, err
		}
		if query.Handed, query.At, err = c.handedUnits(ctx, caller, member); err != nil {
			return List[remit.Approval]{}, err
		}
		reach = reach || len(query.Units)+len(query.Handed) > 0
		var list []remit.Approval
		err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
			list, err = tx.ListApprovals(ctx, query)
			return err
		})
		if err != nil {
			return List[remit.Approval]{}, err
		}
		pages = append(pages, list)
	}
	if !reach && !filter.Shown {
		path := filter.Organisation
		if len(tenants) == 0 {
			return List[remit.Approval]{}, remit.NotFound()
		}
		if path == "" {
			path = tenants[0].Path
		}
		return List[remit.Approval]{}, c.refuse(ctx, caller, tenants[0].Tenant, path, remit.StripeApprove, policies.Decision{})
	}
	return cut(merge(pages, approvalKey), page.limit(), approvalKey), nil
}

func approvalKey(a remit.Approval) (string, uuid.UUID) { return timeKey(a.AskedAt), a.ID }

// Approval is one that the caller may decide about, or asked for himself; may says
// whether he may decide about it now.
func (c *Commands) Approval(ctx context.Context, caller Caller, id uuid.UUID) (a remit.Approval, may bool, err error) {
	_, a, right, err := c.seeApproval(ctx, caller, id)
	return a, err == nil && right != nil && a.MayAnswer(caller.Account, right.giver()) == nil, err
}

// MyApproval is what the caller asked last for an invoice, nil if he never did.
func (c *Commands) MyApproval(ctx context.Context, caller Caller, invoice remit.Invoice) (last *remit.Approval, err error) {
	if _, found := caller.membership(invoice.Tenant); !found {
		return nil, remit.NotFound()
	}
	err = c.DB.InTenant(ctx, invoice.Tenant, func(tx *postgres.Tx) (err error) {
		last, err = tx.LastApproval(ctx, invoice.ID, caller.Account)
		return err
	})
	return last, err
}

// PaidAlone is what was paid of an invoice the caller may see without a second
// person: see [postgres.Tx.PaidAlone].
func (c *Commands) PaidAlone(ctx context.Context, caller Caller, invoice remit.Invoice) (sum int64, err error) {
	if _, found := caller.membership(invoice.Tenant); !found {
		return 0, remit.NotFound()
	}
	err = c.DB.InTenant(ctx, invoice.Tenant, func(tx *postgres.Tx) (err error) {
		sum, err = tx.PaidAlone(ctx, invoice.ID, uuid.Nil)
		return err
	})
	return sum, err
}

// approvalRight is what somebody decides by: his own right, or one handed to him.
type approvalRight struct {
	by *remit.ApprovalDelegation // nil: his own
}

func (r approvalRight) giver() *uuid.UUID {
	if r.by == nil {
		return nil
	}
	return &r.by.From.ID
}

// seeApproval finds an approval the caller may see. right is nil for who only
// asked for it.
func (c *Commands) seeApproval(ctx context.Context, caller Caller, id uuid.UUID) (member Membership, a remit.Approval, right *approvalRight, err error) {
	for _, member := range caller.Tenants {
		if member.Customer != nil {
			continue
		}
		var found *remit.Approval
		err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
			found, err = tx.Approval(ctx, &id)
			return err
		})
		if err != nil {
			return member, a, nil, err
		}
		if found == nil {
			continue
		}
		right, err := c.rightToApprove(ctx, caller, member, *found)
		if err == nil && right == nil && found.AskedBy.ID != caller.Account {
			err = remit.NotFound()
		}
		return member, *found, right, err
	}
	return member, a, nil, remit.NotFound()
}

// rightToApprove is by what the caller may decide about an approval, nil if he may
// not. Nobody decides by the right of whoever asks.
func (c *Commands) rightToApprove(ctx context.Context, caller Caller, member Membership, a remit.Approval) (*approvalRight, error) {
	decision, err := c.can(ctx, caller, member.Tenant, a.Organisation, remit.StripeApprove)
	if err != nil {
		return nil, err
	}
	if decision.Allowed {
		return &approvalRight{}, nil
	}
	handed, err := c.handedTo(ctx, caller, member)
	if err != nil {
		return nil, err
	}
	at, err := remit.ParsePath(a.Organisation)
	if err != nil {
		return nil, err
	}
	for _, d := range handed {
		from, err := remit.ParsePath(d.Organisation)
		if err != nil {
			return nil, err
		}
		if !from.Contains(at) || d.From.ID == a.AskedBy.ID {
			continue
		}
		decision, err := c.Authority.Can(ctx, policies.Subject{UserID: d.From.ID, Tenant: member.Tenant}, at, remit.StripeApprove)
		if err != nil {
			return nil, err
		}
		if decision.Allowed {
			return &approvalRight{by: &d}, nil
		}
	}
	return nil, nil //nolint:nilnil // no right is no error
}

// Approve lets whoever asked make exactly the payment that he asked for, once,
// within [remit.ApprovalLife].
func (c *Commands) Approve(ctx context.Context, caller Caller, id uuid.UUID, body Body[struct{}]) (remit.Approval, error) {
	return c.answer(ctx, caller, id, func() (string, error) {
		if err := c.strongly(caller); err != nil {
			return "", err
		}
		_, err := body()
		return "", err
	})
}

// Decline ends a request for approval, with a reason that whoever asked reads.
func (c *Commands) Decline(ctx context.Context, caller Caller, id uuid.UUID, body Body[DeclineInput]) (remit.Approval, error) {
	return c.answer(ctx, caller, id, func() (string, error) {
		in, err := body()
		if err != nil {
			return "", err
		}
		reason := strings.TrimSpace(in.Reason)
		if reason == "" || len(reason) > 500 {
			return "", remit.Invalid("reason", "Say why, in at most 500 characters.")
		}
		return reason, nil
	})
}

// answer approves where there is no reason against it, and else declines.
func (c *Commands) answer(ctx context.Context, caller Caller, id uuid.UUID, read func() (reason string, err error)) (remit.Approval, error) {
	member, a, right, err := c.seeApproval(ctx, caller, id)
	if err != nil {
		return a, err
	}
	if a.AskedBy.ID == caller.Account {
		return a, a.MayAnswer(caller.Account, nil)
	}
	reason, err := read()
	if err != nil {
		return a, err
	}
	var lapsed string
	var invoice remit.Invoice
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, a.InvoiceID)
		if err != nil {
			return err
		}
		again, err := tx.Approval(ctx, &id)
		if err != nil {
			return err
		}
		a, invoice = *again, l.Invoice
		if err := a.MayAnswer(caller.Account, right.giver()); err != nil {
			return err
		}
		now := l.Clock.Now(c.Now())
		if lapsed = a.Lapses(l.Invoice, now); lapsed != "" {
			entry, err := activities.LapseApproval(ctx, tx, a, lapsed, now)
			if err != nil {
				return err
			}
			return tx.SaveInvoice(ctx, l, c.Now(), entry)
		}
		return c.saveAnswer(ctx, tx, l, caller, &a, right, reason, now)
	})
	if err != nil {
		return a, err
	}
	c.boundary("approval answered")
	if err := c.wake(ctx, member.Tenant, invoice, "an approval was answered"); err != nil { // the sweep wakes it else
		c.Logger.WarnContext(ctx, "a workflow was not woken", "error", err)
	}
	if lapsed != "" {
		return a, remit.Conflict(remit.CodeConflict, "There is nothing to approve any more: %s", lapsed)
	}
	return a, nil
}

func (c *Commands) saveAnswer(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, caller Caller, a *remit.Approval, right *approvalRight, reason string, now time.Time) error {
	a.AnsweredBy, a.AnsweredAt, a.Token = &remit.Person{ID: caller.Account, Name: caller.Name}, &now, caller.Token
	if caller.Token != nil && caller.Scopes != nil {
		a.TokenScopes = &caller.Scopes
	}
	var ends *time.Time
	if right.by != nil {
		delegation, err := tx.Delegation(ctx, right.by.ID)
		if err != nil {
			return err
		}
		if !delegation.Stands(now) {
			return remit.Forbidden(remit.StripeApprove.String(), l.Organisation)
		}
		a.InPlaceOf, a.Delegation, ends = &right.by.From, &right.by.ID, &right.by.EndsAt
	}
	action := "approval.approve"
	if reason == "" {
		until := a.Until(now, ends)
		a.State, a.ExpiresAt = remit.ApprovalApproved, &until
		if err := tx.Plan(ctx, l, remit.AgendaApproval, a.ID, until, "an approval lapses that was not used"); err != nil {
			return err
		}
	} else {
		action = "approval.decline"
		a.State, a.Reason, a.EndedAt = remit.ApprovalDeclined, reason, &now
		if err := tx.Done(ctx, remit.AgendaApproval, a.ID, now); err != nil {
			return err
		}
	}
	if err := tx.SaveApproval(ctx, *a, nil); err != nil {
		return err
	}
	if err := activities.TellAsker(ctx, tx, l, *a, c.PublicURL, now); err != nil {
		return err
	}
	if err := tx.SaveInvoice(ctx, l, c.Now(), activities.AnsweredEntry(*a, caller.Actor(), l.Zone)); err != nil {
		return err
	}
	return c.audit(ctx, tx, changing(caller.entry(action, "approval "+a.ID.String(), l.Organisation), nil, map[string]any{
		"invoice": l.ID, "amount": a.Amount, "surcharge": a.Surcharge, "asked_by": a.AskedBy.ID, "in_place_of": right.giver(), "reason": reason,
	}))
}
