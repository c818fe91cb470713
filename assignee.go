package remit

import (
	"strings"
	"unicode/utf8"
)

// DefaultPayersRole is the role that pays an invoice which no assignee line
// reaches, at the invoice's own path.
const DefaultPayersRole = "Invoice Payers"

// AssigneeUnit is the one type of assignee: everybody who holds the scope at
// an organisation's path.
const AssigneeUnit = "UNIT"

// MaxAssigneeBytes is the length from which an assignee line is refused unread.
const MaxAssigneeBytes = 4 << 10

// Assignee says who is asked to pay: whoever holds Scope at Path. Name is a
// label for people and decides nothing, even where it resembles the role.
type Assignee struct {
	Name  string `json:"name"`          // 1 to 100 characters
	Path  Path   `json:"path,omitzero"` // zero: the invoice's own path
	Type  string `json:"type"`          // [AssigneeUnit]
	Scope Scope  `json:"scope"`         // workflow=role('…')
}

// ParseAssignee reads the line of a workflow step,
//
//	<Assignee name="Invoice payers" path="/dev-v51/Branch A" type="UNIT" scope="workflow=role('Invoice Payers')">
//
// unclosed as it stands there, self-closed, or closed by </Assignee>. The
// attributes come in any order, between quotation marks or apostrophes; path
// may be missing. Of entities the five of XML and numeric character references
// are read. Everything else is refused: other attributes and elements, an
// attribute given twice, text, comments, declarations, DOCTYPE, more than
// [MaxAssigneeBytes]. Returns [CodeInvalid] naming the attribute, or "xml" for
// the line as a whole, and the reason.
func ParseAssignee(line string) (Assignee, error) {
	attributes, err := scanAssignee(line)
	if err != nil {
		return Assignee{}, err
	}
	return newAssignee(func(name string) (string, bool) {
		value, given := attributes[name]
		return value, given
	})
}

// AssigneeFromFields makes an assignee of the values a form or a JSON body
// holds; path may be empty. Returns [CodeInvalid] naming every wrong field.
func AssigneeFromFields(name, path, kind, scope string) (Assignee, error) {
	values := map[string]string{"name": name, "path": path, "type": kind, "scope": scope}
	return newAssignee(func(name string) (string, bool) { return values[name], values[name] != "" })
}

// DefaultAssignee is who pays an invoice that no assignee line reaches.
func DefaultAssignee(invoice Path) Assignee {
	return Assignee{Name: DefaultPayersRole, Path: invoice, Type: AssigneeUnit, Scope: RoleScope(DefaultPayersRole)}
}

// For is the assignee as it stands for one invoice: a line without a path
// means the invoice's own.
func (a Assignee) For(invoice Path) Assignee {
	if a.Path.IsZero() {
		a.Path = invoice
	}
	return a
}

// String is the line that [ParseAssignee] reads, unclosed and with its
// attributes in the order of the workflow step; an empty path is left out.
func (a Assignee) String() string {
	var line strings.Builder
	line.WriteString("<Assignee")
	write := func(name, value string) {
		line.WriteString(" " + name + `="` + attributeEscaper.Replace(value) + `"`)
	}
	write("name", a.Name)
	if !a.Path.IsZero() {
		write("path", a.Path.String())
	}
	write("type", a.Type)
	write("scope", a.Scope.String())
	line.WriteString(">")
	return line.String()
}

var attributeEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// newAssignee checks all fields, so that a person sees everything that is
// wrong at once.
func newAssignee(value func(name string) (string, bool)) (Assignee, error) {
	var a Assignee
	var wrong []FieldError
	check := func(field string, required bool, parse func(string) error) {
		text, given := value(field)
		switch {
		case given:
			if err := parse(text); err != nil {
				wrong = append(wrong, FieldError{field, AsError(err).Message})
			}
		case required:
			wrong = append(wrong, FieldError{field, "The assignee needs the attribute " + field + "."})
		}
	}
	check("name", true, func(text string) (err error) {
		a.Name, err = parseLabel("name", "An assignee's name", text)
		return err
	})
	check("path", false, func(text string) (err error) {
		a.Path, err = ParsePath(text)
		return err
	})
	check("type", true, func(text string) error {
		if text != AssigneeUnit {
			return Invalid("type", "The type %s is unknown; it must be %s.", quoted(text), AssigneeUnit)
		}
		a.Type = text
		return nil
	})
	check("scope", true, func(text string) error {
		scope, err := ParseScope(text)
		if err != nil {
			return err
		}
		if _, isRole := scope.Role(); !isRole {
			return Invalid("scope", "The scope %s assigns to nobody in particular; write workflow=role('…').", quoted(text))
		}
		a.Scope = scope
		return nil
	})
	if len(wrong) > 0 {
		return Assignee{}, &Error{Kind: KindInvalid, Code: CodeInvalid, Message: "The assignee is wrong.", Fields: wrong}
	}
	return a, nil
}

