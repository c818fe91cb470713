package storybook

import (
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"remit"
	"remit/portal/page"
)

func madeProducts() []remit.Product {
	few, none := int64(3), int64(0)
	named := func(n byte, p remit.Product) remit.Product {
		p.ID, p.Organisation, p.Currency, p.Active = uuid.UUID{0: 7, 15: n}, "/dev-v51", "USD", true
		return p
	}
	return []remit.Product{
		named(1, remit.Product{Name: "Garden fork", Description: "Five tines, ash handle.\nMade to last.", Price: 2500}),
		named(2, remit.Product{Name: "Spade", Price: 3150, Stock: &few}),
		named(3, remit.Product{Name: "Watering can", Description: "Nine litres.", Price: 1999, Stock: &none}),
	}
}

// store is a store's page, a purchase's, and those of who runs it.
func (b book) store() chapter {
	made := func(change func(*page.Store)) page.Store {
		v := page.Store{
			Shell: b.outside("Garden tools", "/store/garden-tools"), Path: "/store/garden-tools", Name: "Garden tools", Products: madeProducts(), Selling: true,
			Contact: "shop@garden.example", Key: "made-up-key", Quantities: map[string]string{},
		}
		v.Width = "payer"
		if change != nil {
			change(&v)
		}
		return v
	}
	return chapter{
		"public/U10 store/open":    page.StorePage(made(nil)),
		"public/U10 store/empty":   page.StorePage(made(func(v *page.Store) { v.Products = nil })),
		"public/U10 store/no sale": page.StorePage(made(func(v *page.Store) { v.Selling = false })),
		"public/U10 store/no longer sold": page.StorePage(made(func(v *page.Store) {
			v.Problems.Fields = []remit.FieldError{{Field: "cart", Message: "No longer sold."}}
		})),
		"public/U10 store/nothing chosen": page.StorePage(made(func(v *page.Store) {
			v.Problems.Fields = []remit.FieldError{{Field: "cart", Message: "Choose how many you want."}, {Field: "email", Message: "Enter an e-mail address, like ana@example.com."}}
			v.Buyer = remit.Buyer{Name: "Sam Shopper", Email: "sam"}
		})),
		"public/U11 purchase/paid":        b.purchase(remit.PublicPaid, remit.OrderToFulfil, nil),
		"public/U11 purchase/by bank":     b.purchase(remit.PublicProcessing, remit.OrderProcessing, nil),
		"public/U11 purchase/sent":        b.purchase(remit.PublicPaid, remit.OrderFulfilled, nil),
		"public/U11 purchase/confirming":  b.purchase(remit.PublicConfirming, remit.OrderUnpaid, func(v *page.Public) { v.Poll = "/pay/made-up?known=confirming" }),
		"public/U11 purchase/abandoned":   b.purchase(remit.PublicSent, remit.OrderUnpaid, func(v *page.Public) { v.Abandoned = true }),
		"public/U11 purchase/refunded":    b.purchase(remit.PublicRefunded, remit.OrderStopped, nil),
		"public/U11 purchase/cancelled":   b.purchase(remit.PublicVoid, remit.OrderCancelled, nil),
		"staff/store/orders":              page.OrdersPage(page.Orders{Shell: b.staffShell("Orders", "/orders", "Store"), All: true, Rows: madeOrders(), Zone: newYork}),
		"staff/store/nothing to send":     page.OrdersPage(page.Orders{Shell: b.staffShell("Orders", "/orders", "Store"), Zone: newYork}),
		"staff/store/products":            page.ProductsPage(page.Products{Shell: b.staffShell("Products", "/products", "Store"), Rows: madeProducts()}),
		"staff/store/no products":         page.ProductsPage(page.Products{Shell: b.staffShell("Products", "/products", "Store")}),
		"staff/store/new product":         page.ProductPage(page.Product{Shell: b.staffShell("New product", "/products/new", "Store"), Places: []string{"/dev-v51", "/dev-v51/Branch A"}, Place: "/dev-v51", Active: true}),
		"staff/store/product":             page.ProductPage(b.madeProduct()),
		"settings/U22 store/not made yet": page.StoreSettingsPage(page.StoreSettings{Shell: b.settingsShell("Store", "/settings/store"), Places: []string{"/dev-v51"}, Place: "/dev-v51", Address: "https://remit.example/store/"}),
		"settings/U22 store/open": page.StoreSettingsPage(page.StoreSettings{
			Shell: b.settingsShell("Store", "/settings/store"), Places: []string{"/dev-v51", "/dev-v51/Branch A"}, Place: "/dev-v51", Address: "https://remit.example/store/",
			Slug: "garden-tools", Name: "Garden tools", Open: true, Embedders: "https://www.example.com", Known: remit.Store{Slug: "garden-tools", Open: true},
		}),
	}
}

func (b book) madeProduct() page.Product {
	p := madeProducts()[1]
	p.Sold = 2
	v := page.Product{Shell: b.staffShell(p.Name, "/products/1", "Store"), Known: &p, Place: p.Organisation, Name: p.Name, Price: "31.50x", Currency: "USD", Stock: "3", Active: true}
	v.Problems.Fields = []remit.FieldError{{Field: "price", Message: "Enter an amount, like 250.00."}}
	return v
}

func madeOrders() (orders []remit.Order) {
	for n, state := range []remit.OrderState{remit.OrderToFulfil, remit.OrderProcessing, remit.OrderFulfilled, remit.OrderStopped, remit.OrderUnpaid, remit.OrderCancelled} {
		orders = append(orders, madeOrder(byte(n), state))
	}
	return orders
}

func madeOrder(n byte, state remit.OrderState) remit.Order {
	o := remit.Order{
		ID: uuid.UUID{0: 8, 15: n}, Slug: "garden-tools", State: state, CreatedAt: *at(-2 * time.Hour),
		Buyer:   remit.Buyer{Name: "Sam Shopper", Email: "sam@example.com", Delivery: "1 Elm Street\nSpringfield"},
		Invoice: madeItem(nil).Invoice,
	}
	o.Invoice.Source, o.Invoice.Number, o.Invoice.CustomerName = remit.SourceOrder, "ORD-7F0A12BC44", "Sam Shopper"
	o.Invoice.Lines = []remit.Line{{Description: "Garden fork", Quantity: "2", UnitPrice: "25.00", Amount: 5000}}
	o.Invoice.Adjustments, o.Invoice.Total, o.Invoice.Outstanding, o.Invoice.Applied = nil, 5000, 5000, 0
	if state == remit.OrderFulfilled {
		o.FulfilledAt = at(-time.Hour)
	}
	return o
}

// purchase is an order's own page in one of its states.
func (b book) purchase(state remit.PublicState, order remit.OrderState, change func(*page.Public)) templ.Component {
	o := madeOrder(1, order)
	v := page.Public{
		Shell: b.outside(o.Invoice.Named(), "/pay/made-up"), State: state, Invoice: o.Invoice, Zone: newYork, At: at(-2 * time.Hour),
		Amount: "50.00", Key: "made-up-key", Action: "/pay/made-up/checkout", PDF: "/pay/made-up/pdf",
	}
	v.Width = "payer"
	if change != nil {
		change(&v)
	}
	return page.PurchasePage(page.Purchase{Public: v, Order: o})
}
