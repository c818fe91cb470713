package sandbox

import (
	"slices"
	"strconv"
)

// list is a page of objects, newest first.
type list struct {
	Object  string `json:"object"`
	URL     string `json:"url"`
	HasMore bool   `json:"has_more"`
	Data    []any  `json:"data"`
}

func newList(url string) *list { return &list{Object: "list", URL: url, Data: []any{}} }

// page answers a list request: the objects listed by name ("" for all of the
// kind) that keep lets through (nil for every one), by the cursor parameters
// limit, starting_after, ending_before and, where the kind has it, created.
// Read the request's other filters before; page asks done.
func (c *call) page(k *kind, by string, keep func(o object) bool) (any, error) {
	limit := c.p.limit()
	after, before := c.p.string("starting_after"), c.p.string("ending_before")
	created := c.p.span("created")
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if after != "" && before != "" {
		return nil, invalidParam("", "ending_before", "You cannot use both starting_after and ending_before.")
	}
	t := c.table(k)
	low, high := 0, t.bornBy(by, created.last) // rows low..high-1 are asked for
	if created.first > 0 {
		low = t.bornBy(by, created.first-1)
	}
	out := newList(c.path)
	if before != "" {
		place, ok := t.place(by, before)
		if !ok {
			return nil, missing(k, "ending_before", before)
		}
		for i := max(low, place+1); i < high && !out.HasMore; i++ {
			out.take(t.nth(by, i), keep, limit)
		}
		for i, j := 0, len(out.Data)-1; i < j; i, j = i+1, j-1 {
			out.Data[i], out.Data[j] = out.Data[j], out.Data[i]
		}
		return out, nil
	}
	if after != "" {
		place, ok := t.place(by, after)
		if !ok {
			return nil, missing(k, "starting_after", after)
		}
		high = min(high, place)
	}
	for i := high - 1; i >= low && !out.HasMore; i-- {
		out.take(t.nth(by, i), keep, limit)
	}
	return out, nil
}

// limit is how many objects a page is to hold.
func (p *params) limit() int {
	n, sent := p.integer("limit")
	switch {
	case !sent:
		return 10
	case n < 1:
		p.fail("parameter_invalid_integer", "limit", "This value must be greater than or equal to 1.")
	case n > 100:
		p.fail("parameter_invalid_integer", "limit", "This value must be less than or equal to 100 (it currently is '%d').", n)
	}
	return int(n)
}

func (l *list) take(o object, keep func(o object) bool, limit int) {
	if o == nil || (keep != nil && !keep(o)) {
		return
	}
	if len(l.Data) == limit {
		l.HasMore = true
		return
	}
	l.Data = append(l.Data, o)
}

// span is a range of seconds, both ends included.
type span struct{ first, last int64 }

// span reads a filter of times: field=n or field[gt|gte|lt|lte]=n.
func (p *params) span(field string) span {
	all := span{0, 1<<62 - 1}
	n := p.lookup(field)
	if n == nil {
		return all
	}
	if n.value != nil {
		second, err := strconv.ParseInt(*n.value, 10, 64)
		if err != nil {
			p.fail("parameter_invalid_integer", field, "Invalid integer: %s", *n.value)
		}
		return span{second, second}
	}
	hash := &params{node: n, prefix: p.name(field), errs: p.errs}
	if v, sent := hash.integer("gt"); sent {
		all.first = max(all.first, v+1)
	}
	if v, sent := hash.integer("gte"); sent {
		all.first = max(all.first, v)
	}
	if v, sent := hash.integer("lt"); sent {
		all.last = min(all.last, v-1)
	}
	if v, sent := hash.integer("lte"); sent {
		all.last = min(all.last, v)
	}
	return all
}

// listByCharge lists what hangs on a charge, all of it or by the parameters charge
// and payment_intent. The kind is listed by both.
func listByCharge(k *kind) handler {
	return func(c *call) (any, error) {
		var by []string
		for _, name := range []string{"charge", "payment_intent"} {
			if id := c.p.string(name); id != "" {
				by = append(by, name+":"+id)
			}
		}
		if len(by) == 0 {
			return c.page(k, "", nil)
		}
		return c.page(k, by[0], func(o object) bool {
			return !slices.ContainsFunc(by, func(list string) bool { return !slices.Contains(o.listedBy(), list) })
		})
	}
}

// retrieve returns a handler that answers the object named by the path's
// variable. param is what errors call it.
func retrieve(k *kind, variable, param string) handler {
	return func(c *call) (any, error) {
		c.p.ignore("client_secret")
		if err := c.p.done(); err != nil {
			return nil, err
		}
		o := c.find(k, c.vars[variable])
		if o == nil {
			return nil, missingPath(k, param, c.vars[variable])
		}
		return o, nil
	}
}

// named returns a copy of the object that the path's variable names.
func named[T any, P interface {
	*T
	object
}](c *call, variable, param string) (P, error) {
	o, ok := get[T, P](c.tx, c.vars[variable])
	if !ok {
		var none P
		return nil, missingPath(none.kind(), param, c.vars[variable])
	}
	return o, nil
}

// referred returns a copy of the object that a parameter names.
func referred[T any, P interface {
	*T
	object
}](c *call, param, id string) (P, error) {
	o, ok := get[T, P](c.tx, id)
	if !ok {
		var none P
		return nil, missing(none.kind(), param, id)
	}
	return o, nil
}
