package remit

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"remit/money"
)

// BillingSchedule makes an invoice for each of its periods, by itself. What it bills
// is in its versions; which periods it bills is decided by what is recorded of it
// alone, never by when somebody comes to look: [BillingSchedule.Fate].
type BillingSchedule struct {
	ID             uuid.UUID
	OrganisationID uuid.UUID
	Organisation   string // path
	CustomerID     uuid.UUID
	CustomerName   string
	Number         string // what the numbers of its invoices begin with
	Currency       string
	State          BillingState
	Versions       []BillingTerms // each in force from a period on, the oldest first
	Pauses         []BillingPause
	Settings       InvoiceSettings // those in force when it was made (decision D7)
	Through        Date            // begin of the last period that is through; zero: none
	EndedAt        *time.Time
	Trouble        string // why the period that is due could not be billed; "" where nothing stands in its way
	Zone           *time.Location
	CreatedAt      time.Time // organisation's clock
}

// BillingState says whether a schedule bills.
type BillingState string

// The states of a schedule.
const (
	BillingActive BillingState = "active"
	BillingPaused BillingState = "paused"
	BillingEnded  BillingState = "ended" // by somebody, or with its last period
)

// BillingTerms are what a schedule bills from a period on.
type BillingTerms struct {
	From    Date `json:"from"` // begin of the first period they are in force for
	Cadence `json:"cadence"`
	// TimeZone is where the days begin; "" is the organisation's.
	TimeZone string        `json:"time_zone"`
	Lines    []BillingLine `json:"lines"`
	// Adjustments are what a whole period's invoice has beside its lines: tax, say.
	Adjustments []Adjustment `json:"adjustments,omitempty"`
	// Prorate bills of a period that is cut short its share by days, and not all of it.
	Prorate bool `json:"prorate"`
	// AutoCharge is the schedule's own word on charges by themselves; nil leaves it
	// to the customer's, and then to the settings.
	AutoCharge  *bool `json:"auto_charge"`
	PaymentLink *bool `json:"payment_link"` // whether invoices show where to pay online; nil: as the settings have it
	DueDays     *int  `json:"due_days"`     // from issue to due date; nil: by the payment terms of the settings
	DraftDays   int   `json:"draft_days"`   // how long before its date an invoice is there as a draft
	// By is who of the organisation gave the terms: where their word has charged what the
	// settings would not, that is his act.
	By *Actor `json:"by,omitempty"`
}

// BillingLine is one thing billed in each period.
type BillingLine struct {
	Description string `json:"description"`
	Quantity    string `json:"quantity"`
	UnitPrice   string `json:"unit_price"`
	Amount      *int64 `json:"amount,omitempty"` // minor units, where it was given
}

// BillingPause is a time in which periods that begin are not billed.
type BillingPause struct {
	From  time.Time  `json:"from"`
	Until *time.Time `json:"until"` // nil: it goes on
	// Made says that the schedule was made in it: what began before is not billed either.
	Made bool `json:"made,omitempty"`
}

// Bounds of a schedule.
const (
	MaxDraftDays    = 60
	MaxBillingLines = 100
	// MaxBilledBack is how far before today, in days, a schedule may start: what has
	// begun since is billed at once, a period an invoice.
	MaxBilledBack = 366
)

// CheckBillingNumber gives the number as it is kept. The error names "number".
func CheckBillingNumber(number string) (string, error) {
	number = strings.TrimSpace(number)
	if number == "" || len(number) > 60 || strings.ContainsFunc(number, unicode.IsControl) {
		return "", Invalid("number", "Give what the numbers of its invoices begin with: at most 60 characters, like RENT-12.")
	}
	return number, nil
}

