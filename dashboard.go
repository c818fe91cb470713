package remit

import (
	"time"

	"github.com/google/uuid"
)

// DashboardWorkflow is the registered name of the workflow that reads again what
// Stripe says of an account, for people to look at.
const DashboardWorkflow = "DashboardRefresh"

// DashboardWorkflowID is the id of the one refresh of a connection's figures.
func DashboardWorkflowID(connection uuid.UUID) string {
	return "dashboard-refresh/" + connection.String()
}

// DashboardRef is the whole input of a refresh.
type DashboardRef struct {
	Tenant     uuid.UUID
	Connection uuid.UUID
}

// DashboardStep is what a refresh reads.
type DashboardStep string

// The steps of a refresh, in their order.
const (
	DashboardAccount      DashboardStep = "account" // with its balance and its banks
	DashboardPayouts      DashboardStep = "payouts"
	DashboardTransactions DashboardStep = "transactions"
	DashboardLines        DashboardStep = "lines" // of payouts
	DashboardCustomers    DashboardStep = "customers"
)

// Next is the step after one, "" after the last.
func (s DashboardStep) Next() DashboardStep {
	switch s {
	case DashboardAccount:
		return DashboardPayouts
	case DashboardPayouts:
		return DashboardTransactions
	case DashboardTransactions:
		return DashboardLines
	case DashboardLines:
		return DashboardCustomers
	case DashboardCustomers:
	}
	return ""
}

// DashboardPass is how far a refresh has come: it is stored with each page, so
// that one that died goes on where it was. The zero pass is none.
type DashboardPass struct {
	Step   DashboardStep `json:"step,omitempty"`
	After  string        `json:"after,omitempty"`  // the id the last page ended with
	Payout string        `json:"payout,omitempty"` // whose lines are being read
	Since  *time.Time    `json:"since,omitempty"`  // account's clock: from when on the step reads; nil is the beginning
	Newest *time.Time    `json:"newest,omitempty"` // account's clock: of the first transaction read
	Wide   bool          `json:"wide,omitempty"`   // it reads again a day of transactions, and all customers
}

// DashboardState is how old the figures of an account are, and whether others are
// on their way. Times are real time.
type DashboardState struct {
	Account  string
	Livemode bool
	AskedAt  *time.Time
	BegunAt  *time.Time
	TriedAt  *time.Time
	FreshAt  *time.Time // of the figures; nil: there never were any
	Failure  string     // why they are not newer
	Pass     DashboardPass
	Newest   *time.Time // account's clock
	Reached  *time.Time
}

// Running reports that a refresh is under way.
func (s DashboardState) Running() bool { return s.Pass.Step != "" && s.Failure == "" }

// How far a refresh reads back. Stripe's list is by time to the second, and an
// object may be listed a moment after it was made; once a day it is made sure that
// none was overlooked.
const (
	dashboardOverlap = time.Minute
	dashboardReach   = 25 * time.Hour
	dashboardWideFor = 24 * time.Hour
	// dashboardTurns is how long a payout may change after it was made: a bank sends
	// one back up to five working days after it was paid.
	dashboardTurns = 14 * 24 * time.Hour
)

// BeginPass is the pass with which a refresh that begins now begins.
func (s DashboardState) BeginPass(now time.Time) DashboardPass {
	return DashboardPass{Step: DashboardAccount, Wide: s.Reached == nil || now.Sub(*s.Reached) >= dashboardWideFor}
}

// TransactionsSince is from when on a pass reads transactions; nil is the
// beginning. It goes by Stripe's own times, so that no clock of ours matters.
func (s DashboardState) TransactionsSince() *time.Time {
	if s.Newest == nil {
		return nil
	}
	back := dashboardOverlap
	if s.Pass.Wide {
		back = dashboardReach
	}
	since := s.Newest.Add(-back)
	return &since
}

// PayoutsSince is from when on payouts are read again: the newest known and the
// oldest that has not come to its end say so. Nil is the beginning.
func PayoutsSince(newest, oldestOpen *time.Time) *time.Time {
	if newest == nil {
		return nil
	}
	since := newest.Add(-dashboardTurns)
	if oldestOpen != nil && oldestOpen.Before(since) {
		since = *oldestOpen
	}
	return &since
}

// Wanted reports whether a refresh should be started now, where figures are to be
// no older than every: one was hinted at, one was left half-way, or it is time.
// One that failed waits for its time.
func (s DashboardState) Wanted(now time.Time, every time.Duration) bool {
	if s.Failure != "" && s.TriedAt != nil {
		return now.Sub(*s.TriedAt) >= every
	}
	return s.Running() || s.Hinted() || s.FreshAt == nil || now.Sub(*s.FreshAt) >= every
}

