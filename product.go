package remit

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"remit/money"
)

// Product is something an organisation's store sells.
type Product struct {
	ID             uuid.UUID
	OrganisationID uuid.UUID
	Organisation   string // path
	Name           string
	Description    string
	Price          int64 // of one, in minor units of Currency
	Currency       string
	// Stock is how many there are to be sold in all, counted from when it was first
	// given; nil: as many as are wanted. Only people change it.
	Stock *int64
	// Sold is how many of them are in orders that were paid or may still be. Only
	// orders change it, so that no count that a person typed loses one.
	Sold      int64
	Active    bool   // it is on sale
	Picture   string // version of its picture, "" for none: the picture itself is read by itself
	CreatedAt time.Time
}

// Left is how many can still be ordered; nil: as many as are wanted.
func (p Product) Left() *int64 {
	if p.Stock == nil {
		return nil
	}
	left := *p.Stock - p.Sold
	return &left
}

// Bounds of a product.
const (
	MaxProductName        = 120
	MaxProductDescription = 1000
	MaxStock              = 1_000_000_000
)

// Check gives the product as it is kept, or says which field is wrong.
func (p Product) Check() (Product, error) {
	p.Name = strings.TrimSpace(norm.NFC.String(p.Name))
	p.Description = strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(norm.NFC.String(p.Description)))
	unseen := func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || r == utf8.RuneError) }
	currency, err := money.ParseCurrency(p.Currency)
	switch {
	case p.Name == "" || utf8.RuneCountInString(p.Name) > MaxProductName:
		return p, Invalid("name", "Give a name of at most %d characters.", MaxProductName)
	case strings.ContainsFunc(p.Name, isUnseen):
		return p, Invalid("name", "The name holds a character that cannot be seen.")
	case utf8.RuneCountInString(p.Description) > MaxProductDescription:
		return p, Invalid("description", "A description has at most %d characters.", MaxProductDescription)
	case strings.ContainsFunc(p.Description, unseen):
		return p, Invalid("description", "The description holds a character that cannot be seen.")
	case err != nil:
		return p, Invalid("currency", "%s", err)
	case p.Stock != nil && (*p.Stock < 0 || *p.Stock > MaxStock):
		return p, Invalid("stock", "Enter a number from 0 to %d, or nothing for as many as are wanted.", MaxStock)
	case p.Stock != nil && *p.Stock < p.Sold:
		return p, Invalid("stock", "%d are sold or being paid; there cannot have been fewer.", p.Sold)
	}
	p.Currency = string(currency)
	price := money.Of(p.Price, currency)
	switch {
	case p.Price <= 0:
		return p, Invalid("price", "Enter a price above nothing.")
	case p.Price%money.ChargeStep(currency) != 0:
		return p, Invalid("price", "%s cannot be charged to the last digit in %s.", price, currency)
	}
	if _, err := price.Stripe(); err != nil {
		return p, Invalid("price", "%s is more than can be charged.", price)
	}
	return p, nil
}

// CartItem is how many of a product somebody wants.
type CartItem struct {
	Product  uuid.UUID
	Quantity int64
}

// Bounds of a cart.
const (
	MaxCartItems    = 50
	MaxCartQuantity = 1000
)

// Cart is what somebody wants to order. Products are in the order of their ids, each
// once, so that two carts of the same things are equal.
type Cart []CartItem

// NewCart puts items in order. Nothing of a product leaves it out; the same product
// twice is both together. Errors name the field "cart".
func NewCart(items []CartItem) (Cart, error) {
	wanted := map[uuid.UUID]int64{}
	for _, item := range items {
		if item.Quantity < 0 || item.Quantity > MaxCartQuantity {
			return nil, Invalid("cart", "Order from 1 to %d of a product.", MaxCartQuantity)
		}
		if wanted[item.Product] += item.Quantity; wanted[item.Product] > MaxCartQuantity {
			return nil, Invalid("cart", "Order from 1 to %d of a product.", MaxCartQuantity)
		}
	}
	var cart Cart
	for product, quantity := range wanted {
		if quantity > 0 {
			cart = append(cart, CartItem{product, quantity})
		}
	}
	slices.SortFunc(cart, func(a, b CartItem) int { return slices.Compare(a.Product[:], b.Product[:]) })
	switch {
	case len(cart) == 0:
		return nil, Invalid("cart", "Choose how many you want.")
	case len(cart) > MaxCartItems:
		return nil, Invalid("cart", "Order at most %d different products at once.", MaxCartItems)
	}
	return cart, nil
}

// Products are the ids of what is in the cart, in its order.
func (c Cart) Products() []uuid.UUID {
	ids := make([]uuid.UUID, len(c))
	for n, item := range c {
		ids[n] = item.Product
	}
	return ids
}
