package remit

import (
	"strings"
	"time"

	"github.com/google/uuid"
)

// Why an account cannot be used that Stripe does not say, in words for its holder.
const (
	CalledOff   = "It was called off before it was verified. Add it again."
	NotSent     = "It did not reach Stripe. Add it again."
	TimeOver    = "10 days have passed. Add it again."
	MandateOver = "The permission to debit it has ended. Add it again to authorise debits anew."
)

// SetupFacts is what Stripe says of the SetupIntent that verifies a bank account.
type SetupFacts struct {
	Status        string
	PaymentMethod string
	Mandate       string
	Deposit       DepositKind
	ArrivesAt     *time.Time
	HostedURL     string
	ErrorCode     string // of the last try to set it up
}

// Endings of a verification, by Stripe's codes.
const (
	codeDepositsFailed   = "payment_method_microdeposit_failed"
	codeTriesExceeded    = "payment_method_microdeposit_verification_attempts_exceeded"
	codeDepositsTimedOut = "payment_method_microdeposit_verification_timeout"
	codeAccountBlocked   = "payment_method_bank_account_blocked"
	codeAccountUnusable  = "bank_account_unusable"
)

// Take brings a bank account in line with what Stripe says of it, and reports
// whether its state changed. What is not heard of changes nothing: an answer that
// is older than what is recorded takes nothing back.
func (b BankAccount) Take(f SetupFacts, now time.Time) (BankAccount, bool) {
	next, reason := b.State, ""
	switch f.Status {
	case "succeeded":
		next = BankAccountUsable
	case "canceled":
		next, reason = BankAccountExpired, CalledOff
	case "processing", "requires_action":
		next = BankAccountAwaitingDeposit
		if f.ArrivesAt != nil && !now.Before(*f.ArrivesAt) || b.State == BankAccountAwaitingEntry {
			next = BankAccountAwaitingEntry
		}
	case "requires_payment_method", "requires_confirmation":
		next, reason = endOfSetup(f.ErrorCode, b.State)
	}
	if f.Deposit != "" && b.State.Waits() {
		b.Deposit, b.ArrivesAt, b.HostedURL = f.Deposit, f.ArrivesAt, f.HostedURL
		if b.TriesLeft == nil {
			tries := f.Deposit.Tries()
			b.TriesLeft = &tries
		}
		if b.VerifyBy == nil {
			by := b.CreatedAt.Add(VerificationTime)
			b.VerifyBy = &by
		}
	}
	if f.Mandate != "" {
		b.Mandate = f.Mandate
	}
	if !b.State.Climbs(next) {
		return b, false
	}
	if next == BankAccountUsable {
		b.TriesLeft = nil
	}
	if next == BankAccountLocked {
		b.TriesLeft = new(int)
	}
	return b.become(next, reason, now), true
}

// End brings an account to an end that Stripe does not say of its SetupIntent, for a
// reason in words that its holder reads. One that may not come to it stays as it is.
func (b BankAccount) End(state BankAccountState, reason string, now time.Time) BankAccount {
	if !b.State.Climbs(state) {
		return b
	}
	return b.become(state, reason, now)
}

func (b BankAccount) become(state BankAccountState, reason string, now time.Time) BankAccount {
	b.State, b.Reason = state, reason
	if state.Waits() {
		return b
	}
	b.HostedURL = ""
	if b.EndedAt == nil {
		b.EndedAt = &now
	}
	return b
}

// endOfSetup says what became of an account whose SetupIntent waits for another
// one. Without an error nothing was tried yet: it stays as it is.
func endOfSetup(code string, is BankAccountState) (BankAccountState, string) {
	switch code {
	case "":
		return is, ""
	case codeTriesExceeded:
		return BankAccountLocked, "No tries left. Contact your bank or add it again."
	case codeDepositsTimedOut:
		return BankAccountExpired, TimeOver
	case codeDepositsFailed:
		return BankAccountFailed, "The deposits failed. Contact your bank."
	case codeAccountBlocked, codeAccountUnusable:
		return BankAccountLocked, "This account cannot be used. Contact your bank, or add another."
	}
	return BankAccountFailed, "This account cannot be used. Add another."
}

// DepositEntry is what somebody read on the account's statement: two amounts in
// cents, or a code. ID names the entry: sent again it is no second try.
type DepositEntry struct {
	ID      uuid.UUID
	Amounts []int64 `json:",omitempty"`
	Code    string  `json:",omitempty"`
}

