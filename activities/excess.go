package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/ledger"
	"remit/money"
	"remit/postgres"
)

// ExcessSetting is the name of the setting that says what becomes of excess that
// nobody decides on.
const ExcessSetting = "excess"

// surplus is money that an entry of the ledger could not apply.
type surplus struct {
	payment  *remit.Payment
	currency string
	amount   int64
	reason   remit.ExcessReason
	ids      []string       // at Stripe
	data     map[string]any // of the timeline's entry, besides amount and payment
}

// keepExcess makes an item of the excess desk of what could not be applied, in
// the transaction that books it: what happens to it when nobody decides is
// copied onto it, planned, and told.
func (p *Payments) keepExcess(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, s surplus) (remit.TimelineEntry, error) {
	id, err := newID()
	if err != nil {
		return remit.TimelineEntry{}, err
	}
	settings, _, _, err := ExcessSettingsAt(ctx, tx, l.Organisation)
	if err != nil {
		return remit.TimelineEntry{}, err
	}
	invoice, customer := l.ID, l.CustomerID
	item := remit.Excess{
		ID: id, OrganisationID: l.OrganisationID, InvoiceID: &invoice, CustomerID: &customer, Currency: s.currency, Amount: s.amount,
		Reason: s.reason, State: remit.ExcessOpen, CreatedAt: l.Clock.Now(p.Now()),
	}
	if s.payment.PaymentIntent != "" {
		item.PaymentID = &s.payment.ID
	}
	item = item.ByDefault(settings)
	if _, err := tx.InsertExcess(ctx, item); err != nil {
		return remit.TimelineEntry{}, err
	}
	if item.Due != nil {
		if err := tx.Plan(ctx, l, remit.AgendaExcess, id, *item.Due, planWords(item)); err != nil {
			return remit.TimelineEntry{}, err
		}
	}
	entry := remit.TimelineEntry{
		Kind: "excess", Actor: remit.Stripe, What: fmt.Sprintf("%s came in %s. %s", item.Money(), s.reason.Words(), item.Plan(l.Zone)),
		Why:       remit.Why{Rule: "every cent received is on the ledger", Version: "1"},
		StripeIDs: s.ids, Data: map[string]any{"amount": s.amount, "payment": s.payment.ID.String(), "excess": id.String(), "reason": string(s.reason)},
	}
	maps.Copy(entry.Data, s.data)
	return entry, nil
}

// planWords are what an agenda says of an item.
func planWords(item remit.Excess) string {
	return fmt.Sprintf("%s that could not be applied: %s by default", item.Money(), item.DefaultAction)
}

// ExcessSettingsAt are the settings for excess in force at a path, and where they
// are set: "" for the defaults.
func ExcessSettingsAt(ctx context.Context, tx *postgres.Tx, path string) (settings remit.ExcessSettings, setAt string, version int64, err error) {
	settings = remit.DefaultExcessSettings()
	setAt, version, _, err = tx.Setting(ctx, path, ExcessSetting, &settings)
	return settings, setAt, version, err
}

// decideExcess carries out what a person decided on an item of this invoice.
func (p *Payments) decideExcess(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, stored postgres.StoredRequest, in remit.ExcessRequest) error {
	item, err := tx.LockExcess(ctx, in.Excess)
	if err != nil {
		return err
	}
	if item.InvoiceID == nil || *item.InvoiceID != l.ID {
		return remit.NotFound()
	}
	return p.resolveExcess(ctx, tx, l, item, in.Action, in.Customer, stored.Actor)
}

