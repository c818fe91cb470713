package remit

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit/money"
)

// ExcessReason says why money that came in could not be applied.
type ExcessReason string

// The reasons.
const (
	ExcessPaidTwice       ExcessReason = "paid_twice"
	ExcessPaidAfterVoid   ExcessReason = "paid_after_void"
	ExcessWrongAmount     ExcessReason = "wrong_amount"
	ExcessForeignCurrency ExcessReason = "foreign_currency"
	ExcessUnmatched       ExcessReason = "unmatched" // a transfer that fits no invoice
)

// Words are the reason as staff read it, after an amount and "came in".
func (r ExcessReason) Words() string {
	switch r {
	case ExcessPaidTwice:
		return "though the invoice was paid"
	case ExcessPaidAfterVoid:
		return "though the invoice was closed"
	case ExcessWrongAmount:
		return "which is more than was to be paid"
	case ExcessForeignCurrency:
		return "in another currency than the invoice's"
	case ExcessUnmatched:
		return "and fits no invoice"
	}
	return "and could not be applied"
}

// ReasonForExcess says why not all of what came in was applied. owed is what
// the invoice owed, in minor units, when the money came.
func ReasonForExcess(i Invoice, received string, owed int64) ExcessReason {
	switch {
	case received != i.Currency:
		return ExcessForeignCurrency
	case i.VoidedAt != nil || i.Status == InvoiceUncollectible || i.Status == InvoiceCarried:
		return ExcessPaidAfterVoid
	case owed == 0:
		return ExcessPaidTwice
	default:
		return ExcessWrongAmount
	}
}

// ExcessState is where an item of the excess desk stands.
type ExcessState string

// The states of an item.
const (
	ExcessOpen      ExcessState = "open"
	ExcessRefunding ExcessState = "refunding" // on its way back
	ExcessRefunded  ExcessState = "refunded"
	ExcessCredited  ExcessState = "credited" // kept as its customer's credit
	ExcessApplied   ExcessState = "applied"  // became credit that pays another invoice first
)

// ExcessAction is what becomes of excess.
type ExcessAction string

// The actions. None leaves an item to a person for as long as it takes.
const (
	ExcessRefund ExcessAction = "refund"
	ExcessCredit ExcessAction = "credit"
	ExcessApply  ExcessAction = "apply" // to the customer's oldest open invoice
	ExcessNone   ExcessAction = "none"
)

// Known reports whether there is such an action; none is one only as a default.
func (a ExcessAction) Known() bool {
	return a == ExcessRefund || a == ExcessCredit || a == ExcessApply || a == ExcessNone
}

// words are the action as what will happen to an item.
func (a ExcessAction) words() string {
	switch a {
	case ExcessRefund:
		return "is refunded"
	case ExcessCredit:
		return "becomes the customer's credit"
	case ExcessApply:
		return "pays the customer's oldest open invoice"
	case ExcessNone:
		return "is kept until somebody decides"
	}
	return "is kept until somebody decides"
}

// MaxExcessDays is the latest that a default action may be due.
const MaxExcessDays = 365

// ExcessSettings say what becomes of excess that nobody decides on. They hold at
// a path and below and are copied onto an item when its money comes in.
type ExcessSettings struct {
	Action ExcessAction `json:"action"`
	Days   int          `json:"days"` // after the money came in; 0 is at once
}

// DefaultExcessSettings hold where nothing is set.
func DefaultExcessSettings() ExcessSettings { return ExcessSettings{Action: ExcessRefund, Days: 14} }

// Check reports what is wrong with settings, naming the field.
func (s ExcessSettings) Check() error {
	switch {
	case !s.Action.Known():
		return Invalid("action", "Choose refund, credit, apply or none.")
	case s.Days < 0 || s.Days > MaxExcessDays:
		return Invalid("days", "Enter a number of days from 0 to %d.", MaxExcessDays)
	}
	return nil
}

