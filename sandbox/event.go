package sandbox

import (
	"bytes"
	"encoding/json"
	"slices"
)

// event is something that happened, with the object as it was just after
// (docs.stripe.com/api/events).
type event struct {
	ID              string       `json:"id"`
	Object          string       `json:"object"`
	Account         string       `json:"account,omitempty"`
	APIVersion      string       `json:"api_version"`
	Created         int64        `json:"created"`
	Data            eventData    `json:"data"`
	Livemode        bool         `json:"livemode"`
	PendingWebhooks int          `json:"pending_webhooks"`
	Request         eventRequest `json:"request"`
	Type            string       `json:"type"`
}

type eventData struct {
	Object             json.RawMessage `json:"object"`
	PreviousAttributes json.RawMessage `json:"previous_attributes,omitempty"`
}

// eventRequest is the request that caused an event; both are nil where time did.
type eventRequest struct {
	ID             *string `json:"id"`
	IdempotencyKey *string `json:"idempotency_key"`
}

var events = register(&kind{name: "event", prefix: "evt", fresh: func() object { return &event{} }})

func (*event) kind() *kind          { return events }
func (e *event) key() string        { return e.ID }
func (e *event) born() int64        { return e.Created }
func (e *event) listedBy() []string { return []string{"type:" + e.Type} }
func (e *event) hidden() any        { return nil }

func init() {
	events.renders = func(t *tx, o object) any {
		e := *o.(*event)
		e.PendingWebhooks = 0
		for _, d := range t.table(deliveries).all("event:" + e.ID) {
			if d.(*delivery).State == deliveryPending {
				e.PendingWebhooks++
			}
		}
		return &e
	}
	endpoint("GET", "/v1/events", listEvents)
	endpoint("GET", "/v1/events/{id}", retrieve(events, "id", "id"))
}

// emit records an event about o as it is in this tx, and its deliveries.
func (t *tx) emit(kind string, o object) { t.emitEvent(kind, encode(t.wire(o)), nil) }

// emitChange is emit with previous_attributes: what was different in was.
func (t *tx) emitChange(kind string, was, is object) {
	before, after := encode(t.wire(was)), encode(t.wire(is))
	t.emitEvent(kind, after, previousAttributes(before, after))
}

func (t *tx) emitEvent(kind string, snapshot, previous json.RawMessage) {
	t.deliverLater(t.newEvent(kind, snapshot, previous))
}

// emitTo records an event that only one of the account's platforms is told of.
func (t *tx) emitTo(platform, kind string, o object) {
	t.deliverToPlatform(t.newEvent(kind, encode(t.wire(o)), nil), platform)
}

func (t *tx) newEvent(kind string, snapshot, previous json.RawMessage) *event {
	e := &event{
		ID: newID("evt"), Object: "event", APIVersion: APIVersion, Created: t.seconds(),
		Data:    eventData{Object: snapshot, PreviousAttributes: previous},
		Request: t.request, Type: kind,
	}
	t.put(e)
	return e
}

// previousAttributes are the top-level attributes, and the entries of hashes,
// whose value is another one now.
func previousAttributes(before, after []byte) json.RawMessage {
	var was, is map[string]json.RawMessage
	if json.Unmarshal(before, &was) != nil || json.Unmarshal(after, &is) != nil || was == nil || is == nil {
		return nil // not two hashes
	}
	previous := map[string]json.RawMessage{}
	for field, old := range was {
		if now := is[field]; !bytes.Equal(old, now) {
			if inner := previousAttributes(old, now); inner != nil {
				old = inner
			}
			previous[field] = old
		}
	}
	for field := range is {
		if _, had := was[field]; !had {
			previous[field] = json.RawMessage("null")
		}
	}
	return encode(previous)
}

func listEvents(c *call) (any, error) {
	one, several := c.p.string("type"), c.p.strings("types")
	success, asked := c.p.boolean("delivery_success")
	if one != "" && several != nil {
		return nil, invalidParam("parameters_exclusive", "type", "You may only specify one of these parameters: type, types.")
	}
	if len(several) > 20 {
		return nil, invalidParam("", "types", "Invalid array: types can hold at most 20 entries")
	}
	by := ""
	if one != "" && !wildcard(one) {
		by = "type:" + one
	}
	return c.page(events, by, func(o object) bool {
		e := o.(*event)
		if one != "" && !matchesType(one, e.Type) {
			return false
		}
		if several != nil && !slices.ContainsFunc(several, func(p string) bool { return matchesType(p, e.Type) }) {
			return false
		}
		return !asked || success == c.delivered(e)
	})
}

// eventFor is the event as its own account gets it, or as a platform does: with
// the account's id.
func (t *tx) eventFor(e *event, platform string) any {
	wire := t.wire(e)
	if out, ok := wire.(*event); ok && platform != "" {
		out.Account = t.world.id
	}
	return wire
}

// delivered reports whether every delivery of the event got through.
func (t *tx) delivered(e *event) bool {
	return !slices.ContainsFunc(t.table(deliveries).all("event:"+e.ID), func(d object) bool {
		return d.(*delivery).State != deliveryDone
	})
}
