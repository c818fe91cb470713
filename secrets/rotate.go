package secrets

import (
	"context"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

// KeyInfo describes one key of a keyset, without the key.
type KeyInfo struct {
	ID      uint32 // as in the first bytes of what it sealed
	Primary bool   // seals and signs what is new
	Enabled bool   // opens and verifies what is old
}

// KeyInfo lists the keys of a purpose, oldest first.
func (k *Keyring) KeyInfo(p Purpose) ([]KeyInfo, error) {
	r, err := k.ring(p)
	if err != nil {
		return nil, err
	}
	var list []KeyInfo
	for _, key := range r.handle.KeysetInfo().GetKeyInfo() {
		list = append(list, KeyInfo{
			ID: key.GetKeyId(), Primary: key.GetKeyId() == r.primary,
			Enabled: key.GetStatus() == tinkpb.KeyStatusType_ENABLED,
		})
	}
	return list, nil
}

// Rotate adds a new primary key to a purpose. Older keys keep opening,
// verifying and matching what they made until they are retired. Two rotations
// at once both succeed, one after the other.
func (k *Keyring) Rotate(ctx context.Context, p Purpose) error {
	return k.change(ctx, p, func(m *keyset.Manager) error {
		id, err := m.Add(p.template())
		if err != nil {
			return err
		}
		return m.SetPrimary(id)
	})
}

// Retire disables a key: what it sealed no longer opens. Re-encrypt first
// (see [Keyring.Stale]); for TemporalPayloads wait for the retention of closed
// workflows to pass. The primary key cannot be retired.
func (k *Keyring) Retire(ctx context.Context, p Purpose, id uint32) error {
	return k.change(ctx, p, func(m *keyset.Manager) error { return m.Disable(id) })
}

// attempts bounds how often a change starts again after losing to another
// process.
const attempts = 10

// change applies edit to the stored keyset by compare-and-swap.
func (k *Keyring) change(ctx context.Context, p Purpose, edit func(*keyset.Manager) error) error {
	if _, err := k.ring(p); err != nil {
		return err
	}
	for range attempts {
		if err := k.load(ctx, p); err != nil {
			return err
		}
		r := k.rings[p].Load()
		manager := keyset.NewManagerFromHandle(r.handle)
		if err := edit(manager); err != nil {
			return fmt.Errorf("keyset %s: %w", p, err)
		}
		handle, err := manager.Handle()
		if err != nil {
			return fmt.Errorf("keyset %s: %w", p, err)
		}
		saved, err := k.save(ctx, p, handle, r.version)
		if err != nil {
			return err
		}
		if saved {
			return k.load(ctx, p)
		}
	}
	return fmt.Errorf("keyset %s: %w", p, errContended)
}

var errContended = errors.New("other processes keep changing it")
