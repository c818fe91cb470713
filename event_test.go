package remit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
)

// Protects what receivers build on: each kind of entry is the event it is said
// to be, an invoice is paid once its status says so, and anything else is
// nobody's business.
func TestHappenings(t *testing.T) {
	now := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	payment := uuid.New()
	entries := []remit.TimelineEntry{
		{Kind: "attempt_started", Data: map[string]any{"attempt": 1}},
		{Kind: "declined", Data: map[string]any{"attempt": 1, "code": "stolen_card"}},
		{Kind: "paid", At: now.Add(time.Hour), Data: map[string]any{"attempt": 2, "payment": payment.String()}},
		{Kind: "of a later version"},
	}
	got := remit.Happenings(remit.InvoiceOpen, remit.InvoicePaid, now, entries)
	if len(got) != 3 {
		t.Fatalf("%d events, want 3: %v", len(got), got)
	}
	if got[0].Type != remit.EventPaymentFailed || got[0].Attempt != 1 || got[0].Payment != nil || !got[0].At.Equal(now) {
		t.Errorf("the decline: %+v", got[0])
	}
	if got[1].Type != remit.EventPaymentSucceeded || *got[1].Payment != payment || !got[1].At.Equal(now.Add(time.Hour)) {
		t.Errorf("the payment: %+v", got[1])
	}
	if got[2].Type != remit.EventInvoicePaid {
		t.Errorf("the invoice: %+v", got[2])
	}
	if again := remit.Happenings(remit.InvoicePaid, remit.InvoicePaid, now, nil); again != nil {
		t.Errorf("what was paid before: %v", again)
	}
}

// Protects receivers from what is not theirs: a body holds the invoice as
// committed and ids, and no other words.
func TestEventBodyIsClosed(t *testing.T) {
	e := remit.Event{
		ID: uuid.MustParse("018f3c1e-7b1a-7c3d-9b1e-2f6a5d4c3b2a"), Seq: 7, Type: remit.EventInvoicePaid, At: time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC), Organisation: "/t",
		Invoice: remit.EventInvoice{Number: "A-1", Status: remit.InvoicePaid, Total: 5000, Currency: "USD", DueDate: remit.Date{Year: 2026, Month: 4, Day: 1}},
	}
	body, err := e.Body()
	want := `{"id":"018f3c1e-7b1a-7c3d-9b1e-2f6a5d4c3b2a","type":"invoice.paid","seq":7,"at":"2026-04-01T09:00:00Z","organisation":"/t",` +
		`"invoice":{"id":"00000000-0000-0000-0000-000000000000","number":"A-1","status":"paid","total":5000,"outstanding":0,"currency":"USD","due_date":"2026-04-01"},` +
		`"payment_id":null,"refund_id":null,"dispute_id":null}`
	if err != nil || string(body) != want {
		t.Errorf("got %s, %v", body, err)
	}
}

// Protects the ladder: each failure waits longer than the one before, the ninth
// ends it, and only a 2xx is an arrival.
func TestDeliveryLadder(t *testing.T) {
	now := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	start, wait := now, time.Duration(0)
	for tries := 1; tries <= 9; tries++ {
		d := remit.Delivery{State: remit.DeliverySending, Tries: tries}.After(remit.Answered{Status: 500}, now)
		if tries == 9 {
			if d.State != remit.DeliveryGivenUp || d.NextAt != nil {
				t.Errorf("after try 9: %+v", d)
			}
			break
		}
		if d.State != remit.DeliveryFailed || d.NextAt == nil || d.NextAt.Sub(now) <= wait || d.Status != 500 || d.Error == "" {
			t.Fatalf("after try %d: %+v", tries, d)
		}
		wait = d.NextAt.Sub(now)
		now = *d.NextAt
	}
	if took := now.Sub(start); took < 44*time.Hour || took > 46*time.Hour {
		t.Errorf("the ladder takes %s", took)
	}
	for _, a := range []remit.Answered{{Status: 302}, {Status: 404}, {Error: "No answer."}, {Status: 200, Error: "cut off"}} {
		if a.Arrived() {
			t.Errorf("%+v counts as an arrival", a)
		}
	}
	if d := (remit.Delivery{Tries: 3, Error: "before"}).After(remit.Answered{Status: 204}, now); d.State != remit.DeliveryDelivered || d.Error != "" || d.DeliveredAt == nil {
		t.Errorf("after a 204: %+v", d)
	}
}

// Protects receivers that are out for a while, and ours from those that are
// gone: an endpoint is disabled after five days of nothing but failures, one
// arrival starts it over, 410 ends it at once.
func TestEndpointHealth(t *testing.T) {
	now := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	failed := remit.Answered{Status: 503}
	w := remit.WebhookEndpoint{State: remit.EndpointEnabled}.After(failed, now)
	w = w.After(failed, now.Add(119*time.Hour))
	if w.State != remit.EndpointEnabled || !w.FailingSince.Equal(now) {
		t.Errorf("within five days: %+v", w)
	}
	if late := w.After(failed, now.Add(120*time.Hour)); late.State != remit.EndpointDisabled || late.Reason == "" {
		t.Errorf("after five days: %+v", late)
	}
	if well := w.After(remit.Answered{Status: 200}, now.Add(120*time.Hour)); well.FailingSince != nil || well.State != remit.EndpointEnabled {
		t.Errorf("after an arrival: %+v", well)
	}
	if gone := (remit.WebhookEndpoint{State: remit.EndpointEnabled}).After(remit.Answered{Status: 410}, now); gone.State != remit.EndpointDisabled {
		t.Errorf("gone: %+v", gone)
	}
}

// Protects against an endpoint that waits for what never comes: a type that
// there is not is named.
func TestParseEventTypes(t *testing.T) {
	if _, err := remit.ParseEventTypes([]string{"invoice.paid", "invoice.payed"}); err == nil || !strings.Contains(err.Error(), "invoice.payed") {
		t.Errorf("got %v", err)
	}
	if types, err := remit.ParseEventTypes([]string{"invoice.paid", "invoice.paid"}); err != nil || len(types) != 1 {
		t.Errorf("got %v, %v", types, err)
	}
	if types, err := remit.ParseEventTypes(nil); err != nil || types != nil {
		t.Errorf("got %v, %v", types, err)
	}
}
