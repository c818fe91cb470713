package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"remit/postgres"
)

// How long is kept what neither ledger nor timeline nor audit trail needs
// (docs/operations.md says so).
const (
	keepCardTries = 40 * 24 * time.Hour // the networks look back 30 days
	keepEvents    = 90 * 24 * time.Hour
	keepMails     = 90 * 24 * time.Hour

	pruneAtOnce = 1000 // rows of one transaction
	pruneTimes  = 20   // transactions of one kind; the next hour goes on
)

// Prune lets go of what is older than it is kept, a bounded part of it at a time: the
// tries of cards, events that were told, and the bodies of mails.
func (c *Commands) Prune(ctx context.Context) (done postgres.Pruned, err error) {
	if done.CardTries, err = inParts(func() (int, error) { return c.DB.PruneCardTries(ctx, keepCardTries, pruneAtOnce) }); err != nil {
		return done, err
	}
	tenants, err := c.DB.Tenants(ctx)
	if err != nil {
		return done, err
	}
	for _, tenant := range tenants {
		events, err := c.pruneOf(ctx, tenant, func(tx *postgres.Tx) (int, error) { return tx.PruneEvents(ctx, keepEvents, pruneAtOnce) })
		done.Events += events
		if err != nil {
			return done, err
		}
		mails, err := c.pruneOf(ctx, tenant, func(tx *postgres.Tx) (int, error) { return tx.PruneMails(ctx, keepMails, pruneAtOnce) })
		done.Mails += mails
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

func (c *Commands) pruneOf(ctx context.Context, tenant uuid.UUID, part func(tx *postgres.Tx) (int, error)) (int, error) {
	return inParts(func() (n int, err error) {
		err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
			n, err = part(tx)
			return err
		})
		return n, err
	})
}

// inParts prunes until less than a part is left, or for as often as one hour bears.
func inParts(part func() (int, error)) (sum int, err error) {
	for range pruneTimes {
		n, err := part()
		if sum += n; err != nil || n < pruneAtOnce {
			return sum, err
		}
	}
	return sum, nil
}
