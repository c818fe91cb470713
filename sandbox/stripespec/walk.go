package stripespec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// walk goes through one answer beside its schema and notes what the schema's
// validator lets pass. An `at` is a place in the body for people to read; a
// `field` is the same place as expand[] names it, without array indexes.
type walk struct {
	spec     *Spec
	expand   map[string]bool // field asked for → met
	findings []error
}

func (w *walk) report(at, format string, args ...any) {
	w.findings = append(w.findings, fmt.Errorf("  %s: %s", at, fmt.Sprintf(format, args...)))
}

// value checks one value; types, enums and nulls are the validator's.
func (w *walk) value(ref *openapi3.SchemaRef, value any, at, field string) {
	switch v := value.(type) {
	case map[string]any:
		if chosen := w.choose(ref, v, at); chosen != nil {
			w.object(chosen, v, at, field)
		}
	case []any:
		schema := w.arrayOf(ref)
		if schema == nil || schema.Items == nil {
			return
		}
		for i, item := range v {
			w.value(schema.Items, item, fmt.Sprintf("%s[%d]", at, i), field)
		}
	}
}

// choose finds the schema among anyOf that an object claims to be: by its
// `object` and `deleted` fields, else the first one that accepts it.
func (w *walk) choose(ref *openapi3.SchemaRef, v map[string]any, at string) *openapi3.SchemaRef {
	if len(ref.Value.AnyOf) == 0 {
		return ref
	}
	var objects []*openapi3.SchemaRef
	for _, option := range ref.Value.AnyOf {
		if option.Value.Type.Is("object") || len(option.Value.AnyOf) > 0 {
			objects = append(objects, option)
		}
	}
	kind, _ := v["object"].(string)
	_, deleted := v["deleted"]
	for _, option := range objects {
		if kind != "" && objectName(option.Value) == kind && deleted == slices.Contains(option.Value.Required, "deleted") {
			return option
		}
	}
	for _, option := range objects {
		if len(option.Value.AnyOf) > 0 {
			if inner := w.choose(option, v, at); inner != nil {
				return inner
			}
		} else if len(objects) == 1 || visit(option.Value, v) == nil {
			return option
		}
	}
	w.report(at, "an object where the schema has none such")
	return nil
}

func (w *walk) arrayOf(ref *openapi3.SchemaRef) *openapi3.Schema {
	if ref.Value.Type.Is("array") {
		return ref.Value
	}
	for _, option := range ref.Value.AnyOf {
		if option.Value.Type.Is("array") {
			return option.Value
		}
	}
	return nil
}

func (w *walk) object(ref *openapi3.SchemaRef, v map[string]any, at, field string) {
	schema := ref.Value
	if len(schema.Properties) == 0 {
		return // a map of the caller's own keys, such as metadata
	}
	name := schemaName(ref)
	for _, key := range slices.Sorted(maps.Keys(v)) {
		property := schema.Properties[key]
		if property == nil {
			if addedLater[name+"."+key] == "" {
				w.report(at, "unknown key %q in %s", key, name)
			}
			continue
		}
		w.property(name, key, property, v, at, field)
	}
	for _, key := range slices.Sorted(maps.Keys(schema.Properties)) {
		if _, present := v[key]; !present {
			w.absent(ref, name, key, v, at, join(field, key))
		}
	}
	w.prefix(name, v, at)
}

func (w *walk) property(name, key string, property *openapi3.SchemaRef, v map[string]any, at, field string) {
	inner, here := join(field, key), at+"."+key
	if name == "event" && key == "data" {
		w.eventData(v[key], here)
		return
	}
	if onlyExpanded[name+"."+key] != "" && v[key] != nil && !w.asked(inner) {
		w.report(here, "is there only where expanded, and nobody asked")
	}
	if targets := expandable(property.Value); targets != nil {
		w.expandableValue(targets, v[key], here, inner)
	} else {
		w.asked(inner)
	}
	w.value(property, v[key], here, inner)
}

// expandableValue checks a field that holds an id, or an object where asked.
func (w *walk) expandableValue(targets []string, value any, at, field string) {
	switch v := value.(type) {
	case nil:
		w.asked(field)
	case string:
		if w.asked(field) {
			w.report(at, "holds the id %q although it was asked to be expanded", v)
		}
		if expected := prefixesOf(targets); !hasPrefix(v, expected) {
			w.report(at, "id %q does not begin with %s", v, strings.Join(expected, " or "))
		}
	case map[string]any:
		if !w.asked(field) {
			w.report(at, "holds an object although nobody asked to expand %q", field)
		}
	}
}

