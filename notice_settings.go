package remit

import (
	"fmt"
	"maps"
	"slices"

	"remit/money"
)

// NoticeSettings say at an organisation, and below it, which notices are written.
// They hold as they are when a notice is due, unlike [InvoiceSettings]: whoever turns
// reminders off wants none from now on.
type NoticeSettings struct {
	Off []Occasion `json:"off"` // the occasions nobody is written to on
	// Reminders are off until somebody turns them on: books that are brought in with
	// years of open invoices would dun everybody in them at once.
	Reminders  bool             `json:"reminders"`
	BeforeDue  int              `json:"before_due_days"` // of the one before the due date; 0: none
	AfterDue   []int            `json:"after_due_days"`  // of at most three stages, each after the one before it
	Every      int              `json:"then_every_days"` // of those after the last stage; 0: none
	Thresholds map[string]int64 `json:"thresholds"`      // minor units by currency; of less nobody is reminded
	BCC        []string         `json:"bcc"`             // who gets a copy of what customers are sent
}

// Bounds of the settings.
const (
	MaxReminderDays   = 365
	MaxReminderStages = 3
	MaxBCC            = 10
)

// DefaultNoticeSettings hold where nothing is set.
func DefaultNoticeSettings() NoticeSettings {
	return NoticeSettings{BeforeDue: 3, AfterDue: []int{3, 10, 20}, Every: 14}
}

// On reports whether notices are written on an occasion. Of reminders,
// [NoticeSettings.Reminders] says so.
func (s NoticeSettings) On(o Occasion) bool { return !slices.Contains(s.Off, o) }

// ThresholdCurrencies are the currencies that have one, in order.
func (s NoticeSettings) ThresholdCurrencies() []string {
	return slices.Sorted(maps.Keys(s.Thresholds))
}

// Check gives the settings as they are kept. The error names the field that is wrong.
func (s NoticeSettings) Check() (NoticeSettings, error) {
	for n, o := range s.Off {
		if !slices.Contains(Occasions(), o) {
			return s, Invalid(fmt.Sprintf("off[%d]", n), "There is no notice called %q.", o)
		}
	}
	if s.BeforeDue < 0 || s.BeforeDue > MaxReminderDays {
		return s, Invalid("before_due_days", "Enter a number of days from 0 to %d.", MaxReminderDays)
	}
	if len(s.AfterDue) > MaxReminderStages {
		return s, Invalid("after_due_days", "There are at most %d stages after the due date.", MaxReminderStages)
	}
	for n, days := range s.AfterDue {
		if days < 1 || days > MaxReminderDays || n > 0 && days <= s.AfterDue[n-1] {
			return s, Invalid(fmt.Sprintf("after_due_days[%d]", n), "Each stage is a number of days from 1 to %d after the due date, and later than the one before it.", MaxReminderDays)
		}
	}
	if s.Every < 0 || s.Every > MaxReminderDays {
		return s, Invalid("then_every_days", "Enter a number of days from 0 to %d.", MaxReminderDays)
	}
	if s.Every > 0 && len(s.AfterDue) == 0 {
		return s, Invalid("then_every_days", "Reminders go on after the last stage; enter one first.")
	}
	return s.checkAmountsAndCopies()
}

func (s NoticeSettings) checkAmountsAndCopies() (NoticeSettings, error) {
	for code, amount := range s.Thresholds {
		if _, err := money.ParseCurrency(code); err != nil {
			return s, Invalid("thresholds."+code, "%q is no currency.", code)
		}
		if amount < 0 || amount > money.MaxStripeAmount {
			return s, Invalid("thresholds."+code, "Enter an amount of nothing or more.")
		}
	}
	if len(s.BCC) > MaxBCC {
		return s, Invalid("bcc", "At most %d addresses get a copy.", MaxBCC)
	}
	kept := make([]string, 0, len(s.BCC))
	for n, address := range s.BCC {
		parsed, err := ParseEmail(address)
		if err != nil {
			return s, Invalid(fmt.Sprintf("bcc[%d]", n), "%s", AsError(err).Message)
		}
		kept = append(kept, parsed)
	}
	s.BCC = kept
	return s, nil
}
