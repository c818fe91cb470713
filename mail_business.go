package remit

import (
	"slices"

	"github.com/google/uuid"
)

// MaxTold bounds how many people of the business are written to of one thing.
const MaxTold = 10

// BusinessTo says to whom mails to the business about its invoices go: to the address
// that is set, and else to people of its own.
type BusinessTo struct {
	Address string // "": none is set
	Copies  bool   // Address is the first that gets copies: no contact is set
	People  []Told // who may edit its invoices and read what banks say, where no address is set
	More    int    // people who may do so as well and are not written to
}

// Told is somebody who is written to.
type Told struct {
	ID          uuid.UUID
	Name, Email string
}

// BusinessAddress is the address that is set: the contact of the payment settings, if
// that is one, or else the first that gets copies of what customers are sent.
func BusinessAddress(contact string, settings NoticeSettings) BusinessTo {
	if address, err := ParseEmail(contact); err == nil {
		return BusinessTo{Address: address}
	}
	if len(settings.BCC) > 0 {
		return BusinessTo{Address: settings.BCC[0], Copies: true}
	}
	return BusinessTo{}
}

// Tell sets whom of the people who may is written to.
func (b *BusinessTo) Tell(people []Told) {
	people = slices.DeleteFunc(people, func(p Told) bool { _, err := ParseEmail(p.Email); return err != nil })
	b.People, b.More = people[:min(len(people), MaxTold)], max(len(people)-MaxTold, 0)
}

// Nobody reports that nobody gets them.
func (b BusinessTo) Nobody() bool { return b.Address == "" && len(b.People) == 0 }

// Addresses are where they go.
func (b BusinessTo) Addresses() []string {
	if b.Address != "" {
		return []string{b.Address}
	}
	var all []string
	for _, p := range b.People {
		all = append(all, p.Email)
	}
	return all
}

// Mails are a mail about an invoice as each of them gets it. What goes to a person has
// a key of his own (M13).
func (b BusinessTo) Mails(m Mail) []Mail {
	if b.Address != "" {
		m.To = b.Address
		return []Mail{m}
	}
	var mails []Mail
	for _, p := range b.People {
		about := *m.Invoice
		about.Stage += MailStage("/" + p.ID.String())
		m.To, m.Invoice = p.Email, &about
		mails = append(mails, m)
	}
	return mails
}

// NobodyToTell says in words why a mail to the business about an invoice at a path was
// not written.
func NobodyToTell(path string) error {
	return Invalid("contact", "The payment settings name no e-mail address to tell the business, and nobody who may edit invoices at %s may read what Stripe says of them.", path)
}
