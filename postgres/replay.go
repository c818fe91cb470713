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

// PastTry is a charge that was sent and answered, as a replay reads it.
type PastTry struct {
	InvoiceID uuid.UUID
	Invoice   string // its number
	Number    int    // of the attempt
	Zone      string
	Window    remit.ChargeWindow // of the invoice
	Paid      bool
	At        time.Time // when it ended
	MethodID  *uuid.UUID
	Method    remit.MethodSummary
	Decline   remit.DeclineRecord
}

// PastTries reads a page of the charges that ended since an instant at the
// organisations given that are at a path or below, by invoice and then in their order: those that banks
// refused, and those that succeeded. What was not sent is none.
func (tx *Tx) PastTries(ctx context.Context, path string, units []uuid.UUID, since time.Time, after *PastTry, limit int) ([]PastTry, error) {
	invoice, number := uuid.Nil, 0
	if after != nil {
		invoice, number = after.InvoiceID, after.Number
	}
	rows, err := tx.Query(ctx, `select a.invoice_id, i.number, a.number, o.time_zone, i.settings -> 'charge_window', a.state = 'succeeded', coalesce(a.ended_at, a.created_at), a.payment_method_id, a.method, a.decline
		from attempts a
		join invoices i on i.tenant = a.tenant and i.id = a.invoice_id
		join organisations o on o.tenant = i.tenant and o.id = i.organisation_id
		where a.tenant = $1 and i.organisation_id = any($2) and a.kind = 'charge' and a.created_at >= $3 and (a.invoice_id, a.number) > ($4, $5) and a.method is not null
			and (a.state = 'succeeded' or a.state = 'failed' and a.decline ->> 'code' not in ('network_cap', 'represent_cap'))
		and (o.path = $7 or o.path ^@ ($7 || '/'))
		order by a.invoice_id, a.number limit $6`, tx.Tenant, units, since, invoice, number, limit, path)
	if err != nil {
		return nil, fmt.Errorf("read past tries: %w", err)
	}
	tries, err := pgx.CollectRows(rows, scanPastTry)
	if err != nil {
		return nil, fmt.Errorf("read past tries: %w", err)
	}
	return tries, nil
}

func scanPastTry(row pgx.CollectableRow) (t PastTry, err error) {
	var window, method, declined []byte
	if err := row.Scan(&t.InvoiceID, &t.Invoice, &t.Number, &t.Zone, &window, &t.Paid, &t.At, &t.MethodID, &method, &declined); err != nil {
		return t, err
	}
	t.Window = remit.DefaultChargeWindow()
	for _, part := range []struct {
		raw  []byte
		into any
	}{{window, &t.Window}, {method, &t.Method}, {declined, &t.Decline}} {
		if len(part.raw) > 0 && string(part.raw) != "null" {
			if err := json.Unmarshal(part.raw, part.into); err != nil {
				return t, err
			}
		}
	}
	return t, nil
}
