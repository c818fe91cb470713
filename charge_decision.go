package remit

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit/money"
)

// CheckoutPatience is how old a hosted checkout is before a charge by itself takes
// its place: whoever opened it may be typing (M2c).
const CheckoutPatience = 30 * time.Minute

// ChargePlan is what a charge on the agenda was planned with.
type ChargePlan struct {
	Planned time.Time `json:"planned"` // when it was to be, before anything put it off
	Deposit bool      `json:"deposit,omitempty"`
	Try     int       `json:"try,omitempty"`    // of the ladder; 0 for the first
	Of      int       `json:"of,omitempty"`     // how many there may be, where known
	Due     int       `json:"due,omitempty"`    // which due date of the invoice it is for: [Invoice.DueVersion] when it was last planned
	Soon    bool      `json:"soon,omitempty"`   // is the invoice's own workflow's to carry out, not a run's
	Asked   bool      `json:"asked,omitempty"`  // a person, or a new method, asked for it: lateness is no question
	Waited  bool      `json:"waited,omitempty"` // for a checkout, which is done once
	ByRun   bool      `json:"by_run,omitempty"` // a person started the run that charges it: the window is no question
	Day     string    `json:"day,omitempty"`    // the date it was planned for, where its window had closed on it
	Round   int       `json:"round,omitempty"`  // how often it was put off or could not be begun
	// By is whose act planned it, where no date that settings gave did: [Invoice.ChargedBy].
	By *Actor `json:"by,omitempty"`
}

// Request is the id of the request by which a charge on the agenda is carried out:
// one for each round of a row, so that a repeated step takes the same up.
func (p ChargePlan) Request(row uuid.UUID) uuid.UUID {
	return uuid.NewSHA1(row, fmt.Appendf(nil, "charge/%d", p.Round))
}

// SameDate reports that both charges were planned for the same date of an invoice: that of
// its deposit or of the rest, and the same one of its due dates.
func (p ChargePlan) SameDate(other ChargePlan) bool {
	return p.Deposit == other.Deposit && p.Due == other.Due
}

// ChargeFacts is what decides about a charge by itself that is due.
type ChargeFacts struct {
	Invoice Invoice
	Plan    ChargePlan
	Unable  error          // why Stripe cannot be asked for the organisation now
	Debits  DebitOffer     // whether bank accounts can be debited for it
	Method  *PaymentMethod // that would be charged; nil: the customer has none that can be
	// Unsuited is, where there is no Method, one that could be charged if the invoice
	// took its kind.
	Unsuited *PaymentMethod
	Refused  *DeclineRecord // the last word on that method, on whatever invoice, where it was a hard no
	Alone    int64          // minor units that were paid without a second person: [ApprovalSettings.Asks]
	FreeAt   time.Time      // when the card's network lets another try through; zero: now
	Zone     *time.Location
}

// ChargeVerdict is what becomes of a charge that is due.
type ChargeVerdict string

// The verdicts.
const (
	ChargeNow   ChargeVerdict = "charge"
	ChargeSkip  ChargeVerdict = "skip"  // it is off the agenda until something changes
	ChargeDelay ChargeVerdict = "delay" // it is looked at again later
)

// ChargeDecision is a verdict with its reason for the timeline. Until is when a
// delayed one is looked at again. Collection is what the invoice has come to by it.
type ChargeDecision struct {
	Verdict    ChargeVerdict
	Amount     int64  // minor units that are, or would have been, charged
	Surcharge  int64  // passed on besides, with the method as it is
	By         *Actor // whose act it is, where no date that settings gave has it charged
	Until      time.Time
	Anew       bool // a delayed one is planned anew for then, and not late by it
	Waits      bool // a delayed one waits for its own date or window; nothing is collected before
	Checkout   bool // a delayed one waits for an open checkout, which is done once
	Collection CollectionState
	Rule       string
	Reason     string // a sentence without its full stop
}

