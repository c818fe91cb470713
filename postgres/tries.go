package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// TryQuery narrows a list of attempts to what the caller may see.
type TryQuery struct {
	Units   []uuid.UUID          // organisations the caller may see
	States  []remit.AttemptState // empty: all
	After   *time.Time           // keyset, newest first: what comes after this one
	AfterID uuid.UUID
	Limit   int
}

// Tries reads a page of attempts, newest first, whatever became of them.
func (tx *Tx) Tries(ctx context.Context, q TryQuery) ([]remit.Try, error) {
	var b strings.Builder
	b.WriteString(`select a.id, a.invoice_id, a.number, a.kind, a.state, a.amount, a.surcharge, a.method, a.decline, a.created_at, p.currency, i.number, o.path, c.name
		from attempts a
		join payments p on p.tenant = a.tenant and p.id = a.payment_id
		join invoices i on i.tenant = a.tenant and i.id = a.invoice_id
		join organisations o on o.tenant = i.tenant and o.id = i.organisation_id
		join customers c on c.tenant = i.tenant and c.id = i.customer_id
		where a.tenant = $1 and i.organisation_id = any($2)`)
	args := []any{tx.Tenant, q.Units}
	if len(q.States) > 0 {
		args = append(args, q.States)
		fmt.Fprintf(&b, " and a.state = any($%d)", len(args))
	}
	if q.After != nil {
		args = append(args, *q.After, q.AfterID)
		fmt.Fprintf(&b, " and (a.created_at < $%d or a.created_at = $%d and a.id > $%d)", len(args)-1, len(args)-1, len(args))
	}
	args = append(args, q.Limit)
	fmt.Fprintf(&b, " order by a.created_at desc, a.id limit $%d", len(args))
	rows, err := tx.Query(ctx, b.String(), args...)
	if err != nil {
		return nil, fmt.Errorf("read attempts: %w", err)
	}
	tries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t remit.Try, err error) {
		var method, decline []byte
		if err := row.Scan(&t.ID, &t.InvoiceID, &t.Number, &t.Kind, &t.State, &t.Amount, &t.Surcharge, &method, &decline, &t.CreatedAt,
			&t.Currency, &t.InvoiceNumber, &t.Organisation, &t.CustomerName); err != nil {
			return t, err
		}
		if len(method) > 0 {
			if err := json.Unmarshal(method, &t.Method); err != nil {
				return t, err
			}
		}
		if len(decline) > 0 {
			err = json.Unmarshal(decline, &t.Decline)
		}
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("read attempts: %w", err)
	}
	return tries, nil
}
