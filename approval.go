package remit

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"remit/money"
)

// ApprovalLife is how long an approval permits the payment it was given for.
const ApprovalLife = 7 * 24 * time.Hour

// Hours after which a request that nobody answered goes up the organisation path.
const (
	DefaultEscalation = 24
	MaxEscalation     = 30 * 24
)

// ApprovalSettings say from what sum on a payment by staff needs a second person.
// They are copied onto an invoice when it is made (D7).
type ApprovalSettings struct {
	Above *int64 `json:"above"` // minor units of Currency; nil: no payment needs one
	// Currency is that of the organisation the setting was made at. A payment in
	// another one cannot be compared with it and always needs a second person.
	Currency      string `json:"currency"`
	EscalateAfter int    `json:"escalate_after_hours"`
	Automatic     bool   `json:"automatic_charges"` // whether what would be charged by itself is left to people above the sum
}

// DefaultApprovals ask nobody.
func DefaultApprovals() ApprovalSettings { return ApprovalSettings{EscalateAfter: DefaultEscalation} }

// Check names the field that is wrong.
func (s ApprovalSettings) Check() error {
	switch {
	case s.Above != nil && (*s.Above < 0 || *s.Above > money.MaxStripeAmount):
		return Invalid("above", "Enter an amount of nothing or more.")
	case s.EscalateAfter < 1 || s.EscalateAfter > MaxEscalation:
		return Invalid("escalate_after_hours", "Enter a number of hours from 1 to %d.", MaxEscalation)
	}
	return nil
}

// ToPay is a payment as it is approved: a sum, and what it is paid with.
type ToPay struct {
	Amount    int64 // minor units of the invoice's currency
	Surcharge int64 // the fee, in the same units
	// AtMost says that the fee is not known yet and will not be more.
	AtMost bool
	Method *uuid.UUID // a saved method; nil: one that is typed on Stripe's page
}

// Asks reports whether a payment in a currency needs a second person: the sum, the
// fee included, is above the limit, together with what was paid of the same invoice
// without one, in the same units. So no sum is brought below it by parts.
func (s ApprovalSettings) Asks(p ToPay, alone int64, currency string) bool {
	if s.Above == nil {
		return false
	}
	return currency != s.Currency || p.Amount > *s.Above-p.Surcharge-alone
}

// ApprovalState is how far a request for approval has come.
type ApprovalState string

// The states of an approval. Asked and approved are live; used, declined and
// lapsed are ends.
const (
	ApprovalAsked    ApprovalState = "asked"
	ApprovalApproved ApprovalState = "approved"
	ApprovalUsed     ApprovalState = "used" // an attempt was begun with it
	ApprovalDeclined ApprovalState = "declined"
	ApprovalLapsed   ApprovalState = "lapsed"
)

// Live reports that the approval may still come to permit something.
func (s ApprovalState) Live() bool { return s == ApprovalAsked || s == ApprovalApproved }

// ApprovalStates lists them in the order an approval goes through them.
func ApprovalStates() []ApprovalState {
	return []ApprovalState{ApprovalAsked, ApprovalApproved, ApprovalUsed, ApprovalDeclined, ApprovalLapsed}
}

// Approval is a payment that somebody wants to make and a second person decides
// about. Invoice and asker have one that is live at a time.
type Approval struct {
	ID             uuid.UUID
	InvoiceID      uuid.UUID
	OrganisationID uuid.UUID // the invoice's
	Organisation   string    // its path
	InvoiceNumber  string
	CustomerName   string
	ToPay
	Currency    string
	MethodWords string
	Total       int64 // of the invoice when this was asked
	State       ApprovalState
	AskedBy     Person
	AskedAt     time.Time
	Level       string     // the path whose approvers are asked now
	AnsweredBy  *Person    // who approved or declined
	InPlaceOf   *Person    // whose approvals he had, where they were not his own
	Delegation  *uuid.UUID // by which he had them
	Token       *uuid.UUID // the API token he answered with; a revoked one approves nothing
	TokenScopes *[]Scope
	AnsweredAt  *time.Time
	ExpiresAt   *time.Time // of an approval that was given
	Reason      string     // why it was declined or lapsed
	EndedAt     *time.Time
}

// Person is somebody of the organisation by id and name.
type Person struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

// Sum is the whole of what is approved, the fee included.
func (a Approval) Sum() int64 { return a.Amount + a.Surcharge }

// Authority is whose right the approval stands on: the approver's own, or that of
// whoever handed his approvals to him.
func (a Approval) Authority() uuid.UUID {
	switch {
	case a.InPlaceOf != nil:
		return a.InPlaceOf.ID
	case a.AnsweredBy != nil:
		return a.AnsweredBy.ID
	}
	return uuid.Nil
}

// Covers reports whether a payment is the one that was asked for: the same amount
// with the same method and, where the fee was known, the same fee; where it was
// not, no higher one.
func (a Approval) Covers(p ToPay) bool {
	method := a.Method == nil && p.Method == nil || a.Method != nil && p.Method != nil && *a.Method == *p.Method
	fee := p.Surcharge == a.Surcharge && !p.AtMost || a.AtMost && p.Surcharge <= a.Surcharge
	return method && fee && a.Amount == p.Amount
}

