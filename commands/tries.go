package commands

import (
	"context"
	"fmt"
	"math"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// TryFilter narrows the list of tries.
type TryFilter struct {
	Organisation string
	States       []remit.AttemptState // empty: all
}

// Tries lists every try to collect money, those that failed too, newest first,
// at organisations where the caller may read what is at Stripe (RC3).
func (c *Commands) Tries(ctx context.Context, caller Caller, filter TryFilter, page Page) (List[remit.Try], error) {
	after, id, err := page.afterNewest()
	if err != nil {
		return List[remit.Try]{}, err
	}
	tenants, err := c.tenantsToList(ctx, caller, filter.Organisation, remit.StripeRead)
	if err != nil {
		return List[remit.Try]{}, err
	}
	var pages [][]remit.Try
	for _, member := range tenants {
		query := postgres.TryQuery{States: filter.States, After: after, AfterID: id, Limit: page.limit() + 1}
		if query.Units, err = c.units(ctx, caller, member.Tenant, remit.StripeRead); err != nil {
			return List[remit.Try]{}, err
		}
		var tries []remit.Try
		err := c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
			tries, err = tx.Tries(ctx, query)
			return err
		})
		if err != nil {
			return List[remit.Try]{}, err
		}
		pages = append(pages, tries)
	}
	return cut(merge(pages, tryKey), page.limit(), tryKey), nil
}

// tryKey sorts the newest first.
func tryKey(t remit.Try) (string, uuid.UUID) {
	return fmt.Sprintf("%019d", math.MaxInt64-t.CreatedAt.UnixMicro()), t.ID
}
