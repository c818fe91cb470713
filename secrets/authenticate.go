package secrets

import (
	"bytes"
	"crypto/subtle"
	"encoding/binary"

	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Fingerprint is HMAC-SHA256 over the place and the data under the primary key
// of RequestKeys: equal for equal data, and nothing to guess from without the
// key. After a rotation the same data has another fingerprint; compare with
// [Keyring.FingerprintMatches] and look up with [Keyring.Fingerprints].
func (k *Keyring) Fingerprint(p Purpose, ad AD, data []byte) ([32]byte, error) {
	all, err := k.Fingerprints(p, ad, data)
	if err != nil {
		return [32]byte{}, err
	}
	return all[0], nil
}

// Fingerprints returns the fingerprint under every key not yet retired, the
// primary one's first.
func (k *Keyring) Fingerprints(p Purpose, ad AD, data []byte) ([][32]byte, error) {
	associated, err := ad.bytes()
	if err != nil {
		return nil, err
	}
	r, err := k.ring(p)
	if err != nil {
		return nil, err
	}
	if r.prfs == nil {
		return nil, wrongUse(p, "fingerprints")
	}
	message := framed(associated, data)
	list := make([][32]byte, 1, len(r.prfs.PRFs))
	for id, function := range r.prfs.PRFs {
		sum, err := function.ComputePRF(message, 32)
		if err != nil {
			return nil, err
		}
		if id == r.prfs.PrimaryID {
			list[0] = [32]byte(sum)
		} else {
			list = append(list, [32]byte(sum))
		}
	}
	return list, nil
}

// framed joins place and data with the place's length in front, so that no
// byte can be moved from one to the other.
func framed(associated, data []byte) []byte {
	message := binary.BigEndian.AppendUint32(nil, uint32(len(associated))) //nolint:gosec // a place is some hundred bytes
	return append(append(message, associated...), data...)
}

// FingerprintMatches reports whether stored is the data's fingerprint under
// any key not yet retired.
func (k *Keyring) FingerprintMatches(p Purpose, ad AD, data []byte, stored []byte) (bool, error) {
	list, err := k.Fingerprints(p, ad, data)
	if err != nil {
		return false, err
	}
	match := 0
	for _, sum := range list {
		match |= subtle.ConstantTimeCompare(sum[:], stored)
	}
	return match == 1, nil
}

// Tag authenticates data with HMAC-SHA256 under the purpose's primary key:
// 37 bytes, the key's id and 256 bits of tag. Nothing needs to be stored.
func (k *Keyring) Tag(p Purpose, ad AD, data []byte) ([]byte, error) {
	associated, err := ad.bytes()
	if err != nil {
		return nil, err
	}
	r, err := k.ring(p)
	if err != nil {
		return nil, err
	}
	if r.mac == nil {
		return nil, wrongUse(p, "tags")
	}
	return r.mac.ComputeMAC(framed(associated, data))
}

// VerifyTag checks a tag in constant time, under any key not yet retired.
// Returns ErrSealed when it is not ours.
func (k *Keyring) VerifyTag(p Purpose, ad AD, data, tag []byte) error {
	associated, err := ad.bytes()
	if err != nil {
		return err
	}
	r, err := k.ringFor(p, tag)
	if err != nil {
		return err
	}
	if r.mac == nil {
		return wrongUse(p, "tags")
	}
	if r.mac.VerifyMAC(tag, framed(associated, data)) != nil {
		return ErrSealed
	}
	return nil
}

// Sign signs data with Ed25519 under the primary key of AuditSeal: 69 bytes,
// the key's id and the signature.
func (k *Keyring) Sign(p Purpose, data []byte) ([]byte, error) {
	r, err := k.ring(p)
	if err != nil {
		return nil, err
	}
	if r.signer == nil {
		return nil, wrongUse(p, "signatures")
	}
	return r.signer.Sign(data)
}

// VerifySignature checks a signature under any key not yet retired. Returns
// ErrSealed when it is not ours.
func (k *Keyring) VerifySignature(p Purpose, data, signature []byte) error {
	r, err := k.ringFor(p, signature)
	if err != nil {
		return err
	}
	if r.verifier == nil {
		return wrongUse(p, "signatures")
	}
	if r.verifier.Verify(signature, data) != nil {
		return ErrSealed
	}
	return nil
}

// PublicKeys returns the verifying half of AuditSeal as tink's JSON keyset, to
// be kept outside so that signatures can be checked without this installation.
func (k *Keyring) PublicKeys(p Purpose) ([]byte, error) {
	r, err := k.ring(p)
	if err != nil {
		return nil, err
	}
	if r.signer == nil {
		return nil, wrongUse(p, "signatures")
	}
	public, err := r.handle.Public()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := public.WriteWithNoSecrets(keyset.NewJSONWriter(&out)); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
