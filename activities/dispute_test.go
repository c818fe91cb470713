package activities_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// act does in the stand-in's dashboard what a bank or the account's owner does.
func (s *shop) act(path string, wish map[string]any) (id string) {
	s.t.Helper()
	raw, err := json.Marshal(wish)
	must(s.t, err)
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.standin+"/_sandbox"+path, bytes.NewReader(raw))
	must(s.t, err)
	r.Header.Set("Authorization", "Bearer "+s.key)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	must(s.t, err)
	defer func() { _ = response.Body.Close() }()
	var made struct {
		ID string `json:"id"`
	}
	must(s.t, json.NewDecoder(response.Body).Decode(&made))
	if response.StatusCode != http.StatusOK || made.ID == "" {
		s.t.Fatalf("POST %s: %d", path, response.StatusCode)
	}
	return made.ID
}

// hear stores an event about a charge's object, as a webhook would.
func (s *shop) hear(ref remit.InvoiceRef, kind, object string) {
	s.stored(postgres.StoredEvent{
		ID: "evt_" + uuid.NewString(), Account: s.account, Tenant: s.tenant, Type: kind, ObjectID: object, State: postgres.EventWaiting, InvoiceID: &ref.Invoice,
	})
}

func (s *shop) advance(ref remit.InvoiceRef) remit.InvoiceState {
	s.t.Helper()
	state, err := s.payments.Advance(s.t.Context(), ref)
	must(s.t, err)
	return state
}

// settled is an invoice that was paid with the card, and its charge.
func (s *shop) settled(amount int64) (remit.InvoiceRef, string) {
	s.t.Helper()
	ref := s.invoice(amount)
	_, err := s.payments.Perform(s.t.Context(), ref, s.pay(ref, amount, s.card))
	must(s.t, err)
	invoice, payments := s.read(ref)
	if invoice.Status != remit.InvoicePaid {
		s.t.Fatalf("the invoice is %s", invoice.Status)
	}
	return ref, payments[0].Charge
}

// standing is all that a dispute can change about an invoice.
type standing struct {
	Status      remit.InvoiceStatus
	Hold        remit.HoldKind
	Outstanding int64
	Disputes    []string
	Disputed    bool
	Ledger      map[string]int64
	Agenda      []string
	Item        remit.WorkItemState
}

func (s *shop) standing(ref remit.InvoiceRef) standing {
	s.t.Helper()
	ctx := context.WithoutCancel(s.t.Context())
	invoice, payments := s.read(ref)
	at := standing{Status: invoice.Status, Outstanding: invoice.Outstanding, Disputed: payments[0].Disputed, Ledger: map[string]int64{}}
	if invoice.Hold != nil {
		at.Hold = invoice.Hold.Kind
	}
	must(s.t, s.db.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		disputes, err := tx.Disputes(ctx, ref.Invoice)
		must(s.t, err)
		for _, d := range disputes {
			at.Disputes = append(at.Disputes, fmt.Sprintf("%s %d %t %t %t", d.State, d.Amount, d.Withdrawn, d.Reinstated, d.ClosedAt == nil))
		}
		rows, err := tx.InvoiceAgenda(ctx, ref.Invoice)
		must(s.t, err)
		for _, row := range rows {
			at.Agenda = append(at.Agenda, string(row.Kind))
		}
		slices.Sort(at.Agenda)
		item, err := tx.WorkItem(ctx, *invoice.WorkItemID)
		must(s.t, err)
		at.Item = item.State
		lines, err := tx.Query(ctx, `select l.account, sum(l.amount) from ledger_lines l join ledger_entries e on e.tenant = l.tenant and e.id = l.entry_id
			where l.tenant = $1 and e.invoice_id = $2 group by l.account having sum(l.amount) <> 0`, ref.Tenant, ref.Invoice)
		must(s.t, err)
		defer lines.Close()
		for lines.Next() {
			var account string
			var sum int64
			must(s.t, lines.Scan(&account, &sum))
			at.Ledger[account] = sum
		}
		wrong, err := tx.VerifyInvoice(ctx, ref.Invoice)
		if len(wrong) > 0 {
			s.t.Errorf("the record contradicts itself: %v", wrong)
		}
		return err
	}))
	return at
}

