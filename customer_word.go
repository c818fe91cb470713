package remit

import "time"

// CustomerWord is who of the organisation gave a customer's word on charges by
// themselves, which is nobody's act alone where the customer gave it himself.
type CustomerWord struct {
	By Actor `json:"by"`
	// Freed is when a no of his was last taken back, on the organisation's clock.
	Freed *time.Time `json:"freed,omitempty"`
}

// WordGiven is what is kept of who gave a customer's word when it is said at a time; by is
// nil where he says it himself. A no needs nobody's name: it has nothing charged. Who only
// repeats what holds gave nothing.
func WordGiven(before Customer, word *bool, by *Actor, now time.Time) *CustomerWord {
	no := func(w *bool) bool { return w != nil && !*w }
	switch same := (before.AutoCharge == nil) == (word == nil) && (word == nil || *before.AutoCharge == *word); {
	case by == nil || no(word):
		return nil
	case same:
		return before.WordBy
	}
	given := CustomerWord{By: *by}
	if no(before.AutoCharge) {
		given.Freed = &now
	} else if before.WordBy != nil {
		given.Freed = before.WordBy.Freed
	}
	return &given
}

// SaidYes is who of the organisation has a customer charged by himself, by a yes in his
// name: nil where he said it himself, or none was said.
func (c Customer) SaidYes() *Actor {
	if c.AutoCharge == nil || !*c.AutoCharge || c.WordBy == nil {
		return nil
	}
	by := c.WordBy.By
	return &by
}

// FreedBy is who took a customer's no back when a sent invoice's own date had come: it is
// charged by that act, and not by its date. Nil where nobody did.
func (i Invoice) FreedBy(zone *time.Location) *Actor {
	w := i.CustomerWord
	if w == nil || w.Freed == nil || i.SentAt == nil || i.SentAt.After(*w.Freed) {
		return nil
	}
	if first, planned := ChargeOf(i, zone); !planned || first.At.After(*w.Freed) {
		return nil
	}
	by := w.By
	return &by
}
