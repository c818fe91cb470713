package api

import "github.com/google/uuid"

// maxEvent is the most a webhook's body may have, in bytes; Stripe's events are
// far below it.
const maxEvent = 512 << 10

type receivedBody struct {
	Received bool `json:"received"`
}

// stripeWebhook takes events of the platform and its Connect accounts.
func stripeWebhook(c *call) (answer, error) { return c.receive(nil) }

// stripeConnectionWebhook takes events of a connection made by API keys.
func stripeConnectionWebhook(c *call) (answer, error) {
	connection := c.idNamed("connection")
	return c.receive(&connection)
}

// receive hands over the bytes as they came: the signature is over them.
func (c *call) receive(connection *uuid.UUID) (answer, error) {
	if err := c.server.commands.ReceiveEvent(c.ctx(), connection, c.payload, c.request.Header.Get("Stripe-Signature")); err != nil {
		return answer{}, err
	}
	return ok(receivedBody{true})
}
