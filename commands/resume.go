package commands

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
	"remit/seals"
)

// clockSlack is how much earlier than the newest good seal Stripe is asked from:
// clocks differ, and a charge may have been begun before its entry was sealed.
const clockSlack = time.Hour

// Resumption is what was found when money was switched on again.
type Resumption struct {
	Path  string
	After int64    // the newest entry of the audit trail that is as it was sealed
	Found []string // at Stripe, one sentence each
}

// MoneyOff says of which tenants no money is moved, and why, for the operator:
// their database lacks what was sealed of it.
func (c *Commands) MoneyOff(ctx context.Context) ([]string, error) {
	if c.Seals == nil {
		return nil, nil
	}
	tenants, err := c.DB.Tenants(ctx)
	if err != nil {
		return nil, err
	}
	var off []string
	for _, tenant := range tenants {
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error { return c.Seals.Check(ctx, tx) })
		if missing := seals.AsMissing(err); missing != nil {
			off = append(off, missing.Error()+"; see remit resume")
		} else if err != nil {
			return off, err
		}
	}
	return off, nil
}

// MoneyIsOff reports whether no money is moved of a tenant, for a banner: where
// that cannot be looked up, paying says so.
func (c *Commands) MoneyIsOff(ctx context.Context, tenant uuid.UUID) bool {
	if c.Seals == nil || tenant == uuid.Nil {
		return false
	}
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error { return activities.MoneyOn(ctx, c.Seals, tx) })
	return remit.IsCode(err, remit.CodeMoneyOff)
}

// ResumeMoney switches money on again for a tenant whose database lacks what was
// sealed of it, once what was charged since has been found at Stripe. It is for
// the operator, who has looked and says why; the audit trail keeps both. Where
// Stripe does not say what became of everything, money stays off.
func (c *Commands) ResumeMoney(ctx context.Context, organisation, reason string) (Resumption, error) {
	done := Resumption{Path: organisation}
	if reason = strings.TrimSpace(reason); reason == "" {
		return done, remit.Invalid("reason", "Say what you have found out: the audit trail keeps it.")
	}
	tenant, found, err := c.DB.TenantOfPath(ctx, organisation)
	if err != nil {
		return done, err
	}
	if !found {
		return done, remit.Invalid("organisation", "There is no top-level organisation %s.", organisation)
	}
	missing, since, err := c.missing(ctx, tenant, &done)
	if err != nil {
		return done, err
	}
	payments := &activities.Payments{
		DB: c.DB, Authority: c.Authority, Logger: c.Logger, Now: c.Now,
		Connector: &activities.Connector{DB: c.DB, Gateway: c.Stripe, Secrets: c.Secrets},
	}
	if done.Found, err = payments.Reconcile(ctx, tenant, since); err != nil {
		return done, fmt.Errorf("money stays off: %w", err)
	}
	return done, c.Seals.Resume(ctx, c.DB, tenant, remit.Resumed{After: done.After, Reason: reason}, c.Now(), func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		if err := tx.HastenPolls(ctx, clock.Now(c.Now())); err != nil {
			return err
		}
		entry := changing(Caller{}.entry("money.resume", "organisation "+organisation, organisation),
			map[string]any{"sealed": missing.Seal.Seq, "head": missing.Head, "as_sealed_until": done.After}, map[string]any{"reason": reason, "found": done.Found})
		entry.Actor = remit.System
		return c.audit(ctx, tx, entry)
	})
}

// missing says what the tenant's trail lacks and from when on, by the tenant's
// clock, Stripe has to be asked; the zero time where no seal holds.
func (c *Commands) missing(ctx context.Context, tenant uuid.UUID, done *Resumption) (missing *seals.MissingError, since time.Time, err error) {
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		err := c.Seals.Check(ctx, tx)
		if missing = seals.AsMissing(err); missing == nil {
			if err == nil {
				err = remit.Conflict(remit.CodeConflict, "Money is not off for %s: its audit trail is as it was sealed.", done.Path)
			}
			return err
		}
		newest, found, err := c.Seals.Newest(ctx, tx)
		if err != nil || !found {
			return err
		}
		clock, err := tx.Clock(ctx)
		done.After, since = newest.Seq, clock.Now(newest.At).Add(-clockSlack)
		return err
	})
	return missing, since, err
}
