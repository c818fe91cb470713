package remit

import (
	"time"

	"github.com/google/uuid"
)

// ConnectionMode is how an organisation's Stripe account was connected.
type ConnectionMode string

// The modes of a connection.
const (
	// ModeKeys is by the account's own API keys.
	ModeKeys ConnectionMode = "api_keys"
	// ModeExpress is an account that was made for the organisation, whose owner sees a
	// small dashboard of Stripe's.
	ModeExpress ConnectionMode = "express"
	// ModeStandard is an account of its owner's, linked by OAuth.
	ModeStandard ConnectionMode = "standard"
)

// Platform reports whether the account is reached by the platform's key, in whose
// name its owner gave access, and not by keys of its own.
func (m ConnectionMode) Platform() bool { return m == ModeExpress || m == ModeStandard }

// ConnectionStatus is whether a connected Stripe account can be used.
type ConnectionStatus string

// The statuses of a connection.
const (
	ConnectionOnboarding   ConnectionStatus = "onboarding"
	ConnectionPending      ConnectionStatus = "pending_verification"
	ConnectionActive       ConnectionStatus = "active"
	ConnectionRestricted   ConnectionStatus = "restricted"
	ConnectionDisconnected ConnectionStatus = "disconnected"
)

// ConnectionEnd says who ended a connection.
type ConnectionEnd string

// How connections end.
const (
	EndedByPerson   ConnectionEnd = "person"   // who disconnected it here
	EndedByStripe   ConnectionEnd = "stripe"   // access was taken away at Stripe
	EndedByReplaced ConnectionEnd = "replaced" // another account was connected in its place
)

// Connection is a top-level organisation's link to one Stripe account.
type Connection struct {
	ID               uuid.UUID
	Tenant           uuid.UUID
	OrganisationID   uuid.UUID
	Mode             ConnectionMode
	Account          string // "" while Stripe has not answered that it was made
	Livemode         bool
	PlatformAccount  string // the platform's own, in whose name it was connected; "" where that was not noted
	Status           ConnectionStatus
	ChargesEnabled   bool
	PayoutsEnabled   bool
	BankDebits       bool // Stripe's capability for them is active
	Country          string
	DefaultCurrency  string
	BusinessName     string
	Email            string
	DetailsSubmitted bool
	DisabledReason   string        // Stripe's word for why something is off
	Requirements     []Requirement // what Stripe wants to know, the most pressing first
	Deadline         *time.Time    // by which what is due has to be there
	FeePayer         string        // who pays Stripe's fees, in Stripe's words; "" where it does not say
	LossPayer        string        // who bears a negative balance: stripe or application
	PublishableKey   string
	WebhookEndpoint  string
	HasWebhookSecret bool
	Reported         bool // Stripe reports of it to the platform's endpoint
	CheckedAt        *time.Time
	CreatedAt        time.Time
	// DisconnectingSince is when a person asked to disconnect: nothing new is
	// collected, and what is on its way is followed to its end before access ends.
	DisconnectingSince *time.Time
	DisconnectedAt     *time.Time
	EndedBy            ConnectionEnd
	// KeysRefused says since when Stripe refuses the keys that were entered.
	KeysRefused   *time.Time
	LastEventAt   *time.Time // when Stripe last reported something of the account; nil: never
	UnheardSince  *time.Time // of the first charge booked since then; nil: none was
	EventsMissing bool       // see [Connection.Silent]
}

// EventLag is how long after a charge Stripe's report of it is waited for before
// its silence counts as a fault: it delivers within seconds and repeats for days.
const EventLag = 3 * time.Hour

// Silent reports that Stripe is to report and does not: its endpoint may
// lead elsewhere, or be signed with another secret. Remit then learns what
// happens by asking alone, which is slower.
func (c Connection) Silent(now time.Time) bool {
	return (c.HasWebhookSecret || c.Reported) && c.UnheardSince != nil && now.Sub(*c.UnheardSince) >= EventLag
}

// Usable reports whether money may be collected through the connection.
func (c Connection) Usable() bool {
	return c.Status != ConnectionDisconnected && c.ChargesEnabled && c.DisconnectingSince == nil && c.KeysRefused == nil
}

// Live reports whether the connection is in force.
func (c Connection) Live() bool { return c.DisconnectedAt == nil && c.Status != ConnectionDisconnected }

// Describe takes over what Stripe says of the account.
func (c *Connection) Describe(f AccountFacts) {
	c.Status = StatusOfAccount(f)
	c.ChargesEnabled, c.PayoutsEnabled, c.DetailsSubmitted = f.ChargesEnabled, f.PayoutsEnabled, f.DetailsSubmitted
	c.BankDebits = f.Capabilities[CapabilityBankDebits] == "active"
	c.Country, c.DefaultCurrency, c.BusinessName, c.Email = f.Country, f.DefaultCurrency, f.BusinessName, f.Email
	c.DisabledReason, c.Requirements, c.Deadline = f.DisabledReason, f.Requirements(), f.Deadline
	c.FeePayer, c.LossPayer = f.FeePayer, f.LossPayer
	c.KeysRefused = nil
}

// NextLook is how long after a look at the account it is looked at again, whether
// Stripe reports or not: often while somebody waits for it, else once a day.
func (c Connection) NextLook(now time.Time) time.Duration {
	switch {
	case c.Account == "": // whoever asked for one is gone, if it is not made by then
		return time.Minute
	case c.DisconnectingSince != nil, c.KeysRefused != nil: // keys may be refused by mistake, for a while
		return 15 * time.Minute
	case c.Status == ConnectionRestricted:
		return 6 * time.Hour
	case c.Status == ConnectionOnboarding || c.Status == ConnectionPending:
		if now.Sub(c.CreatedAt) < 24*time.Hour {
			return time.Hour
		}
		return 6 * time.Hour
	case c.Deadline != nil && c.Deadline.Sub(now) < 7*24*time.Hour:
		return 6 * time.Hour
	}
	return 24 * time.Hour
}
