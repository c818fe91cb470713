package remit

import (
	"slices"
	"strings"
	"time"
)

// CapabilityBankDebits is Stripe's name for what an account must be able to do
// before US banks can be debited.
const CapabilityBankDebits = "us_bank_account_ach_payments"

// AccountFacts is what Stripe says of an account, as of API version 2024-06-20.
type AccountFacts struct {
	// Gone says that the platform may not act for the account any more: its owner
	// took access away, or the account does not exist.
	Gone                bool
	Country             string
	DefaultCurrency     string // ISO 4217
	BusinessName        string
	Email               string
	DetailsSubmitted    bool
	ChargesEnabled      bool
	PayoutsEnabled      bool
	DisabledReason      string
	CurrentlyDue        []string
	PastDue             []string
	EventuallyDue       []string
	PendingVerification []string
	Errors              []RequirementError
	Deadline            *time.Time // of what is currently due
	Capabilities        map[string]string
	FeePayer            string
	LossPayer           string
}

// RequirementError says what was wrong with something that was sent to Stripe.
type RequirementError struct {
	Field  string
	Code   string
	Reason string // Stripe's sentence
}

// Requirement is something Stripe wants to know of an account.
type Requirement struct {
	Field  string            `json:"field"`
	Reason RequirementReason `json:"reason"`
	Due    *time.Time        `json:"due"`
	Error  string            `json:"error,omitempty"` // what was wrong with what was sent, in Stripe's words
}

// RequirementReason says how pressing a requirement is.
type RequirementReason string

// The reasons, the most pressing first.
const (
	RequirementPastDue    RequirementReason = "past_due"             // something is off because of it
	RequirementDue        RequirementReason = "currently_due"        // by the deadline, if there is one
	RequirementChecking   RequirementReason = "pending_verification" // sent; Stripe is checking
	RequirementEventually RequirementReason = "eventually_due"       // once the account has taken so and so much
)

// Requirements lists each field once, under the most pressing of its reasons.
func (f AccountFacts) Requirements() []Requirement {
	var list []Requirement
	seen := map[string]bool{}
	for _, group := range []struct {
		reason RequirementReason
		fields []string
		due    *time.Time
	}{
		{RequirementPastDue, f.PastDue, nil}, {RequirementDue, f.CurrentlyDue, f.Deadline},
		{RequirementChecking, f.PendingVerification, nil}, {RequirementEventually, f.EventuallyDue, nil},
	} {
		for _, field := range group.fields {
			if seen[field] {
				continue
			}
			seen[field] = true
			r := Requirement{Field: field, Reason: group.reason, Due: group.due}
			if n := slices.IndexFunc(f.Errors, func(e RequirementError) bool { return e.Field == field }); n >= 0 {
				r.Error = f.Errors[n].Reason
			}
			list = append(list, r)
		}
	}
	return list
}

// StatusOfAccount maps what Stripe says of an account to one status, first match
// wins. It is the one function that the way back from Stripe's form, its events and
// our own look all use.
//
// A form that was never finished is Onboarding whatever else Stripe says, because a
// new account is "past due" with everything from its first second; only what Stripe
// itself decided against the account comes before that.
func StatusOfAccount(f AccountFacts) ConnectionStatus {
	enabled := f.ChargesEnabled && f.PayoutsEnabled
	switch {
	case f.Gone:
		return ConnectionDisconnected
	case strings.HasPrefix(f.DisabledReason, "rejected."), f.DisabledReason == "listed", f.DisabledReason == "platform_paused":
		return ConnectionRestricted
	case !f.DetailsSubmitted:
		return ConnectionOnboarding
	case len(f.PastDue) > 0, f.DisabledReason == "requirements.past_due", f.DisabledReason == "action_required.requested_capabilities":
		return ConnectionRestricted
	case enabled:
		return ConnectionActive
	case len(f.CurrentlyDue) > 0:
		return ConnectionRestricted
	default: // pending_verification, under_review, or a reason that is not known yet
		return ConnectionPending
	}
}
