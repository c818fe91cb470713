package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// InsertDelegation stores that somebody hands his approvals to somebody else.
func (tx *Tx) InsertDelegation(ctx context.Context, d remit.ApprovalDelegation) error {
	_, err := tx.Exec(ctx, `insert into approval_delegations (tenant, id, organisation_id, from_account, to_account, until, ends_at, created_at) values ($1,$2,$3,$4,$5,$6,$7,$8)`,
		tx.Tenant, d.ID, d.OrganisationID, d.From.ID, d.To.ID, d.Until, d.EndsAt, d.CreatedAt)
	if err != nil {
		return fmt.Errorf("store a delegation: %w", err)
	}
	return nil
}

// EndDelegation takes one back that somebody gave, and reports whether it stood.
func (tx *Tx) EndDelegation(ctx context.Context, id, from uuid.UUID, now time.Time) (bool, error) {
	tag, err := tx.Exec(ctx, "update approval_delegations set ended_at = $4 where tenant = $1 and id = $2 and from_account = $3 and ended_at is null", tx.Tenant, id, from, now)
	if err != nil {
		return false, fmt.Errorf("end a delegation: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

// Delegation reads one. It returns [remit.NotFound] where there is none.
func (tx *Tx) Delegation(ctx context.Context, id uuid.UUID) (remit.ApprovalDelegation, error) {
	list, err := tx.delegations(ctx, "d.id = $2", id)
	if err == nil && len(list) == 0 {
		err = remit.NotFound()
	}
	if err != nil {
		return remit.ApprovalDelegation{}, err
	}
	return list[0], nil
}

// DelegationsOf reads those that somebody gave or was given and that stand.
func (tx *Tx) DelegationsOf(ctx context.Context, person uuid.UUID, now time.Time) ([]remit.ApprovalDelegation, error) {
	return tx.delegations(ctx, "(d.from_account = $2 or d.to_account = $2) and d.ended_at is null and d.ends_at > $3 order by d.created_at, d.id", person, now)
}

// DelegationsFrom reads those that stand and reach an organisation, given by any of
// some people.
func (tx *Tx) DelegationsFrom(ctx context.Context, people []uuid.UUID, path string, now time.Time) ([]remit.ApprovalDelegation, error) {
	return tx.delegations(ctx, "d.from_account = any($2) and ($3 = o.path or $3 ^@ (o.path || '/')) and d.ended_at is null and d.ends_at > $4 order by d.created_at, d.id", people, path, now)
}

func (tx *Tx) delegations(ctx context.Context, rest string, args ...any) ([]remit.ApprovalDelegation, error) {
	rows, err := tx.Query(ctx, `select d.id, d.organisation_id, o.path, d.from_account, f.name, d.to_account, t.name, d.until, d.ends_at, d.created_at, d.ended_at
		from approval_delegations d join organisations o on o.tenant = d.tenant and o.id = d.organisation_id
		join accounts f on f.id = d.from_account join accounts t on t.id = d.to_account where d.tenant = $1 and `+rest, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read delegations: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d remit.ApprovalDelegation, err error) {
		return d, row.Scan(&d.ID, &d.OrganisationID, &d.Organisation, &d.From.ID, &d.From.Name, &d.To.ID, &d.To.Name, &d.Until, &d.EndsAt, &d.CreatedAt, &d.EndedAt)
	})
	if err != nil {
		return nil, fmt.Errorf("read delegations: %w", err)
	}
	return list, nil
}

// IsActiveMember reports whether somebody belongs to the organisation now, and not
// as a customer's user.
func (tx *Tx) IsActiveMember(ctx context.Context, account uuid.UUID) (active bool, err error) {
	err = tx.QueryRow(ctx, `select exists (select 1 from members m join accounts a on a.id = m.account_id where m.tenant = $1 and m.account_id = $2
		and m.customer_id is null and m.accepted_at is not null and m.disabled_at is null and a.disabled_at is null)`, tx.Tenant, account).Scan(&active)
	if err != nil {
		return false, fmt.Errorf("look for a member: %w", err)
	}
	return active, nil
}

// UnitsBelow keeps, of some organisations, those at a path and below.
func (tx *Tx) UnitsBelow(ctx context.Context, path string, units []uuid.UUID) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, "select id from organisations where tenant = $1 and id = any($2) and (path = $3 or path ^@ ($3 || '/'))", tx.Tenant, units, path)
	if err != nil {
		return nil, fmt.Errorf("read organisations: %w", err)
	}
	below, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("read organisations: %w", err)
	}
	return below, nil
}

// MemberByEmail finds somebody of the organisation by his address; nobody is
// [uuid.Nil].
func (tx *Tx) MemberByEmail(ctx context.Context, email string) (account uuid.UUID, err error) {
	err = tx.QueryRow(ctx, "select a.id from accounts a join members m on m.account_id = a.id where m.tenant = $1 and lower(a.email) = lower($2)", tx.Tenant, email).Scan(&account)
	if err != nil && !isNoRows(err) {
		return uuid.Nil, fmt.Errorf("look for a member: %w", err)
	}
	return account, nil
}
