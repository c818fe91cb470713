// Package ledger says how each movement of money is booked.
//
// It owns the accounts and which of them a movement debits and credits. It does
// not own storage: the database keeps entries, refuses those that do not
// balance, and derives from them what an invoice owes.
//
// Invariants: an entry's lines sum to zero; every cent Stripe captured is
// booked, whether it can be applied or not; an entry has a key that makes
// booking the same movement twice a no-op.
package ledger

import (
	"fmt"

	"github.com/google/uuid"
)

// Account is one of the ledger's accounts. Debits are positive.
type Account string

// The accounts.
const (
	Receivable     Account = "receivable"      // what an invoice owes: per invoice
	Revenue        Account = "revenue"         // what was billed
	Stripe         Account = "stripe"          // money at Stripe
	Bank           Account = "bank"            // money that came outside Stripe
	Surcharge      Account = "surcharge"       // fees passed on to the payer
	Excess         Account = "excess"          // received and not applied: somebody's, not ours
	CustomerCredit Account = "customer_credit" // owed to a customer
	WrittenOff     Account = "written_off"
	Carried        Account = "carried" // between two invoices of a customer: nothing, always
	Refunds        Account = "refunds" // promised back to a payer, not yet taken by Stripe
)

// Kind says what sort of movement an entry books.
type Kind string

// The kinds of entry.
const (
	KindIssue        Kind = "issue"
	KindAmend        Kind = "amend"
	KindVoid         Kind = "void"
	KindPayment      Kind = "payment"
	KindBankTransfer Kind = "bank_transfer"
	KindUnmatched    Kind = "unmatched" // a transfer that fits no invoice
	KindWriteOff     Kind = "write_off"
	KindCarryOut     Kind = "carry_out" // what is too small to be charged leaves an invoice
	KindCarryIn      Kind = "carry_in"  // for another one of its customer
	KindLateFee      Kind = "late_fee"  // charged because it is late, or taken back

	KindRefund         Kind = "refund"          // promised
	KindRefundSent     Kind = "refund_sent"     // Stripe took the money
	KindRefundReturned Kind = "refund_returned" // and gave it back
	KindRefundUndone   Kind = "refund_undone"   // the promise is taken back

	KindDispute    Kind = "dispute"     // a bank took the money
	KindDisputeWon Kind = "dispute_won" // and gave it back

	KindCredit     Kind = "credit"      // excess kept as a customer's credit
	KindCreditNote Kind = "credit_note" // a credit note came in
	KindCreditUsed Kind = "credit_used"
)

// bills says whether entries of the kind change what an invoice bills, rather
// than what was paid on it.
func (k Kind) bills() bool {
	switch k {
	case KindIssue, KindAmend, KindVoid, KindWriteOff, KindCarryOut, KindCarryIn, KindLateFee:
		return true
	case KindPayment, KindBankTransfer, KindUnmatched, KindRefund, KindRefundSent, KindRefundReturned, KindRefundUndone,
		KindDispute, KindDisputeWon, KindCredit, KindCreditNote, KindCreditUsed:
	}
	return false
}

// Entry is one movement. Amounts are minor units of Currency.
type Entry struct {
	Key       string
	Kind      Kind
	InvoiceID uuid.UUID
	PaymentID *uuid.UUID
	Currency  string
	Lines     []Line
}

// Line debits (positive) or credits (negative) one account.
type Line struct {
	Account Account
	Amount  int64
}

// Applied is how much the entry takes off what the invoice owes as paid;
// negative where it puts money back on it.
func (e Entry) Applied() int64 {
	if e.Kind.bills() {
		return 0
	}
	return -e.sum(Receivable)
}

// Billed is how much the entry adds to what the invoice bills.
func (e Entry) Billed() int64 {
	if e.Kind.bills() {
		return e.sum(Receivable)
	}
	return 0
}

// Excess is how much of the entry's money could not be applied.
func (e Entry) Excess() int64 { return -e.sum(Excess) }

// Issue books an invoice's total. A total of zero books nothing: ok is false.
func Issue(invoice uuid.UUID, currency string, total int64) (e Entry, ok bool) {
	if total == 0 {
		return Entry{}, false
	}
	return Entry{
		Key: fmt.Sprintf("issue/%s", invoice), Kind: KindIssue, InvoiceID: invoice, Currency: currency,
		Lines: []Line{{Receivable, total}, {Revenue, -total}},
	}, true
}

// Amend books the difference between a sent invoice's new total and its old
// one. version numbers the amendments of an invoice. Equal totals book nothing.
func Amend(invoice uuid.UUID, currency string, version int64, oldTotal, newTotal int64) (e Entry, ok bool) {
	difference := newTotal - oldTotal
	if difference == 0 {
		return Entry{}, false
	}
	return Entry{
		Key: fmt.Sprintf("amend/%s/%d", invoice, version), Kind: KindAmend, InvoiceID: invoice, Currency: currency,
		Lines: []Line{{Receivable, difference}, {Revenue, -difference}},
	}, true
}

// Void takes back what an invoice still owes. What was paid stays applied.
func Void(invoice uuid.UUID, currency string, outstanding int64) (e Entry, ok bool) {
	if outstanding == 0 {
		return Entry{}, false
	}
	return Entry{
		Key: fmt.Sprintf("void/%s", invoice), Kind: KindVoid, InvoiceID: invoice, Currency: currency,
		Lines: []Line{{Receivable, -outstanding}, {Revenue, outstanding}},
	}, true
}

// Received is money that came in for an invoice.
type Received struct {
	Invoice     uuid.UUID
	Payment     uuid.UUID
	Currency    string
	Amount      int64 // all of it, the surcharge included
	Surcharge   int64 // the part of Amount that is a fee passed on
	Outstanding int64 // what the invoice owes at this moment; 0 where nothing may be applied to it
}

// Capture books money captured at Stripe: as much as the invoice owes is
// applied to it, the rest is excess. Nothing is dropped.
func Capture(r Received) Entry { return r.entry(KindPayment, Stripe) }

// Transfer books money that came outside Stripe.
func Transfer(r Received) Entry { return r.entry(KindBankTransfer, Bank) }

func (r Received) entry(kind Kind, where Account) Entry {
	surcharge := min(r.Surcharge, r.Amount)
	applied := min(r.Amount-surcharge, r.Outstanding)
	excess := r.Amount - surcharge - applied
	e := Entry{
		Key: fmt.Sprintf("payment/%s", r.Payment), Kind: kind, InvoiceID: r.Invoice, PaymentID: &r.Payment,
		Currency: r.Currency, Lines: []Line{{where, r.Amount}},
	}
	for _, credit := range []Line{{Receivable, -applied}, {Surcharge, -surcharge}, {Excess, -excess}} {
		if credit.Amount != 0 {
			e.Lines = append(e.Lines, credit)
		}
	}
	return e
}

func (e Entry) sum(account Account) int64 {
	var sum int64
	for _, line := range e.Lines {
		if line.Account == account {
			sum += line.Amount
		}
	}
	return sum
}
