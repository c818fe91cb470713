package page

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"remit"
)

// Wallet is what a customer can pay with.
type Wallet struct {
	Methods  []remit.PaymentMethod // the default first
	Accounts []remit.BankAccount   // how far those of them have come that are bank accounts, oldest first
	NoCards  string                // why cards are not taken; "" where they are
	NoBank   string                // why bank accounts are not offered; "" where they are
	AddBank  string                // address of the form that adds one; "" for none
	Fees     Fees
}

// bankAccount is the type of the methods that are bank accounts.
const bankAccount = "us_bank_account"

// account is how far a method has come that is a bank account; nil for a card.
func (w Wallet) account(method uuid.UUID) *remit.BankAccount {
	for n := range w.Accounts {
		if w.Accounts[n].ID == method {
			return &w.Accounts[n]
		}
	}
	return nil
}

// payable reports that something in a currency can be paid with a method now.
func (w Wallet) payable(m remit.PaymentMethod, currency string) bool {
	if m.Type == bankAccount {
		return m.Status == remit.MethodUsable && w.NoBank == "" && currency == "USD"
	}
	return m.Status == remit.MethodUsable && w.NoCards == ""
}

// For leaves of a wallet what all of some invoices take, and says why the rest is not.
func (w Wallet) For(invoices ...remit.Invoice) Wallet {
	for _, i := range invoices {
		why := i.Number + " takes " + i.Settings.Methods.Words() + "."
		if !i.Settings.Methods.Shown().Cards {
			w.NoCards = why
		}
		if !i.Settings.Methods.Shown().BankAccounts {
			w.NoBank, w.AddBank = why, ""
		}
	}
	return w
}

// usable are the methods that something in a currency can be paid with.
func (w Wallet) usable(currency string) []remit.PaymentMethod {
	return slices.DeleteFunc(slices.Clone(w.Methods), func(m remit.PaymentMethod) bool { return !w.payable(m, currency) })
}

// Choose is the id of the method that a form begins with: the default, else the
// first that something in the currency can be paid with; "" where there is none.
func (w Wallet) Choose(currency string) string {
	for n, m := range w.usable(currency) {
		if m.Default || n == 0 {
			return m.ID.String() // the default comes first
		}
	}
	return ""
}

// Any reports whether anything at all is saved that can be paid with.
func (w Wallet) Any() bool {
	return slices.ContainsFunc(w.Methods, func(m remit.PaymentMethod) bool { return m.Status == remit.MethodUsable })
}

// verifying are the bank accounts that can pay once their deposits are entered.
func (w Wallet) verifying() []remit.PaymentMethod {
	if w.NoBank != "" {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(w.Methods), func(m remit.PaymentMethod) bool {
		return m.Status != remit.MethodAwaitingDeposit && m.Status != remit.MethodAwaitingEntry
	})
}

// unusable are the methods that cannot pay, and for which nothing is to be done, of
// those that would be taken.
func (w Wallet) unusable() []remit.PaymentMethod {
	return slices.DeleteFunc(slices.Clone(w.Methods), func(m remit.PaymentMethod) bool {
		return m.Type != bankAccount && w.NoCards != "" || m.Status != remit.MethodFailed && m.Status != remit.MethodLocked && m.Status != remit.MethodExpired
	})
}

// state is how a method stands, in a word.
func (w Wallet) state(m remit.PaymentMethod) word {
	if b := w.account(m.ID); b != nil {
		return bankWord(*b)
	}
	return methodWord(m.Status)
}

// methodRow is a line of the list of methods.
type methodRow struct {
	ID      string
	Name    string
	Valid   string // until when
	State   word
	Why     string // more about the state
	Default bool
	Usable  bool
	Page    string // of a bank account
	Enter   string // what is to be entered there now; "" for nothing
	Method  bool   // it is one already: it can be removed
}

// rows are all methods, and after them the bank accounts that are none yet.
func (w Wallet) rows(zone *time.Location) []methodRow {
	var list []methodRow
	for _, m := range w.Methods {
		row := methodRow{
			ID: m.ID.String(), Name: methodName(m), Valid: expiry(m), State: w.state(m), Default: m.Default,
			Usable: m.Status == remit.MethodUsable, Method: m.Status != remit.MethodDetached,
		}
		if b := w.account(m.ID); b != nil {
			row.about(*b, zone)
		}
		list = append(list, row)
	}
	for n, b := range w.Accounts {
		known := slices.ContainsFunc(w.Methods, func(m remit.PaymentMethod) bool { return m.ID == b.ID })
		unsent := b.Reason == remit.NotSent && n == len(w.Accounts)-1 // until it is added anew
		if known || b.State != remit.BankAccountRequested && !unsent {
			continue
		}
		row := methodRow{ID: b.ID.String(), Name: accountName(b), State: bankWord(b)}
		row.about(b, zone)
		list = append(list, row)
	}
	return list
}

// about says of a bank account what its state leaves open.
func (r *methodRow) about(b remit.BankAccount, zone *time.Location) {
	r.Page, r.Why = bankPath(b), b.Reason
	switch {
	case b.State == remit.BankAccountRequested:
		r.Why = stillRequested
	case b.State.Waits():
		r.Why = timeToVerify(b, zone)
		r.Enter = enterWords(b.Deposit)
	}
}
