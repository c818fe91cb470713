package activities

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/postgres"
)

// putOff is how long a charge waits that could not be begun.
const putOff = time.Hour

// mostRounds is how often a charge is put off that could not be begun, before a
// person is asked: for a day.
const mostRounds = 24

// dueCharge is a charge by itself that is to be carried out, and what it goes
// through where that was read with it.
type dueCharge struct {
	row            *postgres.ChargeRow
	request        postgres.StoredRequest
	begun          *remit.Attempt // when the step was carried out before
	connection     *postgres.SealedConnection
	stripeCustomer string
	page           *remit.Attempt // that is open, and to be closed before anything is collected
}

// endedCharge is what it came to, to be recorded.
type endedCharge struct {
	*dueCharge

	result remit.RequestResult
}

// chargeDue carries out a charge by itself that was begun. Repeated, it takes up the
// attempt it has begun.
func (p *Payments) chargeDue(ctx context.Context, ref remit.InvoiceRef, due *dueCharge) (*endedCharge, error) {
	if due == nil {
		return nil, nil
	}
	p.boundary("charge begun")
	r := reservation{ref: ref, stored: due.request}
	if due.connection != nil && due.stripeCustomer != "" {
		if link, err := p.Connector.Open(due.connection); err == nil {
			r.link, r.stripeCustomer = link, due.stripeCustomer
		}
	}
	result, err := p.collect(gateway.Batch(ctx), r, due.begun)
	if answer := refusal(err); answer != nil {
		result, err = remit.RequestResult{Refused: answer}, nil
	}
	return &endedCharge{due, result}, err
}

// endCharge records what a charge came to.
func (p *Payments) endCharge(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, ended *endedCharge) error {
	made, err := tx.AttemptOfRequest(ctx, ended.request.ID)
	if err != nil {
		return err
	}
	if made != nil { // it began, whatever was answered then
		return tx.EndRequest(ctx, ended.request.ID, attempted(made))
	}
	if err := tx.EndRequest(ctx, ended.request.ID, ended.result); err != nil || ended.result.Refused == nil {
		return err
	}
	return p.chargeRefused(ctx, tx, l, ended.row, ended.result.Refused)
}

// beginAfterHints begins the charge that is due. A page that is in its way is closed first,
// and what came of it looked at: who pays there at that moment pays nothing for credit that
// was used meanwhile.
func (p *Payments) beginAfterHints(ctx context.Context, ref remit.InvoiceRef) (due *dueCharge, err error) {
	begin := func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err == nil {
			due, err = p.beginCharge(ctx, tx, l)
		}
		return err
	}
	if err = p.DB.InTenant(ctx, ref.Tenant, begin); err != nil || due == nil || due.page == nil {
		return due, err
	}
	err = p.closeSession(ctx, ref, *due.page)
	if answer := refusal(err); answer != nil {
		row := due.row
		return nil, p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
			l, err := tx.LockInvoice(ctx, ref.Invoice)
			if err != nil {
				return err
			}
			return p.chargeRefused(ctx, tx, l, row, answer)
		})
	}
	if err != nil {
		return nil, err
	}
	if err = p.DB.InTenant(ctx, ref.Tenant, begin); err == nil && due != nil && due.page != nil {
		due = nil // somebody has opened another one: the next look closes it
	}
	return due, err
}

// beginCharge decides about the charge that is due and, where it is to be, stores
// the request that carries it out. Nil says that nothing is to be done.
func (p *Payments) beginCharge(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice) (*dueCharge, error) {
	row, err := tx.Charge(ctx, l.ID)
	if err != nil || row == nil || row.At.After(l.Clock.Now(p.Now())) {
		return nil, err
	}
	known, err := knownCharge(ctx, tx, l, row)
	if err != nil {
		return nil, err
	}
	if known != nil {
		begun, err := tx.AttemptOfRequest(ctx, known.ID)
		return &dueCharge{row: row, request: *known, begun: begun}, err
	}
	return p.decideCharge(ctx, tx, l, row)
}

