package activities_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// compared is what a run since a time finds in the one currency that moved.
func (s *shop) compared(since, at time.Time) remit.Reconciliation {
	s.t.Helper()
	ctx := s.t.Context()
	run := remit.ReconciliationRun{ID: uuid.New(), OrganisationID: s.tenant, Account: s.account, Since: since, At: at, Actor: remit.System}
	must(s.t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error { return tx.BeginReconciliation(ctx, run) }))
	r := &activities.Reconciliations{DB: s.db, Connector: s.payments.Connector, Logger: s.payments.Logger, Now: time.Now}
	must(s.t, r.CompareWithStripe(ctx, remit.ReconciliationRef{Tenant: s.tenant, Run: run.ID}))
	var found []remit.Reconciliation
	must(s.t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) (err error) {
		found, err = tx.ReconciliationsOfRun(ctx, run.ID)
		return err
	}))
	if len(found) != 1 {
		s.t.Fatalf("found %+v", found)
	}
	return found[0]
}

// causes are the differences as "kind cause".
func causes(r remit.Reconciliation) string {
	words := make([]string, len(r.Differences))
	for n, d := range r.Differences {
		words[n] = fmt.Sprintf("%s %s", d.Kind, d.Cause)
	}
	return strings.Join(words, ", ")
}

// Stripe lists a bank debit in the balance as soon as it has submitted it, days
// before it is final, and takes it out again where it fails. Neither is missing
// here; what is booked and then taken out is, and a debit that succeeded and was
// not heard of is missing however long ago it was listed (M6, M7).
func TestDebitsThatAreNotFinalAreExplained(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(5000)
	request := s.pay(ref, 5000, s.card)
	if !s.performAndDie(ref, request, "confirm answered") {
		t.Fatal("never confirmed")
	}
	_, payments := s.read(ref)
	now := time.Now()
	var listed []string
	status := "pending"
	moved := func(id, kind string, amount int64) string {
		return fmt.Sprintf(`{"id": "txn_%s", "object": "balance_transaction", "type": %q, "reporting_category": "charge", "currency": "usd", "amount": %d, "net": %[3]d, "created": %d,
			"source": {"id": "py_1", "object": "charge", "status": %q, "payment_intent": %q}}`, id, kind, amount, now.Unix(), status, payments[0].PaymentIntent)
	}
	s.watched.answer = func(method, path string) (int, string) {
		switch {
		case method == "GET" && path == "/v1/balance_transactions":
			return 200, `{"object": "list", "has_more": false, "data": [` + strings.Join(listed, ",") + `]}`
		case method == "GET" && path == "/v1/charges/py_1":
			return 200, fmt.Sprintf(`{"id": "py_1", "object": "charge", "status": %q}`, status)
		}
		return 0, ""
	}
	night := func(n int) (time.Time, time.Time) { // of a run, with the time it looks back to
		at := now.Add(time.Duration(n) * 24 * time.Hour)
		return at.Add(-24 * time.Hour), at
	}
	expect := func(when string, n int, unexplained int64, want string) {
		t.Helper()
		if got := s.compared(night(n)); got.Unexplained != unexplained || causes(got) != want {
			t.Errorf("%s: unexplained %d, %q, want %q", when, got.Unexplained, causes(got), want)
		}
	}
	listed = []string{moved("1", "payment", 5000)}
	expect("on its way", 1, 0, "charge charge_pending")
	listed = nil
	expect("on its way, listed long ago", 3, 0, "charge charge_pending")
	status = "succeeded"
	expect("succeeded, its event lost", 4, 5000, "charge charge_event_lost")
	status = "failed"
	listed = []string{moved("1", "payment", 5000), moved("2", "payment_failure_refund", -5000)}
	expect("failed", 5, 0, "charge charge_failed, charge_failure charge_failed")
	_, err := s.payments.Perform(t.Context(), ref, request)
	must(t, err)
	expect("taken out after it was booked", 6, 5000, "charge_failure charge_reversed")
	listed = nil
	expect("long after that", 9, 5000, "charge_failure charge_reversed")
}
