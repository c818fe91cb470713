package commands

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// UnmadeCharges are the charges by a dry run's date of invoices that billing schedules are
// yet to make. They are beside the forecast, not in it: a run that follows is held against
// what was on the agenda.
type UnmadeCharges struct {
	Charges []remit.UnmadeCharge // the first [unmadeShown], by day
	Count   int
	More    bool // there are more schedules than are looked at
}

// Bounds of what is told of schedules beside a forecast.
const (
	unmadeShown     = 100
	unmadeSchedules = 200
	unmadeCharges   = 2000 // no further schedule is looked at
)

// unmade reads the schedules at a dry run's organisation and below and works out what they
// will have billed by its date.
func (c *Commands) unmade(ctx context.Context, tx *postgres.Tx, run remit.DueDateRun, units []uuid.UUID) (u UnmadeCharges, err error) {
	schedules, err := tx.BillingSchedules(ctx, postgres.BillingQuery{Units: units, Path: run.Organisation, State: remit.BillingActive, Limit: unmadeSchedules + 1})
	if err != nil {
		return u, err
	}
	if u.More = len(schedules) > unmadeSchedules; u.More {
		schedules = schedules[:unmadeSchedules]
	}
	customers := make([]uuid.UUID, len(schedules))
	for n, s := range schedules {
		customers[n] = s.CustomerID
	}
	words, err := tx.AutoChargeWords(ctx, customers)
	if err != nil {
		return u, err
	}
	for _, s := range schedules {
		ahead, err := s.ChargesAhead(run.CreatedAt, run.AsOf, words[s.CustomerID])
		if err != nil {
			return u, err
		}
		if u.Charges = append(u.Charges, ahead...); len(u.Charges) > unmadeCharges {
			u.More = true // daily ones of a year, say
			break
		}
	}
	ids := make([]uuid.UUID, len(u.Charges))
	for n, charge := range u.Charges {
		ids[n] = charge.Invoice.ID
	}
	made, err := tx.InvoicesByID(ctx, ids)
	if err != nil {
		return u, err
	}
	u.Charges = slices.DeleteFunc(u.Charges, func(charge remit.UnmadeCharge) bool {
		i, is := made[charge.Invoice.ID] // a draft that somebody has sent or cancelled ahead of its day
		return is && (i.SentAt != nil && !i.SentAt.After(run.CreatedAt) || i.VoidedAt != nil)
	})
	slices.SortStableFunc(u.Charges, func(a, b remit.UnmadeCharge) int { return a.On.Compare(b.On) })
	u.Count = len(u.Charges)
	u.Charges = u.Charges[:min(u.Count, unmadeShown)]
	return u, nil
}
