package portal_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/net/html"

	"remit"
	"remit/program"
)

// product opens the page of the one product there is.
func (p *person) product() *shown {
	p.w.t.Helper()
	id := strings.TrimPrefix(p.open("/products").cut("/products/0"), "/products/")
	return p.open("/products/" + id)
}

// selling changes the one product there is.
func (p *person) selling(change url.Values) {
	p.w.t.Helper()
	known := p.product()
	fields := standing(find(known.root, func(n *html.Node) bool { return attr(n, "action") == known.path() }))
	for name, values := range change {
		if fields[name] = values; values[0] == "" && name == "active" {
			fields.Del(name)
		}
	}
	p.post(known.path(), fields).want(200, "Saved.")
}

// Protects a buyer whose page is older than what is sold: he pays what he was shown or is
// told the new price, and what is no longer sold is not his, whether it was taken from
// sale, ran out or was removed.
func TestAStoresPageMayBeOld(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	path := w.openStore(admin, "5")
	buyer := w.stranger()
	old := buyer.open(path).want(200, "$25.00")
	admin.selling(url.Values{"price": {"30"}})
	told := old.submit(path+"/checkout", ordered(old, "2")).want(422, "The price of Garden fork has changed: it is $30.00 now.", "$30.00")
	told.lacks("$25.00")
	told.submit(path+"/checkout", nil).hosted("4242424242424242").want(200, "Payment successful", "60.00")

	admin.selling(url.Values{"active": {""}})
	told.submit(path+"/checkout", ordered(told, "1")).want(422, "No longer sold.", "Nothing is sold here now.")
	admin.selling(url.Values{"active": {"yes"}, "stock": {"2"}})
	told.submit(path+"/checkout", ordered(told, "1")).want(422, "Garden fork is sold out.")
	admin.selling(url.Values{"stock": {"9"}})
	removed := admin.product()
	removed.submit(removed.path()+"/remove", nil).want(200)
	told.submit(path+"/checkout", ordered(told, "1")).want(422, "No longer sold.")
	if orders := w.sqlOne("select count(*)::text from orders"); orders != "1" {
		t.Errorf("there are %s orders, and one was bought", orders)
	}
}

// Protects a business from selling what is another's: a product of another organisation,
// and one of a unit that has a store of its own, are in no cart of this store.
func TestAStoreSellsItsOwnAlone(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	path := w.openStore(admin, "")
	admin.open("/products/new").submit("/products/new", url.Values{
		"organisation": {w.branch}, "name": {"Branch's rake"}, "price": {"1"}, "currency": {"USD"}, "active": {"yes"},
	}).want(200, "Saved.")
	rake := w.sqlOne("select id::text from products where name = 'Branch''s rake'")
	store := w.stranger().open(path).want(200, "Garden fork")
	store.lacks("rake")
	for _, id := range []string{rake, uuid.NewString()} {
		store.submit(path+"/checkout", url.Values{"q." + id: {"1"}, "name": {"Sam"}, "email": {"sam@shop.test"}}).want(422, "No longer sold.")
	}
}

// Protects a business from sending what it is not paid for: an order that was refunded
// whole, or whose payment its bank disputes, is not to be sent, and says so to both.
func TestWhatWentBackIsNotSent(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	path := w.openStore(admin, "")
	buyer := w.stranger()
	buy := func(card string) (bought *shown, fulfil string) {
		store := buyer.open(path)
		bought = store.submit(path+"/checkout", ordered(store, "1")).hosted(card)
		all := admin.open("/orders?tab=all")
		return bought, strings.Replace(all.cut("/invoices/"), "/invoices/", "/orders/", 1) + "/fulfil"
	}
	refused := func(bought *shown, fulfil string) {
		t.Helper()
		w.eventually("money went back", func() bool {
			return strings.Contains(admin.open("/orders?tab=all").raw, "Stopped: money went back")
		})
		admin.open("/orders").want(200, "Nothing is to be sent.")
		admin.post(fulfil, nil).want(409, "Money of this order went back, or may. Do not send it.")
		buyer.open(bought.path()).lacks("will be sent")
	}
	bought, fulfil := buy("4242424242424242")
	bought.want(200, "Your order will be sent.")
	refund := admin.open(strings.TrimSuffix(strings.Replace(fulfil, "/orders/", "/invoices/", 1), "/fulfil")).link("/payments/")
	admin.open(refund).submit(refund, url.Values{"amount": {"25"}, "reason": {"Changed his mind"}, "then": {"settle"}}).want(200, "The refund is under way.")
	refused(bought, fulfil)

	bought, fulfil = buy("4000000000000259")
	w.eventually("its bank disputes it", func() bool { return w.sqlOne("select count(*)::text from disputes") == "1" })
	refused(bought, fulfil)
}

