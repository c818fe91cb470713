package remit

import (
	"fmt"
	"strings"
	"time"
)

// MailState is how far a mail has come on its way out.
type MailState string

// The states of a mail. From sending on, a mail may have gone out: what was sending
// when its process died is unknown, and only a person sends it again (M13).
const (
	MailQueued  MailState = "queued"
	MailSending MailState = "sending"
	MailTaken   MailState = "sent" // the mail server has taken it
	MailFailed  MailState = "failed"
	MailBounced MailState = "bounced" // its receiver is refused
	MailHeld    MailState = "held"    // it was not to go out any more when its turn came
	MailUnknown MailState = "unknown"
)

// Trouble reports a mail that goes no further by itself, though it did not arrive.
func (s MailState) Trouble() bool {
	switch s {
	case MailFailed, MailBounced, MailHeld, MailUnknown:
		return true
	case MailQueued, MailSending, MailTaken:
	}
	return false
}

// MailDelivery is a state, since when tries are made, and why in words for staff. Times
// are real ones.
type MailDelivery struct {
	State       MailState
	Tries       int
	QueuedAt    time.Time
	NextAt      time.Time
	DeliveredAt *time.Time
	MessageID   string
	LastError   string
}

// How long a mail may wait before its first try: one that was written before there
// was a mail server is news no more. And how long one try may take at most, before
// the process that made it must have died.
const (
	MailStale = 3 * 24 * time.Hour
	MailTakes = 10 * time.Minute
)

// MailWaits is how long a mail waits that is not to go out yet before it is looked at again.
const MailWaits = 15 * time.Minute

// MailRetry is how long to wait after so many tries that a mail server put off; ok is
// false after the last.
func MailRetry(tries int) (wait time.Duration, ok bool) {
	ladder := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}
	if tries < 1 || tries > len(ladder) {
		return 0, false
	}
	return ladder[tries-1], true
}

// MayGo says why a mail about an invoice is not to go out any more; "" where it may.
// What a notice says must hold still when it leaves, which may be a day after it was
// written: a reminder is not sent once money is on its way, nor word of a charge that
// will not be made. i has its next charge; unwanted says that its customer wants no
// reminders.
func (m Mail) MayGo(i Invoice, unwanted bool, real time.Time) (why string) {
	if m.Delivery.Tries <= 1 && real.Sub(m.Delivery.QueuedAt) > MailStale {
		return "It waited for days before there was a mail server to send it."
	}
	if m.Invoice == nil {
		return ""
	}
	switch m.Invoice.Stage.Occasion() { //nolint:exhaustive // the others tell what has happened
	case OccasionReminder:
		if why := m.mayAsk(i); why != "" {
			return why
		}
		switch {
		case unwanted:
			return "The customer wants no more reminders."
		case i.NextCharge != nil:
			return "The invoice is charged by itself."
		case i.Promise != nil && i.Promise.BrokenAt == nil:
			return "The customer has promised to pay."
		}
	case OccasionAnnounced, OccasionExpires:
		if why := m.mayAsk(i); why != "" {
			return why
		}
		if i.NextCharge == nil || i.NextCharge.Method == "" {
			return "The charge that it tells of will not be made."
		}
		if on, dated := strings.CutPrefix(string(m.Invoice.Stage), string(OccasionAnnounced)+"/"); dated && on != i.NextCharge.On.String() {
			return "The charge that it tells of is planned for another day."
		}
	}
	return ""
}

// Waits says why a mail about an invoice that is to be paid does not go out yet; "" where
// nothing is waited for. Somebody who has a payment page open may be paying; he may leave
// it too, and then the mail is as true as before.
func (m Mail) Waits(i Invoice) (why string) {
	if m.Invoice == nil || !i.InFlight.OpenCheckout() {
		return ""
	}
	switch m.Invoice.Stage.Occasion() { //nolint:exhaustive // the others tell what has happened
	case OccasionReminder, OccasionAnnounced, OccasionExpires:
		return "Somebody has a payment page open."
	}
	return ""
}

// mayAsk says why nobody is written to about an invoice that is to be paid.
func (m Mail) mayAsk(i Invoice) (why string) {
	switch {
	case i.InFlight != nil || i.Status == InvoiceProcessing:
		return "Money is on its way."
	case !i.Status.Payable():
		return "Nothing is to be paid any more."
	case i.Hold != nil:
		return "The invoice is on hold."
	case m.Invoice.DueVersion != i.DueVersion:
		return "The due date has changed since it was written."
	}
	return ""
}

// Name is what a mail is called before everybody who may see the invoice. The subject
// of one to the business may hold what banks say to the merchant alone.
func (m Mail) Name() string {
	if m.Invoice == nil {
		return m.Subject
	}
	switch m.Invoice.Stage.Occasion() {
	case OccasionFailedSeller:
		return "A payment for invoice " + m.Invoice.Number + " failed"
	case OccasionEndedSeller:
		return "The last try to charge invoice " + m.Invoice.Number + " failed"
	case OccasionAsks:
		return "Shall invoice " + m.Invoice.Number + " be charged?"
	case OccasionPromise:
		return "A promise to pay invoice " + m.Invoice.Number + " was not kept"
	case OccasionFailed, OccasionPaid, OccasionAnnounced, OccasionExpires, OccasionReminder, OccasionEnded, OccasionLocked:
	}
	return m.Subject
}

// DeliveryWords say to staff what has become of a mail.
func (m Mail) DeliveryWords() string {
	named := fmt.Sprintf("The mail %q to %s", m.Name(), m.To)
	why := m.Delivery.LastError
	switch m.Delivery.State {
	case MailQueued:
		if why == "" {
			return named + " waits to be sent."
		}
		return named + " could not be sent yet and is tried again. " + why
	case MailSending:
		return named + " is being sent."
	case MailTaken:
		return strings.TrimSpace(named + " was sent. " + why)
	case MailFailed:
		return named + " could not be sent. " + why
	case MailBounced:
		return named + " was refused: nobody has this address, or takes no mail there. " + why
	case MailHeld:
		return named + " was held back. " + why
	case MailUnknown:
		return named + " may have been sent, or not. Only a person sends it again. " + why
	}
	return named
}

// BringsInvoice reports a mail to which the invoice is attached.
func (m Mail) BringsInvoice() bool {
	return m.Invoice != nil && (m.Invoice.Stage == MailSent || m.Invoice.Stage.Occasion() == OccasionReminder)
}

// LinkWords say where the link of a mail leads.
func (m Mail) LinkWords() string {
	switch {
	case m.Invoice == nil:
		return "Open"
	case m.Invoice.Stage.ToSeller():
		return "Open the invoice"
	}
	switch m.Invoice.Stage.Occasion() { //nolint:exhaustive // the others ask for money
	case OccasionPaid, OccasionAnnounced:
		return "View the invoice"
	}
	return "View and pay the invoice"
}