// Excess is money that came in and could not be applied, until it is decided
// what becomes of it. Amount is minor units of Currency.
type Excess struct {
	ID             uuid.UUID
	OrganisationID uuid.UUID
	Organisation   string     // path
	InvoiceID      *uuid.UUID // the invoice it came for, if any
	InvoiceNumber  string
	PaymentID      *uuid.UUID // what brought it, if it came through Stripe
	CustomerID     *uuid.UUID
	CustomerName   string
	Currency       string
	Amount         int64
	Reason         ExcessReason
	Reference      string // of a transfer
	State          ExcessState
	DefaultAction  ExcessAction
	Due            *time.Time // of the default action, on the organisation's clock
	ResolvedBy     *Actor
	ResolvedAt     *time.Time
	CreatedAt      time.Time
}

// Money is the item's amount.
func (e Excess) Money() money.Amount { return money.Of(e.Amount, money.Currency(e.Currency)) }

// ByDefault copies settings onto an item: what happens to it when nobody
// decides, and when. What did not come through Stripe cannot go back through it.
func (e Excess) ByDefault(s ExcessSettings) Excess {
	e.DefaultAction = s.Action
	if e.InvoiceID == nil || e.PaymentID == nil && s.Action == ExcessRefund {
		e.DefaultAction = ExcessNone
	}
	e.Due = nil
	if e.DefaultAction != ExcessNone {
		due := e.CreatedAt.AddDate(0, 0, s.Days)
		e.Due = &due
	}
	return e
}

// Take splits off an item what somebody else has taken of its money, at most all
// of it: what is taken, and what is left to be decided on. Either may be of nothing.
func (e Excess) Take(amount int64) (taken, left Excess) {
	taken, left = e, e
	taken.Amount = min(max(amount, 0), e.Amount)
	left.Amount -= taken.Amount
	return taken, left
}

// Plan says in words what happens to the item by itself, and on which date in
// the organisation's time zone.
func (e Excess) Plan(zone *time.Location) string {
	if e.DefaultAction == ExcessNone {
		return "It is kept until somebody decides."
	}
	return fmt.Sprintf("It %s on %s, if nobody decides before.", e.DefaultAction.words(), e.Due.In(zone).Format("2 Jan 2006"))
}

// Decide says whether an action may be taken on the item, and whose credit it
// becomes. given is the customer named with the decision, if any.
func (e Excess) Decide(action ExcessAction, given *uuid.UUID) (customer uuid.UUID, err error) {
	switch {
	case e.State == ExcessRefunding:
		return uuid.Nil, Conflict(CodeConflict, "This money is on its way back.")
	case e.State != ExcessOpen:
		return uuid.Nil, Conflict(CodeConflict, "This was decided already: it is %s.", e.State)
	}
	switch action {
	case ExcessRefund:
		if e.PaymentID == nil {
			return uuid.Nil, Conflict(CodeNotRefundable, "This money came by bank transfer, so that Stripe cannot send it back. Keep it as credit, or apply it.")
		}
		return uuid.Nil, nil
	case ExcessCredit, ExcessApply:
	case ExcessNone:
		return uuid.Nil, Invalid("action", "Choose refund, credit or apply.")
	default:
		return uuid.Nil, Invalid("action", "Choose refund, credit or apply.")
	}
	switch {
	case e.CustomerID == nil && given == nil:
		return uuid.Nil, Invalid("customer_id", "Say which customer this money is from.")
	case e.CustomerID == nil:
		return *given, nil
	case given != nil && *given != *e.CustomerID:
		return uuid.Nil, Invalid("customer_id", "This money is from another customer.")
	}
	return *e.CustomerID, nil
}

// ExcessRequest is the payload of a request of kind resolve_excess.
type ExcessRequest struct {
	Excess   uuid.UUID    `json:"excess"`
	Action   ExcessAction `json:"action"`
	Customer *uuid.UUID   `json:"customer,omitempty"`
}

// CreditRequest is the payload of a request of kind use_credit: at most Amount
// of the customer's credit pays the invoice.
type CreditRequest struct {
	Amount int64     `json:"amount"`
	Excess uuid.UUID `json:"excess"` // what became that credit
}

// CreditEntry is a movement of a customer's credit, for its history. Amount is
// positive where the credit grew.
type CreditEntry struct {
	At            time.Time
	Kind          string // as the ledger names it
	Amount        int64
	Currency      string
	InvoiceID     *uuid.UUID
	InvoiceNumber string
	CreditNote    string // its number
}

// Credit is what a customer has to his credit in one currency, in minor units.
type Credit struct {
	Currency string
	Amount   int64
}
