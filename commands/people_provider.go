package commands

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/credentials"
	"remit/identity"
	"remit/postgres"
	"remit/secrets"
)

// providerAttemptLife is how long somebody has at the identity provider.
const providerAttemptLife = 10 * time.Minute

// ProviderReturn is the local path that the identity provider sends a browser
// back to.
const ProviderReturn = "/sign-in/provider/return"

// AtProvider is where to send a browser, and the secret it keeps until it is
// back.
type AtProvider struct {
	Address string
	Secret  secrets.Secret
}

// SignInAtProvider begins a sign-in that leads on to a local path. Returns
// [remit.NotFound] where no provider is configured, as all that begin one do.
func (c *Commands) SignInAtProvider(ctx context.Context, next string) (AtProvider, error) {
	return c.beginAtProvider(ctx, postgres.ProviderAttempt{Purpose: postgres.ProviderSignIn, Next: next})
}

// AcceptAtProvider begins to accept an invitation by signing in.
func (c *Commands) AcceptAtProvider(ctx context.Context, token string) (AtProvider, error) {
	stored, _, err := c.accountOfLink(ctx, token, credentials.InvitationToken, postgres.PurposeInvitation)
	if err != nil {
		return AtProvider{}, err
	}
	return c.beginAtProvider(ctx, postgres.ProviderAttempt{Purpose: postgres.ProviderInvitation, Invitation: stored.Hash, Next: "/"})
}

// LinkAtProvider begins to link the caller's account to a person of the
// provider; the caller has just proved himself.
func (c *Commands) LinkAtProvider(ctx context.Context, caller Caller) (AtProvider, error) {
	if err := inSession(caller); err != nil {
		return AtProvider{}, err
	}
	if err := c.confirmed(caller); err != nil {
		return AtProvider{}, err
	}
	return c.beginAtProvider(ctx, postgres.ProviderAttempt{Purpose: postgres.ProviderLink, Account: &caller.Account, Next: "/account"})
}

// ConfirmAtProvider begins what [Commands.Confirm] does with a password: the
// provider is asked to have the person sign in anew.
func (c *Commands) ConfirmAtProvider(ctx context.Context, caller Caller, next string) (AtProvider, error) {
	if err := inSession(caller); err != nil {
		return AtProvider{}, err
	}
	return c.beginAtProvider(ctx, postgres.ProviderAttempt{Purpose: postgres.ProviderConfirm, Account: &caller.Account, Next: next})
}

func (c *Commands) beginAtProvider(ctx context.Context, a postgres.ProviderAttempt) (AtProvider, error) {
	if c.Identity == nil {
		return AtProvider{}, remit.NotFound()
	}
	token := credentials.NewToken(credentials.ProviderToken)
	address, err := c.Identity.Address(ctx, c.attempt(token.Plain, a.Purpose))
	if err != nil {
		c.Logger.ErrorContext(ctx, "the identity provider was not asked", "error", err)
		return AtProvider{}, remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "%s does not answer. Try again later.", c.Identity.Name())
	}
	a.Hash, a.BeganAt = token.Hash, c.Now()
	a.ExpiresAt = a.BeganAt.Add(providerAttemptLife)
	return AtProvider{Address: address, Secret: token.Plain}, c.DB.InsertProviderAttempt(ctx, a)
}

func (c *Commands) attempt(secret secrets.Secret, purpose string) identity.Attempt {
	return identity.Attempt{Secret: secret, Redirect: c.PublicURL + ProviderReturn, Fresh: purpose == postgres.ProviderConfirm}
}

// ProviderAnswer is what a browser brings back from the provider.
type ProviderAnswer struct {
	Secret string // of [AtProvider], as the browser kept it
	State  string
	identity.Answer
}

// FromProvider is how far an answer led. The sign-in is zero where an account
// was linked.
type FromProvider struct {
	SignedIn
	Linked bool
	Next   string // local path
}

// FinishAtProvider takes the provider's answer. An answer to what this browser
// did not begin, or has an answer to, or began more than ten minutes ago, is
// malformed (400) and nothing is asked of the provider. Otherwise, whatever is
// wrong, nobody is signed in ([remit.CodeUnauthenticated]) and the log says why.
//
// It is the first factor; a second one that is set is asked.
func (c *Commands) FinishAtProvider(ctx context.Context, caller Caller, answer ProviderAnswer, from From) (FromProvider, error) {
	if c.Identity == nil {
		return FromProvider{}, remit.NotFound()
	}
	secret := secrets.NewSecret(answer.Secret)
	hash, ok := credentials.HashToken(credentials.ProviderToken, answer.Secret)
	if !ok || !c.attempt(secret, "").Began(answer.State) {
		return FromProvider{}, errAttempt()
	}
	attempt, usable, err := c.DB.TakeProviderAttempt(ctx, hash, c.Now())
	if err != nil {
		return FromProvider{}, err
	}
	if !usable || attempt.Account != nil && (inSession(caller) != nil || *attempt.Account != caller.Account) {
		return FromProvider{}, errAttempt()
	}
	person, err := c.Identity.Check(ctx, c.attempt(secret, attempt.Purpose), answer.Answer, attempt.BeganAt)
	if err != nil {
		c.providerFailed(ctx, attempt, caller, from, err)
		return FromProvider{}, remit.Errorf(remit.KindUnauthenticated, remit.CodeUnauthenticated, "Signing in at %s did not work. Start again.", c.Identity.Name())
	}
	done := FromProvider{Next: attempt.Next, Linked: attempt.Purpose == postgres.ProviderLink}
	switch attempt.Purpose {
	case postgres.ProviderLink:
		return done, c.link(ctx, caller, person)
	case postgres.ProviderInvitation:
		if err := c.acceptAs(ctx, attempt, person, from); err != nil {
			return FromProvider{}, err
		}
	}
	done.SignedIn, err = c.enterAs(ctx, caller, attempt, person, from)
	return done, err
}

