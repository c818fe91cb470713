package commands

import (
	"context"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// StorePage is what a store's page shows to everybody.
type StorePage struct {
	Store    remit.Store
	Products []remit.Product // on sale, in the order they were added
	Selling  bool            // one can pay now
	Contact  string          // whom buyers ask; "" is nobody named
}

// Embedders are the origins of the sites that may show a store in a frame, if it is
// open.
func (c *Commands) Embedders(ctx context.Context, slug string) ([]string, error) {
	store, err := c.openStore(ctx, slug)
	return store.Embedders, err
}

// mostOnPage is how many products a store's page shows.
const mostOnPage = 200

// Storefront is the page at a store's address. One that is closed is not found.
func (c *Commands) Storefront(ctx context.Context, slug string) (StorePage, error) {
	store, err := c.openStore(ctx, slug)
	if err != nil {
		return StorePage{}, err
	}
	page := StorePage{Store: store}
	err = c.DB.InTenant(ctx, store.Tenant, func(tx *postgres.Tx) error {
		if page.Products, err = tx.ProductsOnSale(ctx, store.OrganisationID, mostOnPage); err != nil {
			return err
		}
		settings, err := activities.SettingsFor(ctx, tx, store.Organisation)
		if err != nil {
			return err
		}
		page.Contact = settings.Contact
		connection, err := tx.LiveConnection(ctx)
		if err != nil || !settings.OnlinePayments || len(page.Products) == 0 {
			return err
		}
		page.Selling, _ = offered(connection, remit.Invoice{Settings: settings, Currency: page.Products[0].Currency})
		return nil
	})
	return page, err
}
