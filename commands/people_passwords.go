package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/credentials"
	"remit/postgres"
	"remit/secrets"
)

// hasher is shared by the whole process: it bounds the memory and the time that
// passwords take, whoever sends them.
var hasher = credentials.NewHasher()

// verify reports whether a password is the account's. An account that does not
// exist, or has no password, costs the same and has none that is right.
func verify(ctx context.Context, account postgres.Account, password secrets.Secret) (bool, error) {
	right, err := hasher.Verify(ctx, password.Reveal(), account.PasswordHash)
	return right, busy(err)
}

// acceptable checks a new password by the policy and hashes it. The field is
// the one named when it is refused.
func (c *Commands) acceptable(ctx context.Context, field string, password secrets.Secret, about ...string) (string, error) {
	policy := c.Passwords
	if policy == nil {
		policy = &credentials.Policy{}
	}
	accepted, err := policy.Accept(password.Reveal(), about...)
	if refused, ok := errors.AsType[*credentials.PasswordError](err); ok {
		return "", remit.Invalid(field, "%s", refused.Reason)
	}
	if err != nil {
		return "", err
	}
	hash, err := hasher.Hash(ctx, accepted)
	return hash, busy(err)
}

// acceptableOf is acceptable for an account, about its own words and those of
// its organisations, and of one it is about to join.
func (c *Commands) acceptableOf(ctx context.Context, field string, password secrets.Secret, account postgres.Account, joins ...uuid.UUID) (string, error) {
	about := []string{account.Email, account.Name}
	for _, tenant := range append(joins, account.Tenants...) {
		err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
			path, err := tx.TenantPath(ctx)
			if err != nil {
				return err
			}
			top, err := tx.OrganisationByPath(ctx, path)
			about = append(about, path, top.Name)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return c.acceptable(ctx, field, password, about...)
}

func busy(err error) error {
	if errors.Is(err, credentials.ErrBusy) {
		return remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "Many people are signing in. Try again in a moment.")
	}
	return err
}

// PasswordChange is a new password with the one that holds.
type PasswordChange struct {
	Old secrets.Secret
	New secrets.Secret
}

// ChangePassword sets the caller's own password; the old one is asked, with the
// delays of a sign-in, and of who has none, that he has just proved himself. All
// his other sessions end.
func (c *Commands) ChangePassword(ctx context.Context, caller Caller, body Body[PasswordChange]) error {
	if err := inSession(caller); err != nil {
		return err
	}
	input, err := body()
	if err != nil {
		return err
	}
	account, _, err := c.DB.AccountByID(ctx, caller.Account)
	if err != nil {
		return err
	}
	if account.PasswordHash == "" {
		err = c.confirmed(caller)
	} else {
		account, err = c.provePassword(ctx, caller, input.Old)
	}
	if err != nil {
		return err
	}
	hash, err := c.acceptableOf(ctx, "new_password", input.New, account)
	if err != nil {
		return err
	}
	err = c.DB.Global(ctx, func(tx pgx.Tx) error { return c.replacePassword(ctx, tx, account.ID, hash, caller.Session) })
	if err != nil {
		return err
	}
	c.auditEverywhere(ctx, account.Tenants, caller.entry("password.change", "user "+account.ID.String(), ""))
	return nil
}

// replacePassword sets a password and ends what the old one had opened, but for
// the session whose hash is keep.
func (c *Commands) replacePassword(ctx context.Context, tx pgx.Tx, account uuid.UUID, hash string, keep []byte) error {
	if err := postgres.SetPassword(ctx, tx, account, hash, c.Now()); err != nil {
		return err
	}
	for _, purpose := range []string{postgres.PurposeReset, postgres.PurposeMFASignIn} {
		if err := postgres.DeleteAccountTokens(ctx, tx, account, purpose); err != nil {
			return err
		}
	}
	return postgres.DeleteSessions(ctx, tx, account, keep)
}

// RequestReset sends a link to set a new password to an address, if somebody
// signs in with it, and is limited like sign-ins are. Whether somebody does
// shows neither in the answer nor in how long it takes: the mail is made
// afterwards.
func (c *Commands) RequestReset(ctx context.Context, email string, from From) error {
	account, found, err := c.accountOf(ctx, email)
	if err != nil {
		return err
	}
	if _, err := c.countTry(ctx, "reset "+email, account, "", from.Address); err != nil {
		return err
	}
	if !found || account.DisabledAt != nil || account.PasswordHash == "" || len(account.Tenants) == 0 {
		return nil
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if err := c.sendReset(ctx, account); err != nil {
			c.Logger.ErrorContext(ctx, "a link for a new password was not sent", "error", err, "account", account.ID)
		}
	}()
	return nil
}

func (c *Commands) sendReset(ctx context.Context, account postgres.Account) error {
	token := credentials.NewToken(credentials.ResetToken)
	now := c.Now()
	return c.DB.InTenant(ctx, account.Tenants[0], func(tx *postgres.Tx) error {
		err := postgres.InsertAccountToken(ctx, tx, postgres.AccountToken{
			Hash: token.Hash, Account: account.ID, Purpose: postgres.PurposeReset, ExpiresAt: now.Add(resetLife),
		}, now)
		if err != nil {
			return err
		}
		body := fmt.Sprintf("To set a new password, open this link within 10 minutes:\n%s/reset/%s\n\nIf you did not ask for this, do nothing.\n",
			c.PublicURL, token.Plain.Reveal())
		return c.mail(ctx, tx, account.Email, "Your password on Remit", body)
	})
}

// ResetPassword sets a password by the link of [Commands.RequestReset], once.
// It signs nobody in, so a second factor is still asked, and ends all sessions.
func (c *Commands) ResetPassword(ctx context.Context, token string, password secrets.Secret, from From) error {
	stored, account, err := c.accountOfLink(ctx, token, credentials.ResetToken, postgres.PurposeReset)
	if err != nil {
		return err
	}
	hash, err := c.acceptableOf(ctx, "password", password, account)
	if err != nil {
		return err
	}
	err = c.DB.Global(ctx, func(tx pgx.Tx) error {
		_, usable, err := postgres.UseAccountToken(ctx, tx, stored.Hash, stored.Purpose, c.Now())
		if err != nil {
			return err
		}
		if !usable {
			return errLink()
		}
		return c.replacePassword(ctx, tx, account.ID, hash, nil)
	})
	if err != nil {
		return err
	}
	c.auditEverywhere(ctx, account.Tenants, c.accountEntry(account, "password.reset", from))
	return nil
}

// accountOfLink finds whose link a token is from, while it works.
func (c *Commands) accountOfLink(ctx context.Context, token string, kind credentials.TokenKind, purpose string) (postgres.AccountToken, postgres.Account, error) {
	hash, ok := credentials.HashToken(kind, token)
	if !ok {
		return postgres.AccountToken{}, postgres.Account{}, errLink()
	}
	stored, found, err := c.DB.AccountTokenByHash(ctx, hash, purpose, c.Now())
	if err != nil {
		return stored, postgres.Account{}, err
	}
	if !found {
		return stored, postgres.Account{}, errLink()
	}
	account, found, err := c.DB.AccountByID(ctx, stored.Account)
	if err == nil && (!found || account.DisabledAt != nil) {
		err = errLink()
	}
	return stored, account, err
}

// errLink is the one answer to a link that is wrong, used or too old.
func errLink() error {
	return remit.Errorf(remit.KindNotFound, remit.CodeNotFound, "This link does not work. Ask for a new one.")
}
