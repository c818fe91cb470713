package ubl_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"remit"
	"remit/invoicefile/ubl"
)

const head = `<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2" xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2">`

// Protects T20, T21 and T23: what is no XML of ours, or more of it than an
// invoice has, is refused with its line before anything is made of it.
func TestBounds(t *testing.T) {
	many := strings.Repeat
	for name, c := range map[string]struct {
		document, says string
		kind           remit.Kind
	}{
		"empty elements":       {head + many("<a/>", 1<<20) + "</Invoice>", "There are more than 200000 elements.", remit.KindInvalid},
		"empty, on lines":      {head + many("<a/>\n", 1<<20) + "</Invoice>", "Line 200000: There are more than 200000 elements.", remit.KindInvalid},
		"attributes":           {head + "<a b='" + many("x", 1<<20+1) + "'/></Invoice>", "A tag is longer than 1 MiB.", remit.KindInvalid},
		"attributes, in all":   {head + many(`<a b="" c="" d=""/>`, 100_000) + "</Invoice>", "There are more than 200000 attributes.", remit.KindInvalid},
		"depth":                {head + many("\n<cac:A>", 64), "Line 65: Elements are nested deeper than 64.", remit.KindInvalid},
		"text":                 {head + "<cbc:ID>" + many("x", 1<<20+1) + "</cbc:ID></Invoice>", "Line 1: A text is longer than 1 MiB.", remit.KindInvalid},
		"text in pieces":       {head + "<cbc:ID>" + many("<![CDATA["+many("x", 1<<19)+"]]>", 3) + "</cbc:ID></Invoice>", "Line 1: A text is longer than 1 MiB.", remit.KindInvalid},
		"comment":              {"<!--" + many("x", 1<<20+1) + "-->" + head + "</Invoice>", "a comment longer than 1 MiB", remit.KindInvalid},
		"bytes":                {head + many("<!-- -->", 1<<20) + "</Invoice>", "larger than 8 MiB", remit.KindTooLarge},
		"document type":        {"<?xml version=\"1.0\"?>\n<!DOCTYPE Invoice [<!ENTITY a \"b\">]>" + head + "</Invoice>", "Line 2: A document type (DOCTYPE)", remit.KindInvalid},
		"entity":               {head + "\n\n<cbc:ID>&a;</cbc:ID></Invoice>", "Line 3: There is an &", remit.KindInvalid},
		"entity in attribute":  {head + "\n<cbc:ID a=\"\n&nbsp;\"/></Invoice>", "Line 3: There is an &", remit.KindInvalid},
		"bare ampersand":       {head + "<cbc:ID>A & B</cbc:ID></Invoice>", "Line 1: There is an &", remit.KindInvalid},
		"UTF-7":                {`<?xml version="1.0" encoding="UTF-7"?>` + head + "</Invoice>", `The encoding is "UTF-7".`, remit.KindInvalid},
		"Latin-1":              {`<?xml version='1.0' encoding='ISO-8859-1'?>` + head + "</Invoice>", `The encoding is "ISO-8859-1".`, remit.KindInvalid},
		"no UTF-8":             {head + "\n<cbc:ID>\xe4</cbc:ID></Invoice>", "Line 2: There is a byte that is no UTF-8.", remit.KindInvalid},
		"UTF-16":               {"\xff\xfe<\x00I\x00", "UTF-16", remit.KindInvalid},
		"UTF-16 without mark":  {"<\x00I\x00", "control character", remit.KindInvalid},
		"XML 1.1":              {`<?xml version="1.1"?>` + head + "</Invoice>", "not XML 1.0", remit.KindInvalid},
		"late declaration":     {"\n<?xml version=\"1.0\" encoding=\"UTF-7\"?>" + head + "</Invoice>", "Line 2: An XML declaration stands only at the start", remit.KindInvalid},
		"two roots":            {head + "</Invoice>\n" + head + "</Invoice>", "Line 2: There is a second element", remit.KindInvalid},
		"text after the root":  {head + "</Invoice>\nx", "Line 1: There is text outside", remit.KindInvalid},
		"section after it":     {head + "</Invoice><![CDATA[x]]>", "There is text outside", remit.KindInvalid},
		"nothing":              {"", "There is no element", remit.KindInvalid},
		"no XML":               {"number;amount\n", "This is no XML.", remit.KindInvalid},
		"cut off":              {head + "<cbc:ID>1</cbc:ID>", "Did it arrive whole?", remit.KindInvalid},
		"cut off in a tag":     {head + "<cbc:ID", "Did the document arrive whole?", remit.KindInvalid},
		"closed twice":         {head + "</Invoice></Invoice>", "closed that was not opened", remit.KindInvalid},
		"closed by another":    {head + "\n<cbc:ID>1</cbc:Id></Invoice>", "Line 2: The document is not well-formed", remit.KindInvalid},
		"attribute twice":      {head + `<cbc:A currencyID="EUR" currencyID="SEK"/></Invoice>`, "A has currencyID twice", remit.KindInvalid},
		"prefix without name":  {head + "<x:ID>1</x:ID></Invoice>", `ID is in no namespace of UBL 2.1, but in "x"`, remit.KindInvalid},
		"another namespace":    {`<Invoice xmlns="urn:example:invoice"/>`, `The document is Invoice of "urn:example:invoice"`, remit.KindInvalid},
		"elements within text": {head + "<cbc:ID><cbc:ID/></cbc:ID></Invoice>", "where only text belongs", remit.KindInvalid},
		"text within elements": {head + "x</Invoice>", "where only elements belong", remit.KindInvalid},
		"zip":                  {"PK\x03\x04" + head, "archive", remit.KindUnsupported},
		"gzip":                 {"\x1f\x8b" + head, "archive", remit.KindUnsupported},
	} {
		from := strings.NewReader(c.document)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ubl.Read(from)
		runtime.ReadMemStats(&after)
		problem, ok := errors.AsType[*remit.Error](err)
		if !ok || problem.Kind != c.kind || !strings.Contains(problem.Message, c.says) {
			t.Errorf("%s: %.300v, want %q", name, err, c.says)
		}
		// Buffers that grow to a size allocate a few times that on their way.
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > uint64(12*len(c.document)+1<<20) {
			t.Errorf("%s: %d bytes were allocated for %d", name, allocated, len(c.document))
		}
	}
}

// Protects documents that make use of all the bounds: they are read, in memory
// that a few of them at once may take.
func TestWithinBounds(t *testing.T) {
	full := document(t, "full.xml")
	for name, add := range map[string]string{
		"elements":   strings.Repeat("<cac:A/>", 199_000),
		"attributes": strings.Repeat(`<cbc:A a="" b="" c="" d=""/>`, 49_000),
		"attachment": `<cac:AdditionalDocumentReference><cbc:ID>` + strings.Repeat("x", 1<<20) + `</cbc:ID></cac:AdditionalDocumentReference>`,
		"byte mark":  "",
	} {
		text := strings.Replace(full, "<cac:TaxTotal>", add+"<cac:TaxTotal>", 1)
		if add == "" {
			text = "\xef\xbb\xbf" + strings.ReplaceAll(full, "\n", "\r\n") + "<!-- end -->\n"
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		if _, err := ubl.Read(strings.NewReader(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 128<<20 {
			t.Errorf("%s: %d bytes were allocated", name, allocated)
		}
	}
}