// step is one thing a bank does.
type step struct {
	do    func(s *shop, charge, dispute string) string
	event string
}

func opens(inquiry bool) step {
	return step{func(s *shop, charge, _ string) string {
		return s.act("/charges/"+charge+"/dispute", map[string]any{"inquiry": inquiry})
	}, "charge.dispute.created"}
}

func closes(outcome string) step {
	return step{func(s *shop, _, dispute string) string {
		return s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": outcome})
	}, "charge.dispute.closed"}
}

var escalates = step{func(s *shop, _, dispute string) string {
	return s.act("/disputes/"+dispute+"/escalate", map[string]any{})
}, "charge.dispute.funds_withdrawn"}

// Whatever a bank does, and whichever of its events are lost, doubled or late,
// the record ends in the same state: the invoice owes what the bank took exactly
// once, and is paid exactly once by what it gave back (M6, M7).
func TestFailure53DisputesEndAlikeWhateverIsHeard(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	paid := map[string]int64{"revenue": -12000, "stripe": 12000}
	owed := map[string]int64{"revenue": -12000, "receivable": 12000}
	for name, course := range map[string]struct {
		steps []step
		want  standing
	}{
		"an inquiry": {[]step{opens(true)}, standing{
			Status: remit.InvoiceContested, Disputes: []string{"warning_needs_response 12000 false false true"}, Disputed: true,
			Ledger: paid, Agenda: []string{"poll", "respond"}, Item: remit.WorkItemDone,
		}},
		"a dispute": {[]step{opens(false)}, standing{
			Status: remit.InvoiceContested, Hold: remit.HoldDispute, Outstanding: 12000, Disputes: []string{"needs_response 12000 true false true"}, Disputed: true,
			Ledger: owed, Agenda: []string{"poll", "respond"}, Item: remit.WorkItemDone,
		}},
		"won": {[]step{opens(false), closes("won")}, standing{
			Status: remit.InvoicePaid, Disputes: []string{"won 12000 true true false"}, Ledger: paid, Item: remit.WorkItemDone,
		}},
		"lost": {[]step{opens(false), closes("lost")}, standing{
			Status: remit.InvoiceOpen, Hold: remit.HoldDispute, Outstanding: 12000, Disputes: []string{"lost 12000 true false false"}, Disputed: true,
			Ledger: owed, Agenda: []string{"overdue"}, Item: remit.WorkItemOpen,
		}},
		"an inquiry that came to nothing": {[]step{opens(true), closes("won")}, standing{
			Status: remit.InvoicePaid, Disputes: []string{"warning_closed 12000 false false false"}, Ledger: paid, Item: remit.WorkItemDone,
		}},
		"an inquiry, then lost": {[]step{opens(true), escalates, closes("lost")}, standing{
			Status: remit.InvoiceOpen, Hold: remit.HoldDispute, Outstanding: 12000, Disputes: []string{"lost 12000 true false false"}, Disputed: true,
			Ledger: owed, Agenda: []string{"overdue"}, Item: remit.WorkItemOpen,
		}},
		"an inquiry, then won": {[]step{opens(true), escalates, closes("won")}, standing{
			Status: remit.InvoicePaid, Disputes: []string{"won 12000 true true false"}, Ledger: paid, Item: remit.WorkItemDone,
		}},
	} {
		for heard := range 1 << (len(course.steps) - 1) { // which of the steps before the last were heard of in time
			ref, charge := s.settled(12000)
			var dispute string
			for n, step := range course.steps {
				dispute = step.do(s, charge, dispute)
				if heard>>n&1 == 1 {
					s.hear(ref, step.event, dispute)
					s.advance(ref)
				}
			}
			// Nothing but a hint that something happened to the charge: the dispute's
			// own events may all be lost.
			s.hear(ref, "charge.updated", charge)
			s.advance(ref)
			if got := s.standing(ref); !reflect.DeepEqual(got, course.want) {
				t.Errorf("%s, heard %b:\n got %+v\nwant %+v", name, heard, got, course.want)
			}
			for _, step := range slices.Backward(course.steps) { // late, doubled and backwards
				s.hear(ref, step.event, dispute)
				s.hear(ref, step.event, dispute)
				s.advance(ref)
			}
			if got := s.standing(ref); !reflect.DeepEqual(got, course.want) {
				t.Errorf("%s, heard %b and again late:\n got %+v\nwant %+v", name, heard, got, course.want)
			}
		}
	}
}

