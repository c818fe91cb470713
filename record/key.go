package record

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
)

// Keys are the public keys of an organisation, by their ids: the one that signs and
// those that did before it.
type Keys map[string]ed25519.PublicKey

// KeyID names a public key: the first 16 bytes of the SHA-256 of its 32 bytes, in
// lower-case hexadecimal. Nobody gives an id to a key, so nobody can give it another.
func KeyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:16])
}

const pemType = "PUBLIC KEY"

// PEM writes a public key as a SubjectPublicKeyInfo, as openssl reads it.
func PEM(public ed25519.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", fmt.Errorf("write a public key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der})), nil
}

// ReadKeys reads public keys: one PEM block or several, or what the API answers, in
// which each stands as public_key.
func ReadKeys(file []byte) (Keys, error) {
	if bytes.HasPrefix(bytes.TrimSpace(file), []byte("{")) {
		var answer struct {
			Keys []struct {
				PublicKey string `json:"public_key"`
			} `json:"keys"`
		}
		if err := json.Unmarshal(file, &answer); err != nil {
			return nil, fmt.Errorf("read the keys: %w", err)
		}
		file = nil
		for _, key := range answer.Keys {
			file = append(file, key.PublicKey+"\n"...)
		}
	}
	keys := Keys{}
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != pemType {
			return nil, fmt.Errorf("read the keys: a block of %q, not a public key", block.Type)
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read the keys: %w", err)
		}
		public, ok := parsed.(ed25519.PublicKey)
		if !ok {
			return nil, errors.New("read the keys: a public key that is not Ed25519")
		}
		keys[KeyID(public)] = public
	}
	if len(keys) == 0 {
		return nil, errors.New("read the keys: there is no public key in the file")
	}
	return keys, nil
}