// decideCharge uses the customer's credit, decides about the rest and stores the
// request for it; nil: nothing is to be charged now, and the timeline says why. Where
// somebody may be paying on a page it gives that alone, to be closed before.
func (p *Payments) decideCharge(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, row *postgres.ChargeRow) (*dueCharge, error) {
	now := l.Clock.Now(p.Now())
	through, err := p.chargeThrough(ctx, tx)
	if err != nil {
		return nil, err
	}
	facts, err := chargeFacts(ctx, tx, l.Invoice, row.Plan, l.Zone, through, now)
	if err != nil {
		return nil, err
	}
	decision := remit.DecideCharge(facts, now)
	if left, err := p.leave(ctx, tx, l, row, decision, now); err != nil || left {
		return nil, err
	}
	if l.InFlight.OpenCheckout() { // without credit whoever charges closes it, before he takes anything
		if credit, err := tx.LockCredit(ctx, l.CustomerID, l.Currency); err != nil || credit > 0 {
			return &dueCharge{row: row, page: l.Live}, err
		}
	}
	entries, err := UseCredit(ctx, tx, l, "charge/"+row.Plan.Request(row.ID).String(), l.Outstanding, remit.System)
	if err != nil {
		return nil, err
	}
	if len(entries) > 0 && l.Outstanding == 0 {
		if err := tx.EndCharge(ctx, row.ID, postgres.ChargeResult{Credit: true}, now); err != nil {
			return nil, err
		}
		return nil, p.closeBooks(ctx, tx, l, entries)
	}
	if len(entries) > 0 && row.Plan.Deposit && l.DepositLeft() == 0 { // that was all: the rest has a date of its own
		if err := tx.EndCharge(ctx, row.ID, postgres.ChargeResult{Credit: true}, now); err != nil {
			return nil, err
		}
		if l.Collection.State == remit.CollectionRetries {
			l.Collection = remit.Collection{}
		}
		return nil, p.closeBooks(ctx, tx, l, entries)
	}
	if len(entries) > 0 { // what is left is another sum
		if facts, err = chargeFacts(ctx, tx, l.Invoice, row.Plan, l.Zone, through, now); err != nil {
			return nil, err
		}
		decision = remit.DecideCharge(facts, now)
	}
	if decision.Verdict != remit.ChargeNow {
		told, err := p.putAside(ctx, tx, l, row, decision, now)
		if err != nil {
			return nil, err
		}
		return nil, tx.SaveInvoice(ctx, l, p.Now(), append(entries, told...)...)
	}
	if len(entries) > 0 {
		if err := tx.SaveInvoice(ctx, l, p.Now(), entries...); err != nil {
			return nil, err
		}
	}
	request, err := chargeRequest(l, row, decision, *facts.Method)
	if err != nil {
		return nil, err
	}
	due := &dueCharge{row: row, request: request, connection: through.connection}
	due.stripeCustomer, err = tx.StripeCustomer(ctx, l.CustomerID, through.connection.Account, through.connection.Livemode)
	if err != nil {
		return nil, err
	}
	return due, tx.InsertRequest(ctx, request)
}

// leave puts a charge aside of which nothing is to be collected now, no credit either, and
// reports whether it did. What its customer's credit may pay, in part or whole, waits until
// nobody can be paying on a page that is open: the page's end asks for no credit.
func (p *Payments) leave(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, row *postgres.ChargeRow, d remit.ChargeDecision, now time.Time) (left bool, err error) {
	if d.Collection != remit.CollectionNone && l.InFlight.OpenCheckout() {
		credit, err := tx.LockCredit(ctx, l.CustomerID, l.Currency)
		if err != nil {
			return false, err
		}
		if credit > 0 {
			d.Verdict, d.Collection, d.Until = remit.ChargeDelay, remit.CollectionNone, now.Add(putOff)
			if l.Live != nil && l.Live.ExpiresAt != nil && l.Live.ExpiresAt.After(now) {
				d.Until = *l.Live.ExpiresAt
			}
			d.Rule, d.Reason = "credit is used when nobody may be paying", "Somebody has a checkout open, and there is credit to be used after it"
		}
	}
	if d.Collects(l.Invoice) {
		return false, nil
	}
	told, err := p.putAside(ctx, tx, l, row, d, now)
	if err != nil {
		return false, err
	}
	return true, tx.SaveInvoice(ctx, l, p.Now(), told...)
}

// knownCharge is the request by which a row is being carried out already, or nil.
// Rounds that were refused are passed over, whoever died before he noted them.
func knownCharge(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, row *postgres.ChargeRow) (*postgres.StoredRequest, error) {
	for {
		known, err := tx.Request(ctx, l.ID, row.Plan.Request(row.ID))
		if remit.IsCode(err, remit.CodeNotFound) {
			return nil, nil
		}
		if err != nil || known.Result == nil {
			return &known, err
		}
		row.Plan.Round++
	}
}

// chargeFacts reads what decides about a charge by itself at a time.
func chargeFacts(ctx context.Context, tx *postgres.Tx, i remit.Invoice, plan remit.ChargePlan, zone *time.Location, through chargeRoute, now time.Time) (f remit.ChargeFacts, err error) {
	f = remit.ChargeFacts{Invoice: i, Plan: plan, Zone: zone, Unable: through.unable}
	if through.connection != nil {
		f.Debits = remit.OfferDebits(i.Currency, through.connection.Country, through.connection.BankDebits)
	}
	if s := i.Settings.Approvals; s.Above != nil && (s.Automatic || plan.By != nil || i.FreedBy(zone) != nil) {
		if f.Alone, err = tx.PaidAlone(ctx, i.ID, uuid.Nil); err != nil {
			return f, err
		}
	}
	if f.Method, f.Unsuited, err = chargedMethod(ctx, tx, i); err != nil || f.Method == nil {
		return f, err
	}
	if f.Refused, err = tx.HardRefusal(ctx, *f.Method); err != nil || through.connection == nil {
		return f, err
	}
	f.FreeAt, err = CardFreeAt(ctx, tx, through.connection.Connection, *f.Method, now)
	return f, err
}

