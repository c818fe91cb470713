package remit

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"

	"remit/money"
)

// BilledPeriod is a period with the terms that bill it.
type BilledPeriod struct {
	Period

	Terms   BillingTerms
	Version int       // of the terms, counted from 1
	At      time.Time // when it begins, and is billed
	DraftAt time.Time // when its invoice is there as a draft: At, or before it
}

// Periods are the schedule's periods that begin on a date or later, in order.
func (s BillingSchedule) Periods(since Date) iter.Seq[BilledPeriod] {
	return func(yield func(BilledPeriod) bool) {
		for n, terms := range s.Versions {
			zone := s.zoneOf(terms)
			from := terms.From
			if from.Before(since) {
				from = since
			}
			for p := range terms.Cadence.Periods(from) {
				if n+1 < len(s.Versions) && !p.From.Before(s.Versions[n+1].From) {
					break
				}
				billed := BilledPeriod{Period: p, Terms: terms, Version: n + 1, At: p.From.StartIn(zone), DraftAt: p.From.AddDays(-terms.DraftDays).StartIn(zone)}
				if !yield(billed) {
					return
				}
			}
		}
	}
}

// Next is the first period that is not through.
func (s BillingSchedule) Next() (next BilledPeriod, ok bool) {
	since := s.Versions[0].From
	if !s.Through.IsZero() {
		since = s.Through.AddDays(1)
	}
	for p := range s.Periods(since) {
		return p, true
	}
	return next, false
}

// PeriodFate is what becomes of a period.
type PeriodFate string

// The fates.
const (
	PeriodBilled  PeriodFate = "billed"
	PeriodSkipped PeriodFate = "skipped" // it began while the schedule was paused
	PeriodVoid    PeriodFate = "ended"   // it begins after the schedule was ended
)

// Fate is decided by when a period begins: what began while the schedule ran is
// billed, however late somebody comes to it, and what began in a pause never is.
func (s BillingSchedule) Fate(p BilledPeriod) PeriodFate {
	if s.EndedAt != nil && p.At.After(*s.EndedAt) {
		return PeriodVoid
	}
	for _, pause := range s.Pauses {
		if (p.At.After(pause.From) || pause.Made) && (pause.Until == nil || p.At.Before(*pause.Until)) {
			return PeriodSkipped
		}
	}
	return PeriodBilled
}

// BillingStep is what there is to do for a schedule next, and when.
type BillingStep struct {
	Period BilledPeriod
	Fate   PeriodFate
	At     time.Time
}

// NextStep is what comes next of periods that are not through. A paused schedule has
// nothing to do before it is resumed, except for what began before the pause. ok is
// false where nothing is left.
func (s BillingSchedule) NextStep() (step BillingStep, ok bool) {
	p, some := s.Next()
	if !some {
		return step, false
	}
	step = BillingStep{Period: p, Fate: s.Fate(p), At: p.DraftAt}
	switch step.Fate {
	case PeriodVoid:
		return step, false
	case PeriodSkipped:
		if s.State == BillingPaused {
			return step, false
		}
		step.At = p.At
	case PeriodBilled:
	}
	return step, true
}

// Done reports that no period is left to be billed, now or after a pause.
func (s BillingSchedule) Done() bool {
	p, some := s.Next()
	return !some || s.Fate(p) == PeriodVoid
}

// ScheduledInvoice is the invoice of a period as the schedule makes it.
type ScheduledInvoice struct {
	ID        uuid.UUID
	Period    BilledPeriod
	Number    string
	IssueDate Date
	DueDate   Date
	Lines     []Line
	// Adjustments are the schedule's, of a part of a period their share.
	Adjustments []Adjustment
	Total       money.Amount
}

// Invoice is what a period bills. It is issued on the period's first day, or today
// where that is past: it is due as long after as any other.
func (s BillingSchedule) Invoice(p BilledPeriod, today Date) (ScheduledInvoice, error) {
	currency := money.Currency(s.Currency)
	lines, total, err := p.Terms.Whole(currency)
	if err != nil {
		return ScheduledInvoice{}, err
	}
	words, adjustments := p.Words(), slices.Clone(p.Terms.Adjustments)
	if p.Part() && p.Terms.Prorate {
		words = fmt.Sprintf("%s, %d of %d days", words, p.Days(), p.Whole)
		total = prorate(lines, adjustments, p.Period, currency)
	}
	for n := range lines {
		lines[n].Description = fmt.Sprintf("%s (%s)", lines[n].Description, words)
	}
	issued := p.From
	if issued.Before(today) {
		issued = today
	}
	return ScheduledInvoice{
		ID: uuid.NewSHA1(s.ID, []byte("period/"+p.From.String())), Period: p, Number: s.Number + "-" + p.From.String(),
		IssueDate: issued, DueDate: issued.AddDays(p.Terms.Due(s.Settings)), Lines: lines, Adjustments: adjustments, Total: total,
	}, nil
}

