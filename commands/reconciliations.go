package commands

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"remit"
	"remit/activities"
	"remit/gateway"
	"remit/postgres"
)

// ReconcileInput says what is to be reconciled. Since, if set, is from when on;
// what no reconciliation has looked at yet is looked at besides.
type ReconcileInput struct {
	Organisation string
	Since        time.Time
}

// Reconciliations lists what was found at a top-level organisation, newest first.
// It tells of all its branches' money, so that a permission at one is not enough.
func (c *Commands) Reconciliations(ctx context.Context, caller Caller, organisation string, page Page) (List[remit.Reconciliation], error) {
	member, err := c.atTop(ctx, caller, organisation, remit.StripeRead)
	if err != nil {
		return List[remit.Reconciliation]{}, err
	}
	after, id, err := page.afterNewest()
	if err != nil {
		return List[remit.Reconciliation]{}, err
	}
	var found []remit.Reconciliation
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		found, err = tx.ListReconciliations(ctx, after, id, page.limit()+1)
		return err
	})
	return cut(found, page.limit(), reconciliationKey), err
}

func reconciliationKey(r remit.Reconciliation) (string, uuid.UUID) {
	return fmt.Sprintf("%019d", math.MaxInt64-r.At.UnixMicro()), r.ID
}

// LatestReconciliation is the run that was begun last, and what the last one that
// came to its end found in each currency. There is neither before the first.
func (c *Commands) LatestReconciliation(ctx context.Context, caller Caller, organisation string) (run *remit.ReconciliationRun, found []remit.Reconciliation, err error) {
	member, err := c.atTop(ctx, caller, organisation, remit.StripeRead)
	if err != nil {
		return nil, nil, err
	}
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		if run, err = tx.LatestReconciliationRun(ctx); err != nil || run == nil {
			return err
		}
		done, err := tx.LastReconciliationRun(ctx, run.Account, run.Livemode)
		if err != nil || done == nil {
			return err
		}
		found, err = tx.ReconciliationsOfRun(ctx, done.ID)
		return err
	})
	return run, found, err
}

// Reconcile compares an organisation's ledger with Stripe and waits for the
// result as long as a payer would for his. One that is still running comes back
// without amounts.
func (c *Commands) Reconcile(ctx context.Context, caller Caller, organisation string, body Body[ReconcileInput]) (remit.Reconciliation, error) {
	if err := c.somewhere(ctx, caller, remit.StripeRead); err != nil {
		return remit.Reconciliation{}, err
	}
	in, err := body()
	if err != nil {
		return remit.Reconciliation{}, err
	}
	if in.Organisation == "" {
		in.Organisation = organisation
	}
	member, err := c.at(ctx, caller, in.Organisation, remit.StripeRead)
	if err != nil {
		return remit.Reconciliation{}, err
	}
	if err := c.authorise(ctx, caller, member.Tenant, member.Path, remit.StripeRead); err != nil {
		return remit.Reconciliation{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return remit.Reconciliation{}, fmt.Errorf("make an id: %w", err)
	}
	if caller.Asked != uuid.Nil {
		id = uuid.NewSHA1(caller.Asked, []byte("reconciliation"))
	}
	var run remit.ReconciliationRun
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		var known bool
		if run, known, err = beginRun(ctx, tx, remit.ReconciliationRun{ID: id, Actor: caller.Actor(), Since: in.Since}, c.Now()); err != nil || known {
			return err
		}
		return c.audit(ctx, tx, caller.entry("reconciliation.start", "reconciliation "+id.String(), member.Path))
	})
	if err != nil {
		return remit.Reconciliation{}, err
	}
	return c.awaitRun(ctx, member.Tenant, run)
}

// beginRun adds a run about the connected account, unless it is there. It reports
// whether it was.
func beginRun(ctx context.Context, tx *postgres.Tx, run remit.ReconciliationRun, real time.Time) (remit.ReconciliationRun, bool, error) {
	stored, err := tx.ReconciliationRun(ctx, run.ID)
	if err == nil || !remit.IsCode(err, remit.CodeNotFound) {
		return stored, err == nil, err
	}
	live, err := tx.LiveConnection(ctx)
	if err != nil {
		return run, false, err
	}
	if live == nil {
		return run, false, activities.Usable(nil)
	}
	clock, err := tx.Clock(ctx)
	if err != nil {
		return run, false, err
	}
	run.OrganisationID, run.Account, run.Livemode, run.At = live.OrganisationID, live.Account, live.Livemode, clock.Now(real)
	if run.Since.After(run.At) {
		return run, false, remit.Invalid("since", "The organisation's clock shows %s; give a time before it.", run.At.UTC().Format(time.RFC3339))
	}
	before, err := tx.LastReconciliationRun(ctx, live.Account, live.Livemode)
	if err != nil {
		return run, false, err
	}
	run.Since = remit.SinceOf(run.Since, before)
	if err := tx.BeginReconciliation(ctx, run); err != nil {
		return run, false, err
	}
	stored, err = tx.ReconciliationRun(ctx, run.ID)
	return stored, false, err
}

