package sandbox

import (
	"maps"
	"slices"
	"strings"
)

// The states of what Stripe makes of what an owner said about himself.
const (
	notVerified = ""
	verifying   = "pending"
	isVerified  = "verified"
	isUnproven  = "failed"
)

// accountSetup is what an account's owner has told Stripe, and what Stripe made
// of it. All that the API says of requirements and of what is enabled follows
// from it by judge.
type accountSetup struct {
	// Said are the requirements that were met, with what the hosted pages may
	// show again: never a number of a person or of a bank.
	Said         map[string]string `json:"said,omitempty"`
	Submitted    bool              `json:"submitted,omitempty"` // the form was ended
	Verification string            `json:"verification,omitempty"`
	Doubtful     bool              `json:"doubtful,omitempty"` // what was said will not be verified
	Steer        string            `json:"steer,omitempty"`    // by hand: instant, pending or fail
	Restriction  *restriction      `json:"restriction,omitempty"`
	Rejected     string            `json:"rejected,omitempty"` // fraud, other …
	ChargesOff   bool              `json:"charges_off,omitempty"`
	PayoutsOff   bool              `json:"payouts_off,omitempty"`
	Held         map[string]string `json:"held,omitempty"` // capabilities that have another state by hand
}

// restriction is something more that Stripe wants to know of an account that is
// set up.
type restriction struct {
	Fields   []string `json:"fields"`
	Deadline int64    `json:"deadline,omitempty"` // Unix seconds; 0: it is past
	Charges  bool     `json:"charges"`            // what is disabled past the deadline
	Payouts  bool     `json:"payouts"`
}

// ownSetup is the account's setup, to be written to.
func (a *account) ownSetup() *accountSetup {
	if a.Kept.Setup != nil {
		own := *a.Kept.Setup
		a.Kept.Setup = &own
		return &own
	}
	own := &accountSetup{Submitted: true, Verification: isVerified, Held: map[string]string{}}
	for name, state := range a.Capabilities {
		if state != "active" {
			own.Held[name] = state
		}
	}
	a.Kept.Setup = own
	a.Capabilities = maps.Clone(a.Capabilities)
	a.Capabilities[achCapability] = a.achBefore()
	return own
}

// achBefore is the state of bank debits on an account of an older journal.
func (a *account) achBefore() string {
	if state, known := a.Capabilities[achCapability]; known {
		return state
	}
	return "active"
}

// The requirements of the form, as Stripe calls them.
var (
	businessFields = []string{"business_profile.mcc", "business_profile.url", "business_type"}
	companyFields  = []string{
		"company.address.city", "company.address.line1", "company.address.postal_code", "company.address.state",
		"company.name", "company.phone", "company.tax_id",
	}
	personFields = []string{
		"address.city", "address.line1", "address.postal_code", "address.state", "dob.day", "dob.month", "dob.year",
		"email", "first_name", "last_name", "phone", "ssn_last_4",
	}
	closingFields = []string{"external_account", "tos_acceptance.date", "tos_acceptance.ip"}
)

// isCompany says that the owner is no single person.
func (a *account) isCompany() bool { return a.BusinessType != nil && *a.BusinessType != "individual" }

// person is what requirements call the person who answers for the business.
func (a *account) person() string {
	if a.isCompany() {
		return "representative"
	}
	return "individual"
}

// wanted are all requirements of the form, sorted.
func (a *account) wanted() []string {
	all := slices.Concat(businessFields, closingFields)
	if a.isCompany() {
		all = append(slices.Concat(all, companyFields), "representative.relationship.title")
	}
	for _, field := range personFields {
		all = append(all, a.person()+"."+field)
	}
	slices.Sort(all)
	return all
}

