package sandbox

import (
	"bytes"
	"container/heap"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/stripe/stripe-go/v79/webhook"
)

// The states of a delivery.
const (
	deliveryPending = "pending"   // to be sent, for the first time or again
	deliveryDone    = "delivered" // answered 2xx
	deliveryFailed  = "failed"    // given up after three days
	deliveryDropped = "dropped"   // lost on demand, never sent
	deliveryVoid    = "void"      // the endpoint is gone or disabled
)

// delivery is one event on its way to one endpoint. It is written with the
// event, so that a restart continues it.
type delivery struct {
	ID         string `json:"id"`
	Created    int64  `json:"created"`
	Event      string `json:"event"`
	EventType  string `json:"event_type"`
	Endpoint   string `json:"endpoint"`
	URL        string `json:"url"`
	State      string `json:"state"`
	Doubled    bool   `json:"doubled,omitempty"` // a second one on demand
	Attempts   int    `json:"attempts"`
	NextAt     int64  `json:"next_at"`     // account's clock, Unix nanoseconds
	LastStatus int    `json:"last_status"` // HTTP; 0: no answer
	LastError  string `json:"last_error,omitempty"`
	Platform   string `json:"platform,omitempty"` // whose endpoint it is, "" for the account's own
}

var deliveries = register(&kind{name: "_delivery", fresh: func() object { return &delivery{} }})

func (*delivery) kind() *kind   { return deliveries }
func (d *delivery) key() string { return d.ID }
func (d *delivery) born() int64 { return d.Created }
func (d *delivery) hidden() any { return nil }
func (d *delivery) listedBy() []string {
	return []string{"event:" + d.Event}
}

// outbox is what of an account waits to be sent, and the worker's bell.
type outbox struct {
	waiting agenda
	busy    int // being sent
	wake    chan struct{}
}

// maxSending is how many deliveries of an account are under way at once.
const maxSending = 16

func init() {
	deliveries.applied = func(w *world, was, is object) {
		if d, ok := is.(*delivery); ok && d.State == deliveryPending {
			heap.Push(&w.outbox.waiting, due{d.NextAt, d.ID})
		}
	}
}

func deliveryClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: maxSending, IdleConnTimeout: 30 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a 3xx is a failed delivery
		},
	}
}

// deliverLater puts a delivery of the event to every endpoint that wants it: the
// account's own, and those that its platforms have for connected accounts.
func (t *tx) deliverLater(e *event) {
	for _, o := range t.table(webhookEndpoints).all("") {
		if to := o.(*webhookEndpoint); to.wants(e.Type) && !to.Kept.Connect {
			t.deliverTo(e, to, "")
		}
	}
	if a, ok := get[account](t, t.world.id); ok {
		for _, platform := range a.Kept.Platforms {
			t.deliverToPlatform(e, platform)
		}
	}
}

// deliverToPlatform puts a delivery to each of a platform's endpoints for
// connected accounts that wants the event. It is this account's: it goes by its
// clock and its faults.
func (t *tx) deliverToPlatform(e *event, platform string) {
	for _, to := range t.server.directory.hooksOf(platform) {
		if to.wants(e.Type) {
			t.deliverTo(e, to, platform)
		}
	}
}

func (t *tx) deliverTo(e *event, to *webhookEndpoint, platform string) {
	fate := t.faults.fate()
	d := &delivery{
		ID: newID("whd"), Created: t.seconds(), Event: e.ID, EventType: e.Type,
		Endpoint: to.ID, URL: to.URL, State: deliveryPending, Platform: platform,
		NextAt: t.at.Add(fate.delay).UnixNano(),
	}
	if fate.dropped {
		d.State = deliveryDropped
	}
	t.put(d)
	if fate.doubled {
		again := *d
		again.ID, again.Doubled = newID("whd"), true
		t.put(&again)
	}
}

