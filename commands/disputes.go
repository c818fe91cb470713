package commands

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// DisputeFilter narrows the list of disputes; zero fields do not narrow.
type DisputeFilter struct {
	Organisation string // at this path and below
	State        remit.DisputeState
	Open         *bool // a bank has yet to decide
}

// Disputes lists the disputes of payments at organisations where the caller may
// read what is at Stripe, newest first. Who may nowhere is refused.
func (c *Commands) Disputes(ctx context.Context, caller Caller, filter DisputeFilter, page Page) (List[remit.Dispute], error) {
	after, id, err := page.afterNewest()
	if err != nil {
		return List[remit.Dispute]{}, err
	}
	tenants, path, err := tenantsFor(caller, filter.Organisation)
	if err != nil {
		return List[remit.Dispute]{}, err
	}
	var pages [][]remit.Dispute
	for _, member := range tenants {
		units, err := c.units(ctx, caller, member.Tenant, remit.StripeRead)
		if err != nil {
			return List[remit.Dispute]{}, err
		}
		if len(units) == 0 {
			continue
		}
		var disputes []remit.Dispute
		query := postgres.DisputeQuery{Units: units, Path: path, State: filter.State, Open: filter.Open, After: after, AfterID: id, Limit: page.limit() + 1}
		err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
			disputes, err = tx.ListDisputes(ctx, query)
			return err
		})
		if err != nil {
			return List[remit.Dispute]{}, err
		}
		pages = append(pages, disputes)
	}
	if len(pages) == 0 {
		if len(tenants) == 0 {
			return List[remit.Dispute]{}, nil
		}
		return List[remit.Dispute]{}, c.authorise(ctx, caller, tenants[0].Tenant, orTop(path, tenants[0]), remit.StripeRead)
	}
	return cut(merge(pages, disputeKey), page.limit(), disputeKey), nil
}

// disputesToAnswer is how many are read at once: more than anybody answers in a day.
const disputesToAnswer = 50

// DisputesToAnswer are the disputes for which evidence is due, the one that is due
// first first. They are shown where the caller holds stripe=refund: who may give
// money back may stand up for it.
func (c *Commands) DisputesToAnswer(ctx context.Context, caller Caller, organisation string) ([]remit.Dispute, error) {
	tenants, err := c.tenantsToList(ctx, caller, organisation, remit.StripeRefund)
	if err != nil {
		return nil, err
	}
	var all []remit.Dispute
	for _, member := range tenants {
		units, err := c.units(ctx, caller, member.Tenant, remit.StripeRefund)
		if err != nil {
			return nil, err
		}
		err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
			disputes, err := tx.DisputesToAnswer(ctx, units, organisation, disputesToAnswer)
			for _, d := range disputes {
				if _, may := d.Respond(); may {
					all = append(all, d)
				}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(all, func(a, b remit.Dispute) int { return a.RespondBy.Compare(*b.RespondBy) })
	return all, nil
}

// InvoiceDisputes are the disputes of an invoice's payments, oldest first, for
// those who may read what is at Stripe; others get none.
func (c *Commands) InvoiceDisputes(ctx context.Context, caller Caller, id uuid.UUID) ([]remit.Dispute, error) {
	found, _, err := c.seeInvoice(ctx, caller, id)
	if err != nil || !c.readsCodes(ctx, caller, found) {
		return nil, err
	}
	var disputes []remit.Dispute
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		disputes, err = tx.Disputes(ctx, id)
		return err
	})
	return disputes, err
}

// disputeKey sorts the newest first.
func disputeKey(d remit.Dispute) (string, uuid.UUID) {
	return fmt.Sprintf("%019d", math.MaxInt64-d.CreatedAt.UnixMicro()), d.ID
}

// afterNewest reads a cursor of a list that is sorted by [disputeKey].
func (p Page) afterNewest() (*time.Time, uuid.UUID, error) {
	key, id, err := p.after()
	if err != nil || id == uuid.Nil {
		return nil, uuid.Nil, err
	}
	left, err := strconv.ParseInt(key, 10, 64)
	if err != nil || left < 0 {
		return nil, uuid.Nil, malformed("after", "This cursor is not one of ours.")
	}
	at := time.UnixMicro(math.MaxInt64 - left)
	return &at, id, nil
}