// chargeRoute is the connection that charges go through, or why there are none now.
type chargeRoute struct {
	connection *postgres.SealedConnection
	unable     error // an answer; nil where there is nothing in the way
}

func (p *Payments) chargeThrough(ctx context.Context, tx *postgres.Tx) (r chargeRoute, err error) {
	err = MoneyOn(ctx, p.Seals, tx)
	if err == nil {
		if r.connection, err = tx.LiveConnection(ctx); err == nil {
			err = Usable(r.connection)
		}
	}
	if refusal(err) != nil {
		r.unable, err = err, nil
	}
	return r, err
}

// putAside takes a charge off the agenda that is not to be, or puts it off, and
// says why on the timeline: once for each reason.
func (p *Payments) putAside(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, row *postgres.ChargeRow, d remit.ChargeDecision, now time.Time) ([]remit.TimelineEntry, error) {
	entry := remit.TimelineEntry{
		Kind: "charge_skipped", Actor: remit.System, What: "Not charged by itself. " + d.Reason + ".", Why: remit.Why{Rule: d.Rule, Version: "1"},
		Data: map[string]any{"amount": d.Amount, "reason": d.Reason, "collection": string(d.Collection)},
	}
	result := postgres.ChargeResult{Reason: d.Reason}
	if d.Verdict == remit.ChargeDelay {
		plan := row.Plan
		plan.ByRun, plan.Day = false, ""
		if d.Waits { // for the run of somebody who does not wait for the window it stays of its day
			plan.Day = remit.DateOf(plan.Planned.In(l.Zone)).String()
		} else {
			plan.Round++
		}
		if d.Anew {
			plan.Planned = d.Until
		}
		if d.Checkout {
			plan.Waited, plan.Soon = true, true
		}
		told := row.Plan.Round > 0 && !d.Checkout
		entry.Kind = "charge_delayed"
		if err := planCharge(ctx, tx, l, d.Until, plan); err != nil || told {
			return nil, errors.Join(err, tx.NoteCharge(ctx, l.ID, result))
		}
		return []remit.TimelineEntry{entry}, tx.NoteCharge(ctx, l.ID, result)
	}
	if d.Collection != remit.CollectionNone {
		l.Collection = remit.Collection{State: d.Collection, Why: d.Reason, Since: now}
	}
	if err := tx.EndCharge(ctx, row.ID, result, now); err != nil {
		return nil, err
	}
	entries := []remit.TimelineEntry{entry}
	if d.Collection == remit.CollectionAsks {
		told, err := p.TellAsks(ctx, tx, l)
		if err != nil {
			return nil, err
		}
		entries = append(entries, told...)
	}
	return entries, PlanNotice(ctx, tx, l, p.Now())
}

func chargeRequest(l *postgres.LockedInvoice, row *postgres.ChargeRow, d remit.ChargeDecision, method remit.PaymentMethod) (postgres.StoredRequest, error) {
	id := method.ID
	return postgres.NewRequest(row.Plan.Request(row.ID), l.ID, remit.RequestPay, remit.PayRequest{
		Amount: d.Amount, Owed: l.Outstanding, PaymentMethod: &id, Permit: remit.Permit{Charge: &row.ID, By: d.By},
	}, remit.System)
}

// chargeRefused puts a charge off that was refused before anything was charged, if it
// is still to be.
func (p *Payments) chargeRefused(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, row *postgres.ChargeRow, answer *remit.Refusal) error {
	now := l.Clock.Now(p.Now())
	if open, err := tx.Charge(ctx, l.ID); err != nil || open == nil || open.ID != row.ID || open.At.After(now) {
		return err // it was taken off or moved meanwhile
	}
	window := l.Settings.AutoCharge.Window
	d := remit.ChargeDecision{
		Verdict: remit.ChargeDelay, Until: window.Next(now.Add(putOff), l.Zone), Amount: (remit.ScheduledCharge{Deposit: row.Plan.Deposit}).Amount(l.Invoice),
		Rule: "what could not be begun is tried again an hour later", Reason: strings.TrimSuffix(answer.Message, "."),
	}
	if row.Plan.Round >= mostRounds {
		d.Verdict, d.Collection, d.Rule = remit.ChargeSkip, remit.CollectionAsks, "what cannot be begun for a day is asked about"
	}
	told, err := p.putAside(ctx, tx, l, row, d, now)
	if err != nil {
		return err
	}
	return tx.SaveInvoice(ctx, l, p.Now(), told...)
}

// chargeStill asks, wherever a charge by itself is about to go on, whether it may:
// a hold, a word of the customer, or another setting stops one that was decided.
func chargeStill(l *postgres.LockedInvoice, permit remit.Permit) error {
	switch {
	case !permit.Itself():
		return nil
	case l.Hold != nil:
		return remit.Conflict(remit.CodeConflict, "It is on hold: %s", l.Hold.Reason)
	case !l.Settings.AutoCharge.On, l.CustomerAuto != nil && !*l.CustomerAuto:
		return remit.Conflict(remit.CodeConflict, "Automatic charge is off.")
	}
	return nil
}
