package commands

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// StoreInput are a store's settings as they arrive.
type StoreInput struct {
	Slug      string
	Name      string
	Open      bool
	Embedders []string
}

// StoreSettings are an organisation's store; one that it has not made yet is closed and
// has no address.
func (c *Commands) StoreSettings(ctx context.Context, caller Caller, organisation string) (remit.Store, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.StoreEdit)
	if err != nil {
		return remit.Store{}, err
	}
	var store remit.Store
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		store, err = storeAt(ctx, tx, path)
		return err
	})
	return store, err
}

// storeAt is the store at a path, or what one would be made of.
func storeAt(ctx context.Context, tx *postgres.Tx, path string) (remit.Store, error) {
	organisation, err := tx.OrganisationByPath(ctx, path)
	if err != nil {
		return remit.Store{}, err
	}
	store, err := tx.StoreOf(ctx, organisation.ID)
	if remit.IsCode(err, remit.CodeNotFound) {
		return remit.Store{Tenant: tx.Tenant, OrganisationID: organisation.ID, Organisation: organisation.Path, Name: organisation.Name}, nil
	}
	return store, err
}

// SetStore makes or changes an organisation's store. A new address takes the place of
// the old one at once.
func (c *Commands) SetStore(ctx context.Context, caller Caller, organisation string, body Body[StoreInput]) (remit.Store, error) {
	member, path, err := c.atPath(ctx, caller, organisation, remit.StoreEdit)
	if err != nil {
		return remit.Store{}, err
	}
	in, err := body()
	if err != nil {
		return remit.Store{}, err
	}
	var store remit.Store
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		before, err := storeAt(ctx, tx, path)
		if err != nil {
			return err
		}
		after := before
		after.Slug, after.Name, after.Open, after.Embedders = in.Slug, in.Name, in.Open, in.Embedders
		if after, err = after.Check(c.Sandbox); err != nil {
			return err
		}
		if after.ID == uuid.Nil {
			if after.ID, err = uuid.NewV7(); err != nil {
				return fmt.Errorf("make an id: %w", err)
			}
		}
		if err := tx.SaveStore(ctx, after); err != nil {
			return err
		}
		if store, err = tx.StoreOf(ctx, after.OrganisationID); err != nil {
			return err
		}
		text := func(s remit.Store) any {
			return map[string]any{"slug": s.Slug, "name": s.Name, "open": s.Open, "embedders": s.Embedders}
		}
		return c.audit(ctx, tx, changing(caller.entry("store.change", "store "+store.ID.String(), path), text(before), text(store)))
	})
	return store, err
}

// openStore finds the open store at an address: one that is closed is not found.
func (c *Commands) openStore(ctx context.Context, slug string) (remit.Store, error) {
	tenant, id, err := c.DB.StoreAt(ctx, slug)
	if err != nil {
		return remit.Store{}, err
	}
	var store remit.Store
	err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		store, err = tx.Store(ctx, id)
		return err
	})
	if err == nil && (!store.Open || store.Slug != slug) {
		err = remit.NotFound()
	}
	return store, err
}
