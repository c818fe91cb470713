package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/ledger"
)

const disputeColumns = `d.id, d.invoice_id, d.payment_id, d.account, d.livemode, d.stripe_dispute, d.charge, d.currency, d.amount, d.reason, d.state,
	d.respond_by, d.withdrawn, d.reinstated, d.by_hand, d.wanted, d.overruled, d.created_at, d.closed_at, i.number, o.path, c.name,
	coalesce((select a.method ->> 'type' from attempts a where a.tenant = d.tenant and a.payment_id = d.payment_id order by a.number desc limit 1), '')`

const disputeTables = ` from disputes d
	join invoices i on i.tenant = d.tenant and i.id = d.invoice_id
	join organisations o on o.tenant = i.tenant and o.id = i.organisation_id
	join customers c on c.tenant = i.tenant and c.id = i.customer_id`

func scanDispute(row pgx.Row) (d remit.Dispute, err error) {
	return d, row.Scan(&d.ID, &d.InvoiceID, &d.PaymentID, &d.Account, &d.Livemode, &d.StripeDispute, &d.Charge, &d.Currency, &d.Amount, &d.Reason, &d.State,
		&d.RespondBy, &d.Withdrawn, &d.Reinstated, &d.ByHand, &d.Wanted, &d.Overruled, &d.CreatedAt, &d.ClosedAt, &d.InvoiceNumber, &d.Organisation, &d.CustomerName, &d.MethodType)
}

func (tx *Tx) queryDisputes(ctx context.Context, where string, args ...any) ([]remit.Dispute, error) {
	rows, err := tx.Query(ctx, "select "+disputeColumns+disputeTables+" where d.tenant = $1 and "+where, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read disputes: %w", err)
	}
	disputes, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (remit.Dispute, error) { return scanDispute(row) })
	if err != nil {
		return nil, fmt.Errorf("read disputes: %w", err)
	}
	return disputes, nil
}

// Disputes reads an invoice's disputes, oldest first.
func (tx *Tx) Disputes(ctx context.Context, invoice uuid.UUID) ([]remit.Dispute, error) {
	return tx.queryDisputes(ctx, "d.invoice_id = $2 order by d.created_at, d.id", invoice)
}

// DisputeAtStripe finds the dispute with an id at Stripe, or nil.
func (tx *Tx) DisputeAtStripe(ctx context.Context, account, stripeDispute string) (*remit.Dispute, error) {
	disputes, err := tx.queryDisputes(ctx, "d.account = $2 and d.stripe_dispute = $3", account, stripeDispute)
	if err != nil || len(disputes) == 0 {
		return nil, err
	}
	return &disputes[0], nil
}

// PutDispute writes a dispute, a new one or what can change of one.
func (tx *Tx) PutDispute(ctx context.Context, d remit.Dispute) error {
	_, err := tx.Exec(ctx, `insert into disputes (tenant, id, invoice_id, payment_id, account, livemode, stripe_dispute, charge, currency, amount, reason, state,
		respond_by, withdrawn, reinstated, by_hand, wanted, overruled, created_at, closed_at) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20)
		on conflict (tenant, id) do update set amount = excluded.amount, reason = excluded.reason, state = excluded.state, respond_by = excluded.respond_by,
			withdrawn = excluded.withdrawn, reinstated = excluded.reinstated, by_hand = excluded.by_hand, wanted = excluded.wanted, overruled = excluded.overruled, closed_at = excluded.closed_at`,
		tx.Tenant, d.ID, d.InvoiceID, d.PaymentID, d.Account, d.Livemode, d.StripeDispute, d.Charge, d.Currency, d.Amount, d.Reason, d.State,
		d.RespondBy, d.Withdrawn, d.Reinstated, d.ByHand, d.Wanted, d.Overruled, d.CreatedAt, d.ClosedAt)
	if err != nil {
		return fmt.Errorf("write a dispute: %w", err)
	}
	return nil
}

// DoubtDisputes plans a look at each dispute of an account that only a person said is over,
// now that the account can be asked: Stripe does not tell again what it decided meanwhile.
func (tx *Tx) DoubtDisputes(ctx context.Context, account string, livemode bool, now time.Time) error {
	_, err := tx.Exec(ctx, `insert into agenda (tenant, id, organisation_id, invoice_id, at, kind, object_id, what)
		select d.tenant, gen_random_uuid(), i.organisation_id, d.invoice_id, $4, $5, d.id, $6
			from disputes d join invoices i on i.tenant = d.tenant and i.id = d.invoice_id
			where d.tenant = $1 and d.account = $2 and d.livemode = $3 and d.by_hand and d.closed_at is not null
		on conflict (tenant, kind, object_id) where done_at is null do update set at = least(agenda.at, excluded.at)`,
		tx.Tenant, account, livemode, now, remit.AgendaPoll, remit.AskDispute)
	if err != nil {
		return fmt.Errorf("plan looks at disputes: %w", err)
	}
	return nil
}

