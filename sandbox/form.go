package sandbox

import (
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// node is a value, or a hash or list of them: a[b][c]=1, a[]=1, a[0]=1.
type node struct {
	value *string
	kids  map[string]*node
	names []string // of kids, as they came
	list  []*node  // of a[]
	read  bool
}

func (n *node) kid(name string) *node {
	if n.kids == nil {
		n.kids = map[string]*node{}
	}
	k, ok := n.kids[name]
	if !ok {
		k = &node{}
		n.kids[name] = k
		n.names = append(n.names, name)
	}
	return k
}

// maxDepth is how deep hashes and lists may nest.
const maxDepth = 12

// parseParams reads form-encoded parameters.
func parseParams(form string) (*params, *apiError) {
	root := &node{read: true}
	for pair := range strings.SplitSeq(form, "&") {
		if pair == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(rawName)
		value, err2 := url.QueryUnescape(rawValue)
		if err1 != nil || err2 != nil {
			return nil, invalidParam("", "", "Invalid form encoding in the request.")
		}
		if err := root.set(name, value); err != nil {
			return nil, err
		}
	}
	return &params{node: root, errs: &paramErrors{}}, nil
}

func (n *node) set(name, value string) *apiError {
	head, rest, nested := strings.Cut(name, "[")
	at := n.kid(head)
	for depth := 0; nested; depth++ {
		if depth > maxDepth {
			return invalidParam("parameter_unknown", head, "Received unknown parameter: %s", head)
		}
		part, after, closed := strings.Cut(rest, "]")
		if !closed || (after != "" && after[0] != '[') {
			return invalidParam("parameter_unknown", name, "Received unknown parameter: %s", name)
		}
		if part == "" {
			item := &node{}
			at.list = append(at.list, item)
			at = item
		} else {
			at = at.kid(part)
		}
		if after == "" {
			break
		}
		rest = after[1:]
	}
	at.value = &value
	return nil
}

// canonical is the same text for the same parameters in any order.
func (p *params) canonical() string {
	var lines []string
	p.node.walk("", func(name, value string) { lines = append(lines, name+"="+value) })
	slices.Sort(lines)
	return strings.Join(lines, "\x00")
}

func (n *node) walk(name string, visit func(name, value string)) {
	if n.value != nil {
		visit(name, *n.value)
	}
	for _, kid := range n.names {
		n.kids[kid].walk(name+"["+kid+"]", visit)
	}
	for i, item := range n.list {
		item.walk(name+"["+strconv.Itoa(i)+"]", visit)
	}
}

func (n *node) unread(name string, found *[]string) {
	if !n.read {
		*found = append(*found, name)
		return
	}
	for _, kid := range n.names {
		path := kid
		if name != "" {
			path = name + "[" + kid + "]"
		}
		n.kids[kid].unread(path, found)
	}
	for i, item := range n.list {
		item.unread(name+"["+strconv.Itoa(i)+"]", found)
	}
}

func (n *node) markRead() {
	n.read = true
	for _, kid := range n.kids {
		kid.markRead()
	}
	for _, item := range n.list {
		item.markRead()
	}
}

// items are a list's entries in order.
func (n *node) items() []*node {
	items := slices.Clone(n.list)
	names := slices.Clone(n.names)
	sort.SliceStable(names, func(i, j int) bool {
		a, _ := strconv.Atoi(names[i])
		b, _ := strconv.Atoi(names[j])
		return a < b
	})
	for _, name := range names {
		items = append(items, n.kids[name])
	}
	return items
}
