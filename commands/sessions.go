package commands

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/credentials"
	"remit/postgres"
	"remit/secrets"
)

// Sessions are rows of Remit's own table and not a session library's: a session
// holds nothing but whose it is, and what is asked of it (end all of a person's,
// keep the time of signing in over a new token, find the caller with all his
// tenants in one round trip) is what libraries leave to the store. A token is
// 256 random bits, stored as its hash, and is replaced whenever the person
// proves himself.

// SignInInput is one try to sign in.
type SignInInput struct {
	Email        string
	Password     secrets.Secret
	KnownBrowser string // what an earlier sign-in in this browser gave, if anything
	From         From
}

// From is where a request comes from.
type From struct {
	Address   string // of the client, behind trusted proxies alone
	Agent     string
	RequestID string
}

// SignedIn is how far a sign-in came. Either Session is set, to be kept in the
// session's cookie, or MFA, with which [Commands.SignInMFA] goes on.
type SignedIn struct {
	Session      secrets.Secret
	EndsAt       time.Time // of the session, whatever happens
	MFA          secrets.Secret
	KnownBrowser string // to be kept in a cookie of its own; it proves nothing
}

// errSignIn is the one answer to an unknown address, a wrong password and a
// person who may not sign in.
func errSignIn() error {
	return remit.Errorf(remit.KindUnauthenticated, remit.CodeUnauthenticated, "E-mail or password is wrong.")
}

// SignIn checks an address and a password. Whatever is wrong, the answer is the
// same and as much work is done. Failures delay further tries and lock nobody
// out, see [tries]. The session it makes is always a new one.
func (c *Commands) SignIn(ctx context.Context, in SignInInput) (SignedIn, error) {
	account, found, err := c.accountOf(ctx, in.Email)
	if err != nil {
		return SignedIn{}, err
	}
	counted, err := c.countTry(ctx, in.Email, account, in.KnownBrowser, in.From.Address)
	if err != nil {
		c.logSignIn(ctx, slog.LevelWarn, "sign-in delayed", account.ID, in.From)
		return SignedIn{}, err
	}
	right, err := verify(ctx, account, in.Password)
	if err != nil {
		return SignedIn{}, err
	}
	if !found || !right || account.DisabledAt != nil || len(account.Tenants) == 0 {
		c.logSignIn(ctx, slog.LevelWarn, "sign-in failed", account.ID, in.From)
		return SignedIn{}, errSignIn()
	}
	if err := c.forgive(ctx, counted); err != nil {
		return SignedIn{}, err
	}
	if account.HasMFA() {
		return c.askSecondFactor(ctx, account)
	}
	return c.startSession(ctx, account, in.From)
}

// accountOf finds an account by what somebody typed, which need not be an
// address and then is nobody's.
func (c *Commands) accountOf(ctx context.Context, typed string) (postgres.Account, bool, error) {
	email, err := remit.ParseEmail(typed)
	if err != nil {
		email = ""
	}
	return c.DB.AccountByEmail(ctx, email)
}

// startSession makes the session of a person who has proved himself.
func (c *Commands) startSession(ctx context.Context, account postgres.Account, from From) (SignedIn, error) {
	token := credentials.NewToken(credentials.SessionToken)
	now := c.Now()
	err := c.DB.Global(ctx, func(tx pgx.Tx) error {
		if err := postgres.SweepFailures(ctx, tx, now.Add(-24*time.Hour)); err != nil {
			return err
		}
		return postgres.InsertSession(ctx, tx, postgres.Session{
			TokenHash: token.Hash, Account: account.ID, SignedInAt: now, ConfirmedAt: now, Address: from.Address, Agent: cutText(from.Agent, 300),
		}, now)
	})
	if err != nil {
		return SignedIn{}, err
	}
	c.logSignIn(ctx, slog.LevelInfo, "signed in", account.ID, from)
	c.auditEverywhere(ctx, account.Tenants, c.accountEntry(account, "session.create", from))
	known, err := credentials.BrowserToken(c.Secrets, account.ID, account.PasswordSetAt, now)
	return SignedIn{Session: token.Plain, EndsAt: now.Add(postgres.SessionLife), KnownBrowser: known}, err
}

// Session finds the caller of a session by its token. Returns
// [remit.CodeUnauthenticated] if there is none, or it has ended: 30 minutes
// after the last request or 12 hours after signing in.
func (c *Commands) Session(ctx context.Context, token string, from From) (Caller, error) {
	hash, ok := credentials.HashToken(credentials.SessionToken, token)
	if !ok {
		return Caller{}, errSignedOut()
	}
	who, found, err := c.DB.SessionIdentity(ctx, hash, c.Now())
	if err != nil {
		return Caller{}, err
	}
	if !found {
		return Caller{}, errSignedOut()
	}
	caller := callerOf(who, from)
	caller.Session = hash
	return caller, nil
}

// Bearer finds the caller of an API token. Returns [remit.CodeUnauthenticated]
// if there is none, or it was revoked, has expired, or its owner was disabled.
func (c *Commands) Bearer(ctx context.Context, token string, from From) (Caller, error) {
	refused := remit.Errorf(remit.KindUnauthenticated, remit.CodeUnauthenticated, "This API token is not valid.")
	hash, ok := credentials.HashToken(credentials.APIToken, token)
	if !ok {
		return Caller{}, refused
	}
	who, found, err := c.DB.TokenIdentity(ctx, hash, c.Now())
	if err != nil {
		return Caller{}, err
	}
	if !found {
		return Caller{}, refused
	}
	return callerOf(who, from), nil
}

