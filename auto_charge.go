package remit

import (
	"fmt"
	"time"

	"remit/money"
)

// AutoCharge is whether, and when, a saved method is charged by itself. It is part
// of the settings that are copied onto each invoice.
type AutoCharge struct {
	On   bool         `json:"auto_charge"`
	At   ChargeTiming `json:"auto_charge_at"`
	Days int          `json:"auto_charge_days"` // after the due date, before it where negative; 0 with [ChargeOnSend]
	// Window is when on that day.
	Window ChargeWindow `json:"charge_window"`
	// TooLate is how many days late a charge may still happen by itself; later, a
	// person is asked.
	TooLate int `json:"too_late_days"`
	// Announce is how many days before a charge its customer is told of it; 0 is
	// never.
	Announce int `json:"announce_days"`
}

// ChargeTiming says which date a charge by itself goes by (decision D1).
type ChargeTiming string

// The timings.
const (
	ChargeOnSend    ChargeTiming = "on_send"
	ChargeOnDueDate ChargeTiming = "on_due_date"
)

// How far a charge may be from the due date, and what else is bounded, in days.
const (
	MaxChargeDays   = 60
	MaxTooLate      = 365
	MaxAnnounce     = 30
	DefaultTooLate  = 3
	DefaultAnnounce = 3
)

// DefaultAutoCharge holds where nothing is set: nobody is charged by himself.
func DefaultAutoCharge() AutoCharge {
	return AutoCharge{At: ChargeOnDueDate, Window: DefaultChargeWindow(), TooLate: DefaultTooLate, Announce: DefaultAnnounce}
}

// Check names the field that is wrong.
func (a AutoCharge) Check() error {
	switch {
	case a.At != ChargeOnSend && a.At != ChargeOnDueDate:
		return Invalid("auto_charge_at", "Charge on_send or on_due_date.")
	case a.At == ChargeOnSend && a.Days != 0:
		return Invalid("auto_charge_days", "Days are counted from the due date; a charge on sending has none.")
	case a.Days < -MaxChargeDays || a.Days > MaxChargeDays:
		return Invalid("auto_charge_days", "Charge at most %d days before or after the due date.", MaxChargeDays)
	case a.TooLate < 0 || a.TooLate > MaxTooLate:
		return Invalid("too_late_days", "Enter a number of days from 0 to %d.", MaxTooLate)
	case a.Announce < 0 || a.Announce > MaxAnnounce:
		return Invalid("announce_days", "Enter a number of days from 0 to %d.", MaxAnnounce)
	}
	return a.Window.Check()
}

// Deposit is the part of an invoice that is due before the rest.
type Deposit struct {
	Amount  int64 `json:"amount"` // minor units, less than the total
	DueDate Date  `json:"due_date"`
}

// Check names the field that is wrong with a deposit on an invoice of a total.
func (d Deposit) Check(total money.Amount, issued, due Date) error {
	switch {
	case d.Amount <= 0:
		return Invalid("deposit.amount", "A deposit is more than nothing.")
	case d.Amount >= total.Minor:
		return Invalid("deposit.amount", "The deposit is less than the total, %s.", total)
	case d.DueDate.IsZero():
		return Invalid("deposit.due_date", "Give the date the deposit is due, like 2026-04-01.")
	case d.DueDate.Before(issued):
		return Invalid("deposit.due_date", "The deposit is due on %s, before the invoice is issued on %s.", d.DueDate, issued)
	case !d.DueDate.Before(due):
		return Invalid("deposit.due_date", "The deposit is due before the rest, which is due on %s.", due)
	}
	return nil
}

// Words say a deposit in an invoice's currency, to follow a sum: "" for none.
func (d *Deposit) Words(currency string) string {
	if d == nil {
		return ""
	}
	return fmt.Sprintf(", with a deposit of %s by %s", money.Of(d.Amount, money.Currency(currency)), d.DueDate.Words())
}

// Same reports whether two invoices' deposits are the same.
func (d *Deposit) Same(other *Deposit) bool {
	if d == nil || other == nil {
		return d == other
	}
	return *d == *other
}

// AutoChargeFor says whether an invoice is charged by itself: as it was made with,
// else as its customer has it, else as its organisation's settings do. What it says
// is copied onto the invoice (decision D7).
func AutoChargeFor(invoice, customer *bool, organisation bool) bool {
	switch {
	case invoice != nil:
		return *invoice
	case customer != nil:
		return *customer
	}
	return organisation
}

// AsksToKeep reports whether who pays by an invoice's public link is asked to keep what
// he pays with, so that the customer's further invoices are charged to it by themselves:
// where this one would be, and is no order in a store. What he has saved decides besides:
// whoever has something that is charged needs nothing more.
func (i Invoice) AsksToKeep() bool {
	return !i.Order() && i.Settings.AutoCharge.On && (i.CustomerAuto == nil || *i.CustomerAuto)
}

