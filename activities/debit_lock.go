package activities

import (
	"context"
	"fmt"
	"time"

	"remit"
	"remit/decline"
	"remit/gateway"
	"remit/postgres"
)

// forbids reports that a decline ends the bank account it is about: it is never
// debited again, or not before its holder agrees anew.
func forbids(d *decline.Decline) bool {
	return d != nil && d.Code != decline.CodeRepresentCap && (d.Rule == decline.RuleNewMandate || d.Rule == decline.RuleOtherAccount)
}

// objected reports that an account's holder told his bank that the debit was not
// his wish, other than that Stripe found a permission to be over.
func objected(d decline.Decline) bool {
	return d.Rule == decline.RuleNewMandate && d.Code != codeMandateOver
}

// lockDebited locks the bank account that an attempt debited, however often its
// customer has saved it, so that nobody chooses it again, and tells the invoice's
// timeline. Where one permission is what ended, another that was given after the
// debit stands, unless the account's holder objected: he was not asked which he
// meant, so that only one he gives from now on stands. The invoice is locked before.
func (p *Payments) lockDebited(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, a remit.Attempt, d decline.Decline, mandateOver bool) ([]remit.TimelineEntry, error) {
	if a.Method == nil || a.Method.Type != gateway.TypeBankAccount {
		return nil, nil
	}
	methods, err := tx.SameBankAccounts(ctx, l.CustomerID, a)
	if err != nil || len(methods) == 0 {
		return nil, err
	}
	customer, err := tx.Customer(ctx, l.CustomerID)
	if err != nil {
		return nil, err
	}
	now, sent := l.Clock.Now(p.Now()), a.CreatedAt
	var entries []remit.TimelineEntry
	for _, method := range methods {
		account, err := bankAccountOf(ctx, tx, method)
		if err != nil {
			return nil, err
		}
		if d.Rule != decline.RuleOtherAccount && !objected(d) && account.Acceptance.At.After(sent) {
			continue
		}
		locked, err := lockMethod(ctx, tx, method, lockedFor(d, mandateOver), mandateOver, now)
		if err != nil {
			return nil, err
		}
		if !locked {
			continue
		}
		what := fmt.Sprintf("The %s cannot be used any more. %s", calledOf(method), lockedFor(d, mandateOver))
		if customer.AutoCharge != nil && *customer.AutoCharge && customer.DefaultPaymentMethod != nil && *customer.DefaultPaymentMethod == method.ID {
			what += fmt.Sprintf(" Automatic charge of %s with it is off.", customer.Name)
		}
		entries = append(entries, remit.TimelineEntry{
			Kind: "bank_account", Actor: remit.Stripe, What: what, Why: remit.Why{Rule: "what a bank refused for good is not tried again", Version: "1"},
			Data: map[string]any{"bank_account": method.ID.String(), "state": string(remit.BankAccountLocked)},
		})
	}
	return entries, nil
}

// lockMethod locks a bank account under its own lock and reports whether it was
// not yet. The customer's next usable method becomes his default.
func lockMethod(ctx context.Context, tx *postgres.Tx, method remit.PaymentMethod, reason string, mandateOver bool, now time.Time) (bool, error) {
	b, err := tx.LockBankAccount(ctx, method.ID)
	if remit.IsCode(err, remit.CodeNotFound) {
		return method.Status == remit.MethodUsable, tx.LockMethod(ctx, method)
	}
	if err != nil {
		return false, err
	}
	was := b.State
	b.MandateEnded = b.MandateEnded || mandateOver
	b = b.End(remit.BankAccountLocked, reason, now)
	return b.State != was, tx.SaveBankAccount(ctx, b)
}

// lockedFor says to the account's holder why it cannot be used and what to do.
func lockedFor(d decline.Decline, mandateOver bool) string {
	if d.Rule != decline.RuleOtherAccount && mandateOver {
		return d.Reason + ". Add it again to authorise debits anew."
	}
	return d.Reason + ". Add another account."
}

func calledOf(method remit.PaymentMethod) string {
	return remit.BankAccount{BankName: method.BankName, Last4: method.Last4}.Called()
}
