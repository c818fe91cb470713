package remit

import (
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// WebhookEndpoint is an address that is told of what happens at an organisation
// and below it.
type WebhookEndpoint struct {
	ID             uuid.UUID
	OrganisationID uuid.UUID
	Organisation   string
	URL            string
	Events         []EventType // nil: all
	State          EndpointState
	Reason         string     // why it is disabled, in words
	FailingSince   *time.Time // nothing arrived since then; nil while all is well
	LastDelivered  *time.Time // when something last arrived
	Waiting        int        // deliveries that are not over
	CreatedBy      uuid.UUID
	CreatedAt      time.Time
}

// EndpointState says whether an endpoint is sent anything.
type EndpointState string

// The states. One that is removed is kept, where it was ever sent anything, for
// its deliveries' sake, and listed nowhere.
const (
	EndpointEnabled  EndpointState = "enabled"
	EndpointDisabled EndpointState = "disabled"
	EndpointRemoved  EndpointState = "removed"
)

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	EventID     uuid.UUID
	EndpointID  uuid.UUID
	URL         string
	State       DeliveryState
	Tries       int        // since it was last queued
	NextAt      *time.Time // when it is sent next, nil where it is over
	Status      int        // of the last answer; 0 where there was none
	Error       string     // why the last try failed, in words; "" where it did not
	DeliveredAt *time.Time // nil until an answer said that it arrived
}

// DeliveryState says how far a delivery has come.
type DeliveryState string

// The states. What is queued again starts over.
const (
	DeliveryQueued    DeliveryState = "queued"
	DeliverySending   DeliveryState = "sending"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryFailed    DeliveryState = "failed" // and is tried again
	DeliveryGivenUp   DeliveryState = "given_up"
)

// Limits of outbound webhooks.
const (
	// DeliveryTimeout bounds one try.
	DeliveryTimeout = 10 * time.Second
	// DeliveryLease is how long a try is somebody's: a process that died over one
	// leaves it to the next after that.
	DeliveryLease = 30 * time.Second
	// EndpointsAtMost is how many endpoints a tenant has.
	EndpointsAtMost = 16
	// endpointFailsFor is how long nothing may arrive at an endpoint before it is
	// disabled: longer than the whole ladder takes, so that an outage of a weekend
	// costs nothing.
	endpointFailsFor = 5 * 24 * time.Hour
)

// ladder is how long is waited after each failed try; after the last step and
// one more failure a delivery is given up, some 45 hours after the first try.
var ladder = []time.Duration{
	5 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// Answered is how a try of a delivery ended: with an answer's status, or none
// and an error in words.
type Answered struct {
	Status int
	Error  string
}

// Arrived reports whether a receiver took an event: with a 2xx, nothing else.
func (a Answered) Arrived() bool { return a.Error == "" && a.Status >= 200 && a.Status < 300 }

// After is a delivery as a try leaves it; tries counts that one.
func (d Delivery) After(a Answered, now time.Time) Delivery {
	d.Status, d.Error, d.NextAt = a.Status, "", nil
	switch {
	case a.Arrived():
		d.State, d.DeliveredAt = DeliveryDelivered, &now
		return d
	case a.Error != "":
		d.Error = a.Error
	case a.Status >= 300 && a.Status < 400:
		d.Error = fmt.Sprintf("The answer was %d: redirects are not followed.", a.Status)
	default:
		d.Error = fmt.Sprintf("The answer was %d.", a.Status)
	}
	if d.Tries > len(ladder) {
		d.State = DeliveryGivenUp
		return d
	}
	next := now.Add(ladder[max(d.Tries, 1)-1])
	d.State, d.NextAt = DeliveryFailed, &next
	return d
}

// Enabled is an endpoint that a person has told of events again: the five days after
// which it is disabled begin anew.
func (w WebhookEndpoint) Enabled() WebhookEndpoint {
	w.State, w.Reason, w.FailingSince = EndpointEnabled, "", nil
	return w
}

// After is an endpoint's health as a try leaves it. It is disabled where it says
// that it is gone, or where nothing arrived for five days.
func (w WebhookEndpoint) After(a Answered, now time.Time) WebhookEndpoint {
	if a.Arrived() {
		w.FailingSince, w.LastDelivered = nil, &now
		return w
	}
	if w.FailingSince == nil {
		w.FailingSince = &now
	}
	switch {
	case a.Status == http.StatusGone:
		w.State, w.Reason = EndpointDisabled, "It answered 410: it is gone."
	case now.Sub(*w.FailingSince) >= endpointFailsFor:
		w.State, w.Reason = EndpointDisabled, "Nothing arrived there for five days."
	}
	return w
}
