package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/activity"

	"remit"
	"remit/policies"
	"remit/postgres"
	"remit/script"
	"remit/seals"
)

// Payments carries out what is asked of an invoice and what its agenda says.
type Payments struct {
	DB        *postgres.DB
	Authority *policies.Authority
	Connector *Connector
	Seals     *seals.File // of audit trails; nil where there are none
	Logger    *slog.Logger
	Now       func() time.Time // real time
	// ApplicationFee is what the platform takes of payments to accounts connected in
	// its name.
	ApplicationFee remit.ApplicationFee
	PublicURL      string // of the portal, which mails to people lead to
	// Crash, if set, is called at each named boundary between two steps; tests
	// kill the process there.
	Crash func(boundary string)
	// Ended, if set, hears of every attempt that ended, once recorded.
	Ended func(remit.Attempt)
	// Scripts runs after-payment scripts; nil runs none but the shipped one.
	Scripts *script.Runner
	// Scripted, if set, hears of every run of an after-payment script: applied or
	// failed.
	Scripted func(outcome string)
}

// Performed is the result of a request and what the workflow has to know next.
type Performed struct {
	Result remit.RequestResult
	State  remit.InvoiceState
}

// Load reads what the workflow has to know of its invoice.
func (p *Payments) Load(ctx context.Context, ref remit.InvoiceRef) (remit.InvoiceState, error) {
	var state remit.InvoiceState
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		state, err = p.stateOf(ctx, tx, l)
		return err
	})
	if remit.IsCode(err, remit.CodeNotFound) {
		return remit.InvoiceState{Rest: true}, nil // a workflow without an invoice has nothing to do
	}
	return state, p.asTemporal(ctx, err)
}

// Perform carries out one request. A request without a row, or one that was
// carried out before, changes nothing.
func (p *Payments) Perform(ctx context.Context, ref remit.InvoiceRef, request remit.Request) (Performed, error) {
	defer heartbeat(ctx)()
	var stored postgres.StoredRequest
	var begun *remit.Attempt
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		if stored, err = tx.Request(ctx, ref.Invoice, request.ID); err != nil || !stored.Kind.Collects() {
			return err
		}
		begun, err = tx.AttemptOfRequest(ctx, stored.ID)
		return err
	})
	if remit.IsCode(err, remit.CodeNotFound) {
		state, err := p.Load(ctx, ref)
		refused := remit.Refuse(remit.Errorf(remit.KindForbidden, remit.CodeForbidden, "There is no such request."))
		return Performed{Result: remit.RequestResult{Refused: refused}, State: state}, err
	}
	if err != nil {
		return Performed{}, p.asTemporal(ctx, err)
	}
	if stored.Result != nil {
		state, err := p.Load(ctx, ref)
		return Performed{Result: *stored.Result, State: state}, err
	}
	done := Performed{}
	switch {
	case stored.Kind.Collects():
		done.Result, err = p.collect(ctx, reservation{ref: ref, stored: stored}, begun)
	case stored.Kind == remit.RequestRefund:
		done.Result, err = p.refund(ctx, ref, stored)
	case stored.Kind == remit.RequestCancel:
		done.Result, err = p.callBack(ctx, ref, stored)
	case stored.Kind == remit.RequestSettle:
		done.Result, err = p.settleByHand(ctx, ref, stored)
	default:
		done.Result, err = p.change(ctx, ref, stored)
	}
	if answer := refusal(err); answer != nil {
		done.Result, err = remit.RequestResult{Refused: answer}, nil
	}
	if err != nil {
		return Performed{}, p.asTemporal(ctx, err)
	}
	err = p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		if done.Result.Refused != nil && stored.Kind == remit.RequestRefund {
			// One that is reserved will be sent, whatever forbids another by now.
			made, err := tx.RefundOfRequest(ctx, stored.ID)
			if err != nil {
				return err
			}
			if made != nil {
				done.Result = remit.RequestResult{Refund: &made.ID, Payment: &made.PaymentID}
			}
		}
		if err := tx.EndRequest(ctx, stored.ID, done.Result); err != nil {
			return err
		}
		if done.State, err = p.stateOf(ctx, tx, l); err != nil {
			return err
		}
		return overlookNothing(ctx, tx, l, &done.State)
	})
	return done, p.asTemporal(ctx, err)
}

// overlookNothing has the workflow look at once at events that came while a step charged,
// of which nobody else was told. Those that say what is recorded have ended by it.
func overlookNothing(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, state *remit.InvoiceState) error {
	overlooked, err := eventsLeft(ctx, tx, l)
	if err == nil && overlooked {
		now := time.Duration(0)
		state.Rest, state.WakeIn = false, &now
	}
	return err
}