// scanAssignee reads the one tag. It is no XML parser on purpose: what is not
// an Assignee tag has no way to be read as one.
func scanAssignee(line string) (map[string]string, error) {
	if len(line) > MaxAssigneeBytes {
		return nil, Invalid("xml", "The line is longer than %d bytes.", MaxAssigneeBytes)
	}
	if !utf8.ValidString(line) {
		return nil, Invalid("xml", "The line must be UTF-8.")
	}
	rest, found := strings.CutPrefix(strings.Trim(line, xmlSpace), "<Assignee")
	if !found || rest == "" || !strings.ContainsRune(xmlSpace+"/>", rune(rest[0])) {
		return nil, Invalid("xml", "The line must be one <Assignee …> tag and nothing else; it begins with %s.", quoted(firstBytes(line)))
	}
	attributes := map[string]string{}
	for {
		trimmed := strings.TrimLeft(rest, xmlSpace)
		switch {
		case strings.HasPrefix(trimmed, "/>"), strings.HasPrefix(trimmed, ">"):
			return attributes, checkAssigneeEnd(trimmed)
		case trimmed == "":
			return nil, Invalid("xml", "The tag has no \">\" at its end.")
		case trimmed == rest:
			return nil, Invalid("xml", "Something other than an attribute stands before %s.", quoted(firstBytes(rest)))
		}
		var name, value string
		var err error
		if name, value, rest, err = cutAttribute(trimmed); err != nil {
			return nil, err
		}
		if _, twice := attributes[name]; twice {
			return nil, Invalid(name, "The attribute %s is given twice.", name)
		}
		attributes[name] = value
	}
}

// xmlSpace is the white space of XML.
const xmlSpace = " \t\r\n"

// cutAttribute takes name="value" off the front.
func cutAttribute(s string) (name, value, rest string, err error) {
	fail := func(field, format string, args ...any) (string, string, string, error) {
		return "", "", "", Invalid(field, format, args...)
	}
	end := strings.IndexAny(s, xmlSpace+"=/<>\"'&")
	if end < 0 {
		end = len(s)
	}
	name = s[:end]
	switch name {
	case "name", "path", "type", "scope":
	case "":
		return fail("xml", "Something other than an attribute stands at %s.", quoted(firstBytes(s)))
	default:
		return fail(strings.Trim(quoted(name), `"`), "The attribute %s is unknown; an assignee has name, path, type and scope.", quoted(name))
	}
	rest, hasValue := strings.CutPrefix(strings.TrimLeft(s[end:], xmlSpace), "=")
	rest = strings.TrimLeft(rest, xmlSpace)
	if !hasValue || rest == "" || (rest[0] != '"' && rest[0] != '\'') {
		return fail(name, "The attribute %s has no value between quotation marks.", name)
	}
	raw, rest, closed := strings.Cut(rest[1:], rest[:1])
	if !closed {
		return fail(name, "The value of the attribute %s has no quotation mark at its end.", name)
	}
	if strings.ContainsRune(raw, '<') {
		return fail(name, "The value of the attribute %s holds \"<\"; write &lt; for it.", name)
	}
	if value, err = expandReferences(name, raw); err != nil {
		return "", "", "", err
	}
	return name, value, rest, nil
}

// checkAssigneeEnd accepts what may follow the attributes.
func checkAssigneeEnd(rest string) error {
	if rest == ">" || rest == "/>" {
		return nil
	}
	after, open := strings.CutPrefix(rest, ">")
	closing, found := strings.CutPrefix(strings.TrimLeft(after, xmlSpace), "</Assignee")
	if open && found && strings.TrimLeft(closing, xmlSpace) == ">" {
		return nil
	}
	return Invalid("xml", "Something stands after the tag: %s.", quoted(firstBytes(strings.TrimLeft(rest, "/>"+xmlSpace))))
}

// firstBytes is enough of a line to find the place in it again.
func firstBytes(s string) string { return strings.ToValidUTF8(s[:min(len(s), 40)], "") }
