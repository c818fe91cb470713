package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"remit"
)

// ErrAuditBroken says that the audit trail is not what was written.
var ErrAuditBroken = errors.New("the audit trail was altered")

// VerifyAudit reads the tenant's whole trail and returns how many entries it
// has. The error is [ErrAuditBroken], naming the entry, where one was changed,
// removed or added. Who rewrites the whole trail with all its hashes and its
// head is found out by seals of it kept elsewhere, in the order of their
// entries: then the entries since the last seal that holds are named.
func (tx *Tx) VerifyAudit(ctx context.Context, seals []remit.AuditSeal) (int64, error) {
	head, headHash, err := tx.AuditHead(ctx)
	if err != nil {
		return 0, err
	}
	rows, err := tx.Query(ctx, "select "+auditColumns+" from audit where tenant = $1 order by seq", tx.Tenant)
	if err != nil {
		return 0, fmt.Errorf("read the audit trail: %w", err)
	}
	defer rows.Close()
	var last, sealed int64
	var previous []byte
	for rows.Next() {
		e, err := scanAudit(rows)
		if err != nil {
			return last, fmt.Errorf("read the audit trail: %w", err)
		}
		switch {
		case e.Seq > head:
			continue // written since the head was read
		case e.Seq != last+1:
			return last, fmt.Errorf("%w: entry %d is missing", ErrAuditBroken, last+1)
		case !bytes.Equal(e.ChainHash(tx.Tenant, previous), e.Hash):
			return last, fmt.Errorf("%w: entry %d is not what was written", ErrAuditBroken, e.Seq)
		}
		for len(seals) > 0 && seals[0].Seq == e.Seq {
			if !bytes.Equal(seals[0].Hash, e.Hash) {
				return last, fmt.Errorf("%w: %s not what was sealed at %s", ErrAuditBroken, oneOf(sealed+1, e.Seq), seals[0].At.Format(time.RFC3339))
			}
			seals, sealed = seals[1:], e.Seq
		}
		last, previous = e.Seq, e.Hash
	}
	if err := rows.Err(); err != nil {
		return last, fmt.Errorf("read the audit trail: %w", err)
	}
	if last != head || !bytes.Equal(previous, headHash) {
		return last, fmt.Errorf("%w: it ends with entry %d, its head is %d", ErrAuditBroken, last, head)
	}
	if len(seals) > 0 {
		newest := seals[len(seals)-1]
		return last, fmt.Errorf("%w: it ends with entry %d, and entry %d was sealed at %s", ErrAuditBroken, last, newest.Seq, newest.At.Format(time.RFC3339))
	}
	return last, nil
}

// oneOf names the entries of which one was changed: a seal speaks of all since
// the seal before.
func oneOf(first, last int64) string {
	if first == last {
		return fmt.Sprintf("entry %d is", last)
	}
	return fmt.Sprintf("an entry from %d to %d is", first, last)
}
