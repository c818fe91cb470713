package ubl

import (
	"bytes"
	"regexp"
	"unicode/utf8"

	"remit"
)

// scan goes over the text once, without making anything of it, and refuses what
// is no XML of ours or beyond the bounds. What it lets pass is small to decode;
// whether tags match and names are names is then the decoder's to find.
func scan(document []byte) error {
	switch {
	case bytes.HasPrefix(document, []byte("PK\x03\x04")), bytes.HasPrefix(document, []byte("\x1f\x8b")):
		return remit.Errorf(remit.KindUnsupported, "unsupported_media_type", "The file is an archive. Send the documents in it, not compressed.")
	case bytes.HasPrefix(document, []byte("\xff\xfe")), bytes.HasPrefix(document, []byte("\xfe\xff")):
		return refused(1, "The document is UTF-16. Save it in UTF-8.")
	}
	s := scanner{rest: bytes.TrimPrefix(document, byteOrderMark), line: 1}
	if err := s.characters(); err != nil {
		return err
	}
	if err := s.declaration(); err != nil {
		return err
	}
	for len(s.rest) > 0 {
		if err := s.next(); err != nil {
			return err
		}
	}
	switch {
	case s.elements == 0:
		return refused(s.line, "There is no element in the document.")
	case s.depth > 0:
		return refused(s.line, "The document ends within an element. Did it arrive whole?")
	}
	return nil
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// scanner stands before the rest of a document.
type scanner struct {
	counts
	rest []byte
	line int
}

func refused(line int, format string, args ...any) error {
	return remit.Invalid("file", "Line %d: "+format, append([]any{line}, args...)...)
}

// characters looks at all of the text for what no XML in UTF-8 has.
func (s *scanner) characters() error {
	line := s.line
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '\n':
			line++
		case c < ' ' && c != '\t' && c != '\r':
			return refused(line, "There is a control character. This is no XML in UTF-8.")
		case c >= utf8.RuneSelf:
			char, size := utf8.DecodeRune(s.rest[i:])
			if char == utf8.RuneError && size == 1 {
				return refused(line, "There is a byte that is no UTF-8.")
			}
			i += size - 1
		}
	}
	return nil
}

var (
	declared = regexp.MustCompile(`^<\?xml\s[^?]*\?>`)
	version  = regexp.MustCompile(`\sversion\s*=\s*(?:"1\.0"|'1\.0')`)
	encoding = regexp.MustCompile(`\sencoding\s*=\s*["']([^"']*)["']`)
)

// declaration takes the XML declaration, if there is one, and refuses any
// encoding but UTF-8.
func (s *scanner) declaration() error {
	declaration := declared.Find(s.rest[:min(len(s.rest), 1024)])
	if declaration == nil {
		return nil
	}
	if !version.Match(declaration) {
		return refused(s.line, "The document is not XML 1.0.")
	}
	if m := encoding.FindSubmatch(declaration); m != nil && !bytes.EqualFold(m[1], []byte("UTF-8")) {
		return refused(s.line, "The encoding is %q. Save the document in UTF-8.", m[1])
	}
	s.pass(len(declaration))
	return nil
}

// next passes one text, tag, comment, section or instruction.
func (s *scanner) next() error {
	switch {
	case s.rest[0] != '<':
		return s.text()
	case bytes.HasPrefix(s.rest, []byte("<!--")):
		return s.until("<!--", "-->", "a comment")
	case bytes.HasPrefix(s.rest, []byte("<![CDATA[")):
		if s.depth == 0 {
			return refused(s.line, "There is text outside the document's one element.")
		}
		return s.until("<![CDATA[", "]]>", "a CDATA section")
	case bytes.HasPrefix(s.rest, []byte("<!")):
		return refused(s.line, "A document type (DOCTYPE) and its declarations are not taken.")
	case bytes.HasPrefix(s.rest, []byte("<?")):
		if len(s.rest) >= 5 && bytes.EqualFold(s.rest[2:5], []byte("xml")) && (len(s.rest) == 5 || s.rest[5] != '-') {
			return refused(s.line, "An XML declaration stands only at the start, like <?xml version=\"1.0\" encoding=\"UTF-8\"?>.")
		}
		return s.until("<?", "?>", "an instruction")
	case bytes.HasPrefix(s.rest, []byte("</")):
		if s.depth--; s.depth < 0 {
			return refused(s.line, "An element is closed that was not opened.")
		}
		return s.until("</", ">", "a tag")
	}
	return s.tag()
}