// work is the account's background: it runs jobs and sends deliveries when
// they are due on the account's clock.
func (w *world) work(ctx context.Context) {
	for ctx.Err() == nil {
		w.mu.Lock()
		now := w.now()
		w.runDue(now)
		ready := w.takeDeliveries(now)
		sleep := w.untilNext(now)
		w.mu.Unlock()
		position := w.carryErrands()
		if len(ready) > 0 && w.server.journal.wait(position) != nil {
			return
		}
		for _, id := range ready {
			w.server.running.Go(func() {
				w.deliver(ctx, id)
			})
		}
		timer := time.NewTimer(sleep)
		select {
		case <-ctx.Done():
		case <-w.outbox.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// takeDeliveries takes what is due off the outbox, as far as there is room.
func (w *world) takeDeliveries(now time.Time) (ready []string) {
	o := &w.outbox
	for len(o.waiting) > 0 && o.waiting[0].at <= now.UnixNano() && o.busy < maxSending {
		next := heap.Pop(&o.waiting).(due)
		d, ok := w.table(deliveries).get(next.id).(*delivery)
		if !ok || d.State != deliveryPending || d.NextAt != next.at {
			continue
		}
		o.busy++
		ready = append(ready, next.id)
	}
	return ready
}

// untilNext is how long nothing falls due, an hour at most.
func (w *world) untilNext(now time.Time) time.Duration {
	wait := time.Hour
	if len(w.agenda) > 0 {
		wait = min(wait, time.Unix(0, w.agenda[0].at).Sub(now))
	}
	if len(w.outbox.waiting) > 0 && w.outbox.busy < maxSending {
		wait = min(wait, time.Unix(0, w.outbox.waiting[0].at).Sub(now))
	}
	return max(wait, time.Millisecond)
}

// deliver sends one delivery and books how it went.
func (w *world) deliver(ctx context.Context, id string) {
	w.mu.Lock()
	t := w.begin()
	d := must[delivery](t, id)
	to, ok := get[webhookEndpoint](t, d.Endpoint)
	if d.Platform != "" {
		to = w.server.directory.hook(d.Platform, d.Endpoint)
		ok = to != nil
	}
	payload := encode(t.eventFor(must[event](t, d.Event), d.Platform))
	timeout := t.settings().webhookTimeout()
	w.mu.Unlock()

	var status int
	var err error
	if ok && to.Status == "enabled" {
		status, err = w.server.send(ctx, to.URL, payload, to.Kept.Secret, timeout)
	}
	if ctx.Err() != nil {
		return // the attempt is made again after the restart
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	w.outbox.busy--
	t = w.begin()
	d = must[delivery](t, id)
	if !ok || to.Status != "enabled" {
		d.State = deliveryVoid
	} else {
		d.book(t, status, err)
	}
	t.put(d)
	t.commit(nil)
}

// book records an attempt and, if it failed, when the next one is.
func (d *delivery) book(t *tx, status int, err error) {
	d.Attempts++
	d.LastStatus, d.LastError = status, ""
	if err != nil {
		d.LastError = err.Error()
	}
	if err == nil && status >= 200 && status < 300 {
		d.State = deliveryDone
		return
	}
	next := t.at.Add(t.settings().retryAfter(d.Attempts))
	if next.Sub(time.Unix(d.Created, 0)) > deliveryLife {
		d.State = deliveryFailed
		return
	}
	d.NextAt = next.UnixNano()
}

// send posts a signed payload. The signature carries the real time, since the
// receiver compares it with his own clock.
func (s *Server) send(ctx context.Context, url string, payload []byte, secret string, timeout time.Duration) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(payload))
	if err != nil {
		return 0, err
	}
	now := s.now()
	signature := webhook.ComputeSignature(now, payload, secret)
	r.Header.Set("Stripe-Signature", fmt.Sprintf("t=%d,v1=%x", now.Unix(), signature))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Header.Set("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
	resp, err := s.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // the status is all that counts
	return resp.StatusCode, nil
}
