package activities

import (
	"context"
	"encoding/json"
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
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		stored, err = tx.Request(ctx, ref.Invoice, request.ID)
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
	result := stored.Result
	if result == nil {
		done, err := p.carryOut(ctx, ref, stored)
		if answer := refusal(err); answer != nil {
			done, err = remit.RequestResult{Refused: answer}, nil
		}
		if err != nil {
			return Performed{}, p.asTemporal(ctx, err)
		}
		err = p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error { return tx.EndRequest(ctx, stored.ID, done) })
		if err != nil {
			return Performed{}, p.asTemporal(ctx, err)
		}
		result = &done
	}
	state, err := p.Load(ctx, ref)
	return Performed{Result: *result, State: state}, err
}

// Advance brings an invoice up to date: it looks at the live attempt, carries
// out what the agenda says is due, and says when to be woken next.
func (p *Payments) Advance(ctx context.Context, ref remit.InvoiceRef) (remit.InvoiceState, error) {
	defer heartbeat(ctx)()
	if err := p.settleLive(ctx, ref); err != nil {
		return remit.InvoiceState{}, p.asTemporal(ctx, err)
	}
	if err := p.settleHints(ctx, ref); err != nil {
		return remit.InvoiceState{}, p.asTemporal(ctx, err)
	}
	if err := p.fireAgenda(ctx, ref); err != nil {
		return remit.InvoiceState{}, p.asTemporal(ctx, err)
	}
	return p.Load(ctx, ref)
}

func (p *Payments) carryOut(ctx context.Context, ref remit.InvoiceRef, stored postgres.StoredRequest) (remit.RequestResult, error) {
	switch stored.Kind {
	case remit.RequestPay, remit.RequestCheckout:
		var in remit.PayRequest
		if err := json.Unmarshal(stored.Payload, &in); err != nil {
			return remit.RequestResult{}, fmt.Errorf("read a pay request: %w", err)
		}
		return p.collect(ctx, ref, stored, in)
	default:
		return p.change(ctx, ref, stored)
	}
}

// stateOf says when the workflow must be woken next and whether it may end.
func (p *Payments) stateOf(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice) (remit.InvoiceState, error) {
	rows, err := tx.InvoiceAgenda(ctx, l.ID)
	if err != nil {
		return remit.InvoiceState{}, err
	}
	state := remit.InvoiceState{Status: l.Status, DueDate: l.DueDate.String()}
	if l.Live != nil {
		state.InFlight = l.Live.State
	}
	state.Rest = l.Status.AtRest() && l.Live == nil && len(rows) == 0
	all := len(rows)
	rows = slices.DeleteFunc(rows, func(row postgres.AgendaRow) bool { return row.Kind == remit.AgendaScript })
	state.Script = len(rows) < all // has a step of its own, which is not waited for
	var wake *time.Duration
	if len(rows) > 0 {
		in := max(l.Clock.Until(rows[0].At, p.Now()), 0)
		wake = &in
	}
	if l.Live != nil && (wake == nil || *wake > unattended) {
		in := unattended // a live attempt nobody looks after, whatever the agenda says
		if hasPoll(rows) {
			in = *wake
		}
		wake = &in
	}
	state.WakeIn = wake
	return state, nil
}

// unattended is how long a live attempt may go without a look where the step
// that would have planned one never came to it.
const unattended = 30 * time.Second

func hasPoll(rows []postgres.AgendaRow) bool {
	for _, row := range rows {
		if row.Kind == remit.AgendaPoll {
			return true
		}
	}
	return false
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
