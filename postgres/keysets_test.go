package postgres_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"

	"remit/secrets"
)

// Several processes that start at once agree on one keyset for each purpose,
// and of two that change one at once the second is told that it came late.
func TestProcessesAgreeOnKeysets(t *testing.T) {
	db, _ := openPeople(t)
	kek, err := subtle.NewAESGCM(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	rings := make([]*secrets.Keyring, 4)
	var all sync.WaitGroup
	for i := range rings {
		all.Go(func() {
			var err error
			if rings[i], err = secrets.OpenWithKEK(t.Context(), kek, db.Keysets()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	place := secrets.AD{Table: "x", Column: "y", Row: "z"}
	sealed, err := rings[0].Seal(secrets.MFA, place, []byte("shared"))
	if err != nil {
		t.Fatal(err)
	}
	for _, ring := range rings {
		if plain, err := ring.Open(secrets.MFA, place, sealed); err != nil || string(plain) != "shared" {
			t.Errorf("%q, %v", plain, err)
		}
	}
	store := db.Keysets()
	if saved, err := store.SaveKeyset(t.Context(), string(secrets.MFA), 1, []byte("two")); err != nil || !saved {
		t.Errorf("version 2: %v, %v", saved, err)
	}
	for _, previous := range []int64{0, 1, 7} {
		if saved, err := store.SaveKeyset(t.Context(), string(secrets.MFA), previous, []byte("late")); err != nil || saved {
			t.Errorf("after version %d: %v, %v", previous, saved, err)
		}
	}
	if sealed, version, err := store.LoadKeyset(t.Context(), string(secrets.MFA)); err != nil || version != 2 || string(sealed) != "two" {
		t.Errorf("%q, %d, %v", sealed, version, err)
	}
	if sealed, version, err := store.LoadKeyset(t.Context(), "unknown"); err != nil || version != 0 || sealed != nil {
		t.Errorf("%q, %d, %v", sealed, version, err)
	}
}
