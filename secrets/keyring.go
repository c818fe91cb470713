package secrets

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Store keeps one sealed keyset per purpose. What it holds is useless without
// the key encryption key.
type Store interface {
	// LoadKeyset returns the blob and its version (from 1), or nil and 0 when
	// there is none yet.
	LoadKeyset(ctx context.Context, purpose string) (sealed []byte, version int64, err error)
	// SaveKeyset stores version previous+1 if the stored version is still
	// previous (0: none yet), and reports whether it did.
	SaveKeyset(ctx context.Context, purpose string, previous int64, sealed []byte) (bool, error)
}

// Keyring holds the installation's keysets in use. It is safe for concurrent use.
// Make it with [Open].
type Keyring struct {
	kek   tink.AEAD
	store Store
	rings map[Purpose]*atomic.Pointer[ring]

	missMu   sync.Mutex // guards lastMiss: reloads for an unknown key
	lastMiss time.Time
}

// Open reads the key encryption key from kekFile (see [ReadKEK]) and the
// keysets from the store, and makes those that are missing. Several processes
// may open the same store at once.
func Open(ctx context.Context, kekFile string, store Store) (*Keyring, error) {
	kek, err := ReadKEK(kekFile)
	if err != nil {
		return nil, err
	}
	return OpenWithKEK(ctx, kek, store)
}

// OpenWithKEK is [Open] with a key encryption key held elsewhere, for instance
// by a KMS.
func OpenWithKEK(ctx context.Context, kek tink.AEAD, store Store) (*Keyring, error) {
	k := &Keyring{kek: kek, store: store, rings: map[Purpose]*atomic.Pointer[ring]{}}
	for _, p := range Purposes() {
		k.rings[p] = &atomic.Pointer[ring]{}
		if err := k.loadOrCreate(ctx, p); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// Reload takes over keysets that another process has changed. Call it on a
// schedule (a minute is plenty): a value sealed, tagged or signed by a key not
// yet known here triggers a reload by itself.
func (k *Keyring) Reload(ctx context.Context) error {
	var errs []error
	for _, p := range Purposes() {
		errs = append(errs, k.load(ctx, p))
	}
	return errors.Join(errs...)
}

var (
	errNoKeyset = errors.New("no keyset stored")
	errWrongKEK = errors.New("cannot be opened with this key encryption key")
)

func (k *Keyring) loadOrCreate(ctx context.Context, p Purpose) error {
	err := k.load(ctx, p)
	if !errors.Is(err, errNoKeyset) {
		return err
	}
	handle, err := keyset.NewHandle(p.template())
	if err != nil {
		return fmt.Errorf("keyset %s: %w", p, err)
	}
	if _, err := k.save(ctx, p, handle, 0); err != nil {
		return err
	}
	// Whoever saved first, the stored one counts.
	return k.load(ctx, p)
}

func (k *Keyring) load(ctx context.Context, p Purpose) error {
	sealed, version, err := k.store.LoadKeyset(ctx, string(p))
	if err != nil {
		return fmt.Errorf("keyset %s: load: %w", p, err)
	}
	if version == 0 {
		return fmt.Errorf("keyset %s: %w", p, errNoKeyset)
	}
	if current := k.rings[p].Load(); current != nil && current.version >= version {
		return nil
	}
	handle, err := unwrap(p, k.kek, sealed)
	if err != nil {
		return fmt.Errorf("keyset %s: %w", p, err)
	}
	r, err := newRing(p, handle, version)
	if err != nil {
		return err
	}
	k.install(p, r)
	return nil
}

// install puts a ring in place unless a newer one is already there.
func (k *Keyring) install(p Purpose, r *ring) {
	for {
		current := k.rings[p].Load()
		if current != nil && current.version >= r.version || k.rings[p].CompareAndSwap(current, r) {
			return
		}
	}
}

func (k *Keyring) save(ctx context.Context, p Purpose, handle *keyset.Handle, previous int64) (bool, error) {
	sealed, err := wrap(p, k.kek, handle)
	if err != nil {
		return false, fmt.Errorf("keyset %s: %w", p, err)
	}
	saved, err := k.store.SaveKeyset(ctx, string(p), previous, sealed)
	if err != nil {
		return false, fmt.Errorf("keyset %s: save: %w", p, err)
	}
	return saved, nil
}

// ring returns the keys of a purpose.
func (k *Keyring) ring(p Purpose) (*ring, error) {
	pointer := k.rings[p]
	if pointer == nil {
		return nil, fmt.Errorf("keyset %q: no such purpose", string(p))
	}
	return pointer.Load(), nil
}

// Bounds of the reload that an unknown key triggers: garbage sent by a
// stranger must not become a query each, and a workflow waiting for a payload
// must not be taken for a deadlock (one second).
const (
	missInterval = time.Second
	missTimeout  = 500 * time.Millisecond
)

// ringFor returns the keys of a purpose, reloaded when data names a key that
// is not among them. It answers with what it has when that key is unknown
// everywhere; the operation then fails by itself.
func (k *Keyring) ringFor(p Purpose, data []byte) (*ring, error) {
	r, err := k.ring(p)
	if err != nil {
		return nil, err
	}
	id, ok := keyID(data)
	if _, known := r.ids[id]; !ok || known {
		return r, nil
	}
	k.missMu.Lock()
	defer k.missMu.Unlock()
	if r = k.rings[p].Load(); r.ids[id] || time.Since(k.lastMiss) < missInterval {
		return r, nil
	}
	k.lastMiss = time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), missTimeout)
	defer cancel()
	if err := k.load(ctx, p); err != nil {
		return nil, err
	}
	return k.rings[p].Load(), nil
}
