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

// NewOrder is a purchase to be inserted, once its invoice is there.
type NewOrder struct {
	ID        uuid.UUID // of its invoice
	Store     uuid.UUID
	Delivery  string
	Cart      remit.Cart
	CreatedAt time.Time // organisation's clock
}

// InsertOrder stores what an order's invoice does not say.
func (tx *Tx) InsertOrder(ctx context.Context, o NewOrder) error {
	batch := &pgx.Batch{}
	batch.Queue("insert into orders (tenant, id, store_id, delivery, created_at) values ($1,$2,$3,$4,$5)", tx.Tenant, o.ID, o.Store, o.Delivery, o.CreatedAt)
	for _, item := range o.Cart {
		batch.Queue("insert into order_items (tenant, order_id, product_id, quantity) values ($1,$2,$3,$4)", tx.Tenant, o.ID, item.Product, item.Quantity)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("insert an order: %w", err)
	}
	return nil
}

// ReturnStock gives back what an order kept of its products' stock, once.
func (tx *Tx) ReturnStock(ctx context.Context, order uuid.UUID) error {
	_, err := tx.Exec(ctx, `with over as (update orders set holds_stock = false where tenant = $1 and id = $2 and holds_stock returning id),
		held as (select i.product_id, i.quantity from order_items i join over on over.id = i.order_id where i.tenant = $1 order by i.product_id)
		update products p set sold = p.sold - held.quantity from held where p.tenant = $1 and p.id = held.product_id`, tx.Tenant, order)
	if err != nil {
		return fmt.Errorf("give stock back: %w", err)
	}
	return nil
}

// moneyBack is whether money of an order went back, or may.
const moneyBack = `(exists (select 1 from refunds b where b.tenant = r.tenant and b.invoice_id = r.id and b.state not in ('failed', 'canceled') and b.choice <> 'excess')
	or exists (select 1 from disputes d where d.tenant = r.tenant and d.invoice_id = r.id and d.state not in ('won', 'warning_closed')))`

// orderFacts are what an order's state is derived from, beside its invoice's status.
const orderFacts = "r.fulfilled_at, " + moneyBack + `,
	exists (select 1 from payments p where p.tenant = r.tenant and p.invoice_id = r.id and p.amount_captured > 0)`

const orderTables = " from orders r join stores s on s.tenant = r.tenant and s.id = r.store_id join invoices i on i.tenant = r.tenant and i.id = r.id"

// OrderQuery narrows a list of orders.
type OrderQuery struct {
	Path   string      // at this path and below; "" for anywhere
	Units  []uuid.UUID // at these organisations
	ToSend bool        // only those whose money is final and stays, and that are not fulfilled
	Before *time.Time  // keyset: made before this moment, or at it with a lower id; nil: from the newest
	ID     uuid.UUID
	Limit  int
}

// ListOrders reads a page of orders, newest first, their invoices without lines.
func (tx *Tx) ListOrders(ctx context.Context, q OrderQuery) ([]remit.Order, error) {
	rows, err := tx.Query(ctx, "select r.id"+orderTables+` join organisations o on o.tenant = i.tenant and o.id = i.organisation_id
		where r.tenant = $1 and ($2 = '' or o.path = $2 or o.path ^@ ($2 || '/')) and i.organisation_id = any($3) and (not $4 or i.status = 'paid' and r.fulfilled_at is null and not `+moneyBack+`)
		and ($5::timestamptz is null or (r.created_at, r.id) < ($5, $6)) order by r.created_at desc, r.id desc limit $7`,
		tx.Tenant, q.Path, q.Units, q.ToSend, q.Before, q.ID, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("read the orders: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("read the orders: %w", err)
	}
	orders := make([]remit.Order, 0, len(ids))
	for _, id := range ids {
		order, err := tx.Order(ctx, id)
		if err != nil {
			return nil, err
		}
		orders = append(orders, order)
	}
	return orders, nil
}

// Order reads an order with its invoice. It returns [remit.NotFound] where there is
// none.
func (tx *Tx) Order(ctx context.Context, id uuid.UUID) (remit.Order, error) {
	o, facts := remit.Order{ID: id}, remit.OrderFacts{}
	err := tx.QueryRow(ctx, "select r.store_id, s.slug, r.delivery, r.created_at, "+orderFacts+orderTables+" where r.tenant = $1 and r.id = $2", tx.Tenant, id).
		Scan(&o.StoreID, &o.Slug, &o.Buyer.Delivery, &o.CreatedAt, &o.FulfilledAt, &facts.MoneyBack, &facts.Captured)
	if isNoRows(err) {
		return remit.Order{}, remit.NotFound()
	}
	if err != nil {
		return remit.Order{}, fmt.Errorf("read an order: %w", err)
	}
	if o.Invoice, err = tx.Invoice(ctx, id); err != nil {
		return remit.Order{}, err
	}
	o.Buyer.Name, o.Buyer.Email = o.Invoice.CustomerName, o.Invoice.CustomerEmail
	facts.Status, facts.Fulfilled = o.Invoice.Status, o.FulfilledAt != nil
	o.State = remit.OrderStateOf(facts)
	rows, err := tx.Query(ctx, "select product_id, quantity from order_items where tenant = $1 and order_id = $2 order by product_id", tx.Tenant, id)
	if err != nil {
		return remit.Order{}, fmt.Errorf("read an order's products: %w", err)
	}
	if o.Items, err = pgx.CollectRows(rows, pgx.RowToStructByPos[remit.CartItem]); err != nil {
		return remit.Order{}, fmt.Errorf("read an order's products: %w", err)
	}
	return o, nil
}

// OrderFacts reads what an order's state is derived from, but for its invoice's status.
func (tx *Tx) OrderFacts(ctx context.Context, id uuid.UUID) (f remit.OrderFacts, err error) {
	var fulfilled *time.Time
	err = tx.QueryRow(ctx, "select "+orderFacts+" from orders r where r.tenant = $1 and r.id = $2", tx.Tenant, id).Scan(&fulfilled, &f.MoneyBack, &f.Captured)
	if err != nil {
		return f, fmt.Errorf("read an order: %w", err)
	}
	f.Fulfilled = fulfilled != nil
	return f, nil
}

// FulfilOrder notes that an order was sent, and by whom.
func (tx *Tx) FulfilOrder(ctx context.Context, id uuid.UUID, by remit.Actor, at time.Time) error {
	actor, err := json.Marshal(by)
	if err != nil {
		return fmt.Errorf("write who fulfils an order: %w", err)
	}
	_, err = tx.Exec(ctx, "update orders set fulfilled_at = $3, fulfilled_by = $4 where tenant = $1 and id = $2", tx.Tenant, id, at, actor)
	if err != nil {
		return fmt.Errorf("fulfil an order: %w", err)
	}
	return nil
}
