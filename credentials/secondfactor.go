package credentials

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"remit/secrets"
)

// stepSeconds is how long a one-time code holds.
const stepSeconds = 30

// NewTOTP makes the secret of an authenticator app (RFC 6238: SHA-1, six
// digits, 30 s), 160 random bits. The secret, in base32, is to be sealed and
// stored; the URL (otpauth://) and its picture are to be shown once.
func NewTOTP(account string) (secret, url secrets.Secret, qr []byte, err error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Remit", AccountName: account, SecretSize: 20})
	if err != nil {
		return secret, url, nil, fmt.Errorf("second factor: %w", err)
	}
	picture, err := key.Image(240, 240)
	if err != nil {
		return secret, url, nil, fmt.Errorf("second factor: %w", err)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return secret, url, nil, fmt.Errorf("second factor: %w", err)
	}
	return secrets.NewSecret(key.Secret()), secrets.NewSecret(key.URL()), out.Bytes(), nil
}

// CheckTOTP reports whether code is the present one and its step, counted from
// 1970, is later than lastStep: a code works once. Store the returned step in
// the statement that checks that it is still greater. No code of the step
// before or after is taken.
func CheckTOTP(secret secrets.Secret, code string, now time.Time, lastStep int64) (step int64, ok bool) {
	step = now.Unix() / stepSeconds
	if step <= lastStep {
		return lastStep, false
	}
	match, err := totp.ValidateCustom(code, secret.Reveal(), now, totp.ValidateOpts{
		Period: stepSeconds, Skew: 0, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
	})
	if err != nil || !match {
		return lastStep, false
	}
	return step, true
}

// recoveryCodes is how many are given out at once.
const recoveryCodes = 10

// recoveryBytes is 128 bits.
const recoveryBytes = 16

var recoveryEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewRecoveryCodes makes ten codes of 128 random bits, to be shown once, and
// the hashes to store. Each works once.
func NewRecoveryCodes() (codes []secrets.Secret, hashes [][]byte) {
	for range recoveryCodes {
		raw := make([]byte, recoveryBytes)
		_, _ = rand.Read(raw) // never fails: the runtime aborts instead
		plain := recoveryEncoding.EncodeToString(raw)
		codes = append(codes, secrets.NewSecret(grouped(plain)))
		hashes = append(hashes, hashToken(plain))
	}
	return codes, hashes
}

// HashRecoveryCode returns the hash to look a typed code up by; hyphens, spaces
// and case do not matter. It reports false for what cannot be a code.
func HashRecoveryCode(typed string) (hash []byte, ok bool) {
	if len(typed) > 64 {
		return nil, false
	}
	plain := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(typed))
	raw, err := recoveryEncoding.DecodeString(plain)
	if err != nil || len(raw) != recoveryBytes || recoveryEncoding.EncodeToString(raw) != plain {
		return nil, false
	}
	return hashToken(plain), true
}

// grouped puts a hyphen after every fifth character, for reading and typing.
func grouped(s string) string {
	var out strings.Builder
	for i, c := range s {
		if i > 0 && i%5 == 0 {
			out.WriteByte('-')
		}
		out.WriteRune(c)
	}
	return out.String()
}
