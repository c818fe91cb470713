package portal

import (
	"net/http"
	"net/url"
	"strings"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

const pathWebhooks = "/settings/webhooks"

// webhooks lists who is told of events, and the events (U27).
func (v *visit) webhooks() error {
	view, err := v.webhooksView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.WebhooksPage(view))
}

func (v *visit) webhooksView() (page.Webhooks, error) {
	places := v.placesWhere(remit.AdminWebhooks)
	view := page.Webhooks{Shell: v.settingsShell("Webhooks"), Places: places, Place: v.at("", places), Zone: v.zone(v.place())}
	endpoints, err := v.do.WebhookEndpoints(v.ctx(), v.caller, v.place(), commands.Page{Limit: 100})
	if err != nil {
		return view, err
	}
	view.Rows = endpoints.Items
	events, err := v.do.Events(v.ctx(), v.caller, v.place(), commands.Page{After: v.query("after"), Limit: 25})
	view.Events = events.Items
	if events.Next != "" {
		view.Next = pathWebhooks + "?" + url.Values{"after": {events.Next}}.Encode()
	}
	return view, err
}

// addWebhook shows a new endpoint's secret, which is never shown again.
func (v *visit) addWebhook() error {
	in := commands.WebhookInput{Organisation: v.typed("organisation"), URL: v.typed("url"), Events: strings.Fields(v.typed("events"))}
	made, err := v.do.AddWebhookEndpoint(v.ctx(), v.caller, commands.Given(in))
	p, status := page.Problems{}, http.StatusOK
	if err != nil {
		var mendable bool
		if p, status, mendable = problems(err, "url", "organisation", "events"); !mendable {
			return err
		}
	}
	view, err := v.webhooksView()
	if err != nil {
		return err
	}
	if view.Problems = p; p.Any() {
		view.URL, view.Place, view.Types = in.URL, in.Organisation, v.typed("events")
	} else {
		view.Secret = made.Secret.Reveal()
	}
	return v.show(status, page.WebhooksPage(view))
}

func (v *visit) removeWebhook() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := v.do.RemoveWebhookEndpoint(v.ctx(), v.caller, id); err != nil {
		return err
	}
	return v.goTo(pathWebhooks, "removed")
}

func (v *visit) enableWebhook() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	_, err = v.do.EnableWebhookEndpoint(v.ctx(), v.caller, id)
	return v.webhookDone(err, "reenabled")
}

func (v *visit) resendEvent() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	_, err = v.do.ResendEvent(v.ctx(), v.caller, id)
	return v.webhookDone(err, "redelivered")
}

// webhookDone shows the page anew, with what was done or what stands against it.
func (v *visit) webhookDone(err error, done string) error {
	if err == nil {
		return v.goTo(pathWebhooks, done)
	}
	p, status, mendable := problems(err)
	if !mendable {
		return err
	}
	view, err := v.webhooksView()
	if err != nil {
		return err
	}
	view.Problems = p
	return v.show(status, page.WebhooksPage(view))
}
