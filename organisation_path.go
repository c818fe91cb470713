package remit

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits of an organisation's path.
const (
	MaxPathSegments     = 10
	MaxPathSegmentBytes = 100 // after normalisation to NFC
)

// Path is the absolute path of an organisation, such as "/dev-v51/Branch A".
// Its first segment is the tenant. A Path comes from [ParsePath] alone and is
// therefore in NFC and within the limits; the zero Path is no organisation.
// Paths compare with == and by whole segments, never by prefix of their text.
type Path struct{ text string }

// ParsePath reads an absolute path of 1 to 10 segments, each 1 to 100 bytes in
// NFC. It refuses, with [CodeInvalid] naming the field "path": a relative
// path, a slash at the end, empty, "." and ".." segments, control and
// invisible characters, and segments that begin or end with a space. Case is
// kept and matters; "%" and "_" are ordinary characters.
func ParsePath(s string) (Path, error) {
	// NFC shrinks text to a third at most: nine bytes of Hangul jamo become three.
	if len(s) > 3*MaxPathSegments*(MaxPathSegmentBytes+1) {
		return Path{}, Invalid("path", "A path has at most %d segments of at most %d bytes.", MaxPathSegments, MaxPathSegmentBytes)
	}
	if !utf8.ValidString(s) {
		return Path{}, Invalid("path", "A path must be valid UTF-8.")
	}
	s = norm.NFC.String(s)
	rest, absolute := strings.CutPrefix(s, "/")
	switch {
	case !absolute:
		return Path{}, Invalid("path", "The path %s must begin with \"/\".", quoted(s))
	case rest == "":
		return Path{}, Invalid("path", "The path \"/\" names no organisation.")
	case strings.HasSuffix(rest, "/"):
		return Path{}, Invalid("path", "The path %s must not end with \"/\".", quoted(s))
	case strings.ContainsFunc(rest, isUnseen):
		return Path{}, Invalid("path", "The path %s must not hold control or invisible characters.", quoted(s))
	case strings.Count(rest, "/") >= MaxPathSegments:
		return Path{}, Invalid("path", "The path %s has more than %d segments.", quoted(s), MaxPathSegments)
	}
	for segment := range strings.SplitSeq(rest, "/") {
		switch {
		case segment == "":
			return Path{}, Invalid("path", "The path %s must not have an empty segment.", quoted(s))
		case segment == "." || segment == "..":
			return Path{}, Invalid("path", "The path %s must not have the segment %s.", quoted(s), quoted(segment))
		case len(segment) > MaxPathSegmentBytes:
			return Path{}, Invalid("path", "The segment %s of the path is longer than %d bytes.", quoted(segment), MaxPathSegmentBytes)
		case strings.TrimSpace(segment) != segment:
			return Path{}, Invalid("path", "The segment %s of the path must not begin or end with a space.", quoted(segment))
		}
	}
	return Path{s}, nil
}

// String is the path's text, "" for the zero Path.
func (p Path) String() string { return p.text }

// IsZero reports whether p is no organisation at all.
func (p Path) IsZero() bool { return p.text == "" }

// Name is the last segment.
func (p Path) Name() string { return p.text[strings.LastIndexByte(p.text, '/')+1:] }

// Top is the path of p's tenant: its first segment.
func (p Path) Top() Path {
	if p.IsZero() {
		return p
	}
	if next := strings.IndexByte(p.text[1:], '/'); next >= 0 {
		return Path{p.text[:next+1]}
	}
	return p
}

// Parent is the organisation directly above p, and whether there is one.
func (p Path) Parent() (Path, bool) {
	last := strings.LastIndexByte(p.text, '/')
	if last <= 0 {
		return Path{}, false
	}
	return Path{p.text[:last]}, true
}

// Ancestors lists p itself and the organisations above it, nearest first, the
// tenant last. It is empty for the zero Path.
func (p Path) Ancestors() []Path {
	if p.IsZero() {
		return nil
	}
	paths := make([]Path, 0, strings.Count(p.text, "/"))
	for above, ok := p, true; ok; above, ok = above.Parent() {
		paths = append(paths, above)
	}
	return paths
}

// Contains reports whether other is p or lies below it, by whole segments:
// "/t/Branch A" contains "/t/Branch A/North" and not "/t/Branch AB". The zero
// Path contains nothing and lies in nothing.
func (p Path) Contains(other Path) bool {
	if p.IsZero() || !strings.HasPrefix(other.text, p.text) {
		return false
	}
	return len(other.text) == len(p.text) || other.text[len(p.text)] == '/'
}

// MarshalText makes a path its string in JSON.
func (p Path) MarshalText() ([]byte, error) { return []byte(p.text), nil }

// UnmarshalText is [ParsePath].
func (p *Path) UnmarshalText(text []byte) error {
	parsed, err := ParsePath(string(text))
	if err == nil {
		*p = parsed
	}
	return err
}
