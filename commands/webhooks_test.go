package commands

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"remit"
	"remit/outbound"
	"remit/postgres"
	"remit/secrets"
	"remit/webhooks"
)

// receiver is somebody's webhook endpoint, and what it was sent.
type receiver struct {
	url  string
	mu   sync.Mutex
	got  []received
	says int // what it answers
}

type received struct {
	header http.Header
	body   string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{says: http.StatusNoContent}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, received{request.Header, string(body)})
		w.WriteHeader(r.says)
	}))
	t.Cleanup(server.Close)
	r.url = server.URL + "/hook"
	return r
}

func (r *receiver) answers(status int) { r.mu.Lock(); defer r.mu.Unlock(); r.says = status }

func (r *receiver) all() []received { r.mu.Lock(); defer r.mu.Unlock(); return slices.Clone(r.got) }

// post is a deliverer over the house's clock that may reach this machine.
func (h *house) post() *webhooks.Deliverer {
	h.Outbound = outbound.NewGuard(outbound.Options{Loopback: true})
	return &webhooks.Deliverer{DB: h.DB, Secrets: h.Secrets, Guard: h.Outbound, Logger: h.Logger, Now: h.Now}
}

// endpoint adds one, which is told of invoices that are sent unless it says what
// it wants.
func (h *house) endpoint(owner Caller, in WebhookInput) NewWebhook {
	h.t.Helper()
	if in.Events == nil {
		in.Events = []string{"invoice.sent"}
	}
	made, err := h.AddWebhookEndpoint(h.t.Context(), owner, Given(in))
	if err != nil {
		h.t.Fatal(err)
	}
	return made
}

func (h *house) round(d *webhooks.Deliverer) {
	h.t.Helper()
	if err := d.Round(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) events(caller Caller) []remit.Event {
	h.t.Helper()
	list, err := h.Events(h.t.Context(), caller, "", Page{})
	if err != nil {
		h.t.Fatal(err)
	}
	return list.Items
}

// Protects receivers from what hyperswitch#3408 and #9278 did to theirs: that a
// delivery failed once, or was given up, does not keep it from being sent again,
// and what is sent is the state as committed with its number, signed, the same
// each time.
func TestFailure20EventIsSentAgainAfterAFailure(t *testing.T) {
	h, owner := openHouse(t)
	d, there := h.post(), newReceiver(t)
	endpoint := h.endpoint(owner, WebhookInput{URL: there.url})
	invoice := h.billed(owner, "INV-1", "ap@acme.example", 120000)
	h.send(owner, invoice)
	rolledBack := h.DB.InTenant(t.Context(), owner.Tenants[0].Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(t.Context(), invoice)
		if err != nil {
			return err
		}
		if err := tx.SaveInvoice(t.Context(), l, h.Now(), remit.TimelineEntry{Kind: "sent", Actor: remit.System}); err != nil {
			return err
		}
		return context.Canceled // so that nothing of it is committed
	})
	if rolledBack == nil {
		t.Fatal("it was committed")
	}
	there.answers(http.StatusInternalServerError)
	h.round(d)
	h.round(d) // nothing is due yet
	first := there.all()
	if len(first) != 1 {
		t.Fatalf("%d deliveries at first, want the one of the invoice that was sent", len(first))
	}
	if e := h.events(owner); len(e) != 1 || e[0].Deliveries[0].State != remit.DeliveryFailed || e[0].Deliveries[0].Status != 500 || e[0].Deliveries[0].NextAt == nil {
		t.Errorf("after a failure: %+v", e)
	}

	h.clock.forward(5 * time.Second)
	h.round(d)
	if n := len(there.all()); n != 2 {
		t.Errorf("%d deliveries after the first wait, want 2", n)
	}
	for range 7 { // the rest of the ladder
		h.clock.forward(25 * time.Hour)
		h.endure(owner, endpoint.ID)
		h.round(d)
	}
	if e := h.events(owner)[0].Deliveries[0]; e.State != remit.DeliveryGivenUp || e.NextAt != nil {
		t.Fatalf("at the end of the ladder: %+v", e)
	}
	event := h.events(owner)[0]
	there.answers(http.StatusOK)
	for range 2 { // given up, then delivered: neither stands in the way
		if _, err := h.ResendEvent(t.Context(), owner, event.ID); err != nil {
			t.Fatal(err)
		}
		h.round(d)
		if e := h.events(owner)[0].Deliveries[0]; e.State != remit.DeliveryDelivered || e.Status != 200 || e.Error != "" || e.DeliveredAt == nil {
			t.Errorf("sent again: %+v", e)
		}
	}

	all := there.all()
	if len(all) != 11 {
		t.Errorf("%d deliveries, want 9 that failed and 2 that arrived", len(all))
	}
	for _, each := range all {
		if each.body != all[0].body || each.header.Get("Webhook-Id") != event.ID.String() {
			t.Errorf("a try differs: %v %s", each.header, each.body)
		}
		verifies(t, endpoint.Secret, each)
	}
	var sent struct {
		Seq     int64
		Type    string
		Invoice remit.EventInvoice
	}
	if err := json.Unmarshal([]byte(all[0].body), &sent); err != nil {
		t.Fatal(err)
	}
	if sent.Seq != 1 || sent.Type != "invoice.sent" || sent.Invoice.ID != invoice || sent.Invoice.Status != remit.InvoiceOpen || sent.Invoice.Outstanding != 120000 {
		t.Errorf("what was sent is not what was committed: %s", all[0].body)
	}
	if strings.Contains(all[0].body, "acme") || strings.Contains(all[0].body, "Customer of") {
		t.Errorf("what was sent names a person: %s", all[0].body)
	}
}

