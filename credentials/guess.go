package credentials

import (
	_ "embed"
	"slices"
	"strings"
	"unicode"
)

// minGuessBits is what a password must be worth. At 40 ms a try, 2^38 tries are
// three centuries of one core for somebody who has the hash, and out of reach
// through the throttle.
const minGuessBits = 38

// What each part of a password is worth, in bits: the logarithm of how many
// such parts an attacker would try.
const (
	bitsContext   = 3  // a word about the person or Remit
	bitsRepeat    = 4  // something that stood before in the password
	bitsYear      = 6  // 1950 to 2049
	bitsRun       = 7  // aaaa, abcd, 9876
	bitsKeyboard  = 9  // qwer, 1qaz, 1q2w
	bitsWord      = 10 // a word of the list
	bitsDisguise  = 2  // for P@ssw0rd or pASSword
	bitsDigit     = 3
	bitsSeparator = 2 // between words: space . - _ ! and the like
	bitsLetter    = 5
	bitsOther     = 6
)

//go:embed words.txt
var wordFile string

// words are common passwords, names and words that passwords are made of, in
// lower case.
var words = toSet(strings.Fields(wordFile))

// keyboard holds the walks people take on it, each in both directions.
var keyboard = bothWays(
	"`1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "qwertzuiop", "azertyuiop", "yxcvbnm",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "qawsedrftgyhujikolp",
	"qazwsxedcrfvtgbyhnujmikolp", "zaq12wsxcde34rfvbgt56yhnmju78ik", "147258369", "741852963", "159753", "!@#$%^&*()",
)

// guessBits is the least worth of all ways to put the password together from
// parts, each counted once. It is an estimate from above: a real attacker knows
// more words.
func guessBits(password string, context map[string]bool) int {
	original := []rune(password)
	lower := []rune(strings.ToLower(password))
	if len(lower) != len(original) { // a few letters change length in lower case
		lower = original
	}
	plain := undisguised(lower)
	least := make([]int, len(lower)+1)
	for end := 1; end <= len(lower); end++ {
		least[end] = least[end-1] + characterBits(original[end-1])
		for start := end - 2; start >= 0; start-- {
			if bits, ok := partBits(original, lower, plain, start, end, context); ok {
				least[end] = min(least[end], least[start]+bits)
			}
		}
	}
	return least[len(lower)]
}

// partBits is the worth of [start:end) as one part, if it is one.
func partBits(original, lower, plain []rune, start, end int, context map[string]bool) (int, bool) {
	if end-start > longestPart {
		return bitsRepeat, repeats(lower, start, end)
	}
	part, clear := string(lower[start:end]), string(plain[start:end])
	disguise := 0
	if part != string(original[start:end]) && !capitalised(original[start:end]) || !words[part] && !context[part] {
		disguise = bitsDisguise
	}
	switch {
	case context[part], context[clear]:
		return bitsContext + disguise, true
	case end-start >= 3 && repeats(lower, start, end):
		return bitsRepeat, true
	case isYear(part):
		return bitsYear, true
	case end-start >= 3 && isRun(lower[start:end]):
		return bitsRun, true
	case end-start >= 4 && !strings.Contains(part, " ") && strings.Contains(keyboard, part):
		return bitsKeyboard, true
	case words[part], words[clear]:
		return bitsWord + disguise, true
	default:
		return 0, false
	}
}

// longestPart is more characters than any word or walk has; only repetitions
// are longer.
const longestPart = 48

func characterBits(c rune) int {
	switch {
	case c >= '0' && c <= '9':
		return bitsDigit
	case c >= 'a' && c <= 'z':
		return bitsLetter
	case strings.ContainsRune(" .-_!@#,+*/?&", c):
		return bitsSeparator
	default:
		return bitsOther
	}
}

// repeats reports whether [start:end) stands somewhere before start.
func repeats(s []rune, start, end int) bool {
	return strings.Contains(string(s[:start]), string(s[start:end]))
}

func isYear(s string) bool {
	return len(s) == 4 && (s[:2] == "19" && s[2] >= '5' || s[:2] == "20" && s[2] >= '0' && s[2] <= '4') &&
		s[2] <= '9' && s[3] >= '0' && s[3] <= '9'
}

// isRun reports whether the characters stay, rise or fall by one throughout.
func isRun(s []rune) bool {
	step := s[1] - s[0]
	if step < -1 || step > 1 {
		return false
	}
	for i := 2; i < len(s); i++ {
		if s[i]-s[i-1] != step {
			return false
		}
	}
	return true
}

// capitalised reports whether only the first letter is in upper case, or all
// are: what everybody does.
func capitalised(s []rune) bool {
	rest := string(s[1:])
	return rest == strings.ToLower(rest) || string(s) == strings.ToUpper(string(s))
}

// undisguised undoes the usual replacements of letters.
func undisguised(s []rune) []rune {
	replacements := map[rune]rune{
		'0': 'o', '1': 'i', '!': 'i', '3': 'e', '4': 'a', '@': 'a', '5': 's', '$': 's', '7': 't', '+': 't', '8': 'b', '9': 'g',
	}
	out := make([]rune, len(s))
	for i, c := range s {
		out[i] = c
		if letter, ok := replacements[c]; ok {
			out[i] = letter
		}
	}
	return out
}

// contextWords are Remit's own words and those about the person, split at
// whatever is no letter or digit, and whole without it.
func contextWords(about []string) map[string]bool {
	set := toSet([]string{"remit", "invoice", "invoices", "payment", "payments", "stripe", "billing", "remittance"})
	noLetter := func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }
	for _, each := range about {
		pieces := strings.FieldsFunc(strings.ToLower(each), noLetter)
		for _, piece := range append(pieces, strings.Join(pieces, "")) {
			if len([]rune(piece)) >= 3 {
				set[piece] = true
			}
		}
	}
	return set
}

func toSet(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, each := range list {
		set[each] = true
	}
	return set
}

// bothWays joins the walks and their reverses, apart by a space.
func bothWays(walks ...string) string {
	var joined strings.Builder
	for _, walk := range walks {
		runes := []rune(walk)
		joined.WriteString(walk + " ")
		for _, r := range slices.Backward(runes) {
			joined.WriteRune(r)
		}
		joined.WriteByte(' ')
	}
	return joined.String()
}
