package credentials

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"
)

// parameters of argon2id: 19 MiB, two passes, one lane. Source: OWASP Password
// Storage Cheat Sheet. About 40 ms on one core.
var parameters = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// Bounds on hashing, so that sign-ins cannot take the machine's memory and time.
const (
	hashesAtOnce = 2
	hashPatience = time.Second
)

// ErrBusy means that too many passwords are being hashed; answer 503 and have
// the caller try again.
var ErrBusy = errors.New("too many sign-ins at once")

// Hasher hashes and verifies passwords with argon2id, two at once in the whole
// process; a third waits up to a second. Make one with [NewHasher] and share it.
type Hasher struct {
	slots    chan struct{}
	patience time.Duration
	dummy    func() (string, error)
}

// NewHasher makes a hasher.
func NewHasher() *Hasher {
	return &Hasher{
		slots: make(chan struct{}, hashesAtOnce), patience: hashPatience,
		dummy: sync.OnceValues(func() (string, error) { return argon2id.CreateHash("nobody's password", parameters) }),
	}
}

// Hash returns the hash to store for an accepted password. Returns ErrBusy, or
// the context's error.
func (h *Hasher) Hash(ctx context.Context, password Accepted) (string, error) {
	return h.hash(ctx, password.secret.Reveal())
}

// DemoPassword is the password of the demo's people. It is shorter than the
// policy allows.
const DemoPassword = "remit-demo"

// demo is the one hash of [DemoPassword] in this process: everybody knows the
// password, so that a salt for each of its people would hide nothing.
var demo = sync.OnceValues(func() (string, error) { return argon2id.CreateHash(DemoPassword, parameters) })

// HashDemo returns the hash of [DemoPassword]. Call it only where the embedded
// stand-in runs on loopback.
func HashDemo() (string, error) {
	hash, err := demo()
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// Verify reports whether the password belongs to the stored hash. For a person
// who does not exist, or has no password, pass "" as stored: it does the same
// work and says no. Returns ErrBusy, or an error for a stored hash that is not
// one.
func (h *Hasher) Verify(ctx context.Context, password, stored string) (bool, error) {
	exists := stored != ""
	if !exists {
		var err error
		if stored, err = h.dummy(); err != nil {
			return false, fmt.Errorf("verify password: %w", err)
		}
	}
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	match, err := argon2id.ComparePasswordAndHash(password, stored)
	if err != nil {
		return false, fmt.Errorf("verify password: %w", err)
	}
	return match && exists, nil
}

// NeedsRehash reports whether a stored hash has other parameters than the
// present ones, so that the next successful sign-in should replace it.
func NeedsRehash(stored string) bool {
	params, _, _, err := argon2id.DecodeHash(stored)
	return err != nil || *params != *parameters
}

func (h *Hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	hash, err := argon2id.CreateHash(password, parameters)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// enter waits for one of the slots.
func (h *Hasher) enter(ctx context.Context) (leave func(), err error) {
	timer := time.NewTimer(h.patience)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-timer.C:
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
