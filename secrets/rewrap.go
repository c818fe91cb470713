package secrets

import (
	"bytes"
	"context"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Rewrap seals every stored keyset under another key encryption key. The keys
// themselves stay, so nothing sealed with them changes. Processes that hold
// the old one keep working with what they have loaded and fail to reload:
// restart them with the new one. Interrupted, it can be run again.
func Rewrap(ctx context.Context, store Store, from, to tink.AEAD) error {
	for _, p := range Purposes() {
		if err := rewrap(ctx, store, p, from, to); err != nil {
			return fmt.Errorf("keyset %s: %w", p, err)
		}
	}
	return nil
}

func rewrap(ctx context.Context, store Store, p Purpose, from, to tink.AEAD) error {
	for range attempts {
		sealed, version, err := store.LoadKeyset(ctx, string(p))
		if err != nil || version == 0 {
			return err
		}
		if _, err := unwrap(p, to, sealed); err == nil {
			return nil // done by an earlier run
		}
		handle, err := unwrap(p, from, sealed)
		if err != nil {
			return err
		}
		rewrapped, err := wrap(p, to, handle)
		if err != nil {
			return err
		}
		if saved, err := store.SaveKeyset(ctx, string(p), version, rewrapped); err != nil || saved {
			return err
		}
	}
	return errContended
}

// wrap seals a keyset for the store.
func wrap(p Purpose, kek tink.AEAD, handle *keyset.Handle) ([]byte, error) {
	var sealed bytes.Buffer
	if err := handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&sealed), kek, wrapping(p)); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed.Bytes(), nil
}

// unwrap opens a keyset from the store.
func unwrap(p Purpose, kek tink.AEAD, sealed []byte) (*keyset.Handle, error) {
	handle, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(sealed)), kek, wrapping(p))
	if err != nil {
		return nil, errWrongKEK
	}
	return handle, nil
}

// wrapping binds a sealed keyset to its purpose, so that swapping two rows of
// the store is an error and not another purpose's keys.
func wrapping(p Purpose) []byte { return []byte("remit keyset " + string(p)) }
