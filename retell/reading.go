package retell

import (
	"encoding/json"

	"github.com/google/uuid"
)

// reading reads an entry's data, as JSON gives them, and notes the first thing
// that is missing.
type reading struct {
	data  map[string]any
	wrong string
}

func (d *reading) has(name string) bool {
	_, has := d.data[name]
	return has
}

func (d *reading) lacks(name string) {
	if d.wrong == "" {
		d.wrong = name
	}
}

func (d *reading) number(name string) int64 {
	value, ok := whole(d.data[name])
	if !ok {
		d.lacks(name)
	}
	return value
}

// number0 reads a number that may be missing.
func (d *reading) number0(name string) int64 {
	value, _ := whole(d.data[name])
	return value
}

// whole reads a whole number, which is kept as it was written: an amount may have
// more digits than a float.
func whole(value any) (int64, bool) {
	number, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	n, err := number.Int64()
	return n, err == nil
}

func (d *reading) text(name string) string {
	value, ok := d.data[name].(string)
	if !ok {
		d.lacks(name)
	}
	return value
}

func (d *reading) optional(name string) string {
	value, _ := d.data[name].(string)
	return value
}

func (d *reading) id(name string) uuid.UUID {
	id, err := uuid.Parse(d.optional(name))
	if err != nil {
		d.lacks(name)
	}
	return id
}

func (d *reading) list(name string) (list []map[string]any) {
	values, ok := d.data[name].([]any)
	if !ok {
		d.lacks(name)
	}
	for _, value := range values {
		each, _ := value.(map[string]any)
		list = append(list, each)
	}
	return list
}

// held takes over the hold that stands after the entry. It reports false where
// the entry does not say.
func (d *reading) held(s *State) bool {
	if !d.has("held") {
		return false
	}
	hold, _ := d.data["held"].(map[string]any)
	if hold == nil {
		s.hold("")
		return true
	}
	kind, _ := hold["kind"].(string)
	reason, _ := hold["reason"].(string)
	s.hold(holdOf(kind, reason))
	return true
}
