package ubl

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

const (
	opened = `<Invoice xmlns="` + invoices + `" xmlns:c="` + aggregates + `">`
	hidden = "<!--><![CDATA[ -->" // taken for a comment and a section, all that follows would be text
	closed = "<!-- ]]> --></Invoice>"
)

// Protects T21: elements cannot be hidden from the scan in what it takes for a
// comment and a section, where the decoder sees a comment and elements.
func TestScanSeesWhatTheDecoderSees(t *testing.T) {
	for name, c := range map[string]struct{ document, says string }{
		"elements":      {opened + hidden + strings.Repeat("<c:A/>", maxElements) + closed, "There are more than 200000 elements."},
		"depth":         {opened + hidden + strings.Repeat("<c:A>", maxDepth) + strings.Repeat("</c:A>", maxDepth) + closed, "Elements are nested deeper than 64."},
		"document type": {opened + hidden + "<!DOCTYPE a>" + closed, "A document type (DOCTYPE)"},
		"long comment":  {opened + strings.ReplaceAll(hidden, "<!-->", "<!--->") + strings.Repeat("<c:A/>", maxElements) + closed, "There are more than 200000 elements."},
	} {
		if err := scan([]byte(c.document)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Protects the same wherever two marks may share a character: what passes the
// scan and is XML to the decoder has the same elements and attributes to both.
func FuzzScanCountsAsTheDecoder(f *testing.F) {
	for _, form := range []string{
		"<!-->", "<!--->", "<!---->", "<!-- -- -->", "<?>", "<??>", "<?x?>", "<?x??>", "<![CDATA[]]>", "<![CDATA[]>", "<![CDATA[]]]>",
		"</>", "<a b='/'>", "<a b='>'/>", `<a b="'"c='"'/>`, "<a/ >", "<a b=/>", "<a b='<!--'/>",
	} {
		f.Add([]byte("<x>" + form + "<y z=''/><!-- ]]> ?> --></x>"))
		f.Add([]byte("<x>" + form + "<![CDATA[ --><y z=''/><!-- ]]> ?> --></x>"))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		s := scanner{rest: document, line: 1}
		if scan(document) != nil || s.declaration() != nil {
			return
		}
		for len(s.rest) > 0 {
			if err := s.next(); err != nil {
				t.Fatal(err)
			}
		}
		d := decoder{xml: xml.NewDecoder(bytes.NewReader(document))}
		for {
			if _, _, err := d.next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return
			}
		}
		if s.counts != d.counts {
			t.Errorf("%q is %+v to the scan and %+v to the decoder", document, s.counts, d.counts)
		}
	})
}

// Protects T21 if the scan should miss something: the decoder is held to the
// bounds by itself, also within what is passed.
func TestDecoderIsBoundedByItself(t *testing.T) {
	many := strings.Repeat
	for name, c := range map[string]struct{ inner, says string }{
		"elements":      {many("<c:A/>", maxElements), "There are more than 200000 elements."},
		"attributes":    {many(`<c:A a="" b="" c="" d=""/>`, maxAttributes/4), "There are more than 200000 attributes."},
		"depth":         {many("<c:A>", maxDepth), "Elements are nested deeper than 64."},
		"text":          {"<c:A>" + many(" ", maxText+1) + "</c:A>", "A text is longer than 1 MiB."},
		"document type": {"<!DOCTYPE a>", "A document type (DOCTYPE)"},
	} {
		for _, around := range []string{"%", "<c:Signature>%</c:Signature>"} {
			document := strings.Replace(opened+around+"</Invoice>", "%", c.inner, 1)
			if _, err := decode([]byte(document)); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s within %s: %v", name, around, err)
			}
		}
	}
	for document, says := range map[string]string{
		opened + "</Invoice>" + opened + "</Invoice>": "There is a second element",
		opened + "</Invoice>text":                     "There is text outside",
		"":                                            "cannot be read",
	} {
		if _, err := decode([]byte(document)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", document, err)
		}
	}
}

// Protects T21: the scan itself makes nothing of what it looks at, so that four
// megabytes of empty elements cost no more than their bytes.
func TestScanAllocatesNothing(t *testing.T) {
	elements := []byte("<a>" + strings.Repeat("<a/>", 1<<20) + "</a>")
	refuses := testing.AllocsPerRun(1, func() {
		if err := scan(elements); err == nil {
			t.Error("1,048,576 elements pass")
		}
	})
	entities := []byte("<a>" + strings.Repeat(`<a b="&amp;">&#233;</a>`, 1<<12) + "</a>")
	passes := testing.AllocsPerRun(1, func() {
		if err := scan(entities); err != nil {
			t.Error(err)
		}
	})
	if refuses > 20 || passes > 20 {
		t.Errorf("%.0f allocations where it refuses, %.0f where it passes", refuses, passes)
	}
}
