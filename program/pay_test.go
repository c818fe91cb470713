package program_test

import (
	"testing"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"

	"remit"
)

// A payer signs in, finds the invoice in his inbox, pays it with a saved card,
// and it is Paid, with a timeline that says why (W1-W8, RC1).
func TestPayerPaysFromTheInbox(t *testing.T) {
	w := openWorld(t)
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, item := w.invoice(w.branchA, customer, 12000)
	payer := w.signIn("payer.a")
	inbox := payer.get("/v1/work-items").want(200)
	if inbox.text("data", 0, "id") != item {
		t.Fatalf("the inbox shows %s", inbox.raw)
	}
	paid := payer.keyed("/v1/work-items/"+item+"/pay", "k1", map[string]any{"amount": 12000, "payment_method": card}).want(200)
	if paid.text("invoice", "status") != "paid" || paid.text("payment", "state") != "succeeded" {
		t.Fatalf("paying answered %s", paid.raw)
	}
	again := payer.keyed("/v1/work-items/"+item+"/pay", "k1", map[string]any{"amount": 12000, "payment_method": card}).want(200)
	if again.header.Get("Idempotent-Replayed") != "true" {
		t.Fatal("the second answer is not marked as replayed")
	}
	if cents, charges := w.captured(invoice); cents != 12000 || charges != 1 {
		t.Fatalf("captured %d in %d charges", cents, charges)
	}
	timeline := payer.get("/v1/invoices/" + invoice + "/timeline").want(200)
	if timeline.at("data", 0, "why") == nil {
		t.Fatalf("the timeline is %s", timeline.raw)
	}
	if state := payer.get("/v1/work-items/" + item).want(200).text("state"); state != "done" {
		t.Fatalf("the work item is %s", state)
	}
}

// What a payment's own step is about to record, or has recorded, wakes nobody:
// events about it leave no signal in the history, whenever they come in.
func TestEventsOfAPaymentUnderWayWakeNobody(t *testing.T) {
	w := openWorld(t)
	payer := w.signIn("payer.a")
	customer, card := w.customer(w.branchA, "4242424242424242")
	for range 5 {
		invoice, item := w.invoice(w.branchA, customer, 6000)
		payer.keyed("/v1/work-items/"+item+"/pay", uuid.NewString(), map[string]any{"amount": 6000, "payment_method": card}).want(200)
		w.until("its event is in", func() bool {
			return w.sql("select count(*)::text from stripe_events where invoice_id = $1::uuid and state = 'done'", invoice)[0][0] == "1"
		})
		events := w.program.Commands.Temporal.GetWorkflowHistory(t.Context(), remit.InvoiceWorkflowID(uuid.MustParse(invoice)), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			must(t, err)
			if event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED {
				t.Errorf("it was woken: %s", event)
			}
		}
	}
}
