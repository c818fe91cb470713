package seals

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"remit"
	"remit/secrets"
)

func open(t *testing.T) *File {
	t.Helper()
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	must(t, err)
	kek, err := aead.New(handle)
	must(t, err)
	keys, err := secrets.OpenWithKEK(t.Context(), kek, &secrets.MemoryStore{})
	must(t, err)
	f, err := Open(filepath.Join(t.TempDir(), "seals"), keys)
	must(t, err)
	return f
}

// add appends a seal as a process of its own would.
func add(t *testing.T, f *File, s remit.AuditSeal) {
	t.Helper()
	var err error
	s.Organisation, s.Hash = "/acme", []byte{byte(s.Seq)}
	s.Signature, err = f.keys.Sign(secrets.AuditSeal, s.Message())
	must(t, err)
	other, err := Open(f.path, f.keys)
	must(t, err)
	must(t, other.exclusively(func(locked *os.File) error { return other.write(locked, []remit.AuditSeal{s}) }))
}

// What another process seals counts at once, and a machine that loses its power
// in the middle of a line loses that line and no other.
func TestSealsOfOthersAndTornLines(t *testing.T) {
	f, tenant, at := open(t), uuid.New(), time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	add(t, f, remit.AuditSeal{Tenant: tenant, Seq: 7, At: at})
	torn, err := os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	_, err = torn.WriteString(`{"v":1,"tenant":"` + tenant.String())
	must(t, err)
	must(t, torn.Close())
	if last, found, err := f.Last(tenant); err != nil || !found || last.Seq != 7 {
		t.Errorf("beside a torn line the last seal is %d, %v, %v", last.Seq, found, err)
	}
	add(t, f, remit.AuditSeal{Tenant: tenant, Seq: 9, At: at.Add(time.Minute)})
	if last, _, err := f.Last(tenant); err != nil || last.Seq != 9 {
		t.Errorf("the last seal is %d, %v", last.Seq, err)
	}
	book, err := f.Book()
	if err != nil || len(book.Wrong) > 0 || len(book.Seals[tenant]) != 2 {
		t.Errorf("the book has %d seals, %q, %v", len(book.Seals[tenant]), book.Wrong, err)
	}
	info, err := os.Stat(f.path)
	must(t, err)
	if info.Mode() != 0o600 {
		t.Errorf("others may read the file: %v", info.Mode())
	}
}

// A line copied to the end of the file again, or a file that went away, takes
// nothing back of what was sealed.
func TestAnOlderSealSaysNothingNew(t *testing.T) {
	f, tenant, at := open(t), uuid.New(), time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for n := range int64(3) {
		add(t, f, remit.AuditSeal{Tenant: tenant, Seq: n + 1, At: at.Add(time.Duration(n) * time.Minute)})
	}
	add(t, f, remit.AuditSeal{Tenant: tenant, Seq: 1, At: at})
	if last, _, err := f.Last(tenant); err != nil || last.Seq != 3 {
		t.Errorf("the last seal is %d, %v", last.Seq, err)
	}
	if book, err := f.Book(); err != nil || len(book.Seals[tenant]) != 3 {
		t.Errorf("%d seals count, %v", len(book.Seals[tenant]), err)
	}
	must(t, os.Remove(f.path))
	if last, found, err := f.Last(tenant); err != nil || !found || last.Seq != 3 {
		t.Errorf("without its file the last seal is %d, %v, %v", last.Seq, found, err)
	}
}

// Who resumes gives up the seals of what is gone, and no earlier ones.
func TestResumingGivesUpNoEarlierSeal(t *testing.T) {
	f, tenant, at := open(t), uuid.New(), time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for n := range int64(4) {
		add(t, f, remit.AuditSeal{Tenant: tenant, Seq: 10 * (n + 1), At: at.Add(time.Duration(n) * time.Minute)})
	}
	add(t, f, remit.AuditSeal{Tenant: tenant, Seq: 22, At: at.Add(time.Hour), Resumed: &remit.Resumed{After: 20, Reason: "restored"}})
	book, err := f.Book()
	must(t, err)
	var left []int64
	for _, s := range book.Seals[tenant] {
		left = append(left, s.Seq)
	}
	if len(left) != 3 || left[0] != 10 || left[1] != 20 || left[2] != 22 || len(book.Resumed) != 1 {
		t.Errorf("%v count, %d resumed", left, len(book.Resumed))
	}
	if last, _, err := f.Last(tenant); err != nil || last.Seq != 22 {
		t.Errorf("the last seal is %d, %v", last.Seq, err)
	}
}

// A file with something else in it is not one without seals: nothing is taken
// for good that cannot be read.
func TestWhatIsNoSealIsAnError(t *testing.T) {
	f := open(t)
	must(t, os.WriteFile(f.path, []byte("{}\n"), 0o600))
	if _, _, err := f.Last(uuid.New()); err == nil {
		t.Error("a line that is no seal was passed over")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
