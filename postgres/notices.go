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

// The names of the settings of notices: what is written when, and each occasion's
// own text.
const (
	NoticesSetting    = "notices"
	noticeTextSetting = "notice_text/"
)

// NoticeTextSetting is the name of the setting of an occasion's text.
func NoticeTextSetting(o remit.Occasion) string { return noticeTextSetting + string(o) }

// nearestSetting is the value nearest to a path of a setting; null where none is.
const nearestSetting = `(select s.value from settings s join organisations p on p.tenant = s.tenant and p.id = s.organisation_id
	where s.tenant = $1 and s.name = %s and s.value <> 'null' and ($2 = p.path or $2 ^@ (p.path || '/')) order by length(p.path) desc limit 1)`

// PlannedNotices is what is known for an invoice's next notice.
type PlannedNotices struct {
	remit.NoticeFacts
	RowAt *time.Time // of the notice on the agenda; nil: none is
}

// NoticeFacts reads what decides about an invoice's next notice.
func (tx *Tx) NoticeFacts(ctx context.Context, l *LockedInvoice) (n PlannedNotices, err error) {
	n.NoticeFacts = remit.NoticeFacts{Invoice: l.Invoice, InFlight: l.Live != nil, Settings: remit.DefaultNoticeSettings(), Zone: l.Zone}
	n.Invoice.Status = l.DerivedStatus()
	if l.SentAt != nil {
		n.Invoice.Outstanding = l.Billed - l.Applied
	}
	var settings []byte
	var reminders bool
	var reminded *remit.Date
	var month, year *int
	var kind, brand, last4 *string
	err = tx.QueryRow(ctx, "select "+fmt.Sprintf(nearestSetting, "'notices'")+`, c.reminders, c.reminded_on, m.type, m.name, m.last4, m.exp_month, m.exp_year,
			(select at from agenda where tenant = $1 and kind = 'charge' and object_id = $4 and done_at is null),
			(select at from agenda where tenant = $1 and kind = 'notice' and object_id = $4 and done_at is null),
			(select coalesce(array_agg(stage), '{}') from mails where tenant = $1 and invoice_id = $4 and due_version = $5)
		from customers c`+chargeableMethod("(select settings from invoices where tenant = $1 and id = $4)")+`
		where c.tenant = $1 and c.id = $3`, tx.Tenant, l.Organisation, l.CustomerID, l.ID, l.DueVersion).
		Scan(&settings, &reminders, &reminded, &kind, &brand, &last4, &month, &year, &n.ChargeAt, &n.RowAt, &n.Written)
	if err != nil {
		return n, fmt.Errorf("read what decides about notices: %w", err)
	}
	n.Unwanted = !reminders
	if reminded != nil {
		n.RemindedOn = *reminded
	}
	if kind != nil && l.Settings.Methods.Takes(*kind) {
		n.Method = &remit.PaymentMethod{Type: *kind, Brand: *brand, Last4: *last4}
		if month != nil && year != nil {
			n.Method.ExpMonth, n.Method.ExpYear = *month, *year
		}
	}
	if settings == nil {
		return n, nil
	}
	if err := json.Unmarshal(settings, &n.Settings); err != nil {
		return n, fmt.Errorf("read the settings of notices: %w", err)
	}
	return n, nil
}