func errSignedOut() error {
	return remit.Errorf(remit.KindUnauthenticated, remit.CodeUnauthenticated, "Sign in; what you typed is kept.")
}

func callerOf(who postgres.Identity, from From) Caller {
	caller := Caller{
		Account: who.Account, Name: who.Name, Email: who.Email, Token: who.Token, Scopes: who.Scopes,
		SignedInAt: who.SignedInAt, ConfirmedAt: who.ConfirmedAt, SecondFactor: who.MFA, Address: from.Address, RequestID: from.RequestID,
	}
	for _, t := range who.Tenants {
		caller.Tenants = append(caller.Tenants, Membership{Tenant: t.Tenant, Path: t.Path, Customer: t.Customer})
	}
	return caller
}

// SignOut ends the session of a token; none there is fine.
func (c *Commands) SignOut(ctx context.Context, token string) error {
	hash, ok := credentials.HashToken(credentials.SessionToken, token)
	if !ok {
		return nil
	}
	return c.DB.DeleteSession(ctx, hash)
}

// SignOutEverywhere ends all of the caller's sessions, this one included.
func (c *Commands) SignOutEverywhere(ctx context.Context, caller Caller) error {
	if err := inSession(caller); err != nil {
		return err
	}
	err := c.DB.Global(ctx, func(tx pgx.Tx) error { return postgres.DeleteSessions(ctx, tx, caller.Account, nil) })
	if err != nil {
		return err
	}
	c.auditEverywhere(ctx, caller.tenantIDs(), caller.entry("session.delete_all", "user "+caller.Account.String(), ""))
	return nil
}

// Confirm takes the password again, and the code where a second factor is set,
// so that for ten minutes [Commands.confirmed] is content. The session gets a
// new token; the old one is dead.
func (c *Commands) Confirm(ctx context.Context, caller Caller, password secrets.Secret, code string) (SignedIn, error) {
	if err := inSession(caller); err != nil {
		return SignedIn{}, err
	}
	account, err := c.provePassword(ctx, caller, password)
	if err != nil {
		return SignedIn{}, err
	}
	if account.HasMFA() {
		if err := c.proveCode(ctx, account, code, caller.Address); err != nil {
			return SignedIn{}, err
		}
	}
	token := credentials.NewToken(credentials.SessionToken)
	alive, err := c.DB.ReplaceSession(ctx, caller.Session, token.Hash, c.Now())
	if err != nil {
		return SignedIn{}, err
	}
	if !alive {
		return SignedIn{}, errSignedOut()
	}
	c.auditEverywhere(ctx, caller.tenantIDs(), caller.entry("session.confirm", "user "+caller.Account.String(), ""))
	return SignedIn{Session: token.Plain, EndsAt: caller.SignedInAt.Add(postgres.SessionLife)}, nil
}

// provePassword checks the caller's own password, with the delays of a sign-in.
func (c *Commands) provePassword(ctx context.Context, caller Caller, password secrets.Secret) (postgres.Account, error) {
	account, found, err := c.DB.AccountByID(ctx, caller.Account)
	if err != nil {
		return postgres.Account{}, err
	}
	counted, err := c.countTry(ctx, caller.Email, account, "", caller.Address)
	if err != nil {
		return postgres.Account{}, err
	}
	right, err := verify(ctx, account, password)
	if err != nil {
		return postgres.Account{}, err
	}
	if !found || !right {
		return postgres.Account{}, remit.Invalid("password", "The password is wrong.")
	}
	return account, c.forgive(ctx, counted)
}

// accountEntry begins an audit entry about somebody who is not yet a caller.
func (c *Commands) accountEntry(account postgres.Account, action string, from From) *remit.AuditEntry {
	return &remit.AuditEntry{
		Actor:   remit.Actor{Kind: "user", ID: account.ID.String(), Name: account.Name},
		Address: from.Address, RequestID: from.RequestID, Action: action, Object: "user " + account.ID.String(), Outcome: remit.AuditDone,
	}
}

// auditEverywhere records what concerns an account in each tenant it belongs
// to. What was done is done by then, so a failure is logged and no more.
func (c *Commands) auditEverywhere(ctx context.Context, tenants []uuid.UUID, entry *remit.AuditEntry) {
	for _, tenant := range tenants {
		one := *entry
		if err := c.auditAlone(ctx, tenant, &one); err != nil {
			c.Logger.ErrorContext(ctx, "what happened to an account was not recorded", "error", err, "tenant", tenant, "action", entry.Action)
		}
	}
}

// logSignIn is the record of all sign-ins. Those that failed are nowhere else: a
// row in a tenant's trail would take longer where there is an account than
// where there is none, and strangers could fill the trail. Addresses that were
// typed stay out of it, since people type passwords there.
func (c *Commands) logSignIn(ctx context.Context, level slog.Level, what string, account uuid.UUID, from From, more ...any) {
	c.Logger.Log(ctx, level, what, append([]any{"account", account, "address", from.Address, "request_id", from.RequestID}, more...)...)
}

// cutText keeps the first n characters of what a client says about itself.
func cutText(s string, n int) string {
	runes := []rune(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), ""))
	return string(runes[:min(len(runes), n)])
}