// Check names the field that is wrong with the terms in a currency.
func (t BillingTerms) Check(currency money.Currency) error {
	if err := t.Cadence.Check(); err != nil {
		return err
	}
	if t.TimeZone != "" {
		if _, err := time.LoadLocation(t.TimeZone); err != nil || t.TimeZone == "Local" {
			return Invalid("time_zone", "%q is no time zone like Europe/Berlin.", t.TimeZone)
		}
	}
	switch {
	case len(t.Lines) == 0:
		return Invalid("lines", "Bill one thing at least.")
	case len(t.Lines) > MaxBillingLines:
		return Invalid("lines", "A schedule has at most %d lines.", MaxBillingLines)
	case len(t.Adjustments) > MaxBillingLines:
		return Invalid("adjustments", "A schedule has at most %d adjustments.", MaxBillingLines)
	case t.DueDays != nil && (*t.DueDays < 0 || *t.DueDays > MaxPaymentTerms):
		return Invalid("due_days", "Enter a number of days from 0 to %d.", MaxPaymentTerms)
	case t.DraftDays < 0 || t.DraftDays > MaxDraftDays:
		return Invalid("draft_days", "Enter a number of days from 0 to %d.", MaxDraftDays)
	}
	for n, line := range t.Lines {
		if strings.TrimSpace(line.Description) == "" {
			return Invalid(fmt.Sprintf("lines[%d].description", n), "Say what is billed.")
		}
	}
	if err := noneAdded(t.Adjustments); err != nil {
		return err
	}
	_, total, err := t.Whole(currency)
	switch {
	case err != nil:
		return err
	case total.Minor < 0:
		return Invalid("lines", "The total is %s; an invoice cannot owe less than nothing.", total)
	}
	return nil
}

// Whole is what a whole period bills, and its total.
func (t BillingTerms) Whole(currency money.Currency) ([]Line, money.Amount, error) {
	inputs := make([]LineInput, len(t.Lines))
	for n, line := range t.Lines {
		inputs[n] = LineInput(line)
	}
	return InvoiceTotal(currency, inputs, t.Adjustments, nil)
}

// Bills says what it bills how often, like "$542.00 every month, on the month's last day".
func (t BillingTerms) Bills(currency money.Currency) string {
	_, total, err := t.Whole(currency)
	if err != nil {
		return t.Words() // lines that were checked add up
	}
	return total.String() + " " + t.Words()
}

// Due is how many days after its issue an invoice is due.
func (t BillingTerms) Due(s InvoiceSettings) int {
	if t.DueDays != nil {
		return *t.DueDays
	}
	return s.PaymentTerms
}

// Says reports whether terms that are asked for are those that the schedule has. Its
// start is known by the date it was first given.
func (s BillingSchedule) Says(t BillingTerms) bool {
	last := s.Terms()
	if t.Start == s.Versions[0].Start {
		t.Start = last.Start
	}
	t.From, t.By = last.From, last.By
	one, err := json.Marshal(t)
	two, errOther := json.Marshal(last)
	return err == nil && errOther == nil && string(one) == string(two)
}

// Terms are those that were given last; they may be in force only later.
func (s BillingSchedule) Terms() BillingTerms { return s.Versions[len(s.Versions)-1] }

// zoneOf is where the days of terms begin.
func (s BillingSchedule) zoneOf(t BillingTerms) *time.Location {
	if t.TimeZone != "" {
		if zone, err := time.LoadLocation(t.TimeZone); err == nil {
			return zone
		}
	}
	return s.Zone
}

// Today is the date a time is in where the schedule's days begin.
func (s BillingSchedule) Today(now time.Time) Date { return DateOf(now.In(s.zoneOf(s.Terms()))) }

// PauseUntil ends the pause that goes on, and Pause begins one.
func (s *BillingSchedule) PauseUntil(now time.Time) {
	for n := range s.Pauses {
		if s.Pauses[n].Until == nil {
			s.Pauses[n].Until = &now
		}
	}
	s.State = BillingActive
}

// MakePaused has a schedule begin in a pause, of which nothing was billed before.
func (s *BillingSchedule) MakePaused(now time.Time) {
	s.Pauses = []BillingPause{{From: now, Made: true}}
	s.State = BillingPaused
}

// Pause begins a pause.
func (s *BillingSchedule) Pause(now time.Time) {
	s.Pauses = append(s.Pauses, BillingPause{From: now})
	s.State = BillingPaused
}
