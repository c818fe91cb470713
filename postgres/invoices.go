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

// LockedInvoice is an invoice whose row this transaction holds. All changes to
// an invoice are made through it and written by [Tx.SaveInvoice], so that its
// stored status always is what [remit.StatusOf] derives.
type LockedInvoice struct {
	remit.Invoice
	Billed   int64
	Zone     *time.Location
	Clock    remit.Clock
	Live     *remit.Attempt // the one live attempt
	Contests bool           // a bank has yet to decide on a payment of it
	WroteOff bool
	// CarriedOut is what of it, in minor units, other invoices bill now.
	CarriedOut int64
	Outbox     []remit.Mail // about this invoice, to be stored by [Tx.SaveInvoice]

	seq  int64
	hash []byte
}

const invoiceColumns = `i.id, i.organisation_id, o.path, i.customer_id, c.name, c.email, c.auto_charge, c.auto_charge_by, i.number, i.seller_name, i.seller_tax_id,
	i.status, i.label, i.tags, i.notes, i.overdue, i.total, coalesce(b.outstanding, 0), coalesce(b.applied, 0), i.currency, i.issue_date, i.due_date, i.due_version,
	i.hold_reason, i.hold_kind, i.hold_since, i.prior_hold, i.deposit_amount, i.deposit_due, i.collection_state, i.collection_why, i.collection_since, i.promise, i.charged_by, i.settings, i.source, i.sent_at, i.paid_at, i.voided_at, i.replaced_by, i.created_at,
	(select w.id from work_items w where w.tenant = i.tenant and w.invoice_id = i.id
	  order by (w.state in ('open', 'claimed', 'paying')) desc, w.created_at desc limit 1),
	a.number, a.kind, a.state, a.since, i.tenant, i.link_version`

const invoiceTables = ` from invoices i
	join organisations o on o.tenant = i.tenant and o.id = i.organisation_id
	join customers c on c.tenant = i.tenant and c.id = i.customer_id
	left join invoice_balances b on b.tenant = i.tenant and b.invoice_id = i.id
	left join attempts a on a.tenant = i.tenant and a.invoice_id = i.id and a.state in ('created', 'requires_action', 'processing', 'confirming')`

func scanInvoice(row pgx.Row, extra ...any) (remit.Invoice, error) {
	var (
		i                    remit.Invoice
		holdReason, holdKind *string
		holdSince            *time.Time
		settings, notes      []byte
		priorHold            []byte
		deposit              *int64
		depositDue           *remit.Date
		collecting           *time.Time
		number               *int
		kind, state          *string
		since                *time.Time
	)
	err := row.Scan(append([]any{&i.ID, &i.OrganisationID, &i.Organisation, &i.CustomerID, &i.CustomerName, &i.CustomerEmail, &i.CustomerAuto, &i.CustomerWord, &i.Number, &i.Seller.Name, &i.Seller.TaxID,
		&i.Status, &i.Label, &i.Tags, &notes, &i.Overdue, &i.Total, &i.Outstanding, &i.Applied, &i.Currency, &i.IssueDate, &i.DueDate, &i.DueVersion,
		&holdReason, &holdKind, &holdSince, &priorHold, &deposit, &depositDue, &i.Collection.State, &i.Collection.Why, &collecting, &i.Promise, &i.ChargedBy, &settings, &i.Source, &i.SentAt, &i.PaidAt, &i.VoidedAt, &i.ReplacedBy, &i.CreatedAt,
		&i.WorkItemID, &number, &kind, &state, &since, &i.Tenant, &i.LinkVersion}, extra...)...)
	if err != nil {
		return remit.Invoice{}, err
	}
	if holdReason != nil {
		i.Hold = &remit.Hold{Reason: *holdReason, Kind: remit.HoldKind(*holdKind), Since: *holdSince}
		if priorHold != nil {
			if err := json.Unmarshal(priorHold, &i.Hold.Prior); err != nil {
				return remit.Invoice{}, fmt.Errorf("read an invoice's earlier hold: %w", err)
			}
		}
	}
	if deposit != nil {
		i.Deposit = &remit.Deposit{Amount: *deposit, DueDate: *depositDue}
	}
	if collecting != nil {
		i.Collection.Since = *collecting
	}
	if number != nil {
		i.InFlight = &remit.InFlight{Attempt: *number, Kind: remit.AttemptKind(*kind), State: remit.AttemptState(*state), Since: *since}
	}
	if i.Status == remit.InvoiceDraft {
		i.Outstanding = i.Total // nothing is billed yet, so the ledger knows nothing of it
	}
	i.Settings = remit.DefaultInvoiceSettings()
	if err := json.Unmarshal(settings, &i.Settings); err != nil {
		return remit.Invoice{}, fmt.Errorf("read an invoice's settings: %w", err)
	}
	if err := json.Unmarshal(notes, &i.Notes); err != nil {
		return remit.Invoice{}, fmt.Errorf("read an invoice's notes: %w", err)
	}
	return i, nil
}

