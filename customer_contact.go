package remit

import (
	"strings"
)

// ContactField is a part of what a business and Stripe both keep of a customer.
type ContactField string

// The parts that are kept in line.
const (
	ContactName      ContactField = "name"
	ContactEmail     ContactField = "email"
	ContactTelephone ContactField = "telephone"
	ContactAddress   ContactField = "address"
)

// ContactFields are all of them, in the order in which people read them.
func ContactFields() []ContactField {
	return []ContactField{ContactName, ContactEmail, ContactTelephone, ContactAddress}
}

// Known reports that it is one of them.
func (f ContactField) Known() bool {
	return f == ContactName || f == ContactEmail || f == ContactTelephone || f == ContactAddress
}

// Contact is what a business and Stripe both keep of a customer.
type Contact struct {
	Name      string          `json:"name"`
	Email     string          `json:"email"`
	Telephone string          `json:"telephone"`
	Address   CustomerAddress `json:"address"`
}

// ContactOf is a customer's as we have it.
func ContactOf(c Customer) Contact {
	contact := Contact{Name: c.Name, Email: c.Email, Telephone: c.Details.Telephone}
	if c.Details.Address != nil {
		contact.Address = *c.Details.Address
	}
	return contact
}

// Of is a part in words; "" where there is none.
func (c Contact) Of(f ContactField) string {
	switch f {
	case ContactName:
		return c.Name
	case ContactEmail:
		return c.Email
	case ContactTelephone:
		return c.Telephone
	case ContactAddress:
		var parts []string
		for _, part := range []string{c.Address.Line1, c.Address.Line2, c.Address.Town, c.Address.Postcode, c.Address.Country} {
			if part != "" {
				parts = append(parts, part)
			}
		}
		return strings.Join(parts, ", ")
	}
	return ""
}

// With is the contact with one part of another.
func (c Contact) With(f ContactField, other Contact) Contact {
	switch f {
	case ContactName:
		c.Name = other.Name
	case ContactEmail:
		c.Email = other.Email
	case ContactTelephone:
		c.Telephone = other.Telephone
	case ContactAddress:
		c.Address = other.Address
	}
	return c
}

func (c Contact) same(f ContactField, other Contact) bool { return c.With(f, other) == c }

// Onto is a customer with the contact. Returns [CodeInvalid] naming the field that
// cannot be kept here.
func (c Contact) Onto(customer Customer) (Customer, error) {
	customer.Name, customer.Email, customer.Details.Telephone = c.Name, c.Email, c.Telephone
	customer.Details.Address = nil
	if c.Address != (CustomerAddress{}) {
		customer.Details.Address = &c.Address
	}
	if c.Name == "" || !fitsDetail(c.Name) {
		return customer, Invalid("name", "Give a name of at most %d characters that can be seen.", maxDetail)
	}
	if c.Email != "" {
		if _, err := ParseEmail(c.Email); err != nil {
			return customer, Invalid("email", "Enter an address, like ana@example.com.")
		}
	}
	return customer, customer.Details.Check()
}

// ContactSync is how what we keep of a customer and what Stripe keeps stand to each
// other. What was changed here since both had the same is sent; what was changed there
// is taken where we have nothing (but for the e-mail address), and else offered to a person. Nothing that came from
// Stripe is ever sent back to it as a change of ours.
type ContactSync struct {
	Shared  *Contact // ours when it was last sent or agreed; nil: it never was
	Seen    *Contact // as Stripe had it when it was looked at last; nil: it never was
	Waits   bool     // something is still to be sent, or looked at
	Failure string   // why Stripe did not take what was sent
}

// Pending are the parts that were changed here and are to be sent.
func (s ContactSync) Pending(ours Contact) (fields []ContactField) {
	if s.Shared == nil {
		return nil
	}
	for _, f := range ContactFields() {
		if !ours.same(f, *s.Shared) {
			fields = append(fields, f)
		}
	}
	return fields
}

// Taken is the customer once the parts are taken over from Stripe, by itself, of which
// we have nothing and had nothing, and which parts those are. The e-mail address is never
// one: where Stripe has none it writes down what a payer types on its page, whoever he
// is, and invoices would go to him. One that could not be kept here is left to a person.
func (s ContactSync) Taken(customer Customer, theirs Contact) (Customer, []ContactField) {
	return s.taken(customer, theirs, ContactName, ContactTelephone, ContactAddress)
}

// Adopted is what is taken over from Stripe where a person links a customer: whatever we
// have nothing of, the e-mail address included, since he chose whom.
func (c Contact) Adopted(customer Customer) (Customer, []ContactField) {
	return ContactSync{}.taken(customer, c, ContactFields()...)
}

func (s ContactSync) taken(customer Customer, theirs Contact, fields ...ContactField) (Customer, []ContactField) {
	var taken []ContactField
	for _, f := range fields {
		ours := ContactOf(customer)
		if ours.Of(f) != "" || theirs.Of(f) == "" || s.Shared != nil && s.Shared.Of(f) != "" {
			continue
		}
		if with, err := ours.With(f, theirs).Onto(customer); err == nil {
			customer, taken = with, append(taken, f)
		}
	}
	return customer, taken
}

// ContactDifference is a part that Stripe has otherwise than we do, and that a person
// has to decide about.
type ContactDifference struct {
	Field    ContactField
	Here     string
	AtStripe string
}

// Differences are the parts that differ and are not about to be sent.
func (s ContactSync) Differences(ours Contact) (list []ContactDifference) {
	if s.Seen == nil {
		return nil
	}
	for _, f := range ContactFields() {
		pending := s.Shared != nil && !ours.same(f, *s.Shared)
		if !pending && !ours.same(f, *s.Seen) {
			list = append(list, ContactDifference{Field: f, Here: ours.Of(f), AtStripe: s.Seen.Of(f)})
		}
	}
	return list
}

// Differs reports that a part differs and a person is asked about it.
func (s ContactSync) Differs(ours Contact, f ContactField) bool {
	for _, d := range s.Differences(ours) {
		if d.Field == f {
			return true
		}
	}
	return false
}