// lookAtDueExcess looks at Stripe for the items that are due to go back, before
// they do (M14): what was refunded there is not refunded again. It gives those it
// could look at.
func (p *Payments) lookAtDueExcess(ctx context.Context, ref remit.InvoiceRef) (map[uuid.UUID]bool, error) {
	var due []remit.Excess
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		rows, err := tx.InvoiceAgenda(ctx, ref.Invoice)
		if err != nil || !slices.ContainsFunc(rows, func(row postgres.AgendaRow) bool { return row.Kind == remit.AgendaExcess }) {
			return err
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Kind != remit.AgendaExcess || row.At.After(clock.Now(p.Now())) {
				continue
			}
			item, err := tx.Excess(ctx, row.ObjectID)
			switch {
			case remit.IsCode(err, remit.CodeNotFound):
			case err != nil:
				return err
			case item.State == remit.ExcessOpen && item.DefaultAction == remit.ExcessRefund:
				due = append(due, item)
			}
		}
		return nil
	})
	looked := map[uuid.UUID]bool{}
	for _, item := range due {
		if err := p.lookBeforeExcess(ctx, ref, *item.PaymentID); err != nil {
			p.Logger.WarnContext(ctx, "excess waits until its payment can be looked at", "excess", item.ID, "error", err)
			continue
		}
		looked[item.ID] = true
	}
	return looked, err
}

func (p *Payments) lookBeforeExcess(ctx context.Context, ref remit.InvoiceRef, payment uuid.UUID) error {
	w, err := p.refundedPayment(ctx, ref, payment)
	if err != nil {
		return err
	}
	return p.lookAtRefunds(ctx, ref, w)
}

// lookAgain is how long an item waits whose payment could not be looked at, or
// whose invoice is being paid.
const lookAgain = time.Hour

// excessDue takes the default action of an item whose time has come.
func (p *Payments) excessDue(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, row postgres.AgendaRow, looked map[uuid.UUID]bool) error {
	now := l.Clock.Now(p.Now())
	if err := tx.Done(ctx, remit.AgendaExcess, row.ObjectID, now); err != nil {
		return err
	}
	item, err := tx.LockExcess(ctx, row.ObjectID)
	if remit.IsCode(err, remit.CodeNotFound) {
		return p.creditDue(ctx, tx, l, row.ObjectID)
	}
	if err != nil || item.State != remit.ExcessOpen {
		return err
	}
	switch {
	case item.DefaultAction == remit.ExcessApply && l.Live != nil:
		err = tx.Plan(ctx, l, remit.AgendaExcess, item.ID, now.Add(lookAgain), row.What)
	case item.DefaultAction != remit.ExcessRefund:
		err = p.resolveExcess(ctx, tx, l, item, item.DefaultAction, nil, remit.System)
	case !looked[item.ID]:
		err = tx.Plan(ctx, l, remit.AgendaExcess, item.ID, now.Add(lookAgain), row.What)
	default:
		err = p.refundByDefault(ctx, tx, l, item)
	}
	if refused := refusal(err); refused != nil {
		// Nobody waits for an answer here, so that a person has to be asked.
		item.DefaultAction, item.Due = remit.ExcessNone, nil
		if err := tx.SaveExcess(ctx, item); err != nil {
			return err
		}
		return tx.SaveInvoice(ctx, l, p.Now(), remit.TimelineEntry{
			Kind: "excess_waits", Actor: remit.System, What: fmt.Sprintf("%s that could not be applied waits for somebody to decide. %s", item.Money(), refused.Message),
			Why: remit.Why{Rule: "what cannot be done by itself is asked for", Version: "1"}, Data: map[string]any{"excess": item.ID.String()},
		})
	}
	return err
}

// refundByDefault promises an item's money back because nobody decided.
func (p *Payments) refundByDefault(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, item remit.Excess) error {
	if err := MoneyOn(ctx, p.Seals, tx); err != nil {
		return err
	}
	request := uuid.NewSHA1(item.ID, []byte("refund"))
	stored := postgres.StoredRequest{ID: request, InvoiceID: l.ID, Kind: remit.RequestRefund, Actor: remit.System}
	refund, of, err := p.newRefund(ctx, tx, l, stored, remit.RefundRequest{
		Payment: *item.PaymentID, Amount: item.Amount, Reason: "it could not be applied", Choice: remit.RefundExcess, Excess: &item.ID,
	})
	if err != nil {
		return err
	}
	return p.promise(ctx, tx, l, refund, of)
}

