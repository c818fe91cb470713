package remit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"remit/money"
)

// SourceOrder is the source of an invoice that a purchase in a store made. It is an
// invoice like others for whatever money does (refunds, disputes, payouts, excess); but
// nobody is asked to pay it who left the store without paying: no work item, no
// reminder, no charge by itself, never overdue, and cancelled when its checkout ends.
const SourceOrder = "order"

// Order reports that the invoice is a purchase in a store.
func (i Invoice) Order() bool { return i.Source == SourceOrder }

// Named is the invoice as people call it.
func (i Invoice) Named() string {
	if i.Order() {
		return "Order " + strings.TrimPrefix(i.Number, orderPrefix)
	}
	return "Invoice " + i.Number
}

const orderPrefix = "ORD-"

// Times of an order, on the organisation's clock.
const (
	// OrderCheckoutLife is how long a purchase's hosted page stays open. It keeps stock
	// from others meanwhile; Stripe takes no less than 30 minutes.
	OrderCheckoutLife = time.Hour
	// OrderPatience is after how long an order is cancelled of which no checkout is
	// open and nothing was paid.
	OrderPatience = OrderCheckoutLife + 15*time.Minute
)

// Buyer is what somebody says of himself who orders in a store.
type Buyer struct {
	Name     string
	Email    string // where the receipt goes
	Delivery string // where to, in his own words; may be ""
}

// MaxDelivery is how many characters of where to send an order are taken.
const MaxDelivery = 500

// Check gives the buyer as he is kept, or says which field is wrong.
func (b Buyer) Check() (Buyer, error) {
	var err error
	if b.Name, err = parseLabel("name", "A name", strings.TrimSpace(b.Name)); err != nil {
		return b, err
	}
	if b.Email, err = ParseEmail(strings.TrimSpace(b.Email)); err != nil {
		return b, Invalid("email", "%s", AsError(err).Message)
	}
	b.Delivery = strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(norm.NFC.String(b.Delivery)))
	unseen := func(r rune) bool { return r != '\n' && isUnseen(r) }
	if utf8.RuneCountInString(b.Delivery) > MaxDelivery || strings.ContainsFunc(b.Delivery, unseen) {
		return b, Invalid("delivery", "Say where to in at most %d characters that can be seen.", MaxDelivery)
	}
	return b, nil
}

// OrderID is the id of the order that a form makes: sent twice, the same, and another
// when something else is in the cart.
func OrderID(store uuid.UUID, form string, buyer Buyer, cart Cart) uuid.UUID {
	said := []string{"order", form, buyer.Name, buyer.Email, buyer.Delivery}
	for _, item := range cart {
		said = append(said, item.Product.String(), strconv.FormatInt(item.Quantity, 10))
	}
	return uuid.NewSHA1(store, []byte(strings.Join(said, "\n")))
}

// OrderNumber is the number that an order's invoice has.
func OrderNumber(id uuid.UUID) string {
	return orderPrefix + strings.ToUpper(strings.ReplaceAll(id.String(), "-", "")[:10])
}

// PriceCart makes an invoice's lines of a cart at the products' prices, which are
// today's. Every product has to be on sale, and all in one currency. Errors name the
// field "cart".
func PriceCart(cart Cart, products []Product) (lines []Line, currency string, err error) {
	byID := map[uuid.UUID]Product{}
	for _, p := range products {
		byID[p.ID] = p
	}
	for _, item := range cart {
		p, found := byID[item.Product]
		if !found || !p.Active {
			return nil, "", Invalid("cart", "No longer sold.")
		}
		if currency == "" {
			currency = p.Currency
		}
		if p.Currency != currency {
			return nil, "", Invalid("cart", "Products in %s and in %s are bought one after the other.", currency, p.Currency)
		}
		if left := p.Left(); left != nil && *left < item.Quantity {
			return nil, "", soldOut(p.Name, *left)
		}
		amount := p.Price * item.Quantity
		if amount/item.Quantity != p.Price {
			return nil, "", Invalid("cart", "That is more than can be charged at once.")
		}
		lines = append(lines, Line{
			Description: p.Name, Quantity: strconv.FormatInt(item.Quantity, 10), UnitPrice: money.Of(p.Price, money.Currency(p.Currency)).Decimal(), Amount: amount,
		})
	}
	return lines, currency, nil
}

