package portal

import (
	"net/url"
	"slices"

	"github.com/google/uuid"

	"remit"
	"remit/portal/page"
)

// wallet is what a customer can pay with, an invoice if one is named. The error is
// of reading what is saved; what else is not known now is left out.
func (v *visit) wallet(customer uuid.UUID, invoice *uuid.UUID) (page.Wallet, error) {
	var w page.Wallet
	methods, err := v.do.PaymentMethods(v.ctx(), v.caller, customer)
	if err != nil {
		v.portal.logger.WarnContext(v.ctx(), "saved methods were not read", "error", err)
	}
	w.Methods = methods
	if accounts, err := v.do.BankAccounts(v.ctx(), v.caller, customer); err != nil {
		v.portal.logger.WarnContext(v.ctx(), "bank accounts were not read", "error", err)
	} else {
		w.Accounts = accounts
	}
	offer, asked := v.do.DebitOffer(v.ctx(), v.caller, customer, invoice)
	switch {
	case asked != nil:
		v.portal.logger.WarnContext(v.ctx(), "whether bank accounts are offered was not read", "error", asked)
	case offer.Offered:
		w.AddBank = bankAccountForm(customer, invoice)
	default:
		w.NoBank = offer.Why
	}
	return w, err
}

// bankAccountForm is where a bank account is added, for an invoice if one is named.
func bankAccountForm(customer uuid.UUID, invoice *uuid.UUID) string {
	address := "/customers/" + customer.String() + "/bank-accounts/new"
	if invoice != nil {
		address += "?" + url.Values{"invoice": {invoice.String()}}.Encode()
	}
	return address
}

// walletFor is the wallet as some invoices of a customer can be paid with it: a
// bank account pays no other currency than US dollars (D5), whatever the customer's.
func (v *visit) walletFor(customer uuid.UUID, invoices ...remit.Invoice) page.Wallet {
	var of *uuid.UUID
	for _, i := range invoices {
		if of == nil || i.Currency != "USD" {
			of = &i.ID
		}
	}
	w, _ := v.wallet(customer, of) // a new card can be used all the same
	if len(invoices) > 1 && w.AddBank != "" {
		w.AddBank = bankAccountForm(customer, nil)
	}
	return w.For(invoices...)
}

// methodFirst leads a customer's user to where methods are saved, if he has to save
// one before he opens these invoices (PM16): it is asked for, it could be used, and
// there is none. An invoice that is not paid here asks for none.
func (v *visit) methodFirst(saved page.Wallet, invoices ...remit.Invoice) (led bool, err error) {
	payable := func(i remit.Invoice) bool { return i.Status.Payable() && i.Settings.OnlinePayments }
	n := slices.IndexFunc(invoices, payable)
	if v.member.Customer == nil || n < 0 || saved.Any() {
		return false, nil
	}
	terms, err := v.do.MethodTerms(v.ctx(), v.caller, *v.member.Customer)
	if err != nil || !terms.Required {
		return false, err
	}
	if collects, err := v.collects(invoices[n].Organisation); err != nil || !collects {
		return false, err
	}
	return true, v.goTo("/customers/"+v.member.Customer.String()+"?"+url.Values{"first": {"method"}}.Encode(), "")
}
