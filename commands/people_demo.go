package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"remit"
	"remit/credentials"
	"remit/policies"
	"remit/postgres"
)

// DemoUser is one of the demo's people, who sign in with the demo's password.
type DemoUser struct {
	Organisation string // top-level path
	Email        string
	Name         string
	CustomerID   *uuid.UUID
	Grants       []GrantInput // User is not read
}

// errNoDemo says that the embedded stand-in is not there.
var errNoDemo = errors.New("the demo's people exist only beside the embedded stand-in")

// CreateDemoUser makes one of the demo's people in a tenant that is there, or
// leaves him as he is. It asks for no permission and works beside the embedded
// stand-in alone.
func (c *Commands) CreateDemoUser(ctx context.Context, in DemoUser) (uuid.UUID, error) {
	if !c.Sandbox {
		return uuid.Nil, errNoDemo
	}
	hash, err := credentials.HashDemo()
	if err != nil {
		return uuid.Nil, err
	}
	tenant, found, err := c.DB.TenantOfPath(ctx, in.Organisation)
	if err != nil {
		return uuid.Nil, err
	}
	if !found {
		return uuid.Nil, fmt.Errorf("there is no organisation %s", in.Organisation)
	}
	var account postgres.Account
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if err := tx.LockTenant(ctx); err != nil {
			return err
		}
		if account, err = c.demoAccount(ctx, tx, in, hash); err != nil {
			return err
		}
		return c.demoGrants(ctx, tx, account, in)
	})
	if err == nil {
		c.Authority.Invalidate(tenant)
	}
	return account.ID, err
}

func (c *Commands) demoAccount(ctx context.Context, tx *postgres.Tx, in DemoUser, hash string) (postgres.Account, error) {
	now := c.Now()
	account, exists, err := postgres.LockAccount(ctx, tx, in.Email)
	if err != nil {
		return account, err
	}
	if !exists {
		account = postgres.Account{Email: in.Email, Name: in.Name, PasswordHash: hash}
		if account.ID, err = uuid.NewV7(); err != nil {
			return account, err
		}
		if err := postgres.InsertAccountOnce(ctx, tx, account, now); err != nil {
			return account, err
		}
	}
	if _, err := tx.User(ctx, account.ID); !remit.IsCode(err, remit.CodeNotFound) {
		return account, err
	}
	return account, tx.InsertMember(ctx, postgres.Member{Account: account.ID, CustomerID: in.CustomerID, AcceptedAt: &now}, now)
}

func (c *Commands) demoGrants(ctx context.Context, tx *postgres.Tx, account postgres.Account, in DemoUser) error {
	wanted := in.Grants
	if in.CustomerID != nil {
		_, path, err := tx.CustomerUnit(ctx, *in.CustomerID)
		if err != nil {
			return err
		}
		wanted = []GrantInput{{Role: policies.RoleCustomer, Path: path}}
	}
	for _, g := range wanted {
		unit, err := tx.OrganisationByPath(ctx, g.Path)
		if err != nil {
			return fmt.Errorf("the demo's grant at %s: %w", g.Path, err)
		}
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		grant := remit.RoleGrant{ID: id, User: account.ID, UserName: account.Name, Role: g.Role, UnitID: unit.ID, Path: unit.Path}
		if err := tx.InsertGrantOnce(ctx, grant, c.Now()); err != nil {
			return err
		}
	}
	return nil
}

// CreateDemoTenant makes a top-level organisation for the demo if it is not
// there. Like [Commands.CreateDemoUser] it asks for no permission.
func (c *Commands) CreateDemoTenant(ctx context.Context, in OrganisationInput) error {
	if !c.Sandbox {
		return errNoDemo
	}
	path, err := remit.ParsePath(in.Path)
	if err != nil {
		return err
	}
	if _, found, err := c.DB.TenantOfPath(ctx, path.String()); err != nil || found {
		return err
	}
	top, err := c.newOrganisation(path, in, remit.Organisation{TimeZone: "UTC", Currency: "USD"})
	if err != nil {
		return err
	}
	return c.DB.InTenant(ctx, top.Tenant, func(tx *postgres.Tx) error { return tx.InsertTenant(ctx, top) })
}

// ActAs is a caller for what the operator's own programs do in somebody's name:
// seeding the demo, importing at the command line. It counts as just confirmed.
func (c *Commands) ActAs(ctx context.Context, account uuid.UUID) (Caller, error) {
	who, found, err := c.DB.AccountIdentity(ctx, account, c.Now())
	if err != nil {
		return Caller{}, err
	}
	if !found {
		return Caller{}, remit.NotFound()
	}
	return callerOf(who, From{}), nil
}