// DecideCharge says what becomes of a charge by itself at a time: the same for the
// run that carries it out and for the one that only forecasts it.
func DecideCharge(f ChargeFacts, now time.Time) ChargeDecision {
	i := f.Invoice
	d := ChargeDecision{Verdict: ChargeSkip, Amount: (ScheduledCharge{Deposit: f.Plan.Deposit}).Amount(i)}
	var tooMuch error
	if f.Method != nil {
		d.Surcharge, tooMuch = Surcharge(i.Settings.Surcharge, f.Method.Summary(), money.Of(d.Amount, money.Currency(i.Currency)))
	}
	if d.By = f.Plan.By; d.By == nil {
		d.By = i.FreedBy(f.Zone)
	}
	window := i.Settings.AutoCharge.Window
	put := func(until time.Time, rule, reason string) ChargeDecision {
		d.Verdict, d.Until, d.Rule, d.Reason = ChargeDelay, until, rule, reason
		return d
	}
	skip := func(to CollectionState, rule, reason string) ChargeDecision {
		d.Collection, d.Rule, d.Reason = to, rule, reason
		return d
	}
	switch {
	case i.InFlight.OpenCheckout() && !f.Plan.Waited && now.Sub(i.InFlight.Since) < CheckoutPatience:
		d.Checkout = true
		return put(i.InFlight.Since.Add(CheckoutPatience), "an open checkout is waited for once, for 30 minutes", "Somebody has a checkout open")
	case i.InFlight != nil && !i.InFlight.OpenCheckout():
		return skip(CollectionNone, "one live attempt", "A payment is under way")
	case !i.Status.Payable():
		return skip(CollectionNone, "the ledger decides", "There is nothing to collect: it is "+string(i.Status))
	case !i.Settings.AutoCharge.On:
		return skip(CollectionNone, "settings are copied when an invoice is made", "Automatic charge is off for this invoice")
	case i.CustomerAuto != nil && !*i.CustomerAuto:
		return skip(CollectionNone, "a customer may say no", "Automatic charge is off for this customer")
	case i.Hold != nil:
		return skip(CollectionNone, "a hold stops automatic charges", "On hold: "+i.Hold.Reason)
	case f.late(now):
		return skip(CollectionAsks, "what is late is asked about", fmt.Sprintf("It was to be charged on %s, which is more than %s ago", DateOf(f.Plan.Planned.In(f.Zone)).Words(), daysInWords(i.Settings.AutoCharge.TooLate)))
	case CollectableNow(i) != nil:
		return skip(CollectionAsks, "online payment is off", sentence(CollectableNow(i)))
	case AmountPayable(i, d.Amount) != nil:
		return skip(CollectionAsks, "Stripe's limits", sentence(AmountPayable(i, d.Amount)))
	case tooMuch != nil:
		return skip(CollectionAsks, "Stripe's limits", sentence(tooMuch))
	case i.Settings.Approvals.Automatic && i.Settings.Approvals.Asks(ToPay{Amount: d.Amount, Surcharge: d.Surcharge}, f.Alone, i.Currency):
		return skip(CollectionAsks, "above a sum a payment needs a second person", "Its sum needs a second person: somebody pays it, and another approves")
	case d.By != nil && i.Settings.Approvals.Asks(ToPay{Amount: d.Amount, Surcharge: d.Surcharge}, f.Alone, i.Currency):
		return skip(CollectionAsks, "above a sum nobody has a charge made alone", "That it is charged was decided by "+d.By.Name+" alone, and its sum needs an approval: somebody pays it, and another approves")
	case f.Unable != nil:
		tomorrow := window.OpensOn(DateOf(now.In(f.Zone)).AddDays(1), f.Zone)
		return put(tomorrow, "a charge needs a connected account", sentence(f.Unable))
	case OnlineOffered(i.Settings.Methods, f.Debits) != nil:
		return skip(CollectionAsks, "what is taken has to be offered", sentence(OnlineOffered(i.Settings.Methods, f.Debits)))
	case f.Method == nil && f.Unsuited != nil:
		return skip(CollectionMethod, "only what the invoice takes is charged", fmt.Sprintf("The invoice takes %s: %s is not charged", i.Settings.Methods.Words(), f.Unsuited.Summary().Words()))
	case f.Method == nil:
		return skip(CollectionMethod, "a charge needs a saved method", "The customer has no method that can be charged")
	case f.Refused != nil:
		return skip(CollectionMethod, "a hard decline waits for a new method", notTriedAgain+f.Refused.Code+" is a hard decline")
	}
	if f.FreeAt.After(now) {
		d.Anew = true
		return put(window.Next(f.FreeAt, f.Zone), "the networks' limits", "The card's network allows no more tries for now")
	}
	opens, waits := f.opens(now)
	if d.Waits = waits; waits {
		return put(opens, "charges by themselves are made in their window", "It is charged from "+opens.In(f.Zone).Format("2 Jan 2006, 15:04")+" on")
	}
	d.Verdict, d.Rule, d.Reason = ChargeNow, "what is due is charged", "Due"
	return d
}

// Collects reports that the invoice is to be collected now as far as it goes: what its
// customer has as credit is used for it, also where the rest cannot be charged. It is not
// where nothing may be collected at all, nor before its time, nor, where it is not to be
// charged, while somebody may be paying.
func (d ChargeDecision) Collects(i Invoice) bool {
	return d.Verdict == ChargeNow || i.InFlight == nil && !d.Waits && (d.Verdict == ChargeDelay || d.Collection != CollectionNone)
}

// opens is when the charge may be made that may not be made yet: its window is closed,
// after an outage say, or its date has not come where it is charged, after a change of
// the zone say. What a person asked for is made at once, by whom he started a run for
// what is due that day too.
func (f ChargeFacts) opens(now time.Time) (at time.Time, waits bool) {
	if f.Plan.Asked {
		return now, false
	}
	if first, planned := ChargeOf(f.Invoice, f.Zone); planned && f.Plan.Try == 0 && DateOf(now.In(f.Zone)).Before(first.On) {
		return first.At, true
	}
	at = f.Invoice.Settings.AutoCharge.Window.Next(now, f.Zone)
	return at, !f.Plan.ByRun && at.After(now)
}

// late reports that too many days have passed since the charge was to be.
func (f ChargeFacts) late(now time.Time) bool {
	planned := DateOf(f.Plan.Planned.In(f.Zone))
	return !f.Plan.Asked && planned.AddDays(f.Invoice.Settings.AutoCharge.TooLate).Before(DateOf(now.In(f.Zone)))
}

func daysInWords(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// sentence is an error's words without the full stop.
func sentence(err error) string { return strings.TrimSuffix(AsError(err).Message, ".") }
