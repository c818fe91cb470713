package commands

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
)

// A branch is made by who manages organisations above it, and only beside what
// is there; what is not given is taken from above.
func TestOrganisationsBelow(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	h.custom(owner, "Planner", remit.AdminOrganisations)
	planner := h.join(owner, "paul@example.com", "Planner at /dev/Branch A")
	create := func(by Caller, path string) error {
		_, err := h.CreateOrganisation(ctx, by, Given(OrganisationInput{Path: path}))
		return err
	}
	if err := create(planner, "/dev/Branch A/South"); err != nil {
		t.Error(err)
	}
	wants(t, "again", create(planner, "/dev/Branch A/South"), remit.KindConflict)
	wants(t, "in the neighbour", create(planner, "/dev/Branch AB/South"), remit.KindForbidden)
	wants(t, "beside his branch", create(planner, "/dev/Branch C"), remit.KindForbidden)
	wants(t, "a tenant, without managing one", create(planner, "/mine"), remit.KindForbidden)
	wants(t, "below nothing", create(planner, "/dev/Branch A/x/y"), remit.KindInvalid)
	wants(t, "in another tenant", create(planner, "/elsewhere/x"), remit.KindNotFound)
	wants(t, "no path", create(planner, "dev"), remit.KindInvalid)
	wants(t, "by a clerk", create(h.join(owner, "carl@example.com", "Clerks at /dev"), "/dev/x"), remit.KindForbidden)
	list, err := h.Organisations(ctx, planner, "", Page{})
	if err != nil || !slices.Equal(paths(list.Items), []string{"/dev/Branch A", "/dev/Branch A/North", "/dev/Branch A/South"}) {
		t.Errorf("he manages %v, %v", paths(list.Items), err)
	}
	list, err = h.Organisations(ctx, owner, "/dev/Branch A/North", Page{})
	if err != nil || !slices.Equal(paths(list.Items), []string{"/dev/Branch A/North"}) {
		t.Errorf("below a path: %v, %v", paths(list.Items), err)
	}
}

// Who makes a top-level organisation owns it; nobody else sees it, and two who
// want the same path do not both get it.
func TestTopLevelOrganisationsAreTenants(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	results := make(chan error, 4)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			_, err := h.CreateOrganisation(ctx, owner, Given(OrganisationInput{Path: "/fresh", TimeZone: "Asia/Tokyo", Currency: "JPY"}))
			results <- err
		})
	}
	all.Wait()
	close(results)
	made := 0
	for err := range results {
		if err == nil {
			made++
		} else {
			wants(t, "the others", err, remit.KindConflict)
		}
	}
	if made != 1 {
		t.Errorf("made %d times", made)
	}
	renewed := h.signIn(owner.Email)
	list, err := h.Organisations(ctx, renewed, "/fresh", Page{})
	if err != nil || len(list.Items) != 1 || list.Items[0].Currency != "JPY" || list.Items[0].TimeZone != "Asia/Tokyo" {
		t.Fatalf("%+v, %v", list.Items, err)
	}
	other := h.founder("/other", "zoe@example.com")
	_, err = h.Organisations(ctx, other, "/fresh", Page{})
	wants(t, "another tenant's", err, remit.KindNotFound)
	_, err = h.UpdateOrganisation(ctx, other, list.Items[0].ID, Given(OrganisationChange{}))
	wants(t, "changed by id", err, remit.KindNotFound)
	wants(t, "deleted by id", h.DeleteOrganisation(ctx, other, list.Items[0].ID), remit.KindNotFound)
	_, err = h.Roles(ctx, renewed, "", Page{})
	wants(t, "which of two", err, remit.KindMalformed)
}