func (c *Commands) runStart(run uuid.UUID) client.StartWorkflowOptions {
	return c.startOf(remit.ReconciliationWorkflowID(run))
}

func (c *Commands) awaitRun(ctx context.Context, tenant uuid.UUID, run remit.ReconciliationRun) (remit.Reconciliation, error) {
	answer := c.Answer
	if answer == 0 {
		answer = DefaultAnswer
	}
	waiting, cancel := context.WithTimeout(ctx, answer)
	defer cancel()
	if run.State == remit.RunRunning {
		started, err := c.Temporal.ExecuteWorkflow(waiting, c.runStart(run.ID), remit.ReconciliationWorkflow, remit.ReconciliationRef{Tenant: tenant, Run: run.ID})
		if err == nil {
			err = started.Get(waiting, nil)
		}
		if err != nil { // the row tells what was done, and the sweep starts what was not
			c.Logger.WarnContext(ctx, "a reconciliation has not ended yet", "run", run.ID, "error", err)
		}
	}
	result := remit.Reconciliation{ID: run.ID, Run: run.ID, Organisation: run.Organisation, Currency: run.Currency, Since: run.Since, At: run.At, State: remit.RunRunning}
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		found, err := tx.ReconciliationsOfRun(ctx, run.ID)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			result = found[0]
			return nil
		}
		run, err = tx.ReconciliationRun(ctx, run.ID)
		return err
	})
	if err == nil && run.State == remit.RunFailed {
		err = remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "%s", run.Failure)
	}
	return result, err
}

// FetchMissing has the objects of a reconciliation's differences retrieved, as if
// their events had come (M6): the one with an id at Stripe, or without one all
// that may help. It gives how many. Nothing is booked from the reconciliation.
func (c *Commands) FetchMissing(ctx context.Context, caller Caller, id uuid.UUID, body Body[string]) (int, error) {
	var r remit.Reconciliation
	found, err := c.find(ctx, caller, func(tx *postgres.Tx) (string, uuid.UUID, error) {
		var err error
		r, err = tx.Reconciliation(ctx, id)
		return r.Organisation, uuid.Nil, err // no customer's user sees it
	}, remit.StripeRead)
	if err != nil {
		return 0, err
	}
	stripeID, err := body()
	if err != nil {
		return 0, err
	}
	var missing []remit.Difference
	for _, d := range r.Differences {
		if d.Fetchable() && (stripeID == "" || d.StripeID == stripeID) {
			missing = append(missing, d)
		}
	}
	if stripeID != "" && len(missing) == 0 {
		return 0, remit.Invalid("stripe_id", "This is no difference of the reconciliation of which an event could be missing.")
	}
	sealed, err := c.connectionOfRun(ctx, found.member.Tenant, r.Run)
	if err != nil {
		return 0, err
	}
	for _, d := range missing {
		hint, err := uuid.NewV7()
		if err != nil {
			return 0, fmt.Errorf("make an id: %w", err)
		}
		err = c.takeEvent(ctx, sealed, gateway.Event{
			ID: "reconciliation_" + hint.String(), Type: d.EventType(), Livemode: sealed.Livemode, Created: d.At, ObjectID: d.ObjectID(), Intent: d.Intent,
		})
		if err != nil {
			return 0, err
		}
	}
	return len(missing), c.auditAlone(ctx, found.member.Tenant, changing(caller.entry("reconciliation.fetch", "reconciliation "+id.String(), r.Organisation), nil, map[string]any{"events": len(missing)}))
}

func (c *Commands) connectionOfRun(ctx context.Context, tenant, id uuid.UUID) (sealed *postgres.SealedConnection, err error) {
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		run, err := tx.ReconciliationRun(ctx, id)
		if err != nil {
			return err
		}
		sealed, err = tx.ConnectionOfAccount(ctx, run.Account, run.Livemode)
		if err == nil && sealed == nil {
			err = activities.Usable(nil)
		}
		return err
	})
	return sealed, err
}
