package portal

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

// shownInvoices is how many of a customer's invoices his page shows.
const shownInvoices = 25

// customers lists them (U12).
func (v *visit) customers() error {
	list, err := v.do.Customers(v.ctx(), v.caller, v.place(), commands.Page{After: v.query("after"), Limit: 50})
	if err != nil {
		return err
	}
	view := page.Customers{Shell: v.shell("Customers", ""), Rows: list.Items, MayEdit: v.anywhere(remit.CustomerEdit), MayMap: v.may(v.member.Path, remit.StripeAll)}
	if v.anywhere(remit.StripeAll) {
		view.Linked = map[uuid.UUID]bool{}
		may := map[string]bool{}
		for _, c := range list.Items {
			if _, asked := may[c.Organisation]; !asked {
				may[c.Organisation] = v.may(c.Organisation, remit.StripeAll)
			}
			if may[c.Organisation] {
				view.Linked[c.ID] = true
			}
		}
	}
	if v.anywhere(remit.InvoiceRead) {
		if view.Owed, err = v.do.CustomersOwe(v.ctx(), v.caller, v.place(), list.Items); err != nil {
			return err
		}
	}
	if view.PaysBy, err = v.do.CustomersPayBy(v.ctx(), v.caller, v.place(), list.Items); err != nil {
		return err
	}
	if list.Next != "" {
		view.Next = "/customers?" + url.Values{"after": {list.Next}}.Encode()
	}
	return v.show(http.StatusOK, page.CustomersPage(view))
}

// customer is one customer with invoices and methods.
func (v *visit) customer() error {
	c, err := v.seenCustomer()
	if err != nil {
		return err
	}
	view := page.Customer{Shell: v.shell(c.Name, ""), Customer: c, Zone: v.zone(c.Organisation), Staff: v.member.Customer == nil}
	view.MayEdit = v.may(c.Organisation, remit.CustomerEdit)
	view.MayPays = !view.Staff || view.MayEdit || v.may(c.Organisation, remit.StripePay)
	if view.MayPays {
		if view.Wallet, err = v.wallet(c.ID, nil); err != nil {
			view.Unread = true
			view.Problems.Message = "The saved payment methods could not be read now. " + remit.AsError(err).Message
		}
	}
	if view.Automatic.On, err = v.do.Automatic(v.ctx(), v.caller, c.ID); err != nil {
		return err
	}
	view.Automatic.MaySay = !view.Staff || view.MayEdit
	credit, err := v.do.CustomerCredit(v.ctx(), v.caller, c.ID)
	if err != nil {
		return err
	}
	view.Credits, view.Credited = credit.Credits, credit.History
	if !view.Staff || v.anywhere(remit.InvoiceRead) {
		list, err := v.do.Invoices(v.ctx(), v.caller, commands.InvoiceFilter{Organisation: v.place(), Customer: &c.ID}, commands.Page{Limit: shownInvoices})
		if err != nil {
			return err
		}
		view.Invoices, view.More = list.Items, list.Next != "" && view.Staff
	}
	if view.Staff {
		if view.AtStripe, err = v.stripeLink(c); err != nil {
			return err
		}
	}
	view.First = v.query("first") != ""
	if v.query("done") == "card" {
		if view.Offer, err = v.offerToPay(c); err != nil {
			return err
		}
	}
	return v.show(http.StatusOK, page.CustomerPage(view))
}

// offerToPay asks whether what is open is to be paid, now that there is something
// to pay it with. It asks who may pay, and charges nothing by itself.
func (v *visit) offerToPay(c remit.Customer) (page.Offer, error) {
	path := "/customers/" + c.ID.String()
	offer := page.Offer{Action: path + "/pay", Back: path}
	if v.member.Customer != nil {
		offer.Action = "/portal/pay"
	} else if !v.may(c.Organisation, remit.StripePay) || !v.anywhere(remit.InvoiceRead) {
		return page.Offer{}, nil
	}
	collects, err := v.collects(c.Organisation)
	if err != nil || !collects {
		return page.Offer{}, err
	}
	owed, more, err := v.owedInvoices(c.ID, clientAtOnce)
	if err != nil {
		return page.Offer{}, err
	}
	offer.Invoices = slices.DeleteFunc(owed, func(i remit.Invoice) bool { return remit.CollectableNow(i) != nil || !i.Settings.OnlinePayments })
	offer.More = more
	return offer, nil
}

