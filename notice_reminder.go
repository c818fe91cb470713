package remit

import (
	"strconv"
	"strings"
	"time"
)

// nextReminder is the invoice's next reminder. N6: none while the invoice will be
// charged by itself or a person is to say whether it is, none within a promise, none
// below what is worth it, and one a day for a customer.
func (f NoticeFacts) nextReminder(now time.Time) (next PlannedNotice, ok bool) {
	i := f.Invoice
	switch i.Collection.State {
	case CollectionRetries, CollectionAsks:
		return next, false
	case CollectionNone, CollectionMethod, CollectionPayer, CollectionEnded:
	}
	if !f.Settings.Reminders || f.Unwanted || i.Outstanding < f.Settings.Thresholds[i.Currency] {
		return next, false
	}
	n, ok := f.reminderAt(now)
	if !ok {
		return next, false
	}
	day := i.DueDate.AddDays(f.Settings.reminderDays(n))
	if i.Promise != nil && !i.Promise.Until.Before(day) {
		day = i.Promise.Until.AddDays(1)
	}
	if !f.RemindedOn.IsZero() && !f.RemindedOn.Before(DateOf(f.opens(day, now).In(f.Zone))) {
		day = f.RemindedOn.AddDays(1)
	}
	return PlannedNotice{Stage: reminderStage(n), At: f.opens(day, now)}, true
}

// reminderAt is the number of the next reminder: the last one whose day has come,
// else the first whose day has not. Never one at or before the last that was
// written, nor one of a day up to that on which the invoice itself was sent.
func (f NoticeFacts) reminderAt(now time.Time) (n int, ok bool) {
	today := DateOf(now.In(f.Zone))
	if f.Invoice.Settings.AutoCharge.Window.OpensOn(today, f.Zone).After(now) {
		today = today.AddDays(-1)
	}
	for _, stage := range f.Written {
		if written, is := stage.reminder(); is {
			n = max(n, written+1)
		}
	}
	due := f.Invoice.DueDate
	n = max(n, f.Settings.lastReminder(due.daysTo(DateOf(f.Invoice.SentAt.In(f.Zone))))+1, f.Settings.lastReminder(due.daysTo(today)))
	if n == 0 && f.Settings.BeforeDue == 0 {
		n = 1
	}
	return n, f.Settings.hasReminder(n)
}

// reminder is the number of a reminder's stage.
func (s MailStage) reminder() (n int, is bool) {
	number, is := strings.CutPrefix(string(s), string(OccasionReminder)+"/")
	if !is {
		return 0, false
	}
	n, err := strconv.Atoi(number)
	return n, err == nil
}

// hasReminder reports whether there is a reminder of the number. Beyond the last
// stage they go on for ever where Every says so.
func (s NoticeSettings) hasReminder(n int) bool {
	return n <= len(s.AfterDue) || s.Every > 0 && len(s.AfterDue) > 0
}

// reminderDays is how many days after the due date a reminder is; before it where
// negative.
func (s NoticeSettings) reminderDays(n int) int {
	last := len(s.AfterDue)
	switch {
	case n == 0:
		return -s.BeforeDue
	case n <= last:
		return s.AfterDue[n-1]
	}
	return s.AfterDue[last-1] + (n-last)*s.Every
}

// lastReminder is the number of the last reminder of a day at most so many days
// after the due date; -1 where there is none.
func (s NoticeSettings) lastReminder(days int) int {
	n, last := -1, len(s.AfterDue)
	if days >= -s.BeforeDue {
		n = 0
	}
	for k, after := range s.AfterDue {
		if days >= after {
			n = k + 1
		}
	}
	if n == last && last > 0 && s.Every > 0 {
		n += (days - s.AfterDue[last-1]) / s.Every
	}
	return n
}

// daysTo is how many days e is after d.
func (d Date) daysTo(e Date) int { return int(e.utc().Sub(d.utc()) / (24 * time.Hour)) }
