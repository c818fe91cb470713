package invoicepdf

import (
	"strings"

	"remit"
)

// columns of the table of lines end at these shares of the width.
const (
	descriptionShare = 0.52
	quantityShare    = 0.64
	priceShare       = 0.82
)

// lines is the table of what is billed. It goes on over the page, each with the
// names of the columns.
func (s *sheet) lines(i remit.Invoice) {
	s.heading = s.columnNames
	s.columnNames()
	for _, line := range i.Lines {
		words := s.wrap(line.Description, body, s.width*descriptionShare)
		s.room(min(float64(len(words)), 3)*body.height + 4)
		s.y += 2
		s.cell(s.left+s.width*quantityShare, s.width*0.11, grouped(line.Quantity), body)
		s.cell(s.left+s.width*priceShare, s.width*0.16, grouped(line.UnitPrice), body)
		s.cell(s.right, s.width*0.16, sum(line.Amount, i.Currency), body)
		for _, text := range words {
			s.room(body.height)
			s.text(s.left, text, body)
			s.y += body.height
		}
		s.y += 2
		s.rule(hairColour)
	}
	s.heading = nil
}

func (s *sheet) columnNames() {
	s.text(s.left, "Description", small)
	s.textRight(s.left+s.width*quantityShare, "Quantity", small)
	s.textRight(s.left+s.width*priceShare, "Unit price", small)
	s.textRight(s.right, "Amount", small)
	s.y += small.height + 1
	s.rule(ruleColour)
}

// sums leads from the lines to what is left to pay.
func (s *sheet) sums(i remit.Invoice) {
	type row struct {
		name   string
		amount int64
		f      font
	}
	var lines int64
	for _, l := range i.Lines {
		lines += l.Amount
	}
	var rows []row
	if len(i.Adjustments) > 0 {
		rows = append(rows, row{"Subtotal", lines, body})
	}
	for _, a := range i.Adjustments {
		rows = append(rows, row{adjustment(a), a.Amount, body})
	}
	rows = append(rows, row{"Total", i.Total, strong})
	if i.Status != remit.InvoiceDraft && i.Status != remit.InvoiceVoid {
		rows = append(rows, row{"Paid", -i.Applied, body})
		for _, c := range i.CarriedTo {
			rows = append(rows, row{"Carried to " + c.ToNumber, -c.Amount, body})
		}
		rows = append(rows, row{"Amount due", i.Outstanding, strong})
	}
	s.y += 4
	s.room(float64(min(len(rows), 6)) * 6.4)
	start := s.left + s.width*descriptionShare
	for _, r := range rows {
		words := s.wrap(r.name, r.f, s.right-36-start)
		s.room(float64(len(words)) * body.height)
		s.cell(s.right, 34, sum(r.amount, i.Currency), r.f)
		for _, text := range words {
			s.text(start, text, r.f)
			s.y += body.height
		}
		s.y += 1.2
	}
}

func adjustment(a remit.Adjustment) string {
	if a.Description != "" {
		return a.Description
	}
	if a.Kind == "" {
		return "Adjustment"
	}
	return strings.ToUpper(a.Kind[:1]) + a.Kind[1:]
}

// grouped writes a decimal number's thousands apart, its decimals as they are.
func grouped(number string) string {
	digits, fraction, has := strings.Cut(strings.TrimPrefix(number, "-"), ".")
	var b strings.Builder
	if strings.HasPrefix(number, "-") {
		b.WriteString("\u2212")
	}
	for n, digit := range digits {
		if n > 0 && (len(digits)-n)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	if has {
		b.WriteString("." + fraction)
	}
	return b.String()
}
