// Package commands is what may be asked of Remit: one function for each thing,
// used alike by the API, the portal and the command line.
//
// It owns the order every request is answered in: may the caller see the
// object, may he do this to it, is the request well-formed, does the state
// allow it, is the amount right. It does not own how money moves: whatever
// collects, or changes what was collected, is handed to the invoice's workflow.
//
// Invariants: an object the caller may not see is not found; nothing is changed
// by a request that is refused; every change writes who did it.
package commands

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"remit"
	"remit/credentials"
	"remit/gateway"
	"remit/identity"
	"remit/outbound"
	"remit/policies"
	"remit/postgres"
	"remit/script"
	"remit/seals"
	"remit/secrets"
)

// Commands carries what the commands need. All fields but those with a stated
// default are required.
type Commands struct {
	DB         *postgres.DB
	Authority  *policies.Authority
	Temporal   client.Client
	Stripe     *gateway.Gateway
	Secrets    *secrets.Keyring
	Seals      *seals.File // of audit trails, outside the database; nil where there are none
	Logger     *slog.Logger
	Now        func() time.Time    // real time
	PublicURL  string              // of the portal, without a trailing slash
	Answer     time.Duration       // how long a payer waits for an outcome before "as it stands"; 20 s by default
	TaskQueue  string              // where the workflows run; [remit.TaskQueue] by default
	BatchQueue string              // where due-date runs do; [remit.BatchQueue] by default
	Passwords  *credentials.Policy // which passwords may be set; the embedded rules by default
	Identity   *identity.Provider  // where people may sign in besides; nil: nowhere
	// RequireSecondFactor keeps keys, roles, people and tokens from those who sign
	// in with a password alone (ASVS 6.3.3).
	RequireSecondFactor bool
	// Scripts runs after-payment scripts on trial; nil passes none.
	Scripts *script.Runner
	Heavy   *Heavy
	// MailServer says that one is configured: else mails wait in the outbox.
	MailServer bool
	// ConnectSecret signs what Stripe reports of accounts that are connected to the
	// platform; empty where nothing is reported.
	ConnectSecret secrets.Secret
	// ApplicationFee is what the platform takes of payments to such accounts.
	ApplicationFee remit.ApplicationFee
	// Outbound decides which addresses may be webhook endpoints.
	Outbound *outbound.Guard
	// Crash, if set, is called at the boundaries between what an order or an approval
	// writes and what it then asks for; tests kill there.
	Crash   func(boundary string)
	Sandbox bool // the embedded stand-in on loopback: test clocks and demo sign-ins are allowed

	// DashboardEvery is how old the figures of Stripe's accounts may get by
	// themselves; 0 or less: they are read only when somebody asks for it.
	DashboardEvery time.Duration

	// Schedules keeps, of tenants, the zone their schedule of due-date runs was made
	// with; nil makes sure of it each time.
	Schedules *sync.Map
}

// boundary marks the place between two steps.
func (c *Commands) boundary(name string) {
	if c.Crash != nil {
		c.Crash(name)
	}
}

// Caller is who asks, resolved from a session or a token before any command.
type Caller struct {
	Account    uuid.UUID
	Name       string
	Email      string
	Tenants    []Membership  // in order of their paths
	Token      *uuid.UUID    // set: an API token speaks for the account
	Scopes     []remit.Scope // the token's narrower scopes; nil: all the account holds
	Session    []byte        // hash of the session's token; nil for API tokens
	SignedInAt time.Time
	// ConfirmedAt is when the person last proved who they are in this session.
	ConfirmedAt time.Time
	// SecondFactor says that signing in asked for more than a password.
	SecondFactor bool
	Address      string
	RequestID    string
	// Asked names what is asked, where it came with an idempotency key: sent
	// again after a process died over it, it is the same. Nil without a key.
	Asked uuid.UUID
	// Link says that nobody is signed in: who asks has an invoice's public link.
	Link bool
}

// Membership is a tenant the caller belongs to.
type Membership struct {
	Tenant   uuid.UUID
	Path     string
	Customer *uuid.UUID // set: a customer's user, who sees that customer's things alone
}

// linkActor is the kind of an actor of whom nothing is known but that he has an
// invoice's public link.
const linkActor = "link"

// Actor is the caller as timelines and the audit trail name him.
func (c Caller) Actor() remit.Actor {
	kind := "user"
	if c.Link {
		return remit.Actor{Kind: linkActor, Name: "Somebody with the link"}
	}
	if c.Token != nil {
		kind = "token"
	}
	return remit.Actor{Kind: kind, ID: c.Account.String(), Name: c.Name}
}

// permitted is a permit as the caller has it: with the token he asks with.
func (c Caller) permitted(permit remit.Permit) remit.Permit {
	permit.Token = c.Token
	if c.Token != nil && c.Scopes != nil {
		permit.TokenScopes = &c.Scopes
	}
	return permit
}

// Body reads a request's body once the caller is known to be permitted, so
// that nobody learns what a body should look like for what he may not do. It
// returns an error of kind malformed (400) or invalid (422).
type Body[T any] func() (T, error)

// Given is a body that is already at hand.
func Given[T any](v T) Body[T] { return func() (T, error) { return v, nil } }

// Page asks for a part of a list. Limit is 1 to 100, 50 if zero; After is the
// cursor a previous page gave as Next.
type Page struct {
	Limit int
	After string
}

// List is one page. Next is empty on the last one.
type List[T any] struct {
	Items []T
	Next  string
}

// Ready reports what is not ready to serve, by part; nothing when all is well.
func (c *Commands) Ready(ctx context.Context) map[string]string {
	problems := map[string]string{}
	if atHead, err := c.DB.AtHead(ctx); err != nil {
		problems["postgresql"] = "does not answer"
	} else if !atHead {
		problems["migrations"] = "not at this program's version"
	}
	if _, err := c.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		problems["temporal"] = "does not answer"
	}
	return problems
}
