package remit

import (
	"time"

	"github.com/google/uuid"
)

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

// Connection is a top-level organisation's link to one Stripe account.
type Connection struct {
	ID               uuid.UUID
	Tenant           uuid.UUID
	OrganisationID   uuid.UUID
	Mode             string // api_keys, express or standard
	Account          string
	Livemode         bool
	Status           ConnectionStatus
	ChargesEnabled   bool
	PayoutsEnabled   bool
	BankDebits       bool // Stripe's capability for them is active
	Country          string
	DefaultCurrency  string
	BusinessName     string
	PublishableKey   string
	WebhookEndpoint  string
	HasWebhookSecret bool
	CheckedAt        *time.Time
	CreatedAt        time.Time
	LastEventAt      *time.Time // when Stripe last reported something of the account; nil: never
	UnheardSince     *time.Time // of the first charge booked since then; nil: none was
	EventsMissing    bool       // see [Connection.Silent]
}

// EventLag is how long after a charge Stripe's report of it is waited for before
// its silence counts as a fault: it delivers within seconds and repeats for days.
const EventLag = 3 * time.Hour

// Silent reports that Stripe is to report and does not: its endpoint may
// lead elsewhere, or be signed with another secret. Remit then learns what
// happens by asking alone, which is slower.
func (c Connection) Silent(now time.Time) bool {
	return c.HasWebhookSecret && c.UnheardSince != nil && now.Sub(*c.UnheardSince) >= EventLag
}

// Usable reports whether money may be collected through the connection.
func (c Connection) Usable() bool {
	return c.Status != ConnectionDisconnected && c.ChargesEnabled
}

// AccountFacts is what Stripe says of an account.
type AccountFacts struct {
	DetailsSubmitted    bool
	ChargesEnabled      bool
	PayoutsEnabled      bool
	DisabledReason      string
	CurrentlyDue        []string
	PastDue             []string
	PendingVerification []string
}

// StatusOfAccount maps what Stripe says of an account to one status, first
// match wins. It is the one function callback, webhook and poll all use.
func StatusOfAccount(f AccountFacts) ConnectionStatus {
	enabled := f.ChargesEnabled && f.PayoutsEnabled
	switch {
	case len(f.DisabledReason) >= 9 && f.DisabledReason[:9] == "rejected.", f.DisabledReason == "listed",
		f.DisabledReason == "platform_paused", f.DisabledReason == "requirements.past_due", len(f.PastDue) > 0,
		f.DetailsSubmitted && !enabled && len(f.CurrentlyDue) > 0:
		return ConnectionRestricted
	case !f.DetailsSubmitted:
		return ConnectionOnboarding
	case !enabled:
		return ConnectionPending
	default:
		return ConnectionActive
	}
}
