package activities

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// A run meets rows that can never be carried out: a plan that does not read, an
// invoice whose settings do not. Such a row is recorded as failed, said in the log,
// counted, and put off, so that it holds up neither the others nor the next run.

// notRead is why a row failed, to people who can do nothing about it.
const notRead = "Its data could not be read. The log says why"

// notAnswered is why a charge failed that may still be under way.
const notAnswered = "The invoice's workflow did not answer"

// failureOf says of an error what people may read of it.
func failureOf(err error) string {
	if answer := refusal(err); answer != nil {
		return strings.TrimSuffix(answer.Message, ".")
	}
	return notRead
}

// forecastEach is forecastAll with each charge by itself: one that cannot be looked
// at fails alone.
func (d *DueDates) forecastEach(ctx context.Context, tx *postgres.Tx, run remit.DueDateRun, rows []postgres.ChargeRow, through chargeRoute, now time.Time) ([]remit.DueDateEntry, error) {
	entries := make([]remit.DueDateEntry, len(rows))
	for n, row := range rows {
		failed, err := tx.Alone(ctx, func(tx *postgres.Tx) error {
			one, err := d.forecastAll(ctx, tx, run, rows[n:n+1], through, now)
			if err == nil {
				entries[n] = one[0]
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if failed != nil {
			d.alarm(ctx, run.ID, row.InvoiceID, failed)
			entries[n] = remit.DueDateEntry{Row: row.ID, InvoiceID: row.InvoiceID, At: row.At, Forecast: remit.OutcomeFailed, ForecastReason: failureOf(failed)}
		}
	}
	return entries, nil
}

// putOffFailed moves the failed charges of a page to where the next run meets them.
func (d *DueDates) putOffFailed(ctx context.Context, tx *postgres.Tx, page []remit.DueDateEntry, now time.Time) error {
	var rows []uuid.UUID
	for _, e := range page {
		if e.Forecast == remit.OutcomeFailed || e.Reason == notRead {
			rows = append(rows, e.Row)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.PutOff(ctx, rows, now.Add(putOff))
}

// alarm says in the log what a run could not carry out; a metric counts them.
func (d *DueDates) alarm(ctx context.Context, run, what uuid.UUID, err error) {
	d.Payments.Logger.ErrorContext(ctx, "a row of a due-date run cannot be carried out", "run", run, "of", what, "error", err)
}

// writeNotices writes notices, each by itself, and gives those that could not be,
// with why the first was not.
func (d *DueDates) writeNotices(ctx context.Context, ref remit.DueDateRunRef, rows []postgres.AgendaRow) (failed []postgres.AgendaRow, why string, err error) {
	for _, row := range rows {
		err := d.Payments.WriteNotice(ctx, ref.Tenant, row)
		if err != nil && ctx.Err() == nil { // once more: two that wait for each other are no fault of the row
			err = d.Payments.WriteNotice(ctx, ref.Tenant, row)
		}
		if ctx.Err() != nil {
			return nil, "", errors.Join(ctx.Err(), err)
		}
		if err == nil {
			continue
		}
		d.alarm(ctx, *ref.Run, row.InvoiceID, err)
		if failed = append(failed, row); why == "" {
			why = failureOf(err)
		}
	}
	return failed, why, nil
}

// settlePending ends what a run leaves behind that cannot go on: charges whose
// outcome nobody has read yet.
func (d *DueDates) settlePending(ctx context.Context, tx *postgres.Tx, id uuid.UUID) error {
	run, err := tx.DueDateRun(ctx, id)
	if err != nil {
		return err
	}
	page, err := tx.PendingEntries(ctx, id)
	if err != nil || len(page) == 0 {
		return err
	}
	if err := d.outcomes(ctx, tx, run, page, nil); err != nil {
		return err
	}
	return tx.EndDueDateEntries(ctx, id, page)
}
