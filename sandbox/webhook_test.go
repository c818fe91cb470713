package sandbox_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v79"
	"github.com/stripe/stripe-go/v79/webhook"

	"remit/sandbox"
)

// receiver is an endpoint that checks signatures with the SDK.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	secret string
	status []int // to answer, one after the other, then 200
	events []stripe.Event
	calls  int
	bad    []error
}

func receive(t testing.TB) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.calls++
		event, err := webhook.ConstructEvent(body, req.Header.Get("Stripe-Signature"), r.secret)
		if err != nil {
			r.bad = append(r.bad, err)
		}
		if len(r.status) > 0 {
			w.WriteHeader(r.status[0])
			r.status = r.status[1:]
			return
		}
		r.events = append(r.events, event)
	}))
	t.Cleanup(r.Close)
	return r
}

// types are the accepted events' types, in order of arrival.
func (r *receiver) types() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var types []string
	for _, e := range r.events {
		types = append(types, string(e.Type))
	}
	return types
}

func (r *receiver) count() int { return len(r.types()) }

// subscribe sends the account's events of the types to the receiver.
func (s *stand) subscribe(r *receiver, types ...string) *stripe.WebhookEndpoint {
	s.t.Helper()
	e, err := s.WebhookEndpoints.New(&stripe.WebhookEndpointParams{
		URL: &r.URL, EnabledEvents: stripe.StringSlice(types), APIVersion: stripe.String(sandbox.APIVersion),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	r.mu.Lock()
	r.secret = e.Secret
	r.mu.Unlock()
	return e
}

// A payment's events arrive signed, filtered by type, and say what the API says.
func TestEventsAreDelivered(t *testing.T) {
	s, r := open(t), receive(t)
	e := s.subscribe(r, "payment_intent.succeeded", "charge.succeeded", "charge.failed")
	if e.Secret == "" {
		t.Fatal("no secret at creation")
	}
	if again, err := s.WebhookEndpoints.Get(e.ID, nil); err != nil || again.Secret != "" {
		t.Error("the secret is shown twice")
	}
	pi := s.pay("pm_card_visa")
	eventually(t, "two events", func() bool { return r.count() == 2 })
	types := r.types()
	slices.Sort(types)
	if !slices.Equal(types, []string{"charge.succeeded", "payment_intent.succeeded"}) {
		t.Error(types)
	}
	if len(r.bad) > 0 {
		t.Error(r.bad)
	}
	for _, got := range r.events {
		if got.Type == "payment_intent.succeeded" && got.GetObjectValue("id") != pi.ID {
			t.Error("another intent:", got.GetObjectValue("id"))
		}
		if got.Request == nil || got.Request.ID != pi.LastResponse.RequestID {
			t.Error("the event does not name its request")
		}
	}
	eventually(t, "nothing pending", func() bool {
		list := s.Events.List(&stripe.EventListParams{Type: stripe.String("payment_intent.succeeded")})
		return list.Next() && list.Event().PendingWebhooks == 0
	})
}

// What an endpoint does not answer with 2xx comes again, on the account's
// clock, and the books tell how often it was tried.
func TestFailedDeliveryIsRetried(t *testing.T) {
	s, r := open(t), receive(t)
	r.status = []int{500, 302, 404}
	s.control("POST", "/_sandbox/settings", map[string]any{"webhook_retry_ms": []int{1, 1, 3_600_000}}, nil)
	s.subscribe(r, "customer.created")
	s.customer()
	eventually(t, "three failed attempts", func() bool { return s.delivery().Attempts == 3 })
	if d := s.delivery(); d.State != "pending" || d.LastStatus != 404 {
		t.Errorf("%+v", d)
	}
	s.advance(1)
	eventually(t, "delivered", func() bool { return s.delivery().State == "delivered" })
	if r.count() != 1 {
		t.Error(r.types())
	}
}

// After three days of the account's clock an endpoint is given up.
func TestDeliveryIsGivenUp(t *testing.T) {
	s, r := open(t), receive(t)
	r.status = slices.Repeat([]int{500}, 10)
	s.control("POST", "/_sandbox/settings", map[string]any{"webhook_retry_ms": []int{36 * 3_600_000}}, nil)
	s.subscribe(r, "*")
	s.customer()
	eventually(t, "one attempt", func() bool { return s.delivery().Attempts == 1 })
	s.advance(2)
	eventually(t, "given up", func() bool { return s.delivery().State == "failed" })
}

type bookedDelivery struct {
	State      string `json:"state"`
	EventType  string `json:"event_type"`
	Event      string `json:"event"`
	Attempts   int    `json:"attempts"`
	LastStatus int    `json:"last_status"`
}

func (s *stand) deliveries() []bookedDelivery {
	var books struct {
		Deliveries []bookedDelivery `json:"deliveries"`
	}
	s.control("GET", "/_sandbox/books?kind=deliveries", nil, &books)
	return books.Deliveries
}

func (s *stand) delivery() bookedDelivery {
	if all := s.deliveries(); len(all) > 0 {
		return all[0]
	}
	return bookedDelivery{}
}

// A delivery that was not made before a restart is made after it.
func TestDeliverySurvivesRestart(t *testing.T) {
	s, r := open(t), receive(t)
	r.status = []int{503}
	s.control("POST", "/_sandbox/settings", map[string]any{"webhook_retry_ms": []int{3_600_000}}, nil)
	s.subscribe(r, "*")
	s.customer()
	eventually(t, "one attempt", func() bool { return s.delivery().Attempts == 1 })
	s = s.reopen()
	if n := r.count(); n != 0 {
		t.Fatal("delivered before its time")
	}
	s.advance(1)
	eventually(t, "delivered", func() bool { return r.count() == 1 })
}

// On demand events are lost for good, doubled, and can be sent again by hand.
func TestWebhookFaults(t *testing.T) {
	s, r := open(t), receive(t)
	s.subscribe(r, "customer.created")
	s.faults(sandbox.FaultSpec{Webhooks: &sandbox.WebhookFaults{Drop: 1}})
	s.customer()
	if d := s.delivery(); d.State != "dropped" {
		t.Fatalf("%+v", d)
	}
	s.faults(sandbox.FaultSpec{Webhooks: &sandbox.WebhookFaults{Double: 1}})
	s.customer()
	eventually(t, "both copies", func() bool { return r.count() == 2 })
	if r.events[0].ID != r.events[1].ID {
		t.Error("a double has another id")
	}
	if s.control("DELETE", "/_sandbox/faults", nil, nil) != 200 {
		t.Fatal("faults stay")
	}
	if status := s.control("POST", "/_sandbox/events/"+s.delivery().Event+"/resend", nil, nil); status != 200 {
		t.Fatal(status)
	}
	eventually(t, "the lost one", func() bool { return r.count() == 3 })
}

// With reorder, events overtake one another, the same way for the same seed.
func TestWebhooksAreReordered(t *testing.T) {
	s, r := open(t), receive(t)
	s.subscribe(r, "customer.created")
	s.faults(sandbox.FaultSpec{Webhooks: &sandbox.WebhookFaults{Reorder: true, DelayMS: 300, Seed: 3}})
	var sent []string
	for range 12 {
		sent = append(sent, s.customer())
	}
	eventually(t, "all of them", func() bool { return r.count() == len(sent) })
	var got []string
	for _, e := range r.events {
		got = append(got, e.GetObjectValue("id"))
	}
	if slices.Equal(got, sent) {
		t.Error("in order")
	}
	slices.Sort(got)
	slices.Sort(sent)
	if !slices.Equal(got, sent) {
		t.Error("not the same events")
	}
}

// The signature carries real time, so that an account whose clock is a year
// ahead still delivers what a receiver accepts.
func TestSignatureIsOnRealTime(t *testing.T) {
	s, r := open(t), receive(t)
	s.advance(365)
	s.subscribe(r, "*")
	s.customer()
	eventually(t, "delivered", func() bool { return r.count() == 1 })
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.bad) > 0 {
		t.Error(r.bad)
	}
	if created := time.Unix(r.events[0].Created, 0); time.Until(created) < 300*24*time.Hour {
		t.Error("the event is not on the account's clock:", created)
	}
}
