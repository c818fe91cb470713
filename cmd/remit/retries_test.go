package main

import (
	"slices"
	"testing"
)

// A ladder is typed by its rule with or without its unit; what is none is refused
// before anything is asked.
func TestLadderAsTyped(t *testing.T) {
	settings := retrySettings{Ladders: map[string][]int{"later_days": {1}, "soon_hours": {1}}}
	for _, typed := range []string{"later=1,3, 5", "soon_hours=2"} {
		if err := settings.set(typed); err != nil {
			t.Error(err)
		}
	}
	if err := settings.set("later="); err != nil || len(settings.Ladders["later_days"]) != 0 || !slices.Equal(settings.Ladders["soon_hours"], []int{2}) {
		t.Errorf("%v, %v", settings, err)
	}
	for _, typed := range []string{"later", "latest=1", "later=soon"} {
		if settings.set(typed) == nil {
			t.Errorf("%s is taken", typed)
		}
	}
}
