package api

import (
	"slices"

	"remit"
	"remit/commands"
)

func linkCustomer(c *call) (answer, error) {
	return customerAnswer(c.server.commands.LinkCustomer(c.ctx(), c.caller, c.id(), body(c, func(w customerLinkWire) (commands.LinkInput, error) {
		return commands.LinkInput{StripeCustomer: w.StripeCustomerID}, nil
	})))
}

func unlinkCustomer(c *call) (answer, error) {
	return customerAnswer(c.server.commands.UnlinkCustomer(c.ctx(), c.caller, c.id()))
}

func customerLink(c *call) (answer, error) {
	link, err := c.server.commands.CustomerLink(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	return ok(linkShape(link))
}

func settleDifference(c *call) (answer, error) {
	link, err := c.server.commands.SettleDifference(c.ctx(), c.caller, c.id(), body(c, func(w differenceWire) (commands.DifferenceInput, error) {
		return commands.DifferenceInput{Field: w.Field, Take: w.Take, AtStripe: w.AtStripe}, nil
	}))
	if err != nil {
		return answer{}, err
	}
	return ok(linkShape(link))
}

func deleteCustomer(c *call) (answer, error) {
	at, _ := c.query["stripe"].(string)
	if err := c.server.commands.DeleteCustomer(c.ctx(), c.caller, c.id(), at); err != nil {
		return answer{}, err
	}
	return noContent()
}

type differenceWire struct {
	Field    remit.ContactField `json:"field"`
	Take     string             `json:"take"`
	AtStripe string             `json:"at_stripe"`
}

// customerLinkBody is how a customer and the one at Stripe stand to each other.
type customerLinkBody struct {
	StripeCustomerID *string                 `json:"stripe_customer_id"`
	Waiting          bool                    `json:"waiting"`
	Failure          *string                 `json:"failure"`
	Differences      []contactDifferenceBody `json:"differences"`
}

type contactDifferenceBody struct {
	Field    remit.ContactField `json:"field"`
	Here     string             `json:"here"`
	AtStripe string             `json:"at_stripe"`
}

func linkShape(l commands.CustomerLink) customerLinkBody {
	out := customerLinkBody{StripeCustomerID: orNull(l.StripeCustomer), Waiting: l.Waits, Failure: orNull(l.Failure), Differences: make([]contactDifferenceBody, len(l.Differences))}
	for n, d := range l.Differences {
		out.Differences[n] = contactDifferenceBody(d)
	}
	return out
}

type customerLinkWire struct {
	StripeCustomerID string `json:"stripe_customer_id"`
}

// customerDetailsWire is what a business keeps of a customer, in and out.
type customerDetailsWire struct {
	LegalName     string               `json:"legal_name"`
	Label         string               `json:"label"`
	ContactName   string               `json:"contact_name"`
	TaxStatus     string               `json:"tax_status"`
	Telephone     string               `json:"telephone"`
	URL           string               `json:"url"`
	Address       *customerAddressWire `json:"address"`
	BillingEmails []string             `json:"billing_emails"`
	Aliases       []string             `json:"aliases"`
	ExternalIDs   []externalIDWire     `json:"external_ids"`
}

type customerAddressWire struct {
	Line1    string `json:"line1"`
	Line2    string `json:"line2"`
	Town     string `json:"town"`
	Postcode string `json:"postcode"`
	Country  string `json:"country"`
}

type externalIDWire struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

func detailsShape(d remit.CustomerDetails) customerDetailsWire {
	out := customerDetailsWire{
		LegalName: d.LegalName, Label: d.Label, ContactName: d.ContactName, TaxStatus: d.TaxStatus, Telephone: d.Telephone, URL: d.URL,
		BillingEmails: orEmpty(d.BillingEmails), Aliases: orEmpty(d.Aliases), ExternalIDs: make([]externalIDWire, len(d.ExternalIDs)),
	}
	if d.Address != nil {
		at := customerAddressWire(*d.Address)
		out.Address = &at
	}
	for n, id := range d.ExternalIDs {
		out.ExternalIDs[n] = externalIDWire(id)
	}
	return out
}

func (w customerDetailsWire) details() (remit.CustomerDetails, error) {
	d := remit.CustomerDetails{
		LegalName: w.LegalName, Label: w.Label, ContactName: w.ContactName, TaxStatus: w.TaxStatus, Telephone: w.Telephone, URL: w.URL,
		BillingEmails: w.BillingEmails, Aliases: w.Aliases, Address: addressOf(w.Address), ExternalIDs: idsOf(w.ExternalIDs),
	}
	if slices.ContainsFunc(d.ExternalIDs, isStripe) {
		return d, remit.Invalid("details.external_ids", "The id at Stripe is a link: set it at stripe-link.")
	}
	return d, nil
}

func addressOf(w *customerAddressWire) *remit.CustomerAddress {
	if w == nil {
		return nil
	}
	at := remit.CustomerAddress(*w)
	return &at
}

func idsOf(wires []externalIDWire) []remit.ExternalID {
	if wires == nil {
		return nil
	}
	ids := make([]remit.ExternalID, len(wires))
	for n, w := range wires {
		ids[n] = remit.ExternalID(w)
	}
	return ids
}

func isStripe(id remit.ExternalID) bool { return id.Key == remit.ExternalStripe }

// customerChangeWire is a change of a customer: in Remit's own form, which says all
// of him, or in the form of other billing systems, which says what it says.
type customerChangeWire struct {
	Name         *string              `json:"name"`
	Email        string               `json:"email"`
	Organisation string               `json:"organisation"`
	Currency     string               `json:"currency"`
	ExternalID   *string              `json:"external_id"`
	AutoCharge   **bool               `json:"auto_charge"` // null takes his word away; without it it stays
	Reminders    *bool                `json:"reminders"`
	Details      *customerDetailsWire `json:"details"`

	LegalName       *string              `json:"legalName"`
	Label           *string              `json:"label"`
	ContactName     *string              `json:"contactName"`
	TaxStatus       *string              `json:"taxStatus"`
	Telephone       *string              `json:"telephone"`
	URL             *string              `json:"url"`
	Address         *customerAddressWire `json:"address"`
	BillingEmails   []string             `json:"billingEmails"`
	CustomerAliases []string             `json:"customerAliases"`
	ExternalIDs     []externalIDWire     `json:"externalIds"`
}

func (w customerChangeWire) input() (commands.CustomerInput, error) {
	in := commands.CustomerInput{Organisation: w.Organisation, Email: w.Email, Currency: w.Currency, KeepWord: w.AutoCharge == nil, Reminders: w.Reminders}
	if w.AutoCharge != nil {
		in.AutoCharge = *w.AutoCharge
	}
	if w.Name != nil {
		in.Name = *w.Name
	}
	if w.ExternalID != nil {
		in.ExternalID = *w.ExternalID
	}
	if w.Details != nil {
		details, err := w.Details.details()
		if err != nil {
			return in, err
		}
		in.Details = &details
	}
	if w.Name != nil && !w.foreign() {
		return in, nil
	}
	change := &commands.CustomerChange{
		LegalName: w.LegalName, Label: w.Label, ContactName: w.ContactName, TaxStatus: w.TaxStatus, Telephone: w.Telephone, URL: w.URL,
		Address: addressOf(w.Address), BillingEmails: w.BillingEmails, Aliases: w.CustomerAliases, ExternalIDs: idsOf(w.ExternalIDs),
	}
	for _, id := range change.ExternalIDs {
		if !isStripe(id) {
			continue
		}
		if in.Stripe != nil {
			return in, remit.Invalid("externalIds", "The key %s is given twice.", id.Key)
		}
		in.Stripe = &id.Value
	}
	change.ExternalIDs = slices.DeleteFunc(change.ExternalIDs, isStripe)
	in.Change = change
	return in, nil
}

// foreign reports that a field of the other form is given.
func (w customerChangeWire) foreign() bool {
	return w.LegalName != nil || w.Label != nil || w.ContactName != nil || w.TaxStatus != nil || w.Telephone != nil || w.URL != nil ||
		w.Address != nil || w.BillingEmails != nil || w.CustomerAliases != nil || w.ExternalIDs != nil
}
