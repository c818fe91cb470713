package activities_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// A charge and a notice that can never be carried out hold up neither the others of
// their run nor the next run: they are recorded with why, and put off.
func TestRunGoesOnPastWhatCannotBeCarriedOut(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ctx := t.Context()
	good, noPlan, noInvoice := s.automatic(5000, 0, nil), s.automatic(6000, 0, nil), s.automatic(7000, 0, nil)
	told, untold := s.invoice(8000), s.invoice(9000)
	must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		for _, ref := range []remit.InvoiceRef{told, untold} {
			l, err := tx.LockInvoice(ctx, ref.Invoice)
			must(t, err)
			must(t, tx.Plan(ctx, l, remit.AgendaNotice, l.ID, s.now().Add(-time.Minute), "Reminds the customer"))
		}
		_, err := tx.Exec(ctx, `update agenda set details = '{"planned": 7}' where kind = 'charge' and invoice_id = $1`, noPlan.Invoice)
		must(t, err)
		_, err = tx.Exec(ctx, "update invoices set settings = '[]' where id = any($1)", []uuid.UUID{noInvoice.Invoice, untold.Invoice})
		return err
	}))
	// The hour by which a row is put off may end on the same day, for which this run is.
	if ran := s.runs(10); ran > 2 {
		t.Errorf("the run took %d pages and had not ended", ran)
	}
	s.hasCaptured(good, 5000)
	due := &activities.DueDates{Payments: s.payments}
	run := func() (run remit.DueDateRun, entries []remit.DueDateEntry) {
		must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
			runs, err := tx.DueDateRuns(ctx, []uuid.UUID{s.tenant}, strings.TrimSuffix(s.branch.Path, "/Branch A"), nil, 1)
			must(t, err)
			run = runs[0]
			entries, err = tx.DueDateEntries(ctx, run.ID, nil, 10)
			return err
		}))
		return run, entries
	}
	found, entries := run()
	if c := found.Counts; c.Charged != 1 || c.Failed != 2 || c.Found != 3 {
		t.Errorf("the run counts %+v", c)
	}
	for _, e := range entries {
		if e.InvoiceID != good.Invoice && (e.Outcome != remit.OutcomeFailed || !strings.Contains(e.Reason, "could not be read") || e.Currency != "USD") {
			t.Errorf("%s: %s, %q, %q", e.Number, e.Outcome, e.Reason, e.Currency)
		}
	}
	ref := remit.DueDateRunRef{Tenant: s.tenant, Run: &found.ID}
	more, err := due.NoticeDuePage(ctx, ref)
	must(t, err)
	again, err := due.NoticeDuePage(ctx, ref)
	must(t, err)
	if found, _ = run(); more || again || found.Counts.Notices != 1 || found.Counts.NoticesFailed != 1 || !strings.Contains(found.NoticeFailure, ": Its data could not be read") {
		t.Errorf("of notices the run says %+v, %q", found.Counts, found.NoticeFailure)
	}

	// The next run meets none of them, and a run that cannot go on ends as failed.
	var left bool
	must(t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) (err error) {
		left, err = tx.AnyDueByRun(ctx, s.now())
		return err
	}))
	if left {
		t.Error("what cannot be carried out is still due")
	}
	ref.Failure = "a page of it failed 35 times"
	must(t, due.EndDueDateRun(ctx, ref))
	if found, _ = run(); found.State != remit.RunFailed || found.Failure != ref.Failure {
		t.Errorf("it ended as %s, %q", found.State, found.Failure)
	}
}

// A run that as a whole cannot go on leaves no charge of it without an outcome.
func TestRunThatStopsSaysWhatWasCharged(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref := s.automatic(5000, 0, nil)
	due := &activities.DueDates{Payments: s.payments, Advance: func(ctx context.Context, tenant uuid.UUID, i remit.Invoice) error {
		_, err := s.payments.Advance(ctx, remit.InvoiceRef{Tenant: tenant, Invoice: i.ID})
		return err
	}}
	id, now := uuid.New(), s.clock().Now(s.now())
	s.payments.Crash = func(at string) {
		if at == "page begun" {
			s.advance(ref)
			panic("killed")
		}
	}
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		return activities.InsertDueDateRun(t.Context(), tx, remit.DueDateRun{ID: id, OrganisationID: s.tenant, By: now, Actor: remit.System, CreatedAt: now}, nil)
	}))
	run := remit.DueDateRunRef{Tenant: s.tenant, Run: &id}
	func() {
		defer func() { _ = recover() }()
		_, _ = due.ChargeDuePage(t.Context(), run)
	}()
	run.Failure = "it stopped"
	must(t, due.EndDueDateRun(t.Context(), run))
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		entries, err := tx.DueDateEntries(t.Context(), id, nil, 10)
		must(t, err)
		if len(entries) != 1 || entries[0].Outcome != remit.OutcomeCharged {
			t.Errorf("the run leaves %+v", entries)
		}
		return nil
	}))
}