// Protects stock and cards of others from who orders without end: one address sends so
// many orders an hour, whatever becomes of them, and is told when to come again.
func TestOrdersFromOneAddressAreCounted(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	path := w.openStore(admin, "1")
	store := w.stranger().open(path)
	const hourly = 60
	for range hourly {
		w.stranger().post(path+"/checkout", url.Values{"price": {"1"}}).want(400)
	}
	limited := store.submit(path+"/checkout", ordered(store, "1")).want(429, "Too many tries.")
	if limited.header.Get("Retry-After") == "" {
		t.Error("it is not told when to come again")
	}
	w.stranger().open(path).want(200, "1 left.")
}

// drawn is a picture as a file.
func drawn(t *testing.T, width, height int) string {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	picture.Set(1, 1, color.RGBA{R: 255, A: 255})
	var file bytes.Buffer
	must(t, png.Encode(&file, picture))
	return file.String()
}

// Protects who looks at a store: what is uploaded is a picture by its content and not by
// its name, small enough, drawn anew, and answered so that a browser does nothing with it
// but show it.
func TestAPictureIsAPicture(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	path := w.openStore(admin, "")
	product := admin.product().path()
	const reason = "Choose a PNG or JPEG picture of at most 600 KB and 2000 pixels a side."
	hidden := drawn(t, 8, 8) + "<script>alert(1)</script>"
	for name, content := range map[string]string{
		"page.png": "<html><script>alert(1)</script></html>", "drawing.png": `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`,
		"wide.png": drawn(t, 2001, 1), "heavy.png": drawn(t, 2, 2) + strings.Repeat("x", 601<<10), "torn.png": drawn(t, 8, 8)[:40],
		"moving.png": "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
	} {
		admin.upload(product+"/picture", "organisation", "", name, content).want(422, reason)
	}
	w.stranger().open(path).lacks("/pictures/")
	w.signIn("viewer").upload(product+"/picture", "organisation", "", "fork.png", drawn(t, 8, 8)).want(404)
	admin.upload(product+"/picture", "organisation", "", "fork.gif", hidden).want(200, "Saved.")
	picture := w.stranger().open(w.stranger().open(path).cut(path + "/pictures/"))
	for name, want := range map[string]string{
		"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'", "Set-Cookie": "",
	} {
		if got := picture.header.Get(name); got != want {
			t.Errorf("%s of a picture is %q, want %q", name, got, want)
		}
	}
	if picture.status != http.StatusOK || strings.Contains(picture.raw, "script") {
		t.Errorf("status %d, and what was hidden behind the picture is still there: %t", picture.status, strings.Contains(picture.raw, "script"))
	}
	admin.open("/settings/store").submit("/settings/store", url.Values{"open": nil}).want(200, "Saved.")
	w.stranger().open(picture.at.Path).want(404)
}

// Protects the platform's share and the buyer: a purchase in the store of an account that
// is connected in the platform's name pays the platform its fee, and costs no more.
func TestThePlatformTakesItsFeeOfAnOrder(t *testing.T) {
	w, platform := openPlatform(t, func(c *program.Config) { c.ApplicationFee = remit.ApplicationFee{Rate: 1500} })
	admin := w.signIn("admin")
	asked := admin.open("/settings/stripe").submit("/settings/stripe/standard", nil)
	asked.p.post(asked.at.String(), url.Values{"account": {"new_ready"}, "name": {"Linked Ltd"}, "then": {"connect"}}).want(200, "The account is linked.")
	path := w.openStore(admin, "")
	store := w.stranger().open(path)
	store.submit(path+"/checkout", ordered(store, "2")).want(200, "50.00").hosted("4242424242424242").want(200, "Payment successful", "50.00")
	var books struct {
		Fees []struct {
			Amount  int64  `json:"amount"`
			Account string `json:"account"`
		} `json:"application_fees"`
	}
	control(t, w.stripe, platform, http.MethodGet, "/books?kind=application_fees", nil, &books)
	if account := w.sqlOne("select account from connections"); len(books.Fees) != 1 || books.Fees[0].Amount != 75 || books.Fees[0].Account != account {
		t.Errorf("the platform took %+v of $50.00 by %s, want $0.75", books.Fees, account)
	}
}

// Protects who reads a store within another site: nothing on it leads to a page that
// refuses frames without taking the whole window.
func TestAStoreStandsInAFrame(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	w.connect(admin)
	path := w.openStore(admin, "")
	for _, framed := range []*shown{w.stranger().open(path), w.stranger().post(path+"/checkout", url.Values{"name": {"Sam"}})} {
		if policy := framed.header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors https://www.example.com;") || framed.header.Get("X-Frame-Options") != "" {
			t.Errorf("%d: the site that may show it cannot: %s", framed.status, policy)
		}
		walk(framed.root, func(n *html.Node) {
			to := attr(n, "href") + attr(n, "action")
			if (n.Data == "a" || n.Data == "form") && !strings.HasPrefix(to, "#") && attr(n, "target") != "_top" {
				t.Errorf("%d: %s leads to %s within the frame", framed.status, n.Data, to)
			}
		})
	}
}
