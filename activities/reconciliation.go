package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"remit"
	"remit/gateway"
	"remit/money"
	"remit/postgres"
)

// Reconciliations compares ledgers with accounts at Stripe. It reads both and
// books nothing: what a night finds missing it leaves to the invoices' workflows.
type Reconciliations struct {
	DB        *postgres.DB
	Connector *Connector
	Logger    *slog.Logger
	Now       func() time.Time // real time
	// Crash, if set, is called at each named boundary between two steps.
	Crash func(boundary string)
}

// reconcilePage is how many movements are looked up at once: a page of Stripe's.
const reconcilePage = 100

// CompareWithStripe carries out one run to its end. A run that has ended is left
// as it is.
func (r *Reconciliations) CompareWithStripe(ctx context.Context, ref remit.ReconciliationRef) error {
	defer heartbeat(ctx)()
	var run remit.ReconciliationRun
	var clock remit.Clock
	err := r.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		if run, err = tx.ReconciliationRun(ctx, ref.Run); err != nil {
			return err
		}
		clock, err = tx.Clock(ctx)
		return err
	})
	if remit.IsCode(err, remit.CodeNotFound) || err == nil && run.State != remit.RunRunning {
		return nil
	}
	var found []remit.Reconciliation
	if err == nil {
		found, err = r.compare(ctx, ref.Tenant, &run)
	}
	switch {
	case err == nil:
		run.State = remit.RunDone
	case last(ctx, clock) || isUnreachable(err):
		r.Logger.WarnContext(ctx, "a reconciliation failed; the next one covers its time too", "run", run.ID, "error", err)
		run.State, run.Failure, found = remit.RunFailed, failureWords(err), nil
	default:
		return r.again(ctx, run, err)
	}
	r.reached("compared with Stripe")
	if err := r.end(ctx, ref.Tenant, run, found); err != nil {
		return r.again(ctx, run, err)
	}
	return nil
}

// again has the step repeated. Histories keep no details; the log does.
func (r *Reconciliations) again(ctx context.Context, run remit.ReconciliationRun, err error) error {
	r.Logger.WarnContext(ctx, "a reconciliation is repeated", "run", run.ID, "error", err)
	return temporal.NewApplicationError(failureWords(err), typeInternal)
}

// last reports that the step is not repeated any more. A test clock waits for it.
func last(ctx context.Context, clock remit.Clock) bool {
	attempts := int32(10)
	if clock.Test {
		attempts = 3
	}
	return !activity.IsActivity(ctx) || activity.GetInfo(ctx).Attempt >= attempts
}

func failureWords(err error) string {
	if isUnreachable(err) {
		return "Stripe does not accept the organisation's keys any more."
	}
	if _, failed := errors.AsType[*gateway.Failure](err); failed {
		return "Stripe did not answer."
	}
	return "Something went wrong here."
}

func (r *Reconciliations) reached(boundary string) {
	if r.Crash != nil {
		r.Crash(boundary)
	}
}

// end records what was found, once, and plans the next night.
func (r *Reconciliations) end(ctx context.Context, tenant uuid.UUID, run remit.ReconciliationRun, found []remit.Reconciliation) error {
	for n := range found {
		found[n].ID = run.ID // of the organisation's own currency, which is the first
		if n > 0 {
			found[n].ID = uuid.NewSHA1(run.ID, []byte(found[n].Currency))
		}
	}
	return r.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		recorded, err := tx.EndReconciliation(ctx, run, found)
		if err != nil || !recorded || !run.Nightly {
			return err
		}
		organisation, err := tx.OrganisationByPath(ctx, run.Organisation)
		if err != nil {
			return err
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		now := clock.Now(r.Now())
		if err := tx.Done(ctx, remit.AgendaReconcile, organisation.ID, now); err != nil {
			return err
		}
		if err := missing(ctx, tx, run, found); err != nil {
			return err
		}
		next := run.At
		if now.After(next) { // nights that were slept through are covered by this one
			next = now
		}
		return PlanReconciliation(ctx, tx, organisation, next)
	})
}