// resolveExcess ends an item of a locked invoice.
func (p *Payments) resolveExcess(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, item remit.Excess, action remit.ExcessAction, given *uuid.UUID, actor remit.Actor) error {
	customer, err := item.Decide(action, given)
	if err != nil {
		return err
	}
	now := l.Clock.Now(p.Now())
	if action == remit.ExcessApply && l.Live != nil {
		// It must not pay what a payment of this invoice is about to.
		if oldest, err := tx.OldestOpen(ctx, customer, item.Currency); err != nil || oldest == l.ID {
			return cmp.Or(err, inFlight())
		}
	}
	if action == remit.ExcessRefund { // is a request of its own kind, made after a look at Stripe
		return remit.Invalid("action", "Choose credit or apply.")
	}
	target, err := CreditExcess(ctx, tx, &item, action, customer, l.Clock, p.Now(), actor)
	if err != nil {
		return err
	}
	if err := tx.Done(ctx, remit.AgendaExcess, item.ID, now); err != nil {
		return err
	}
	what := fmt.Sprintf("%s that could not be applied is kept as %s's credit.", item.Money(), l.CustomerName)
	if action == remit.ExcessApply && target == uuid.Nil {
		what += " No invoice of this customer is open."
	}
	if target != uuid.Nil {
		what = fmt.Sprintf("%s that could not be applied became %s's credit, to pay the oldest open invoice.", item.Money(), l.CustomerName)
	}
	entries := []remit.TimelineEntry{{
		Kind: "excess_resolved", Actor: actor, What: what, Why: remit.Why{Rule: "excess is somebody's, not ours", Version: "1"},
		Data: map[string]any{"excess": item.ID.String(), "action": string(action), "amount": item.Amount},
	}}
	if target == l.ID { // the invoice it came for, which is still open
		used, err := UseCredit(ctx, tx, l, CreditRequestOf(item.ID).String(), item.Amount, actor)
		if err != nil {
			return err
		}
		entries = append(entries, used...)
	}
	return p.closeBooks(ctx, tx, l, entries)
}

// CreditExcess books an open item, which the transaction holds, as its
// customer's credit. Where that is to pay his oldest open invoice, it gives that
// one; unless it is the one the item came for, its workflow is asked to.
func CreditExcess(ctx context.Context, tx *postgres.Tx, item *remit.Excess, action remit.ExcessAction, customer uuid.UUID, clock remit.Clock, real time.Time, actor remit.Actor) (target uuid.UUID, err error) {
	now := clock.Now(real)
	invoice := uuid.Nil
	if item.InvoiceID != nil {
		invoice = *item.InvoiceID
	}
	item.State, item.CustomerID, item.ResolvedBy, item.ResolvedAt = remit.ExcessCredited, &customer, &actor, &now
	if action == remit.ExcessApply {
		if target, err = tx.OldestOpen(ctx, customer, item.Currency); err != nil {
			return uuid.Nil, err
		}
	}
	if target != uuid.Nil {
		item.State = remit.ExcessApplied
	}
	// Before the credit is touched: whoever holds that invoice may wait for it.
	if target != uuid.Nil && target != invoice {
		if err := planCredit(ctx, tx, *item, target, now, actor); err != nil {
			return uuid.Nil, err
		}
	}
	if _, err := tx.BookFor(ctx, customer, clock, ledger.KeepCredit(item.ID, invoice, item.Currency, item.Amount)); err != nil {
		return uuid.Nil, err
	}
	return target, tx.SaveExcess(ctx, *item)
}

// CreditRequestOf is the id of the request by which an item's credit pays an
// invoice: the same however often it is asked for.
func CreditRequestOf(item uuid.UUID) uuid.UUID { return uuid.NewSHA1(item, []byte("use_credit")) }

