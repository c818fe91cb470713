package remit

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Occasion is why somebody is written to about an invoice. A [MailStage] begins with
// its occasion and names which one of its kind it is.
type Occasion string

// The occasions of notices. Those to the business go to whoever is to be asked about
// its invoices.
const (
	OccasionFailed       Occasion = "failed"         // a charge that nobody watched was declined
	OccasionFailedSeller Occasion = "failed_seller"  // the same, to the business
	OccasionPaid         Occasion = "paid"           // the receipt
	OccasionAnnounced    Occasion = "announced"      // a saved method will be charged
	OccasionExpires      Occasion = "expires"        // the card will have expired by then
	OccasionReminder     Occasion = "reminder"       // it is to be paid
	OccasionEnded        Occasion = "ended"          // no further try: pay another way
	OccasionEndedSeller  Occasion = "ended_seller"   // the same, to the business
	OccasionAsks         Occasion = "asks"           // the business: shall it be charged?
	OccasionLocked       Occasion = "locked"         // the bank account is not debited again
	OccasionPromise      Occasion = "promise_broken" // the business: a promised day has passed
)

// Occasions lists them in the order people read about them.
func Occasions() []Occasion {
	return []Occasion{
		OccasionAnnounced, OccasionExpires, OccasionPaid, OccasionFailed, OccasionFailedSeller, OccasionEnded, OccasionEndedSeller,
		OccasionLocked, OccasionReminder, OccasionPromise, OccasionAsks,
	}
}

// ToSeller reports a notice to the business.
func (o Occasion) ToSeller() bool {
	switch o {
	case OccasionFailedSeller, OccasionEndedSeller, OccasionAsks, OccasionPromise:
		return true
	case OccasionFailed, OccasionPaid, OccasionAnnounced, OccasionExpires, OccasionReminder, OccasionEnded, OccasionLocked:
	}
	return false
}

// Occasion is why a mail of the stage is written.
func (s MailStage) Occasion() Occasion {
	before, _, _ := strings.Cut(string(s), "/")
	return Occasion(strings.TrimRight(before, "0123456789"))
}

// ToSeller reports the stage of a mail to the business.
func (s MailStage) ToSeller() bool {
	return s.Occasion().ToSeller() || s.Occasion() == returnedSeller
}

// AttemptStage is the stage of what is told of an attempt. Stages are keys of M13:
// each is written once for a due date.
func AttemptStage(o Occasion, number int) MailStage {
	return MailStage(string(o) + "/" + strconv.Itoa(number))
}

// PaidStage is the stage of a payment's receipt.
func PaidStage(payment uuid.UUID) MailStage {
	return MailStage(string(OccasionPaid) + "/" + payment.String())
}

// expiryDays are how long before a charge its customer is told that his card will
// have expired by then.
var expiryDays = [...]int{30, 7}

func expiryStage(days int) MailStage {
	return MailStage(string(OccasionExpires) + strconv.Itoa(days))
}

// reminderStage is the stage of one reminder; 0 is the one before the due date.
func reminderStage(n int) MailStage { return AttemptStage(OccasionReminder, n) }

// Promise is a day until which a customer has said he will pay. Nobody reminds him
// before it has passed.
type Promise struct {
	Until    Date       `json:"date"`
	Note     string     `json:"note"`
	By       string     `json:"by"`
	BrokenAt *time.Time `json:"broken_at,omitempty"` // when the business was told that it has passed unpaid
}

// NoticeFacts is what decides which notice comes next for an invoice.
type NoticeFacts struct {
	Invoice  Invoice
	InFlight bool // an attempt is alive
	Settings NoticeSettings
	Zone     *time.Location
	ChargeAt *time.Time     // of the charge on the agenda; nil: none is
	Method   *PaymentMethod // what it would be charged with; nil: the customer has nothing
	// Unwanted says that the customer wants no reminders, or is to get none.
	Unwanted   bool
	RemindedOn Date // of the customer's last reminder about any invoice; zero: never
	Written    []MailStage
}

// PlannedNotice is a notice and when it is to be written.
type PlannedNotice struct {
	Stage MailStage
	At    time.Time
}

// Words say what will happen, for the timeline.
func (n PlannedNotice) Words() string {
	switch n.Stage.Occasion() { //nolint:exhaustive // the others are written at once, not planned
	case OccasionAnnounced:
		return "Tells the customer of the charge"
	case OccasionExpires:
		return "Tells the customer that the card expires"
	case OccasionPromise:
		return "The promise to pay ends"
	}
	return "Reminds the customer"
}

