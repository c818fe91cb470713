package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// VerifyStock compares what is counted as sold of each product with the orders that hold
// some of it, and each order's holding with whether it was cancelled. It returns what does
// not fit, in words, or nothing.
func (tx *Tx) VerifyStock(ctx context.Context) (wrong []string, err error) {
	wrong, err = tx.amiss(ctx, "product", `select p.id, format('%s are counted as sold, and its orders hold %s', p.sold, h.held) from products p
		cross join lateral (select coalesce(sum(t.quantity), 0) held from order_items t join orders r on r.tenant = t.tenant and r.id = t.order_id
			where t.tenant = p.tenant and t.product_id = p.id and r.holds_stock) h
		where p.tenant = $1 and p.sold <> h.held order by p.id`)
	if err != nil {
		return nil, err
	}
	held, err := tx.amiss(ctx, "order", `select r.id, case when r.holds_stock then 'it holds stock and is cancelled' else 'it holds no stock and is not cancelled' end
		from orders r join invoices i on i.tenant = r.tenant and i.id = r.id where r.tenant = $1 and r.holds_stock <> (i.voided_at is null) order by r.id`)
	return append(wrong, held...), err
}

// amiss reads what a query finds wrong with objects of a kind: their ids, and why.
func (tx *Tx) amiss(ctx context.Context, object, query string, args ...any) (wrong []string, err error) {
	rows, err := tx.Query(ctx, query, append([]any{tx.Tenant}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("verify each %s: %w", object, err)
	}
	var id uuid.UUID
	var why string
	_, err = pgx.ForEachRow(rows, []any{&id, &why}, func() error {
		wrong = append(wrong, fmt.Sprintf("%s %s: %s", object, id, why))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("verify each %s: %w", object, err)
	}
	return wrong, nil
}
