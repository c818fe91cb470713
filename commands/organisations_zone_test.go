package commands

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// M11: what is being planned by an organisation's time zone in the moment in which that is
// changed moves with the rest, by whichever of the two is first.
func TestZoneChangeMovesWhatIsJustBeingPlanned(t *testing.T) {
	t.Parallel()
	h, owner := openHouse(t)
	ctx := t.Context()
	var tenant uuid.UUID
	var invoice uuid.UUID
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(h.super.QueryRow(ctx, "select tenant from organisations where path = '/dev'").Scan(&tenant))
	var branch uuid.UUID
	must(h.super.QueryRow(ctx, "select id from organisations where path = '/dev/Branch A'").Scan(&branch))
	due := remit.DateOf(h.clock.now()).AddDays(20)
	customer := remit.Customer{ID: uuid.New(), OrganisationID: branch, Name: "Globex", Email: "pay@globex.test", Currency: "USD", CreatedAt: h.clock.now()}
	must(h.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		must(tx.InsertCustomer(ctx, customer))
		draft, err := activities.Draft(ctx, tx, remit.InvoiceInput{
			Organisation: "/dev/Branch A", CustomerID: customer.ID, Number: "Z-1", IssueDate: due.AddDays(-30), DueDate: due,
			Lines: []remit.Line{{Description: "Work", Quantity: "1", UnitPrice: "50.00", Amount: 5000}},
		}, customer, h.clock.now())
		must(err)
		draft.Settings.AutoCharge.On = true
		_, invoice, err = activities.InsertDraft(ctx, tx, draft, remit.System, h.clock.now())
		return err
	}))
	changed := make(chan error, 1)
	must(h.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, invoice)
		must(err)
		go func() {
			zone := tokyo.String()
			_, err := h.UpdateOrganisation(ctx, owner, branch, Given(OrganisationChange{TimeZone: &zone}))
			changed <- err
		}()
		select {
		case err := <-changed: // it has looked for what is planned, and found nothing
			changed <- err
		case <-time.After(time.Second):
		}
		return activities.Send(ctx, tx, l, h.clock.now(), remit.System)
	}))
	must(<-changed)
	rows, err := h.super.Query(ctx, "select kind, at from agenda where invoice_id = $1 and done_at is null and kind in ('charge', 'overdue')", invoice)
	must(err)
	defer rows.Close()
	found := 0
	for ; rows.Next(); found++ {
		var kind remit.AgendaKind
		var at time.Time
		must(rows.Scan(&kind, &at))
		want := due.At(9*60, tokyo)
		if kind == remit.AgendaOverdue {
			want = due.AddDays(1).StartIn(tokyo)
		}
		if !at.Equal(want) {
			t.Errorf("%s is planned at %s, want %s", kind, at.In(tokyo), want)
		}
	}
	if must(rows.Err()); found != 2 {
		t.Errorf("%d rows are planned", found)
	}
}

// M11: whoever makes an invoice while the zone is being changed waits before he has written
// anything that the change would wait for in its turn.
func TestZoneChangeIsNotWaitedForInACircle(t *testing.T) {
	t.Parallel()
	h, _ := openHouse(t)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var tenant, branch uuid.UUID
	must(h.super.QueryRow(ctx, "select tenant, id from organisations where path = '/dev/Branch A'").Scan(&tenant, &branch))
	today := remit.DateOf(h.clock.now())
	customer := remit.Customer{ID: uuid.New(), OrganisationID: branch, Name: "Globex", Email: "pay@globex.test", Currency: "USD", CreatedAt: h.clock.now()}
	must(h.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error { return tx.InsertCustomer(ctx, customer) }))
	made := make(chan error, 1)
	must(h.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		must(tx.LockZone(ctx, branch))
		go func() {
			made <- h.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
				draft, err := activities.Draft(ctx, tx, remit.InvoiceInput{
					Organisation: "/dev/Branch A", CustomerID: customer.ID, Number: "Z-2", IssueDate: today, DueDate: today.AddDays(30),
					Lines: []remit.Line{{Description: "Work", Quantity: "1", UnitPrice: "50.00", Amount: 5000}},
				}, customer, h.clock.now())
				if err == nil {
					_, _, err = activities.InsertDraft(ctx, tx, draft, remit.System, h.clock.now())
				}
				return err
			})
		}()
		for waiting := false; !waiting; {
			must(h.super.QueryRow(ctx, "select exists (select from pg_locks where locktype = 'advisory' and mode = 'ShareLock' and not granted and database = (select oid from pg_database where datname = current_database()))").Scan(&waiting))
		}
		return tx.LockTenant(ctx)
	}))
	must(<-made)
}
