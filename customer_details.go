package remit

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// CustomerDetails is what a business keeps of a customer besides what is needed to
// bill him. Remit stores it and hands it out; nothing about money depends on it.
type CustomerDetails struct {
	LegalName     string           `json:"legal_name,omitempty"`
	Label         string           `json:"label,omitempty"`
	ContactName   string           `json:"contact_name,omitempty"`
	TaxStatus     string           `json:"tax_status,omitempty"`
	Telephone     string           `json:"telephone,omitempty"`
	URL           string           `json:"url,omitempty"`
	Address       *CustomerAddress `json:"address,omitempty"`
	BillingEmails []string         `json:"billing_emails,omitempty"`
	Aliases       []string         `json:"aliases,omitempty"`
	ExternalIDs   []ExternalID     `json:"external_ids,omitempty"` // of other systems; Stripe's is the link
}

// CustomerAddress is where a customer is.
type CustomerAddress struct {
	Line1    string `json:"line1"`
	Line2    string `json:"line2"`
	Town     string `json:"town"`
	Postcode string `json:"postcode"`
	Country  string `json:"country"` // ISO 3166-1, two letters; "" is not known
}

// ExternalID is a customer's id in another system.
type ExternalID struct {
	Key   string `json:"key"` // the system's name
	Value string `json:"value"`
}

// ExternalStripe is the key of the id that is a link: the customer's at Stripe.
const ExternalStripe = "Stripe"

const (
	maxDetail  = 200 // characters
	maxDetails = 50  // of a list
)

// Check returns [CodeInvalid] naming the first field that is not as it should be.
func (d CustomerDetails) Check() error {
	words := []struct{ field, value string }{
		{"legal_name", d.LegalName}, {"label", d.Label}, {"contact_name", d.ContactName}, {"tax_status", d.TaxStatus}, {"telephone", d.Telephone}, {"url", d.URL},
	}
	if a := d.Address; a != nil {
		words = append(words, []struct{ field, value string }{
			{"address.line1", a.Line1}, {"address.line2", a.Line2}, {"address.town", a.Town}, {"address.postcode", a.Postcode},
		}...)
		if len(a.Country) != 0 && (len(a.Country) != 2 || strings.ContainsFunc(a.Country, func(r rune) bool { return r < 'A' || r > 'Z' })) {
			return Invalid("address.country", "Give a country's two letters, like GB.")
		}
	}
	for _, w := range words {
		if !fitsDetail(w.value) {
			return Invalid(w.field, "Give at most %d characters that can be seen.", maxDetail)
		}
	}
	if d.URL != "" {
		at, err := url.Parse(d.URL)
		if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" {
			return Invalid("url", "Give an address on the web, like https://example.com/.")
		}
	}
	return d.checkLists()
}

func (d CustomerDetails) checkLists() error {
	if len(d.BillingEmails) > maxDetails || len(d.Aliases) > maxDetails || len(d.ExternalIDs) > maxDetails {
		return Invalid("", "Give at most %d of a kind.", maxDetails)
	}
	for _, email := range d.BillingEmails {
		if _, err := ParseEmail(email); err != nil {
			return Invalid("billing_emails", "Enter addresses, like ana@example.com.")
		}
	}
	if slices.ContainsFunc(d.Aliases, func(s string) bool { return s == "" || !fitsDetail(s) }) {
		return Invalid("aliases", "Give at most %d characters that can be seen.", maxDetail)
	}
	for n, id := range d.ExternalIDs {
		if id.Key == "" || id.Value == "" || !fitsDetail(id.Key) || !fitsDetail(id.Value) {
			return Invalid("external_ids", "Give a key, like Xero, and a value of at most %d characters.", maxDetail)
		}
		if slices.ContainsFunc(d.ExternalIDs[:n], func(before ExternalID) bool { return before.Key == id.Key }) {
			return Invalid("external_ids", "The key %s is given twice.", id.Key)
		}
	}
	return nil
}

func fitsDetail(s string) bool {
	return utf8.RuneCountInString(s) <= maxDetail && !strings.ContainsFunc(s, Unseen)
}
