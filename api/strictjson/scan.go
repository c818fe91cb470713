package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// Bounds on what is read, whatever the size limit of the route.
const (
	maxDepth    = 64
	maxElements = 200_000 // names, values and brackets
)

// scan checks the form that holds for every body: UTF-8, JSON grammar, an
// object and nothing after it, nesting, and no name twice in one object.
func scan(data []byte) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return form("The body is empty; it must be a JSON object.")
	}
	if !utf8.Valid(data) {
		return form("The body is not UTF-8.")
	}
	if at := loneSurrogate(data); at >= 0 {
		return form(fmt.Sprintf("The body has an unpaired surrogate escape at byte %d.", at))
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	s := scanner{decoder: decoder}
	if err := s.run(); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return form(fmt.Sprintf("The body goes on after its JSON object, at byte %d.", decoder.InputOffset()))
	}
	return nil
}

type scanner struct {
	decoder  *json.Decoder
	elements int
	open     []scope
}

// scope is an object or array that is not closed yet.
type scope struct {
	names map[string]bool // nil in an array
	name  string          // the name whose value comes next
	named bool            // name is set
	index int             // in an array, of the next value
}

func (s *scanner) run() error {
	for {
		token, err := s.decoder.Token()
		if err != nil {
			return form(fmt.Sprintf("The body is not JSON: the error is near byte %d.", s.decoder.InputOffset()))
		}
		if s.elements++; s.elements > maxElements {
			return form(fmt.Sprintf("The body has more than %d elements.", maxElements))
		}
		if len(s.open) == 0 && token != json.Delim('{') {
			return form("The body must be a JSON object.")
		}
		if err := s.take(token); err != nil {
			return err
		}
		if len(s.open) == 0 {
			return nil
		}
	}
}

func (s *scanner) take(token json.Token) error {
	switch token {
	case json.Delim('}'), json.Delim(']'):
		s.open = s.open[:len(s.open)-1]
		s.valueDone()
		return nil
	case json.Delim('{'), json.Delim('['):
		if len(s.open) == maxDepth {
			return form(fmt.Sprintf("The body is nested deeper than %d levels.", maxDepth))
		}
		next := scope{}
		if token == json.Delim('{') {
			next.names = map[string]bool{}
		}
		s.open = append(s.open, next)
		return nil
	}
	top := &s.open[len(s.open)-1]
	if top.names == nil || top.named {
		s.valueDone()
		return nil
	}
	top.name, top.named = token.(string) // where a name is due, the decoder gives a string
	if top.names[top.name] {
		return &Error{Kind: KindForm, Message: "A name appears twice in one object.",
			Fields: []FieldError{{Field: s.path(), Message: "appears twice"}}}
	}
	top.names[top.name] = true
	return nil
}

// valueDone notes in the enclosing scope that its value is complete.
func (s *scanner) valueDone() {
	if len(s.open) > 0 {
		top := &s.open[len(s.open)-1]
		top.named = false
		top.index++
	}
}

// path is where the scanner stands, as in lines[0].amount.
func (s *scanner) path() string {
	path := ""
	for _, level := range s.open {
		if level.names == nil {
			path = item(path, level.index)
		} else {
			path = member(path, level.name)
		}
	}
	return path
}

// member is the path of a name inside an object.
func member(path, name string) string {
	const longest = 64 // bytes of a name that are repeated to the caller
	if len(name) > longest {
		cut := longest
		for !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = name[:cut] + "…"
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// item is the path of a value inside an array.
func item(path string, index int) string { return path + "[" + strconv.Itoa(index) + "]" }

// loneSurrogate returns where a \uD800-\uDFFF escape without its partner
// stands, or -1: encoding/json would replace it, so that two different bodies
// become one.
func loneSurrogate(data []byte) int {
	for i := 0; i+1 < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		unit, ok := escape(data[i:])
		if !ok {
			i++ // another escape; its second character is not a backslash of its own
			continue
		}
		if unit >= 0xD800 && unit <= 0xDBFF {
			low, ok := escape(data[i+6:])
			if !ok || low < 0xDC00 || low > 0xDFFF {
				return i
			}
			i += 6
		} else if unit >= 0xDC00 && unit <= 0xDFFF {
			return i
		}
		i += 5
	}
	return -1
}

// escape reads the escaped UTF-16 unit, \u and four digits, at the start of data.
func escape(data []byte) (uint64, bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	return unit, err == nil
}
