package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// params are the parameters of a request, or one hash within them. A handler
// reads every parameter it knows and then asks done, which refuses what nobody
// read, the way Stripe does. The first wrong value is kept and reported by
// done too, so readers return plain values.
type params struct {
	node   *node
	prefix string // "" or e.g. "payment_method_data"
	errs   *paramErrors
}

type paramErrors struct{ first *apiError }

func (p *params) name(field string) string {
	if p.prefix == "" {
		return field
	}
	return p.prefix + "[" + field + "]"
}

func (p *params) fail(code, field, format string, args ...any) {
	if p.errs.first == nil {
		p.errs.first = invalidParam(code, p.name(field), format, args...)
	}
}

// done refuses the first parameter that nobody has read, or returns the first
// wrong value found while reading. A nil *params is done.
func (p *params) done() error {
	var unknown []string
	p.node.unread("", &unknown)
	sort.Strings(unknown)
	if len(unknown) == 1 {
		return invalidParam("parameter_unknown", unknown[0], "Received unknown parameter: %s", unknown[0])
	}
	if len(unknown) > 1 {
		return invalidParam("parameter_unknown", unknown[0], "Received unknown parameters: %s", strings.Join(unknown, ", "))
	}
	if p.errs.first != nil {
		return p.errs.first
	}
	return nil
}

// lookup marks the parameter read and returns it, nil if absent.
func (p *params) lookup(field string) *node {
	if p == nil {
		return nil
	}
	n, ok := p.node.kids[field]
	if !ok {
		return nil
	}
	n.read = true
	return n
}

// has reports whether the parameter was sent at all, even empty.
func (p *params) has(field string) bool {
	if p == nil {
		return false
	}
	_, ok := p.node.kids[field]
	return ok
}

// text returns the parameter, and whether it was sent. One that is a hash or a
// list is refused.
func (p *params) text(field string) (string, bool) {
	n := p.lookup(field)
	if n == nil {
		return "", false
	}
	if n.value == nil {
		n.markRead()
		p.fail("", field, "Invalid string: %s must be a string", p.name(field))
		return "", false
	}
	return *n.value, true
}

// string returns the parameter, "" if absent. Sent empty, it is refused.
func (p *params) string(field string) string {
	value, sent := p.text(field)
	if sent && value == "" {
		p.failEmpty(field)
	}
	return value
}

func (p *params) failEmpty(field string) {
	name := p.name(field)
	p.fail("parameter_invalid_empty", field, "You passed an empty string for '%s'. We assume empty values are an attempt to unset a parameter; however '%s' cannot be unset. You should remove '%s' from your request or supply a non-empty value.", name, name, name)
}

// require is string for a parameter that must be there.
func (p *params) require(field string) string {
	if !p.has(field) {
		p.fail("parameter_missing", field, "Missing required param: %s.", p.name(field))
		return ""
	}
	return p.string(field)
}

// nullable sets dst to the parameter if it was sent, to nil if sent empty.
func (p *params) nullable(field string, dst **string) {
	value, sent := p.text(field)
	switch {
	case !sent:
	case value == "":
		*dst = nil
	default:
		if len(value) > 5000 {
			p.fail("", field, "Invalid string: %.40s...; must be at most 5000 characters", value)
		}
		*dst = &value
	}
}

// integer returns the parameter and whether it was sent.
func (p *params) integer(field string) (int64, bool) {
	value, sent := p.text(field)
	if !sent {
		return 0, false
	}
	if value == "" {
		p.failEmpty(field)
		return 0, false
	}
	number, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		p.fail("parameter_invalid_integer", field, "Invalid integer: %s", value)
		return 0, false
	}
	return number, true
}

// requireInteger is integer for a parameter that must be there.
func (p *params) requireInteger(field string) int64 {
	if !p.has(field) {
		p.fail("parameter_missing", field, "Missing required param: %s.", p.name(field))
		return 0
	}
	number, _ := p.integer(field)
	return number
}

