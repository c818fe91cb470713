package remit

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Event is what other people's systems are told of: that something happened to
// an invoice, and how the invoice stood when that was committed. It is written
// in the transaction that it tells of and never changed. It holds no reason a
// bank gave and nothing about a person (see docs/security.md).
type Event struct {
	ID uuid.UUID // the same each time it is sent, by which a receiver tells duplicates
	// Seq numbers a tenant's events from 1 without gaps. Of two events of one
	// invoice the later has the greater. 0 until it was first looked at for delivery.
	Seq            int64
	Type           EventType
	At             time.Time // on the organisation's clock
	OrganisationID uuid.UUID
	Organisation   string
	InvoiceID      uuid.UUID
	Invoice        EventInvoice
	PaymentID      *uuid.UUID
	RefundID       *uuid.UUID
	DisputeID      *uuid.UUID
	Deliveries     []Delivery
}

// EventInvoice is an invoice as an event tells of it.
type EventInvoice struct {
	ID          uuid.UUID     `json:"id"`
	Number      string        `json:"number"`
	Status      InvoiceStatus `json:"status"`
	Total       int64         `json:"total"` // minor units, as outstanding
	Outstanding int64         `json:"outstanding"`
	Currency    string        `json:"currency"`
	DueDate     Date          `json:"due_date"`
}

// EventType says what happened, as receivers know it.
type EventType string

// The types. They are part of the API: what one means does not change.
const (
	EventInvoiceSent       EventType = "invoice.sent"
	EventInvoiceAmended    EventType = "invoice.amended"
	EventInvoicePaid       EventType = "invoice.paid" // nothing is outstanding any more
	EventInvoiceOverdue    EventType = "invoice.overdue"
	EventInvoiceVoided     EventType = "invoice.voided"
	EventChargeScheduled   EventType = "invoice.charge_scheduled"
	EventCollectionEnded   EventType = "invoice.collection_ended"
	EventPaymentProcessing EventType = "payment.processing" // at its bank, for days
	EventPaymentSucceeded  EventType = "payment.succeeded"
	EventPaymentFailed     EventType = "payment.failed"
	EventPaymentCanceled   EventType = "payment.canceled"
	EventPaymentExcess     EventType = "payment.excess" // more came in than could be applied
	EventRefundRequested   EventType = "refund.requested"
	EventRefundSucceeded   EventType = "refund.succeeded"
	EventRefundFailed      EventType = "refund.failed"
	EventRefundCanceled    EventType = "refund.canceled"
	EventDisputeChanged    EventType = "dispute.changed"
	EventDisputeWithdrawn  EventType = "dispute.funds_withdrawn"
	EventDisputeReinstated EventType = "dispute.funds_reinstated"
	EventOrderReady        EventType = "order.ready" // its money is final: it may be sent
	EventOrderFulfilled    EventType = "order.fulfilled"
)

// EventTypes lists the types in the order they are offered. The slice is the
// caller's.
func EventTypes() []EventType {
	return []EventType{
		EventInvoiceSent, EventInvoiceAmended, EventInvoicePaid, EventInvoiceOverdue, EventInvoiceVoided, EventChargeScheduled, EventCollectionEnded,
		EventPaymentProcessing, EventPaymentSucceeded, EventPaymentFailed, EventPaymentCanceled, EventPaymentExcess,
		EventRefundRequested, EventRefundSucceeded, EventRefundFailed, EventRefundCanceled,
		EventDisputeChanged, EventDisputeWithdrawn, EventDisputeReinstated,
		EventOrderReady, EventOrderFulfilled,
	}
}

