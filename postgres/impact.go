package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"remit"
)

// Impact counts what disconnecting would touch at an account; charges by themselves
// are those until a time on the organisation's clock.
func (tx *Tx) Impact(ctx context.Context, c remit.Connection, until time.Time) (i remit.Impact, err error) {
	i.Until = until
	live := `select %s from attempts a join payments p on p.tenant = a.tenant and p.id = a.payment_id
		where a.tenant = $1 and p.account = $2 and p.livemode = $3 and a.state in ('created', 'requires_action', 'processing', 'confirming') and `
	count := "p.currency, count(*), sum(a.amount + a.surcharge)::bigint"
	debit := "coalesce(a.method ->> 'type', '') = 'us_bank_account'"
	for _, part := range []struct {
		into *remit.Touched
		sql  string
	}{
		{&i.Checkouts, fmt.Sprintf(live, count) + "a.kind = 'checkout' and a.state <> 'processing' group by 1 order by 1"},
		{&i.BankDebits, fmt.Sprintf(live, count) + "(" + debit + " or a.state = 'processing') and (a.kind <> 'checkout' or a.state = 'processing') group by 1 order by 1"},
		{&i.Confirming, fmt.Sprintf(live, count) + "a.kind <> 'checkout' and a.state <> 'processing' and not (" + debit + ") group by 1 order by 1"},
		{&i.Refunds, `select r.currency, count(*), sum(r.amount + r.surcharge)::bigint from refunds r where r.tenant = $1 and r.account = $2 and r.livemode = $3
			and r.state in ('requested', 'sent', 'pending', 'requires_action') group by 1 order by 1`},
		{&i.Disputes, `select d.currency, count(*), sum(d.amount)::bigint from disputes d where d.tenant = $1 and d.account = $2 and d.livemode = $3
			and (d.state in ('warning_needs_response', 'warning_under_review', 'needs_response', 'under_review') or d.wanted) group by 1 order by 1`},
	} {
		if *part.into, err = tx.touched(ctx, part.sql, tx.Tenant, c.Account, c.Livemode); err != nil {
			return i, err
		}
	}
	i.Returnable, err = tx.touched(ctx, "select "+count+` from attempts a join payments p on p.tenant = a.tenant and p.id = a.payment_id
		where a.tenant = $1 and p.account = $2 and p.livemode = $3 and a.state = 'succeeded' and p.settled_at > $4 and p.amount_refunded < p.amount_captured
		and not exists (select 1 from disputes d where d.tenant = p.tenant and d.payment_id = p.id) and `+debit+" group by 1 order by 1",
		tx.Tenant, c.Account, c.Livemode, until.Add(-remit.ImpactAhead-remit.ReturnWindow))
	if err != nil {
		return i, err
	}
	i.Links, err = tx.touched(ctx, `select i.currency, count(*), sum(b.outstanding)::bigint from invoices i join invoice_balances b on b.tenant = i.tenant and b.invoice_id = i.id
		where i.tenant = $1 and i.sent_at is not null and i.status in ('open', 'partially_paid') and b.outstanding > 0 group by 1 order by 1`, tx.Tenant)
	if err != nil {
		return i, err
	}
	i.Charges, err = tx.touched(ctx, `select i.currency, count(*), sum(case when g.details ->> 'deposit' = 'true' then least(i.deposit_amount - b.applied, b.outstanding) else b.outstanding end)::bigint
		from agenda g join invoices i on i.tenant = g.tenant and i.id = g.invoice_id join invoice_balances b on b.tenant = i.tenant and b.invoice_id = i.id where g.tenant = $1 and g.kind = 'charge' and g.done_at is null and g.at <= $2 group by 1 order by 1`, tx.Tenant, until)
	return i, err
}

func (tx *Tx) touched(ctx context.Context, sql string, args ...any) (t remit.Touched, err error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return t, fmt.Errorf("count what is touched: %w", err)
	}
	var sum remit.Sum
	var n int
	_, err = pgx.ForEachRow(rows, []any{&sum.Currency, &n, &sum.Amount}, func() error {
		t.Count += n
		t.Sums = append(t.Sums, sum)
		return nil
	})
	if err != nil {
		return t, fmt.Errorf("count what is touched: %w", err)
	}
	return t, nil
}
