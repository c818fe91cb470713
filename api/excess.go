package api

import (
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

func excess(c *call) (answer, error) {
	filter := commands.ExcessFilter{Organisation: c.organisation(), Resolved: c.text("state") == "resolved"}
	list, err := c.server.commands.Excess(c.ctx(), c.caller, filter, c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, excessShape))
}

func recordExcess(c *call) (answer, error) {
	item, err := c.server.commands.RecordUnmatched(c.ctx(), c.caller, body(c, func(w excessWire) (commands.UnmatchedInput, error) {
		return commands.UnmatchedInput(w), nil
	}))
	if err != nil {
		return answer{}, err
	}
	return created(excessShape(item))
}

func resolveExcess(c *call) (answer, error) {
	item, err := c.server.commands.ResolveExcess(c.ctx(), c.caller, c.id(), body(c, func(w resolveWire) (commands.ResolveInput, error) {
		return commands.ResolveInput(w), nil
	}))
	if err != nil {
		return answer{}, err
	}
	return ok(excessShape(item))
}

func customerCredit(c *call) (answer, error) {
	credit, err := c.server.commands.CustomerCredit(c.ctx(), c.caller, c.id())
	if err != nil {
		return answer{}, err
	}
	return ok(creditShape(credit))
}

func excessSettings(c *call) (answer, error) {
	return excessSettingsAnswer(c.server.commands.ExcessSettings(c.ctx(), c.caller, c.organisation()))
}

func setExcessSettings(c *call) (answer, error) {
	return excessSettingsAnswer(c.server.commands.SetExcessSettings(c.ctx(), c.caller, c.organisation(), body(c, func(w excessSettingsWire) (remit.ExcessSettings, error) {
		return remit.ExcessSettings(w), nil
	})))
}

func excessSettingsAnswer(s commands.ExcessSettings, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(excessSettingsBody{Action: s.Action, Days: s.Days, SetAt: orNull(s.SetAt), Version: s.Version})
}

type excessWire struct {
	Organisation string     `json:"organisation"`
	Amount       int64      `json:"amount"`
	Currency     string     `json:"currency"`
	Reference    string     `json:"reference"`
	CustomerID   *uuid.UUID `json:"customer_id"`
}

type resolveWire struct {
	Action     remit.ExcessAction `json:"action"`
	CustomerID *uuid.UUID         `json:"customer_id"`
}

type excessSettingsWire struct {
	Action remit.ExcessAction `json:"action"`
	Days   int                `json:"days"`
}

type excessSettingsBody struct {
	Action  remit.ExcessAction `json:"action"`
	Days    int                `json:"days"`
	SetAt   *string            `json:"set_at"`
	Version int64              `json:"version"`
}

// excessBody is money that could not be applied, as it leaves.
type excessBody struct {
	ID            uuid.UUID          `json:"id"`
	Organisation  string             `json:"organisation"`
	Amount        int64              `json:"amount"`
	Currency      string             `json:"currency"`
	Reason        remit.ExcessReason `json:"reason"`
	Reference     *string            `json:"reference"`
	InvoiceID     *uuid.UUID         `json:"invoice_id"`
	PaymentID     *uuid.UUID         `json:"payment_id"`
	CustomerID    *uuid.UUID         `json:"customer_id"`
	State         remit.ExcessState  `json:"state"`
	DefaultAction remit.ExcessAction `json:"default_action"`
	Due           *time.Time         `json:"due"`
	CreatedAt     time.Time          `json:"created_at"`
	ResolvedAt    *time.Time         `json:"resolved_at"`
}

func excessShape(e remit.Excess) excessBody {
	return excessBody{
		ID: e.ID, Organisation: e.Organisation, Amount: e.Amount, Currency: e.Currency, Reason: e.Reason, Reference: orNull(e.Reference),
		InvoiceID: e.InvoiceID, PaymentID: e.PaymentID, CustomerID: e.CustomerID, State: e.State, DefaultAction: e.DefaultAction,
		Due: utc(e.Due), CreatedAt: e.CreatedAt.UTC(), ResolvedAt: utc(e.ResolvedAt),
	}
}

type creditBody struct {
	Credits []creditOfBody    `json:"credits"`
	History []creditEntryBody `json:"history"`
}

type creditOfBody struct {
	Currency string `json:"currency"`
	Amount   int64  `json:"amount"`
}

type creditEntryBody struct {
	At         time.Time  `json:"at"`
	Kind       string     `json:"kind"`
	Amount     int64      `json:"amount"`
	Currency   string     `json:"currency"`
	InvoiceID  *uuid.UUID `json:"invoice_id"`
	CreditNote *string    `json:"credit_note"`
}

func creditShape(credit commands.CustomerCredit) creditBody {
	body := creditBody{Credits: []creditOfBody{}, History: []creditEntryBody{}}
	for _, each := range credit.Credits {
		body.Credits = append(body.Credits, creditOfBody(each))
	}
	for _, e := range credit.History {
		body.History = append(body.History, creditEntryBody{At: e.At.UTC(), Kind: e.Kind, Amount: e.Amount, Currency: e.Currency, InvoiceID: e.InvoiceID, CreditNote: orNull(e.CreditNote)})
	}
	return body
}
