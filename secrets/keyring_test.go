package secrets_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"remit/secrets"
)

var (
	tenantA = uuid.MustParse("0190d1f0-0000-7000-8000-00000000000a")
	tenantB = uuid.MustParse("0190d1f0-0000-7000-8000-00000000000b")
	place   = secrets.AD{Tenant: tenantA, Table: "connections", Column: "secret_key", Row: "42"}
)

// T34: what was sealed opens at its own place with its own purpose, and at no
// other; an altered byte anywhere is refused.
func TestSealedValueIsBoundToItsPlace(t *testing.T) {
	keys := open(t, kekFile(t), &secrets.MemoryStore{})
	sealed, err := keys.Seal(secrets.StripeKeys, place, []byte(marker))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte(marker)) {
		t.Fatal("the plaintext is in the sealed value")
	}
	if plain, err := keys.Open(secrets.StripeKeys, place, sealed); err != nil || string(plain) != marker {
		t.Fatalf("opened %q, %v", plain, err)
	}
	for name, moved := range map[string]secrets.AD{
		"tenant": {Tenant: tenantB, Table: "connections", Column: "secret_key", Row: "42"},
		"table":  {Tenant: tenantA, Table: "accounts", Column: "secret_key", Row: "42"},
		"column": {Tenant: tenantA, Table: "connections", Column: "webhook_secret", Row: "42"},
		"row":    {Tenant: tenantA, Table: "connections", Column: "secret_key", Row: "43"},
	} {
		if _, err := keys.Open(secrets.StripeKeys, moved, sealed); !errors.Is(err, secrets.ErrSealed) {
			t.Errorf("opened at another %s: %v", name, err)
		}
	}
	if _, err := keys.Open(secrets.MFA, place, sealed); !errors.Is(err, secrets.ErrSealed) {
		t.Errorf("opened for another purpose: %v", err)
	}
	for i := range sealed {
		altered := bytes.Clone(sealed)
		altered[i] ^= 1
		if _, err := keys.Open(secrets.StripeKeys, place, altered); !errors.Is(err, secrets.ErrSealed) {
			t.Fatalf("opened with byte %d altered: %v", i, err)
		}
	}
}

// Two different places never open each other's values, whatever their names.
func TestPlacesNeverCollide(t *testing.T) {
	keys := open(t, kekFile(t), &secrets.MemoryStore{})
	part := rapid.StringMatching(`[a-z/]{0,3}`)
	rapid.Check(t, func(t *rapid.T) {
		a := secrets.AD{Tenant: tenantA, Table: part.Draw(t, "ta"), Column: part.Draw(t, "ca"), Row: part.Draw(t, "ra")}
		b := secrets.AD{Tenant: tenantA, Table: part.Draw(t, "tb"), Column: part.Draw(t, "cb"), Row: part.Draw(t, "rb")}
		sealed, err := keys.Seal(secrets.MFA, a, []byte("x"))
		if err != nil {
			return // refused names
		}
		if _, err := keys.Open(secrets.MFA, b, sealed); (err == nil) != (a == b) {
			t.Fatalf("%+v opened at %+v: %v", a, b, err)
		}
	})
}

// A fingerprint is equal for equal data at one place only, and still found
// after a rotation.
func TestFingerprintSurvivesRotation(t *testing.T) {
	keys := open(t, kekFile(t), &secrets.MemoryStore{})
	before, err := keys.Fingerprint(secrets.RequestKeys, place, []byte("body"))
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := keys.Fingerprint(secrets.RequestKeys, place, []byte("body")); again != before {
		t.Error("equal data, different fingerprints")
	}
	if other, _ := keys.Fingerprint(secrets.RequestKeys, place, []byte("bodY")); other == before {
		t.Error("different data, equal fingerprints")
	}
	elsewhere := place
	elsewhere.Row = "42b"
	if other, _ := keys.Fingerprint(secrets.RequestKeys, elsewhere, []byte("ody")); other == before {
		t.Error("a byte moved from data to row gives the same fingerprint")
	}
	if err := keys.Rotate(t.Context(), secrets.RequestKeys); err != nil {
		t.Fatal(err)
	}
	if after, _ := keys.Fingerprint(secrets.RequestKeys, place, []byte("body")); after == before {
		t.Error("the rotation changed nothing")
	}
	if ok, err := keys.FingerprintMatches(secrets.RequestKeys, place, []byte("body"), before[:]); err != nil || !ok {
		t.Errorf("old fingerprint not recognised: %v %v", ok, err)
	}
	if ok, _ := keys.FingerprintMatches(secrets.RequestKeys, place, []byte("other"), before[:]); ok {
		t.Error("other data recognised")
	}
}

