package activities

import (
	"context"
	"time"

	"remit"
	"remit/decline"
	"remit/gateway"
	"remit/postgres"
)

// codeMandateOver is Stripe's error for a debit without a permission that stands.
const codeMandateOver = "payment_intent_mandate_invalid"

// debit is what a bank account may be debited by, or why it may not be.
type debit struct {
	mandate string // "" where only Stripe knows the permission
	refused *decline.Decline
}

// debitFor asks what may forbid a debit of a bank account at this moment: whether
// debits are offered at all (D5), the account's state, its permission, and what
// became of earlier debits of the same account. Of another method it asks nothing.
func debitFor(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, offer remit.DebitOffer, method remit.PaymentMethod, now time.Time) (d debit, err error) {
	if method.Type != gateway.TypeBankAccount {
		return d, nil
	}
	if !offer.Offered {
		return d, remit.Invalid("payment_method", "%s", offer.Why)
	}
	account, err := bankAccountOf(ctx, tx, method)
	if err != nil {
		return d, err
	}
	if !account.MayBeDebited() {
		return d, remit.Invalid("payment_method", "This payment method cannot be used. Choose another.")
	}
	returned, err := tx.ReturnedDebits(ctx, l.ID, method)
	if err != nil {
		return d, err
	}
	past := make([]decline.Returned, len(returned))
	for n, r := range returned {
		past[n] = decline.Returned{At: r.At, Code: r.Code, Rule: decline.Rule(r.Rule)}
		if r.Rule == "" { // it came back after it had succeeded, with a reason alone
			past[n].Rule = decline.Classify(r.Code, "", "", decline.MethodBankAccount).Rule
		}
	}
	return debit{mandate: account.Mandate, refused: decline.MayPresent(past, account.Acceptance.At, now)}, nil
}

// bankAccountOf is the bank account that a method is. One that was verified and
// agreed to elsewhere has no record of it here, and no permission that is known.
// Any other method is none.
func bankAccountOf(ctx context.Context, tx *postgres.Tx, method remit.PaymentMethod) (b remit.BankAccount, err error) {
	if method.Type != gateway.TypeBankAccount {
		return b, nil
	}
	b, err = tx.BankAccount(ctx, method.ID)
	if remit.IsCode(err, remit.CodeNotFound) {
		return remit.BankAccount{ID: method.ID, State: remit.BankAccountState(method.Status), Acceptance: remit.MandateAcceptance{At: method.CreatedAt}}, nil
	}
	return b, err
}

// mandateEnded asks Stripe, before the last look, whether the permission for a
// debit still holds. One that has ended ends the attempt as a decline: the account
// is not debited by it again, whoever asks.
func (p *Payments) mandateEnded(ctx context.Context, w *work) (ended bool, err error) {
	if w.methodType() != gateway.TypeBankAccount {
		return false, nil
	}
	var account remit.BankAccount
	err = p.DB.InTenant(ctx, w.ref.Tenant, func(tx *postgres.Tx) error {
		method, err := tx.PaymentMethod(ctx, *w.attempt.PaymentMethodID)
		if err != nil {
			return err
		}
		account, err = bankAccountOf(ctx, tx, method)
		return err
	})
	if err != nil || account.Mandate == "" {
		return false, err
	}
	active, err := w.link.Stripe.MandateActive(ctx, account.Mandate)
	if err != nil {
		return true, p.preparing(ctx, w, err)
	}
	if active {
		return false, nil
	}
	d := decline.Classify(codeMandateOver, "", "", decline.MethodBankAccount)
	return true, p.cancel(ctx, w, result{state: remit.AttemptFailed, refused: &d})
}
