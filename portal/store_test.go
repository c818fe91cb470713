package portal_test

import (
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// openStore adds a product of $25.00, of which there are some, and opens a store with it.
func (w *world) openStore(admin *person, stock string) (path string) {
	w.t.Helper()
	admin.open("/products/new").submit("/products/new", url.Values{
		"organisation": {w.top}, "name": {"Garden fork"}, "description": {"Five tines."}, "price": {"25"}, "currency": {"USD"}, "stock": {stock}, "active": {"yes"},
	}).want(200, "Saved.", "Garden fork", "USD 25.00")
	slug := "garden-" + strings.TrimPrefix(w.top, "/t-")
	admin.open("/settings/store").submit("/settings/store", url.Values{
		"slug": {slug}, "name": {"Garden tools"}, "open": {"yes"}, "embedders": {"https://www.example.com"},
	}).want(200, "Saved.", "It is open at")
	return "/store/" + slug
}

// ordered fills in the store's form.
func ordered(store *shown, quantity string) url.Values {
	return url.Values{store.cut("q."): {quantity}, "name": {"Sam Shopper"}, "email": {"sam@shop.test"}, "delivery": {"1 Elm Street"}}
}

// Protects the whole purchase: a stranger buys by card at the price of the store, once
// however often he sends the form; the order is to be sent only when it is paid, and it
// is marked as sent once. Then he may be deleted, and where he lives with him. Nothing
// that he pays with is kept, nor is he asked, where invoices are charged by themselves.
func TestAStrangerBuysByCard(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	admin.open("/settings/payments?at="+url.QueryEscape(w.top)).submit("/settings/payments", url.Values{"auto_charge": {"yes"}}).want(200, "Saved.")
	path := w.openStore(admin, "3")
	buyer := w.stranger()
	store := buyer.open(path).want(200, "Garden tools", "Garden fork", "Five tines.", "$25.00", "3 left.")
	if policy := store.header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors https://www.example.com;") {
		t.Errorf("the site that may show the store in a frame is not named: %s", policy)
	}
	store.submit(path+"/checkout", ordered(store, "4")).want(422, "Only 3 of Garden fork are left.")
	store.submit(path+"/checkout", ordered(store, "")).want(422, "Choose how many you want.")
	for _, field := range []string{"price", "p.price", "x." + strings.TrimPrefix(store.cut("q."), "q.")} {
		cheap := ordered(store, "1")
		cheap.Set(field, "1 USD")
		store.submit(path+"/checkout", cheap).want(400)
	}
	hosted := store.submit(path+"/checkout", ordered(store, "2"))
	again := store.submit(path+"/checkout", ordered(store, "2"))
	if hosted.at.String() != again.at.String() {
		t.Errorf("the same form led to two pages: %s and %s", hosted.at, again.at)
	}
	admin.open("/orders").want(200, "Nothing is to be sent.")
	w.stranger().open(path).want(200, "1 left.")
	unpaid := buyer.open("/pay/return").want(200, "Not paid yet.")
	unpaid.lacks(`name="keep"`)
	if led := unpaid.submit(unpaid.path()+"/checkout", url.Values{"keep": {"yes"}}); led.at.String() != hosted.at.String() {
		t.Errorf("the order's own page led to another one: %s", led.at)
	}
	hosted.hosted("4242424242424242").want(200, "Payment successful", "Your order will be sent.", "50.00", "1 Elm Street")
	if kept := w.sqlOne("select count(*)::text from payment_methods"); kept != "0" {
		t.Errorf("%s of what was paid with is kept", kept)
	}
	orders := admin.open("/orders").want(200, "Sam Shopper", "2 × Garden fork", "USD 50.00", "To fulfil")
	deletes := "/customers/" + w.sqlOne("select i.customer_id::text from orders o join invoices i on i.tenant = o.tenant and i.id = o.id") + "/delete"
	admin.open(deletes).submit(deletes, nil).want(409, "an order is paid and has not been sent")
	fulfil := orders.cut("/orders/")
	orders.submit(fulfil, nil).want(200, "The order is marked as sent.", "Nothing is to be sent.")
	orders.submit(fulfil, nil).want(409, "This order is fulfilled already.")
	admin.open("/orders?tab=all").want(200, "Fulfilled")
	admin.open("/invoices").want(200, "ORD-")
	w.signIn("payer").open("/inbox").lacks("ORD-")
	admin.open(deletes).submit(deletes, nil).want(200)
	if kept := w.sqlOne("select delivery from orders"); kept != "" {
		t.Errorf("of a deleted buyer it is kept that he lives at %s", kept)
	}
}

