package invoicepdf

import "strings"

// ways are the ways to pay: online, and by transfer to the seller's bank, which
// stays on the invoice whatever becomes of the link.
func (s *sheet) ways(d Document) {
	i := d.Invoice
	if d.payable() {
		s.room(24)
		s.y += 9
		s.text(s.left, "Pay online", strong)
		s.y += strong.height
		for _, line := range s.wrap(d.PayLink, link, s.width) {
			s.room(link.height)
			s.text(s.left, line, link)
			s.pdf.LinkString(s.left, s.y, s.measure(line, link), link.height, d.PayLink)
			s.y += link.height
		}
	}
	bank := i.Settings.BankTransfer
	draft := i.SentAt == nil && i.VoidedAt == nil
	if !bank.Shown() || !d.owed() && !draft {
		return
	}
	words := append(s.wrap(strings.TrimSpace(bank.Details), body, s.width-12), "")
	words = append(words, s.wrap("Give "+i.Number+" as the reference.", body, s.width-12)...)
	height := float64(len(words))*body.height + strong.height + 9
	s.y += 9
	s.room(height)
	s.fill(s.left, s.y, s.width, height, panelColour)
	s.y += 4
	s.text(s.left+6, "Pay by bank transfer", strong)
	s.y += strong.height + 1
	for _, line := range words {
		s.text(s.left+6, line, body)
		s.y += body.height
	}
	s.y += 4
}

// missing says that characters are, where some are.
func (s *sheet) missing() {
	if !s.replaced {
		return
	}
	s.y += 4
	s.paragraph(s.left, s.width, "A “?” stands for each letter of a script that this document cannot show. The invoice online shows them.", small)
}
