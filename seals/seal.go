package seals

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
	"remit/secrets"
)

// Seal signs the head of every tenant's audit trail that moved since it was
// sealed last, appends the seals to the file and returns them. Only one process
// at a time does so for a file. A tenant whose trail lacks what was sealed is
// left as it is; what [File.Check] says of it is in the error, and the others
// are sealed all the same.
func (f *File) Seal(ctx context.Context, db *postgres.DB, now time.Time) (sealed []remit.AuditSeal, err error) {
	var failed []error
	err = f.exclusively(func(locked *os.File) error {
		tenants, err := db.Tenants(ctx)
		if err != nil {
			return err
		}
		for _, tenant := range tenants { // one tenant's trouble is no other's
			var next *remit.AuditSeal
			err := db.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
				next, err = f.next(ctx, tx, now)
				return err
			})
			if err != nil {
				failed = append(failed, fmt.Errorf("tenant %s: %w", tenant, err))
			} else if next != nil {
				sealed = append(sealed, *next)
			}
		}
		return f.write(locked, sealed)
	})
	if err != nil {
		return nil, errors.Join(append(failed, err)...)
	}
	return sealed, errors.Join(failed...)
}

// next is the seal of the transaction's tenant, nil where nothing moved.
func (f *File) next(ctx context.Context, tx *postgres.Tx, now time.Time) (*remit.AuditSeal, error) {
	if err := f.Check(ctx, tx); err != nil {
		return nil, err
	}
	seq, hash, err := tx.AuditHead(ctx)
	if err != nil || seq == 0 {
		return nil, err
	}
	if last, found := f.known(tx.Tenant); found && last.Seq == seq && bytes.Equal(last.Hash, hash) {
		return nil, nil
	}
	seal, err := f.signed(ctx, tx, remit.AuditSeal{Seq: seq, Hash: hash, At: now})
	return &seal, err
}

// signed completes and signs a seal of the transaction's tenant.
func (f *File) signed(ctx context.Context, tx *postgres.Tx, seal remit.AuditSeal) (remit.AuditSeal, error) {
	var err error
	seal.Tenant = tx.Tenant
	if seal.Organisation, err = tx.TenantPath(ctx); err != nil {
		return seal, err
	}
	seal.At = seal.At.UTC().Truncate(time.Microsecond)
	if last, found := f.known(tx.Tenant); found && !seal.At.After(last.At) {
		seal.At = last.At.Add(time.Microsecond) // a clock set back: seals still follow one another
	}
	if seal.Signature, err = f.keys.Sign(secrets.AuditSeal, seal.Message()); err != nil {
		return seal, fmt.Errorf("sign the audit trail's head: %w", err)
	}
	return seal, nil
}

// known is [File.Last] as it was read before.
func (f *File) known(tenant uuid.UUID) (remit.AuditSeal, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	seal, found := f.last[tenant]
	return seal, found
}
