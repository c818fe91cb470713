package sandbox

import "time"

func init() {
	endpoint("GET", "/v1/checkout/sessions", listSessions)
	endpoint("GET", "/v1/checkout/sessions/{session}", retrieve(checkoutKind, "session", "session"))
	endpoint("GET", "/v1/checkout/sessions/{session}/line_items", listSessionItems)
	endpoint("POST", "/v1/checkout/sessions/{session}/expire", expireSession)
	runners[sessionExpiry] = func(t *tx, id string) {
		if s, ok := get[checkoutSession](t, id); ok && s.Status == sessionOpen {
			t.expire(s)
		}
	}
}

// sessionExpiry is the runner that ends a session when its time is up.
const sessionExpiry = "checkout_session_expiry"

// opened stores a new session and arranges for its end.
func (t *tx) opened(s *checkoutSession) {
	t.put(s)
	t.schedule(time.Unix(s.ExpiresAt, 0), sessionExpiry, s.ID)
}

func listSessions(c *call) (any, error) {
	customer, intent := c.p.string("customer"), c.p.string("payment_intent")
	status := c.p.enum("status", sessionOpen, sessionComplete, sessionExpired)
	email := c.p.hash("customer_details").string("email")
	by := ""
	switch {
	case intent != "":
		by = "payment_intent:" + intent
	case customer != "":
		by = "customer:" + customer
	case email != "":
		by = "email:" + email
	case status != "":
		by = "status:" + status
	}
	return c.page(checkoutKind, by, func(o object) bool {
		s := o.(*checkoutSession)
		return (intent == "" || holds(s.PaymentIntent, intent)) &&
			(customer == "" || holds(s.Customer, customer)) &&
			(status == "" || s.Status == status) &&
			(email == "" || s.CustomerDetails != nil && holds(s.CustomerDetails.Email, email))
	})
}

func holds(field *string, value string) bool { return field != nil && *field == value }

func listSessionItems(c *call) (any, error) {
	s, err := named[checkoutSession](c, "session", "session")
	if err != nil {
		return nil, err
	}
	limit := int64(10)
	if n, sent := c.p.integer("limit"); sent {
		if n < 1 || n > 100 {
			c.p.fail("parameter_invalid_integer", "limit", "This value must be between 1 and 100.")
		}
		limit = n
	}
	after, before := c.p.string("starting_after"), c.p.string("ending_before")
	if err := c.p.done(); err != nil {
		return nil, err
	}
	return s.lineItems(int(limit), after, before), nil
}

func expireSession(c *call) (any, error) {
	s, err := named[checkoutSession](c, "session", "session")
	if err != nil {
		return nil, err
	}
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if s.Status != sessionOpen {
		return nil, refuse("", "", `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of %s.`, s.Status)
	}
	c.expire(s)
	return s, nil
}

// expire ends an open session unpaid. Its intent, if it has one, dies with it.
func (t *tx) expire(s *checkoutSession) {
	t.cancelForSession(s)
	s.Status, s.URL = sessionExpired, nil
	t.put(s)
	t.emit("checkout.session.expired", s)
}
