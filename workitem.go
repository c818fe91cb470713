package remit

import (
	"time"

	"github.com/google/uuid"
)

// WorkItemState is where a work item stands in the payer's inbox.
type WorkItemState string

// The states of a work item.
const (
	WorkItemOpen      WorkItemState = "open"
	WorkItemClaimed   WorkItemState = "claimed" // informs others, locks nobody out
	WorkItemPaying    WorkItemState = "paying"
	WorkItemDone      WorkItemState = "done"
	WorkItemCancelled WorkItemState = "cancelled"
)

// Live reports that the item still asks for a payment.
func (s WorkItemState) Live() bool {
	return s == WorkItemOpen || s == WorkItemClaimed || s == WorkItemPaying
}

// WorkItem asks the holders of a role at a path to pay an invoice.
type WorkItem struct {
	ID             uuid.UUID
	InvoiceID      uuid.UUID
	OrganisationID uuid.UUID // of the assignee's path
	Assignee       Assignee
	State          WorkItemState
	ClaimedBy      *uuid.UUID
	ClaimedByName  string
	ClaimedAt      *time.Time
	ClosedReason   string
	CreatedAt      time.Time
	ClosedAt       *time.Time
	Invoice        Invoice
	Tries          int // charges by itself that failed, where these have ended; read for who is told of it
}
