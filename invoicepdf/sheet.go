package invoicepdf

import (
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"remit/money"
)

// Measures of a page, in millimetres.
const (
	margin     = 20.0
	topMargin  = 18.0
	footMargin = 24.0 // free above the page's end; the footer stands in it

	buttonHeight = 10.0
)

// font is a way to write: its weight, size in points, height of a line in
// millimetres, and colour.
type font struct {
	style  string
	size   float64
	height float64
	colour colour
}

type colour [3]int

var (
	inkColour   = colour{0x1c, 0x24, 0x30}
	mutedColour = colour{0x56, 0x61, 0x73}
	ruleColour  = colour{0xc9, 0xd1, 0xda}
	hairColour  = colour{0xe6, 0xea, 0xee}
	panelColour = colour{0xf3, 0xf6, 0xf9}
	linkColour  = colour{0x1d, 0x4f, 0x91}
	white       = colour{0xff, 0xff, 0xff}
)

var (
	title  = font{bold, 17, 7.4, inkColour}
	figure = font{bold, 21, 8.6, inkColour}
	strong = font{bold, 10.5, 5.2, inkColour}
	body   = font{"", 10, 5.2, inkColour}
	link   = font{"", 10, 5.2, linkColour}
	small  = font{"", 8.5, 4.6, mutedColour}
	label  = font{"", 8.5, 5.2, mutedColour}
	code   = font{"", 8.5, 8.6, mutedColour}
	press  = font{bold, 10.5, 5.2, white}
)

// sheet writes from top to bottom; y is where the next line begins.
type sheet struct {
	pdf                   *fpdf.Fpdf
	left, right, width, y float64
	bottom                float64
	pages                 int // in all; 0 while that is not known
	foot                  string
	replaced              bool   // a character without a glyph was met
	heading               func() // of a table that goes on over the page
}

func newSheet(d Document, pages int) *sheet {
	pdf := fpdf.New("P", "mm", paper(d.Invoice.Currency), "")
	s := &sheet{pdf: pdf, pages: pages}
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetMargins(margin, topMargin, margin)
	pdf.SetCellMargin(0)
	pdf.SetCatalogSort(true)
	made := d.Invoice.CreatedAt
	if made.IsZero() {
		made = d.Invoice.IssueDate.StartIn(time.UTC)
	}
	pdf.SetCreationDate(made.UTC())
	pdf.SetModificationDate(made.UTC())
	pdf.SetTitle("Invoice "+d.Invoice.Number+" from "+d.Seller, true)
	pdf.SetAuthor(d.Seller, true)
	pdf.SetCreator("Remit", true)
	pdf.SetLang("en")
	pdf.SetDisplayMode("fullwidth", "continuous")
	pdf.AddUTF8FontFromBytes(family, "", regular)
	pdf.AddUTF8FontFromBytes(family, bold, semiBold)
	page, height := pdf.GetPageSize()
	s.left, s.right, s.width, s.bottom = margin, page-margin, page-2*margin, height-footMargin
	s.foot = d.Seller + " · Invoice " + d.Invoice.Number
	return s
}

// paper is the size people print on where the currency is used.
func paper(currency string) string {
	switch currency {
	case "USD", "CAD", "MXN":
		return "Letter"
	}
	return "A4"
}

// nextPage begins a page, with the heading of the table that goes on there.
func (s *sheet) nextPage() {
	if s.pdf.PageNo() > 0 {
		s.footer()
	}
	s.pdf.AddPage()
	s.y = topMargin
	if s.heading != nil {
		s.heading()
	}
}

// room makes sure that a height fits on the page.
func (s *sheet) room(height float64) {
	if s.y+height > s.bottom {
		s.nextPage()
	}
}

func (s *sheet) footer() {
	at := s.y
	s.y = s.bottom + 8
	s.rule(hairColour)
	s.y += 2
	number := fmt.Sprintf("Page %d of %d", s.pdf.PageNo(), max(s.pages, 1))
	s.text(s.left, s.wrap(s.foot, small, s.width-30)[0], small)
	s.textRight(s.right, number, small)
	s.y = at
}

// text writes one line; it does not move down.
func (s *sheet) text(x float64, words string, f font) {
	s.use(f)
	words, replaced := shown(words)
	s.replaced = s.replaced || replaced
	s.pdf.Text(x, s.y+f.height*0.74, words)
}

// textRight writes one line that ends at x.
func (s *sheet) textRight(x float64, words string, f font) {
	s.text(x-s.measure(words, f), words, f)
}

// cell writes one line that ends at x, smaller where it is wider than width: a
// figure that ran into its neighbour would be read wrong.
func (s *sheet) cell(x, width float64, words string, f font) {
	for f.size > 4 && s.measure(words, f) > width {
		f.size -= 0.5
	}
	s.textRight(x, words, f)
}

// paragraph writes lines as wide as a width allows and moves below them.
func (s *sheet) paragraph(x, width float64, words string, f font) {
	for _, line := range s.wrap(words, f, width) {
		s.room(f.height)
		s.text(x, line, f)
		s.y += f.height
	}
}

func (s *sheet) use(f font) {
	s.pdf.SetFont(family, f.style, f.size)
	s.pdf.SetTextColor(f.colour[0], f.colour[1], f.colour[2])
}

func (s *sheet) measure(words string, f font) float64 {
	s.use(f)
	words, _ = shown(words)
	return s.pdf.GetStringWidth(words)
}

// wrap breaks words into lines: at line ends, else between words, and in a word
// that is wider than a line.
func (s *sheet) wrap(words string, f font, width float64) []string {
	var lines []string
	for paragraph := range strings.Lines(strings.ReplaceAll(words, "\r\n", "\n")) {
		line := ""
		for word := range strings.FieldsSeq(paragraph) {
			joined := strings.TrimPrefix(line+" "+word, " ")
			if s.measure(joined, f) <= width {
				line = joined
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			var whole []string
			whole, line = s.cut(word, f, width)
			lines = append(lines, whole...)
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return []string{""}
	}
	return lines
}

// cut breaks a word into pieces that fill a line, and the rest.
func (s *sheet) cut(word string, f font, width float64) (whole []string, rest string) {
	for _, r := range word {
		if rest != "" && s.measure(rest+string(r), f) > width {
			whole, rest = append(whole, rest), ""
		}
		rest += string(r)
	}
	return whole, rest
}

func (s *sheet) rule(c colour) {
	s.pdf.SetDrawColor(c[0], c[1], c[2])
	s.pdf.SetLineWidth(0.25)
	s.pdf.Line(s.left, s.y, s.right, s.y)
}

func (s *sheet) fill(x, y, width, height float64, c colour) {
	s.pdf.SetFillColor(c[0], c[1], c[2])
	s.pdf.RoundedRect(x, y, width, height, 1.5, "1234", "F")
}

// button is a link that looks like one to press; it ends at right.
func (s *sheet) button(right, top float64, words, address string) {
	width := s.measure(words, press) + 14
	s.fill(right-width, top, width, buttonHeight, linkColour)
	at := s.y
	s.y = top + (buttonHeight-press.height)/2
	s.text(right-width+7, words, press)
	s.y = at
	s.pdf.LinkString(right-width, top, width, buttonHeight, address)
}

// sum writes an amount, with its ISO code where the currency has no sign that
// the typeface has.
func sum(minor int64, currency string) string {
	amount := money.Of(minor, money.Currency(currency))
	if _, replaced := shown(amount.Format()); replaced {
		return amount.FormatISO()
	}
	return amount.Format()
}
