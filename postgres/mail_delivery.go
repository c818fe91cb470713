package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// ClaimMail takes the mail whose turn has come and marks it as being sent; nil where
// none is due. From then on it may have gone out. host ends its Message-ID.
func (tx *Tx) ClaimMail(ctx context.Context, host string) (*MailRow, error) {
	var id uuid.UUID
	err := tx.QueryRow(ctx, `update mails set state = 'sending', sending_since = now(), tries = tries + 1,
			message_id = case message_id when '' then id || '@' || $2 else message_id end
		where tenant = $1 and id = (select id from mails where tenant = $1 and state = 'queued' and next_at <= now()
			order by next_at, id limit 1 for update skip locked)
		returning id`, tx.Tenant, host).Scan(&id)
	if isNoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("claim a mail: %w", err)
	}
	m, err := tx.Mail(ctx, id)
	return &m, err
}

// LostMail is a mail whose sending does not end.
type LostMail struct {
	ID      uuid.UUID
	Invoice *uuid.UUID // that it is about; nil: none
}

// LostMails reads, without holding them, the mails whose sending has not ended for so
// long that whoever sent them must have died: at most limit.
func (tx *Tx) LostMails(ctx context.Context, after time.Duration, limit int) ([]LostMail, error) {
	rows, err := tx.Query(ctx, "select id, invoice_id from mails where tenant = $1 and state = 'sending' and sending_since < now() - $2::interval order by sending_since, id limit $3", tx.Tenant, after, limit)
	if err != nil {
		return nil, fmt.Errorf("look for lost mails: %w", err)
	}
	lost, err := pgx.CollectRows(rows, pgx.RowToStructByPos[LostMail])
	if err != nil {
		return nil, fmt.Errorf("look for lost mails: %w", err)
	}
	return lost, nil
}

// LoseMail marks a mail as unknown whose sending has still not ended, and gives it;
// nil where it has. Whoever calls it holds the mail's invoice.
func (tx *Tx) LoseMail(ctx context.Context, id uuid.UUID, after time.Duration) (*MailRow, error) {
	tag, err := tx.Exec(ctx, `update mails set state = 'unknown', last_error = 'The process that sent it died before the mail server answered.'
		where tenant = $1 and id = $2 and state = 'sending' and sending_since < now() - $3::interval`, tx.Tenant, id, after)
	if err != nil {
		return nil, fmt.Errorf("give a mail up for lost: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil, nil
	}
	m, err := tx.Mail(ctx, id)
	return &m, err
}

// SaveMailDelivery writes how far a mail has come that the caller has locked.
func (tx *Tx) SaveMailDelivery(ctx context.Context, id uuid.UUID, d remit.MailDelivery) error {
	_, err := tx.saveMail(ctx, id, d, "")
	return err
}

// PostponeMail puts a claimed mail back into the queue that was not handed to any server:
// the try counts for nothing.
func (tx *Tx) PostponeMail(ctx context.Context, id uuid.UUID, tries int, to time.Time, why string) error {
	_, err := tx.Exec(ctx, `update mails set state = 'queued', tries = tries - 1, next_at = $4, last_error = $5, sending_since = null
		where tenant = $1 and id = $2 and state = 'sending' and tries = $3`, tx.Tenant, id, tries, to, why)
	if err != nil {
		return fmt.Errorf("postpone a mail: %w", err)
	}
	return nil
}

// EndMail writes what came of a claimed mail. It returns false, and writes nothing,
// where the mail is no longer the claim's: it was given up for lost, and a person has
// had it sent again.
func (tx *Tx) EndMail(ctx context.Context, id uuid.UUID, d remit.MailDelivery) (bool, error) {
	return tx.saveMail(ctx, id, d, " and state in ('sending', 'unknown') and tries = $4")
}

func (tx *Tx) saveMail(ctx context.Context, id uuid.UUID, d remit.MailDelivery, where string) (bool, error) {
	tag, err := tx.Exec(ctx, `update mails set state = $3, tries = $4, next_at = $5, delivered_at = $6, last_error = $7,
			sending_since = case when $3 = 'sending' then sending_since end
		where tenant = $1 and id = $2`+where, tx.Tenant, id, d.State, d.Tries, d.NextAt, d.DeliveredAt, d.LastError)
	if err != nil {
		return false, fmt.Errorf("save how a mail was delivered: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

// LockMail holds a mail's row until the transaction ends and reads it.
func (tx *Tx) LockMail(ctx context.Context, id uuid.UUID) (MailRow, error) {
	if _, err := tx.Exec(ctx, "select 1 from mails where tenant = $1 and id = $2 for update", tx.Tenant, id); err != nil {
		return MailRow{}, fmt.Errorf("lock a mail: %w", err)
	}
	return tx.Mail(ctx, id)
}

// ListTroubles reads a page, newest first, of the mails about invoices at a path and
// below it that did not arrive: of those units of which the caller may know.
func (tx *Tx) ListTroubles(ctx context.Context, units []uuid.UUID, path string, before uuid.UUID, limit int) ([]MailRow, error) {
	rows, err := tx.Query(ctx, "select "+mailColumns+mailTables+` join organisations o on o.tenant = i.tenant and o.id = i.organisation_id
		where m.tenant = $1 and m.state in ('failed', 'bounced', 'held', 'unknown') and i.organisation_id = any($2)
			and ($3 = '' or o.path = $3 or o.path ^@ ($3 || '/'))
			and ($4 = '00000000-0000-0000-0000-000000000000'::uuid or m.id < $4) order by m.id desc limit $5`, tx.Tenant, units, path, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read the mails in trouble: %w", err)
	}
	mails, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (MailRow, error) { return scanMail(row) })
	if err != nil {
		return nil, fmt.Errorf("read the mails in trouble: %w", err)
	}
	return mails, nil
}