// A rotated key seals what is new, opens what is old, and another process
// takes it over by itself the first time it meets it; a retired key is dead.
func TestRotationReachesOtherProcesses(t *testing.T) {
	file, store := kekFile(t), &secrets.MemoryStore{}
	here, there := open(t, file, store), open(t, file, store)
	old, err := here.Seal(secrets.StripeKeys, place, []byte("old"))
	if err != nil {
		t.Fatal(err)
	}
	oldTag, err := here.Tag(secrets.PayLinks, place, []byte("invoice 1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range secrets.Purposes() {
		if err := here.Rotate(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	fresh, err := here.Seal(secrets.StripeKeys, place, []byte("new"))
	if err != nil {
		t.Fatal(err)
	}
	if !here.Stale(secrets.StripeKeys, old) || here.Stale(secrets.StripeKeys, fresh) {
		t.Error("stale is the old one and not the new one")
	}
	for want, sealed := range map[string][]byte{"old": old, "new": fresh} {
		if plain, err := there.Open(secrets.StripeKeys, place, sealed); err != nil || string(plain) != want {
			t.Errorf("the other process opened %q, %v; want %q", plain, err, want)
		}
	}
	if err := there.VerifyTag(secrets.PayLinks, place, []byte("invoice 1"), oldTag); err != nil {
		t.Errorf("a pay link from before the rotation: %v", err)
	}
	retireOldest(t, here, secrets.StripeKeys)
	if err := there.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]*secrets.Keyring{"here": here, "there": there} {
		if _, err := k.Open(secrets.StripeKeys, place, old); !errors.Is(err, secrets.ErrSealed) {
			t.Errorf("%s: a retired key still opens: %v", name, err)
		}
	}
}

func retireOldest(t *testing.T, keys *secrets.Keyring, p secrets.Purpose) {
	t.Helper()
	info, err := keys.KeyInfo(p)
	if err != nil || len(info) != 2 {
		t.Fatalf("key info %v, %v; want two keys", info, err)
	}
	if err := keys.Retire(t.Context(), p, info[1].ID); err == nil {
		t.Error("the primary key was retired")
	}
	if err := keys.Retire(t.Context(), p, info[0].ID); err != nil {
		t.Fatal(err)
	}
}

// Processes that start or rotate at the same moment end with one keyset that
// all of them share and that holds every rotation.
func TestOpeningAndRotatingAtOnce(t *testing.T) {
	file, store := kekFile(t), &secrets.MemoryStore{}
	all := make([]*secrets.Keyring, 6)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() {
			keys, err := secrets.Open(t.Context(), file, store)
			if err != nil {
				t.Error(err)
				return
			}
			if err := keys.Rotate(t.Context(), secrets.MFA); err != nil {
				t.Error(err)
			}
			all[i] = keys
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	info, err := open(t, file, store).KeyInfo(secrets.MFA)
	if err != nil || len(info) != len(all)+1 {
		t.Fatalf("%d keys, %v; want %d", len(info), err, len(all)+1)
	}
	sealed, err := all[0].Seal(secrets.MFA, place, []byte("shared"))
	if err != nil {
		t.Fatal(err)
	}
	for _, keys := range all {
		if err := keys.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if plain, err := keys.Open(secrets.MFA, place, sealed); err != nil || string(plain) != "shared" {
			t.Errorf("opened %q, %v", plain, err)
		}
	}
}

// Signatures and tags hold for exactly what was signed; the exported public
// keys hold no private one.
func TestSignaturesAndTags(t *testing.T) {
	keys := open(t, kekFile(t), &secrets.MemoryStore{})
	signature, err := keys.Sign(secrets.AuditSeal, []byte("head"))
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.VerifySignature(secrets.AuditSeal, []byte("head"), signature); err != nil {
		t.Error(err)
	}
	if err := keys.VerifySignature(secrets.AuditSeal, []byte("other"), signature); !errors.Is(err, secrets.ErrSealed) {
		t.Errorf("other data verified: %v", err)
	}
	public, err := keys.PublicKeys(secrets.AuditSeal)
	if err != nil || bytes.Contains(public, []byte("ASYMMETRIC_PRIVATE")) || !bytes.Contains(public, []byte("ASYMMETRIC_PUBLIC")) {
		t.Errorf("public keys %s, %v", public, err)
	}
	tag, err := keys.Tag(secrets.PayLinks, place, []byte("1"))
	if err != nil || len(tag) != 37 {
		t.Fatalf("tag of %d bytes, %v", len(tag), err)
	}
	for _, bad := range [][]byte{nil, tag[:36], append(bytes.Clone(tag), 0), bytes.Repeat([]byte{1}, 37)} {
		if err := keys.VerifyTag(secrets.PayLinks, place, []byte("1"), bad); !errors.Is(err, secrets.ErrSealed) {
			t.Errorf("tag %x verified: %v", bad, err)
		}
	}
	if err := keys.VerifyTag(secrets.PayLinks, place, []byte("2"), tag); !errors.Is(err, secrets.ErrSealed) {
		t.Errorf("tag of another version verified: %v", err)
	}
}

// A purpose does only what it is for, so that no key serves two ends.
func TestPurposesDoNotMix(t *testing.T) {
	keys := open(t, kekFile(t), &secrets.MemoryStore{})
	for _, p := range append(secrets.Purposes(), "unknown") {
		_, seal := keys.Seal(p, place, nil)
		_, tag := keys.Tag(p, place, nil)
		_, sign := keys.Sign(p, nil)
		_, print := keys.Fingerprint(p, place, nil)
		allowed := 0
		for _, err := range []error{seal, tag, sign, print} {
			if err == nil {
				allowed++
			}
		}
		if want := map[bool]int{true: 0, false: 1}[p == "unknown"]; allowed != want {
			t.Errorf("%s allows %d operations, want %d", p, allowed, want)
		}
	}
}

// Swapped rows, another KEK and an unusable KEK file stop the start.
func TestStoreAndKEKAreChecked(t *testing.T) {
	file, store := kekFile(t), &secrets.MemoryStore{}
	open(t, file, store)
	if _, err := secrets.Open(t.Context(), kekFile(t), store); err == nil {
		t.Error("opened with another key encryption key")
	}
	if _, err := secrets.Open(t.Context(), file, swapped{store}); err == nil {
		t.Error("opened with the keysets of two purposes swapped")
	}
	for name, change := range map[string]func() error{
		"group may read": func() error { return os.Chmod(file, 0o440) },
		"all may read":   func() error { return os.Chmod(file, 0o644) },
		"not base64":     func() error { return errors.Join(os.Chmod(file, 0o600), os.WriteFile(file, []byte("hello"), 0o600)) },
		"too short":      func() error { return os.WriteFile(file, []byte("aGVsbG8="), 0o600) },
		"empty":          func() error { return os.WriteFile(file, nil, 0o600) },
		"absent":         func() error { return os.Remove(file) },
	} {
		t.Run(name, func(t *testing.T) {
			other := kekFile(t)
			previous := file
			file = other
			defer func() { file = previous }()
			if err := change(); err != nil {
				t.Fatal(err)
			}
			if _, err := secrets.ReadKEK(other); err == nil {
				t.Error("taken")
			}
		})
	}
}

// Making the KEK twice keeps the first one.
func TestCreateKEKKeepsWhatIsThere(t *testing.T) {
	file := kekFile(t)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := secrets.CreateKEK(file); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(file); !bytes.Equal(before, after) {
		t.Error("the key was replaced")
	}
}

// The key encryption key can be exchanged without touching what was sealed,
// also when a first run stopped half-way.
func TestRewrap(t *testing.T) {
	store := &secrets.MemoryStore{}
	file, nextFile := kekFile(t), kekFile(t)
	sealed, err := open(t, file, store).Seal(secrets.MFA, place, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	from, to := readKEK(t, file), readKEK(t, nextFile)
	for range 2 {
		if err := secrets.Rewrap(t.Context(), store, from, to); err != nil {
			t.Fatal(err)
		}
	}
	if plain, err := open(t, nextFile, store).Open(secrets.MFA, place, sealed); err != nil || string(plain) != "x" {
		t.Errorf("opened %q, %v", plain, err)
	}
	if _, err := secrets.Open(t.Context(), file, store); err == nil {
		t.Error("the old key encryption key still opens")
	}
}

// swapped is a store whose rows of two purposes were exchanged.
type swapped struct{ *secrets.MemoryStore }

func (s swapped) LoadKeyset(ctx context.Context, purpose string) ([]byte, int64, error) {
	switch secrets.Purpose(purpose) {
	case secrets.StripeKeys:
		purpose = string(secrets.MFA)
	case secrets.MFA:
		purpose = string(secrets.StripeKeys)
	default:
	}
	return s.MemoryStore.LoadKeyset(ctx, purpose)
}

func kekFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "keys", "kek")
	if err := secrets.CreateKEK(file); err != nil {
		t.Fatal(err)
	}
	return file
}

func readKEK(t *testing.T, file string) kek {
	t.Helper()
	aead, err := secrets.ReadKEK(file)
	if err != nil {
		t.Fatal(err)
	}
	return aead
}

type kek = interface {
	Encrypt(plaintext, associatedData []byte) ([]byte, error)
	Decrypt(ciphertext, associatedData []byte) ([]byte, error)
}

func open(t *testing.T, file string, store secrets.Store) *secrets.Keyring {
	t.Helper()
	keys, err := secrets.Open(t.Context(), file, store)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
