package remit_test

import (
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"remit"
)

// Protects the seller (SF5): whatever became of an order, it is to be sent only when it
// is paid, nothing of it went back, and it was not sent before.
func TestNothingIsSentBeforeItsMoneyIsFinal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := remit.OrderFacts{
			Status:    rapid.SampledFrom(remit.InvoiceStatuses()).Draw(t, "status"),
			Fulfilled: rapid.Bool().Draw(t, "fulfilled"), MoneyBack: rapid.Bool().Draw(t, "money back"), Captured: rapid.Bool().Draw(t, "captured"),
		}
		may := remit.OrderStateOf(facts).MayFulfil() == nil
		if want := facts.Status == remit.InvoicePaid && !facts.MoneyBack && !facts.Fulfilled; may != want {
			t.Fatalf("%+v may be sent: %t, want %t", facts, may, want)
		}
	})
}

// Protects the buyer and the seller: a cart is priced at what the products cost, each
// line at its quantity times its price, in one currency, of what is on sale and there.
func TestCartsArePricedByTheirProducts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var products []remit.Product
		var items []remit.CartItem
		for range rapid.IntRange(1, 6).Draw(t, "products") {
			p := remit.Product{ID: uuid.New(), Name: "Fork", Price: rapid.Int64Range(1, 1_000_000).Draw(t, "price"), Currency: rapid.SampledFrom([]string{"USD", "USD", "USD", "EUR"}).Draw(t, "currency"), Active: rapid.IntRange(0, 9).Draw(t, "active") > 0}
			if rapid.Bool().Draw(t, "counted") {
				stock := rapid.Int64Range(0, 20).Draw(t, "stock")
				p.Stock, p.Sold = &stock, rapid.Int64Range(0, stock).Draw(t, "sold")
			}
			products = append(products, p)
			items = append(items, remit.CartItem{Product: p.ID, Quantity: rapid.Int64Range(1, 12).Draw(t, "quantity")})
		}
		cart, err := remit.NewCart(items)
		if err != nil {
			t.Fatal(err)
		}
		lines, currency, err := remit.PriceCart(cart, products)
		sold := true
		for n, item := range items {
			p := products[n]
			sold = sold && p.Active && p.Currency == products[0].Currency && (p.Left() == nil || *p.Left() >= item.Quantity)
		}
		if (err == nil) != sold {
			t.Fatalf("sold: %t, and the answer is %v", sold, err)
		}
		if err != nil {
			return
		}
		if currency != products[0].Currency || len(lines) != len(items) {
			t.Fatalf("%d lines in %s", len(lines), currency)
		}
		var total, want int64
		for n, line := range lines {
			total += line.Amount
			want += products[n].Price * items[n].Quantity
		}
		if total != want {
			t.Fatalf("priced at %d, and it is %d", total, want)
		}
	})
}

// Protects a buyer who sends his form twice, or changes his mind: the same is one order,
// in whatever order its fields come, and anything else another.
func TestAFormIsOneOrder(t *testing.T) {
	store, a, b := uuid.New(), uuid.New(), uuid.New()
	sam := remit.Buyer{Name: "Sam", Email: "sam@shop.test"}
	cart := func(items ...remit.CartItem) remit.Cart {
		c, err := remit.NewCart(items)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := remit.OrderID(store, "form", sam, cart(remit.CartItem{Product: a, Quantity: 1}, remit.CartItem{Product: b, Quantity: 2}))
	if again := remit.OrderID(store, "form", sam, cart(remit.CartItem{Product: b, Quantity: 2}, remit.CartItem{Product: a, Quantity: 1})); again != first {
		t.Error("the same cart is another order")
	}
	others := []uuid.UUID{
		remit.OrderID(store, "form", sam, cart(remit.CartItem{Product: a, Quantity: 2}, remit.CartItem{Product: b, Quantity: 2})),
		remit.OrderID(store, "another form", sam, cart(remit.CartItem{Product: a, Quantity: 1}, remit.CartItem{Product: b, Quantity: 2})),
		remit.OrderID(uuid.New(), "form", sam, cart(remit.CartItem{Product: a, Quantity: 1}, remit.CartItem{Product: b, Quantity: 2})),
	}
	for n, other := range others {
		if other == first {
			t.Errorf("%d: something else is the same order", n)
		}
	}
}

// Protects the response header that the sites become a part of: nothing but an origin
// gets there, and nothing that is not https.
func TestEmbeddersAreOrigins(t *testing.T) {
	for text, want := range map[string]string{
		"https://www.example.com": "https://www.example.com", "https://Shop.Example.com:8443/": "https://shop.example.com:8443",
		"http://www.example.com": "", "https://*": "", "*": "", "https://a.test; script-src *": "", "https://a.test/page": "", "https://user@a.test": "",
		"javascript:alert(1)": "", "https://": "", "https://a.test 'unsafe-inline'": "", "https://a.test?x": "", "'self'": "",
	} {
		store, err := remit.Store{Slug: "garden", Embedders: []string{text}}.Check(false)
		if (err == nil) != (want != "") {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if err == nil && store.Embedders[0] != want {
			t.Errorf("%q is taken as %q", text, store.Embedders[0])
		}
	}
}
