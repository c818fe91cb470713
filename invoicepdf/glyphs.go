package invoicepdf

import (
	_ "embed"
	"encoding/binary"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The typeface; font/VENDOR says where it is from.
var (
	//go:embed font/IBMPlexSans_400Regular.ttf
	regular []byte
	//go:embed font/IBMPlexSans_600SemiBold.ttf
	semiBold []byte
)

const (
	family = "plex"
	bold   = "B"
)

// glyphs are the characters that both weights have.
var glyphs = sync.OnceValue(func() map[rune]bool {
	both := map[rune]bool{}
	heavy := mapped(semiBold)
	for r := range mapped(regular) {
		both[r] = heavy[r]
	}
	return both
})

// shown is a text in characters of the typeface: composed, without control
// characters, letters that it lacks without their accents, and where that does
// not help "?". replaced says that it did not help.
func shown(text string) (s string, replaced bool) {
	has := glyphs()
	var b strings.Builder
	for _, r := range norm.NFC.String(text) {
		switch {
		case has[r]:
			b.WriteRune(r)
		case unicode.IsControl(r) || unicode.IsSpace(r):
			b.WriteByte(' ')
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
			// An accent that joins nothing, or a mark that is not seen.
		default:
			plain := plainer(r, has)
			replaced = replaced || plain == "?"
			b.WriteString(plain)
		}
	}
	return b.String(), replaced
}

// plainer writes a character by those it is made of.
func plainer(r rune, has map[rune]bool) string {
	var b strings.Builder
	for _, part := range norm.NFKD.String(string(r)) {
		switch {
		case unicode.Is(unicode.Mn, part):
		case has[part]:
			b.WriteRune(part)
		default:
			return "?"
		}
	}
	return b.String()
}

// mapped reads which characters of the basic plane a TrueType font has: its
// cmap table's subtable for Unicode, in format 4.
func mapped(font []byte) map[rune]bool {
	has := map[rune]bool{}
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(font[at:])) }
	u32 := func(at int) int { return int(binary.BigEndian.Uint32(font[at:])) }
	for table := range u16(4) {
		record := 12 + 16*table
		if string(font[record:record+4]) != "cmap" {
			continue
		}
		cmap := u32(record + 8)
		for sub := range u16(cmap + 2) {
			at := cmap + u32(cmap+4+8*sub+4)
			if u16(cmap+4+8*sub) == 3 && u16(at) == 4 {
				segments(at, u16, has)
			}
		}
	}
	return has
}

func segments(at int, u16 func(int) int, has map[rune]bool) {
	twice := u16(at + 6) // the number of segments, doubled
	for n := 0; n < twice; n += 2 {
		last, first := u16(at+14+n), u16(at+16+twice+n)
		delta, offsetAt := u16(at+16+2*twice+n), at+16+3*twice+n
		for c := first; c <= last && c < 0xffff; c++ {
			glyph := c + delta
			if offset := u16(offsetAt); offset != 0 {
				if glyph = u16(offsetAt + offset + 2*(c-first)); glyph != 0 {
					glyph += delta
				}
			}
			if glyph&0xffff != 0 {
				has[rune(c)] = true //nolint:gosec // at most 0xfffe
			}
		}
	}
}
