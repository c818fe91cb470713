package portal

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"remit"
	"remit/api"
	"remit/api/httpsec"
	"remit/commands"
	"remit/money"
	"remit/portal/page"
)

// Orders that one address may send in a store, whatever becomes of them: enough for
// somebody who shops, too few for trying cards or keeping stock from others.
const (
	storeOrders       = 60
	storeOrdersPeriod = time.Hour
)

// storeForm is how many bytes an order may have.
const storeForm = 64 << 10

const pathStore = "/store"

// What the names of fields begin with that say of a product how many are wanted, and
// which price was shown.
const (
	quantityField = "q."
	shownField    = "p."
)

// strangers runs a handler for everybody and looks at no cookie: the page may stand in
// a frame of another site, where nobody's sign-in is to be at work.
func (p *Portal) strangers(handle handler) gin.HandlerFunc {
	return func(g *gin.Context) {
		v := p.stranger(g)
		g.Request.Header.Del("Cookie")
		err := v.readForm()
		if err == nil {
			err = handle(v)
		}
		if err != nil {
			v.fail(err)
		}
	}
}

func (v *visit) storePath() string { return pathStore + "/" + v.gin.Param("slug") }

// storefront shows what a store sells (U10).
func (v *visit) storefront() error {
	view, err := v.storeView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.StorePage(view))
}

func (v *visit) storeView() (page.Store, error) {
	found, err := v.do.Storefront(v.ctx(), v.gin.Param("slug"))
	if err != nil {
		return page.Store{}, err
	}
	v.framedBy(found.Store.Embedders)
	view := page.Store{
		Shell: v.outside(found.Store.Name), Path: v.storePath(), Name: found.Store.Name, Products: found.Products, Selling: found.Selling,
		Contact: found.Contact, Key: newKey(), Quantities: map[string]string{},
	}
	view.Width, view.Framed = "payer", true
	return view, nil
}

// framedBy lets the sites that a store names show this answer in a frame, and nobody
// else.
func (v *visit) framedBy(origins []string) {
	const header = "Content-Security-Policy"
	if len(origins) == 0 {
		return
	}
	policy := v.gin.Writer.Header().Get(header)
	v.gin.Header(header, strings.Replace(policy, "frame-ancestors 'none'", "frame-ancestors "+strings.Join(origins, " "), 1))
}

// storeCheckout makes an order of the form and leads to Stripe's page.
func (v *visit) storeCheckout() error {
	if wait, ok := v.portal.storeOrders.Allow(httpsec.AddressKey(v.gin.Request), time.Now()); !ok {
		httpsec.RetryAfter(v.gin.Writer, wait)
		return remit.Errorf(remit.KindLimited, "rate_limited", "Too many tries. Wait a minute.")
	}
	in, err := v.orderForm()
	if err != nil {
		return v.storeAgain(err)
	}
	from := api.From(v.gin.Request)
	placed, err := v.do.PlaceOrder(v.ctx(), commands.Caller{Address: from.Address, RequestID: from.RequestID}, v.gin.Param("slug"), in)
	if err != nil {
		return v.storeAgain(err)
	}
	v.keepLink(placed.Token)
	if placed.Checkout.URL == "" { // it is paid, or being paid
		return v.goTo(pathPay+"/"+placed.Token, "")
	}
	return v.leave(placed.Checkout.URL)
}

// orderForm reads an order. A field that the form does not have is refused.
func (v *visit) orderForm() (commands.OrderInput, error) {
	in := commands.OrderInput{
		Form: v.typed("key"), Buyer: remit.Buyer{Name: v.typed("name"), Email: v.typed("email"), Delivery: v.typed("delivery")}, Shown: remit.Shown{},
	}
	other := remit.Errorf(remit.KindMalformed, remit.CodeMalformed, "This is not the store's form.")
	for name, values := range v.gin.Request.PostForm {
		if len(values) != 1 {
			return in, other
		}
		if slices.Contains([]string{"key", "name", "email", "delivery"}, name) {
			continue
		}
		field, product, _ := strings.Cut(name, ".")
		id, err := uuid.Parse(product)
		if err != nil || len(product) != 36 {
			return in, other
		}
		text := strings.TrimSpace(values[0])
		switch field + "." {
		case shownField:
			minor, currency, _ := strings.Cut(text, " ")
			price, err := strconv.ParseInt(minor, 10, 64)
			if err != nil {
				return in, other
			}
			in.Shown[id] = money.Of(price, money.Currency(currency))
			continue
		case quantityField:
		default:
			return in, other
		}
		if text == "" {
			continue
		}
		quantity, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return in, wrong("cart", "Enter how many as a number, like 2.")
		}
		in.Items = append(in.Items, remit.CartItem{Product: id, Quantity: int64(quantity)})
	}
	return in, nil
}

// storeAgain shows the store with what is wrong and what was typed. The form keeps its
// key, so that sending it again is the same order, but where that order is over.
func (v *visit) storeAgain(err error) error {
	p, status, mendable := problems(err, "name", "email", "delivery")
	if !mendable || slices.Contains([]remit.Kind{remit.KindLimited, remit.KindMalformed}, remit.AsError(err).Kind) {
		v.failWith(err, true)
		return nil
	}
	view, unseen := v.storeView()
	if unseen != nil {
		return unseen
	}
	if _, bad := uuid.Parse(v.typed("key")); bad == nil && !remit.IsCode(err, remit.CodeNotPayable) {
		view.Key = v.typed("key")
	}
	view.Problems = p
	view.Buyer = remit.Buyer{Name: v.typed("name"), Email: v.typed("email"), Delivery: v.typed("delivery")}
	for name := range v.gin.Request.PostForm {
		if product, is := strings.CutPrefix(name, quantityField); is {
			view.Quantities[product] = v.typed(name)
		}
	}
	return v.show(status, page.StorePage(view))
}

// storePicture is a product's picture. It is what was drawn anew from an upload, and
// still may do nothing but be shown.
func (v *visit) storePicture() error {
	id, err := v.id("product")
	if err != nil {
		return err
	}
	picture, mediaType, err := v.do.StorePicture(v.ctx(), v.gin.Param("slug"), id)
	if err != nil {
		return err
	}
	v.gin.Header("Cache-Control", "public, max-age=3600")
	v.picture(picture, mediaType)
	return nil
}

func (v *visit) picture(picture []byte, mediaType string) {
	v.gin.Header("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	v.gin.Data(http.StatusOK, mediaType, picture)
}
