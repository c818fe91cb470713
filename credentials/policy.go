package credentials

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"remit/secrets"
)

// The length of a password, in characters (Unicode code points).
const (
	MinPassword = 12
	MaxPassword = 128
)

// Policy decides which passwords may be set: any 12 to 128 characters, taken as
// they are, that are not known from breaches and not made of what an attacker
// tries first. It asks for no mixture of characters. The zero value is ready
// for use; add breached passwords before sharing it.
//
// Known passwords of 12 characters and more are nearly all put together from a
// few parts: a common word or name, twice or with another, a year, a run on
// the keyboard, digits in order. So the embedded list holds a good
// thousand such parts (9 KB) instead of a hundred thousand whole passwords, and a password
// is refused when what it is made of is guessed within 2^38 tries; see
// [guessBits]. What a list of common breached passwords has besides, such as
// words typed on another keyboard and what machines made up, is embedded whole,
// whatever the case it is typed in. An operator who has a longer list adds it
// with [Policy.AddBreached].
type Policy struct {
	breached []uint64 // sorted; see abridged
}

//go:embed breached.txt
var breachedFile string

// breached are common breached passwords of 12 characters and more, in lower
// case. Where they are from is in the file VENDOR.
var breached = toSet(strings.Fields(breachedFile))

// Accepted is a password that the policy took. Printing it shows "***".
type Accepted struct{ secret secrets.Secret }

// PasswordError says why a password may not be set; fit to be shown.
type PasswordError struct{ Reason string }

// Error returns the reason.
func (e *PasswordError) Error() string { return e.Reason }

// Accept checks a new password. About are the words that belong to the person:
// mail address, name, organisation. Every error is a [*PasswordError] and does
// not repeat the password.
func (p *Policy) Accept(password string, about ...string) (Accepted, error) {
	length := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password):
		return Accepted{}, &PasswordError{"The password is not valid UTF-8."}
	case length < MinPassword:
		return Accepted{}, &PasswordError{fmt.Sprintf("The password must have at least %d characters.", MinPassword)}
	case length > MaxPassword:
		return Accepted{}, &PasswordError{fmt.Sprintf("The password must have at most %d characters.", MaxPassword)}
	}
	if _, found := slices.BinarySearch(p.breached, abridged(password)); found || breached[strings.ToLower(password)] {
		return Accepted{}, &PasswordError{"This password is known from a breach elsewhere. Choose another."}
	}
	if guessBits(password, contextWords(about)) < minGuessBits {
		return Accepted{}, &PasswordError{"This password is too easy to guess: it is made of common words, names, " +
			"dates, patterns or what is known about you. Add another word or two."}
	}
	return Accepted{secrets.NewSecret(password)}, nil
}

// AddBreached reads passwords, one a line, to be refused from now on. Lines
// shorter than a password may be are left out. It takes 8 bytes of memory for
// each.
func (p *Policy) AddBreached(list io.Reader) error {
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if utf8.RuneCountInString(line) >= MinPassword {
			p.breached = append(p.breached, abridged(line))
		}
	}
	slices.Sort(p.breached)
	p.breached = slices.Compact(p.breached)
	if err := lines.Err(); err != nil {
		return fmt.Errorf("breached passwords: %w", err)
	}
	return nil
}

// abridged is enough of a hash that among a million passwords one in
// 18 million million others is refused by mistake.
func abridged(password string) uint64 {
	sum := sha256.Sum256([]byte(password))
	return binary.BigEndian.Uint64(sum[:8])
}
