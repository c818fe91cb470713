package portal

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/portal/page"
	"remit/secrets"
)

// bankAccountPage is the form that adds one to a customer (U7).
func (v *visit) bankAccountPage() error {
	view, err := v.bankAccountView(v.query("invoice"))
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.BankAccountFormPage(view))
}

func (v *visit) bankAccountView(invoice string) (page.BankAccountForm, error) {
	id, err := v.id("id")
	if err != nil {
		return page.BankAccountForm{}, err
	}
	terms, err := v.do.MethodTerms(v.ctx(), v.caller, id)
	if err != nil {
		return page.BankAccountForm{}, err
	}
	var of *uuid.UUID
	if named, err := uuid.Parse(invoice); err == nil {
		of = &named
	}
	offer, err := v.do.DebitOffer(v.ctx(), v.caller, id, of)
	if err != nil {
		return page.BankAccountForm{}, err
	}
	who := terms.Customer
	view := page.BankAccountForm{
		Shell: v.shell("Add a bank account", "payer"), Customer: who, Seller: terms.Seller, Key: newKey(), NoBank: offer.Why,
		Own: v.member.Customer != nil, Back: v.backToMethods(who.ID, who.Name, who.Organisation),
	}
	if of != nil {
		view.Invoice = of.String()
	}
	return view, nil
}

// backToMethods is where a customer's methods are listed for the visitor; whoever
// only pays has his inbox.
func (v *visit) backToMethods(customer uuid.UUID, name, organisation string) page.Link {
	at := "/customers/" + customer.String()
	switch {
	case v.member.Customer != nil:
		return page.Link{Label: "Payment settings", Href: at}
	case v.may(organisation, remit.CustomerRead), v.may(organisation, remit.CustomerEdit):
		return page.Link{Label: name, Href: at}
	}
	return page.Link{Label: "Inbox", Href: "/inbox"}
}

// addBankAccount sends the form on. The account number goes from here to Stripe:
// no page and no stored answer holds it, and of the form only a keyed fingerprint
// is kept (M12).
func (v *visit) addBankAccount() error {
	view, err := v.bankAccountView(v.typed("invoice"))
	if err != nil {
		return err
	}
	view.HolderName, view.HolderType, view.Routing = v.typed("account_holder_name"), v.typed("account_holder_type"), v.typed("routing_number")
	view.Agreed = v.typed("mandate_accepted") != ""
	number := v.typed("account_number")
	in := commands.AddBankAccountInput{
		BankAccountInput: remit.BankAccountInput{
			Routing: view.Routing, HolderName: view.HolderName, HolderType: view.HolderType, Country: "US", Currency: "USD", MandateAccepted: view.Agreed,
		},
		Number: secrets.NewSecret(number), Agent: v.gin.Request.UserAgent(),
	}
	if invoice, err := uuid.Parse(view.Invoice); err == nil {
		in.ForInvoice = &invoice
	}
	if _, _, err := in.Check(number); err != nil { // before the key is taken for what cannot be sent
		return v.bankAccountAgain(view, err)
	}
	content := strings.Join([]string{view.HolderName, view.HolderType, view.Routing, number, view.Invoice}, "\n")
	leadsTo, err := v.once(v.typed("key"), content, "/customers/"+view.Customer.ID.String(), func(ctx context.Context) (string, bool, error) {
		b, err := v.do.AddBankAccount(ctx, v.caller, view.Customer.ID, commands.Given(in))
		if err != nil {
			return "", false, err
		}
		return "/bank-accounts/" + b.ID.String(), true, nil
	})
	if err != nil {
		return v.bankAccountAgain(view, err)
	}
	return v.goTo(leadsTo, "")
}

// bankAccountAgain shows the form with what is wrong and what was typed, but for
// the account number.
func (v *visit) bankAccountAgain(view page.BankAccountForm, err error) error {
	p, status, mendable := problems(err, "account_holder_name", "account_holder_type", "routing_number", "account_number", "mandate_accepted")
	if !mendable {
		return err
	}
	if status == http.StatusServiceUnavailable {
		view.Key = v.typed("key") // sent again it goes on where it stopped
	}
	view.Problems = p
	return v.show(status, page.BankAccountFormPage(view))
}

// waitingBankAccounts lists those that are still to be verified, for staff.
func (v *visit) waitingBankAccounts() error {
	if v.member.Customer != nil {
		return remit.NotFound()
	}
	list, err := v.do.WaitingBankAccounts(v.ctx(), v.caller, v.place(), commands.Page{After: v.query("after"), Limit: 50})
	if err != nil {
		return err
	}
	view := page.BankAccounts{Shell: v.shell("Bank accounts to verify", "")}
	for _, b := range list.Items {
		view.Rows = append(view.Rows, page.BankAccountRow{
			Account: b, Zone: v.zone(b.Organisation), May: v.may(b.Organisation, remit.StripePay) || v.may(b.Organisation, remit.CustomerEdit),
		})
	}
	if list.Next != "" {
		view.Next = "/bank-accounts?" + url.Values{"after": {list.Next}}.Encode()
	}
	return v.show(http.StatusOK, page.BankAccountsPage(view))
}
