package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit/activities"
	"remit/gateway"
	"remit/postgres"
)

// eventsLeft is how long an event that is no invoice's may wait: whoever stored it looks at
// once, and Stripe sends it again when he died before he had. Nobody sends it again to an
// endpoint that is gone meanwhile.
const eventsLeft = time.Minute

// failedLooks are the looks that come to nothing after which a tenant's others wait.
const failedLooks = 5

// sweepEvents looks at what events that are no invoice's are about, whose first look did not
// come to its end. What nobody can look at any more is let go of: it is looked at anew when
// the account is connected again.
func (c *Commands) sweepEvents(ctx context.Context, tenant uuid.UUID) error {
	var left []postgres.StoredEvent
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		left, err = tx.EventsLeft(ctx, eventsLeft, sweepPage)
		return err
	})
	if err != nil {
		return err
	}
	var failed []error
	for _, e := range left {
		if err := c.lookAgain(ctx, e); err != nil {
			failed = append(failed, fmt.Errorf("look at the event %s: %w", e.ID, err))
		}
		if len(failed) == failedLooks {
			break // Stripe does not answer: the rest waits for the next sweep
		}
	}
	return errors.Join(failed...)
}

func (c *Commands) lookAgain(ctx context.Context, e postgres.StoredEvent) error {
	var sealed *postgres.SealedConnection
	err := c.DB.InTenant(ctx, e.Tenant, func(tx *postgres.Tx) (err error) {
		sealed, err = tx.ConnectionOfAccount(ctx, e.Account, e.Livemode)
		return err
	})
	if err != nil {
		return err
	}
	state := postgres.EventIgnored
	switch {
	case sealed == nil:
	case sealed.KeysRefused != nil && sealed.DisconnectedAt == nil:
		return nil // until it has keys that work
	default:
		err := c.lookAt(gateway.Batch(ctx), sealed, gateway.Event{ID: e.ID, Type: e.Type, Account: e.Account, Livemode: e.Livemode, ObjectID: e.ObjectID, Intent: e.Intent})
		switch {
		case err == nil:
			state = postgres.EventDone
		case !activities.NoKeys(err) && gateway.MeaningOf(err) != gateway.Stop, sealed.DisconnectedAt == nil && activities.NoKeys(err):
			return err
		}
	}
	return c.DB.EndEvent(ctx, e.Tenant, e.Account, e.ID, state)
}
