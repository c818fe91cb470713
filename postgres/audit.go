package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// AppendAudit adds an entry to the tenant's chain in the transaction of the
// change it speaks of, and sets its Seq and Hash. From here to the commit no
// other entry of the tenant can be written, so it is called last.
func (tx *Tx) AppendAudit(ctx context.Context, e *remit.AuditEntry) error {
	e.At = e.At.UTC().Truncate(time.Microsecond) // as the database keeps it
	if len(e.Change) == 0 {
		e.Change = []byte("{}")
	}
	var previous []byte
	err := tx.QueryRow(ctx, `insert into audit_heads (tenant, seq, hash) values ($1, 0, '') on conflict (tenant) do update set seq = audit_heads.seq
		returning seq, hash`, tx.Tenant).Scan(&e.Seq, &previous)
	if err != nil {
		return fmt.Errorf("lock the audit trail: %w", err)
	}
	e.Seq++
	e.Hash = e.ChainHash(tx.Tenant, previous)
	batch := &pgx.Batch{}
	batch.Queue(`insert into audit (tenant, seq, at, actor_kind, actor_id, actor_name, token_id, address, request_id, action, object, path, scope, matched,
		policy_version, outcome, change, hash) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)`,
		tx.Tenant, e.Seq, e.At, e.Actor.Kind, e.Actor.ID, e.Actor.Name, e.Token, e.Address, e.RequestID, e.Action, e.Object, e.Path, e.Scope, e.Matched,
		e.PolicyVersion, e.Outcome, []byte(e.Change), e.Hash)
	batch.Queue("update audit_heads set seq = $2, hash = $3 where tenant = $1", tx.Tenant, e.Seq, e.Hash)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("write the audit trail: %w", err)
	}
	return nil
}

// AuditQuery narrows the audit trail; zero fields do not narrow.
type AuditQuery struct {
	Units  []uuid.UUID // nil: all entries, else those at one of these organisations
	Actor  string      // id
	Who    string      // part of the actor's name or e-mail address, in any case
	Action string      // how it begins
	Object string      // part of it, in any case
	Before int64       // entries with a lower Seq; 0: from the newest
	Limit  int
}

// ListAudit reads a page of the trail, newest first.
func (tx *Tx) ListAudit(ctx context.Context, q AuditQuery) ([]remit.AuditEntry, error) {
	rows, err := tx.Query(ctx, "select "+auditColumns+` from audit where tenant = $1
		and ($2::uuid[] is null or path in (select path from organisations where tenant = $1 and id = any($2)))
		and ($3 = '' or actor_id = $3) and ($4 = '' or action ^@ $4) and ($5 = '' or strpos(lower(object), lower($5)) > 0) and ($6 = 0 or seq < $6)
		and ($8 = '' or strpos(lower(actor_name), lower($8)) > 0 or actor_id in (
			select a.id::text from members m join accounts a on a.id = m.account_id where m.tenant = $1 and strpos(lower(a.email), lower($8)) > 0))
		order by seq desc limit $7`, tx.Tenant, q.Units, q.Actor, q.Action, q.Object, q.Before, q.Limit, q.Who)
	if err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", err)
	}
	entries, err := pgx.CollectRows(rows, scanAudit)
	if err != nil {
		return nil, fmt.Errorf("read the audit trail: %w", err)
	}
	return entries, nil
}

// AuditHead is the number and the hash of the tenant's newest entry; 0 and
// nothing where there is none.
func (tx *Tx) AuditHead(ctx context.Context) (seq int64, hash []byte, err error) {
	err = tx.QueryRow(ctx, "select seq, hash from audit_heads where tenant = $1", tx.Tenant).Scan(&seq, &hash)
	if err != nil && !isNoRows(err) {
		return 0, nil, fmt.Errorf("read the audit trail's head: %w", err)
	}
	return seq, hash, nil
}

// AuditHash is the hash of the tenant's entry with a number, nil where there is
// none.
func (tx *Tx) AuditHash(ctx context.Context, seq int64) (hash []byte, err error) {
	err = tx.QueryRow(ctx, "select hash from audit where tenant = $1 and seq = $2", tx.Tenant, seq).Scan(&hash)
	if err != nil && !isNoRows(err) {
		return nil, fmt.Errorf("read an entry of the audit trail: %w", err)
	}
	return hash, nil
}

const auditColumns = `seq, at, actor_kind, actor_id, actor_name, token_id, address, request_id, action, object, path, scope, matched, policy_version, outcome, change::text, hash`

func scanAudit(row pgx.CollectableRow) (remit.AuditEntry, error) {
	var e remit.AuditEntry
	var change string
	err := row.Scan(&e.Seq, &e.At, &e.Actor.Kind, &e.Actor.ID, &e.Actor.Name, &e.Token, &e.Address, &e.RequestID, &e.Action, &e.Object, &e.Path, &e.Scope,
		&e.Matched, &e.PolicyVersion, &e.Outcome, &change, &e.Hash)
	e.Change = []byte(change)
	return e, err
}
