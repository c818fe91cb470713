// Package retell builds an invoice's state from its timeline alone, as somebody
// would who has nothing else (Z2).
//
// It owns what an entry's data mean, never its prose. It does not own storage:
// who calls it reads the entries, and the rows they are compared with.
//
// Invariants: telling is pure, and takes memory for an invoice's payments,
// however long its timeline is. What an old entry does not carry is not guessed:
// the field is untold from there on, and compared with nothing. A kind of entry
// that is not known here is an error, so that none is added unexplained.
package retell

import (
	"fmt"

	"github.com/google/uuid"

	"remit"
)

// State is what entries, or rows, say of an invoice. Amounts are minor units.
type State struct {
	Status    remit.InvoiceStatus
	Overdue   bool
	Total     int64
	Billed    int64 // what the ledger has billed: the total, less what was voided or given up
	Applied   int64 // what was paid on it and has not gone back
	Contested bool  // a bank has yet to decide on a payment of it
	Hold      string
	DueDate   string
	Label     string
	Attempts  map[int]remit.AttemptState // by number
	Payments  map[uuid.UUID]Payment
	Refunds   map[uuid.UUID]remit.RefundState
	Disputes  map[uuid.UUID]Dispute
	Approvals map[uuid.UUID]remit.ApprovalState

	sent, void bool
	gaveUp     bool                 // what it still owed was written off
	carried    int64                // what of it other invoices bill
	of         map[int]uuid.UUID    // payments of attempts
	refunds    map[uuid.UUID]refund // what is needed where one fails
	untold     map[string]bool
}

// Payment is what came in by one payment, and what of it went back or is
// promised back.
type Payment struct {
	State    remit.AttemptState
	Captured int64
	Refunded int64
}

// Dispute is how far one has come, and where its money is.
type Dispute struct {
	State      remit.DisputeState
	Withdrawn  bool
	Reinstated bool
}

type refund struct {
	payment uuid.UUID
	amount  int64 // the surcharge that goes back included
}

// New is the state of an invoice of which nothing was told yet.
func New() *State {
	return &State{
		Status: remit.InvoiceDraft, Attempts: map[int]remit.AttemptState{}, Payments: map[uuid.UUID]Payment{},
		Refunds: map[uuid.UUID]remit.RefundState{}, Disputes: map[uuid.UUID]Dispute{}, Approvals: map[uuid.UUID]remit.ApprovalState{},
		of: map[int]uuid.UUID{}, refunds: map[uuid.UUID]refund{}, untold: map[string]bool{},
	}
}

// Hold is a hold in words, "" for none.
func Hold(h *remit.Hold) string {
	if h == nil {
		return ""
	}
	return holdOf(string(h.Kind), h.Reason)
}

func holdOf(kind, reason string) string { return kind + ": " + reason }

// Collected is all that came in, Refunded all that went back or is promised back.
func (s *State) Collected() (sum int64) {
	for _, p := range s.Payments {
		sum += p.Captured
	}
	return sum
}

// Refunded is all that went back of what was collected, or is promised back.
func (s *State) Refunded() (sum int64) {
	for _, p := range s.Payments {
		sum += p.Refunded
	}
	return sum
}

// Live is the number of the live attempt, 0 for none.
func (s *State) Live() int {
	for number, state := range s.Attempts {
		if state.Live() {
			return number
		}
	}
	return 0
}

// Tell takes the next entry in.
func (s *State) Tell(e remit.TimelineEntry) error {
	d := &reading{data: e.Data}
	tell, known := tellings[e.Kind]
	if !known {
		return fmt.Errorf("what %q means is not known", e.Kind)
	}
	if tell != nil {
		tell(s, d, e)
	}
	if d.wrong != "" {
		return fmt.Errorf("the data of %q has no %s", e.Kind, d.wrong)
	}
	s.settle()
	return nil
}

// settle derives what follows from what was told.
func (s *State) settle() {
	s.Contested = false
	for _, d := range s.Disputes {
		s.Contested = s.Contested || d.State.Contests()
	}
	s.Status = remit.StatusOf(remit.InvoiceFacts{
		Sent: s.sent, Void: s.void, Uncollectible: s.gaveUp, Carried: s.carried > 0, Contested: s.Contested,
		Processing: s.Attempts[s.Live()] == remit.AttemptProcessing, Billed: s.Billed, Applied: s.Applied,
	})
	if s.Status.AtRest() || s.Status == remit.InvoiceProcessing {
		s.Overdue = false
	}
}
