package seals

import (
	"bytes"
	"context"
	"os"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// Newest is the newest seal of the transaction's tenant whose entry its trail
// still has: what was before is as it was sealed, what came after may be gone.
func (f *File) Newest(ctx context.Context, tx *postgres.Tx) (seal remit.AuditSeal, found bool, err error) {
	book, err := f.Book()
	if err != nil {
		return remit.AuditSeal{}, false, err
	}
	// Each hash covers all before it, so that those that hold are the first ones.
	list := book.Seals[tx.Tenant]
	first, after := 0, len(list)
	for first < after {
		middle := (first + after) / 2
		hash, err := tx.AuditHash(ctx, list[middle].Seq)
		if err != nil {
			return remit.AuditSeal{}, false, err
		}
		if bytes.Equal(hash, list[middle].Hash) {
			first = middle + 1
		} else {
			after = middle
		}
	}
	if first == 0 {
		return remit.AuditSeal{}, false, nil
	}
	return list[first-1], true, nil
}

// Resume lets a tenant's trail go on as it is, without what was sealed after an
// entry. record writes the entry that says so, which is sealed once it is
// committed; until then nothing has changed for [File.Check].
func (f *File) Resume(ctx context.Context, db *postgres.DB, tenant uuid.UUID, how remit.Resumed, now time.Time, record func(*postgres.Tx) error) error {
	return f.exclusively(func(locked *os.File) error {
		var seal remit.AuditSeal
		err := db.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
			if err := record(tx); err != nil {
				return err
			}
			seq, hash, err := tx.AuditHead(ctx)
			if err != nil {
				return err
			}
			seal, err = f.signed(ctx, tx, remit.AuditSeal{Seq: seq, Hash: hash, At: now, Resumed: &how})
			return err
		})
		if err != nil {
			return err
		}
		return f.write(locked, []remit.AuditSeal{seal})
	})
}
