package commands

import (
	"context"

	"github.com/google/uuid"

	"remit"
	"remit/policies"
	"remit/postgres"
	"remit/secrets"
)

// FirstAdministrator is the first owner of a top-level organisation, which is
// made if it is not there.
type FirstAdministrator struct {
	Organisation string // top-level path
	TimeZone     string // of a new organisation; UTC by default
	Currency     string // of a new organisation; USD by default
	Email        string
	Name         string
	Password     secrets.Secret // none: he is invited and chooses one
}

// CreateFirstAdministrator makes the first owner of a tenant. It is for the
// operator's command line and asks for no permission; where the tenant has an
// administrator it refuses with [remit.CodeConflict]. An account of the address
// keeps its password, and is then invited.
func (c *Commands) CreateFirstAdministrator(ctx context.Context, in FirstAdministrator) (Invitation, error) {
	path, err := remit.ParsePath(in.Organisation)
	if err != nil {
		return Invitation{}, err
	}
	if path != path.Top() {
		return Invitation{}, remit.Invalid("organisation", "The first administrator is that of a top-level organisation such as %s.", path.Top())
	}
	if in.Email, err = remit.ParseEmail(in.Email); err != nil {
		return Invitation{}, err
	}
	if in.Name, err = parseName(in.Name); err != nil {
		return Invitation{}, err
	}
	hash := ""
	if !in.Password.IsZero() {
		if hash, err = c.acceptable(ctx, "password", in.Password, in.Email, in.Name, in.Organisation); err != nil {
			return Invitation{}, err
		}
	}
	return c.firstAdministrator(ctx, path, in, hash)
}

func (c *Commands) firstAdministrator(ctx context.Context, path remit.Path, in FirstAdministrator, hash string) (made Invitation, err error) {
	operator := Caller{Name: "The operator"}
	tenant, exists, err := c.DB.TenantOfPath(ctx, path.String())
	if err != nil {
		return Invitation{}, err
	}
	like := remit.Organisation{TimeZone: "UTC", Currency: "USD"}
	top, err := c.newOrganisation(path, OrganisationInput{Path: path.String(), TimeZone: in.TimeZone, Currency: in.Currency}, like)
	if err != nil {
		return Invitation{}, err
	}
	if exists {
		top.Tenant = tenant
	}
	err = c.DB.InTenant(ctx, top.Tenant, func(tx *postgres.Tx) error {
		if !exists {
			if err := tx.InsertTenant(ctx, top); err != nil {
				return err
			}
		}
		if err := c.lackingAdministrator(ctx, tx); err != nil {
			return err
		}
		user, err := c.firstOwner(ctx, tx, path, in, hash)
		if err != nil {
			return err
		}
		made.User = user
		if user.Status == remit.UserInvited {
			if made, err = c.sendInvitation(ctx, tx, user, operator.Name, path.String()); err != nil {
				return err
			}
		}
		entry := changing(operator.entry("user.create_first_administrator", "user "+user.ID.String(), path.String()), nil,
			map[string]any{"email": user.Email, "name": user.Name})
		entry.Actor = remit.System
		return c.audit(ctx, tx, entry)
	})
	if err == nil {
		c.Authority.Invalidate(top.Tenant)
	}
	return made, err
}

// lackingAdministrator refuses a tenant that has an administrator.
func (c *Commands) lackingAdministrator(ctx context.Context, tx *postgres.Tx) error {
	if err := tx.LockTenant(ctx); err != nil {
		return err
	}
	snapshot, err := tx.PolicySnapshot(ctx)
	if err != nil {
		return err
	}
	policy, err := policies.Compile(tx.Tenant, snapshot)
	if err != nil {
		return err
	}
	if hasAdministrator(tx.Tenant, policy) {
		return remit.Conflict(remit.CodeConflict, "%s has an administrator already, who can invite others.", snapshot.TenantPath)
	}
	return nil
}

// firstOwner makes the account and its membership where they are missing, and
// the grant.
func (c *Commands) firstOwner(ctx context.Context, tx *postgres.Tx, path remit.Path, in FirstAdministrator, hash string) (remit.User, error) {
	now := c.Now()
	account, exists, err := postgres.LockAccount(ctx, tx, in.Email)
	if err != nil {
		return remit.User{}, err
	}
	member := postgres.Member{}
	if !exists {
		account = postgres.Account{Email: in.Email, Name: in.Name, PasswordHash: hash}
		if account.ID, err = uuid.NewV7(); err != nil {
			return remit.User{}, err
		}
		if hash != "" {
			member.AcceptedAt = &now
		}
		if err := postgres.InsertAccountOnce(ctx, tx, account, now); err != nil {
			return remit.User{}, err
		}
	}
	member.Account = account.ID
	if _, err := tx.User(ctx, account.ID); remit.IsCode(err, remit.CodeNotFound) {
		err = tx.InsertMember(ctx, member, now)
		if err != nil {
			return remit.User{}, err
		}
	} else if err != nil {
		return remit.User{}, err
	}
	top, err := tx.OrganisationByPath(ctx, path.String())
	if err != nil {
		return remit.User{}, err
	}
	if err := insertOwner(ctx, tx, account.ID, top, now); err != nil {
		return remit.User{}, err
	}
	return tx.User(ctx, account.ID)
}
