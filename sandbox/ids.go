package sandbox

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newID returns prefix_ and 24 random characters, about 140 bits.
func newID(prefix string) string { return prefix + "_" + random(24) }

// random returns n characters out of base62 that nobody can guess.
func random(n int) string {
	out := make([]byte, 0, n)
	buffer := make([]byte, n+n/2)
	for len(out) < n {
		if _, err := rand.Read(buffer); err != nil {
			panic(err) // the system has no randomness
		}
		for _, b := range buffer {
			// 248 is the largest multiple of 62 in a byte; above it the
			// remainder would favour the first characters.
			if b < 248 && len(out) < n {
				out = append(out, base62[b%62])
			}
		}
	}
	return string(out)
}

// digest is a stable name of n characters for the parts under the journal's
// secret key: the same parts always give the same name, and the name tells
// nothing about them.
func (s *Server) digest(n int, parts ...string) string {
	mac := hmac.New(sha256.New, s.secret)
	for _, part := range parts {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	return inBase62(mac.Sum(nil), n)
}

func inBase62(sum []byte, n int) string {
	number, base, digit := new(big.Int).SetBytes(sum), big.NewInt(62), new(big.Int)
	out := make([]byte, n)
	for i := range out {
		number.DivMod(number, base, digit)
		out[i] = base62[digit.Int64()]
	}
	return string(out)
}
