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
	if _, err := c.server.commands.Disconnect(c.ctx(), c.caller, c.organisation(), c.flag("force") != nil && *c.flag("force")); err != nil {
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
	Mode               *string                `json:"mode"`
	Status             remit.ConnectionStatus `json:"status"`
	ChargesEnabled     bool                   `json:"charges_enabled"`
	PayoutsEnabled     bool                   `json:"payouts_enabled"`
	DetailsSubmitted   bool                   `json:"details_submitted"`
	BankDebits         bool                   `json:"bank_debits"`
	Requirements       []requirementBody      `json:"requirements"`
	Deadline           *time.Time             `json:"deadline"`
	DisabledReason     *string                `json:"disabled_reason"`
	DisconnectingSince *time.Time             `json:"disconnecting_since"`
	KeysRefusedSince   *time.Time             `json:"keys_refused_since"`
	Account            *string                `json:"account"`
	Livemode           bool                   `json:"livemode"`
	Country            *string                `json:"country"`
	DefaultCurrency    *string                `json:"default_currency"`
	BusinessName       *string                `json:"business_name"`
	FeePayer           *string                `json:"fee_payer"`
	LossPayer          *string                `json:"loss_payer"`
	PublishableKey     *string                `json:"publishable_key"`
	Webhook            string                 `json:"webhook"`
	LastEventAt        *time.Time             `json:"last_event_at"`
	EventsMissing      bool                   `json:"events_missing"`
	CheckedAt          *time.Time             `json:"checked_at"`
	CreatedAt          *time.Time             `json:"created_at"`
}

// requirementBody is something Stripe wants to know of the account.
type requirementBody struct {
	Field  string                  `json:"field"`
	Reason remit.RequirementReason `json:"reason"`
	Due    *time.Time              `json:"due"`
	Error  *string                 `json:"error"`
}

func connectionAnswer(k remit.Connection, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(connectionShape(k))
}

func connectionShape(k remit.Connection) connectionBody {
	body := connectionBody{
		Mode: orNull(string(k.Mode)), Status: k.Status, ChargesEnabled: k.ChargesEnabled, PayoutsEnabled: k.PayoutsEnabled,
		DetailsSubmitted: k.DetailsSubmitted, BankDebits: k.BankDebits, Requirements: requirements(k.Requirements), Deadline: utc(k.Deadline),
		DisabledReason: orNull(k.DisabledReason), DisconnectingSince: utc(k.DisconnectingSince), KeysRefusedSince: utc(k.KeysRefused),
		Account: orNull(k.Account), Livemode: k.Livemode, Country: orNull(k.Country),
		DefaultCurrency: orNull(k.DefaultCurrency), BusinessName: orNull(k.BusinessName), FeePayer: orNull(k.FeePayer), LossPayer: orNull(k.LossPayer),
		PublishableKey: orNull(k.PublishableKey), Webhook: "poll", LastEventAt: utc(k.LastEventAt), EventsMissing: k.EventsMissing, CheckedAt: utc(k.CheckedAt),
	}
	if k.HasWebhookSecret || k.Reported {
		body.Webhook = "events"
	}
	if !k.CreatedAt.IsZero() {
		body.CreatedAt = utc(&k.CreatedAt)
	}
	return body
}

func requirements(list []remit.Requirement) []requirementBody {
	bodies := []requirementBody{}
	for _, r := range list {
		bodies = append(bodies, requirementBody{Field: r.Field, Reason: r.Reason, Due: utc(r.Due), Error: orNull(r.Error)})
	}
	return bodies
}
