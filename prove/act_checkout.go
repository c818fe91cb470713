package prove

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// A payer opens a hosted checkout, pays there a while later, and mostly comes
// back.
func writeCheckout(r *rand.Rand, s *Story, a *Act) {
	a.Amount, a.Card, a.Times = partOf(r, s, a), "good", 1+r.IntN(2)
	switch r.IntN(9) {
	case 0:
		a.Card = "broke"
	case 1:
		a.Card = "asks"
	case 2:
		a.Card = "" // leaves the page open
	case 3:
		a.Card = "disputes"
	case 4:
		a.Card = "inquires"
	}
	a.Later = r.IntN(1200)
	a.Quit = r.IntN(3) == 0
}

func doCheckout(ctx context.Context, w *world, a Act) {
	invoice := w.invoices[a.Invoice]
	body := map[string]any{"amount": w.amount(ctx, invoice, a.Amount), "checkout": true}
	got, err := w.payer.insist(ctx, patience, http.MethodPost, "/v1/work-items/"+invoice.item+"/pay", w.key(), body)
	w.answered(a.Kind, got, err)
	if err != nil {
		return
	}
	var opened struct{ Checkout *struct{ URL string } }
	if got.into(&opened) != nil || opened.Checkout == nil {
		return
	}
	w.payThere(ctx, opened.Checkout.URL, a)
}

// payThere types the card on Stripe's page; whoever presses twice sends the form
// twice, and whoever quits does not come back from it.
func (w *world) payThere(ctx context.Context, page string, a Act) {
	if a.Card == "" || !pause(ctx, time.Duration(a.Later)*time.Millisecond) {
		return
	}
	v := newVisitor()
	to := ""
	for range a.Times {
		fill, number := v.typeCard, cards[a.Card]
		if account, bank := banks[a.Card]; bank {
			fill, number = v.typeAccount, account
		}
		led, err := fill(ctx, page, number)
		if err == nil && led != "" {
			to = led
		}
	}
	if to == "" || a.Quit || !strings.HasPrefix(to, w.house.url) {
		return
	}
	back, _, err := v.visit(ctx, to, nil)
	w.answered("back from checkout", back, err)
	form := url.Values{}
	for _, field := range feeFields.FindAllSubmatch(back.raw, -1) {
		form.Set(string(field[1]), string(field[2]))
	}
	if err != nil || !form.Has("surcharge") {
		return
	}
	for range a.Times { // where fees are passed on, he pays only now that he sees his
		paid, _, err := v.visit(ctx, w.house.url+"/pay/return", form)
		w.answered("paid with the fee", paid, err)
	}
}

var feeFields = regexp.MustCompile(`name="(session_id|surcharge)" value="([^"]*)"`)

var linkFields = regexp.MustCompile(`name="(key|owed)" value="([^"]*)"`)

// doLink pays by the public link, which anybody has who got the mail.
func doLink(ctx context.Context, w *world, a Act) {
	link := w.invoices[a.Invoice].link
	if link == "" {
		return
	}
	for n := range a.Times { // a second tab
		v := newVisitor()
		shown, _, err := v.visit(ctx, link, nil)
		w.answered(a.Kind, shown, err)
		if err != nil {
			continue
		}
		form := url.Values{}
		for _, field := range linkFields.FindAllSubmatch(shown.raw, -1) {
			form.Set(string(field[1]), string(field[2]))
		}
		pressed, page, err := v.visit(ctx, link+"/checkout", form)
		w.answered(a.Kind+" press", pressed, err)
		if err != nil || page == "" || !strings.HasPrefix(page, w.house.standin) {
			continue
		}
		if n == 0 || n == a.Times-1 {
			once := a
			once.Times = 1
			w.payThere(ctx, page, once)
		}
	}
}
