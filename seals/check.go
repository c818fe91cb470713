package seals

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"remit"
	"remit/postgres"
	"remit/secrets"
)

// MissingError says that a tenant's audit trail lacks what was sealed: the
// database is an older one that was restored, or its trail was rewritten.
type MissingError struct {
	Seal remit.AuditSeal // the newest one
	Head int64           // number of the newest entry that there is
	why  string
}

// Error says what is missing, for the operator.
func (e *MissingError) Error() string {
	return fmt.Sprintf("the audit trail of %s is not the one that was sealed: %s", e.Seal.Organisation, e.why)
}

// Check asks whether the transaction's database has what was sealed last of
// its tenant: a look at the file's size and one row by its key. The error is a
// [MissingError] where it has not. A nil file asks nothing.
func (f *File) Check(ctx context.Context, tx *postgres.Tx) error {
	if f == nil {
		return nil
	}
	seal, found, err := f.Last(tx.Tenant)
	if err != nil || !found {
		return err
	}
	if err := f.keys.VerifySignature(secrets.AuditSeal, seal.Message(), seal.Signature); err != nil {
		return &MissingError{Seal: seal, why: fmt.Sprintf("the seal of entry %d was signed by a key that this database does not know", seal.Seq)}
	}
	hash, err := tx.AuditHash(ctx, seal.Seq)
	if err != nil || bytes.Equal(hash, seal.Hash) {
		return err
	}
	missing := &MissingError{Seal: seal}
	if missing.Head, _, err = tx.AuditHead(ctx); err != nil {
		return err
	}
	missing.why = fmt.Sprintf("entry %d is not what was sealed at %s", seal.Seq, seal.At.Format(time.RFC3339))
	if hash == nil {
		missing.why = fmt.Sprintf("it ends with entry %d, and entry %d was sealed at %s", missing.Head, seal.Seq, seal.At.Format(time.RFC3339))
	}
	return missing
}

// AsMissing gives the [MissingError] an error is or holds, or nil.
func AsMissing(err error) *MissingError {
	missing, _ := errors.AsType[*MissingError](err)
	return missing
}
