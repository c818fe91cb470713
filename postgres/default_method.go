package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// atConnected narrows methods m to those saved at the connected account: no other
// can be charged. One that is only for one invoice is not his to choose.
const atConnected = `m.only_for is null and exists (select 1 from connections n where n.tenant = m.tenant and n.account = m.account and n.livemode = m.livemode and n.disconnected_at is null)`

// settleDefault sees that a customer's default is a method he can use: his oldest
// usable one at the connected account takes the place of one that cannot be used,
// of one saved at another account, or of none. While no account is connected, or
// he has nothing there, what he chose waits for its account.
func (tx *Tx) settleDefault(ctx context.Context, customer uuid.UUID) error {
	tag, err := tx.Exec(ctx, `with next as (
			select m.id from payment_methods m where m.tenant = $1 and m.customer_id = $2 and m.status = 'usable' and `+atConnected+` order by m.created_at, m.id limit 1
		)
		update customers c set default_payment_method = (select id from next)
		where c.tenant = $1 and c.id = $2 and not exists (select 1 from payment_methods m where m.tenant = c.tenant and m.id = c.default_payment_method
			and m.status = 'usable' and (`+atConnected+` or not exists (select 1 from next)))
			and c.default_payment_method is distinct from (select id from next)`, tx.Tenant, customer)
	if err != nil {
		return fmt.Errorf("choose the next default: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil
	}
	return tx.announceAnew(ctx, customer)
}

// DefaultMethods reads the default methods at the connected account of customers, by
// customer: one query, however many they are. A card that is good no more on the day
// that now is at its customer's organisation is expired. Who has none is not in it.
func (tx *Tx) DefaultMethods(ctx context.Context, customers []uuid.UUID, now time.Time) (map[uuid.UUID]remit.PaymentMethod, error) {
	rows, err := tx.Query(ctx, "select "+methodColumns+`, ($3::timestamptz at time zone o.time_zone)::date from customers c
		join payment_methods m on m.tenant = c.tenant and m.id = c.default_payment_method and m.status <> 'detached' and m.unlinked_at is null and `+atConnected+`
		join organisations o on o.tenant = c.tenant and o.id = c.organisation_id
		where c.tenant = $1 and c.id = any($2)`, tx.Tenant, customers, now)
	if err != nil {
		return nil, fmt.Errorf("read default methods: %w", err)
	}
	methods := map[uuid.UUID]remit.PaymentMethod{}
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (uuid.UUID, error) {
		var today remit.Date
		m, err := scanMethod(row, &today)
		if m.Status == remit.MethodUsable && m.ExpiredBy(today) {
			m.Status = remit.MethodExpired
		}
		methods[m.CustomerID] = m
		return m.CustomerID, err
	})
	if err != nil {
		return nil, fmt.Errorf("read default methods: %w", err)
	}
	return methods, nil
}
