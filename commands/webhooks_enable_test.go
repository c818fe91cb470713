package commands

import (
	"testing"

	"remit"
)

// An endpoint that was disabled since nothing arrived there is enabled again by a
// person, with its secret, and told of what happens from then on; five more days pass
// before it is disabled anew.
func TestDisabledEndpointIsEnabledAgain(t *testing.T) {
	h, owner := openHouse(t)
	d, there := h.post(), newReceiver(t)
	made := h.endpoint(owner, WebhookInput{URL: there.url})
	h.exec("update webhook_endpoints set state = 'disabled', reason = 'Nothing arrived there for five days.', failing_since = now() - interval '6 days' where id = $1", made.ID)
	h.send(owner, h.billed(owner, "INV-1", "", 5000))
	h.round(d)
	clerk := h.join(owner, "cleo@example.com", "Viewer at /dev")
	if _, err := h.EnableWebhookEndpoint(t.Context(), clerk, made.ID); !remit.IsCode(err, remit.CodeNotFound) && !remit.IsCode(err, remit.CodeForbidden) {
		t.Errorf("enabled by who may not: %v", err)
	}
	for range 2 {
		enabled, err := h.EnableWebhookEndpoint(t.Context(), owner, made.ID)
		if err != nil || enabled.State != remit.EndpointEnabled || enabled.FailingSince != nil || enabled.Reason != "" {
			t.Fatalf("enabled is %+v %v", enabled, err)
		}
	}
	h.send(owner, h.billed(owner, "INV-2", "", 6000))
	h.round(d)
	all := there.all()
	if len(all) != 1 {
		t.Fatalf("%d deliveries", len(all))
	}
	verifies(t, made.Secret, all[0])
	if n := h.number("select count(*) from audit where action = 'webhook_endpoint.enable'"); n != 1 {
		t.Errorf("the audit trail has %d entries", n)
	}
}
