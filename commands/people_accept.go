package commands

import (
	"context"

	"github.com/google/uuid"

	"remit"
	"remit/credentials"
	"remit/postgres"
	"remit/secrets"
)

// InvitationView is what the page behind an invitation shows.
type InvitationView struct {
	Email        string
	Name         string
	Organisation string // path of the tenant
	HasPassword  bool   // asks for the password of the account, else for a new one
	Linked       bool   // signs in at the identity provider
}

// Invitation reads an invitation by its token. Whatever is wrong with the
// token, it is not found.
func (c *Commands) Invitation(ctx context.Context, token string) (InvitationView, error) {
	stored, account, err := c.accountOfLink(ctx, token, credentials.InvitationToken, postgres.PurposeInvitation)
	if err != nil {
		return InvitationView{}, err
	}
	view := InvitationView{Email: account.Email, Name: account.Name, HasPassword: account.PasswordHash != "", Linked: account.Linked}
	err = c.DB.InTenant(ctx, *stored.Tenant, func(tx *postgres.Tx) error {
		view.Organisation, err = tx.TenantPath(ctx)
		return err
	})
	return view, err
}

// AcceptInvitation makes the person invited a member. A new account gets the
// password; one that has a password must prove it, with the delays of a
// sign-in. It signs nobody in.
func (c *Commands) AcceptInvitation(ctx context.Context, token string, password secrets.Secret, from From) error {
	stored, account, err := c.accountOfLink(ctx, token, credentials.InvitationToken, postgres.PurposeInvitation)
	if err != nil {
		return err
	}
	hash, err := c.proveOrChoose(ctx, *stored.Tenant, account, password, from)
	if err != nil {
		return err
	}
	return c.accept(ctx, stored, account, from, func(tx *postgres.Tx) error {
		if hash == "" {
			return nil
		}
		first, err := postgres.SetFirstPassword(ctx, tx, account.ID, hash, c.Now())
		if err == nil && !first {
			err = errLink() // set by another invitation meanwhile
		}
		return err
	})
}

// accept uses an invitation up for whoever has proved that it is his; enter
// stores his first way in, where it is that.
func (c *Commands) accept(ctx context.Context, stored postgres.AccountToken, account postgres.Account, from From, enter func(*postgres.Tx) error) error {
	tenant := *stored.Tenant
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		_, usable, err := postgres.UseAccountToken(ctx, tx, stored.Hash, stored.Purpose, c.Now())
		if err != nil {
			return err
		}
		user, err := tx.User(ctx, account.ID)
		if err != nil {
			return err
		}
		if !usable || user.Status == remit.UserDisabled {
			return errLink()
		}
		if err := enter(tx); err != nil {
			return err
		}
		if err := tx.AcceptMember(ctx, account.ID, c.Now()); err != nil {
			return err
		}
		return c.audit(ctx, tx, c.accountEntry(account, "user.accept", from))
	})
	if err == nil {
		c.Authority.Invalidate(tenant)
	}
	return err
}

// proveOrChoose checks the password of an account that has one, or hashes the
// first one of an account that has no way in yet. The link alone, which whoever
// invites has seen, is no proof for an account of the identity provider's.
func (c *Commands) proveOrChoose(ctx context.Context, tenant uuid.UUID, account postgres.Account, password secrets.Secret, from From) (hash string, err error) {
	if account.PasswordHash == "" && account.Linked {
		return "", remit.Invalid("password", "This account has no password. Accept by signing in where you always do.")
	}
	if account.PasswordHash == "" {
		return c.acceptableOf(ctx, "password", password, account, tenant)
	}
	counted, err := c.countTry(ctx, account.Email, account, "", from.Address)
	if err != nil {
		return "", err
	}
	right, err := verify(ctx, account, password)
	if err != nil {
		return "", err
	}
	if !right {
		return "", remit.Invalid("password", "The password is wrong.")
	}
	return "", c.forgive(ctx, counted)
}
