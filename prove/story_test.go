package prove

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"remit/activities"
)

// A seed tells the same story each time, also after it was written down and read
// again; another seed tells another one.
func TestASeedIsAStory(t *testing.T) {
	for seed := range uint64(200) {
		s := NewStory(seed)
		raw, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var read Story
		if err := json.Unmarshal(raw, &read); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(s, NewStory(seed)) || !reflect.DeepEqual(s, read) {
			t.Fatalf("seed %d tells %+v and %+v", seed, s, read)
		}
		if reflect.DeepEqual(s.Days, NewStory(seed+1000).Days) {
			t.Fatalf("seeds %d and %d tell the same", seed, seed+1000)
		}
	}
}

// Within a thousand seeds every kind of act, every part and every boundary has
// its turn.
func TestStoriesLeaveNothingOut(t *testing.T) {
	acts, parts, boundaries, asleep := map[string]bool{}, map[string]bool{}, map[string]bool{}, 0
	for seed := range uint64(1000) {
		for _, day := range NewStory(seed).Days {
			for _, a := range day.Acts {
				acts[a.Kind] = true
			}
			for _, k := range day.Kills {
				parts[k.Part] = true
				boundaries[k.Boundary] = true
			}
			if day.Night.Asleep {
				asleep++
			}
		}
	}
	for _, k := range kinds {
		if !acts[k.name] {
			t.Errorf("nobody ever does %q", k.name)
		}
	}
	for _, part := range append(slices.Clone(partNames), partAll) {
		if !parts[part] {
			t.Errorf("%q is never killed", part)
		}
	}
	for _, boundary := range activities.Boundaries {
		if !boundaries[boundary] {
			t.Errorf("nothing is ever killed at %q", boundary)
		}
	}
	if asleep == 0 {
		t.Error("the worker never sleeps")
	}
}

var marked = regexp.MustCompile(`(?:p|a|c|[Pp]ayments)\.boundary\("([^"]+)"\)`)

// The boundaries that are listed are those that the steps pass.
func TestBoundariesAreThoseOfTheSteps(t *testing.T) {
	root, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	var files, passed []string
	for _, folder := range []string{"activities", "commands"} {
		found, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), "bank_account") {
			continue // of a workflow that no act passes through
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range marked.FindAllSubmatch(raw, -1) {
			passed = append(passed, string(found[1]))
		}
	}
	slices.Sort(passed)
	passed = slices.Compact(passed)
	if listed := slices.Sorted(slices.Values(activities.Boundaries)); !slices.Equal(passed, listed) {
		t.Errorf("passed are %q, listed are %q", passed, listed)
	}
}

// A story is made smaller by one thing at a time, and stays itself.
func TestLesserStories(t *testing.T) {
	s := NewStory(7)
	before := s.copy()
	things := func(s Story) int {
		return len(s.Days) + s.count(func(d Day) int { return len(d.Acts) + len(d.Kills) }) + s.count(func(d Day) (n int) {
			if d.Fault != nil {
				n = 1 + len(d.Fault.Rules)
			}
			if d.Night.Asleep {
				n++
			}
			return n
		})
	}
	for _, smaller := range lesser(s) {
		if things(smaller) >= things(s) {
			t.Errorf("%+v is not smaller than %+v", smaller, s)
		}
	}
	if !reflect.DeepEqual(s, before) {
		t.Error("the story itself was changed")
	}
}