func (s *scanner) text() error {
	n := bytes.IndexByte(s.rest, '<')
	if n < 0 {
		n = len(s.rest)
	}
	text := s.rest[:n]
	switch {
	case n > maxText:
		return refused(s.line, "A text is longer than %d MiB.", maxText>>20)
	case s.depth == 0 && len(bytes.TrimSpace(text)) > 0 && s.elements == 0:
		return refused(s.line, "This is no XML.")
	case s.depth == 0 && len(bytes.TrimSpace(text)) > 0:
		return refused(s.line, "There is text outside the document's one element.")
	}
	if err := s.references(text); err != nil {
		return err
	}
	s.pass(n)
	return nil
}

// tag passes a start tag, and counts.
func (s *scanner) tag() error {
	if err := s.element(s.line); err != nil {
		return err
	}
	for n := 1; n < len(s.rest) && n <= maxText; n++ {
		switch c := s.rest[n]; c {
		case '<':
			return refused(s.line, "A tag is opened within a tag.")
		case '>':
			if s.rest[n-1] != '/' {
				s.depth++
			}
			s.pass(n + 1)
			return nil
		case '"', '\'':
			size := bytes.IndexByte(s.rest[n+1:], c)
			if size < 0 {
				return refused(s.line, "The quotes of an attribute are not closed.")
			}
			value := s.rest[n+1 : n+1+size]
			if bytes.IndexByte(value, '<') >= 0 {
				return refused(s.line, "There is a < in an attribute. Is a quote left open there?")
			}
			if err := s.attribute(s.line); err != nil {
				return err
			}
			if err := s.references(value); err != nil {
				return err
			}
			n += size + 1
		}
	}
	if len(s.rest) > maxText {
		return refused(s.line, "A tag is longer than %d MiB.", maxText>>20)
	}
	return refused(s.line, "A tag is not closed. Did the document arrive whole?")
}

// references refuses entities, which a document could define as anything, but
// XML's own five. A character's number is none.
func (s *scanner) references(text []byte) error {
	for at := 0; ; at++ {
		n := bytes.IndexByte(text[at:], '&')
		if n < 0 {
			return nil
		}
		at += n
		if !isReference(text[at:min(len(text), at+10)]) {
			return refused(s.line+bytes.Count(text[:at], []byte("\n")), "There is an & that is none of &lt; &gt; &amp; &apos; &quot;. Other entities are not taken.")
		}
	}
}

// isReference reports that a text begins with one of XML's five entities or with
// the number of a character. It is no pattern: this runs for every & there is.
func isReference(text []byte) bool {
	end := bytes.IndexByte(text, ';')
	if end < 0 {
		return false
	}
	name := text[1:end]
	switch string(name) {
	case "lt", "gt", "amp", "apos", "quot":
		return true
	}
	digits, isNumber := bytes.CutPrefix(name, []byte("#"))
	set := "0123456789"
	if hexadecimal, is := bytes.CutPrefix(digits, []byte("x")); is {
		digits, set = hexadecimal, "0123456789abcdefABCDEF"
	}
	return isNumber && len(digits) > 0 && len(bytes.Trim(digits, set)) == 0
}

// until passes what begins with one mark and ends with another. The marks never
// overlap: <!--> is the start of a comment, not all of one.
func (s *scanner) until(begin, end, what string) error {
	n := bytes.Index(s.rest[len(begin):], []byte(end))
	switch {
	case n > maxText:
		return refused(s.line, "There is %s longer than %d MiB.", what, maxText>>20)
	case n < 0:
		return refused(s.line, "There is %s that is not closed. Did the document arrive whole?", what)
	}
	s.pass(len(begin) + n + len(end))
	return nil
}

func (s *scanner) pass(n int) {
	s.line += bytes.Count(s.rest[:n], []byte("\n"))
	s.rest = s.rest[n:]
}