// errAttempt is the one answer to what nothing under way here belongs to.
func errAttempt() error {
	return remit.Errorf(remit.KindMalformed, remit.CodeMalformed, "This sign-in was begun in another browser, was finished before, or took longer than 10 minutes. Start again.")
}

// enterAs signs in whoever a person of the provider is here. Nobody is found by
// an address.
func (c *Commands) enterAs(ctx context.Context, caller Caller, attempt postgres.ProviderAttempt, person identity.Person, from From) (SignedIn, error) {
	account, found, err := c.DB.AccountByProvider(ctx, person.Issuer, person.Subject)
	if err != nil {
		return SignedIn{}, err
	}
	confirms := attempt.Purpose == postgres.ProviderConfirm
	if !found || account.DisabledAt != nil || len(account.Tenants) == 0 || confirms && account.ID != caller.Account {
		c.logSignIn(ctx, slog.LevelWarn, "sign-in failed", account.ID, from, "purpose", attempt.Purpose, "reason", "no active account of this person")
		return SignedIn{}, remit.Errorf(remit.KindUnauthenticated, remit.CodeUnauthenticated,
			"This sign-in at %s is linked to nobody here. Open your invitation, or sign in with your password and link it on your account's page.", c.Identity.Name())
	}
	if confirms { // the session goes on under a new token
		if err := c.DB.DeleteSession(ctx, caller.Session); err != nil {
			return SignedIn{}, err
		}
	}
	if account.HasMFA() {
		return c.askSecondFactor(ctx, account)
	}
	return c.startSession(ctx, account, from)
}

// acceptAs accepts an invitation for a person of the provider: an account
// without a way in becomes his, and any other has to be his already. Whoever
// invites has seen the link and must not come into somebody's account by it.
func (c *Commands) acceptAs(ctx context.Context, attempt postgres.ProviderAttempt, person identity.Person, from From) error {
	stored, found, err := c.DB.AccountTokenByHash(ctx, attempt.Invitation, postgres.PurposeInvitation, c.Now())
	if err != nil {
		return err
	}
	if !found {
		return errLink()
	}
	account, _, err := c.DB.AccountByID(ctx, stored.Account)
	if err != nil {
		return err
	}
	his, _, err := c.DB.AccountByProvider(ctx, person.Issuer, person.Subject)
	switch {
	case err != nil:
		return err
	case account.DisabledAt != nil:
		return errLink()
	case his.ID == account.ID:
		return c.accept(ctx, stored, account, from, func(*postgres.Tx) error { return nil })
	case account.Linked, his.ID != uuid.Nil:
		return remit.Conflict(remit.CodeConflict, "This sign-in is not that of %s.", account.Email)
	case account.PasswordHash != "":
		return remit.Conflict(remit.CodeConflict, "The account of %s has a password. Accept the invitation with it; link this sign-in afterwards.", account.Email)
	}
	return c.accept(ctx, stored, account, from, func(tx *postgres.Tx) error {
		if err := postgres.LinkProvider(ctx, tx, account.ID, person.Issuer, person.Subject, true); err != nil {
			return err
		}
		return c.audit(ctx, tx, c.accountEntry(account, "provider.link", from))
	})
}

func (c *Commands) link(ctx context.Context, caller Caller, person identity.Person) error {
	err := c.DB.Global(ctx, func(tx pgx.Tx) error {
		return postgres.LinkProvider(ctx, tx, caller.Account, person.Issuer, person.Subject, false)
	})
	if err != nil {
		return err
	}
	c.auditEverywhere(ctx, caller.tenantIDs(), caller.entry("provider.link", "user "+caller.Account.String(), ""))
	return nil
}

// UnlinkProvider takes the link to the provider away and ends the caller's other
// sessions, which it may have opened. Returns [remit.CodeConflict] where there
// is no link, or no password to sign in with instead.
func (c *Commands) UnlinkProvider(ctx context.Context, caller Caller) error {
	if err := inSession(caller); err != nil {
		return err
	}
	if err := c.confirmed(caller); err != nil {
		return err
	}
	err := c.DB.Global(ctx, func(tx pgx.Tx) error {
		unlinked, err := postgres.UnlinkProvider(ctx, tx, caller.Account)
		if err == nil && !unlinked {
			err = remit.Conflict(remit.CodeConflict, "Set a password first: this is your only way in.")
		}
		if err != nil {
			return err
		}
		return postgres.DeleteSessions(ctx, tx, caller.Account, caller.Session)
	})
	if err != nil {
		return err
	}
	c.auditEverywhere(ctx, caller.tenantIDs(), caller.entry("provider.unlink", "user "+caller.Account.String(), ""))
	return nil
}

// providerFailed records an answer that was not believed, in the trail too where
// it was about somebody who is signed in.
func (c *Commands) providerFailed(ctx context.Context, attempt postgres.ProviderAttempt, caller Caller, from From, reason error) {
	var account uuid.UUID
	if attempt.Account != nil {
		account = *attempt.Account
		entry := caller.entry("provider."+attempt.Purpose, "user "+account.String(), "")
		entry.Outcome = remit.AuditFailed
		c.auditEverywhere(ctx, caller.tenantIDs(), entry)
	}
	c.logSignIn(ctx, slog.LevelWarn, "sign-in failed", account, from, "purpose", attempt.Purpose, "reason", reason.Error())
}