// Coming reports that newer figures are on their way.
func (s DashboardState) Coming() bool { return s.Running() || s.Failure == "" && s.Hinted() }

// Hinted reports that something may have changed since the last refresh began.
func (s DashboardState) Hinted() bool {
	return s.AskedAt != nil && (s.BegunAt == nil || !s.AskedAt.Before(*s.BegunAt))
}

// AccountDescription is what Stripe says of an account itself.
type AccountDescription struct {
	BusinessName    string         `json:"business_name"`
	Country         string         `json:"country"`
	DefaultCurrency string         `json:"default_currency"`
	Facts           AccountFacts   `json:"facts"`
	Schedule        PayoutSchedule `json:"schedule"`
}

// PayoutSchedule is when Stripe pays out.
type PayoutSchedule struct {
	Interval  string `json:"interval"`            // manual, daily, weekly, monthly; "" is not known
	DelayDays int64  `json:"delay_days"`          // that a charge's money is pending
	Weekday   string `json:"weekday,omitempty"`   // of weekly ones
	DayOf     int64  `json:"month_day,omitempty"` // of monthly ones
}

// BalanceFigure is what an account has in one currency, in minor units; either
// may be below zero.
type BalanceFigure struct {
	Currency  string
	Available int64
	Pending   int64
}

// PayoutBank is where payouts go: a bank account, or a debit card.
type PayoutBank struct {
	ID       string
	Kind     string // bank_account or card
	BankName string
	Last4    string
	Country  string
	Currency string
	Default  bool   // of its currency
	Status   string // Stripe's: new, validated, verified, verification_failed, errored
}

// PayoutStatus is how far money to the bank has come.
type PayoutStatus string

// The statuses of a payout.
const (
	PayoutPending   PayoutStatus = "pending"
	PayoutInTransit PayoutStatus = "in_transit"
	PayoutPaid      PayoutStatus = "paid"
	PayoutFailed    PayoutStatus = "failed"
	PayoutCanceled  PayoutStatus = "canceled"
)

// Payout is money on its way to the account's bank, or, where the amount is
// negative, from it.
type Payout struct {
	ID             string
	Currency       string
	Amount         int64
	Status         PayoutStatus
	Automatic      bool
	Listed         bool // Stripe tells what it carries: automatic ones, once it has put them together
	Method         string
	BankID         string
	Bank           *PayoutBank
	OwnTransaction string
	FailureCode    string
	FailureMessage string
	Arrives        Date
	Created        time.Time // account's clock
	// Unexplained is its amount less its lines; nil until they are known.
	Unexplained *int64
}

// PayoutSum is what lines of one kind in a payout come to.
type PayoutSum struct {
	Kind            MovementKind
	Count           int
	Amount          int64
	Fee             int64 // all fees
	ApplicationFees int64 // of them, the platform's
}

// Net is what the lines moved the balance by.
func (s PayoutSum) Net() int64 { return s.Amount - s.Fee }

// Unexplained is what of a payout none of its lines accounts for. It must be
// zero: else the payout cannot be taken apart, and a person has to look.
func Unexplained(amount int64, sums []PayoutSum) int64 {
	for _, s := range sums {
		amount -= s.Net()
	}
	return amount
}

// StripeTransaction is one movement of an account's balance.
type StripeTransaction struct {
	ID             string
	Kind           MovementKind
	Type           string // Stripe's
	Currency       string
	Amount         int64 // signed, minor units
	Fee            int64 // all fees
	ApplicationFee int64 // of them, the platform's
	Net            int64
	Available      time.Time // account's clock
	Created        time.Time // account's clock
	Description    string
	Source         string // id of the charge, refund, dispute or payout
	Intent         string
	Payout         string // that carries it; "" if none does yet
	// Of the payment the movement belongs to, where it was made through Remit.
	InvoiceID     *uuid.UUID
	InvoiceNumber string
	CustomerName  string
}

// StripeCustomer is a customer as Stripe has it.
type StripeCustomer struct {
	ID         string
	Name       string
	Email      string
	KnownAs    []string   // ids in other systems, see [MappingKeys]; only where they are written
	Created    time.Time  // account's clock
	CustomerID *uuid.UUID // ours that is linked with it
	Customer   string
}

// DayFigure is what moved on one day of the organisation's time zone.
type DayFigure struct {
	Day       Date
	Currency  string
	Collected int64 // charges, less debits that failed
	Fees      int64
	PaidOut   int64 // less what came back
}

// InvoicePayout is a payout that carries a payment of an invoice.
type InvoicePayout struct {
	ID      string
	Arrives Date
	Status  PayoutStatus
}
