package storybook

import (
	"time"

	"remit"
	"remit/portal/page"
)

func (b book) webhooks() chapter {
	none := page.Webhooks{Shell: b.settingsShell("Webhooks", "/settings/webhooks"), Places: []string{"/dev-v51", "/dev-v51/Branch A"}, Place: "/dev-v51", Zone: newYork}
	endpoint := func(n byte, url string, change func(*remit.WebhookEndpoint)) remit.WebhookEndpoint {
		w := remit.WebhookEndpoint{ID: id(n), Organisation: "/dev-v51", URL: url, State: remit.EndpointEnabled, CreatedAt: now, LastDelivered: at(-time.Hour)}
		if change != nil {
			change(&w)
		}
		return w
	}
	list := none
	list.Rows = []remit.WebhookEndpoint{
		endpoint(90, "https://books.example/remit", nil),
		endpoint(91, "https://old.example/hooks/remit", func(w *remit.WebhookEndpoint) {
			w.Organisation, w.Events = "/dev-v51/Branch A", []remit.EventType{remit.EventInvoicePaid, remit.EventPaymentFailed}
			w.FailingSince, w.Waiting = at(-20*time.Hour), 3
		}),
		endpoint(92, "https://gone.example/", func(w *remit.WebhookEndpoint) {
			w.State, w.Reason = remit.EndpointDisabled, "Nothing arrived there for five days."
		}),
		endpoint(93, "https://new.example/", func(w *remit.WebhookEndpoint) { w.LastDelivered = nil }),
	}
	delivery := func(url string, state remit.DeliveryState, change func(*remit.Delivery)) remit.Delivery {
		d := remit.Delivery{URL: url, State: state, Tries: 1}
		if change != nil {
			change(&d)
		}
		return d
	}
	event := func(n byte, seq int64, kind remit.EventType, deliveries ...remit.Delivery) remit.Event {
		return remit.Event{ID: id(n), Seq: seq, Type: kind, At: now, Organisation: "/dev-v51/Branch A", InvoiceID: invoice, Invoice: remit.EventInvoice{ID: invoice, Number: "INV-104"}, Deliveries: deliveries}
	}
	list.Next = "/settings/webhooks?after=x"
	list.Events = []remit.Event{
		event(98, 0, remit.EventInvoiceOverdue),
		event(97, 41, remit.EventInvoicePaid,
			delivery("https://books.example/remit", remit.DeliveryQueued, func(d *remit.Delivery) { d.Tries = 0 }),
			delivery("https://old.example/hooks/remit", remit.DeliverySending, nil)),
		event(96, 40, remit.EventPaymentSucceeded,
			delivery("https://books.example/remit", remit.DeliveryDelivered, func(d *remit.Delivery) { d.Status, d.DeliveredAt = 204, at(0) })),
		event(95, 39, remit.EventPaymentFailed,
			delivery("https://books.example/remit", remit.DeliveryFailed, func(d *remit.Delivery) {
				d.Tries, d.Status, d.Error, d.NextAt = 3, 503, "The answer was 503.", at(5*time.Minute)
			}),
			delivery("https://gone.example/", remit.DeliveryGivenUp, func(d *remit.Delivery) { d.Tries, d.Error = 9, "No answer within 10 seconds." })),
	}
	made := list
	made.Secret = "whsec_bWFkZSB1cCBtYWRlIHVwIG1hZGUgdXAgbWFkZSB1cA=="
	wrong := none
	wrong.URL = "http://10.0.0.1/"
	wrong.Problems.Fields = []remit.FieldError{{Field: "url", Message: "The URL must start with https://."}}
	unwanted := list
	unwanted.Problems.Message = "No enabled endpoint wants this event."
	return chapter{
		"staff/U27 webhooks/none":     page.WebhooksPage(none),
		"staff/U27 webhooks/list":     page.WebhooksPage(list),
		"staff/U27 webhooks/added":    page.WebhooksPage(made),
		"staff/U27 webhooks/wrong":    page.WebhooksPage(wrong),
		"staff/U27 webhooks/unwanted": page.WebhooksPage(unwanted),
	}
}