// collects reports whether anything can be paid online at a path now.
func (v *visit) collects(path string) (bool, error) {
	err := v.do.MayCollect(v.ctx(), v.caller, path)
	if err != nil && remit.AsError(err).Kind == remit.KindConflict {
		return false, nil
	}
	return err == nil, err
}

func (v *visit) seenCustomer() (remit.Customer, error) {
	id, err := v.id("id")
	if err != nil {
		return remit.Customer{}, err
	}
	return v.do.Customer(v.ctx(), v.caller, id)
}

func (v *visit) newCustomerPage() error {
	places := v.placesWhere(remit.CustomerEdit)
	if len(places) == 0 {
		return remit.Forbidden(remit.CustomerEdit.String(), v.place())
	}
	return v.show(http.StatusOK, page.CustomerFormPage(page.CustomerForm{Shell: v.shell("New customer", "payer"), Places: places, Currency: v.currency(places[0])}))
}

func (v *visit) newCustomer() error {
	view := v.customerFields(page.CustomerForm{Shell: v.shell("New customer", "payer"), Places: v.placesWhere(remit.CustomerEdit)})
	customer, err := v.do.CreateCustomer(v.ctx(), v.caller, customerInput(view))
	if err != nil {
		return v.customerAgain(view, err)
	}
	return v.goTo("/customers/"+customer.ID.String(), "saved")
}

func (v *visit) editCustomerPage() error {
	c, err := v.seenCustomer()
	if err != nil {
		return err
	}
	if !v.may(c.Organisation, remit.CustomerEdit) {
		return remit.Forbidden(remit.CustomerEdit.String(), c.Organisation)
	}
	view := page.CustomerForm{
		Shell: v.shell("Edit "+c.Name, "payer"), ID: c.ID.String(), Name: c.Name, Email: c.Email, Currency: c.Currency, ExternalID: c.ExternalID, Reminders: c.Reminders,
	}
	view.Shown = page.CustomerShown{Name: c.Name, Email: c.Email, Currency: c.Currency, ExternalID: c.ExternalID, Reminders: c.Reminders}
	view.Details = detailsForm(c.Details)
	return v.show(http.StatusOK, page.CustomerFormPage(view))
}

func (v *visit) editCustomer() error {
	c, err := v.seenCustomer()
	if err != nil {
		return err
	}
	view := v.customerFields(page.CustomerForm{Shell: v.shell("Edit "+c.Name, "payer"), ID: c.ID.String()})
	if _, err := v.do.UpdateCustomer(v.ctx(), v.caller, c.ID, customerInput(view)); err != nil {
		return v.customerAgain(view, err)
	}
	return v.goTo("/customers/"+c.ID.String(), "saved")
}

func (v *visit) customerFields(view page.CustomerForm) page.CustomerForm {
	view.Name, view.Email, view.Organisation = v.typed("name"), v.typed("email"), v.typed("organisation")
	view.Currency, view.ExternalID, view.Reminders = v.typed("currency"), v.typed("external_id"), v.typed("reminders") != ""
	view.Shown = page.CustomerShown{
		Name: v.typed("shown_name"), Email: v.typed("shown_email"), Currency: v.typed("shown_currency"), ExternalID: v.typed("shown_external_id"), Reminders: v.typed("shown_reminders") != "",
	}
	view.Details = v.detailFields()
	return view
}

