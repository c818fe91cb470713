package secrets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// AD is where a sealed value lives. It is authenticated but not stored: the
// reader says where it read the value, and a value moved to another tenant,
// table, column or row does not open. Written as tenant/table/column/row.
type AD struct {
	Tenant uuid.UUID // uuid.Nil for what belongs to the installation
	Table  string    // a database identifier: not empty, no "/"
	Column string    // the same
	Row    string    // the row's key as text, not empty; may hold "/"
}

// ErrSealed is the one answer to a value that does not open, verify or belong
// where it was found; it does not tell which.
var ErrSealed = errors.New("sealed value refused: altered, moved, or made with a key that is gone")

// Seal encrypts plaintext under the purpose's primary key for the place ad.
func (k *Keyring) Seal(p Purpose, ad AD, plaintext []byte) ([]byte, error) {
	associated, err := ad.bytes()
	if err != nil {
		return nil, err
	}
	return k.seal(p, associated, plaintext)
}

// Open decrypts what [Keyring.Seal] made for the same purpose and place, under
// any key not yet retired. Returns ErrSealed otherwise.
func (k *Keyring) Open(p Purpose, ad AD, sealed []byte) ([]byte, error) {
	associated, err := ad.bytes()
	if err != nil {
		return nil, err
	}
	return k.open(p, associated, sealed)
}

// SealSecret seals a [Secret]'s value.
func (k *Keyring) SealSecret(p Purpose, ad AD, s Secret) ([]byte, error) {
	return k.Seal(p, ad, []byte(s.Reveal()))
}

// OpenSecret opens what [Keyring.SealSecret] made.
func (k *Keyring) OpenSecret(p Purpose, ad AD, sealed []byte) (Secret, error) {
	plaintext, err := k.Open(p, ad, sealed)
	if err != nil {
		return Secret{}, err
	}
	return NewSecret(string(plaintext)), nil
}

// Stale reports whether a sealed value was made by another key than the
// primary one, so that it should be opened and sealed again.
func (k *Keyring) Stale(p Purpose, sealed []byte) bool {
	r, err := k.ring(p)
	id, ok := keyID(sealed)
	return err == nil && (!ok || id != r.primary)
}

func (k *Keyring) seal(p Purpose, associated, plaintext []byte) ([]byte, error) {
	r, err := k.ring(p)
	if err != nil {
		return nil, err
	}
	if r.aead == nil {
		return nil, wrongUse(p, "sealing")
	}
	return r.aead.Encrypt(plaintext, associated)
}

func (k *Keyring) open(p Purpose, associated, sealed []byte) ([]byte, error) {
	r, err := k.ringFor(p, sealed)
	if err != nil {
		return nil, err
	}
	if r.aead == nil {
		return nil, wrongUse(p, "sealing")
	}
	plaintext, err := r.aead.Decrypt(sealed, associated)
	if err != nil {
		return nil, ErrSealed
	}
	return plaintext, nil
}

// bytes is unambiguous because only the last part may hold the separator.
func (ad AD) bytes() ([]byte, error) {
	for _, name := range []string{ad.Table, ad.Column} {
		if name == "" || strings.Contains(name, "/") {
			return nil, fmt.Errorf("associated data: %q is not a table or column", name)
		}
	}
	if ad.Row == "" {
		return nil, errors.New("associated data: the row is missing")
	}
	return []byte(ad.Tenant.String() + "/" + ad.Table + "/" + ad.Column + "/" + ad.Row), nil
}

// keyID reads the key's id from tink's five-byte prefix (0x01, id big-endian)
// of a ciphertext, tag or signature.
func keyID(data []byte) (uint32, bool) {
	if len(data) < 5 || data[0] != 1 {
		return 0, false
	}
	return binary.BigEndian.Uint32(data[1:5]), true
}

func wrongUse(p Purpose, use string) error {
	return fmt.Errorf("keyset %s is not for %s", p, use)
}
