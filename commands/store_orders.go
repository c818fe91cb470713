package commands

import (
	"cmp"
	"context"
	"errors"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// OrderInput is what somebody orders in a store. It names products and how many; which
// prices he was shown is compared with today's, and never charged.
type OrderInput struct {
	Form  string // of the form that was sent: the same twice is one order
	Buyer remit.Buyer
	Items []remit.CartItem
	Shown remit.Shown
}

// PlacedOrder is an order whose buyer is on his way to pay.
type PlacedOrder struct {
	Checkout CheckoutPage
	Token    string // of its own page, which is the public page of its invoice
	Invoice  remit.Invoice
}

// PlaceOrder makes an order in an open store, at today's prices, and leads to Stripe's
// page for it. Sent twice it is one order, on the way to the same page. Errors name the
// fields cart, name, email and delivery; others are those of [Commands.PublicCheckout],
// and [remit.CodeNotPayable] for an order that was cancelled since it was made.
func (c *Commands) PlaceOrder(ctx context.Context, caller Caller, slug string, in OrderInput) (PlacedOrder, error) {
	store, err := c.openStore(ctx, slug)
	if err != nil {
		return PlacedOrder{}, err
	}
	cart, err := remit.NewCart(in.Items)
	if err != nil {
		return PlacedOrder{}, err
	}
	if in.Buyer, err = in.Buyer.Check(); err != nil {
		return PlacedOrder{}, err
	}
	if _, err := uuid.Parse(in.Form); err != nil {
		return PlacedOrder{}, remit.Conflict(remit.CodeConflict, "This form cannot be sent again. Check and send it anew.")
	}
	caller.Link = true
	placed := PlacedOrder{}
	err = c.DB.InTenant(ctx, store.Tenant, func(tx *postgres.Tx) error {
		placed.Invoice, err = c.order(ctx, tx, caller, store, in, cart)
		return err
	})
	if err != nil {
		return PlacedOrder{}, err
	}
	c.boundary("order made")
	invoice := placed.Invoice
	if placed.Token, err = c.linkToken(invoice); err != nil {
		return placed, err
	}
	switch {
	case invoice.VoidedAt != nil:
		return placed, remit.Conflict(remit.CodeNotPayable, "This order was cancelled: it was not paid in time. Order again.")
	case !invoice.Status.Payable() || invoice.InFlight != nil && !invoice.InFlight.OpenCheckout():
		return placed, nil // it is paid, or being paid: its own page says so
	}
	c.beginOrLeave(ctx, store.Tenant, invoice)
	placed.Checkout, err = c.checkoutByLink(ctx, caller, invoice, PublicPayInput{Amount: invoice.Outstanding})
	return placed, err
}

// order makes the order's invoice, once. Whoever orders the same at the same moment
// waits for the products' rows and then finds it.
func (c *Commands) order(ctx context.Context, tx *postgres.Tx, caller Caller, store remit.Store, in OrderInput, cart remit.Cart) (remit.Invoice, error) {
	id := remit.OrderID(store.ID, in.Form, in.Buyer, cart)
	if err := tx.HoldZone(ctx, store.OrganisationID); err != nil {
		return remit.Invoice{}, err
	}
	there, err := tx.Invoice(ctx, id)
	if !remit.IsCode(err, remit.CodeNotFound) {
		return there, err
	}
	products, err := tx.LockProducts(ctx, store.OrganisationID, cart.Products())
	if err != nil {
		return remit.Invoice{}, err
	}
	if there, err := tx.Invoice(ctx, id); !remit.IsCode(err, remit.CodeNotFound) {
		return there, err
	}
	lines, currency, err := remit.PriceCart(cart, products)
	if err != nil {
		return remit.Invoice{}, err
	}
	if err := in.Shown.Hold(cart, products); err != nil {
		return remit.Invoice{}, err
	}
	if err := tx.TakeStock(ctx, cart); err != nil {
		return remit.Invoice{}, err
	}
	c.boundary("stock taken")
	// A customer of its own: what a stranger says of himself gives him nothing that
	// belongs to somebody of that name, no credit, no saved card, no other invoice.
	customer := remit.Customer{
		ID: uuid.NewSHA1(id, []byte("customer")), OrganisationID: store.OrganisationID, Organisation: store.Organisation,
		Name: in.Buyer.Name, Email: in.Buyer.Email, Currency: currency, CreatedAt: c.Now(),
	}
	if err := tx.InsertCustomer(ctx, customer); err != nil {
		return remit.Invoice{}, err
	}
	l, err := c.orderInvoice(ctx, tx, caller, id, store, customer, lines)
	if err != nil {
		return remit.Invoice{}, err
	}
	err = tx.InsertOrder(ctx, postgres.NewOrder{ID: id, Store: store.ID, Delivery: in.Buyer.Delivery, Cart: cart, CreatedAt: l.Clock.Now(c.Now())})
	if err != nil {
		return remit.Invoice{}, err
	}
	if err := activities.SendOrder(ctx, tx, l, c.Now(), caller.Actor()); err != nil {
		return remit.Invoice{}, err
	}
	invoice, err := tx.Invoice(ctx, id)
	if err != nil {
		return remit.Invoice{}, err
	}
	pay := PayInput{Amount: invoice.Outstanding, Checkout: true, Keyed: true}
	if err := c.payableNow(ctx, tx, caller, invoice, pay, remit.PayRequest{}); err != nil {
		return remit.Invoice{}, notSold(err)
	}
	return invoice, nil
}

// orderInvoice is the draft that a purchase is, before it is sent. Its payment settings
// are the organisation's, but that it is sold at its price: all at once, with nothing
// added for a card.
func (c *Commands) orderInvoice(ctx context.Context, tx *postgres.Tx, caller Caller, id uuid.UUID, store remit.Store, customer remit.Customer, lines []remit.Line) (*postgres.LockedInvoice, error) {
	clock, err := tx.Clock(ctx)
	if err != nil {
		return nil, err
	}
	zone, err := tx.ZoneOf(ctx, store.OrganisationID)
	if err != nil {
		return nil, err
	}
	today, off := remit.DateOf(clock.Now(c.Now()).In(zone)), false
	draft, err := activities.Draft(ctx, tx, remit.InvoiceInput{
		Organisation: store.Organisation, CustomerID: customer.ID, Number: remit.OrderNumber(id), Currency: customer.Currency,
		IssueDate: today, DueDate: today, Lines: lines, AutoCharge: &off,
	}, customer, c.Now())
	if err != nil {
		return nil, err
	}
	draft.ID, draft.Source = id, remit.SourceOrder
	draft.Settings.PartialPayments, draft.Settings.Surcharge.Mode, draft.Settings.PaymentLinks = false, remit.SurchargeOff, true
	draft.Settings.LateFees = remit.LateFeeSettings{}
	draft.Settings.Seller = cmp.Or(draft.Settings.Seller, store.Name) // as its buyers know it
	if _, _, err := activities.InsertDraft(ctx, tx, draft, caller.Actor(), c.Now()); err != nil {
		return nil, err
	}
	return tx.LockInvoice(ctx, id)
}

// notSold says to a buyer that nothing can be paid, without the reasons, which are the
// business's own. That the sum cannot be paid is his to read.
func notSold(err error) error {
	e, is := errors.AsType[*remit.Error](err)
	if !is || e.Kind != remit.KindConflict {
		return err
	}
	return remit.Conflict(e.Code, "Nothing can be bought here now. Try again later.")
}
