package prove

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// goods are what a world's store sells, by how many there are of each in its story:
// few enough that they run out, and of one as many as are wanted.
var goods = []struct {
	name  string
	price int64
}{{"Fork", 2500}, {"Spade", 1999}, {"Seeds", 350}}

// shelf is a product of the world's.
type shelf struct {
	id    string
	stock int64 // -1: as many as are wanted
}

// openStore opens the world's store, where the story has one.
func (w *world) openStore(ctx context.Context) error {
	for n, stock := range w.story.Stock {
		product := map[string]any{"organisation": w.top, "name": goods[n].name, "price": goods[n].price}
		if stock >= 0 {
			product["stock"] = stock
		}
		var made struct{ ID string }
		if err := w.admin.must(ctx, http.MethodPost, "/v1/products", product, &made); err != nil {
			return err
		}
		w.shelves = append(w.shelves, shelf{made.ID, stock})
	}
	if len(w.shelves) == 0 {
		return nil
	}
	return w.admin.must(ctx, http.MethodPut, "/v1/settings/store?organisation="+url.QueryEscape(w.top), map[string]any{"slug": w.slug(), "open": true}, nil)
}

func (w *world) slug() string { return strings.TrimPrefix(w.top, "/") }

// A stranger orders in the store, one thing or several (Invoice is which), and pays on
// Stripe's page, by card or from a bank account, or leaves it.
func writeOrder(r *rand.Rand, _ *Story, a *Act) {
	a.Times = 1 + r.IntN(2)
	a.Amount = 1 + int64(r.IntN(2)) // of the first thing
	a.Card = []string{"good", "good", "good", "bank", "bank", "bank-broke", "bank-returns", "broke", "asks", "disputes", "", ""}[r.IntN(12)]
	a.Later = r.IntN(900)
	a.Quit = r.IntN(3) == 0
}

var strangers atomic.Int32

// newStranger is a browser at an address of its own: a store takes so many orders an
// hour from one, and all the worlds would come from the same.
func newStranger() *visitor {
	v, n := newVisitor(), strangers.Add(1)
	from := &net.TCPAddr{IP: net.IPv4(127, 1, byte(n>>8&0xff), byte(n&0xff))}
	v.http.Transport = &http.Transport{DialContext: (&net.Dialer{LocalAddr: from, Timeout: 5 * time.Second}).DialContext, DisableKeepAlives: true}
	return v
}

func doOrder(ctx context.Context, w *world, a Act) {
	if len(w.shelves) == 0 {
		return
	}
	v, store := newStranger(), w.house.url+"/store/"+w.slug()
	shown, _, err := v.visit(ctx, store, nil)
	w.answered(a.Kind+" looks", shown, err)
	key := linkFields.FindSubmatch(shown.raw)
	if err != nil || key == nil {
		return
	}
	form := url.Values{"key": {string(key[2])}, "name": {"A Stranger"}, "email": {"stranger@example.test"}, "delivery": {"1 Main St, Boston"}}
	form.Set("q."+w.shelves[a.Invoice%len(w.shelves)].id, strconv.FormatInt(max(a.Amount, 1), 10))
	if a.Invoice%3 == 1 {
		form.Set("q."+w.shelves[(a.Invoice+1)%len(w.shelves)].id, "1")
	}
	pages := make([]string, a.Times)
	var pressing sync.WaitGroup
	for n := range a.Times { // who presses twice sends the same form
		pressing.Go(func() {
			for range 3 { // where the page says that it did not work he presses again
				sent, page, err := v.visit(ctx, store+"/checkout", form)
				w.answered(a.Kind, sent, err)
				if err == nil && strings.HasPrefix(page, w.house.standin) {
					pages[n] = page
				}
				if err == nil && sent.status < http.StatusConflict || sent.status == http.StatusUnprocessableEntity || !pause(ctx, 700*time.Millisecond) {
					return
				}
			}
		})
	}
	pressing.Wait()
	for _, page := range pages {
		if page != "" {
			once := a
			once.Times = 1
			w.payThere(ctx, page, once)
			return
		}
	}
}

// orders are what was ordered.
func (w *world) orders(ctx context.Context) (ids []string, states []string) {
	var list struct {
		Data []struct{ ID, State string }
	}
	got, err := w.admin.insist(ctx, patience, http.MethodGet, "/v1/orders?limit=100&organisation="+url.QueryEscape(w.top), "", nil)
	if err != nil || got.into(&list) != nil {
		return nil, nil
	}
	for _, o := range list.Data {
		ids, states = append(ids, o.ID), append(states, o.State)
	}
	return ids, states
}

// Somebody sends all that was ordered, also what is not paid, or not yet: that has to
// be refused.
func doFulfil(ctx context.Context, w *world, a Act) {
	ids, states := w.orders(ctx)
	for n, id := range ids {
		if states[n] == "fulfilled" || states[n] == "cancelled" {
			continue
		}
		got, err := w.admin.insist(ctx, patience, http.MethodPost, "/v1/orders/"+id+"/fulfil", w.key(), nil)
		w.answered(fmt.Sprintf("%s %s", a.Kind, states[n]), got, err)
		if err != nil || got.status != http.StatusOK {
			continue
		}
		b, err := w.books(ctx)
		if err != nil {
			continue
		}
		if brought := b.broughtIn(id); len(brought) == 0 {
			w.mutex.Lock()
			w.sentUnpaid = append(w.sentUnpaid, id)
			w.mutex.Unlock()
		}
	}
}

// broughtIn are the charges of an invoice that succeeded, whatever became of them
// afterwards.
func (b books) broughtIn(invoice string) (ids []string) {
	of := map[string]bool{}
	for _, in := range b.Intents {
		of[in.ID] = in.Metadata.Invoice == invoice
	}
	for _, c := range b.Charges {
		if of[c.Intent] && c.captured() > 0 {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// An order is paid back, sent or not, while somebody may be sending it.
func doGiveBack(ctx context.Context, w *world, a Act) {
	if ids, _ := w.orders(ctx); len(ids) > 0 {
		w.refundOf(ctx, ids[a.Invoice%len(ids)], a)
	}
}
