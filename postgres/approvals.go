package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

const approvalColumns = `a.id, a.invoice_id, a.organisation_id, o.path, i.number, c.name, a.amount, a.surcharge, a.at_most, a.method, i.currency, a.method_words,
	a.total, a.state, a.asked_by, a.asked_by_name, a.asked_at, a.level, a.answered_by, a.answered_name, a.in_place_of, a.in_place_name, a.delegation,
	a.token, a.token_scopes, a.answered_at, a.expires_at, a.reason, a.ended_at`

const approvalTables = ` from approvals a join invoices i on i.tenant = a.tenant and i.id = a.invoice_id
	join organisations o on o.tenant = a.tenant and o.id = a.organisation_id join customers c on c.tenant = i.tenant and c.id = i.customer_id`

func scanApproval(row pgx.Row) (a remit.Approval, err error) {
	var answeredBy, inPlaceOf *uuid.UUID
	var answered, inPlace string
	var scopes []byte
	err = row.Scan(&a.ID, &a.InvoiceID, &a.OrganisationID, &a.Organisation, &a.InvoiceNumber, &a.CustomerName, &a.Amount, &a.Surcharge, &a.AtMost, &a.Method, &a.Currency,
		&a.MethodWords, &a.Total, &a.State, &a.AskedBy.ID, &a.AskedBy.Name, &a.AskedAt, &a.Level, &answeredBy, &answered, &inPlaceOf, &inPlace, &a.Delegation,
		&a.Token, &scopes, &a.AnsweredAt, &a.ExpiresAt, &a.Reason, &a.EndedAt)
	if err != nil {
		return a, err
	}
	if answeredBy != nil {
		a.AnsweredBy = &remit.Person{ID: *answeredBy, Name: answered}
	}
	if inPlaceOf != nil {
		a.InPlaceOf = &remit.Person{ID: *inPlaceOf, Name: inPlace}
	}
	if scopes != nil {
		if err := json.Unmarshal(scopes, &a.TokenScopes); err != nil {
			return a, fmt.Errorf("read a token's scopes: %w", err)
		}
	}
	return a, nil
}

func (tx *Tx) approvals(ctx context.Context, rest string, args ...any) ([]remit.Approval, error) {
	rows, err := tx.Query(ctx, "select "+approvalColumns+approvalTables+" where a.tenant = $1 and "+rest, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read approvals: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.Approval, error) { return scanApproval(row) })
	if err != nil {
		return nil, fmt.Errorf("read approvals: %w", err)
	}
	return list, nil
}

// Approval reads one; nil id or none such gives nil.
func (tx *Tx) Approval(ctx context.Context, id *uuid.UUID) (*remit.Approval, error) {
	if id == nil {
		return nil, nil //nolint:nilnil // none is no error
	}
	return oneApproval(tx.approvals(ctx, "a.id = $2", *id))
}

// LiveApprovals reads those of an invoice that may still come to permit something.
func (tx *Tx) LiveApprovals(ctx context.Context, invoice uuid.UUID) ([]remit.Approval, error) {
	return tx.approvals(ctx, "a.invoice_id = $2 and a.state in ('asked', 'approved') order by a.asked_at, a.id", invoice)
}

// LastApproval reads what somebody asked last for an invoice, or nil.
func (tx *Tx) LastApproval(ctx context.Context, invoice, asker uuid.UUID) (*remit.Approval, error) {
	return oneApproval(tx.approvals(ctx, "a.invoice_id = $2 and a.asked_by = $3 order by a.ended_at is null desc, a.asked_at desc, a.id desc limit 1", invoice, asker))
}

// ApprovalOfAttempt reads the one an attempt was begun with, or nil.
func (tx *Tx) ApprovalOfAttempt(ctx context.Context, attempt uuid.UUID) (*remit.Approval, error) {
	return oneApproval(tx.approvals(ctx, "a.attempt_id = $2", attempt))
}

// paidAlone holds of an attempt a, with its request q, that is one person's act: that of
// somebody of the organisation, or a charge by itself that he had made, without an approval.
const paidAlone = `(q.payload->'permit'->'by' is not null or a.actor->>'kind' in ('user', 'token') and not coalesce((q.payload->'permit'->>'customer')::boolean, false))
	and not exists (select from approvals p where p.tenant = a.tenant and p.attempt_id = a.id)`

// PaidAlone is what people of the organisation paid, or are paying, of an invoice
// without a second person's approval, fees included, in minor units of its currency;
// one attempt may be left out. What one person's act had charged by itself is part of
// it, and what was sent back later too; a checkout that nobody has paid yet is not.
func (tx *Tx) PaidAlone(ctx context.Context, invoice, but uuid.UUID) (sum int64, err error) {
	err = tx.QueryRow(ctx, `select coalesce(sum(a.amount + a.surcharge), 0)::bigint from attempts a join invoice_requests q on q.tenant = a.tenant and q.id = a.request_id
		where a.tenant = $1 and a.invoice_id = $2 and a.id <> $3 and a.state not in ('failed', 'canceled') and not (a.kind = 'checkout' and a.state in ('created', 'requires_action'))
		and `+paidAlone, tx.Tenant, invoice, but).Scan(&sum)
	if err != nil {
		return 0, fmt.Errorf("add up what was paid without a second person: %w", err)
	}
	return sum, nil
}

