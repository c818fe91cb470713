package prove

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"remit/secrets"
)

// An administrator disconnects the account in the middle of everything, in good order
// or by force; or access is taken away at Stripe, by its owner or by ending the key.
// The same account is connected again a while later, twice now and then or while it
// is still being disconnected, or in the morning.
func writeDisconnect(r *rand.Rand, _ *Story, a *Act) {
	a.Choice = []string{"", "", "force", "revoke"}[r.IntN(4)]
	a.Later = r.IntN(3000)
	if r.IntN(3) == 0 {
		a.Later = r.IntN(100)
	}
	a.Times = 1 + r.IntN(2)
	a.Leave = r.IntN(4) == 0
}

// accessTold is what a story did to the world's access to its account.
type accessTold struct {
	sync.Mutex
	key  secrets.Secret // that Remit was given, where it is connected by keys
	away bool           // it is to be connected again
	open *cut           // given up, and not connected again yet
	cuts []cut
}

// cut is a time in which access to the account was given up, as was seen from outside.
type cut struct {
	from, until time.Time // on the organisation's clock
	orderly     bool      // nothing was to be on its way any more
	before      []string  // charges there were
	charged     []string  // charges that came meanwhile
}

func doDisconnect(ctx context.Context, w *world, a Act) {
	w.access.Lock()
	defer w.access.Unlock()
	if w.access.away {
		return
	}
	w.access.away = true
	var got answer
	var err error
	switch {
	case a.Choice == "revoke" && w.story.Mode == byStandard:
		got, err = w.account.insist(ctx, patience, http.MethodPost, "/_sandbox/account", "", map[string]any{"deauthorize": true})
	case a.Choice == "revoke" && w.story.Mode == byKeys:
		got, err = w.account.insist(ctx, patience, http.MethodPost, "/_sandbox/keys", "", map[string]any{"revoke": w.access.key.Reveal()})
		w.rollKey()
	case a.Choice == "force":
		got, err = w.admin.insist(ctx, patience, http.MethodDelete, "/v1/stripe/connection?force=true", "", nil)
	default:
		got, err = w.admin.insist(ctx, patience, http.MethodDelete, "/v1/stripe/connection", "", nil)
	}
	w.answered(a.Kind+" "+a.Choice, got, err)
	for waited := 0; ; waited += 250 {
		w.watchCut(ctx, a.Choice == "")
		if waited >= a.Later || !pause(ctx, time.Duration(min(250, a.Later-waited))*time.Millisecond) {
			break
		}
	}
	if a.Leave {
		return
	}
	for range a.Times {
		w.reconnect(ctx)
	}
}

// watchCut notes since when access is given up, once it is.
func (w *world) watchCut(ctx context.Context, orderly bool) {
	if w.access.open != nil {
		return
	}
	live, err := column[string](ctx, w, "select status from connections where tenant = $1 and disconnected_at is null")
	if err != nil || len(live) > 0 {
		return
	}
	c := cut{orderly: orderly}
	if c.from, err = w.now(ctx); err != nil {
		return
	}
	if c.before, err = w.chargesMade(ctx); err == nil {
		w.access.open = &c
	}
}

// reconnect connects the account again.
func (w *world) reconnect(ctx context.Context) {
	if c := w.access.open; c != nil {
		var err error
		if c.until, err = w.now(ctx); err != nil {
			return
		}
		after, err := w.chargesMade(ctx)
		if err != nil {
			return
		}
		c.charged = slices.DeleteFunc(after, func(id string) bool { return slices.Contains(c.before, id) })
		w.access.cuts, w.access.open = append(w.access.cuts, *c), nil
	}
	if w.connectOnce(ctx) == nil {
		w.access.away = false
	}
}

// chargesMade are the charges that took money, or are taking it.
func (w *world) chargesMade(ctx context.Context) (ids []string, err error) {
	b, err := w.books(ctx)
	for _, c := range b.Charges {
		if c.Status != "failed" {
			ids = append(ids, c.ID)
		}
	}
	return ids, err
}

// morning undoes what was left over night: a restriction, and a disconnection.
func (w *world) morning(ctx context.Context) {
	w.mutex.Lock()
	restricted := w.restricted
	w.mutex.Unlock()
	if restricted {
		w.clear(ctx)
	}
	w.access.Lock()
	defer w.access.Unlock()
	if w.access.away {
		w.reconnect(ctx)
	}
}

// mend connects the account again where it is not, or is being disconnected.
func (w *world) mend(ctx context.Context) {
	fine, err := column[string](ctx, w, "select status from connections where tenant = $1 and disconnected_at is null and disconnecting_since is null and keys_refused is null")
	if err == nil && len(fine) == 0 {
		w.access.Lock()
		w.access.away = true
		w.access.Unlock()
	}
	w.morning(ctx)
}