// customerInput is the form as a customer; what the form does not show stays, and so does
// what was left as it was shown: the form may have been open for long.
func customerInput(view page.CustomerForm) commands.Body[commands.CustomerInput] {
	return func() (commands.CustomerInput, error) {
		details, shown, err := detailsTyped(view.Details)
		in := commands.CustomerInput{
			Organisation: view.Organisation, Name: view.Name, Email: view.Email, Currency: view.Currency, ExternalID: view.ExternalID, Details: &details,
		}
		if view.ID != "" {
			s := view.Shown
			in.Reminders, in.Shown = &view.Reminders, &commands.CustomerShown{Name: s.Name, Email: s.Email, Currency: s.Currency, ExternalID: s.ExternalID, Reminders: s.Reminders, Details: shown}
		}
		return in, err
	}
}

func (v *visit) customerAgain(view page.CustomerForm, err error) error {
	fields := append(page.DetailFields(), "name", "email", "currency", "external_id")
	if view.ID == "" {
		fields = append(fields, "organisation")
	}
	p, status, mendable := problems(err, fields...)
	if !mendable {
		return err
	}
	view.Problems = p
	return v.show(status, page.CustomerFormPage(view))
}

// addMethod sends the visitor to Stripe's page on which a card is added, or a bank
// account by signing in at the bank.
func (v *visit) addMethod() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	terms, err := v.do.MethodTerms(v.ctx(), v.caller, id)
	if err != nil {
		return err
	}
	back := v.backToMethods(id, terms.Customer.Name, terms.Customer.Organisation)
	hosted, err := v.do.AddPaymentMethod(v.ctx(), v.caller, id, commands.Given(commands.AddMethodInput{ReturnPath: back.Href}))
	if err != nil {
		return err
	}
	return v.leave(hosted.URL)
}

func (v *visit) defaultMethod() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	method, err := uuid.Parse(v.typed("method"))
	if err != nil {
		return remit.NotFound()
	}
	if _, err := v.do.SetDefaultMethod(v.ctx(), v.caller, id, commands.Given(method)); err != nil {
		return err
	}
	return v.goTo("/customers/"+id.String(), "default")
}

func (v *visit) removeMethodPage() error {
	view, err := v.removeMethodView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.AskPage(view))
}

// removeMethodView is the question whether a method of a customer is to be removed.
func (v *visit) removeMethodView() (page.Ask, error) {
	c, err := v.seenCustomer()
	if err != nil {
		return page.Ask{}, err
	}
	method, err := v.id("method")
	if err != nil {
		return page.Ask{}, err
	}
	methods, err := v.do.PaymentMethods(v.ctx(), v.caller, c.ID)
	if err != nil {
		return page.Ask{}, err
	}
	for _, m := range methods {
		if m.ID == method {
			name := page.Method(m.Type, m.Brand, m.BankName, m.Last4)
			back := "/customers/" + c.ID.String()
			return page.Ask{
				Shell: v.shell("Remove "+name, "payer"), Heading: "Remove " + name + "?", Message: "It can no longer be used to pay. Stripe forgets it as well.",
				Action: v.path(), Button: "Remove " + name, Back: page.Link{Label: "Keep it", Href: back}, Trail: []page.Link{{Label: c.Name, Href: back}},
			}, nil
		}
	}
	return page.Ask{}, remit.NotFound()
}

// removeMethod removes it, or says on the question's page why not.
func (v *visit) removeMethod() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	method, err := v.id("method")
	if err != nil {
		return err
	}
	if err := v.do.RemoveMethod(v.ctx(), v.caller, method); err != nil {
		p, status, mendable := problems(err)
		if !mendable {
			return err
		}
		view, asked := v.removeMethodView()
		if asked != nil {
			return err
		}
		view.Problems = p
		return v.show(status, page.AskPage(view))
	}
	return v.goTo("/customers/"+id.String(), "removed")
}

// switchAutomatic is a customer's word on being charged by himself.
func (v *visit) switchAutomatic() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := v.do.SwitchAutomatic(v.ctx(), v.caller, id, commands.Given(v.typed("on") == "yes")); err != nil {
		return err
	}
	return v.goTo("/customers/"+id.String(), "saved")
}