func oneApproval(list []remit.Approval, err error) (*remit.Approval, error) {
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// ApprovalQuery narrows the list of approvals.
type ApprovalQuery struct {
	States  []remit.ApprovalState
	Units   []uuid.UUID // organisations where the reader may approve
	Handed  []uuid.UUID // people whose approvals he has, at the organisations of the same number
	At      []uuid.UUID
	Reader  uuid.UUID // who is never shown what he asked himself
	Path    string    // at this path and below
	After   *time.Time
	AfterID uuid.UUID
	Limit   int
}

// ListApprovals reads a page, those asked first first. What is handed to the reader
// by whoever asks is not shown to him.
func (tx *Tx) ListApprovals(ctx context.Context, q ApprovalQuery) ([]remit.Approval, error) {
	return tx.approvals(ctx, `a.state = any($2) and a.asked_by <> $3
		and (a.organisation_id = any($4) or exists (select 1 from unnest($5::uuid[], $6::uuid[]) h(giver, unit) where h.unit = a.organisation_id and h.giver <> a.asked_by))
		and ($7 = '' or o.path = $7 or o.path ^@ ($7 || '/')) and ($8::timestamptz is null or (a.asked_at, a.id) > ($8, $9))
		order by a.asked_at, a.id limit $10`, q.States, q.Reader, q.Units, q.Handed, q.At, q.Path, q.After, q.AfterID, q.Limit)
}

// InsertApproval stores what is asked. A second live one of the same asker for the
// same invoice is refused by the index approvals_one_live.
func (tx *Tx) InsertApproval(ctx context.Context, a remit.Approval) error {
	_, err := tx.Exec(ctx, `insert into approvals (tenant, id, invoice_id, organisation_id, amount, surcharge, at_most, method, method_words, total, state, asked_by, asked_by_name, asked_at, level)
		values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,'asked',$11,$12,$13,$14)`,
		tx.Tenant, a.ID, a.InvoiceID, a.OrganisationID, a.Amount, a.Surcharge, a.AtMost, a.Method, a.MethodWords, a.Total, a.AskedBy.ID, a.AskedBy.Name, a.AskedAt, a.Level)
	if err != nil {
		return fmt.Errorf("store a request for approval: %w", err)
	}
	return nil
}

// SaveApproval writes how far it has come; attempt is the one that was begun with
// it. The invoice's row is to be locked.
func (tx *Tx) SaveApproval(ctx context.Context, a remit.Approval, attempt *uuid.UUID) error {
	var by, place *uuid.UUID
	var byName, placeName string
	if a.AnsweredBy != nil {
		by, byName = &a.AnsweredBy.ID, a.AnsweredBy.Name
	}
	if a.InPlaceOf != nil {
		place, placeName = &a.InPlaceOf.ID, a.InPlaceOf.Name
	}
	var scopes []byte
	if a.TokenScopes != nil {
		var err error
		if scopes, err = json.Marshal(a.TokenScopes); err != nil {
			return fmt.Errorf("write a token's scopes: %w", err)
		}
	}
	_, err := tx.Exec(ctx, `update approvals set state = $3, level = $4, answered_by = $5, answered_name = $6, in_place_of = $7, in_place_name = $8, delegation = $9,
		token = $10, token_scopes = $11, answered_at = $12, expires_at = $13, reason = $14, ended_at = $15, attempt_id = $16 where tenant = $1 and id = $2`,
		tx.Tenant, a.ID, a.State, a.Level, by, byName, place, placeName, a.Delegation, a.Token, scopes, a.AnsweredAt, a.ExpiresAt, a.Reason, a.EndedAt, attempt)
	if err != nil {
		return fmt.Errorf("save an approval: %w", err)
	}
	return nil
}

// InsertApprovalMail puts a mail about an approval into the outbox. One of the same
// approval, stage and receiver is there already or is not: nothing is sent twice (M13).
func (tx *Tx) InsertApprovalMail(ctx context.Context, approval uuid.UUID, stage remit.MailStage, m remit.Mail) error {
	_, err := tx.Exec(ctx, `insert into mails (tenant, id, recipient, subject, text, approval_id, stage, created_at) values ($1,$2,$3,$4,$5,$6,$7,$8)
		on conflict on constraint mails_of_approvals_once do nothing`, tx.Tenant, m.ID, m.To, m.Subject, m.Body, approval, stage, m.CreatedAt)
	if err != nil {
		return fmt.Errorf("store a mail: %w", err)
	}
	return nil
}

// approvalStates are those of an invoice's approvals, by id.
func (tx *Tx) approvalStates(ctx context.Context, invoice uuid.UUID) (map[uuid.UUID]remit.ApprovalState, error) {
	list, err := tx.approvals(ctx, "a.invoice_id = $2", invoice)
	states := make(map[uuid.UUID]remit.ApprovalState, len(list))
	for _, a := range list {
		states[a.ID] = a.State
	}
	return states, err
}