// NextNotice says which notice comes next by itself, and when: at the opening hour
// of a day, or, where its time has passed already, at the next moment at which
// somebody may be written to. What an organisation slept through is written once, as
// the latest of its kind. ok is false where nothing is to come before something else
// happens to the invoice, upon which it is asked again.
func NextNotice(f NoticeFacts, now time.Time) (next PlannedNotice, ok bool) {
	i := f.Invoice
	if i.SentAt == nil || i.Order() || !i.Status.Payable() || i.Outstanding <= 0 || f.InFlight {
		return next, false
	}
	if p := i.Promise; p != nil && p.BrokenAt == nil {
		next, ok = PlannedNotice{Stage: MailStage(string(OccasionPromise) + "/" + p.Until.String()), At: f.opens(p.Until.AddDays(1), now)}, true
	}
	if _, err := i.mailTo(); err != nil || i.Hold != nil {
		return next, ok
	}
	for _, candidate := range f.candidates(now) {
		if !ok || candidate.At.Before(next.At) {
			next, ok = candidate, true
		}
	}
	return next, ok
}

func (f NoticeFacts) candidates(now time.Time) []PlannedNotice {
	if f.ChargeAt == nil {
		if reminder, ok := f.nextReminder(now); ok {
			return []PlannedNotice{reminder}
		}
		return nil
	}
	if f.Invoice.Collection.State != CollectionNone || !f.ChargeAt.After(now) {
		return nil // of a retry the customer was told when the last try failed
	}
	var found []PlannedNotice
	if announced, ok := f.announcement(now); ok && (f.Method != nil || announced.At.After(now)) {
		// Where there is nothing to charge yet, it is looked at again then: a charge
		// that cannot be is not announced.
		found = append(found, announced)
	}
	if expires, ok := f.expiry(now); ok {
		found = append(found, expires)
	}
	return found
}

// announcement is the notice of a charge: some days before it, or as soon as
// somebody may be written to on a day before it.
func (f NoticeFacts) announcement(now time.Time) (PlannedNotice, bool) {
	days, on := f.Invoice.Settings.AutoCharge.Announce, DateOf(f.ChargeAt.In(f.Zone))
	n := PlannedNotice{Stage: MailStage(string(OccasionAnnounced) + "/" + on.String()), At: f.opens(on.AddDays(-days), now)}
	return n, days > 0 && f.Settings.On(OccasionAnnounced) && !f.has(n.Stage) && DateOf(n.At.In(f.Zone)).Before(on)
}

// expiry is the next notice that the card will have expired by the charge; the later
// one alone where the time of both has come.
func (f NoticeFacts) expiry(now time.Time) (next PlannedNotice, ok bool) {
	on := DateOf(f.ChargeAt.In(f.Zone))
	if f.Method == nil || !f.Method.ExpiredBy(on) || !f.Settings.On(OccasionExpires) {
		return next, false
	}
	for _, days := range expiryDays {
		stage, day := expiryStage(days), on.AddDays(-days)
		if !DateOf(f.Invoice.SentAt.In(f.Zone)).Before(day) {
			continue // the invoice came that day; the announcement tells of the card
		}
		at := f.Invoice.Settings.AutoCharge.Window.OpensOn(day, f.Zone)
		if !at.After(now) { // a later one takes its place
			next, ok = PlannedNotice{Stage: stage, At: f.opens(day, now)}, !f.has(stage)
			continue
		}
		if !ok {
			next, ok = PlannedNotice{Stage: stage, At: at}, !f.has(stage)
		}
	}
	return next, ok
}

// opens is when the window opens on a day, or, where that has passed, the next
// moment inside a window.
func (f NoticeFacts) opens(d Date, now time.Time) time.Time {
	window := f.Invoice.Settings.AutoCharge.Window
	if at := window.OpensOn(d, f.Zone); at.After(now) {
		return at
	}
	return window.Next(now, f.Zone)
}

func (f NoticeFacts) has(stage MailStage) bool { return slices.Contains(f.Written, stage) }

// ExpiredBy reports a card that is good no more on a date: cards are good to the end
// of their month.
func (m PaymentMethod) ExpiredBy(d Date) bool {
	if m.ExpYear == 0 {
		return false
	}
	return m.ExpYear < d.Year || m.ExpYear == d.Year && m.ExpMonth < int(d.Month)
}