// planCredit asks another invoice's workflow, the one writer of it, to be paid
// from the credit that an item became. The request and its place on the agenda
// are written with the decision, so that it is carried out whoever dies.
func planCredit(ctx context.Context, tx *postgres.Tx, item remit.Excess, target uuid.UUID, now time.Time, actor remit.Actor) error {
	raw, err := json.Marshal(remit.CreditRequest{Amount: item.Amount, Excess: item.ID})
	if err != nil {
		return fmt.Errorf("write a request: %w", err)
	}
	id := CreditRequestOf(item.ID)
	if err := tx.InsertRequest(ctx, postgres.StoredRequest{ID: id, InvoiceID: target, Kind: remit.RequestUseCredit, Payload: raw, Actor: actor}); err != nil {
		return err
	}
	invoice, err := tx.Invoice(ctx, target)
	if err != nil {
		return err
	}
	other := &postgres.LockedInvoice{Invoice: invoice} // not locked: a row of the agenda is all that is written
	return tx.Plan(ctx, other, remit.AgendaExcess, id, now, "Is paid from "+invoice.CustomerName+"'s credit")
}

// creditDue carries out the request to pay this invoice from credit, unless it
// was carried out already.
func (p *Payments) creditDue(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, id uuid.UUID) error {
	stored, err := tx.Request(ctx, l.ID, id)
	if remit.IsCode(err, remit.CodeNotFound) || err == nil && stored.Result != nil {
		return nil
	}
	if err != nil {
		return err
	}
	result, err := p.apply(ctx, tx, l, stored)
	if refused := refusal(err); refused != nil {
		result, err = remit.RequestResult{Refused: refused}, nil
	}
	if err != nil {
		return err
	}
	return tx.EndRequest(ctx, id, result)
}

// payFromCredit carries out a request to pay this invoice from credit. What
// cannot be used stays the customer's credit.
func (p *Payments) payFromCredit(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, stored postgres.StoredRequest, in remit.CreditRequest) error {
	if err := tx.Done(ctx, remit.AgendaExcess, stored.ID, l.Clock.Now(p.Now())); err != nil {
		return err
	}
	switch {
	case l.Live != nil:
		return inFlight()
	case !l.Status.Payable():
		return remit.Conflict(remit.CodeNotPayable, "Nothing is owed on this invoice. It stays the customer's credit.")
	}
	entries, err := UseCredit(ctx, tx, l, stored.ID.String(), in.Amount, stored.Actor)
	if err != nil || len(entries) == 0 {
		return err
	}
	return p.closeBooks(ctx, tx, l, entries)
}

// UseCredit pays a locked invoice from its customer's credit, at most limit of
// it in minor units, and gives what the timeline tells of it: nothing where
// there is no credit. Both accounts change in this transaction; another invoice
// of the same customer waits for it.
func UseCredit(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, key string, limit int64, actor remit.Actor) ([]remit.TimelineEntry, error) {
	credit, err := tx.LockCredit(ctx, l.CustomerID, l.Currency)
	if err != nil {
		return nil, err
	}
	amount := min(credit, limit, l.Billed-l.Applied)
	if amount <= 0 {
		return nil, nil
	}
	booked, err := tx.Book(ctx, l, ledger.UseCredit(key, l.ID, l.Currency, amount))
	if err != nil || !booked {
		return nil, err
	}
	currency := money.Currency(l.Currency)
	what := fmt.Sprintf("%s was paid from %s's credit; %s of it is left.", money.Of(amount, currency), l.CustomerName, money.Of(credit-amount, currency))
	if l.Outstanding > 0 {
		what += fmt.Sprintf(" %s is still owed.", money.Of(l.Outstanding, currency))
	}
	return []remit.TimelineEntry{{
		Kind: "credit_used", Actor: actor, What: what, Why: remit.Why{Rule: "a customer's credit is used first", Version: "1"},
		Data: map[string]any{"amount": amount, "left": credit - amount},
	}}, nil
}