// absent judges a key that is not there. Stripe sends null for what is empty,
// so a nullable key is always sent. One that is neither nullable nor required
// is in a resource a matter of the variant, and in a part of one left out.
func (w *walk) absent(ref *openapi3.SchemaRef, name, key string, v map[string]any, at, field string) {
	property := ref.Value.Properties[key].Value
	_, resource := ref.Value.Extensions["x-resourceId"]
	switch {
	case slices.Contains(ref.Value.Required, key):
		return // the validator says so
	case onlyExpanded[name+"."+key] != "":
		if w.asked(field) {
			w.report(at, "%q was asked to be expanded and is missing", key)
		}
		return
	case !property.Nullable && !resource:
		return
	}
	if allowed := leftOut[name+"."+key]; allowed != nil && allowed.when(v) {
		return
	}
	w.report(at, "%q is missing; Stripe sends it in every %s", key, name)
}

// eventData checks the object an event carries by the schema of its kind,
// which the document leaves open, and the previous values beside it.
func (w *walk) eventData(value any, at string) {
	data, _ := value.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(data)) {
		if key != "object" && key != "previous_attributes" {
			w.report(at, "unknown key %q in an event's data", key)
		}
	}
	object, _ := data["object"].(map[string]any)
	kind, _ := object["object"].(string)
	schema := w.spec.resources[kind]
	if schema == nil {
		w.report(at+".object", "%q is no kind of object", kind)
		return
	}
	if err := visit(schema.Value, object); err != nil {
		w.report(at+".object", "%s", describe(err))
	}
	inside := &walk{spec: w.spec} // nothing is ever expanded in an event
	inside.value(schema, object, at+".object", "")
	w.findings = append(w.findings, inside.findings...)
	previous, _ := data["previous_attributes"].(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(previous)) {
		if schema.Value.Properties[key] == nil {
			w.report(at+".previous_attributes", "unknown key %q in %s", key, kind)
		}
	}
}

// prefix checks the object's own id.
func (w *walk) prefix(name string, v map[string]any, at string) {
	expected, known := idPrefixes[name]
	id, isString := v["id"].(string)
	if known && isString && !hasPrefix(id, expected) {
		w.report(at+".id", "id %q of a %s does not begin with %s", id, name, strings.Join(expected, " or "))
	}
}

// asked reports whether a field was to be expanded and notes that it was met.
func (w *walk) asked(field string) bool {
	if _, ok := w.expand[field]; ok {
		w.expand[field] = true
		return true
	}
	return false
}

// unusedExpansions reports what was asked for and is nowhere in the answer.
// A field below one that is null or an empty list cannot be met.
func (w *walk) unusedExpansions() {
	for _, field := range slices.Sorted(maps.Keys(w.expand)) {
		parent := field[:max(strings.LastIndex(field, "."), 0)]
		if !w.expand[field] && parent == "" {
			w.report("body", "expand[]=%s has no such field here; Stripe refuses it", field)
		}
	}
}

// expansions spreads "a.b" to a and a.b: the way to a field is expanded too.
func expansions(fields []string) map[string]bool {
	all := map[string]bool{}
	for _, field := range fields {
		for i, r := range field {
			if r == '.' {
				all[field[:i]] = false
			}
		}
		all[field] = false
	}
	return all
}

func expandable(schema *openapi3.Schema) []string {
	resources, ok := schema.Extensions["x-expansionResources"].(map[string]any)
	if !ok {
		return nil
	}
	names := []string{}
	options, _ := resources["oneOf"].([]any)
	for _, option := range options {
		entry, _ := option.(map[string]any)
		ref, _ := entry["$ref"].(string)
		names = append(names, strings.TrimPrefix(ref, "#/components/schemas/"))
	}
	return names
}

// schemaName is the component's name, else the resource's, else the title.
func schemaName(ref *openapi3.SchemaRef) string {
	if name, ok := strings.CutPrefix(ref.Ref, "#/components/schemas/"); ok {
		return name
	}
	if resource, ok := ref.Value.Extensions["x-resourceId"].(string); ok {
		return resource
	}
	return ref.Value.Title
}

func join(field, key string) string {
	if field == "" {
		return key
	}
	return field + "." + key
}