// boolean returns the parameter and whether it was sent.
func (p *params) boolean(field string) (value, sent bool) {
	text, sent := p.text(field)
	if !sent {
		return false, false
	}
	if text == "" {
		p.failEmpty(field)
		return false, false
	}
	switch text {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	p.fail("", field, "Invalid boolean: %s", text)
	return false, false
}

// enum returns the parameter, "" if absent; another value than the allowed is
// refused. An empty one is let through only if "" is allowed.
func (p *params) enum(field string, allowed ...string) string {
	value, sent := p.text(field)
	if !sent || slices.Contains(allowed, value) {
		return value
	}
	if value == "" {
		p.failEmpty(field)
		return ""
	}
	p.fail("", field, "Invalid %s: must be one of %s", p.name(field), orList(allowed))
	return ""
}

func orList(words []string) string {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" })
	switch len(words) {
	case 1:
		return words[0]
	case 2:
		return words[0] + " or " + words[1]
	}
	return strings.Join(words[:len(words)-1], ", ") + ", or " + words[len(words)-1]
}

// time returns a parameter in Unix seconds and whether it was sent.
func (p *params) time(field string) (time.Time, bool) {
	seconds, sent := p.integer(field)
	return time.Unix(seconds, 0), sent
}

// hash returns a parameter that holds others, nil if absent. Sent as an empty
// string it counts as present and empty.
func (p *params) hash(field string) *params {
	n := p.lookup(field)
	if n == nil {
		return nil
	}
	if n.value != nil && *n.value != "" {
		p.fail("", field, "Invalid object")
	}
	return &params{node: n, prefix: p.name(field), errs: p.errs}
}

// strings returns a list parameter: a[]=x or a[0]=x.
func (p *params) strings(field string) []string {
	n := p.lookup(field)
	if n == nil {
		return nil
	}
	if n.value != nil {
		if *n.value != "" {
			p.fail("", field, "Invalid array")
		}
		return nil
	}
	var items []string
	for _, item := range n.items() {
		item.read = true
		if item.value == nil {
			p.fail("", field, "Invalid string: every item of %s must be a string", p.name(field))
			continue
		}
		items = append(items, *item.value)
	}
	return items
}

// hashes returns a list parameter whose items hold others: a[0][b]=x.
func (p *params) hashes(field string) []*params {
	n := p.lookup(field)
	if n == nil {
		return nil
	}
	var items []*params
	for i, item := range n.items() {
		item.read = true
		items = append(items, &params{node: item, prefix: fmt.Sprintf("%s[%d]", p.name(field), i), errs: p.errs})
	}
	return items
}

// ignore reads parameters that Stripe takes and that change nothing here.
func (p *params) ignore(fields ...string) {
	for _, field := range fields {
		if n := p.lookup(field); n != nil {
			n.markRead()
		}
	}
}

// metadata merges the parameter into what was there: an empty value removes a
// key, an empty parameter all of them (docs.stripe.com/api/metadata).
func (p *params) metadata(was map[string]string) map[string]string {
	merged := map[string]string{}
	maps.Copy(merged, was)
	n := p.lookup("metadata")
	if n == nil {
		return merged
	}
	if n.value != nil {
		if *n.value != "" {
			p.fail("", "metadata", "Invalid object")
		}
		return map[string]string{}
	}
	for _, key := range n.names {
		item := n.kids[key]
		item.markRead()
		switch {
		case item.value == nil:
			p.fail("", "metadata", "Invalid metadata: the value of '%s' must be a string", key)
		case *item.value == "":
			delete(merged, key)
		case len(key) > 40:
			p.fail("", "metadata", "Metadata keys can have up to 40 characters, but you passed in a key that is %d characters. Invalid key: %s", len(key), key)
		case len(*item.value) > 500:
			p.fail("", "metadata", "Metadata values can have up to 500 characters, but you passed in a value that is %d characters. Invalid value: %s", len(*item.value), *item.value)
		default:
			merged[key] = *item.value
		}
	}
	if len(merged) > 50 {
		p.fail("", "metadata", "Metadata can have up to 50 keys, but you passed in %d.", len(merged))
	}
	return merged
}