// endure forgets that an endpoint fails, so that the ladder can be climbed to
// its end by one that would be disabled before.
func (h *house) endure(owner Caller, endpoint uuid.UUID) {
	h.exec("update webhook_endpoints set failing_since = null where tenant = $1 and id = $2", owner.Tenants[0].Tenant, endpoint)
}

// verifies is what a receiver does, by the scheme's own library. The clock is the
// house's, so the time is held to what was signed alone.
func verifies(t *testing.T, secret secrets.Secret, r received) {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.VerifyIgnoringTimestamp([]byte(r.body), r.header); err != nil {
		t.Errorf("the signature does not verify: %v", err)
	}
	if err := verifier.VerifyIgnoringTimestamp([]byte(r.body+" "), r.header); err == nil {
		t.Error("a changed body verifies")
	}
}

// Protects events from a process that dies while it sends one: another takes it
// up once the time of the first is over, and what the first then says does not
// count; the receiver has the event by the same id.
func TestADyingProcessLosesNoEvent(t *testing.T) {
	h, owner := openHouse(t)
	d, there := h.post(), newReceiver(t)
	endpoint := h.endpoint(owner, WebhookInput{URL: there.url})
	h.send(owner, h.billed(owner, "INV-1", "", 5000))
	var claim *postgres.Claim
	h.in(owner, func(tx *postgres.Tx) error { return tx.NumberEvents(t.Context(), h.Now()) })
	h.in(owner, func(tx *postgres.Tx) (err error) { // and the process that did so is gone
		claim, err = tx.ClaimDelivery(t.Context(), endpoint.ID, h.Now(), h.Now().Add(remit.DeliveryLease))
		return err
	})
	if claim == nil || claim.Event.Seq != 1 {
		t.Fatalf("claimed %+v", claim)
	}
	h.round(d)
	if n := len(there.all()); n != 0 {
		t.Errorf("%d deliveries beside one that is under way", n)
	}
	h.clock.forward(remit.DeliveryLease)
	h.round(d)
	if got := there.all(); len(got) != 1 || got[0].header.Get("Webhook-Id") != claim.Event.ID.String() {
		t.Fatalf("got %+v", got)
	}
	h.in(owner, func(tx *postgres.Tx) error {
		ours, err := tx.SaveDelivery(t.Context(), claim, claim.Delivery.After(remit.Answered{Status: 500}, h.Now()))
		if ours {
			t.Error("the answer of a process that lost its turn counts")
		}
		return err
	})
	if e := h.events(owner)[0].Deliveries[0]; e.State != remit.DeliveryDelivered {
		t.Errorf("in the end: %+v", e)
	}
}

