package portal

import (
	"encoding/json"
	"slices"
	"strings"

	"remit"
	"remit/portal/page"
)

// detailsForm is the details as the form begins with them.
func detailsForm(d remit.CustomerDetails) page.CustomerDetails {
	form := page.DetailsOf(d)
	if shown, err := json.Marshal(d); err == nil {
		form.Shown = string(shown)
	}
	return form
}

// detailFields are the details as they were typed.
func (v *visit) detailFields() page.CustomerDetails {
	return page.CustomerDetails{
		LegalName: v.typed("legal_name"), Label: v.typed("label"), ContactName: v.typed("contact_name"), TaxStatus: v.typed("tax_status"), Telephone: v.typed("telephone"), URL: v.typed("url"),
		Line1: v.typed("address.line1"), Line2: v.typed("address.line2"), Town: v.typed("address.town"), Postcode: v.typed("address.postcode"), Country: strings.ToUpper(v.typed("address.country")),
		BillingEmails: v.typed("billing_emails"), Aliases: v.typed("aliases"), ExternalIDs: v.typed("external_ids"), Shown: v.typed("shown_details"),
	}
}

// detailsTyped is a form as details, and what it showed. What a field cannot show as it
// is, a space at the end say, is taken as it was where it was left as it was shown.
func detailsTyped(form page.CustomerDetails) (typed, shown remit.CustomerDetails, err error) {
	if form.Shown != "" {
		if err := json.Unmarshal([]byte(form.Shown), &shown); err != nil {
			return typed, shown, wrong("", "Open the customer's form again: what it showed cannot be read.")
		}
	}
	typed = remit.CustomerDetails{
		LegalName: unlessChanged(form.LegalName, shown.LegalName), Label: unlessChanged(form.Label, shown.Label), ContactName: unlessChanged(form.ContactName, shown.ContactName),
		TaxStatus: unlessChanged(form.TaxStatus, shown.TaxStatus), Telephone: unlessChanged(form.Telephone, shown.Telephone), URL: unlessChanged(form.URL, shown.URL),
		BillingEmails: linesUnlessChanged(form.BillingEmails, shown.BillingEmails), Aliases: linesUnlessChanged(form.Aliases, shown.Aliases), Address: addressTyped(form, shown.Address),
	}
	typed.ExternalIDs, err = externalIDsTyped(form.ExternalIDs, shown.ExternalIDs)
	return typed, shown, err
}

func unlessChanged(typed, shown string) string {
	if typed == strings.TrimSpace(shown) {
		return shown
	}
	return typed
}

func linesUnlessChanged(typed string, shown []string) []string {
	if list := lines(typed); !slices.Equal(list, lines(strings.Join(shown, "\n"))) {
		return list
	}
	return shown
}

func addressTyped(form page.CustomerDetails, shown *remit.CustomerAddress) *remit.CustomerAddress {
	var was remit.CustomerAddress
	if shown != nil {
		was = *shown
	}
	is := remit.CustomerAddress{
		Line1: unlessChanged(form.Line1, was.Line1), Line2: unlessChanged(form.Line2, was.Line2), Town: unlessChanged(form.Town, was.Town),
		Postcode: unlessChanged(form.Postcode, was.Postcode), Country: unlessChanged(form.Country, was.Country),
	}
	switch is {
	case was:
		return shown
	case remit.CustomerAddress{}:
		return nil
	}
	return &is
}

// externalIDsTyped reads lines like "Xero: 1234". One that was shown is what it was,
// whatever characters are in it.
func externalIDsTyped(typed string, shown []remit.ExternalID) ([]remit.ExternalID, error) {
	var ids []remit.ExternalID
	for _, line := range lines(typed) {
		n := slices.IndexFunc(shown, func(id remit.ExternalID) bool { return strings.TrimSpace(page.ExternalIDLine(id)) == line })
		if n >= 0 && shown[n].Key != remit.ExternalStripe {
			ids = append(ids, shown[n])
			continue
		}
		key, value, _ := strings.Cut(line, ":")
		id := remit.ExternalID{Key: strings.TrimSpace(key), Value: strings.TrimSpace(value)}
		if id.Key == remit.ExternalStripe {
			return nil, wrong("external_ids", "The id at Stripe is a link: set it on the customer's page.")
		}
		ids = append(ids, id)
	}
	return ids, nil
}
