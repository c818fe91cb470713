package portal

import (
	"net/http"
	"net/url"

	"remit"
	"remit/commands"
	"remit/gateway"
	"remit/portal/page"
)

// stripeLink is how a customer is linked at Stripe, as his page shows it to staff.
func (v *visit) stripeLink(c remit.Customer) (page.StripeLink, error) {
	link := page.StripeLink{MayLink: v.may(c.Organisation, remit.StripeAll), MaySettle: v.may(c.Organisation, remit.CustomerEdit)}
	if c.StripeCustomer == "" {
		return link, nil
	}
	is, err := v.do.CustomerLink(v.ctx(), v.caller, c.ID)
	if err != nil {
		return link, err
	}
	link.Waits, link.Failure, link.Differences = is.Waits, is.Failure, is.Differences
	if v.do.Sandbox { // a stand-in has no dashboard
		return link, nil
	}
	at, err := v.do.CustomerAtStripe(v.ctx(), v.caller, c.ID)
	if err == nil && at.Account != "" {
		link.URL = gateway.DashboardURL(at.Account, at.Livemode) + "/customers/" + url.PathEscape(c.StripeCustomer)
	}
	return link, err
}

func (v *visit) linkCustomerPage() error {
	view, err := v.linkCustomerView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.LinkCustomerPage(view))
}

func (v *visit) linkCustomerView() (page.LinkCustomer, error) {
	c, err := v.seenCustomer()
	if err != nil {
		return page.LinkCustomer{}, err
	}
	if !v.may(c.Organisation, remit.StripeAll) {
		return page.LinkCustomer{}, remit.Forbidden(remit.StripeAll.String(), c.Organisation)
	}
	return page.LinkCustomer{Shell: v.shell("Link "+c.Name, ""), Customer: c, StripeCustomer: v.typed("stripe_customer_id")}, nil
}

// link links a customer with the one at Stripe whose id was typed.
func (v *visit) linkCustomer() error {
	view, err := v.linkCustomerView()
	if err != nil {
		return err
	}
	_, err = v.do.LinkCustomer(v.ctx(), v.caller, view.Customer.ID, commands.Given(commands.LinkInput{StripeCustomer: view.StripeCustomer}))
	if err != nil {
		p, status, mendable := problems(err, "stripe_customer_id")
		if !mendable {
			return err
		}
		view.Problems = p
		return v.show(status, page.LinkCustomerPage(view))
	}
	return v.goTo("/customers/"+view.Customer.ID.String(), "customer_linked")
}

func (v *visit) unlinkCustomerPage() error {
	view, err := v.unlinkCustomerView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.AskPage(view))
}

func (v *visit) unlinkCustomerView() (page.Ask, error) {
	c, err := v.seenCustomer()
	if err != nil {
		return page.Ask{}, err
	}
	if !v.may(c.Organisation, remit.StripeAll) {
		return page.Ask{}, remit.Forbidden(remit.StripeAll.String(), c.Organisation)
	}
	back := "/customers/" + c.ID.String()
	view := page.Ask{
		Shell: v.shell("Unlink "+c.Name, ""), Heading: "Unlink " + c.Name + " from Stripe?", Message: c.StripeCustomer + " stays at Stripe with all that is saved there.",
		Details: []string{"The payment methods saved there can no longer be charged from here.", "The next payment makes a new customer at Stripe."},
		Action:  v.path(), Button: "Unlink", Back: page.Link{Label: "Keep the link", Href: back}, Trail: []page.Link{{Label: "Customers", Href: "/customers"}, {Label: c.Name, Href: back}},
	}
	if c.StripeCustomer == "" {
		view.Heading, view.Message, view.Details, view.Action = c.Name, "This customer is not linked at Stripe.", nil, ""
		view.Back.Label = "Back"
	}
	return view, nil
}

func (v *visit) unlinkCustomer() error {
	view, err := v.unlinkCustomerView()
	if err != nil {
		return err
	}
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if _, err := v.do.UnlinkCustomer(v.ctx(), v.caller, id); err != nil {
		p, status, mendable := problems(err)
		if !mendable {
			return err
		}
		view.Problems = p
		return v.show(status, page.AskPage(view))
	}
	return v.goTo("/customers/"+id.String(), "customer_unlinked")
}

// settleDifference has a part be the same here and at Stripe.
func (v *visit) settleDifference() error {
	c, err := v.seenCustomer()
	if err != nil {
		return err
	}
	in := commands.DifferenceInput{Field: remit.ContactField(v.typed("field")), Take: v.typed("take"), AtStripe: v.typed("at_stripe")}
	if _, err := v.do.SettleDifference(v.ctx(), v.caller, c.ID, commands.Given(in)); err != nil {
		return err
	}
	done := "difference_taken"
	if in.Take == "ours" {
		done = "difference_sent"
	}
	return v.goTo("/customers/"+c.ID.String()+"#at-stripe", done)
}

func (v *visit) deleteCustomerPage() error {
	view, err := v.deleteCustomerView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.DeleteCustomerPage(view))
}

func (v *visit) deleteCustomerView() (page.DeleteCustomer, error) {
	c, err := v.seenCustomer()
	if err != nil {
		return page.DeleteCustomer{}, err
	}
	if !v.may(c.Organisation, remit.StripeAll) {
		return page.DeleteCustomer{}, remit.Forbidden(remit.StripeAll.String(), c.Organisation)
	}
	view := page.DeleteCustomer{Shell: v.shell("Delete "+c.Name, ""), Customer: c, AtStripe: v.typed("stripe")}
	if c.StripeCustomer != "" {
		is, err := v.do.CustomerLink(v.ctx(), v.caller, c.ID)
		if err != nil {
			return view, err
		}
		view.Ours = is.MadeHere
	}
	return view, nil
}

// deleteCustomer deletes him, or says on the question's page why not.
func (v *visit) deleteCustomer() error {
	view, err := v.deleteCustomerView()
	if err != nil {
		return err
	}
	if err := v.do.DeleteCustomer(v.ctx(), v.caller, view.Customer.ID, view.AtStripe); err != nil {
		p, status, mendable := problems(err)
		if !mendable {
			return err
		}
		view.Problems = p
		return v.show(status, page.DeleteCustomerPage(view))
	}
	return v.goTo("/customers", "customer_deleted")
}