// DepositLeft is what of the deposit is still to be paid; 0 where there is none.
func (i Invoice) DepositLeft() int64 {
	if i.Deposit == nil {
		return 0
	}
	return max(min(i.Deposit.Amount-i.Applied, i.Outstanding), 0)
}

// CollectionState says where charging an invoice by itself has come to, where that
// is anything but waiting for its date.
type CollectionState string

// The states of collection.
const (
	CollectionNone    CollectionState = ""
	CollectionRetries CollectionState = "retrying"      // a try failed; the next one is on the agenda
	CollectionMethod  CollectionState = "awaits_method" // no method can be charged before there is another one
	CollectionPayer   CollectionState = "awaits_payer"  // the bank wants the payer himself
	CollectionAsks    CollectionState = "asks"          // a person is to say whether it is charged
	CollectionEnded   CollectionState = "ended"         // the last try of the ladder failed
)

// Collection is such a state, since when, and why in words for staff.
type Collection struct {
	State CollectionState `json:"state"`
	Why   string          `json:"reason"`
	Since time.Time       `json:"since"`
}

// Attention reports that a person has to do something before money comes in.
func (c Collection) Attention() bool {
	switch c.State {
	case CollectionMethod, CollectionPayer, CollectionAsks, CollectionEnded:
		return true
	case CollectionNone, CollectionRetries:
	}
	return false
}

// NextCharge is the charge by itself that is on an invoice's agenda.
type NextCharge struct {
	At        time.Time
	On        Date   // where the invoice is
	Amount    int64  // minor units, as things are now
	Surcharge int64  // passed on besides
	Method    string // in words; "" where there is none that could be charged
	Try       int    // of the ladder; 1 for the first
	Of        int    // how many tries there may be; 0 where that is not known
}

// NextChargeOf completes what is planned for an invoice by what it was planned with;
// nil where a hold or a word of its customer keeps it from happening.
func NextChargeOf(i Invoice, plan ChargePlan, method MethodSummary, next NextCharge) *NextCharge {
	if i.Hold != nil || !i.Settings.AutoCharge.On || i.CustomerAuto != nil && !*i.CustomerAuto {
		return nil
	}
	if !i.Settings.Methods.Takes(method.Type) {
		method, next.Method = MethodSummary{}, ""
	}
	next.Amount = ScheduledCharge{Deposit: plan.Deposit}.Amount(i)
	if fee, err := Surcharge(i.Settings.Surcharge, &method, money.Of(next.Amount, money.Currency(i.Currency))); err == nil { // else it is not charged
		next.Surcharge = fee
	}
	next.Try, next.Of = max(plan.Try, 1), plan.Of
	return &next
}

// ScheduledCharge is a charge as it is planned for an invoice.
type ScheduledCharge struct {
	On      Date
	At      time.Time // the window's opening on that day
	Deposit bool      // of the deposit alone; the rest follows on its own date
}

// Amount is what would be charged for it now, in minor units.
func (s ScheduledCharge) Amount(i Invoice) int64 {
	if left := i.DepositLeft(); s.Deposit && left > 0 {
		return left
	}
	return i.Outstanding
}

// ChargeOf says when a sent invoice is to be charged by itself for the first time,
// by the settings that were copied onto it: its deposit, while there is one to be
// paid, on the deposit's own date. ok is false where it is not to be.
func ChargeOf(i Invoice, zone *time.Location) (s ScheduledCharge, ok bool) {
	if i.Order() || !i.Settings.AutoCharge.On || i.CustomerAuto != nil && !*i.CustomerAuto || i.SentAt == nil || i.Outstanding <= 0 {
		return s, false
	}
	days, due := i.Settings.AutoCharge.Days, i.DueDate
	if i.DepositLeft() > 0 && i.Deposit.DueDate.Before(i.DueDate) {
		due, s.Deposit = i.Deposit.DueDate, true
	}
	window := i.Settings.AutoCharge.Window
	if i.Settings.AutoCharge.At == ChargeOnSend && (i.Deposit == nil || s.Deposit) {
		s.At = window.Next(*i.SentAt, zone)
		s.On = DateOf(s.At.In(zone))
		return s, true
	}
	day := due.AddDays(days)
	s.At = window.OpensOn(day, zone)
	on := DateOf(i.SentAt.In(zone))
	if sent := window.Next(*i.SentAt, zone); s.At.Before(sent) && (on == day || !due.Before(on)) {
		s.At = sent // sent on the day itself, after the window opened, or between it and the due date
	}
	s.On = DateOf(s.At.In(zone)) // of the next day where the window had closed, or the date has none
	return s, true
}