// Held reads what of a payment's money has not gone back, from the ledger.
// Excess that somebody has given a use since is held no more, but as the credit
// that it became: at most all of that, whoever has used his credit since.
func (tx *Tx) Held(ctx context.Context, payment uuid.UUID) (ledger.Held, error) {
	var h ledger.Held
	err := tx.QueryRow(ctx, `select
			coalesce(-sum(l.amount) filter (where l.account in ('receivable', 'revenue')), 0),
			coalesce(-sum(l.amount) filter (where l.account = 'excess'), 0)
				- (select coalesce(sum(x.amount), 0) from excess x where x.tenant = $1 and x.payment_id = $2 and x.state in ('credited', 'applied')),
			coalesce(-sum(l.amount) filter (where l.account = 'surcharge'), 0),
			(select coalesce(sum(x.amount), 0) from excess x where x.tenant = $1 and x.payment_id = $2 and x.state in ('credited', 'applied'))
				- coalesce(sum(l.amount) filter (where l.account = 'customer_credit'), 0)
		from ledger_entries e join ledger_lines l on l.tenant = e.tenant and l.entry_id = e.id
		where e.tenant = $1 and e.payment_id = $2 and e.kind in
			('payment', 'bank_transfer', 'refund', 'refund_undone', 'dispute', 'dispute_won')`, tx.Tenant, payment).
		Scan(&h.Applied, &h.Excess, &h.Surcharge, &h.Credit)
	if err != nil {
		return h, fmt.Errorf("read what a payment holds: %w", err)
	}
	return h, nil
}

// DisputeQuery narrows a list of disputes to what the caller may see.
type DisputeQuery struct {
	Units   []uuid.UUID // organisations the caller may see
	Path    string      // at this path and below
	State   remit.DisputeState
	Open    *bool
	After   *time.Time // keyset, newest first: what comes after this one
	AfterID uuid.UUID
	Limit   int
}

// ListDisputes reads a page, newest first.
func (tx *Tx) ListDisputes(ctx context.Context, q DisputeQuery) ([]remit.Dispute, error) {
	var b strings.Builder
	args := []any{q.Units}
	b.WriteString("i.organisation_id = any($2)")
	if q.Path != "" {
		args = append(args, q.Path)
		fmt.Fprintf(&b, " and (o.path = $%d or o.path ^@ ($%d || '/'))", len(args)+1, len(args)+1)
	}
	if q.State != "" {
		args = append(args, q.State)
		fmt.Fprintf(&b, " and d.state = $%d", len(args)+1)
	}
	if q.Open != nil {
		args = append(args, *q.Open)
		fmt.Fprintf(&b, " and (d.closed_at is null or d.wanted) = $%d", len(args)+1)
	}
	if q.After != nil {
		args = append(args, *q.After, q.AfterID)
		fmt.Fprintf(&b, " and (d.created_at < $%d or d.created_at = $%d and d.id > $%d)", len(args), len(args), len(args)+1)
	}
	args = append(args, q.Limit)
	fmt.Fprintf(&b, " order by d.created_at desc, d.id limit $%d", len(args)+1)
	return tx.queryDisputes(ctx, b.String(), args...)
}

// DisputesToAnswer reads the disputes at organisations, and at a path and below,
// for which evidence is due, the one that is due first first.
func (tx *Tx) DisputesToAnswer(ctx context.Context, units []uuid.UUID, path string, limit int) ([]remit.Dispute, error) {
	return tx.queryDisputes(ctx, `d.respond_by is not null and (d.closed_at is null and d.state in ('warning_needs_response', 'needs_response') or d.wanted)
		and i.organisation_id = any($2) and ($3 = '' or o.path = $3 or o.path ^@ ($3 || '/')) order by d.respond_by, d.id limit $4`, units, path, limit)
}

// DisputeHints is what the events that wait of an invoice say of its disputes.
type DisputeHints struct {
	Charges  bool     // something happened to a charge
	Disputes []string // ids at Stripe
}

// DisputeHints reads them.
func (tx *Tx) DisputeHints(ctx context.Context, invoice uuid.UUID) (DisputeHints, error) {
	var h DisputeHints
	err := tx.QueryRow(ctx, `select count(*) > 0, coalesce(array_agg(distinct object_id) filter (where type like 'charge.dispute.%'), '{}')
		from stripe_events where tenant = $1 and invoice_id = $2 and state = 'waiting' and type like 'charge.%'`, tx.Tenant, invoice).Scan(&h.Charges, &h.Disputes)
	if err != nil {
		return h, fmt.Errorf("read hints of disputes: %w", err)
	}
	return h, nil
}
