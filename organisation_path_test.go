package remit

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// No spelling of a path reaches another organisation than the one that is
// written, and what cannot be an organisation's path is refused (T3).
func TestParsePath(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("/s", 10)
	wide := "/t/" + strings.Repeat("x", 100)
	for in, want := range map[string]string{
		"/t":                   "/t",
		"/dev-v51/Branch A":    "/dev-v51/Branch A",
		"/t/50%_off":           "/t/50%_off",
		"/t/...":               "/t/...",
		"/t/.hidden":           "/t/.hidden",
		"/t/A,/t/B":            "/t/A,/t/B",
		"/t/Cafe\u0301":        "/t/Caf\u00e9",
		deep:                   deep,
		wide:                   wide,
		"/t/a\\b":              "/t/a\\b",
		"/t/می\u200cخواهم":     "/t/می\u200cخواهم",
		"/t/%2e%2e":            "/t/%2e%2e",
		"/t/" + "\u1112\u1161": "/t/\ud558",
	} {
		got, err := ParsePath(in)
		if err != nil || got.String() != want {
			t.Errorf("ParsePath(%q) = %q, %v", in, got, err)
		}
	}
	for _, in := range []string{
		"", "/", "//", "t", "t/a", "/t/", "/t//a", "//t", "/t/.", "/t/..", "/t/../u", "/./t", "/t/a\x00", "/t/a\nb",
		"/t/\x7f", "/t/ ", "/t/ a", "/t/a ", "/t/a\u200b", "/t/\u202ea", "/t/\xff", "\\t",
		deep + "/s", wide + "x", "/" + strings.Repeat("é", 51), "/" + strings.Repeat("x", 1<<20),
	} {
		if got, err := ParsePath(in); !IsCode(err, CodeInvalid) || AsError(err).Fields[0].Field != "path" || !got.IsZero() {
			t.Errorf("ParsePath(%.40q) = %q, %v", in, got, err)
		}
	}
}

// A branch reaches itself and what is below it, never a neighbour whose name
// begins alike (T1).
func TestPathContains(t *testing.T) {
	t.Parallel()
	tests := []struct {
		outer, inner string
		want         bool
	}{
		{"/t", "/t", true},
		{"/t", "/t/Branch A", true},
		{"/t/Branch A", "/t/Branch A/North", true},
		{"/t/Branch A", "/t/Branch AB", false},
		{"/t/Branch A", "/t/Branch AB/North", false},
		{"/t/Branch A", "/t/branch A", false},
		{"/t/Branch A", "/t", false},
		{"/t", "/tt", false},
		{"", "/t", false},
		{"/t", "", false},
		{"", "", false},
	}
	for _, tt := range tests {
		if got := pathOf(t, tt.outer).Contains(pathOf(t, tt.inner)); got != tt.want {
			t.Errorf("%q contains %q = %v", tt.outer, tt.inner, got)
		}
	}
}

// The tenant of an object is its path's first segment and nothing else.
func TestPathTopParentName(t *testing.T) {
	t.Parallel()
	path := pathOf(t, "/t/Branch A/North")
	if got := path.Top().String(); got != "/t" {
		t.Errorf("Top = %q", got)
	}
	if got := path.Top().Top().String(); got != "/t" {
		t.Errorf("Top of the top = %q", got)
	}
	if parent, ok := path.Parent(); !ok || parent.String() != "/t/Branch A" {
		t.Errorf("Parent = %q, %v", parent, ok)
	}
	if _, ok := path.Top().Parent(); ok {
		t.Error("the top has a parent")
	}
	if path.Name() != "North" || path.Top().Name() != "t" {
		t.Errorf("names %q, %q", path.Name(), path.Top().Name())
	}
	var zero Path
	if _, ok := zero.Parent(); ok || !zero.Top().IsZero() || zero.Ancestors() != nil {
		t.Error("the zero path has relatives")
	}
}

// Containing and being an ancestor are the same relation, so grants may be
// looked up by walking upwards.
func TestPathAncestorsAreWhatContains(t *testing.T) {
	t.Parallel()
	segment := rapid.SampledFrom([]string{"t", "A", "AB", "A B", "B"})
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) Path {
			path, err := ParsePath("/" + strings.Join(rapid.SliceOfN(segment, 1, 5).Draw(t, label), "/"))
			if err != nil {
				t.Fatal(err)
			}
			return path
		}
		a, b := draw("a"), draw("b")
		ancestors := b.Ancestors()
		if a.Contains(b) != slices.Contains(ancestors, a) {
			t.Fatalf("%q contains %q = %v, ancestors %v", a, b, a.Contains(b), ancestors)
		}
		if ancestors[0] != b || ancestors[len(ancestors)-1] != b.Top() {
			t.Fatalf("ancestors of %q: %v", b, ancestors)
		}
	})
}

// A path that came through JSON passed the same checks.
func TestPathJSON(t *testing.T) {
	t.Parallel()
	var path Path
	if err := json.Unmarshal([]byte(`"/t/Branch A"`), &path); err != nil || path.String() != "/t/Branch A" {
		t.Errorf("%q, %v", path, err)
	}
	if err := json.Unmarshal([]byte(`"/t/../u"`), &path); err == nil {
		t.Error("a path with .. was taken")
	}
	if out, err := json.Marshal(path); err != nil || string(out) != `"/t/Branch A"` {
		t.Errorf("%s, %v", out, err)
	}
}

// pathOf parses a path of a test's table; "" is the zero Path.
func pathOf(t testing.TB, s string) Path {
	t.Helper()
	if s == "" {
		return Path{}
	}
	path, err := ParsePath(s)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
