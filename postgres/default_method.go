package postgres

import (
	"context"
	"fmt"

	"github.com/google/uuid"
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