// A test clock starts at the first instant of a date in the organisation's own
// zone, runs on with real time, and exists beside the stand-in alone.
func TestATestClockStartsAtLocalMidnight(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	date := remit.Date{Year: 2026, Month: 3, Day: 1}
	made, err := h.CreateOrganisation(ctx, owner, Given(OrganisationInput{Path: "/clocked", TimeZone: "America/New_York", Clock: &date}))
	if err != nil {
		t.Fatal(err)
	}
	clock := remit.Clock{Offset: *made.ClockOffset, Test: true}
	if got := clock.Now(h.Now()).UTC().Format(time.RFC3339); got != "2026-03-01T05:00:00Z" {
		t.Errorf("it shows %s", got)
	}
	owner = h.signIn(owner.Email)
	if _, err := h.CreateOrganisation(ctx, owner, Given(OrganisationInput{Path: "/clocked/Branch"})); err != nil {
		t.Fatal(err)
	}
	list, err := h.Organisations(ctx, owner, "/clocked", Page{})
	if err != nil || len(list.Items) != 2 || *list.Items[1].ClockOffset != *made.ClockOffset || *list.Items[1].ClockDate != date {
		t.Errorf("the branch's clock: %+v, %v", list.Items, err)
	}
	_, err = h.CreateOrganisation(ctx, owner, Given(OrganisationInput{Path: "/clocked/Own", Clock: &date}))
	wants(t, "a branch's own clock", err, remit.KindInvalid)
	h.Sandbox = false
	_, err = h.CreateOrganisation(ctx, owner, Given(OrganisationInput{Path: "/real", Clock: &date}))
	wants(t, "without the stand-in", err, remit.KindInvalid)
}

// What invoices mean is not changed behind them: the currency and the clock
// stay once there are some, and only what is empty can be deleted.
func TestChangingAndDeletingOrganisations(t *testing.T) {
	h, owner := openHouse(t)
	ctx := t.Context()
	list, err := h.Organisations(ctx, owner, "/dev/Branch AB", Page{})
	if err != nil {
		t.Fatal(err)
	}
	branch := list.Items[0]
	text := func(s string) *string { return &s }
	changed, err := h.UpdateOrganisation(ctx, owner, branch.ID, Given(OrganisationChange{Name: text("AB & Co"), TimeZone: text("Europe/Berlin"), Currency: text("EUR")}))
	if err != nil || changed.Name != "AB & Co" || changed.Currency != "EUR" || changed.Path != branch.Path {
		t.Fatalf("%+v, %v", changed, err)
	}
	for field, change := range map[string]OrganisationChange{
		"name": {Name: text(" ")}, "time_zone": {TimeZone: text("Local")}, "currency": {Currency: text("XAU")}, "zone": {TimeZone: text("Mars/Base")},
	} {
		_, err := h.UpdateOrganisation(ctx, owner, branch.ID, Given(change))
		wants(t, field, err, remit.KindInvalid)
	}
	customer := uuid.New()
	h.exec("insert into customers (tenant, id, organisation_id, name, currency) values ($1, $2, $3, 'Acme', 'EUR')", branch.Tenant, customer, branch.ID)
	wants(t, "delete with a customer", h.DeleteOrganisation(ctx, owner, branch.ID), remit.KindConflict)
	h.exec(`insert into invoices (tenant, id, organisation_id, customer_id, number, status, total, currency, issue_date, due_date, fingerprint, settings)
		values ($1, $2, $3, $4, '1', 'open', 100, 'EUR', now(), now(), '', '{}')`, branch.Tenant, uuid.New(), branch.ID, customer)
	_, err = h.UpdateOrganisation(ctx, owner, branch.ID, Given(OrganisationChange{Currency: text("USD")}))
	wants(t, "the currency under invoices", err, remit.KindConflict)
	date := remit.Date{Year: 2026, Month: 3, Day: 1}
	_, err = h.UpdateOrganisation(ctx, owner, owner.Tenants[0].Tenant, Given(OrganisationChange{Clock: &date}))
	wants(t, "the clock under invoices", err, remit.KindConflict)
	wants(t, "the top", h.DeleteOrganisation(ctx, owner, owner.Tenants[0].Tenant), remit.KindConflict)
	list, err = h.Organisations(ctx, owner, "/dev/Branch A", Page{})
	if err != nil {
		t.Fatal(err)
	}
	wants(t, "with a branch below", h.DeleteOrganisation(ctx, owner, list.Items[0].ID), remit.KindConflict)
	if err := h.DeleteOrganisation(ctx, owner, list.Items[1].ID); err != nil {
		t.Errorf("an empty one: %v", err)
	}
}

func paths(list []remit.Organisation) []string {
	var all []string
	for _, o := range list {
		all = append(all, o.Path)
	}
	return all
}
