package activities

import (
	"context"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// outcomes fills in what came of a page's entries; trouble is why some were not
// carried out.
func (d *DueDates) outcomes(ctx context.Context, tx *postgres.Tx, run remit.DueDateRun, page []remit.DueDateEntry, trouble map[uuid.UUID]string) error {
	if run.DryRun {
		for n := range page {
			page[n].Outcome, page[n].Reason = page[n].Forecast, page[n].ForecastReason
		}
		return nil
	}
	rows := make([]uuid.UUID, len(page))
	for n, e := range page {
		rows[n] = e.Row
	}
	var states map[uuid.UUID]postgres.ChargeState
	failed, err := tx.Alone(ctx, func(tx *postgres.Tx) (err error) {
		states, err = tx.ChargeOutcomes(ctx, rows)
		return err
	})
	if err == nil && failed != nil {
		states, err = d.outcomesEach(ctx, tx, run, rows)
	}
	if err != nil {
		return err
	}
	for n := range page {
		e, s := &page[n], states[page[n].Row]
		if e.Outcome, e.Reason = outcomeOf(s); e.Outcome == remit.OutcomeFailed && e.Forecast == remit.OutcomeFailed {
			e.Reason = e.ForecastReason
		} else if why := trouble[e.Row]; e.Outcome == remit.OutcomeFailed && why != "" {
			e.Reason = why
		}
		if e.Attempt = s.Attempt; s.Attempt != nil {
			e.Amount, e.Surcharge = s.Amount, s.Surcharge
		} else {
			e.Surcharge = 0 // nothing was charged that it could be passed on with
		}
	}
	return nil
}

// outcomeOf says what came of a charge, and why where that does not speak for
// itself.
func outcomeOf(s postgres.ChargeState) (remit.ChargeOutcome, string) {
	switch s.State {
	case remit.AttemptSucceeded:
		return remit.OutcomeCharged, ""
	case remit.AttemptProcessing:
		return remit.OutcomeProcessing, "The bank takes some days"
	case remit.AttemptFailed:
		return remit.OutcomeDeclined, s.Code
	case remit.AttemptCanceled:
		return remit.OutcomeFailed, "It was not sent"
	case remit.AttemptCreated, remit.AttemptConfirming, remit.AttemptRequiresAction:
		return remit.OutcomeProcessing, "The answer is awaited"
	}
	switch {
	case s.Result.Credit:
		return remit.OutcomeCharged, "Paid from the customer's credit"
	case s.Result.Reason != "":
		return remit.OutcomeSkipped, s.Result.Reason
	case s.Done:
		return remit.OutcomeSkipped, "There is nothing to collect any more"
	}
	return remit.OutcomeFailed, notAnswered
}

// outcomesEach reads what came of each charge by itself.
func (d *DueDates) outcomesEach(ctx context.Context, tx *postgres.Tx, run remit.DueDateRun, rows []uuid.UUID) (map[uuid.UUID]postgres.ChargeState, error) {
	states := map[uuid.UUID]postgres.ChargeState{}
	for n, row := range rows {
		failed, err := tx.Alone(ctx, func(tx *postgres.Tx) error {
			one, err := tx.ChargeOutcomes(ctx, rows[n:n+1])
			states[row] = one[row]
			return err
		})
		if err != nil {
			return nil, err
		}
		if failed != nil {
			d.alarm(ctx, run.ID, row, failed)
		}
	}
	return states, nil
}
