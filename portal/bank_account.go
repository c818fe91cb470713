package portal

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"remit"
	"remit/commands"
	"remit/money"
	"remit/portal/page"
)

// bankAccount says how far one has come, and takes its deposits (U8).
func (v *visit) bankAccount() error {
	view, err := v.bankAccountState()
	if err != nil {
		return err
	}
	if known := v.query("known"); known != "" && v.htmx() {
		return v.news(known, string(view.Account.State), view.Poll == "", page.BankAccountState(view))
	}
	return v.show(http.StatusOK, page.BankAccountPage(view))
}

func (v *visit) bankAccountState() (page.BankAccount, error) {
	id, err := v.id("id")
	if err != nil {
		return page.BankAccount{}, err
	}
	b, err := v.do.BankAccount(v.ctx(), v.caller, id)
	if err != nil {
		return page.BankAccount{}, err
	}
	terms, err := v.do.MethodTerms(v.ctx(), v.caller, b.CustomerID)
	if err != nil {
		return page.BankAccount{}, err
	}
	view := page.BankAccount{
		Shell: v.shell("Bank account", "payer"), Account: b, Zone: terms.Zone, Key: newKey(), Staff: v.member.Customer == nil, Sandbox: v.do.Sandbox,
		Back: v.backToMethods(b.CustomerID, b.CustomerName, b.Organisation),
	}
	if view.Invoice, err = v.invoiceWaiting(b); err != nil {
		return view, err
	}
	switch b.State { //nolint:exhaustive // the others neither wait for Stripe nor pay
	case remit.BankAccountRequested:
		view.Poll, view.Refresh = v.path()+"?"+url.Values{"known": {string(b.State)}}.Encode(), noScriptRefresh
	case remit.BankAccountUsable:
		view.Offer, err = v.offerToPay(terms.Customer)
	}
	return view, err
}

// invoiceWaiting is the invoice an account was added to pay, where the visitor may
// see it and something is left of it.
func (v *visit) invoiceWaiting(b remit.BankAccount) (*page.Link, error) {
	if b.ForInvoice == nil {
		return nil, nil
	}
	i, err := v.do.Invoice(v.ctx(), v.caller, *b.ForInvoice)
	switch {
	case remit.IsCode(err, remit.CodeNotFound) || remit.IsCode(err, remit.CodeForbidden):
		return nil, nil
	case err != nil:
		return nil, err
	}
	at := "/invoices/"
	if v.member.Customer != nil {
		at = "/portal/invoices/"
	}
	return &page.Link{Label: i.Number, Href: at + i.ID.String()}, nil
}

// enterDeposits sends what was read on the statement. Sent twice it is one try:
// a wrong entry's key is kept as well.
func (v *visit) enterDeposits() error {
	view, err := v.bankAccountState()
	if err != nil {
		return err
	}
	entry, err := v.depositEntry(&view)
	if err != nil {
		return v.depositsAgain(view, err)
	}
	content := strings.Join(append(view.Amounts, view.Code), "\n")
	leadsTo, err := v.once(v.typed("key"), content, v.path(), func(ctx context.Context) (string, bool, error) {
		_, err := v.do.VerifyBankAccount(ctx, v.caller, view.Account.ID, commands.Given(entry))
		return v.path(), err == nil || remit.AsError(err).Kind == remit.KindInvalid, err
	})
	if err != nil {
		return v.depositsAgain(view, err)
	}
	return v.goTo(leadsTo, "")
}

// depositEntry reads the form that the account's kind of deposit asks for.
func (v *visit) depositEntry(view *page.BankAccount) (remit.DepositEntry, error) {
	var entry remit.DepositEntry
	if view.Account.Deposit == remit.DepositAmounts {
		for _, typed := range v.gin.PostFormArray("amounts") {
			view.Amounts = append(view.Amounts, strings.TrimSpace(typed))
		}
		for _, typed := range view.Amounts {
			if typed == "" {
				continue // the check misses it
			}
			cents, err := parseCents(typed)
			if err != nil {
				return entry, err
			}
			entry.Amounts = append(entry.Amounts, cents)
		}
	} else {
		view.Code = v.typed("descriptor_code")
		entry.Code = view.Code
	}
	if !view.Account.State.Waits() || view.Account.Deposit == "" {
		return entry, nil // commands say why not
	}
	return entry.Check(view.Account.Deposit)
}

// parseCents reads an amount below a dollar as people write it: 32, 0.32, $0.32.
func parseCents(typed string) (int64, error) {
	text := strings.TrimSpace(strings.TrimPrefix(typed, "$"))
	if cents, err := strconv.ParseInt(text, 10, 32); err == nil && !strings.HasPrefix(typed, "$") {
		return cents, nil
	}
	amount, err := money.ParseDecimal(text, "USD")
	if err != nil {
		return 0, wrong("amounts", "Enter both amounts, like 32 and 45.")
	}
	return amount.Minor, nil
}

// depositsAgain shows the form with what is wrong, or how the account ended.
func (v *visit) depositsAgain(view page.BankAccount, err error) error {
	p, status, mendable := problems(err, "amounts", "descriptor_code")
	if !mendable {
		return err
	}
	fresh, again := v.bankAccountState()
	if again != nil {
		return again
	}
	if !fresh.Account.State.Waits() {
		return v.goTo(v.path(), "") // its page says how it ended
	}
	fresh.Amounts, fresh.Code, fresh.Problems = view.Amounts, view.Code, p
	return v.show(status, page.BankAccountPage(fresh))
}