// prorate makes lines and adjustments bill their share by days and gives their total,
// which is rounded once: it is the whole total's share, and never below nothing where
// that is not. What is rounded off one is on the next, so that they add up to it and
// each is less than a minor unit from its own share.
func prorate(lines []Line, adjustments []Adjustment, p Period, currency money.Currency) money.Amount {
	var sum, billed int64
	share := func(amount int64) int64 {
		sum += amount // [BillingTerms.Whole] added them up
		part := shareOf(sum, int64(p.Days()), int64(p.Whole)) - billed
		billed += part
		return part
	}
	for n, line := range lines {
		part := share(line.Amount)
		lines[n].Quantity, lines[n].Amount, lines[n].UnitPrice = "1", part, money.Of(part, currency).Decimal()
	}
	for n := range adjustments {
		adjustments[n].Amount = share(adjustments[n].Amount)
	}
	return money.Of(billed, currency)
}

// shareOf is [money.Share] of an amount that may be negative.
func shareOf(total, part, whole int64) int64 {
	if total < 0 {
		return -money.Share(-total, part, whole)
	}
	return money.Share(total, part, whole)
}

// Upcoming are the invoices that the schedule will make of periods that begin up to a
// date, as things are now: by the function that makes them. Of a schedule that is
// paused they are what would come if it went on at once.
func (s BillingSchedule) Upcoming(now time.Time, until Date) ([]ScheduledInvoice, error) {
	if s.State == BillingPaused {
		s.Pauses = slices.Clone(s.Pauses)
		s.PauseUntil(now)
	}
	var list []ScheduledInvoice
	since := s.Versions[0].From
	if !s.Through.IsZero() {
		since = s.Through.AddDays(1)
	}
	for p := range s.Periods(since) {
		if until.Before(p.From) || len(list) == MaxUpcoming {
			break
		}
		if s.Fate(p) != PeriodBilled {
			continue
		}
		made, err := s.Invoice(p, s.Today(now))
		if err != nil {
			return nil, err
		}
		list = append(list, made)
	}
	return list, nil
}

// MaxUpcoming bounds how many invoices ahead are shown: a daily schedule has a year
// of them.
const MaxUpcoming = 400

// ChangeFrom is the first period that a change given now is in force for: the first
// that is to come and has no invoice yet. What was missed is billed as it was. ok is
// false where no period is left.
func (s BillingSchedule) ChangeFrom(now time.Time) (from Date, ok bool) {
	p, some := s.Next()
	if !some {
		return from, false
	}
	for q := range s.Periods(p.From) {
		if q.At.After(now) {
			return q.From, true
		}
	}
	return from, false
}

// CheckStart refuses terms that start too long ago for a schedule of which nothing has
// happened yet: what has begun since would be billed at once. The error names
// "start_date".
func (s BillingSchedule) CheckStart(terms BillingTerms, now time.Time) error {
	if terms.Start.Before(DateOf(now.In(s.zoneOf(terms))).AddDays(-MaxBilledBack)) {
		return Invalid("start_date", "What has begun since the start is billed at once: start it within the last year.")
	}
	return nil
}

// Change gives the schedule other terms from its next period on; invoices that are
// made stay. Where nothing but its days is the same, periods are counted from there;
// a schedule of which nothing has happened yet starts anew, on the date given, and where
// it is paused, as one that is made paused.
func (s *BillingSchedule) Change(terms BillingTerms, now time.Time) error {
	last := s.Terms()
	begun := !s.Through.IsZero() || !s.Versions[0].From.StartIn(s.zoneOf(s.Versions[0])).After(now)
	if !begun {
		if err := s.CheckStart(terms, now); err != nil {
			return err
		}
		terms.From = terms.Start
		s.Versions = []BillingTerms{terms}
		if s.State == BillingPaused {
			s.Pauses[len(s.Pauses)-1].Made = true
		}
		return nil
	}
	from, ok := s.ChangeFrom(now)
	if !ok {
		return Conflict(CodeConflict, "No period of this schedule is left to be changed.")
	}
	if terms.Start != s.Versions[0].Start {
		return Invalid("start_date", "It has started. What is changed holds from %s on, its next period.", from.Words())
	}
	terms.Start = last.Start
	if !terms.End.IsZero() && terms.End.Before(from.AddDays(-1)) {
		return Invalid("end_date", "What was billed stays: end it on %s or later.", from.AddDays(-1))
	}
	if terms.Unit != last.Unit || terms.Count != last.Count || terms.Anchor != last.Anchor {
		terms.Start = from
	}
	terms.From = from
	keep := slices.IndexFunc(s.Versions, func(v BillingTerms) bool { return !v.From.Before(from) })
	if keep < 0 {
		keep = len(s.Versions)
	}
	s.Versions = append(slices.Clone(s.Versions[:keep]), terms)
	return nil
}
