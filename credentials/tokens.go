package credentials

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strings"

	"remit/secrets"
)

// TokenKind says what a token is for. A token of one kind is no token of
// another.
type TokenKind string

// The kinds. Each is also the text a token starts with; a session's, which
// only lives in a cookie, starts with nothing.
const (
	SessionToken    TokenKind = ""
	APIToken        TokenKind = "remit_" // for scanners to find in code that was published by mistake
	InvitationToken TokenKind = "invite_"
	ResetToken      TokenKind = "reset_"
	SecondStepToken TokenKind = "step_"     // between password and second factor
	StateToken      TokenKind = "state_"    // between a person's way to Stripe, to link an account, and back
	ProviderToken   TokenKind = "provider_" // between a browser's way to the identity provider and back
)

// tokenBytes is 256 bits.
const tokenBytes = 32

// Token is a fresh token: the plain text to hand out once, the hash to store.
type Token struct {
	Plain secrets.Secret
	Hash  []byte // SHA-256 of the plain text: 32 bytes
}

// NewToken makes a token from 256 random bits. An API token ends with a
// checksum.
func NewToken(kind TokenKind) Token {
	raw := make([]byte, tokenBytes)
	_, _ = rand.Read(raw) // never fails: the runtime aborts instead
	if kind == APIToken {
		raw = binary.BigEndian.AppendUint32(raw, crc32.ChecksumIEEE(raw))
	}
	plain := string(kind) + base64.RawURLEncoding.EncodeToString(raw)
	return Token{Plain: secrets.NewSecret(plain), Hash: hashToken(plain)}
}

// HashToken returns the hash to look a presented token up by. It reports false
// for what cannot be a token of this kind, mistyped API tokens included, which
// then need no look-up. Looking up by hash gives no timing to learn from: who
// can vary the token cannot steer its hash.
func HashToken(kind TokenKind, presented string) (hash []byte, ok bool) {
	encoded, ok := strings.CutPrefix(presented, string(kind))
	if !ok || len(encoded) > 64 {
		return nil, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, false
	}
	if kind == APIToken {
		if len(raw) != tokenBytes+4 || crc32.ChecksumIEEE(raw[:tokenBytes]) != binary.BigEndian.Uint32(raw[tokenBytes:]) {
			return nil, false
		}
	} else if len(raw) != tokenBytes {
		return nil, false
	}
	return hashToken(presented), true
}

// SameHash compares two hashes in constant time.
func SameHash(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

func hashToken(plain string) []byte {
	sum := sha256.Sum256([]byte(plain))
	return sum[:]
}
