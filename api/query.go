package api

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"remit"
	"remit/commands"
)

// readQuery checks the query: names the operation does not have, names given
// twice and values of a wrong form are malformed, values out of bounds invalid.
func (c *call) readQuery() error {
	given, err := url.ParseQuery(c.request.URL.RawQuery)
	if err != nil {
		return malformed("", "The query is not well-formed.")
	}
	value := make(map[string]any, len(given))
	for name, values := range given {
		schema, known := c.op.query.Properties[name]
		switch {
		case !known:
			return malformed(name, "This route takes no such parameter.")
		case len(values) > 1:
			return malformed(name, "The parameter is given more than once.")
		case !utf8.ValidString(values[0]) || strings.ContainsRune(values[0], 0):
			return malformed(name, "The parameter must be text in UTF-8.")
		}
		text := values[0]
		switch {
		case schema.Value.Type.Is("integer"):
			if _, err := strconv.ParseInt(text, 10, 64); err != nil {
				return malformed(name, "The "+name+" must be a whole number.")
			}
			value[name] = json.Number(text)
		case schema.Value.Type.Is("boolean"):
			if text != "true" && text != "false" {
				return malformed(name, "The parameter must be true or false.")
			}
			value[name] = text == "true"
		default:
			value[name] = text
		}
	}
	if err := c.server.contract.check(c.op.query, value); err != nil {
		return err
	}
	c.query = value
	return nil
}

func malformed(field, message string) error {
	e := &remit.Error{Kind: remit.KindMalformed, Code: remit.CodeMalformed, Message: message}
	if field != "" {
		e.Fields = []remit.FieldError{{Field: field, Message: message}}
	}
	return e
}

// text is a string parameter, "" where it is not given.
func (c *call) text(name string) string {
	s, _ := c.query[name].(string)
	return s
}

// flag is a boolean parameter, nil where it is not given.
func (c *call) flag(name string) *bool {
	if b, given := c.query[name].(bool); given {
		return &b
	}
	return nil
}

// organisation is ?organisation=PATH.
func (c *call) organisation() string { return c.text("organisation") }

// page is ?limit= and ?after=.
func (c *call) page() commands.Page {
	page := commands.Page{After: c.text("after")}
	if limit, given := c.query["limit"].(json.Number); given {
		page.Limit, _ = strconv.Atoi(limit.String())
	}
	return page
}

// listBody is a page of a list.
type listBody[T any] struct {
	Data []T     `json:"data"`
	Next *string `json:"next"`
}

// listed shapes a page of a list.
func listed[In, Out any](list commands.List[In], shape func(In) Out) listBody[Out] {
	out := listBody[Out]{Data: make([]Out, len(list.Items)), Next: orNull(list.Next)}
	for i, each := range list.Items {
		out.Data[i] = shape(each)
	}
	return out
}

// pageOf cuts a page out of a list that a command gives as a whole. The lists
// cut here only grow at their end, or are short.
func pageOf[T any](items []T, page commands.Page) (commands.List[T], error) {
	const usual = 50
	from, limit := 0, page.Limit
	if limit == 0 {
		limit = usual
	}
	if page.After != "" {
		cursor, err := base64.RawURLEncoding.DecodeString(page.After)
		number, found := strings.CutPrefix(string(cursor), "from ")
		if from, _ = strconv.Atoi(number); err != nil || !found || from < 1 || from > len(items) {
			return commands.List[T]{}, malformed("after", "This is not a cursor of this list.")
		}
	}
	to := min(from+limit, len(items))
	list := commands.List[T]{Items: items[from:to]}
	if to < len(items) {
		list.Next = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "from %d", to))
	}
	return list, nil
}

// orNull is null for "".
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
