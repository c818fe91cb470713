package remit

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// expandReferences replaces the five entities of XML and numeric character
// references in the value of an attribute. No other entity exists: nothing can
// be declared, so nothing can grow.
func expandReferences(attribute, raw string) (string, error) {
	var value strings.Builder
	for {
		before, after, found := strings.Cut(raw, "&")
		value.WriteString(before)
		if !found {
			return value.String(), nil
		}
		name, rest, ended := strings.Cut(after, ";")
		if !ended {
			return "", Invalid(attribute, "The value of the attribute %s holds a bare \"&\"; write &amp; for it.", attribute)
		}
		char, known := xmlEntities[name]
		if !known {
			char, known = numericReference(name)
		}
		if !known {
			return "", Invalid(attribute, "The value of the attribute %s holds the entity %s; only &amp;, &lt;, &gt;, &quot; and &apos; exist.", attribute, quoted("&"+name+";"))
		}
		value.WriteRune(char)
		raw = rest
	}
}

var xmlEntities = map[string]rune{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\''}

// numericReference reads #39 and #x27; control characters and surrogates are
// no characters here.
func numericReference(name string) (rune, bool) {
	digits, numeric := strings.CutPrefix(name, "#")
	base := 10
	if hex, isHex := strings.CutPrefix(digits, "x"); isHex {
		digits, base = hex, 16
	}
	code, err := strconv.ParseUint(digits, base, 32)
	if !numeric || err != nil || code > utf8.MaxRune || !utf8.ValidRune(rune(code)) || isUnseen(rune(code)) {
		return 0, false
	}
	return rune(code), true
}