// eventOf is which kinds of timeline entry are an event. Of the others nobody
// outside is told.
var eventOf = map[string]EventType{
	"sent": EventInvoiceSent, "amended": EventInvoiceAmended, "carried_out": EventInvoiceAmended, "carried_back": EventInvoiceAmended, "late_fee": EventInvoiceAmended, "late_fee_reversed": EventInvoiceAmended, "overdue": EventInvoiceOverdue, "voided": EventInvoiceVoided,
	"charge_scheduled": EventChargeScheduled, "collection_ended": EventCollectionEnded,
	"processing": EventPaymentProcessing, "paid": EventPaymentSucceeded, "transfer": EventPaymentSucceeded,
	"declined": EventPaymentFailed, "canceled": EventPaymentCanceled, "excess": EventPaymentExcess,
	"refund": EventRefundRequested, "refund_succeeded": EventRefundSucceeded, "refund_failed": EventRefundFailed, "refund_canceled": EventRefundCanceled,
	"dispute": EventDisputeChanged, "dispute_wanted": EventDisputeChanged, "dispute_withdrawn": EventDisputeWithdrawn, "dispute_reinstated": EventDisputeReinstated,
	"order_ready": EventOrderReady, "order_fulfilled": EventOrderFulfilled,
}

// Happening is an event before it has an id: its type and what it is about
// besides the invoice.
type Happening struct {
	Type                     EventType
	At                       time.Time
	Payment, Refund, Dispute *uuid.UUID
	Attempt                  int // whose payment it is about where Payment is nil; 0 for none
}

// Happenings are the events of what is saved of an invoice at once: one for each
// entry whose kind is an event, and that it is paid where it was not before.
func Happenings(before, after InvoiceStatus, now time.Time, entries []TimelineEntry) []Happening {
	var list []Happening
	for _, e := range entries {
		kind, is := eventOf[e.Kind]
		if !is {
			continue
		}
		h := Happening{Type: kind, At: e.At, Payment: idIn(e.Data, "payment"), Refund: idIn(e.Data, "refund"), Dispute: idIn(e.Data, "dispute")}
		if h.At.IsZero() {
			h.At = now
		}
		h.Attempt, _ = e.Data["attempt"].(int)
		list = append(list, h)
	}
	carried := slices.ContainsFunc(entries, func(e TimelineEntry) bool { return e.Kind == "carried_out" }) // another invoice bills the rest
	if before != InvoicePaid && after == InvoicePaid && !carried {
		list = append(list, Happening{Type: EventInvoicePaid, At: now})
	}
	return list
}

func idIn(data map[string]any, key string) *uuid.UUID {
	text, _ := data[key].(string)
	id, err := uuid.Parse(text)
	if err != nil {
		return nil
	}
	return &id
}

// ParseEventTypes reads which types an endpoint wants: nil for all. Returns
// [CodeInvalid] naming the field events for one there is not; twice is once.
func ParseEventTypes(names []string) ([]EventType, error) {
	if len(names) == 0 {
		return nil, nil
	}
	known := EventTypes()
	types := []EventType{}
	for _, name := range names {
		t := EventType(name)
		if !slices.Contains(known, t) {
			return nil, Invalid("events", "%s is not a type of event.", quoted(name))
		}
		if !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	return types, nil
}

// Body is what a receiver is sent. It is the same, byte by byte, each time.
func (e Event) Body() ([]byte, error) {
	body, err := json.Marshal(eventBody{
		ID: e.ID, Type: e.Type, Seq: e.Seq, At: e.At.UTC(), Organisation: e.Organisation, Invoice: e.Invoice,
		PaymentID: e.PaymentID, RefundID: e.RefundID, DisputeID: e.DisputeID,
	})
	if err != nil {
		return nil, fmt.Errorf("write an event: %w", err)
	}
	return body, nil
}

type eventBody struct {
	ID           uuid.UUID    `json:"id"`
	Type         EventType    `json:"type"`
	Seq          int64        `json:"seq"`
	At           time.Time    `json:"at"`
	Organisation string       `json:"organisation"`
	Invoice      EventInvoice `json:"invoice"`
	PaymentID    *uuid.UUID   `json:"payment_id"`
	RefundID     *uuid.UUID   `json:"refund_id"`
	DisputeID    *uuid.UUID   `json:"dispute_id"`
}
