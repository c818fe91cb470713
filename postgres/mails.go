package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// MailRow is a mail; Sealed is the body of one that is not about an invoice.
type MailRow struct {
	remit.Mail
	Sealed []byte
}

// InsertMail puts a mail with a sealed body into the outbox.
func (tx *Tx) InsertMail(ctx context.Context, m MailRow) error {
	_, err := tx.Exec(ctx, "insert into mails (tenant, id, recipient, subject, body, created_at) values ($1,$2,$3,$4,$5,$6)",
		tx.Tenant, m.ID, m.To, m.Subject, m.Sealed, m.CreatedAt)
	if err != nil {
		return fmt.Errorf("store the mail: %w", err)
	}
	return nil
}

// queueMail puts a mail of an invoice into the outbox, with the statements that
// go with it. One of the same invoice, stage and due date is there already or is
// not: nothing is sent twice (M13).
func queueMail(batch *pgx.Batch, tenant uuid.UUID, m remit.Mail) {
	batch.Queue(`insert into mails (tenant, id, recipient, subject, text, invoice_id, stage, due_version, created_at, bcc) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,coalesce($10::text[], '{}'))
		on conflict on constraint mails_of_invoices_once do nothing`,
		tenant, m.ID, m.To, m.Subject, m.Body, m.Invoice.ID, m.Invoice.Stage, m.Invoice.DueVersion, m.CreatedAt, m.BCC)
}

// InsertBankAccountMail puts a mail about a bank account into the outbox. One of
// the same account and stage is there already or is not: nothing is sent twice (M13).
func (tx *Tx) InsertBankAccountMail(ctx context.Context, m remit.Mail) error {
	_, err := tx.Exec(ctx, `insert into mails (tenant, id, recipient, subject, text, bank_account_id, stage, created_at) values ($1,$2,$3,$4,$5,$6,$7,$8)
		on conflict on constraint mails_of_bank_accounts_once do nothing`, tx.Tenant, m.ID, m.To, m.Subject, m.Body, m.BankAccount.ID, m.BankAccount.Stage, m.CreatedAt)
	if err != nil {
		return fmt.Errorf("store a mail: %w", err)
	}
	return nil
}

// InsertConnectionMail puts a mail about a connection into the outbox. One of the same
// connection, stage and receiver is there already or is not: nothing is sent twice (M13).
func (tx *Tx) InsertConnectionMail(ctx context.Context, connection uuid.UUID, stage remit.MailStage, m remit.Mail) error {
	_, err := tx.Exec(ctx, `insert into mails (tenant, id, recipient, subject, text, connection_id, stage, created_at) values ($1,$2,$3,$4,$5,$6,$7,$8)
		on conflict on constraint mails_of_connections_once do nothing`, tx.Tenant, m.ID, m.To, m.Subject, m.Body, connection, stage, m.CreatedAt)
	if err != nil {
		return fmt.Errorf("store a mail: %w", err)
	}
	return nil
}

const mailColumns = `m.id, m.recipient, m.subject, m.created_at, m.body, coalesce(m.text, ''), m.invoice_id, m.stage, m.due_version, i.number, m.bank_account_id, coalesce(b.hosted_url, ''),
	m.bcc, m.state, m.tries, m.queued_at, m.next_at, m.delivered_at, m.message_id, m.last_error, m.emptied_at is not null`

const mailTables = ` from mails m left join invoices i on i.tenant = m.tenant and i.id = m.invoice_id
	left join bank_accounts b on b.tenant = m.tenant and b.id = m.bank_account_id`

// ListMails reads a page of the tenant's mails, newest first: those before the
// one with the id before, all if it is zero.
func (tx *Tx) ListMails(ctx context.Context, before uuid.UUID, limit int) ([]MailRow, error) {
	rows, err := tx.Query(ctx, "select "+mailColumns+mailTables+`
		where m.tenant = $1 and ($2 = '00000000-0000-0000-0000-000000000000'::uuid or m.id < $2) order by m.id desc limit $3`, tx.Tenant, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read the mails: %w", err)
	}
	mails, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (MailRow, error) { return scanMail(row) })
	if err != nil {
		return nil, fmt.Errorf("read the mails: %w", err)
	}
	return mails, nil
}

// Mail reads one mail. It returns [remit.NotFound] where there is none.
func (tx *Tx) Mail(ctx context.Context, id uuid.UUID) (MailRow, error) {
	m, err := scanMail(tx.QueryRow(ctx, "select "+mailColumns+mailTables+" where m.tenant = $1 and m.id = $2", tx.Tenant, id))
	if isNoRows(err) {
		return MailRow{}, remit.NotFound()
	}
	if err != nil {
		return MailRow{}, fmt.Errorf("read a mail: %w", err)
	}
	return m, nil
}

func scanMail(row pgx.Row) (m MailRow, err error) {
	var invoice, bank *uuid.UUID
	var hosted string
	var stage, number *string
	var version *int
	err = row.Scan(&m.ID, &m.To, &m.Subject, &m.CreatedAt, &m.Sealed, &m.Body, &invoice, &stage, &version, &number, &bank, &hosted,
		&m.BCC, &m.Delivery.State, &m.Delivery.Tries, &m.Delivery.QueuedAt, &m.Delivery.NextAt, &m.Delivery.DeliveredAt, &m.Delivery.MessageID, &m.Delivery.LastError, &m.Emptied)
	if err == nil && invoice != nil {
		m.Invoice = &remit.MailedInvoice{ID: *invoice, Stage: remit.MailStage(*stage), DueVersion: *version, Number: *number}
	}
	if err == nil && bank != nil {
		m.BankAccount = &remit.MailedBankAccount{ID: *bank, Stage: remit.MailStage(*stage), Stripe: hosted}
	}
	return m, err
}