// Shown are the prices of products as a buyer's page had them, by the products' ids.
type Shown map[uuid.UUID]money.Amount

// Hold fails where a product in the cart has another price than its buyer was shown, so
// that he pays what he saw or is told. What he says he saw is compared and never charged:
// the price is the product's. A product of which he says nothing is not looked at.
func (s Shown) Hold(cart Cart, products []Product) error {
	wanted := cart.Products()
	for _, p := range products {
		price := money.Of(p.Price, money.Currency(p.Currency))
		if seen, said := s[p.ID]; said && seen != price && slices.Contains(wanted, p.ID) {
			return Invalid("cart", "The price of %s has changed: it is %s now. Check your order and send it again.", p.Name, price)
		}
	}
	return nil
}

func soldOut(name string, left int64) *Error {
	if left <= 0 {
		return Invalid("cart", "%s is sold out.", name)
	}
	return Invalid("cart", "Only %d of %s are left.", left, name)
}

// OrderState is how far an order has come.
type OrderState string

// The states of an order.
const (
	OrderUnpaid     OrderState = "unpaid"     // its checkout is open
	OrderProcessing OrderState = "processing" // a bank debit is on its way: nothing is sent yet
	OrderToFulfil   OrderState = "to_fulfil"  // the money is final
	OrderFulfilled  OrderState = "fulfilled"
	OrderStopped    OrderState = "stopped"   // money went back before it was sent, or may
	OrderCancelled  OrderState = "cancelled" // not paid
)

// OrderFacts is what an order's state is derived from.
type OrderFacts struct {
	Status    InvoiceStatus
	Fulfilled bool
	MoneyBack bool // a refund is under way or done, or a bank disputes a payment or has taken it back
	Captured  bool // some payment of it went through
}

// OrderStateOf derives an order's state. Nothing is to be sent but for money that is
// final (SF5): a debit that its bank still has is not, and what was refunded or is
// disputed is not either.
func OrderStateOf(f OrderFacts) OrderState {
	switch {
	case f.Fulfilled:
		return OrderFulfilled
	case f.Status == InvoiceVoid:
		return OrderCancelled
	case f.MoneyBack, f.Status == InvoiceContested, f.Status == InvoiceUncollectible, f.Status == InvoiceCarried:
		return OrderStopped
	case f.Status == InvoicePaid:
		return OrderToFulfil
	case f.Status == InvoiceProcessing:
		return OrderProcessing
	case f.Captured && f.Status != InvoicePartiallyPaid:
		return OrderStopped // it was paid and is owed again
	}
	return OrderUnpaid
}

// Order is a purchase in a store. Its id is its invoice's.
type Order struct {
	ID          uuid.UUID
	StoreID     uuid.UUID
	Slug        string // of the store, as it is now
	Buyer       Buyer
	State       OrderState
	Items       []CartItem
	CreatedAt   time.Time  // organisation's clock
	FulfilledAt *time.Time // organisation's clock
	Invoice     Invoice    // without lines in lists
}

// MayFulfil says why an order is not to be sent, or nil.
func (s OrderState) MayFulfil() error {
	switch s {
	case OrderToFulfil:
		return nil
	case OrderFulfilled:
		return Conflict(CodeConflict, "This order is fulfilled already.")
	case OrderProcessing:
		return Conflict(CodeConflict, "The bank has not paid yet. Send it once the payment is final.")
	case OrderStopped:
		return Conflict(CodeConflict, "Money of this order went back, or may. Do not send it.")
	case OrderUnpaid, OrderCancelled:
		return Conflict(CodeConflict, "This order is not paid.")
	}
	return fmt.Errorf("an order that is %q", string(s))
}
