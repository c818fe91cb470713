package remit

import (
	"strings"
	"time"

	"github.com/google/uuid"
)

// DueDateRun goes through what the agenda has due of charges by themselves and of
// notices, at an organisation and below, and keeps what came of each. A dry run
// only says what would. Amounts are minor units.
type DueDateRun struct {
	ID             uuid.UUID
	OrganisationID uuid.UUID
	Organisation   string // path
	AsOf           Date
	By             time.Time // what is due by then, on the organisation's clock
	DryRun         bool
	State          RunState
	Stage          DueDateStage
	Failure        string // why it could not go on
	NoticeFailure  string // of the first notice that could not be written
	Counts         DueDateCounts
	Sums           map[string]int64 // charged, or expected to be, by currency
	ComparedWith   *uuid.UUID       // the dry run whose forecast it is held against; nil: its own
	Actor          Actor
	CreatedAt      time.Time // organisation's clock
	EndedAt        *time.Time
	Took           time.Duration // real time, once it has ended
}

// DueDateCounts are the charges of a run by what came of them. Found is how many
// were due when it began; each one of them is counted once more below.
type DueDateCounts struct {
	Found, Charged, Processing, Declined, Skipped, Failed int
	Notices                                               int // written
	NoticesFailed                                         int // that could not be; they are tried again
}

// Done is how many of those found are through.
func (c DueDateCounts) Done() int {
	return c.Charged + c.Processing + c.Declined + c.Skipped + c.Failed
}

// DueDateStage is how far a run has come.
type DueDateStage string

// The stages of a run.
const (
	StageCharge  DueDateStage = "charge"
	StageNotices DueDateStage = "notices"
	StageEnded   DueDateStage = "ended"
)

// ChargeOutcome is what came, or is expected to come, of a charge in a run.
type ChargeOutcome string

// The outcomes.
const (
	OutcomePending    ChargeOutcome = ""           // it is this one's turn
	OutcomeCharged    ChargeOutcome = "charged"    // the money is there, or credit paid it
	OutcomeProcessing ChargeOutcome = "processing" // a bank has it, or the answer is awaited
	OutcomeDeclined   ChargeOutcome = "declined"
	OutcomeSkipped    ChargeOutcome = "skipped" // nothing was tried, and why
	OutcomeFailed     ChargeOutcome = "failed"  // it could not be carried out; the next run takes it up
)

// DueDateEntry is one charge of a run: what was expected, and what came of it.
type DueDateEntry struct {
	Row            uuid.UUID // of the agenda
	InvoiceID      uuid.UUID
	Number         string
	CustomerName   string
	At             time.Time
	Amount         int64
	Surcharge      int64
	Currency       string
	Method         string // in words
	Forecast       ChargeOutcome
	ForecastAmount int64
	ForecastFee    int64 // the surcharge that was expected
	ForecastReason string
	Outcome        ChargeOutcome
	Reason         string
	Attempt        *uuid.UUID
}

// Differs reports whether it came otherwise than expected.
func (e DueDateEntry) Differs() bool {
	return e.Outcome != e.Forecast || e.Outcome == OutcomeCharged && (e.Amount != e.ForecastAmount || e.Surcharge != e.ForecastFee)
}

// WithoutCodes is the entry without what a bank said to the merchant alone: its
// decline code, and that of the one because of which nothing was tried.
func (e DueDateEntry) WithoutCodes() DueDateEntry {
	hide := func(o ChargeOutcome, reason string) string {
		switch {
		case o == OutcomeDeclined && reason != cardExpires:
			return ""
		case strings.HasPrefix(reason, notTriedAgain):
			return strings.TrimSuffix(notTriedAgain, ": ")
		}
		return reason
	}
	e.Reason, e.ForecastReason = hide(e.Outcome, e.Reason), hide(e.Forecast, e.ForecastReason)
	return e
}

const (
	cardExpires   = "The card will have expired"
	notTriedAgain = "Not tried again: "
)

// ByHand reports that a person started the run.
func (r DueDateRun) ByHand() bool { return r.Actor != System }

// ForecastOf says what is to be expected of a charge that is decided about.
func ForecastOf(d ChargeDecision, f ChargeFacts, at time.Time) (ChargeOutcome, string) {
	switch {
	case d.Verdict != ChargeNow:
		return OutcomeSkipped, d.Reason
	case f.Method.ExpiredBy(DateOf(at.In(f.Zone))):
		return OutcomeDeclined, cardExpires
	case f.Method.Type == "us_bank_account":
		return OutcomeProcessing, "The bank takes some days"
	}
	return OutcomeCharged, ""
}