// Protects stock and the buyer who leaves: an order that nobody pays is cancelled when
// its page has closed, what it kept is for others again, and nobody is written to.
func TestAnAbandonedOrderIsCancelled(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	path := w.openStore(admin, "1")
	store := w.stranger().open(path)
	store.submit(path+"/checkout", ordered(store, "1"))
	sold := w.stranger().open(path).want(200, "Sold out.")
	values := ordered(store, "1") // as from a page that is a minute old
	values.Set("key", "11111111-1111-4111-8111-111111111111")
	sold.submit(path+"/checkout", values).want(422, "Garden fork is sold out.")
	admin.open("/demo/clock").submit("/demo/clock", url.Values{"days": {"1"}}).want(200)
	w.eventually("the stock is there again", func() bool { return strings.Contains(w.stranger().open(path).raw, "1 left.") })
	admin.open("/orders?tab=all").want(200, "Cancelled")
	admin.open("/demo/clock").submit("/demo/clock", url.Values{"days": {"45"}}).want(200)
	admin.open("/demo/mailbox").lacks("ORD-")
	store.submit(path+"/checkout", ordered(store, "1")).want(409, "This order was cancelled: it was not paid in time. Order again.")
}

// byBank fills in the stand-in's page with an account that its owner signs in to.
func (s *shown) byBank(account string) *shown {
	s.p.w.t.Helper()
	form := find(s.root, func(n *html.Node) bool { return n.Data == "form" })
	if form == nil {
		s.p.w.t.Fatalf("%s is not a hosted page: %s", s.at, s.raw)
	}
	fields := url.Values{"attempt": standing(form)["attempt"], "email": {"sam@shop.test"}, "name": {"Sam"}, "account_holder_type": {"individual"}, "method": {"bank_sign_in"}, "account": {account}}
	target, err := s.at.Parse(attr(form, "action"))
	must(s.p.w.t, err)
	return s.p.post(target.String(), fields)
}

// Protects who sends goods (SF5): what was bought by bank is ordered, and is not to be
// sent before its bank has paid.
func TestAStrangerBuysByBank(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	path := w.openStore(admin, "")
	buyer := w.stranger()
	store := buyer.open(path)
	bought := store.submit(path+"/checkout", ordered(store, "1")).byBank("success")
	w.eventually("the bank has it", func() bool {
		return strings.Contains(buyer.open(bought.path()).raw, "Ordered; sent once the payment is final.")
	})
	admin.open("/orders").want(200, "Nothing is to be sent.")
	all := admin.open("/orders?tab=all").want(200, "Waits for the bank")
	fulfil := strings.Replace(all.cut("/invoices/"), "/invoices/", "/orders/", 1) + "/fulfil"
	all.p.post(fulfil, nil).want(409, "The bank has not paid yet.")
	w.eventually("the bank pays", func() bool {
		admin.open("/demo/clock").submit("/demo/clock", url.Values{"days": {"7"}})
		return strings.Contains(admin.open("/orders").raw, "To fulfil</span>")
	})
	buyer.open(bought.path()).want(200, "Your order will be sent.")
	all.p.post(fulfil, nil).want(200, "The order is marked as sent.")
	buyer.open(bought.path()).want(200, "Your order was sent on")
}

// Protects stock: of many who want the last pieces at once as many get one as there are,
// whatever the order, and what was not paid is there again.
func TestStockIsNeverOversold(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	path := w.openStore(admin, "3")
	statuses := make(chan int)
	const buyers = 8
	var presses []func()
	for range buyers { // each has the page open before the first one buys
		buyer := w.stranger()
		store := buyer.open(path)
		values := ordered(store, "1")
		values.Set("key", standing(find(store.root, func(n *html.Node) bool { return attr(n, "action") == path+"/checkout" })).Get("key"))
		presses = append(presses, func() {
			response, err := buyer.client.PostForm(w.program.URL+path+"/checkout", values)
			if err != nil {
				statuses <- 0
				return
			}
			_ = response.Body.Close()
			statuses <- response.StatusCode
		})
	}
	for _, press := range presses {
		go press()
	}
	counted := map[int]int{}
	for range buyers {
		counted[<-statuses]++
	}
	if counted[200] != 3 || counted[422] != buyers-3 {
		t.Errorf("%d buyers of 3 pieces were answered %v", buyers, counted)
	}
	w.stranger().open(path).want(200, "Sold out.")
	admin.open("/demo/clock").submit("/demo/clock", url.Values{"days": {"1"}}).want(200)
	w.eventually("all are there again", func() bool { return strings.Contains(w.stranger().open(path).raw, "3 left.") })
}
