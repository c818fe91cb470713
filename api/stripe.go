package api

import (
	"time"

	"remit"
	"remit/commands"
)

func connection(c *call) (answer, error) {
	return connectionAnswer(c.server.commands.Connection(c.ctx(), c.caller, c.organisation()))
}

func saveKeys(c *call) (answer, error) {
	return connectionAnswer(c.server.commands.SaveKeys(c.ctx(), c.caller, c.organisation(), body(c, keysWire.input)))
}

func removeKeys(c *call) (answer, error) {
	if err := c.server.commands.RemoveKeys(c.ctx(), c.caller, c.organisation()); err != nil {
		return answer{}, err
	}
	return noContent()
}

// keysWire are API keys as they arrive; no answer holds the secret ones.
type keysWire struct {
	SecretKey      string  `json:"secret_key"`
	PublishableKey string  `json:"publishable_key"`
	WebhookSecret  *string `json:"webhook_secret"`
}

func (w keysWire) input() (commands.KeysInput, error) {
	return commands.KeysInput{SecretKey: w.SecretKey, PublishableKey: w.PublishableKey, WebhookSecret: orBlank(w.WebhookSecret)}, nil
}

// connectionBody is the connection as it leaves; without one the status is
// disconnected and the rest null.
type connectionBody struct {
	Mode            *string                `json:"mode"`
	Status          remit.ConnectionStatus `json:"status"`
	ChargesEnabled  bool                   `json:"charges_enabled"`
	PayoutsEnabled  bool                   `json:"payouts_enabled"`
	Requirements    []requirementBody      `json:"requirements"`
	Deadline        *time.Time             `json:"deadline"`
	DisabledReason  *string                `json:"disabled_reason"`
	Account         *string                `json:"account"`
	Livemode        bool                   `json:"livemode"`
	Country         *string                `json:"country"`
	DefaultCurrency *string                `json:"default_currency"`
	BusinessName    *string                `json:"business_name"`
	PublishableKey  *string                `json:"publishable_key"`
	Webhook         string                 `json:"webhook"`
	LastEventAt     *time.Time             `json:"last_event_at"`
	EventsMissing   bool                   `json:"events_missing"`
	CheckedAt       *time.Time             `json:"checked_at"`
	CreatedAt       *time.Time             `json:"created_at"`
}

// requirementBody is something Stripe wants to know of the account.
type requirementBody struct {
	Field  string     `json:"field"`
	Reason string     `json:"reason"`
	Due    *time.Time `json:"due"`
}

func connectionAnswer(k remit.Connection, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(connectionShape(k))
}

func connectionShape(k remit.Connection) connectionBody {
	body := connectionBody{
		Mode: orNull(k.Mode), Status: k.Status, ChargesEnabled: k.ChargesEnabled, PayoutsEnabled: k.PayoutsEnabled,
		Requirements: []requirementBody{}, Account: orNull(k.Account), Livemode: k.Livemode, Country: orNull(k.Country),
		DefaultCurrency: orNull(k.DefaultCurrency), BusinessName: orNull(k.BusinessName), PublishableKey: orNull(k.PublishableKey),
		Webhook: "poll", LastEventAt: utc(k.LastEventAt), EventsMissing: k.EventsMissing, CheckedAt: utc(k.CheckedAt),
	}
	if k.HasWebhookSecret {
		body.Webhook = "events"
	}
	if !k.CreatedAt.IsZero() {
		body.CreatedAt = utc(&k.CreatedAt)
	}
	return body
}

// requirements lists each field once, under the most pressing of its reasons.
func requirements(f remit.AccountFacts) []requirementBody {
	list, seen := []requirementBody{}, map[string]bool{}
	for _, group := range []struct {
		reason string
		fields []string
	}{{"past_due", f.PastDue}, {"currently_due", f.CurrentlyDue}, {"pending_verification", f.PendingVerification}} {
		for _, field := range group.fields {
			if !seen[field] {
				seen[field] = true
				list = append(list, requirementBody{Field: field, Reason: group.reason})
			}
		}
	}
	return list
}
