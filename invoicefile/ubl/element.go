package ubl

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"remit"
)

// The namespaces of UBL 2.1. Which prefix stands for which is the document's
// own choice; here they are called cac and cbc.
const (
	invoices    = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
	creditNotes = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2" //nolint:gosec // no credentials
	aggregates  = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
	basics      = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
	extensions  = "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2"
)

// element is an element of UBL: an aggregate with children, or a basic one
// with text.
type element struct {
	name     string // cac:Price, cbc:PriceAmount
	line     int
	parent   *element
	children []*element
	text     string
	currency string // attribute currencyID
	scheme   string // attribute schemeID
	unit     string // attribute unitCode
}

// decode makes elements of a scanned document.
func decode(document []byte) (*element, error) {
	d := decoder{xml: xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(document, byteOrderMark)))}
	var root, at *element
	for {
		token, line, err := d.next()
		if errors.Is(err, io.EOF) && root != nil {
			return root, nil
		}
		if err != nil {
			return nil, unreadable(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e, err := d.start(token, at, line)
			switch {
			case err != nil:
				return nil, err
			case e == nil: // of no interest, and passed
			case at == nil:
				root, at = e, e
			default:
				at.children = append(at.children, e)
				at = e
			}
		case xml.EndElement:
			d.text(at)
			at = at.parent
		case xml.CharData:
			if at == nil {
				continue
			}
			basic := strings.HasPrefix(at.name, "cbc:")
			if !basic && len(bytes.TrimSpace(token)) > 0 {
				return nil, refused(line, "There is text within %s, where only elements belong.", at.local())
			}
			if d.pending.Len()+len(token) > maxText {
				return nil, refused(line, "A text is longer than %d MiB.", maxText>>20)
			}
			if basic {
				d.pending.Write(token)
			}
		}
	}
}

// decoder is the XML decoder, and the text of the element that is open.
type decoder struct {
	counts
	xml     *xml.Decoder
	pending bytes.Buffer
}

// next is a token and the line it begins on, or [io.EOF]. It holds the tokens to
// the bounds again, also those of what is passed: see [counts].
func (d *decoder) next() (token xml.Token, line int, err error) {
	line, _ = d.xml.InputPos()
	if token, err = d.xml.Token(); err != nil {
		return nil, line, err
	}
	switch token := token.(type) {
	case xml.StartElement:
		if err = d.element(line); err != nil {
			return nil, line, err
		}
		d.depth++
		for range token.Attr {
			if err = d.attribute(line); err != nil {
				return nil, line, err
			}
		}
	case xml.EndElement:
		d.depth--
	case xml.CharData:
		switch {
		case len(token) > maxText:
			err = refused(line, "A text is longer than %d MiB.", maxText>>20)
		case d.depth == 0 && len(bytes.TrimSpace(token)) > 0:
			err = refused(line, "There is text outside the document's one element.")
		}
	case xml.Directive:
		err = refused(line, "A document type (DOCTYPE) and its declarations are not taken.")
	}
	return token, line, err
}

// skip passes the rest of the element that was just opened.
func (d *decoder) skip() error {
	for outside := d.depth - 1; d.depth > outside; {
		if _, _, err := d.next(); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) text(e *element) {
	e.text = d.pending.String()
	d.pending.Reset()
}

// passed are aggregates nothing is read from; they hold attachments, which are
// large, and signatures, which are in other languages.
var passed = []string{"AdditionalDocumentReference", "Signature", "Delivery"}

// start makes the element of a start tag, or passes it to its end.
func (d *decoder) start(tag xml.StartElement, parent *element, line int) (*element, error) {
	e := &element{line: line, parent: parent}
	switch {
	case parent == nil:
		if tag.Name != (xml.Name{Space: invoices, Local: "Invoice"}) && tag.Name != (xml.Name{Space: creditNotes, Local: "CreditNote"}) {
			return nil, refused(line, "The document is %s of %q, not an Invoice of UBL 2.1.", shortened(tag.Name.Local), shortened(tag.Name.Space))
		}
		e.name = tag.Name.Local
	case strings.HasPrefix(parent.name, "cbc:"):
		return nil, refused(line, "There is an element within %s, where only text belongs.", parent.local())
	case tag.Name.Space == extensions, tag.Name.Space == aggregates && slices.Contains(passed, tag.Name.Local):
		if err := d.skip(); err != nil {
			return nil, unreadable(err)
		}
		return nil, nil
	case tag.Name.Space == aggregates:
		e.name = "cac:" + tag.Name.Local
	case tag.Name.Space == basics:
		e.name = "cbc:" + tag.Name.Local
	default:
		return nil, refused(line, "%s is in no namespace of UBL 2.1, but in %q.", shortened(tag.Name.Local), shortened(tag.Name.Space))
	}
	return e, e.attributes(tag.Attr)
}

// attributes keeps what is read of them. The same one twice is no XML, which
// encoding/xml lets pass.
func (e *element) attributes(given []xml.Attr) error {
	for n, attribute := range given {
		switch attribute.Name {
		case xml.Name{Local: "currencyID"}:
			e.currency = attribute.Value
		case xml.Name{Local: "schemeID"}:
			e.scheme = attribute.Value
		case xml.Name{Local: "unitCode"}:
			e.unit = attribute.Value
		default:
			continue
		}
		if slices.ContainsFunc(given[:n], func(other xml.Attr) bool { return other.Name == attribute.Name }) {
			return refused(e.line, "%s has %s twice.", e.local(), attribute.Name.Local)
		}
	}
	return nil
}

func unreadable(err error) error {
	if problem, ok := errors.AsType[*remit.Error](err); ok {
		return problem
	}
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return refused(syntax.Line, "The document is not well-formed: %s.", shortened(syntax.Msg))
	}
	return remit.Invalid("file", "The document cannot be read: %s.", shortened(err.Error()))
}

func (e *element) local() string {
	return strings.TrimPrefix(strings.TrimPrefix(e.name, "cac:"), "cbc:")
}

// path is where the element is: InvoiceLine[2]/Price/PriceAmount.
func (e *element) path() string {
	if e.parent == nil {
		return e.name
	}
	step := e.local()
	if same := e.parent.all(e.name); len(same) > 1 {
		step = fmt.Sprintf("%s[%d]", step, slices.Index(same, e)+1)
	}
	if e.parent.parent == nil {
		return step
	}
	return e.parent.path() + "/" + step
}

// all are the children of a name; a nil element has none.
func (e *element) all(name string) []*element {
	if e == nil {
		return nil
	}
	var found []*element
	for _, child := range e.children {
		if child.name == name {
			found = append(found, child)
		}
	}
	return found
}

// shortened cuts a text to what fits in a message.
func shortened(text string) string {
	const most = 80
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
