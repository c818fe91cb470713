package portal

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"remit"
	"remit/api"
	"remit/api/httpsec"
	"remit/commands"
	"remit/money"
	"remit/portal/page"
)

// Bad tokens that one address may try: a link is 256 bits and is not guessed,
// this keeps whoever tries from being served.
const (
	badLinks       = 30
	badLinksPeriod = time.Minute
)

// cookiePay remembers, below /pay alone, which link a browser paid by: Stripe
// sends people back to an address that never holds it.
const (
	cookiePay = "remit_pay"
	pathPay   = "/pay"
)

func (v *visit) payPath() string { return pathPay + "/" + v.gin.Param("token") }

// publicPage shows an invoice to whoever has its link (U9).
func (v *visit) publicPage() error {
	view, err := v.publicView()
	if err != nil {
		return v.deadLink(err)
	}
	view.Abandoned = v.query("abandoned") != ""
	whole, part := publicly(view)
	if known := v.query("known"); known != "" && v.htmx() {
		return v.news(known, string(view.State), view.Poll == "", part)
	}
	return v.show(http.StatusOK, whole)
}

// publicly is the public page, and the part of it that a poll replaces: an order's in
// words of its own.
func publicly(view publicView) (whole, part templ.Component) {
	if view.order == nil {
		return page.PublicPage(view.Public), page.PublicOutcome(view.Public)
	}
	bought := page.Purchase{Public: view.Public, Order: *view.order}
	return page.PurchasePage(bought), page.PurchaseOutcome(bought)
}

// publicView is what a public page shows.
type publicView struct {
	page.Public

	order *remit.Order
}

func (v *visit) publicView() (publicView, error) {
	if err := v.linksTried(); err != nil {
		return publicView{}, err
	}
	found, err := v.do.PublicInvoice(v.ctx(), v.gin.Param("token"))
	if err != nil {
		return publicView{}, err
	}
	i := found.Invoice
	view := publicView{order: found.Order, Public: page.Public{
		Shell: v.outside(i.Named()), State: found.State, Invoice: i, Zone: found.Zone, At: found.At, Receipts: found.Receipts, Late: found.Late,
		Amount: page.Typed(i.Outstanding, i.Currency), Key: newKey(), Action: v.payPath() + "/checkout", PDF: v.payPath() + "/pdf", Deposits: found.DepositsAt, BankDebits: found.BankDebits,
		AsksToKeep: found.Keeps, // whether it is kept is the payer's to say: nothing is ticked for him
	}}
	view.Width = "payer"
	if found.State == remit.PublicConfirming {
		view.Poll = v.payPath() + "?" + url.Values{"known": {string(found.State)}}.Encode()
		view.Refresh = noScriptRefresh
		view.Closing = found.At != nil && time.Since(*found.At) > time.Minute
	}
	return view, nil
}

// linksTried turns away an address that tried too many links that lead nowhere.
func (v *visit) linksTried() error {
	wait, exhausted := v.portal.badLinks.Exhausted(httpsec.AddressKey(v.gin.Request), time.Now())
	if !exhausted {
		return nil
	}
	httpsec.RetryAfter(v.gin.Writer, wait)
	return remit.Errorf(remit.KindLimited, "rate_limited", "Too many tries. Wait a minute.")
}

// deadLink answers a link that leads nowhere: the same for a wrong one, one that
// was reset, and one whose invoice is not sent.
func (v *visit) deadLink(err error) error {
	if !remit.IsCode(err, remit.CodeNotFound) {
		return err
	}
	v.portal.badLinks.Allow(httpsec.AddressKey(v.gin.Request), time.Now())
	return v.show(http.StatusNotFound, page.DeadLinkPage(v.outside("This link does not work")))
}

// publicCheckout leads whoever has the link to Stripe's page.
func (v *visit) publicCheckout() error {
	view, err := v.publicView()
	if err != nil {
		return v.deadLink(err)
	}
	if !view.State.Payable() { // it changed since the page was shown
		return v.goTo(v.payPath(), "")
	}
	amount, err := v.publicAmount(view)
	if err != nil {
		return v.publicAgain(view, err)
	}
	v.rememberLink()
	in := commands.PublicPayInput{Amount: amount, BankOnly: v.typed("with") == "bank", Keep: v.typed("keep") == page.KeepIt}
	// The key's row holds the invoice, never the link.
	place := formPlace{caller: "link:" + view.Invoice.ID.String(), path: pathPay + "/checkout"}
	leadsTo, err := v.onceAt(place, v.typed("key"), v.typed("amount")+"\n"+v.typed("with")+"\n"+v.typed("keep"), v.payPath(), func(ctx context.Context) (string, bool, error) {
		from := api.From(v.gin.Request)
		checkout, err := v.do.PublicCheckout(ctx, commands.Caller{Address: from.Address, RequestID: from.RequestID}, v.gin.Param("token"), in)
		return checkout.URL, false, err // asked again it leads to the page that is open then
	})
	switch {
	case err != nil:
		return v.publicAgain(view, err)
	case strings.HasPrefix(leadsTo, pathPay):
		return v.goTo(leadsTo, "")
	}
	return v.leave(leadsTo)
}

func (v *visit) publicAmount(view publicView) (int64, error) {
	i := view.Invoice
	owed, err := money.ParseDecimal(v.typed("owed"), money.Currency(i.Currency))
	if err == nil && owed.Minor != i.Outstanding {
		return 0, remit.Conflict(remit.CodeConflict, "%s is owed now. Check and pay again.", page.Money(i.Outstanding, i.Currency))
	}
	switch {
	case !v.gin.Request.PostForm.Has("amount"): // the page offers no other amount than all
		return i.Outstanding, nil
	case v.typed("amount") == "":
		return 0, wrong("amount", "Enter an amount, like "+page.Typed(i.Outstanding, i.Currency)+" for all that is owed.")
	}
	amount, err := money.ParseDecimal(v.typed("amount"), money.Currency(i.Currency))
	if err != nil {
		return 0, wrong("amount", err.Error())
	}
	return amount.Minor, remit.AmountPayable(i, amount.Minor)
}

// publicAgain shows the page with what is wrong and what was typed.
func (v *visit) publicAgain(view publicView, err error) error {
	p, status, mendable := problems(err, "amount")
	if !mendable || remit.AsError(err).Kind == remit.KindLimited {
		v.failWith(err, true)
		return nil
	}
	if again, err := v.publicView(); err == nil {
		view = again
	}
	view.Problems = p
	view.Keep = view.AsksToKeep && v.typed("keep") == page.KeepIt
	if v.gin.Request.PostForm.Has("amount") && status != http.StatusConflict {
		view.Amount = v.typed("amount")
	}
	whole, _ := publicly(view)
	return v.show(status, whole)
}

// rememberLink keeps the link for the way back, in this browser and until it is
// closed.
func (v *visit) rememberLink() { v.keepLink(v.gin.Param("token")) }

func (v *visit) keepLink(token string) {
	http.SetCookie(v.gin.Writer, &http.Cookie{ //nolint:gosec // Secure wherever there is TLS; on loopback there is none
		Name: cookiePay, Value: token, Path: pathPay, HttpOnly: true, Secure: httpsec.Secure(v.ctx()), SameSite: http.SameSiteLaxMode,
	})
}

// rememberedLink is the path of the link this browser paid by, or "".
func (v *visit) rememberedLink() string {
	token := cookieOf(v.gin.Request, cookiePay)
	if token == "" || strings.ContainsAny(token, "/?#\\") {
		return ""
	}
	return pathPay + "/" + token
}
