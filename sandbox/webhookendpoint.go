package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// webhookEndpoint is where events go (docs.stripe.com/api/webhook_endpoints).
type webhookEndpoint struct {
	ID            string            `json:"id"`
	Object        string            `json:"object"`
	APIVersion    *string           `json:"api_version"`
	Application   *string           `json:"application"`
	Created       int64             `json:"created"`
	Description   *string           `json:"description"`
	EnabledEvents []string          `json:"enabled_events"`
	Livemode      bool              `json:"livemode"`
	Metadata      map[string]string `json:"metadata"`
	Secret        string            `json:"secret,omitempty"` // at creation only
	Status        string            `json:"status"`
	URL           string            `json:"url"`

	Kept struct {
		Secret  string `json:"secret"`
		Connect bool   `json:"connect"`
	} `json:"-"`
}

var webhookEndpoints = register(&kind{name: "webhook_endpoint", prefix: "we", fresh: func() object { return &webhookEndpoint{} }})

func (*webhookEndpoint) kind() *kind          { return webhookEndpoints }
func (e *webhookEndpoint) key() string        { return e.ID }
func (e *webhookEndpoint) born() int64        { return e.Created }
func (e *webhookEndpoint) listedBy() []string { return nil }
func (e *webhookEndpoint) hidden() any        { return &e.Kept }

// maxEndpoints is how many endpoints an account may have.
const maxEndpoints = 16

func init() {
	endpoint("POST", "/v1/webhook_endpoints", createWebhookEndpoint)
	endpoint("GET", "/v1/webhook_endpoints", func(c *call) (any, error) { return c.page(webhookEndpoints, "", nil) })
	endpoint("GET", "/v1/webhook_endpoints/{webhook_endpoint}", retrieve(webhookEndpoints, "webhook_endpoint", "webhook_endpoint"))
	endpoint("POST", "/v1/webhook_endpoints/{webhook_endpoint}", updateWebhookEndpoint)
	endpoint("DELETE", "/v1/webhook_endpoints/{webhook_endpoint}", deleteWebhookEndpoint)
}

func createWebhookEndpoint(c *call) (any, error) {
	e := &webhookEndpoint{
		ID: newID("we"), Object: "webhook_endpoint", Created: c.seconds(), Status: "enabled",
		Metadata: c.p.metadata(nil),
	}
	if version := c.p.string("api_version"); version != "" {
		if version != APIVersion {
			c.p.fail("", "api_version", "Invalid api_version: must be %s", APIVersion)
		}
		e.APIVersion = &version
	}
	if e.Kept.Connect, _ = c.p.boolean("connect"); e.Kept.Connect {
		own := clientID(c.world.id)
		e.Application = &own
	}
	if !c.p.has("enabled_events") {
		c.p.fail("parameter_missing", "enabled_events", "Missing required param: enabled_events.")
	}
	e.readEvents(c.p)
	e.URL = readEndpointURL(c.p, c.p.require("url"))
	c.p.nullable("description", &e.Description)
	if err := c.p.done(); err != nil {
		return nil, err
	}
	if len(c.table(webhookEndpoints).all("")) >= maxEndpoints {
		return nil, refuse("", "", "You have reached the maximum of %d test webhook endpoints.", maxEndpoints)
	}
	e.Kept.Secret = "whsec_" + random(32)
	c.put(e)
	answer := *e
	answer.Secret = e.Kept.Secret
	return &answer, nil
}

func (e *webhookEndpoint) readEvents(p *params) {
	types := p.strings("enabled_events")
	if !p.has("enabled_events") {
		return
	}
	if len(types) == 0 {
		p.failEmpty("enabled_events")
	}
	for i, name := range types {
		if !eventTypes[name] {
			p.fail("", fmt.Sprintf("enabled_events[%d]", i), "Invalid enabled_events[%d]: must be one of the event types, or *", i)
		}
	}
	e.EnabledEvents = types
}

func readEndpointURL(p *params, text string) string {
	u, err := url.Parse(text)
	if text != "" && (err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "") {
		p.fail("url_invalid", "url", "Invalid URL: An explicit scheme (such as https) must be provided.")
	}
	return text
}

func updateWebhookEndpoint(c *call) (any, error) {
	e, err := named[webhookEndpoint](c, "webhook_endpoint", "webhook_endpoint")
	if err != nil {
		return nil, err
	}
	e.Metadata = c.p.metadata(e.Metadata)
	e.readEvents(c.p)
	if c.p.has("url") {
		e.URL = readEndpointURL(c.p, c.p.require("url"))
	}
	c.p.nullable("description", &e.Description)
	if disabled, sent := c.p.boolean("disabled"); sent {
		e.Status = "enabled"
		if disabled {
			e.Status = "disabled"
		}
	}
	if err := c.p.done(); err != nil {
		return nil, err
	}
	c.put(e)
	return e, nil
}

// deletion is the answer for an object that is gone.
type deletion struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Deleted bool   `json:"deleted"`
}

func deleteWebhookEndpoint(c *call) (any, error) {
	e, err := named[webhookEndpoint](c, "webhook_endpoint", "webhook_endpoint")
	if err != nil {
		return nil, err
	}
	if err := c.p.done(); err != nil {
		return nil, err
	}
	c.remove(webhookEndpoints, e.ID)
	return &deletion{e.ID, e.Object, true}, nil
}

// wants reports whether an event of that type goes to the endpoint.
func (e *webhookEndpoint) wants(eventType string) bool {
	return e.Status == "enabled" && slices.ContainsFunc(e.EnabledEvents, func(pattern string) bool {
		return matchesType(pattern, eventType)
	})
}

func wildcard(pattern string) bool { return strings.HasSuffix(pattern, "*") }

// matchesType compares an event type with a type or a pattern such as
// "charge.*" or "*".
func matchesType(pattern, eventType string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(eventType, prefix)
	}
	return pattern == eventType
}
