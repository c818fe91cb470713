package invoicepdf

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"remit"
)

// Document is what is drawn.
type Document struct {
	Invoice remit.Invoice
	Seller  string         // who bills
	PayLink string         // where it can be paid online; "" for nowhere
	Zone    *time.Location // of the seller, for instants such as when it was paid; UTC if nil
}

// Draw gives the PDF. It fails only where the document cannot be one, such as a
// link that is no address.
func Draw(d Document) ([]byte, error) { return draw(d, true) }

func draw(d Document, compress bool) ([]byte, error) {
	// How many pages there are is known once they are laid out.
	first := layOut(d, 0, compress)
	if err := first.pdf.Error(); err != nil {
		return nil, fmt.Errorf("draw invoice %s: %w", d.Invoice.Number, err)
	}
	second := layOut(d, first.pdf.PageNo(), compress)
	var out bytes.Buffer
	if err := second.pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("draw invoice %s: %w", d.Invoice.Number, err)
	}
	return out.Bytes(), nil
}

func layOut(d Document, pages int, compress bool) *sheet {
	s := newSheet(d, pages)
	s.pdf.SetCompression(compress)
	s.nextPage()
	s.head(d)
	s.parties(d)
	s.headline(d)
	s.lines(d.Invoice)
	s.sums(d.Invoice)
	s.ways(d)
	s.missing()
	s.footer()
	return s
}

// head is the seller on the left and what this is on the right.
func (s *sheet) head(d Document) {
	top := s.y
	name := s.wrap(d.Seller, title, s.width*0.6)
	for _, line := range name {
		s.text(s.left, line, title)
		s.y += title.height
	}
	if id := d.Invoice.Seller.TaxID; id != "" {
		s.paragraph(s.left, s.width*0.6, "Tax ID "+id, small)
	}
	if contact := d.Invoice.Settings.Contact; contact != "" {
		s.paragraph(s.left, s.width*0.6, "Questions: "+contact, small)
	}
	bottom := s.y
	s.y = top
	s.textRight(s.right, "Invoice", strong)
	s.y += strong.height
	for _, line := range s.wrap(d.Invoice.Number, body, s.width*0.36) {
		s.textRight(s.right, line, body)
		s.y += body.height
	}
	s.y = max(s.y, bottom) + 4
	s.rule(ruleColour)
	s.y += 8
}

// parties is who is billed, and the dates.
func (s *sheet) parties(d Document) {
	i := d.Invoice
	top := s.y
	s.text(s.left, "Bill to", small)
	s.y += small.height
	s.paragraph(s.left, s.width*0.55, i.CustomerName, strong)
	if i.CustomerEmail != "" {
		s.paragraph(s.left, s.width*0.55, i.CustomerEmail, small)
	}
	bottom := s.y
	s.y = top
	for _, fact := range facts(d) {
		s.textRight(s.right-32, fact[0], label)
		s.textRight(s.right, fact[1], body)
		s.y += body.height
	}
	s.y = max(s.y, bottom) + 9
}

func facts(d Document) [][2]string {
	i := d.Invoice
	list := [][2]string{{"Issued", i.IssueDate.Words()}, {"Due", i.DueDate.Words()}}
	switch {
	case i.Status == remit.InvoiceDraft:
		list = append(list, [2]string{"Status", "Draft"})
	case i.Status == remit.InvoiceVoid && i.VoidedAt != nil:
		list = append(list, [2]string{"Cancelled", d.day(*i.VoidedAt)})
	case i.Status == remit.InvoicePaid && i.PaidAt != nil:
		list = append(list, [2]string{"Paid", d.day(*i.PaidAt)})
	}
	return list
}

// headline is the one figure that is looked for, and the way to pay it.
func (s *sheet) headline(d Document) {
	i := d.Invoice
	const tall = 23.0
	top := s.y
	s.fill(s.left, s.y, s.width, tall, panelColour)
	s.y += 4.6
	inside := s.left + 6
	amount, words := i.Outstanding, "due on "+i.DueDate.Words()
	switch i.Status {
	case remit.InvoiceDraft:
		words = "This is a draft. Nothing is owed yet."
	case remit.InvoiceVoid:
		amount, words = 0, "This invoice is cancelled. Nothing to pay."
	case remit.InvoicePaid:
		words = "Nothing is left to pay."
	case remit.InvoiceUncollectible:
		amount, words = 0, "This invoice is closed. Nothing to pay."
	case remit.InvoiceCarried:
		amount, words = 0, "What was owed is billed with a newer invoice. Nothing to pay here."
	case remit.InvoiceProcessing:
		words = "A payment of this invoice is under way."
	case remit.InvoiceContested:
		words = "A bank is reviewing a payment of this invoice."
	case remit.InvoiceOpen, remit.InvoicePartiallyPaid:
	}
	owed := sum(amount, i.Currency)
	s.text(inside, owed, figure)
	if !strings.Contains(owed, i.Currency) {
		s.text(inside+s.measure(owed, figure)+2, i.Currency, code)
	}
	s.y += figure.height
	s.text(inside, words, body)
	s.y = top + tall + 8
	if d.payable() {
		s.button(s.right-6, top+(tall-buttonHeight)/2, "Pay online", d.PayLink)
	}
}

// payable reports whether the document leads to a page on which it is paid.
func (d Document) payable() bool {
	return d.PayLink != "" && d.owed()
}

// owed reports whether anything is, or with a draft will be, to be paid.
func (d Document) owed() bool {
	switch d.Invoice.Status {
	case remit.InvoiceOpen, remit.InvoicePartiallyPaid, remit.InvoiceProcessing, remit.InvoiceContested:
		return d.Invoice.Outstanding > 0
	case remit.InvoiceDraft, remit.InvoicePaid, remit.InvoiceVoid, remit.InvoiceUncollectible, remit.InvoiceCarried:
	}
	return false
}

func (d Document) day(at time.Time) string {
	zone := d.Zone
	if zone == nil {
		zone = time.UTC
	}
	return remit.DateOf(at.In(zone)).Words()
}
