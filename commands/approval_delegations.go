package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/policies"
	"remit/postgres"
)

// handedTo are the delegations that the caller was given and that stand. An API
// token that was made for less than approving has none.
func (c *Commands) handedTo(ctx context.Context, caller Caller, member Membership) ([]remit.ApprovalDelegation, error) {
	covers := func(s remit.Scope) bool { return s.Covers(remit.StripeApprove) }
	if member.Customer != nil || caller.Token != nil && caller.Scopes != nil && !slices.ContainsFunc(caller.Scopes, covers) {
		return nil, nil
	}
	var list []remit.ApprovalDelegation
	err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		active, err := tx.IsActiveMember(ctx, caller.Account)
		if err != nil || !active {
			return err
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		list, err = tx.DelegationsOf(ctx, caller.Account, clock.Now(c.Now()))
		return err
	})
	return slices.DeleteFunc(list, func(d remit.ApprovalDelegation) bool { return d.To.ID != caller.Account }), err
}

// handedUnits are the organisations at which the caller has somebody's approvals:
// whose, and where, in two lists of one length.
func (c *Commands) handedUnits(ctx context.Context, caller Caller, member Membership) (givers, units []uuid.UUID, err error) {
	handed, err := c.handedTo(ctx, caller, member)
	if err != nil || len(handed) == 0 {
		return []uuid.UUID{}, []uuid.UUID{}, err
	}
	givers, units = []uuid.UUID{}, []uuid.UUID{}
	for _, d := range handed {
		held, err := c.Authority.UnitsWhere(ctx, policies.Subject{UserID: d.From.ID, Tenant: member.Tenant}, remit.StripeApprove)
		if err != nil {
			return nil, nil, err
		}
		var below []uuid.UUID
		err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
			below, err = tx.UnitsBelow(ctx, d.Organisation, held)
			return err
		})
		if err != nil {
			return nil, nil, err
		}
		for _, unit := range below {
			givers, units = append(givers, d.From.ID), append(units, unit)
		}
	}
	return givers, units, nil
}

// DelegationInput hands the caller's approvals to somebody.
type DelegationInput struct {
	Organisation string // at this path and below; "" is the caller's only top-level one
	To           uuid.UUID
	Email        string     // of that person, where his id is not at hand
	Until        remit.Date // the last day
}

// MaxDelegation is how many days ahead approvals are handed to somebody.
const MaxDelegation = 366

// Delegations are those that the caller gave or was given, and that stand.
func (c *Commands) Delegations(ctx context.Context, caller Caller, organisation string) (list []remit.ApprovalDelegation, err error) {
	member, err := tenantOf(caller, organisation)
	if err != nil || member.Customer != nil {
		return nil, err
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		list, err = tx.DelegationsOf(ctx, caller.Account, clock.Now(c.Now()))
		return err
	})
	return list, err
}

// Delegate hands the caller's approvals at a path and below to somebody else until
// the end of a day there. He gives no more than he holds whenever it is used, and
// only what is his own: what was handed to him is not.
func (c *Commands) Delegate(ctx context.Context, caller Caller, body Body[DelegationInput]) (remit.ApprovalDelegation, error) {
	if err := c.somewhere(ctx, caller, remit.StripeApprove); err != nil {
		return remit.ApprovalDelegation{}, err
	}
	in, err := body()
	if err != nil {
		return remit.ApprovalDelegation{}, err
	}
	member, path, err := c.atPath(ctx, caller, in.Organisation, remit.StripeApprove)
	if err != nil {
		return remit.ApprovalDelegation{}, err
	}
	if err := c.strongly(caller); err != nil {
		return remit.ApprovalDelegation{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return remit.ApprovalDelegation{}, err
	}
	var made remit.ApprovalDelegation
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		at, err := tx.OrganisationByPath(ctx, path)
		if err != nil {
			return err
		}
		if in.To == uuid.Nil {
			if in.To, err = tx.MemberByEmail(ctx, strings.TrimSpace(in.Email)); err != nil {
				return err
			}
		}
		active, err := tx.IsActiveMember(ctx, in.To)
		if err != nil {
			return err
		}
		if !active || in.To == caller.Account {
			return remit.Invalid("to", "Choose somebody else of this organisation.")
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		zone, err := time.LoadLocation(at.TimeZone)
		if err != nil {
			return fmt.Errorf("an organisation's time zone: %w", err)
		}
		now := clock.Now(c.Now())
		ends := remit.OverdueAt(in.Until, zone)
		if !ends.After(now) || ends.Sub(now) > MaxDelegation*24*time.Hour {
			return remit.Invalid("until", "Choose a day from today on, at most a year ahead.")
		}
		d := remit.ApprovalDelegation{ID: id, OrganisationID: at.ID, From: remit.Person{ID: caller.Account}, To: remit.Person{ID: in.To}, Until: in.Until, EndsAt: ends, CreatedAt: now}
		if err := tx.InsertDelegation(ctx, d); err != nil {
			return err
		}
		if made, err = tx.Delegation(ctx, id); err != nil {
			return err
		}
		return c.audit(ctx, tx, changing(caller.entry("approval.delegate", "delegation "+id.String(), path), nil, map[string]any{"to": in.To, "until": in.Until}))
	})
	return made, err
}

// TakeBack ends a delegation that the caller gave, or one at a path where he gives
// roles. What was approved by it and not used lapses.
func (c *Commands) TakeBack(ctx context.Context, caller Caller, id uuid.UUID) error {
	for _, member := range caller.Tenants {
		var d remit.ApprovalDelegation
		err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
			d, err = tx.Delegation(ctx, id)
			return err
		})
		if remit.IsCode(err, remit.CodeNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if d.From.ID != caller.Account {
			decision, err := c.can(ctx, caller, member.Tenant, d.Organisation, remit.AdminRoles)
			if err != nil {
				return err
			}
			if !decision.Allowed {
				return remit.NotFound()
			}
		}
		return c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
			clock, err := tx.Clock(ctx)
			if err != nil {
				return err
			}
			if _, err := tx.EndDelegation(ctx, id, d.From.ID, clock.Now(c.Now())); err != nil {
				return err
			}
			return c.audit(ctx, tx, changing(caller.entry("approval.take_back", "delegation "+id.String(), d.Organisation), map[string]any{"to": d.To.ID, "until": d.Until}, nil))
		})
	}
	return remit.NotFound()
}
