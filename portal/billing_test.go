package portal_test

import (
	"net/url"
	"strings"
	"testing"
)

// Protects whoever bills again and again, without script: a schedule is made, says
// what it will bill, is changed from its next period on, paused, resumed and ended; who
// may not edit invoices sees none.
func TestScheduleWithoutScript(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	made := admin.open("/customers/new").submit("/customers/new", url.Values{"name": {"Riverside"}, "organisation": {w.branch}, "currency": {"USD"}})
	customer := strings.TrimPrefix(made.path(), "/customers/")
	list := admin.open("/billing-schedules").want(200, "What you bill again and again belongs here.")
	form := admin.open(list.link("/billing-schedules/new")).want(200, "New billing schedule")
	filled := url.Values{"customer_id": {customer}, "number": {"RENT-12"}, "currency": {"USD"}, "line_description": {"Rent", "Parking"}, "line_quantity": {"1", "2"}, "line_unit_price": {"100.00", "10.00"}}
	wrong := url.Values{"customer_id": {customer}, "number": {""}, "interval_count": {"400"}}
	form.submit("/billing-schedules/new", wrong).want(422, "There is a problem", "Give what the numbers of its invoices begin with")
	made = admin.open("/billing-schedules/new").submit("/billing-schedules/new", filled).want(200, "The schedule is made.", "The next twelve months", "USD 120.00", "Active")
	admin.open("/billing-schedules").want(200, "RENT-12", "every month")
	change := admin.open(made.path()+"/edit").want(200, "What you change holds from")
	changed := change.submit(made.path()+"/edit", url.Values{
		"line_unit_price": {"150.00", "10.00"}, "adjustment_kind": {"tax"}, "adjustment_description": {"VAT 20%"}, "adjustment_amount": {"34"},
	}).want(200, "Saved.", "USD 204.00", "VAT 20%: $34.00", "Changed from")
	change = admin.open(made.path()+"/edit").want(200, "Tax and other adjustments")
	change.submit(made.path()+"/edit", url.Values{"adjustment_amount": {"much"}}).want(422, "There is a problem")
	change.submit(made.path()+"/edit", nil).want(200, "VAT 20%: $34.00")
	changed.submit(made.path()+"/pause", nil).want(200, "The schedule is paused.", "If it were resumed now.", "Resume")
	admin.open(made.path()).submit(made.path()+"/pause", nil).want(200, "The schedule bills again.")
	admin.open(made.path()+"/end").want(200, "This cannot be undone.").submit(made.path()+"/end", nil).want(200, "The schedule has ended.", "Nothing more is billed.")
	w.signIn("viewer").open("/billing-schedules").want(403, "It needs invoice=edit")
	w.signIn("viewer").open(made.path()).want(404)
}