// eventsLeft ends the events that a step has made true by itself, of a payment
// whose end is recorded, and reports whether others wait to be looked at.
func eventsLeft(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice) (bool, error) {
	waiting, err := tx.WaitingEvents(ctx, l.ID)
	if err != nil || waiting.Count == 0 || l.Live != nil {
		return waiting.Count > 0, err
	}
	if err := tx.EndSettledEvents(ctx, l.ID); err != nil {
		return false, err
	}
	waiting, err = tx.WaitingEvents(ctx, l.ID)
	return waiting.Count > 0, err
}

// stateOf says when the workflow must be woken next and whether it may end.
func (p *Payments) stateOf(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice) (remit.InvoiceState, error) {
	rows, err := tx.InvoiceAgenda(ctx, l.ID)
	if err != nil {
		return remit.InvoiceState{}, err
	}
	return p.stateBy(ctx, tx, l, rows)
}

// stateBy is [Payments.stateOf] by the invoice's agenda as it was just read.
func (p *Payments) stateBy(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, rows []postgres.AgendaRow) (state remit.InvoiceState, err error) {
	state = remit.InvoiceState{Status: l.Status, DueDate: l.DueDate.String()}
	all := len(rows)
	rows = slices.DeleteFunc(slices.Clone(rows), func(row postgres.AgendaRow) bool { return row.Kind == remit.AgendaRefund })
	if len(rows) < all { // have workflows of their own, once those are started
		if state.Refunds, err = tx.UnsentRefunds(ctx, l.ID); err != nil {
			return remit.InvoiceState{}, err
		}
	}
	if l.Live != nil {
		state.InFlight = l.Live.State
	}
	state.Rest = l.Status.AtRest() && l.Live == nil && len(rows) == 0
	all = len(rows)
	rows = slices.DeleteFunc(rows, func(row postgres.AgendaRow) bool { return row.Kind == remit.AgendaScript })
	state.Script = len(rows) < all                                                                             // has a step of its own, which is not waited for
	rows = slices.DeleteFunc(rows, func(row postgres.AgendaRow) bool { return row.Kind.ByRun() && !row.Soon }) // runs wake for these
	var wake *time.Duration
	if len(rows) > 0 {
		in := max(l.Clock.Until(rows[0].At, p.Now()), 0)
		wake = &in
	}
	if l.Live != nil && (wake == nil || *wake > unattended) {
		in := unattended // a live attempt nobody looks after, whatever the agenda says
		if at, planned := pollOf(rows, l.Live.ID); planned {
			in = max(l.Clock.Until(at, p.Now()), 0)
		}
		if wake != nil {
			in = min(in, *wake)
		}
		wake = &in
	}
	state.WakeIn = wake
	return state, nil
}

// unattended is how long a live attempt may go without a look where the step
// that would have planned one never came to it.
const unattended = 30 * time.Second

// pollOf is when the agenda has a look at an attempt planned.
func pollOf(rows []postgres.AgendaRow, attempt uuid.UUID) (at time.Time, planned bool) {
	for _, row := range rows {
		if row.Kind == remit.AgendaPoll && row.ObjectID == attempt {
			return row.At, true
		}
	}
	return time.Time{}, false
}

// boundary marks the place between two steps.
func (p *Payments) boundary(name string) {
	if p.Crash != nil {
		p.Crash(name)
	}
}

// refusal gives the answer an error is, or nil for one that repeating may mend.
func refusal(err error) *remit.Refusal {
	var e *remit.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Kind {
	case remit.KindDeclined, remit.KindForbidden, remit.KindNotFound, remit.KindConflict, remit.KindInvalid, remit.KindMalformed:
		return remit.Refuse(e)
	case remit.KindInternal, remit.KindUnauthenticated, remit.KindTooLarge, remit.KindUnsupported, remit.KindLimited, remit.KindUnavailable:
		return nil
	}
	return nil
}

// heartbeat tells Temporal, once a second, that the step is still at work, so
// that one whose process died is taken up by another soon. Short steps, the
// rule, never get to it.
func heartbeat(ctx context.Context) (stop func()) {
	if !activity.IsActivity(ctx) {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-ticker.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	return func() { close(done) }
}

func newID() (uuid.UUID, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.Nil, fmt.Errorf("make an id: %w", err)
	}
	return id, nil
}
