package commands

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
	"remit/seals"
)

// T41: a superuser who edits or removes entries of the audit trail and then
// computes every hash anew is found out by the seals, which name the
// organisation and the entries; without them nothing would be noticed.
func TestT41ARewrittenAuditTrailIsNoticedByItsSeals(t *testing.T) {
	h, owner := openHouse(t)
	ctx, tenant := t.Context(), owner.Tenants[0].Tenant
	h.openSeals()
	h.seal() // what there is so far
	first, _ := h.head(tenant)
	h.join(owner, "carl@example.com", "Clerks at /dev")
	h.seal()
	newest, _ := h.head(tenant)
	if newest <= first+1 {
		t.Fatalf("entries %d to %d", first, newest)
	}
	whole := h.trail(tenant)
	for what, edit := range map[string]struct {
		do    func(trail []remit.AuditEntry) []remit.AuditEntry
		named string
	}{
		"an actor":              {func(l []remit.AuditEntry) []remit.AuditEntry { l[1].Actor.Name = "somebody"; return l }, "an entry from 1 to"},
		"one after a good seal": {func(l []remit.AuditEntry) []remit.AuditEntry { l[newest-1].Outcome = remit.AuditDenied; return l }, "an entry from " + text(first+1) + " to " + text(newest)},
		"one removed":           {func(l []remit.AuditEntry) []remit.AuditEntry { return slices.Delete(l, 2, 3) }, "an entry from 1 to"},
		"the last removed":      {func(l []remit.AuditEntry) []remit.AuditEntry { return l[:len(l)-1] }, "it ends with entry " + text(newest-1) + ", and entry " + text(newest)},
		"all removed":           {func([]remit.AuditEntry) []remit.AuditEntry { return nil }, "it ends with entry 0, and entry " + text(newest)},
	} {
		h.rewrite(tenant, edit.do(slices.Clone(whole)))
		if _, err := h.VerifyAudit(ctx, tenant); err != nil {
			t.Fatalf("%s: the rewritten trail is no chain: %v", what, err)
		}
		report := h.verified()
		if len(report.Wrong) != 1 || !strings.HasPrefix(report.Wrong[0], "/dev: ") || !strings.Contains(report.Wrong[0], edit.named) {
			t.Errorf("%s: %q, want /dev and %q", what, report.Wrong, edit.named)
		}
		if sealed, err := h.Seals.Seal(ctx, h.DB, h.Now()); seals.AsMissing(err) == nil || len(sealed) > 0 {
			t.Errorf("%s was sealed over: %v, %v", what, sealed, err)
		}
	}
	h.rewrite(tenant, whole)
	if report := h.verified(); len(report.Wrong) > 0 || report.Seals != 2 {
		t.Errorf("put back: %+v", report)
	}
}

// A head is sealed once however many processes see it move, and not again
// before it moves again.
func TestAHeadIsSealedOnce(t *testing.T) {
	h, owner := openHouse(t)
	path := h.openSeals()
	h.seal()
	var all sync.WaitGroup
	for range 4 { // each as a process of its own has it
		other, err := seals.Open(path, h.Secrets)
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			for range 5 {
				if err := h.auditAlone(t.Context(), owner.Tenants[0].Tenant, owner.entry("test", "", "")); err != nil {
					t.Error(err)
				}
				if _, err := other.Seal(t.Context(), h.DB, h.Now()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	h.seal()
	book, err := h.Seals.Book()
	if err != nil || len(book.Wrong) > 0 {
		t.Fatalf("%q, %v", book.Wrong, err)
	}
	list := book.Seals[owner.Tenants[0].Tenant]
	for n := 1; n < len(list); n++ {
		if list[n].Seq <= list[n-1].Seq {
			t.Errorf("entry %d is sealed after %d", list[n].Seq, list[n-1].Seq)
		}
	}
	raw, err := os.ReadFile(path)
	if lines := bytes.Count(raw, []byte{'\n'}); err != nil || lines != len(list) {
		t.Errorf("%d lines for %d seals, %v", lines, len(list), err)
	}
	if report := h.verified(); len(report.Wrong) > 0 {
		t.Error(report.Wrong)
	}
}

// A line that nobody here signed is named, and counts for nothing.
func TestAForgedSealIsNamed(t *testing.T) {
	h, _ := openHouse(t)
	path := h.openSeals()
	h.seal()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	forged := bytes.Replace(raw, []byte(`"seq":`), []byte(`"seq":9`), 1)
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(copied, slices.Concat(raw, forged, []byte("nonsense\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	book, err := seals.ReadBook(copied, h.Secrets)
	if err != nil || len(book.Wrong) != 2 || !strings.Contains(book.Wrong[0], "Line 2") || !strings.Contains(book.Wrong[0], "/dev") || !strings.Contains(book.Wrong[1], "Line 3") {
		t.Errorf("%q, %v", book.Wrong, err)
	}
}

// openSeals gives the house a file of seals of its own.
func (h *house) openSeals() (path string) {
	h.t.Helper()
	path = filepath.Join(h.t.TempDir(), "seals")
	var err error
	if h.Seals, err = seals.Open(path, h.Secrets); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// seal seals the heads of audit trails.
func (h *house) seal() {
	h.t.Helper()
	if _, err := h.Seals.Seal(h.t.Context(), h.DB, h.Now()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) verified() VerifyReport {
	h.t.Helper()
	book, err := h.Seals.Book()
	if err != nil {
		h.t.Fatal(err)
	}
	report, err := h.Verify(h.t.Context(), book)
	if err != nil {
		h.t.Fatal(err)
	}
	return report
}

func (h *house) head(tenant uuid.UUID) (seq int64, hash []byte) {
	h.t.Helper()
	err := h.DB.InTenant(h.t.Context(), tenant, func(tx *postgres.Tx) (err error) {
		seq, hash, err = tx.AuditHead(h.t.Context())
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return seq, hash
}

// trail is the whole audit trail, oldest first.
func (h *house) trail(tenant uuid.UUID) (list []remit.AuditEntry) {
	h.t.Helper()
	err := h.DB.InTenant(h.t.Context(), tenant, func(tx *postgres.Tx) (err error) {
		list, err = tx.ListAudit(h.t.Context(), postgres.AuditQuery{Limit: 1000})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	slices.Reverse(list)
	return list
}

// rewrite puts a trail in place of the one there is, with numbers, hashes and
// head as if it had always been so: what a superuser can do.
func (h *house) rewrite(tenant uuid.UUID, list []remit.AuditEntry) {
	h.t.Helper()
	h.exec("begin; set local session_replication_role = replica; delete from audit; delete from audit_heads; commit")
	if len(list) == 0 {
		return
	}
	err := h.DB.InTenant(h.t.Context(), tenant, func(tx *postgres.Tx) error {
		for n := range list {
			if err := tx.AppendAudit(h.t.Context(), &list[n]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func text(n int64) string { return strconv.FormatInt(n, 10) }
