package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/decline"
	"remit/gateway"
	"remit/postgres"
)

// BankAccounts brings bank accounts to being payment methods, and keeps them in
// line with Stripe afterwards. It never sees an account number.
type BankAccounts struct {
	DB        *postgres.DB
	Connector *Connector
	Logger    *slog.Logger
	Now       func() time.Time // real time
	// Crash, if set, is called at each named boundary between two steps; tests
	// kill the process there.
	Crash func(boundary string)
}

// BankAccountNext says when a bank account's workflow has to look again; nil:
// never, unless it is woken.
type BankAccountNext struct {
	WakeIn *time.Duration `json:",omitempty"`
}

// LookAtBankAccount brings one bank account in line with Stripe: one that is to be
// verified by its SetupIntent, one that is verified by its mandate and its method.
// It tells the customer what is due to be told.
func (a *BankAccounts) LookAtBankAccount(ctx context.Context, ref remit.BankAccountRef) (BankAccountNext, error) {
	defer heartbeat(ctx)()
	next := BankAccountNext{}
	b, link, err := a.open(ctx, ref)
	if remit.IsCode(err, remit.CodeNotFound) {
		return next, nil
	}
	if err != nil {
		return next, asTemporal(ctx, a.Logger, err)
	}
	switch {
	case link == nil:
		err = a.record(ctx, ref, nil)
	case b.State.Waits(), b.State.Doubtful() && b.SetupIntent != "":
		err = a.lookAtSetup(ctx, ref, b, link)
	case b.State == remit.BankAccountUsable:
		err = a.lookAtMandate(ctx, ref, b, link)
	}
	if err != nil {
		return next, asTemporal(ctx, a.Logger, err)
	}
	next, err = a.next(ctx, ref)
	return next, asTemporal(ctx, a.Logger, err)
}

// open reads a bank account with the connection to where it is; nil where that
// cannot be reached now.
func (a *BankAccounts) open(ctx context.Context, ref remit.BankAccountRef) (b remit.BankAccount, link *Link, err error) {
	var sealed *postgres.SealedConnection
	err = a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		if b, err = tx.BankAccount(ctx, ref.BankAccount); err != nil {
			return err
		}
		sealed, err = tx.ConnectionOfAccount(ctx, b.Account, b.Livemode)
		return err
	})
	if err != nil {
		return b, nil, err
	}
	if link, err = a.Connector.Open(sealed); isUnreachable(err) {
		return b, nil, nil
	}
	return b, link, err
}

// lookAtSetup asks Stripe how far the verification has come. One that was never
// sent is ended once Stripe has acknowledged that it cannot come in any more.
func (a *BankAccounts) lookAtSetup(ctx context.Context, ref remit.BankAccountRef, b remit.BankAccount, link *Link) error {
	now, err := a.clock(ctx, ref.Tenant)
	if err != nil {
		return err
	}
	if b.SetupIntent == "" {
		if b.Unsent(now) { // nobody has its SetupIntent's id, so nobody can name an account to it
			return a.end(ctx, ref, remit.BankAccountFailed, remit.NotSent)
		}
		return a.record(ctx, ref, nil)
	}
	view, err := link.Stripe.Setup(ctx, b.SetupIntent)
	if err == nil && b.Unsent(now) && view.Facts.Status != "canceled" && view.Facts.PaymentMethod == "" && view.Facts.ErrorCode == "" {
		if view, err = link.Stripe.CancelSetup(ctx, b.ID.String()+"/cancel", b.SetupIntent); err == nil && view.Facts.Status == "canceled" {
			return a.end(ctx, ref, remit.BankAccountFailed, remit.NotSent)
		}
	}
	if err != nil {
		if gateway.MeaningOf(err) == gateway.Stop {
			a.Logger.WarnContext(ctx, "Stripe does not know a bank account's setup", "bank_account", b.ID, "error", err)
		}
		return a.record(ctx, ref, nil) // asked again later: nothing is known of it meanwhile
	}
	return a.record(ctx, ref, &view)
}

// lookAtMandate asks Stripe whether a verified account may still be debited. Where
// Stripe refuses to say, as to a key that may not read mandates, the account stays as
// it is until the next event: each debit asks too.
func (a *BankAccounts) lookAtMandate(ctx context.Context, ref remit.BankAccountRef, b remit.BankAccount, link *Link) error {
	var method remit.PaymentMethod
	err := a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		method, err = tx.PaymentMethod(ctx, b.ID)
		return err
	})
	if err != nil {
		return err
	}
	view, err := link.Stripe.PaymentMethod(ctx, method.StripeID)
	gone := false
	if failure, ok := errors.AsType[*gateway.Failure](err); ok && failure.Status == 404 {
		gone, err = true, nil
	}
	if err != nil {
		return a.untold(ctx, b, err)
	}
	active := true
	if b.Mandate != "" && !gone {
		if active, err = link.Stripe.MandateActive(ctx, b.Mandate); err != nil {
			if err := a.untold(ctx, b, err); err != nil {
				return err
			}
			active = true
		}
	}
	switch {
	case gone || view.Customer == "":
		return a.end(ctx, ref, remit.BankAccountDetached, "It was removed at Stripe.")
	case view.Blocked != "":
		blocked := decline.Classify(view.Blocked, "", "", decline.MethodBankAccount)
		return a.end(ctx, ref, remit.BankAccountLocked, blocked.Reason+". Contact your bank, or add another account.")
	case !active:
		return a.locked(ctx, ref, func(_ *postgres.Tx, b *remit.BankAccount, now time.Time) error {
			b.MandateEnded = true
			*b = b.End(remit.BankAccountLocked, remit.MandateOver, now)
			return nil
		})
	}
	return nil
}

