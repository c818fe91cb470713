package secrets

import (
	"crypto/subtle"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
)

// masked is what every printer sees instead of a secret.
const masked = "***"

// Secret is a string that must not be seen: an API key, a bank account number,
// a signing secret. Every way of printing or encoding it gives "***"; storing
// it unsealed in a database is an error. [Secret.Reveal] is the only way out,
// which makes each place that uses the value easy to find.
//
// The value sits behind a pointer because fmt prints unexported struct fields
// without asking their methods: of a struct with a Secret inside, it can then
// only print an address. Compare with [Secret.Equal], not ==.
type Secret struct{ value *string }

// NewSecret wraps a value.
func NewSecret(value string) Secret { return Secret{value: &value} }

// Reveal returns the value itself; "" for the zero Secret.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no value, or an empty one.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// Equal compares two secrets in time that depends on their lengths alone.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// Format prints "***" whatever the verb and flags.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte(masked)) }

// String returns "***".
func (s Secret) String() string { return masked }

// GoString returns "***".
func (s Secret) GoString() string { return masked }

// LogValue logs as "***".
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText encodes as "***": in XML, as a map key, in configuration dumps.
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// MarshalJSON encodes as "***".
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + masked + `"`), nil }

// UnmarshalText takes the value as it stands, for configuration.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}

// UnmarshalJSON takes a JSON string, for request bodies. Its error does not
// repeat the input.
func (s *Secret) UnmarshalJSON(data []byte) error {
	var value string
	if json.Unmarshal(data, &value) != nil {
		return errors.New("a secret must be a JSON string")
	}
	*s = NewSecret(value)
	return nil
}

// Value refuses to hand the secret to a database driver: seal it first.
func (s Secret) Value() (driver.Value, error) {
	return nil, errors.New("a secret must be sealed before it is stored")
}