// missing puts a hint in the place of each event that was lost: nobody has to be
// there in the night for its object to be looked at (M6). The sweep wakes the
// invoices' workflows for them.
func missing(ctx context.Context, tx *postgres.Tx, run remit.ReconciliationRun, found []remit.Reconciliation) error {
	for _, r := range found {
		for _, d := range r.Differences {
			if !d.Fetchable() {
				continue
			}
			_, err := tx.StoreEvent(ctx, postgres.StoredEvent{
				ID:      fmt.Sprintf("reconciliation_%s_%s_%s", run.ID, d.Kind, d.StripeID),
				Account: run.Account, Tenant: tx.Tenant, Type: d.EventType(), ObjectID: d.ObjectID(), Intent: d.Intent,
				Livemode: run.Livemode, State: postgres.EventWaiting, InvoiceID: d.InvoiceID,
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// PlanReconciliation puts the next night after a time on the organisation's
// agenda.
func PlanReconciliation(ctx context.Context, tx *postgres.Tx, organisation remit.Organisation, after time.Time) error {
	zone, err := time.LoadLocation(organisation.TimeZone)
	if err != nil {
		return fmt.Errorf("the organisation's time zone: %w", err)
	}
	return tx.PlanReconciliation(ctx, organisation.ID, remit.NextReconciliation(after, zone))
}

// compare reads Stripe's side page by page, looking each page up in the ledger,
// then what the ledger has besides.
func (r *Reconciliations) compare(ctx context.Context, tenant uuid.UUID, run *remit.ReconciliationRun) ([]remit.Reconciliation, error) {
	link, err := r.Connector.At(ctx, tenant, run.Account, run.Livemode)
	if err != nil {
		return nil, err
	}
	c := &comparing{Reconciliations: r, tenant: tenant, run: run, link: link, seen: map[uuid.UUID]bool{}}
	run.Work = remit.ReconciliationWork{}
	if run.Nightly && link.WebhookEndpoint != "" {
		if err := link.Stripe.WidenEndpoint(ctx, link.WebhookEndpoint); err != nil {
			r.Logger.WarnContext(ctx, "the events of a webhook endpoint were not looked at", "endpoint", link.WebhookEndpoint, "error", err)
		}
	}
	for _, step := range []func(context.Context) error{c.movements, c.payouts, c.booked, c.carried} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return c.result.Close(run.Currency), nil
}

// comparing is one comparison under way.
type comparing struct {
	*Reconciliations
	tenant uuid.UUID
	run    *remit.ReconciliationRun
	link   *Link
	result remit.Comparison
	seen   map[uuid.UUID]bool // entries of the ledger that have their movement
}

func (c *comparing) movements(ctx context.Context) error {
	page := make([]remit.Movement, 0, reconcilePage)
	for view, err := range c.link.Stripe.BalanceTransactionsSince(ctx, c.run.Since, time.Time{}) {
		if err != nil {
			return err
		}
		m, err := movementOf(view, c.tenant)
		if err != nil {
			return err
		}
		if page = append(page, m); len(page) == reconcilePage {
			if err := c.lookUp(ctx, page); err != nil {
				return err
			}
			page = page[:0]
			c.reached("a page compared")
		}
	}
	return c.lookUp(ctx, page)
}

func (c *comparing) lookUp(ctx context.Context, page []remit.Movement) error {
	bookings, err := c.bookings(ctx, page)
	if err != nil {
		return err
	}
	for n, m := range page {
		if bookings[n].Entry != uuid.Nil && m.Kind.Booked() {
			c.seen[bookings[n].Entry] = true
		}
		c.result.Moved(m, bookings[n])
	}
	c.run.Work.Movements += len(page)
	return nil
}

func (c *comparing) bookings(ctx context.Context, page []remit.Movement) (bookings []remit.Booking, err error) {
	if len(page) == 0 {
		return nil, nil
	}
	objects := make([]postgres.StripeObject, len(page))
	for n, m := range page {
		objects[n] = postgres.StripeObject{Kind: m.Kind, ID: m.StripeID, Intent: m.Intent}
	}
	err = c.DB.InTenant(ctx, c.tenant, func(tx *postgres.Tx) (err error) {
		bookings, err = tx.Bookings(ctx, c.run.Account, objects)
		return err
	})
	return bookings, err
}

func (c *comparing) payouts(ctx context.Context) error {
	for view, err := range c.link.Stripe.PayoutsSince(ctx, c.run.Since) {
		if err != nil {
			return err
		}
		amount, err := money.FromStripe(view.Amount, view.Currency)
		if err != nil {
			return fmt.Errorf("read a payout: %w", err)
		}
		c.run.Work.Payouts++
		c.result.Payout(remit.PayoutFact{
			StripeID: view.ID, Currency: string(amount.Currency), Amount: amount.Minor, Returned: view.Status == "failed" || view.Status == "canceled", At: view.Created,
		})
	}
	return nil
}

// booked reads what the ledger has booked in the same time. What had no movement
// yet when they were listed is asked for by itself: clocks differ, and Stripe may
// take a while over a balance transaction.
func (c *comparing) booked(ctx context.Context) error {
	since, after := c.run.Since, uuid.Nil
	for {
		var page []postgres.BookedMovement
		err := c.DB.InTenant(ctx, c.tenant, func(tx *postgres.Tx) (err error) {
			page, err = tx.BookedSince(ctx, c.run.Account, c.run.Livemode, since, after, reconcilePage)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, b := range page {
			since, after = b.At, b.Entry
			c.run.Work.Entries++
			if c.seen[b.Entry] {
				continue
			}
			moved, err := c.moved(ctx, b.Movement)
			if err != nil {
				return err
			}
			if !moved {
				c.result.BookedOnly(b.Movement, remit.Booking{InvoiceID: b.InvoiceID})
			}
		}
	}
}

// moved asks Stripe whether an object has moved money.
func (c *comparing) moved(ctx context.Context, m remit.Movement) (moved bool, err error) {
	switch m.Kind {
	case remit.MovedRefund, remit.MovedRefundFailure:
		var view remit.RefundView
		view, err = c.link.Stripe.Refund(ctx, m.StripeID)
		moved = view.Debited && (m.Kind == remit.MovedRefund || view.Status.Failed())
	case remit.MovedDispute, remit.MovedDisputeReversal:
		var view gateway.DisputeView
		view, err = c.link.Stripe.Dispute(ctx, m.StripeID)
		facts := factsOf(view)
		moved = facts.Withdrawn && m.Kind == remit.MovedDispute || facts.Reinstated && m.Kind == remit.MovedDisputeReversal
	case remit.MovedCharge, remit.MovedChargeFailure, remit.MovedPayout, remit.MovedPayoutFailure, remit.MovedFee, remit.MovedAdjustment:
		var view remit.IntentView
		view, err = c.link.Stripe.Intent(ctx, m.Intent)
		moved = view.Status == "succeeded"
	}
	if err != nil && gateway.MeaningOf(err) == gateway.Stop {
		return false, nil // Stripe knows no such object at this account
	}
	return moved, err
}

// carried looks at what the run before could not explain and this one does not
// read any more, so that nothing is forgotten by the passing of time alone.
func (c *comparing) carried(ctx context.Context) error {
	var open []remit.Difference
	err := c.DB.InTenant(ctx, c.tenant, func(tx *postgres.Tx) error {
		before, err := tx.LastReconciliationRun(ctx, c.run.Account, c.run.Livemode)
		if err != nil || before == nil {
			return err
		}
		all, err := tx.OpenOf(ctx, before.ID)
		for _, d := range all {
			if d.At.Before(c.run.Since) {
				open = append(open, d)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	page := make([]remit.Movement, len(open))
	for n, d := range open {
		page[n] = remit.Movement{Kind: d.Kind, StripeID: d.StripeID, Intent: d.Intent, Currency: d.Currency, Amount: d.Amount, At: d.At}
	}
	bookings, err := c.bookings(ctx, page)
	if err != nil {
		return err
	}
	for n, d := range open {
		if d.Cause == remit.CauseNotAtStripe {
			moved, err := c.moved(ctx, page[n])
			if err != nil {
				return err
			}
			if moved {
				continue
			}
		}
		if d.Cause == remit.CauseChargePending {
			if d.Cause, err = c.pending(ctx, d); err != nil {
				return err
			}
			if d.Cause == remit.CauseChargeFailed {
				continue // nothing came of it, whenever it was taken out again
			}
		}
		c.result.Again(d, bookings[n])
	}
	return nil
}

// pending asks Stripe what became of a bank's debit that was on its way.
func (c *comparing) pending(ctx context.Context, d remit.Difference) (remit.Cause, error) {
	view, err := c.link.Stripe.Charge(ctx, d.StripeID)
	switch {
	case err != nil:
		return d.Cause, err
	case view.Status == "pending":
		return d.Cause, nil
	case view.Status == "failed":
		return remit.CauseChargeFailed, nil
	case d.InvoiceID == nil:
		return remit.CauseUnknownHere, nil
	}
	return remit.CauseChargeMissed, nil
}

// movementOf reads a balance transaction. Amounts become minor units of ours.
func movementOf(view gateway.BalanceTransactionView, tenant uuid.UUID) (remit.Movement, error) {
	amount, err := money.FromStripe(view.Amount, view.Currency)
	if err != nil {
		return remit.Movement{}, fmt.Errorf("read a balance transaction: %w", err)
	}
	fee, err := money.FromStripe(view.Fee, view.Currency)
	if err != nil {
		return remit.Movement{}, fmt.Errorf("read a balance transaction: %w", err)
	}
	m := remit.Movement{
		Kind: movementKind(view), StripeID: view.Source, Intent: view.PaymentIntent, Currency: string(amount.Currency), Amount: amount.Minor, Fee: fee.Minor,
		At: view.Created, Claimed: view.Metadata["remit_tenant"] == tenant.String(), Pending: view.ChargeStatus == "pending", Failed: view.ChargeStatus == "failed",
	}
	if m.StripeID == "" {
		m.StripeID = view.ID
	}
	return m, nil
}

// movementKind maps Stripe's types of balance transactions. Those of a bank's
// debit have names of their own, and disputes are adjustments of a category.
func movementKind(view gateway.BalanceTransactionView) remit.MovementKind {
	switch view.Type {
	case "charge", "payment":
		return remit.MovedCharge
	case "refund", "payment_refund":
		return remit.MovedRefund
	case "payment_failure_refund": // of a debit, which the bank refused
		return remit.MovedChargeFailure
	case "refund_failure", "payment_refund_failure":
		return remit.MovedRefundFailure
	case "payout":
		return remit.MovedPayout
	case "payout_failure", "payout_cancel":
		return remit.MovedPayoutFailure
	case "stripe_fee", "stripe_fx_fee", "tax_fee", "application_fee":
		return remit.MovedFee
	}
	switch view.Category {
	case "dispute":
		return remit.MovedDispute
	case "dispute_reversal":
		return remit.MovedDisputeReversal
	case "fee":
		return remit.MovedFee
	case "charge_failure":
		return remit.MovedChargeFailure
	}
	return remit.MovedAdjustment
}