// An open dispute is asked about every day, so that the bank's decision is found
// though no event tells it (M6).
func TestDisputeIsFollowedWithoutEvents(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, charge := s.settled(12000)
	dispute := s.act("/charges/"+charge+"/dispute", map[string]any{})
	s.hear(ref, "charge.dispute.created", dispute)
	if state := s.advance(ref); state.Rest || state.WakeIn == nil || *state.WakeIn > 24*time.Hour {
		t.Fatalf("nobody asks again: %+v", state)
	}
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "won"})
	s.advance(ref)
	if got := s.standing(ref); got.Status != remit.InvoiceContested {
		t.Fatalf("asked before its time: %+v", got)
	}
	s.payments.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	if state := s.advance(ref); !state.Rest {
		t.Errorf("the invoice does not rest: %+v", state)
	}
	if got := s.standing(ref); got.Status != remit.InvoicePaid || got.Outstanding != 0 {
		t.Errorf("the bank's decision was not found: %+v", got)
	}
}

// A dispute of which nothing at all was heard is found when the account is
// compared with the record (M6).
func TestUnheardDisputeIsFoundByComparing(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, charge := s.settled(12000)
	s.act("/charges/"+charge+"/dispute", map[string]any{})
	for _, want := range []int{1, 0} { // once
		found, err := s.payments.Reconcile(t.Context(), s.tenant, time.Now().Add(-time.Hour))
		must(t, err)
		if len(found) != want {
			t.Errorf("found %q, want %d", found, want)
		}
	}
	if got := s.standing(ref); got.Status != remit.InvoiceContested || got.Outstanding != 12000 {
		t.Errorf("got %+v", got)
	}
}

// A look that Stripe does not answer is planned again, and nothing is lost by it.
func TestDisputeWaitsForAnAnswer(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, charge := s.settled(12000)
	dispute := s.act("/charges/"+charge+"/dispute", map[string]any{})
	s.hear(ref, "charge.dispute.created", dispute)
	s.watched.answer = func(_, path string) (int, string) {
		if strings.HasPrefix(path, "/v1/disputes") {
			return http.StatusInternalServerError, `{"error": {"type": "api_error"}}`
		}
		return 0, ""
	}
	s.advance(ref)
	if got := s.standing(ref); got.Status != remit.InvoicePaid || len(got.Disputes) > 0 {
		t.Fatalf("recorded without an answer: %+v", got)
	}
	s.watched.answer = nil
	s.advance(ref)
	if got := s.standing(ref); got.Status != remit.InvoiceContested {
		t.Fatalf("the event was lost: %+v", got)
	}
	s.watched.answer = func(_, path string) (int, string) {
		if path == "/v1/disputes/"+dispute {
			return http.StatusInternalServerError, `{"error": {"type": "api_error"}}`
		}
		return 0, ""
	}
	s.payments.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	if state := s.advance(ref); state.Rest || state.WakeIn == nil || *state.WakeIn <= 0 || *state.WakeIn > time.Hour {
		t.Errorf("the look is not planned again: %+v", state)
	}
}

// Nothing is collected, recorded as paid or voided while a bank reviews a
// payment; a person may lift the hold once it has decided (M1, M14).
func TestNothingMovesWhileContested(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, charge := s.settled(12000)
	s.hear(ref, "charge.dispute.created", s.act("/charges/"+charge+"/dispute", map[string]any{}))
	s.advance(ref)
	charges := s.watched.count("POST", "/confirm")
	for kind, request := range map[string]remit.Request{
		"pay":      s.pay(ref, 12000, s.card),
		"checkout": s.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: 12000}),
		"transfer": s.request(ref, remit.RequestRecordPayment, remit.RecordRequest{Amount: 12000, Method: "bank_transfer", Reference: "x"}),
		"void":     s.request(ref, remit.RequestVoid, remit.ReasonRequest{Reason: "no"}),
	} {
		done, err := s.payments.Perform(t.Context(), ref, request)
		must(t, err)
		if done.Result.Refused == nil {
			t.Errorf("%s was not refused", kind)
		}
	}
	if s.watched.count("POST", "/confirm") != charges {
		t.Error("something was charged")
	}
}

