package credentials_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"remit/credentials"
)

// What is known from breaches may not be set, in whatever case it is typed, and
// the embedded list is the one that VENDOR names, byte for byte.
func TestEmbeddedBreachedPasswordsAreRefused(t *testing.T) {
	raw, err := os.ReadFile("breached.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
	if len(lines) < 300 {
		t.Fatalf("%d passwords", len(lines))
	}
	for _, line := range lines {
		for _, password := range []string{line, strings.ToUpper(line)} {
			_, err := (&credentials.Policy{}).Accept(password)
			reason, refused := errors.AsType[*credentials.PasswordError](err)
			if !refused || !strings.Contains(reason.Reason, "breach") {
				t.Errorf("%q: %v", password, err)
			}
		}
	}
	vendor, err := os.ReadFile("VENDOR")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(raw)
	if !strings.Contains(string(vendor), "\nbreached.txt @zxcvbn-ts/language-common 4.1.3 MIT "+hex.EncodeToString(sum[:])+" ") {
		t.Errorf("VENDOR does not name %x", sum)
	}
}