// NoticeTexts reads the settings of notices that hold at a path and what an
// organisation writes on some occasions: its own text, else the default.
func (tx *Tx) NoticeTexts(ctx context.Context, path string, occasions ...remit.Occasion) (remit.NoticeSettings, map[remit.Occasion]remit.NoticeText, error) {
	settings, texts, names := remit.DefaultNoticeSettings(), map[remit.Occasion]remit.NoticeText{}, []string{NoticesSetting}
	for _, o := range occasions {
		texts[o] = remit.DefaultNoticeText(o)
		names = append(names, NoticeTextSetting(o))
	}
	rows, err := tx.Query(ctx, "select n.name, "+fmt.Sprintf(nearestSetting, "n.name")+" from unnest($3::text[]) n (name)", tx.Tenant, path, names)
	if err != nil {
		return settings, nil, fmt.Errorf("read the texts of notices: %w", err)
	}
	var name string
	var value []byte
	_, err = pgx.ForEachRow(rows, []any{&name, &value}, func() error {
		if value == nil {
			return nil
		}
		if name == NoticesSetting {
			return json.Unmarshal(value, &settings)
		}
		var text remit.NoticeText
		err := json.Unmarshal(value, &text)
		texts[remit.Occasion(name[len(noticeTextSetting):])] = text
		return err
	})
	if err != nil {
		return settings, nil, fmt.Errorf("read the texts of notices: %w", err)
	}
	return settings, texts, nil
}

// ClaimReminder takes a customer's one reminder of a day. It returns false where he
// has had one that day, of whatever invoice.
func (tx *Tx) ClaimReminder(ctx context.Context, customer uuid.UUID, on remit.Date) (bool, error) {
	tag, err := tx.Exec(ctx, "update customers set reminded_on = $3 where tenant = $1 and id = $2 and (reminded_on is null or reminded_on < $3)", tx.Tenant, customer, on)
	if err != nil {
		return false, fmt.Errorf("claim a reminder: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

// SetReminders says whether a customer is reminded.
func (tx *Tx) SetReminders(ctx context.Context, customer uuid.UUID, wanted bool) (changed bool, err error) {
	tag, err := tx.Exec(ctx, "update customers set reminders = $3, updated_at = now() where tenant = $1 and id = $2 and reminders <> $3", tx.Tenant, customer, wanted)
	if err != nil {
		return false, fmt.Errorf("set whether a customer is reminded: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

// RecheckNotices has the next notice decided anew, by the next run, of what a
// customer owes, or, without one, of every invoice at a path and below it. Rows
// that are planned already are looked at at once.
func (tx *Tx) RecheckNotices(ctx context.Context, customer *uuid.UUID, path string, now time.Time) error {
	_, err := tx.Exec(ctx, `insert into agenda (tenant, id, organisation_id, invoice_id, at, kind, object_id, what)
		select i.tenant, gen_random_uuid(), i.organisation_id, i.id, $4, 'notice', i.id, 'Sees which notice comes next'
		from invoices i join organisations o on o.tenant = i.tenant and o.id = i.organisation_id
		where i.tenant = $1 and i.status in ('open', 'partially_paid') and ($2::uuid is null or i.customer_id = $2)
			and ($3 = '' or o.path = $3 or o.path ^@ ($3 || '/'))
		on conflict (tenant, kind, object_id) where done_at is null do update set at = excluded.at, what = excluded.what`, tx.Tenant, customer, path, now)
	if err != nil {
		return fmt.Errorf("have notices decided anew: %w", err)
	}
	return nil
}

// announceAnew has the next notice decided anew, at once, of every invoice of a
// customer that is to be charged by itself: with what he is charged has changed, and
// what could not be announced for want of a method is to be now.
func (tx *Tx) announceAnew(ctx context.Context, customer uuid.UUID) error {
	_, err := tx.Exec(ctx, `insert into agenda (tenant, id, organisation_id, invoice_id, at, kind, object_id, what)
		select i.tenant, gen_random_uuid(), i.organisation_id, i.id, now() + coalesce((select clock_offset from organisations where tenant = $1 and clock_offset is not null limit 1), interval '0'),
			'notice', i.id, 'Sees which notice comes next'
		from invoices i join agenda c on c.tenant = i.tenant and c.kind = 'charge' and c.object_id = i.id and c.done_at is null
		where i.tenant = $1 and i.customer_id = $2 and i.status in ('open', 'partially_paid') and i.hold_reason is null
		on conflict (tenant, kind, object_id) where done_at is null do update set at = least(agenda.at, excluded.at), what = excluded.what`, tx.Tenant, customer)
	if err != nil {
		return fmt.Errorf("have charges announced anew: %w", err)
	}
	return nil
}
