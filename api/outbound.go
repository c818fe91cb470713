package api

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func webhookEndpoints(c *call) (answer, error) {
	list, err := c.server.commands.WebhookEndpoints(c.ctx(), c.caller, c.organisation(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, webhookShape))
}

func addWebhookEndpoint(c *call) (answer, error) {
	made, err := c.server.commands.AddWebhookEndpoint(c.ctx(), c.caller, body(c, func(w webhookWire) (commands.WebhookInput, error) {
		return commands.WebhookInput(w), nil
	}))
	if err != nil {
		return answer{}, err
	}
	return created(newWebhookBody{webhookShape(made.WebhookEndpoint), made.Secret.Reveal()})
}

func enableWebhookEndpoint(c *call) (answer, error) {
	endpoint, err := c.server.commands.EnableWebhookEndpoint(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	return ok(webhookShape(endpoint))
}

func removeWebhookEndpoint(c *call) (answer, error) {
	if err := c.server.commands.RemoveWebhookEndpoint(c.ctx(), c.caller, c.id()); err != nil {
		return answer{}, err
	}
	return noContent()
}

func events(c *call) (answer, error) {
	list, err := c.server.commands.Events(c.ctx(), c.caller, c.organisation(), c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, eventShape))
}

func resendEvent(c *call) (answer, error) {
	event, err := c.server.commands.ResendEvent(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusAccepted, body: eventShape(event)}, nil
}

type webhookWire struct {
	Organisation string   `json:"organisation"`
	URL          string   `json:"url"`
	Events       []string `json:"events"`
}

// webhookBody is an endpoint without its secret.
type webhookBody struct {
	ID              uuid.UUID           `json:"id"`
	Organisation    string              `json:"organisation"`
	URL             string              `json:"url"`
	Events          []remit.EventType   `json:"events"`
	State           remit.EndpointState `json:"state"`
	Reason          *string             `json:"reason"`
	FailingSince    *time.Time          `json:"failing_since"`
	LastDeliveredAt *time.Time          `json:"last_delivered_at"`
	Waiting         int                 `json:"waiting"`
	CreatedAt       time.Time           `json:"created_at"`
}

type newWebhookBody struct {
	webhookBody
	Secret string `json:"secret"`
}

func webhookShape(w remit.WebhookEndpoint) webhookBody {
	return webhookBody{
		ID: w.ID, Organisation: w.Organisation, URL: w.URL, Events: w.Events, State: w.State, Reason: orNull(w.Reason),
		FailingSince: utc(w.FailingSince), LastDeliveredAt: utc(w.LastDelivered), Waiting: w.Waiting, CreatedAt: w.CreatedAt.UTC(),
	}
}

// eventBody is an event as receivers are sent it, and what became of that.
type eventBody struct {
	ID           uuid.UUID          `json:"id"`
	Type         remit.EventType    `json:"type"`
	Seq          *int64             `json:"seq"`
	At           time.Time          `json:"at"`
	Organisation string             `json:"organisation"`
	Invoice      remit.EventInvoice `json:"invoice"`
	PaymentID    *uuid.UUID         `json:"payment_id"`
	RefundID     *uuid.UUID         `json:"refund_id"`
	DisputeID    *uuid.UUID         `json:"dispute_id"`
	Deliveries   []deliveryBody     `json:"deliveries"`
}

type deliveryBody struct {
	EndpointID  uuid.UUID           `json:"endpoint_id"`
	URL         string              `json:"url"`
	State       remit.DeliveryState `json:"state"`
	Tries       int                 `json:"tries"`
	NextAt      *time.Time          `json:"next_at"`
	Status      *int                `json:"status"`
	Error       *string             `json:"error"`
	DeliveredAt *time.Time          `json:"delivered_at"`
}

func eventShape(e remit.Event) eventBody {
	body := eventBody{
		ID: e.ID, Type: e.Type, At: e.At.UTC(), Organisation: e.Organisation, Invoice: e.Invoice,
		PaymentID: e.PaymentID, RefundID: e.RefundID, DisputeID: e.DisputeID, Deliveries: []deliveryBody{},
	}
	if e.Seq > 0 {
		body.Seq = &e.Seq
	}
	for _, d := range e.Deliveries {
		out := deliveryBody{
			EndpointID: d.EndpointID, URL: d.URL, State: d.State, Tries: d.Tries, NextAt: utc(d.NextAt), Error: orNull(d.Error), DeliveredAt: utc(d.DeliveredAt),
		}
		if d.Status > 0 {
			out.Status = &d.Status
		}
		body.Deliveries = append(body.Deliveries, out)
	}
	return body
}