// owed are the requirements of the form that were not met yet.
func (a *account) owed() []string {
	return slices.DeleteFunc(a.wanted(), func(field string) bool {
		switch field {
		case "business_type":
			return a.BusinessType != nil
		case "business_profile.mcc":
			return a.BusinessProfile.MCC != nil
		case "business_profile.url":
			return a.BusinessProfile.URL != nil || a.BusinessProfile.ProductDescription != nil
		}
		_, said := a.Kept.Setup.Said[field]
		return said
	})
}

// judge works out from the setup what the account may do and what it owes.
func (a *account) judge(now int64) {
	s := a.Kept.Setup
	r := noRequirements()
	a.DetailsSubmitted = s.Submitted
	a.ChargesEnabled, a.PayoutsEnabled = false, false
	disable := func(reason string) { r.DisabledReason = &reason }
	switch {
	case !s.Submitted:
		r.CurrentlyDue = a.owed()
		r.EventuallyDue, r.PastDue = slices.Clone(r.CurrentlyDue), slices.Clone(r.CurrentlyDue)
		disable("requirements.past_due")
	case s.Verification == verifying:
		r.PendingVerification = []string{a.person() + ".verification.document"}
		disable("requirements.pending_verification")
	case s.Verification == isUnproven:
		document := a.person() + ".verification.document"
		r.CurrentlyDue, r.EventuallyDue, r.PastDue = []string{document}, []string{document}, []string{document}
		r.Errors = []requirementError{{
			Code: "verification_failed_keyed_identity", Requirement: document,
			Reason: "The person's keyed-in identity information could not be verified. Correct any errors or upload a document that matches the identity fields (e.g., name and date of birth) entered.",
		}}
		disable("requirements.past_due")
	default:
		a.ChargesEnabled, a.PayoutsEnabled = !s.ChargesOff, !s.PayoutsOff
	}
	if s.Restriction != nil && s.Submitted {
		a.restrict(&r, s.Restriction, now)
	}
	if s.Rejected != "" {
		a.ChargesEnabled, a.PayoutsEnabled = false, false
		disable("rejected." + s.Rejected)
	}
	if r.DisabledReason == nil && (!a.ChargesEnabled || !a.PayoutsEnabled) {
		disable("other")
	}
	a.Requirements = r
	a.judgeCapabilities(s)
}

// restrict adds what Stripe wants besides. Until the deadline nothing is
// disabled.
func (a *account) restrict(r *accountRequirements, wish *restriction, now int64) {
	add := func(to []string) []string {
		all := slices.Concat(to, wish.Fields)
		slices.Sort(all)
		return slices.Compact(all)
	}
	r.CurrentlyDue, r.EventuallyDue = add(r.CurrentlyDue), add(r.EventuallyDue)
	if wish.Deadline > now {
		r.CurrentDeadline = &wish.Deadline
		return
	}
	r.PastDue = add(r.PastDue)
	a.ChargesEnabled = a.ChargesEnabled && !wish.Charges
	a.PayoutsEnabled = a.PayoutsEnabled && !wish.Payouts
	if r.DisabledReason == nil && (wish.Charges || wish.Payouts) {
		reason := "requirements.past_due"
		r.DisabledReason = &reason
	}
}

// judgeCapabilities lets what was requested follow what is enabled.
func (a *account) judgeCapabilities(s *accountSetup) {
	states := map[string]string{}
	for name := range a.Capabilities {
		enabled := a.ChargesEnabled
		if name == "transfers" {
			enabled = a.PayoutsEnabled
		}
		switch {
		case enabled && s.Held[name] != "":
			states[name] = s.Held[name]
		case enabled:
			states[name] = "active"
		case s.Submitted && s.Verification == verifying:
			states[name] = "pending"
		default:
			states[name] = "inactive"
		}
	}
	a.Capabilities = states
}

// say keeps an answer of the form; an empty one is taken back.
func (s *accountSetup) say(field, value string) {
	said := maps.Clone(s.Said)
	if said == nil {
		said = map[string]string{}
	}
	if value = strings.TrimSpace(value); value == "" {
		delete(said, field)
	} else {
		said[field] = value
	}
	s.Said = said
}