// Invoice reads an invoice with its lines and adjustments, and what of it other
// invoices bill. It returns [remit.NotFound] where there is none.
func (tx *Tx) Invoice(ctx context.Context, id uuid.UUID) (remit.Invoice, error) {
	i, err := tx.InvoiceHead(ctx, id)
	if err != nil {
		return remit.Invoice{}, err
	}
	if err := tx.lines(ctx, &i); err != nil {
		return remit.Invoice{}, err
	}
	if i.Outstanding+i.Applied < i.Total { // it bills less than its total
		i.CarriedTo, err = tx.CarriedFrom(ctx, id)
	}
	return i, err
}

// InvoiceHead reads an invoice without its lines and adjustments. It returns
// [remit.NotFound] where there is none.
func (tx *Tx) InvoiceHead(ctx context.Context, id uuid.UUID) (remit.Invoice, error) {
	i, err := scanInvoice(tx.QueryRow(ctx, "select "+invoiceColumns+invoiceTables+" where i.tenant = $1 and i.id = $2", tx.Tenant, id))
	if isNoRows(err) {
		return remit.Invoice{}, remit.NotFound()
	}
	if err != nil {
		return remit.Invoice{}, fmt.Errorf("read an invoice: %w", err)
	}
	return i, nil
}

// LockInvoice holds an invoice's row until the transaction ends and reads it.
// The row is won by a statement of its own: one that waited for it would join
// the row as it is now with the balance and the attempt as they were before. So is its
// organisation's time zone held, see [Tx.HoldZone].
func (tx *Tx) LockInvoice(ctx context.Context, id uuid.UUID) (*LockedInvoice, error) {
	l := &LockedInvoice{}
	var i remit.Invoice
	var zone string
	var offset *time.Duration
	batch := &pgx.Batch{}
	batch.Queue("select 1 from invoices where tenant = $1 and id = $2 for update", tx.Tenant, id)
	batch.Queue("select pg_advisory_xact_lock_shared("+zoneOf("organisation_id")+") from invoices where tenant = $1 and id = $2", tx.Tenant, id)
	batch.Queue("select "+invoiceColumns+`, coalesce(b.billed, 0), o.time_zone, i.timeline_seq, i.timeline_hash,
		(select clock_offset from organisations t where t.tenant = i.tenant and t.clock_offset is not null limit 1),
		exists (select 1 from disputes d where d.tenant = i.tenant and d.invoice_id = i.id and d.closed_at is null),
		i.status = 'uncollectible' or i.status = 'contested' and coalesce(b.billed, 0) = 0 and coalesce(b.applied, 0) = 0 and (select coalesce(sum(w.amount), 0) > 0
			from ledger_entries e join ledger_lines w on w.tenant = e.tenant and w.entry_id = e.id
			where e.tenant = i.tenant and e.invoice_id = i.id and w.account = 'written_off'),
		(select coalesce(sum(c.amount - c.returned), 0)::bigint from carried_amounts c where c.tenant = i.tenant and c.from_invoice = i.id)`+
		invoiceTables+" where i.tenant = $1 and i.id = $2", tx.Tenant, id).QueryRow(func(row pgx.Row) (err error) {
		i, err = scanInvoice(row, &l.Billed, &zone, &l.seq, &l.hash, &offset, &l.Contests, &l.WroteOff, &l.CarriedOut)
		return err
	})
	err := tx.SendBatch(ctx, batch).Close()
	if isNoRows(err) {
		return nil, remit.NotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("lock an invoice: %w", err)
	}
	l.Invoice = i
	if l.Zone, err = time.LoadLocation(zone); err != nil {
		return nil, fmt.Errorf("time zone %q: %w", zone, err)
	}
	if offset != nil {
		l.Clock = remit.Clock{Offset: *offset, Test: true}
	}
	if i.InFlight != nil {
		if l.Live, err = tx.LiveAttempt(ctx, id); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// NewInvoice is a draft to be inserted.
type NewInvoice struct {
	remit.Invoice
	Fingerprint [32]byte
	ImportID    *uuid.UUID // the import that brings it, if one does
	OnTerms     bool       // it came without a due date and is due by the payment terms
	OwnCharge   bool       // it came with the word that it is charged by itself, which it would not be otherwise
	Made        string     // by what it was made, in words, where nobody brought it
}

// InsertInvoice adds a draft. It returns false and the id of the invoice that
// stands there where one with the same organisation, seller, customer and
// number exists.
func (tx *Tx) InsertInvoice(ctx context.Context, n NewInvoice) (inserted bool, existing uuid.UUID, err error) {
	settings, err := json.Marshal(n.Settings)
	if err != nil {
		return false, uuid.Nil, fmt.Errorf("write an invoice's settings: %w", err)
	}
	tag, err := tx.Exec(ctx, `insert into invoices (tenant, id, organisation_id, customer_id, number, seller_name, seller_tax_id,
		status, total, currency, issue_date, due_date, fingerprint, source, settings, hold_reason, hold_kind, hold_since, created_at, updated_at, import_id,
		deposit_amount, deposit_due, charged_by)
		values ($1,$2,$3,$4,$5,$6,$7,'draft',$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$18,$19,$20,$21,$22)
		on conflict (tenant, organisation_id, seller_name, customer_id, number) do nothing`,
		tx.Tenant, n.ID, n.OrganisationID, n.CustomerID, n.Number, n.Seller.Name, n.Seller.TaxID,
		n.Total, n.Currency, n.IssueDate, n.DueDate, n.Fingerprint[:], n.Source, settings,
		holdReason(n.Hold), holdKind(n.Hold), holdSince(n.Hold), n.CreatedAt, n.ImportID, depositAmount(n.Deposit), depositDue(n.Deposit), n.ChargedBy)
	if err != nil {
		return false, uuid.Nil, fmt.Errorf("insert an invoice: %w", err)
	}
	if tag.RowsAffected() == 0 {
		err := tx.QueryRow(ctx, `select id from invoices where tenant = $1 and organisation_id = $2 and seller_name = $3 and customer_id = $4 and number = $5`,
			tx.Tenant, n.OrganisationID, n.Seller.Name, n.CustomerID, n.Number).Scan(&existing)
		if err != nil {
			return false, uuid.Nil, fmt.Errorf("find the invoice that stands there: %w", err)
		}
		return false, existing, nil
	}
	return true, n.ID, tx.ReplaceLines(ctx, n.ID, n.Lines, n.Adjustments)
}

// Fingerprint reads the fingerprint of an invoice's content as it arrived.
func (tx *Tx) Fingerprint(ctx context.Context, id uuid.UUID) ([]byte, error) {
	var fingerprint []byte
	if err := tx.QueryRow(ctx, "select fingerprint from invoices where tenant = $1 and id = $2", tx.Tenant, id).Scan(&fingerprint); err != nil {
		return nil, fmt.Errorf("read a fingerprint: %w", err)
	}
	return fingerprint, nil
}

// ReplaceLines writes an invoice's lines and adjustments anew.
func (tx *Tx) ReplaceLines(ctx context.Context, id uuid.UUID, lines []remit.Line, adjustments []remit.Adjustment) error {
	batch := &pgx.Batch{}
	batch.Queue("delete from invoice_lines where tenant = $1 and invoice_id = $2", tx.Tenant, id)
	batch.Queue("delete from invoice_adjustments where tenant = $1 and invoice_id = $2", tx.Tenant, id)
	for n, l := range lines {
		batch.Queue("insert into invoice_lines (tenant, invoice_id, n, description, quantity, unit_price, amount) values ($1,$2,$3,$4,$5,$6,$7)",
			tx.Tenant, id, n+1, l.Description, l.Quantity, l.UnitPrice, l.Amount)
	}
	for n, a := range adjustments {
		batch.Queue("insert into invoice_adjustments (tenant, invoice_id, n, kind, description, amount) values ($1,$2,$3,$4,$5,$6)",
			tx.Tenant, id, n+1, a.Kind, a.Description, a.Amount)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("write an invoice's lines: %w", err)
	}
	return nil
}

// SetContent changes what an invoice bills; the ledger is booked by the caller.
func (tx *Tx) SetContent(ctx context.Context, l *LockedInvoice, fingerprint [32]byte) error {
	if l.Lines != nil {
		if err := tx.ReplaceLines(ctx, l.ID, l.Lines, l.Adjustments); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `update invoices set number = $3, seller_name = $4, seller_tax_id = $5, total = $6, issue_date = $7, fingerprint = $8, customer_id = $9,
		deposit_amount = $10, deposit_due = $11 where tenant = $1 and id = $2`,
		tx.Tenant, l.ID, l.Number, l.Seller.Name, l.Seller.TaxID, l.Total, l.IssueDate, fingerprint[:], l.CustomerID, depositAmount(l.Deposit), depositDue(l.Deposit))
	if err != nil {
		return fmt.Errorf("change an invoice: %w", err)
	}
	return nil
}

// SaveInvoice writes the invoice's derived status and appends what happened to
// its timeline, each entry with what the agenda says comes next, and stores the
// mails in its outbox and the events that endpoints want. The agenda's changes
// must have been made before.
func (tx *Tx) SaveInvoice(ctx context.Context, l *LockedInvoice, real time.Time, entries ...remit.TimelineEntry) error {
	now, before := l.Clock.Now(real), l.Status
	l.Status = l.DerivedStatus()
	if l.SentAt != nil {
		l.Outstanding = l.Billed - l.Applied
	}
	switch {
	case l.Status == remit.InvoicePaid && l.PaidAt == nil:
		l.PaidAt = &now
	case l.Status != remit.InvoicePaid:
		l.PaidAt = nil
	}
	if l.Status.AtRest() || l.Status == remit.InvoiceProcessing {
		l.Overdue = false
	}
	prior, err := priorHold(l.Hold)
	if err != nil {
		return err
	}
	settings, err := json.Marshal(l.Settings)
	if err != nil {
		return fmt.Errorf("write an invoice's settings: %w", err)
	}
	batch := &pgx.Batch{}
	for _, e := range entries {
		if e.At.IsZero() {
			e.At = now
		}
		l.seq++
		e.Seq = l.seq
		if err := queueTimeline(batch, tx.Tenant, l, e); err != nil {
			return err
		}
	}
	batch.Queue(`update invoices set status = $3, label = $4, overdue = $5, due_date = $6, due_version = $7, hold_reason = $8, hold_kind = $9, hold_since = $10,
		sent_at = $11, paid_at = $12, voided_at = $13, updated_at = $14, timeline_seq = $15, timeline_hash = $16, replaced_by = $17, prior_hold = $18,
		collection_state = $19, collection_why = $20, collection_since = $21, settings = $22, promise = $23, charged_by = $24 where tenant = $1 and id = $2`,
		tx.Tenant, l.ID, l.Status, l.Label, l.Overdue, l.DueDate, l.DueVersion, holdReason(l.Hold), holdKind(l.Hold), holdSince(l.Hold),
		l.SentAt, l.PaidAt, l.VoidedAt, now, l.seq, l.hash, l.ReplacedBy, prior, l.Collection.State, l.Collection.Why, collectingSince(l.Collection), settings, promiseOf(l.Promise), l.ChargedBy)
	for _, m := range l.Outbox {
		queueMail(batch, tx.Tenant, m)
	}
	l.Outbox = nil
	if err := queueEvents(batch, tx.Tenant, l, remit.Happenings(before, l.Status, now, entries)); err != nil {
		return err
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("save an invoice: %w", err)
	}
	return nil
}

// lines fills an invoice's lines and adjustments.
func (tx *Tx) lines(ctx context.Context, i *remit.Invoice) error {
	rows, err := tx.Query(ctx, "select description, quantity, unit_price, amount from invoice_lines where tenant = $1 and invoice_id = $2 order by n", tx.Tenant, i.ID)
	if err != nil {
		return fmt.Errorf("read an invoice's lines: %w", err)
	}
	i.Lines, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (l remit.Line, err error) {
		return l, row.Scan(&l.Description, &l.Quantity, &l.UnitPrice, &l.Amount)
	})
	if err != nil {
		return fmt.Errorf("read an invoice's lines: %w", err)
	}
	rows, err = tx.Query(ctx, "select kind, description, amount from invoice_adjustments where tenant = $1 and invoice_id = $2 order by n", tx.Tenant, i.ID)
	if err != nil {
		return fmt.Errorf("read an invoice's adjustments: %w", err)
	}
	i.Adjustments, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (a remit.Adjustment, err error) {
		return a, row.Scan(&a.Kind, &a.Description, &a.Amount)
	})
	if err != nil {
		return fmt.Errorf("read an invoice's adjustments: %w", err)
	}
	return nil
}

func holdReason(h *remit.Hold) *string {
	if h == nil {
		return nil
	}
	return &h.Reason
}

func holdKind(h *remit.Hold) *string {
	if h == nil {
		return nil
	}
	kind := string(h.Kind)
	return &kind
}

func holdSince(h *remit.Hold) *time.Time {
	if h == nil {
		return nil
	}
	return &h.Since
}

func priorHold(h *remit.Hold) ([]byte, error) {
	if h == nil || h.Prior == nil {
		return nil, nil
	}
	prior, err := json.Marshal(h.Prior)
	if err != nil {
		return nil, fmt.Errorf("write an invoice's earlier hold: %w", err)
	}
	return prior, nil
}

func depositAmount(d *remit.Deposit) *int64 {
	if d == nil {
		return nil
	}
	return &d.Amount
}

func depositDue(d *remit.Deposit) *remit.Date {
	if d == nil {
		return nil
	}
	return &d.DueDate
}

func collectingSince(c remit.Collection) *time.Time {
	if c.State == remit.CollectionNone {
		return nil
	}
	return &c.Since
}

// promiseOf keeps no promise from being stored as JSON's null.
func promiseOf(p *remit.Promise) any {
	if p == nil {
		return nil
	}
	return p
}
