package strictjson

import (
	"reflect"
	"strings"
	"sync"
)

// field is one name a request struct takes.
type field struct {
	name     string
	index    []int
	required bool
}

// known caches the fields of request types; there are as many as routes.
var known sync.Map // reflect.Type -> []field

// fieldsOf lists the fields of a struct that have a json name, in order,
// with those of embedded structs in their place.
func fieldsOf(t reflect.Type) []field {
	if cached, ok := known.Load(t); ok {
		return cached.([]field) //nolint:forcetypeassert // nothing else is stored
	}
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				list = append(list, inner)
			}
			continue
		}
		if name == "" || name == "-" || !f.IsExported() {
			continue
		}
		list = append(list, field{name: name, index: []int{i}, required: f.Tag.Get("strict") == "required"})
	}
	known.Store(t, list)
	return list
}
