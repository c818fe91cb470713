package sandbox

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// maxExpansion is how deep expand may reach (docs.stripe.com/expand).
const maxExpansion = 4

// wire is the form of an object that the API answers and events carry.
func (t *tx) wire(o object) any {
	if k := o.kind(); k.renders != nil {
		return k.renders(t, o)
	}
	return o
}

// render encodes an answer with what the request wants expanded.
func (c *call) render(value any) ([]byte, error) {
	value = c.withAccount(c.wired(value))
	if len(c.expand) == 0 {
		return encode(value), nil
	}
	tree := toTree(value)
	for _, path := range c.expand {
		fields := strings.Split(path, ".")
		depth := len(fields)
		if _, listing := value.(*list); listing {
			depth--
		}
		if depth > maxExpansion {
			return nil, invalidParam("", "expand", "You cannot expand more than %d levels of a property: %s", maxExpansion, path)
		}
		if err := c.expandIn(tree, fields, path); err != nil {
			return nil, err
		}
	}
	return encode(tree), nil
}

// withAccount puts the account's id on events that its platform asks for.
func (c *call) withAccount(value any) any {
	if c.platform == "" {
		return value
	}
	switch v := value.(type) {
	case *event:
		v.Account = c.world.id
	case *list:
		for _, o := range v.Data {
			c.withAccount(o)
		}
	}
	return value
}

func (t *tx) wired(value any) any {
	switch v := value.(type) {
	case object:
		return t.wire(v)
	case *list:
		for i, o := range v.Data {
			v.Data[i] = t.wired(o)
		}
	}
	return value
}

// toTree turns an answer into maps, keeping numbers as they are written.
func toTree(v any) map[string]any {
	decoder := json.NewDecoder(bytes.NewReader(encode(v)))
	decoder.UseNumber()
	var tree map[string]any
	if err := decoder.Decode(&tree); err != nil {
		panic(err) // our own encoding
	}
	return tree
}

// expandIn replaces the id in the first field by its object, and goes on with
// the other fields in there.
func (t *tx) expandIn(tree map[string]any, fields []string, path string) error {
	field, rest := fields[0], fields[1:]
	if tree["object"] == "list" && field == "data" && len(rest) > 0 {
		items, _ := tree["data"].([]any)
		for _, item := range items {
			if err := t.expandIn(item.(map[string]any), rest, path); err != nil {
				return err
			}
		}
		return nil
	}
	name, _ := tree["object"].(string)
	k := kindsByName[name]
	value, present := tree[field]
	switch {
	case k != nil && k.includes[field] != nil && !present:
		id, _ := tree["id"].(string)
		o := t.find(k, id)
		if o == nil {
			return nil
		}
		included := toTree(t.wired(k.includes[field](t, o)))
		tree[field] = included
		if len(rest) > 0 {
			return t.expandIn(included, rest, path)
		}
		return nil
	case k != nil && slices.Contains(k.expands, field):
		if id, unexpanded := value.(string); unexpanded {
			o := t.findAny(id)
			if o == nil {
				return nil // an id of something not kept as an object
			}
			tree[field] = toTree(t.wire(o))
		}
	case k == nil && name == "" && present:
		// a hash within an object, such as last_payment_error
	case len(rest) > 0 && present:
		// an unexpandable hash on the way to an expandable field
	default:
		return invalidParam("", "expand", "This property cannot be expanded (%s).", path)
	}
	inner, ok := tree[field].(map[string]any)
	if !ok || len(rest) == 0 {
		return nil
	}
	return t.expandHash(inner, k, field, rest, path)
}

// expandHash goes on within a hash: an object's own, or one without a kind,
// whose expandable fields its owner names as "hash.field".
func (t *tx) expandHash(inner map[string]any, owner *kind, field string, rest []string, path string) error {
	if _, whole := inner["object"]; whole {
		return t.expandIn(inner, rest, path)
	}
	dotted := field + "." + rest[0]
	if owner == nil || !slices.Contains(owner.expands, dotted) {
		return invalidParam("", "expand", "This property cannot be expanded (%s).", path)
	}
	if id, unexpanded := inner[rest[0]].(string); unexpanded {
		if o := t.findAny(id); o != nil {
			inner[rest[0]] = toTree(t.wire(o))
		}
	}
	if deeper, ok := inner[rest[0]].(map[string]any); ok && len(rest) > 1 {
		return t.expandIn(deeper, rest[1:], path)
	}
	return nil
}