// Protects organisations from each other, and endpoints from what they did not
// ask for: an endpoint is told of its path and below, of its types, and of what
// came after it; nobody sees, resends or removes another's; who has no endpoint
// has no events.
func TestEventsGoWhereTheyAreWanted(t *testing.T) {
	h, owner := openHouse(t)
	d := h.post()
	ctx, all, branch, picky, theirs := t.Context(), newReceiver(t), newReceiver(t), newReceiver(t), newReceiver(t)
	other := h.founder("/other", "otto@example.com")
	h.send(owner, h.billed(owner, "INV-0", "", 5000)) // nobody wanted to know
	if n := h.number("select count(*) from events"); n != 0 {
		t.Errorf("%d events without an endpoint", n)
	}
	top := h.endpoint(owner, WebhookInput{URL: all.url})
	h.endpoint(owner, WebhookInput{Organisation: "/dev/Branch A", URL: branch.url})
	h.endpoint(owner, WebhookInput{URL: picky.url, Events: []string{"invoice.voided"}})
	h.endpoint(other, WebhookInput{URL: theirs.url})
	h.send(owner, h.billed(owner, "INV-1", "", 5000))
	h.round(d)
	if len(all.all()) != 1 || len(branch.all())+len(picky.all())+len(theirs.all()) != 0 {
		t.Errorf("top %d, branch %d, picky %d, other %d", len(all.all()), len(branch.all()), len(picky.all()), len(theirs.all()))
	}
	event := h.events(owner)[0]
	if got := h.events(other); len(got) != 0 {
		t.Errorf("the other organisation sees %+v", got)
	}
	if _, err := h.ResendEvent(ctx, other, event.ID); !remit.IsCode(err, remit.CodeNotFound) {
		t.Errorf("another's event: %v", err)
	}
	if err := h.RemoveWebhookEndpoint(ctx, other, top.ID); !remit.IsCode(err, remit.CodeNotFound) {
		t.Errorf("another's endpoint: %v", err)
	}
	branchAdmin := h.join(owner, "bea@example.com", "Owner at /dev/Branch A")
	if _, err := h.AddWebhookEndpoint(ctx, branchAdmin, Given(WebhookInput{Organisation: "/dev/Branch A", URL: branch.url})); err != nil {
		t.Errorf("at her branch: %v", err)
	}
	if _, err := h.AddWebhookEndpoint(ctx, branchAdmin, Given(WebhookInput{Organisation: "/dev", URL: branch.url})); remit.AsError(err).Fields[0].Field != "organisation" {
		t.Errorf("above her branch: %v", err)
	}
	if list, err := h.WebhookEndpoints(ctx, branchAdmin, "", Page{}); err != nil || len(list.Items) != 2 {
		t.Errorf("she sees %+v, %v", list.Items, err)
	}
	if got := h.events(branchAdmin); len(got) != 0 {
		t.Errorf("she sees the top's events: %+v", got)
	}
	h.send(owner, h.billedAt(owner, "/dev/Branch A", "INV-2", "", 5000))
	h.round(d)
	above := func(d remit.Delivery) bool { return d.EndpointID == top.ID }
	if got := h.events(branchAdmin); len(got) != 2 || len(got[1].Deliveries) != 2 || slices.ContainsFunc(got[1].Deliveries, above) {
		t.Errorf("of her branch's event she sees %+v", got)
	} else if again, err := h.ResendEvent(ctx, branchAdmin, got[1].ID); err != nil || len(again.Deliveries) != 2 || slices.ContainsFunc(again.Deliveries, above) {
		t.Errorf("sent again she sees %+v, %v", again, err)
	}

	if err := h.RemoveWebhookEndpoint(ctx, owner, top.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ResendEvent(ctx, owner, event.ID); !remit.IsCode(err, remit.CodeConflict) {
		t.Errorf("an event that nobody wants: %v", err)
	}
	if n := h.number("select count(*) from webhook_endpoints where id = $1 and secret is not null", top.ID); n != 0 {
		t.Error("the secret of a removed endpoint is kept")
	}
	unused := h.endpoint(owner, WebhookInput{Organisation: "/dev/Branch AB", URL: all.url})
	if err := h.RemoveWebhookEndpoint(ctx, owner, unused.ID); err != nil {
		t.Fatal(err)
	}
	if h.number("select count(*) from webhook_endpoints where id = $1", unused.ID) != 0 {
		t.Error("an endpoint that was never sent anything keeps its organisation from being deleted")
	}
	for _, action := range []string{"webhook_endpoint.create", "webhook_endpoint.remove"} {
		if n := h.number("select count(*) from audit where action = $1", action); n == 0 {
			t.Errorf("the audit trail has no %s", action)
		}
	}
}

// Protects the inside of the network (T16): an address that is not on the public
// internet is refused with its field where it is entered, one that came to be
// stored all the same is not connected to, and neither is told what is there.
func TestT16WebhooksStayOutside(t *testing.T) {
	h, owner := openHouse(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var connects atomic.Int32
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			connects.Add(1)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close() })
	d := h.post()
	here := "http://" + listener.Addr().String() + "/"
	stored := h.endpoint(owner, WebhookInput{URL: here}) // as the demo may
	h.send(owner, h.billed(owner, "INV-1", "", 5000))

	h.Outbound = outbound.NewGuard(outbound.Options{})
	d.Guard = h.Outbound
	for _, address := range []string{
		here, strings.Replace(here, "http:", "https:", 1), "https://127.0.0.1/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a9fe:a9fe]/", "https://169.254.169.254/latest",
		"http://93.184.215.14/", "https://93.184.215.14:8443/", "https://user:pass@93.184.215.14/", "https://127.1/", "https://localhost/", "file:///etc/passwd", "https://93.184.215.14/#x",
		"", "https://93.184.215.14/" + strings.Repeat("x", 2000),
	} {
		_, err := h.AddWebhookEndpoint(t.Context(), owner, Given(WebhookInput{URL: address}))
		if e := remit.AsError(err); err == nil || e.Kind != remit.KindInvalid || len(e.Fields) != 1 || e.Fields[0].Field != "url" {
			t.Errorf("%q: %v", address, err)
		}
	}
	h.round(d)
	e := h.events(owner)[0].Deliveries[0]
	if e.State != remit.DeliveryFailed || !strings.HasPrefix(e.Error, "Not sent: ") || e.EndpointID != stored.ID {
		t.Errorf("got %+v", e)
	}
	if n := connects.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// Protects an endpoint's owner from a silence nobody notices, and others from
// one that is gone: after five days without an arrival it is disabled, which
// shows, is in the audit trail, and ends what waited.
func TestAnEndpointThatFailsForDaysIsDisabled(t *testing.T) {
	h, owner := openHouse(t)
	d, there := h.post(), newReceiver(t)
	h.endpoint(owner, WebhookInput{URL: there.url})
	h.send(owner, h.billed(owner, "INV-1", "", 5000))
	there.answers(http.StatusBadGateway)
	for range 7 {
		h.round(d)
		h.clock.forward(24 * time.Hour)
	}
	list, err := h.WebhookEndpoints(t.Context(), owner, "", Page{})
	if err != nil || len(list.Items) != 1 || list.Items[0].State != remit.EndpointDisabled || list.Items[0].Reason == "" || list.Items[0].Waiting != 0 {
		t.Errorf("got %+v, %v", list.Items, err)
	}
	if n := len(there.all()); n != 6 {
		t.Errorf("%d deliveries, want 6", n)
	}
	if n := h.number("select count(*) from audit where action = 'webhook_endpoint.disable' and actor_kind = 'system'"); n != 1 {
		t.Errorf("%d audit entries", n)
	}
}

// Protects secrets from outliving their keys (T34): a rotation seals them anew,
// and what was signed before is signed the same after.
func TestWebhookSecretsAreResealed(t *testing.T) {
	h, owner := openHouse(t)
	d, there := h.post(), newReceiver(t)
	endpoint := h.endpoint(owner, WebhookInput{URL: there.url})
	done, err := h.RotateKeys(t.Context(), secrets.WebhookSecrets)
	if err != nil || done.Resealed != 1 {
		t.Fatalf("resealed %d, %v", done.Resealed, err)
	}
	h.send(owner, h.billed(owner, "INV-1", "", 5000))
	h.round(d)
	verifies(t, endpoint.Secret, there.all()[0])
}