// What is paid again after a dispute was lost, and then comes back from the
// bank after all, is excess: nothing is dropped (M9).
func TestMoneyBackAfterPaidAgainIsExcess(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, charge := s.settled(12000)
	dispute := s.act("/charges/"+charge+"/dispute", map[string]any{"amount": 5000})
	s.hear(ref, "charge.dispute.created", dispute)
	s.advance(ref)
	if got := s.standing(ref); got.Outstanding != 5000 {
		t.Fatalf("a dispute of a part: %+v", got)
	}
	// As if the bank's first word had been "lost".
	must(t, s.db.InTenant(t.Context(), ref.Tenant, func(tx *postgres.Tx) error {
		d, err := tx.DisputeAtStripe(t.Context(), s.account, dispute)
		must(t, err)
		now := time.Now()
		d.State, d.ClosedAt = remit.DisputeLost, &now
		must(t, tx.PutDispute(t.Context(), *d))
		l, err := tx.LockInvoice(t.Context(), ref.Invoice)
		must(t, err)
		return tx.SaveInvoice(t.Context(), l, now)
	}))
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 5000, s.card))
	must(t, err)
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "won"})
	s.hear(ref, "charge.dispute.funds_reinstated", dispute)
	s.advance(ref)
	got := s.standing(ref)
	if got.Status != remit.InvoicePaid || got.Ledger["excess"] != -5000 || got.Ledger["stripe"] != 17000 || got.Hold != "" {
		t.Errorf("got %+v", got)
	}
}

// A payment that is disputed is not refunded, whatever was given back before
// the bank took the rest is the business's loss, and only once the bank decided
// for it can it be refunded again (M14).
func TestDisputedPaymentIsNotRefundable(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, charge := s.settled(12000)
	_, payments := s.read(ref)
	refundable := func() (r remit.Refundable) {
		must(t, s.db.InTenant(t.Context(), ref.Tenant, func(tx *postgres.Tx) (err error) {
			r, err = tx.Refundable(t.Context(), payments[0].ID)
			return err
		}))
		return r
	}
	dispute := s.act("/charges/"+charge+"/dispute", map[string]any{"inquiry": true})
	s.hear(ref, "charge.dispute.created", dispute)
	s.advance(ref)
	if r := refundable(); !r.Disputed {
		t.Errorf("during an inquiry: %+v", r)
	}
	s.act("/disputes/"+dispute+"/close", map[string]any{"outcome": "lost"})
	s.hear(ref, "charge.dispute.closed", dispute)
	s.advance(ref)
	if r := refundable(); r.Disputed || r.Applied != 12000 {
		t.Errorf("after it was closed: %+v", r)
	}
}

// The deadline for evidence is what comes next, in the organisation's time, and
// passes with a word (M15).
func TestEvidenceDeadlineIsNext(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	ref, charge := s.settled(12000)
	s.hear(ref, "charge.dispute.created", s.act("/charges/"+charge+"/dispute", map[string]any{}))
	s.advance(ref)
	var next remit.Next
	must(t, s.db.InTenant(t.Context(), ref.Tenant, func(tx *postgres.Tx) (err error) {
		next, err = tx.InvoiceNext(t.Context(), ref.Invoice)
		return err
	}))
	if next.At == nil || next.What != "Evidence for the dispute of $120.00 is due" || next.At.Before(time.Now().Add(7*24*time.Hour)) {
		t.Errorf("next is %+v", next)
	}
	s.payments.Now = func() time.Time { return time.Now().Add(9 * 24 * time.Hour) }
	s.advance(ref)
	var last remit.TimelineEntry
	must(t, s.db.InTenant(t.Context(), ref.Tenant, func(tx *postgres.Tx) error {
		entries, err := tx.Timeline(t.Context(), ref.Invoice)
		last = entries[len(entries)-1]
		return err
	}))
	if last.Kind != "dispute_unanswered" || !last.At.Equal(*next.At) {
		t.Errorf("the deadline passed with %+v", last)
	}
}