// untold is the error after which Stripe is asked again what it did not say; nil
// where that would be in vain.
func (a *BankAccounts) untold(ctx context.Context, b remit.BankAccount, err error) error {
	failure, ok := errors.AsType[*gateway.Failure](err)
	if !ok || !failure.Refused() && failure.Meaning != gateway.Unreachable {
		return err
	}
	a.Logger.WarnContext(ctx, "Stripe does not say whether a bank account may be debited", "bank_account", b.ID, "error", err)
	return nil
}

// RecordSetup writes what Stripe says of an account's SetupIntent, the method it
// makes, what the customer is told of it, and when to look again.
func (a *BankAccounts) RecordSetup(ctx context.Context, ref remit.BankAccountRef, view gateway.SetupView) error {
	return a.record(ctx, ref, &view)
}

// Refuse ends an account that Stripe did not take, for a reason in words.
func (a *BankAccounts) Refuse(ctx context.Context, ref remit.BankAccountRef, reason string) error {
	return a.end(ctx, ref, remit.BankAccountFailed, reason)
}

// record takes over a view, or notes that nothing was heard where there is none.
func (a *BankAccounts) record(ctx context.Context, ref remit.BankAccountRef, view *gateway.SetupView) error {
	err := a.locked(ctx, ref, func(tx *postgres.Tx, b *remit.BankAccount, now time.Time) error {
		if view == nil {
			return nil
		}
		if view.Method.ID != "" && b.Last4 == "" && (b.State == remit.BankAccountRequested || view.Facts.Status == "succeeded") {
			method := methodOf(b.ID, b.CustomerID, b.Account, b.Livemode, view.Method, remit.MethodAwaitingDeposit)
			if _, _, err := tx.UpsertMethod(ctx, method, now); err != nil {
				return err
			}
			b.BankName, b.Last4 = method.BankName, method.Last4
		}
		*b, _ = b.Take(view.Facts, now)
		return nil
	})
	a.boundary("bank account recorded")
	return err
}

// end brings an account to an end that Stripe does not say of its SetupIntent.
func (a *BankAccounts) end(ctx context.Context, ref remit.BankAccountRef, state remit.BankAccountState, reason string) error {
	return a.locked(ctx, ref, func(_ *postgres.Tx, b *remit.BankAccount, now time.Time) error {
		*b = b.End(state, reason, now)
		return nil
	})
}

// locked runs a step on a bank account under its lock, and writes what came of it:
// its row, its method, what its customer is told, its place on the agenda, and the
// timeline of the invoice that waits for it.
func (a *BankAccounts) locked(ctx context.Context, ref remit.BankAccountRef, step func(tx *postgres.Tx, b *remit.BankAccount, now time.Time) error) error {
	return a.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		invoice, err := lockWaiting(ctx, tx, ref.BankAccount)
		if err != nil {
			return err
		}
		b, err := tx.LockBankAccount(ctx, ref.BankAccount)
		if err != nil {
			return err
		}
		clock, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		was, now := b.State, clock.Now(a.Now())
		if err := step(tx, &b, now); err != nil {
			return err
		}
		if b.Overripe(now) {
			b = b.End(remit.BankAccountExpired, remit.TimeOver, now)
		}
		if b.State == remit.BankAccountDetached && was != b.State {
			if err := tx.DetachMethod(ctx, b.ID); err != nil {
				return err
			}
		}
		if err := a.tell(ctx, tx, &b, now); err != nil {
			return err
		}
		if err := tx.SaveBankAccount(ctx, b); err != nil {
			return err
		}
		if b.State != was && invoice != nil {
			if err := tx.SaveInvoice(ctx, invoice, a.Now(), bankAccountEntry(b)); err != nil {
				return err
			}
		}
		if !b.State.Waits() {
			return tx.Done(ctx, remit.AgendaBankAccount, b.ID, now)
		}
		at, what := b.NextLook(now)
		return tx.PlanBankAccount(ctx, b, at, what)
	})
}

// next reads when the agenda has the account looked at again.
func (a *BankAccounts) next(ctx context.Context, ref remit.BankAccountRef) (BankAccountNext, error) {
	in, err := untilDue(ctx, a.DB, ref.Tenant, remit.AgendaBankAccount, ref.BankAccount, a.Now())
	return BankAccountNext{WakeIn: in}, err
}

func (a *BankAccounts) clock(ctx context.Context, tenant uuid.UUID) (now time.Time, err error) {
	err = a.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		clock, err := tx.Clock(ctx)
		now = clock.Now(a.Now())
		return err
	})
	if err != nil {
		return now, fmt.Errorf("read the clock: %w", err)
	}
	return now, nil
}

func (a *BankAccounts) boundary(name string) {
	if a.Crash != nil {
		a.Crash(name)
	}
}
