package postgres

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
)

// verifiedPeriod is a period as it is stored, with what its invoice was made as.
type verifiedPeriod struct {
	From, Until remit.Date
	Version     int
	Invoice     *uuid.UUID
	Customer    *uuid.UUID
	Currency    *string
	Made        *int64 // its total then; people may have changed it since
}

// BillingScheduleIDs reads a page of the tenant's schedules, by id.
func (tx *Tx) BillingScheduleIDs(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	rows, err := tx.Query(ctx, "select id from billing_schedules where tenant = $1 and id > $2 order by id limit $3", tx.Tenant, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list billing schedules: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("list billing schedules: %w", err)
	}
	return ids, nil
}

// VerifyBilling compares the periods that are stored of a schedule with those that its
// versions make, up to the last that is through: each is there once, billed by the one
// invoice that is its own, of the amount its terms come to; and no invoice of the schedule
// is without its period. It returns what does not fit, in words, or nothing.
func (tx *Tx) VerifyBilling(ctx context.Context, id uuid.UUID) (wrong []string, err error) {
	s, err := tx.LockBillingSchedule(ctx, id)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, `select b.from_date, b.until_date, b.version, b.invoice_id, i.customer_id, i.currency,
			(select (t.data ->> 'total')::bigint from timeline t where t.tenant = i.tenant and t.invoice_id = i.id and t.kind = 'created' order by t.seq limit 1)
		from billing_periods b left join invoices i on i.tenant = b.tenant and i.id = b.invoice_id
		where b.tenant = $1 and b.schedule_id = $2 order by b.from_date`, tx.Tenant, id)
	if err != nil {
		return nil, fmt.Errorf("read a schedule's periods: %w", err)
	}
	stored, err := pgx.CollectRows(rows, pgx.RowToStructByPos[verifiedPeriod])
	if err != nil {
		return nil, fmt.Errorf("read a schedule's periods: %w", err)
	}
	at := map[remit.Date]verifiedPeriod{}
	for _, p := range stored {
		at[p.From] = p
	}
	for want := range s.Periods(s.Versions[0].From) {
		if s.Through.Before(want.From) {
			break
		}
		found, there := at[want.From]
		delete(at, want.From)
		if !there {
			wrong = append(wrong, fmt.Sprintf("its period %s is through and not there", want.Words()))
			continue
		}
		amiss, err := found.differs(s, want)
		if err != nil {
			return nil, err
		}
		wrong = append(wrong, amiss...)
	}
	for _, p := range stored {
		if _, left := at[p.From]; left {
			wrong = append(wrong, fmt.Sprintf("a period from %s is there that is none of it, or not through", p.From.Words()))
		}
	}
	invoices, err := tx.amiss(ctx, "invoice", `select i.id, format('it is of this schedule, %s, and of none of its periods', i.number) from invoices i
		where i.tenant = $1 and i.source = 'billing schedule ' || $2 and i.customer_id = $3 and i.organisation_id = $4
			and not exists (select 1 from billing_periods b where b.tenant = i.tenant and b.invoice_id = i.id) order by i.id`, s.Number, s.CustomerID, s.OrganisationID)
	return append(wrong, invoices...), err
}

// differs compares a period as it is stored with what its schedule makes it.
func (p verifiedPeriod) differs(s remit.BillingSchedule, want remit.BilledPeriod) (wrong []string, err error) {
	if p.Until != want.Until || p.Version != want.Version {
		wrong = append(wrong, fmt.Sprintf("its period from %s is until %s by version %d, stored are %s and %d", want.From.Words(), want.Until.Words(), want.Version, p.Until.Words(), p.Version))
	}
	if p.Invoice == nil {
		return wrong, nil // skipped, or cancelled: its state is the database's rule
	}
	made, err := s.Invoice(want, want.From)
	switch {
	case err != nil:
		return nil, err
	case *p.Invoice != made.ID:
		wrong = append(wrong, fmt.Sprintf("its period %s is billed by invoice %s, which is not its own", want.Words(), p.Invoice))
	case p.Customer == nil || *p.Customer != s.CustomerID || *p.Currency != s.Currency:
		wrong = append(wrong, fmt.Sprintf("its period %s is billed to another customer or in another currency", want.Words()))
	case p.Made == nil || *p.Made != made.Total.Minor:
		told := "nothing"
		if p.Made != nil {
			told = strconv.FormatInt(*p.Made, 10)
		}
		wrong = append(wrong, fmt.Sprintf("its period %s comes to %d, and was billed as %s", want.Words(), made.Total.Minor, told))
	}
	return wrong, nil
}