// Lapses says why a live approval holds no longer, "" while it does. It follows
// from the invoice and the time alone; whether the approver may still approve is
// asked of the policies besides.
func (a Approval) Lapses(i Invoice, now time.Time) string {
	switch {
	case !a.State.Live():
		return ""
	case i.VoidedAt != nil || i.Status == InvoiceVoid:
		return "The invoice was cancelled."
	case i.Status == InvoiceContested:
		return "A bank is reviewing a payment of the invoice."
	case i.Status == InvoicePaid:
		return "The invoice was paid otherwise."
	case i.Status != InvoiceProcessing && !i.Status.Payable():
		return "Nothing is to be paid on the invoice any more."
	case i.Total != a.Total:
		return "The invoice's amount was changed from " + amountWords(a.Total, a.Currency) + " to " + amountWords(i.Total, i.Currency) + "."
	case i.Outstanding < a.Amount:
		return "Only " + amountWords(i.Outstanding, i.Currency) + " is owed now."
	case a.ExpiresAt != nil && !now.Before(*a.ExpiresAt):
		return "It was not used in time."
	}
	return ""
}

func amountWords(minor int64, currency string) string {
	return money.Of(minor, money.Currency(currency)).String()
}

// Permits returns nil where the approval lets its asker make a payment of an
// invoice now, else [CodeApprovalRequired] saying what is in the way. A nil
// approval permits nothing.
func (a *Approval) Permits(p ToPay, asker uuid.UUID, i Invoice, now time.Time) error {
	switch {
	case a == nil || a.InvoiceID != i.ID || a.AskedBy.ID != asker:
		return NeedsApproval("This needs a second person's approval. Nothing was charged.")
	case a.State != ApprovalApproved:
		return NeedsApproval("A second person has not approved this. Nothing was charged.")
	case a.AnsweredBy == nil || a.AnsweredBy.ID == asker || a.Authority() == asker:
		return NeedsApproval("Payer and approver are the same person. Nothing was charged.")
	case !a.Covers(p):
		return NeedsApproval("Another payment was approved. Nothing was charged.")
	}
	if why := a.Lapses(i, now); why != "" {
		return NeedsApproval("The approval does not hold any more: %s Nothing was charged.", why)
	}
	return nil
}

// StillPermits is [Approval.Permits] for the attempt that was begun with it, right
// before its money moves: what was approved is still what is owed.
func (a *Approval) StillPermits(p ToPay, i Invoice, now time.Time) error {
	if a == nil || a.State != ApprovalUsed {
		return NeedsApproval("This needs a second person's approval. Nothing was charged.")
	}
	given := *a
	given.State = ApprovalApproved
	return given.Permits(p, a.AskedBy.ID, i, now)
}

// NeedsApproval is the answer to a payment that a second person has to approve.
func NeedsApproval(format string, args ...any) *Error {
	return Conflict(CodeApprovalRequired, format, args...)
}

// MayAnswer returns nil where somebody may decide about a request, apart from the
// right to: never the one who asks, and never by the right of the one who asks.
func (a Approval) MayAnswer(who uuid.UUID, inPlaceOf *uuid.UUID) error {
	switch {
	case who == a.AskedBy.ID || inPlaceOf != nil && *inPlaceOf == a.AskedBy.ID:
		return Errorf(KindForbidden, CodeForbidden, "Nobody approves a payment of his own.")
	case a.State != ApprovalAsked:
		return Conflict(CodeConflict, "This was answered already, or is not asked any more.")
	}
	return nil
}

// Until is when an approval that is given now ends: after [ApprovalLife], and no
// later than the end, if any, of the right it is given by.
func (a Approval) Until(now time.Time, rightEnds *time.Time) time.Time {
	ends := now.Add(ApprovalLife)
	if rightEnds != nil && rightEnds.Before(ends) {
		return *rightEnds
	}
	return ends
}

// AskedAtLevel says who is asked: the people at the deepest path from one upwards
// who hold the right there and not above as well, without the asker. Where
// nobody does, found is false.
func AskedAtLevel(from Path, asker uuid.UUID, holders func(Path) []uuid.UUID) (level Path, people []uuid.UUID, found bool) {
	for at, more := from, true; more; {
		above, up := at.Parent()
		var higher []uuid.UUID
		if up {
			higher = holders(above)
		}
		for _, person := range holders(at) {
			if person != asker && !slices.Contains(higher, person) {
				people = append(people, person)
			}
		}
		if len(people) > 0 {
			return at, people, true
		}
		at, more = above, up
	}
	return from, nil, false
}

// ApprovalDelegation hands the approvals of somebody at a path, and below, to
// somebody else until a time. It gives no more than its giver holds whenever it is
// used, and nobody hands on what was handed to him.
type ApprovalDelegation struct {
	ID             uuid.UUID
	OrganisationID uuid.UUID
	Organisation   string // its path
	From           Person
	To             Person
	Until          Date      // the last day, in the organisation's time zone
	EndsAt         time.Time // the midnight after it
	CreatedAt      time.Time
	EndedAt        *time.Time // taken back
}

// Stands reports whether the delegation gives something at a time.
func (d ApprovalDelegation) Stands(now time.Time) bool {
	return d.EndedAt == nil && now.Before(d.EndsAt)
}