// Check holds an entry against what Stripe asked for. The error names the field:
// "amounts" or "descriptor_code".
func (e DepositEntry) Check(kind DepositKind) (DepositEntry, error) {
	switch {
	case kind == DepositAmounts && e.Code != "":
		return e, Invalid("amounts", "Two amounts were sent to this account. Enter both.")
	case kind == DepositAmounts && len(e.Amounts) != 2:
		return e, Invalid("amounts", "Enter both amounts, like 32 and 45.")
	case kind == DepositAmounts:
		for _, amount := range e.Amounts {
			if amount < 1 || amount > 99 {
				return e, Invalid("amounts", "Each amount is from 1 to 99 cents.")
			}
		}
		return e, nil
	case len(e.Amounts) > 0:
		return e, Invalid("descriptor_code", "One deposit was sent to this account. Enter the code beside it.")
	}
	e.Code = strings.ToUpper(spaceless(e.Code))
	if len(e.Code) != 6 || !strings.HasPrefix(e.Code, "SM") || strings.ContainsFunc(e.Code, func(r rune) bool { return (r < '0' || r > '9') && (r < 'A' || r > 'Z') }) {
		return e, Invalid("descriptor_code", "The code has six characters and begins with SM.")
	}
	return e, nil
}

// DepositNotice is how much the customer has been told of his account's
// verification; it only rises.
type DepositNotice int

// The notices, in order.
const (
	ToldNothing  DepositNotice = iota
	ToldSent                   // the deposits are on their way, with the day they should arrive
	ToldArrived                // they should have arrived: enter them
	ToldReminder               // they wait to be entered
	ToldLastDay                // a day is left
	ToldEnd                    // it is verified, or will not be
)

// Stage is the notice's name, by which it is written once.
func (n DepositNotice) Stage() MailStage {
	return MailStage([]string{"", "deposits_sent", "deposits_arrived", "deposits_reminder", "deposits_last_day", "bank_account_ended"}[n])
}

// When a bank account that waits is looked at, beside what it tells.
const (
	reminderAfter  = 3 * 24 * time.Hour // the deposits' arrival
	lastDayBefore  = 24 * time.Hour     // the end of the time to verify
	unsentAccount  = 15 * time.Minute   // one that never reached Stripe is given up
	silence        = 24 * time.Hour     // the end of that time, without a word of Stripe's
	pollUnanswered = time.Minute        // and less and less often as nothing is heard
	pollWaiting    = 12 * time.Hour
)

// NoticeAt gives the next thing to be told of an account that waits, and when.
// One whose time has passed while nobody looked is left out for a later one.
func (b BankAccount) NoticeAt(now time.Time) (next DepositNotice, at time.Time) {
	if b.ArrivesAt == nil || b.VerifyBy == nil {
		return ToldNothing, time.Time{}
	}
	plan := map[DepositNotice]time.Time{
		ToldSent: b.CreatedAt, ToldArrived: *b.ArrivesAt, ToldReminder: b.ArrivesAt.Add(reminderAfter), ToldLastDay: b.VerifyBy.Add(-lastDayBefore),
	}
	for notice := b.Told + 1; notice <= ToldLastDay; notice++ {
		if next, at = notice, plan[notice]; notice == ToldLastDay || plan[notice+1].After(now) {
			return next, at
		}
	}
	return ToldNothing, time.Time{}
}

// NextLook is when a bank account that waits is to be looked at again, and for
// what, in words.
func (b BankAccount) NextLook(now time.Time) (time.Time, string) {
	if b.State == BankAccountRequested {
		return now.Add(min(max(now.Sub(b.CreatedAt)/4, pollUnanswered), pollWaiting)), "Ask Stripe whether the bank account came in"
	}
	at, what := now.Add(pollWaiting), "Ask Stripe about the bank account"
	if notice, due := b.NoticeAt(now); notice != ToldNothing && due.Before(at) {
		at, what = due, map[DepositNotice]string{
			ToldSent: "Say that deposits are on their way", ToldArrived: "Ask for the deposits, which should have arrived",
			ToldReminder: "Remind of the deposits", ToldLastDay: "Say that a day is left to verify the bank account",
		}[notice]
	}
	if b.VerifyBy != nil && b.VerifyBy.Before(at) && now.Before(*b.VerifyBy) {
		at, what = *b.VerifyBy, "The time to verify the bank account ends"
	}
	if at.Before(now) {
		at = now
	}
	return at, what
}

// Overripe reports that the time to verify an account ended a day ago, though Stripe
// has not said so: it cannot be reached, as where its connection has ended, or
// answers with something that is not known here.
func (b BankAccount) Overripe(now time.Time) bool {
	by := b.CreatedAt.Add(VerificationTime)
	if b.VerifyBy != nil {
		by = *b.VerifyBy
	}
	return b.State.Waits() && now.Sub(by) > silence
}

// Unsent reports that an account was never named to Stripe and will not be: whoever
// did so has gone, and the number with him.
func (b BankAccount) Unsent(now time.Time) bool {
	return b.State == BankAccountRequested && now.Sub(b.CreatedAt) > unsentAccount
}
