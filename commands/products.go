package commands

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"remit"
	"remit/policies"
	"remit/postgres"
)

// ProductInput is a product as it arrives.
type ProductInput struct {
	Organisation string // of a new one; "": the caller's only top-level organisation
	Name         string
	Description  string
	Price        int64  // minor units
	Currency     string // "": the organisation's
	Stock        *int64 // how many there are in all; nil: as many as are wanted
	Active       *bool  // nil: on sale
	Picture      *Picture
}

// Picture is an image as it was uploaded. Empty takes a product's picture away.
type Picture struct{ Bytes []byte }

// Products lists the products at a path and below at which the caller holds
// store=edit, newest first.
func (c *Commands) Products(ctx context.Context, caller Caller, organisation string, page Page) (List[remit.Product], error) {
	member, err := tenantOf(caller, organisation)
	if err != nil {
		return List[remit.Product]{}, err
	}
	query := postgres.ProductQuery{Path: organisation, Limit: page.limit() + 1}
	if query.Units, err = c.units(ctx, caller, member.Tenant, remit.StoreEdit); err != nil {
		return List[remit.Product]{}, err
	}
	if len(query.Units) == 0 {
		return List[remit.Product]{}, c.refuse(ctx, caller, member.Tenant, member.Path, remit.StoreEdit, policies.Decision{})
	}
	if query.Before, query.ID, err = page.afterTime(); err != nil {
		return List[remit.Product]{}, err
	}
	var products []remit.Product
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		products, err = tx.ListProducts(ctx, query)
		return err
	})
	if err != nil {
		return List[remit.Product]{}, err
	}
	return cut(products, page.limit(), func(p remit.Product) (string, uuid.UUID) { return timeKey(p.CreatedAt), p.ID }), nil
}

// Product is one product.
func (c *Commands) Product(ctx context.Context, caller Caller, id uuid.UUID) (remit.Product, error) {
	_, product, err := c.seeProduct(ctx, caller, id)
	return product, err
}

// CreateProduct adds a product to an organisation's store.
func (c *Commands) CreateProduct(ctx context.Context, caller Caller, body Body[ProductInput]) (remit.Product, error) {
	if err := c.somewhere(ctx, caller, remit.StoreEdit); err != nil {
		return remit.Product{}, err
	}
	in, err := body()
	if err != nil {
		return remit.Product{}, err
	}
	member, err := c.at(ctx, caller, in.Organisation, remit.StoreEdit)
	if err != nil {
		return remit.Product{}, err
	}
	drawn, err := drawnPicture(in.Picture)
	if err != nil {
		return remit.Product{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return remit.Product{}, fmt.Errorf("make an id: %w", err)
	}
	if caller.Asked != uuid.Nil { // sent again after a process died over it, it is the same product
		id = uuid.NewSHA1(caller.Asked, []byte("product"))
	}
	var product remit.Product
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) error {
		if there, err := tx.Product(ctx, id); !remit.IsCode(err, remit.CodeNotFound) {
			product = there
			return err
		}
		organisation, err := tx.OrganisationByPath(ctx, orTop(in.Organisation, member))
		if err != nil {
			return remit.Invalid("organisation", "There is no such organisation, or you may not see it.")
		}
		made := remit.Product{ID: id, OrganisationID: organisation.ID, Organisation: organisation.Path, Currency: organisation.Currency, Active: true, CreatedAt: c.Now()}
		if product, err = in.onto(made); err != nil {
			return err
		}
		if err := tx.InsertProduct(ctx, product); err != nil {
			return err
		}
		if err := c.picture(ctx, tx, &product, drawn); err != nil {
			return err
		}
		return c.audit(ctx, tx, productEntry(caller, "product.create", nil, &product))
	})
	return product, err
}

// UpdateProduct changes a product. What was ordered of it keeps the price it had.
func (c *Commands) UpdateProduct(ctx context.Context, caller Caller, id uuid.UUID, body Body[ProductInput]) (remit.Product, error) {
	found, _, err := c.seeProduct(ctx, caller, id)
	if err != nil {
		return remit.Product{}, err
	}
	in, err := body()
	if err != nil {
		return remit.Product{}, err
	}
	if in.Organisation != "" && in.Organisation != found.path {
		return remit.Product{}, remit.Invalid("organisation", "A product stays at its organisation.")
	}
	drawn, err := drawnPicture(in.Picture)
	if err != nil {
		return remit.Product{}, err
	}
	var product remit.Product
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		before, err := tx.LockProduct(ctx, id)
		if err != nil {
			return err
		}
		if product, err = in.onto(before); err != nil {
			return err
		}
		if err := tx.SaveProduct(ctx, product); err != nil {
			return err
		}
		if err := c.picture(ctx, tx, &product, drawn); err != nil {
			return err
		}
		return c.audit(ctx, tx, productEntry(caller, "product.update", &before, &product))
	})
	return product, err
}

// RemoveProduct ends the sale of a product for good. Orders of it stay.
func (c *Commands) RemoveProduct(ctx context.Context, caller Caller, id uuid.UUID) error {
	found, _, err := c.seeProduct(ctx, caller, id)
	if err != nil {
		return err
	}
	return c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		before, err := tx.LockProduct(ctx, id)
		if err != nil {
			return err
		}
		if err := tx.RemoveProduct(ctx, id); err != nil {
			return err
		}
		return c.audit(ctx, tx, productEntry(caller, "product.remove", &before, nil))
	})
}

// seeProduct finds a product, which only those see who may change it.
func (c *Commands) seeProduct(ctx context.Context, caller Caller, id uuid.UUID) (seen, remit.Product, error) {
	var product remit.Product
	found, err := c.find(ctx, caller, func(tx *postgres.Tx) (string, uuid.UUID, error) {
		var err error
		product, err = tx.Product(ctx, id)
		return product.Organisation, uuid.Nil, err
	}, remit.StoreEdit)
	return found, product, err
}

// onto is a product as the input has it.
func (in ProductInput) onto(p remit.Product) (remit.Product, error) {
	p.Name, p.Description, p.Price, p.Stock = in.Name, in.Description, in.Price, in.Stock
	if in.Currency != "" {
		p.Currency = in.Currency
	}
	if in.Active != nil {
		p.Active = *in.Active
	}
	return p.Check()
}

func productEntry(caller Caller, action string, before, after *remit.Product) *remit.AuditEntry {
	text := func(p *remit.Product) any {
		if p == nil {
			return nil
		}
		return map[string]any{"name": p.Name, "price": p.Price, "currency": p.Currency, "stock": p.Stock, "active": p.Active, "picture": p.Picture != ""}
	}
	of := before
	if of == nil {
		of = after
	}
	return changing(caller.entry(action, "product "+of.ID.String(), of.Organisation), text(before), text(after))
}
