package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// tell writes the mail that is due about a bank account, each once (M13): how its
// deposits are to be entered while it waits, and how its verification ended.
func (a *BankAccounts) tell(ctx context.Context, tx *postgres.Tx, b *remit.BankAccount, now time.Time) error {
	notice := remit.ToldEnd
	if b.State.Waits() {
		due, at := b.NoticeAt(now)
		if due == remit.ToldNothing || at.After(now) {
			return nil
		}
		notice = due
	}
	if b.Last4 == "" || notice <= b.Told || b.Reason == remit.CalledOff {
		return nil // one that never came in is told of where it was typed, one called off to who did so
	}
	b.Told = notice
	customer, err := tx.Customer(ctx, b.CustomerID)
	if err != nil {
		return err
	}
	settings, err := SettingsFor(ctx, tx, customer.Organisation)
	if err != nil {
		return err
	}
	zone, err := tx.ZoneOf(ctx, customer.OrganisationID)
	if err != nil {
		return err
	}
	mail, err := remit.BankAccountMail(*b, notice, customer, settings, zone)
	if remit.AsError(err) != nil && remit.AsError(err).Kind == remit.KindInvalid {
		return nil // nobody to write to; its page says the same
	}
	if err != nil {
		return err
	}
	if mail.ID, err = newID(); err != nil {
		return err
	}
	mail.CreatedAt = now
	return tx.InsertBankAccountMail(ctx, mail)
}

// lockWaiting locks the invoice that waits for a bank account, before the account
// itself; nil where none does.
func lockWaiting(ctx context.Context, tx *postgres.Tx, id uuid.UUID) (*postgres.LockedInvoice, error) {
	b, err := tx.BankAccount(ctx, id)
	if err != nil || b.ForInvoice == nil {
		return nil, err
	}
	return tx.LockInvoice(ctx, *b.ForInvoice)
}

// bankAccountEntry tells the invoice that waits for a bank account how far that has
// come.
func bankAccountEntry(b remit.BankAccount) remit.TimelineEntry {
	entry := remit.TimelineEntry{
		Kind: "bank_account", Actor: remit.Stripe, Why: remit.Why{Rule: "a bank account pays once it is verified", Version: "1"},
		Data: map[string]any{"bank_account": b.ID.String(), "state": string(b.State)},
	}
	switch {
	case b.State == remit.BankAccountUsable:
		entry.What = fmt.Sprintf("The %s is verified and can pay this invoice now.", b.Called())
	case b.State.Waits():
		entry.Actor, entry.What = b.Actor, fmt.Sprintf("%s added a %s for this invoice. It can pay once its deposits are entered.", actorName(b.Actor), b.Called())
		if b.ArrivesAt != nil {
			entry.Next = remit.Next{What: "The deposits should arrive", At: b.ArrivesAt}
		}
		if b.State == remit.BankAccountAwaitingEntry {
			entry.Actor, entry.What = remit.Stripe, fmt.Sprintf("The deposits to the %s should have arrived; they wait to be entered.", b.Called())
		}
	default:
		entry.What = fmt.Sprintf("The %s cannot pay this invoice. %s", b.Called(), b.Reason)
	}
	return entry
}
