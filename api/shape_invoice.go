package api

import (
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
)

// invoiceBody is an invoice as it leaves.
type invoiceBody struct {
	ID           uuid.UUID             `json:"id"`
	Number       string                `json:"number"`
	Organisation string                `json:"organisation"`
	CustomerID   uuid.UUID             `json:"customer_id"`
	CustomerName string                `json:"customer_name"`
	Seller       remit.Seller          `json:"seller"`
	Status       remit.InvoiceStatus   `json:"status"`
	Label        string                `json:"label"`
	Tags         []string              `json:"tags"`
	Notes        []remit.Note          `json:"notes"`
	Overdue      bool                  `json:"overdue"`
	Total        int64                 `json:"total"`
	Outstanding  int64                 `json:"outstanding"`
	Currency     string                `json:"currency"`
	IssueDate    remit.Date            `json:"issue_date"`
	DueDate      remit.Date            `json:"due_date"`
	Lines        []remit.Line          `json:"lines"`
	Adjustments  []remit.Adjustment    `json:"adjustments"`
	CarriedTo    []carriedBody         `json:"carried_to"`
	Deposit      *depositBody          `json:"deposit"`
	ReplacedBy   *uuid.UUID            `json:"replaced_by"`
	WorkItemID   *uuid.UUID            `json:"work_item_id"`
	PaymentLink  *string               `json:"payment_link"`
	InFlight     *inFlightBody         `json:"in_flight"`
	Hold         *holdBody             `json:"hold"`
	AutoCharge   bool                  `json:"auto_charge"`
	NextCharge   *nextChargeBody       `json:"next_charge"`
	Collection   *collectionBody       `json:"collection"`
	Promise      *promiseBody          `json:"promise"`
	Settings     remit.InvoiceSettings `json:"settings"`
	Source       string                `json:"source"`
	SentAt       *time.Time            `json:"sent_at"`
	PaidAt       *time.Time            `json:"paid_at"`
	VoidedAt     *time.Time            `json:"voided_at"`
	CreatedAt    time.Time             `json:"created_at"`
}

type carriedBody struct {
	InvoiceID uuid.UUID `json:"invoice_id"`
	Number    string    `json:"number"`
	Amount    int64     `json:"amount"`
}

type depositBody struct {
	Amount  int64      `json:"amount"`
	DueDate remit.Date `json:"due_date"`
}

type nextChargeBody struct {
	At        time.Time `json:"at"`
	Amount    int64     `json:"amount"`
	Surcharge int64     `json:"surcharge"`
	Method    *string   `json:"method"`
	Try       int       `json:"try"`
	Of        *int      `json:"of"`
}

type collectionBody struct {
	State  remit.CollectionState `json:"state"`
	Reason *string               `json:"reason"`
	Since  time.Time             `json:"since"`
}

type inFlightBody struct {
	Attempt int                `json:"attempt"`
	State   remit.AttemptState `json:"state"`
	Since   time.Time          `json:"since"`
}

type holdBody struct {
	Reason string         `json:"reason"`
	Kind   remit.HoldKind `json:"kind"`
	Since  time.Time      `json:"since"`
}

// invoiceShape is an invoice with its public link.
func (c *call) invoiceShape(i remit.Invoice) invoiceBody { return invoiceShape(c.linked(i)) }

func (c *call) workItemShape(w remit.WorkItem) workItemBody {
	w.Invoice = c.linked(w.Invoice)
	return workItemShape(w)
}

func (c *call) outcomeShape(o commands.PayOutcome) outcomeBody {
	o.Invoice = c.linked(o.Invoice)
	return outcomeShape(o)
}

func (c *call) linked(i remit.Invoice) remit.Invoice {
	link, err := c.server.commands.PayLink(i)
	if err != nil {
		c.server.logger.ErrorContext(c.ctx(), "a public link was not made", "invoice", i.ID, "error", err)
	}
	i.PayLink = link
	return i
}

func invoiceShape(i remit.Invoice) invoiceBody {
	body := invoiceBody{
		ID: i.ID, Number: i.Number, Organisation: i.Organisation, CustomerID: i.CustomerID, CustomerName: i.CustomerName,
		Seller: i.Seller, Status: i.Status, Label: i.Label, Tags: orEmpty(i.Tags), Notes: orEmpty(i.Notes), Overdue: i.Overdue,
		Total: i.Total, Outstanding: i.Outstanding, Currency: i.Currency, IssueDate: i.IssueDate, DueDate: i.DueDate,
		Lines: orEmpty(i.Lines), Adjustments: orEmpty(i.Adjustments), CarriedTo: []carriedBody{}, ReplacedBy: i.ReplacedBy, WorkItemID: i.WorkItemID, PaymentLink: orNull(i.PayLink),
		Settings: settingsShape(i.Settings), AutoCharge: i.Settings.AutoCharge.On, Source: i.Source, Promise: promiseShape(i.Promise),
		SentAt: utc(i.SentAt), PaidAt: utc(i.PaidAt), VoidedAt: utc(i.VoidedAt), CreatedAt: i.CreatedAt.UTC(),
	}
	for _, c := range i.CarriedTo {
		body.CarriedTo = append(body.CarriedTo, carriedBody{InvoiceID: c.To, Number: c.ToNumber, Amount: c.Amount})
	}
	if f := i.InFlight; f != nil {
		body.InFlight = &inFlightBody{Attempt: f.Attempt, State: f.State, Since: f.Since.UTC()}
	}
	if h := i.Hold; h != nil {
		body.Hold = &holdBody{Reason: h.Reason, Kind: h.Kind, Since: h.Since.UTC()}
	}
	if d := i.Deposit; d != nil {
		body.Deposit = &depositBody{Amount: d.Amount, DueDate: d.DueDate}
	}
	if n := i.NextCharge; n != nil {
		body.NextCharge = &nextChargeBody{At: n.At.UTC(), Amount: n.Amount, Surcharge: n.Surcharge, Method: orNull(n.Method), Try: n.Try}
		if n.Of > 0 {
			body.NextCharge.Of = &n.Of
		}
	}
	if c := i.Collection; c.State != remit.CollectionNone {
		body.Collection = &collectionBody{State: c.State, Reason: orNull(c.Why), Since: c.Since.UTC()}
	}
	return body
}

// timelineBody is an entry of the timeline as it leaves.
type timelineBody struct {
	Seq       int64     `json:"seq"`
	At        time.Time `json:"at"`
	Kind      string    `json:"kind"`
	What      string    `json:"what"`
	Why       remit.Why `json:"why"`
	Actor     actorBody `json:"actor"`
	StripeIDs []string  `json:"stripe_ids"`
	Next      nextBody  `json:"next"`
}

type nextBody struct {
	What string     `json:"what"`
	At   *time.Time `json:"at"`
}

type actorBody struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

func timelineShape(e remit.TimelineEntry) timelineBody {
	return timelineBody{
		Seq: e.Seq, At: e.At.UTC(), Kind: e.Kind, What: e.What, Why: e.Why, Actor: actorBody(e.Actor),
		StripeIDs: orEmpty(e.StripeIDs), Next: nextBody{What: e.Next.What, At: utc(e.Next.At)},
	}
}

// workItemBody is a work item as it leaves.
type workItemBody struct {
	ID           uuid.UUID           `json:"id"`
	State        remit.WorkItemState `json:"state"`
	Assignee     assigneeBody        `json:"assignee"`
	Invoice      invoiceBody         `json:"invoice"`
	ClaimedBy    *claimBody          `json:"claimed_by"`
	ClaimedAt    *time.Time          `json:"claimed_at"`
	ClosedReason *string             `json:"closed_reason"`
	CreatedAt    time.Time           `json:"created_at"`
	ClosedAt     *time.Time          `json:"closed_at"`
}

type claimBody struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

// assigneeBody is who is asked to pay; a null path is the invoice's own.
type assigneeBody struct {
	Name  string  `json:"name"`
	Path  *string `json:"path"`
	Type  string  `json:"type"`
	Scope string  `json:"scope"`
}

func workItemShape(w remit.WorkItem) workItemBody {
	body := workItemBody{
		ID: w.ID, State: w.State, Assignee: assigneeShape(w.Assignee), Invoice: invoiceShape(w.Invoice),
		ClaimedAt: utc(w.ClaimedAt), ClosedReason: orNull(w.ClosedReason), CreatedAt: w.CreatedAt.UTC(), ClosedAt: utc(w.ClosedAt),
	}
	if w.ClaimedBy != nil {
		body.ClaimedBy = &claimBody{ID: *w.ClaimedBy, Name: w.ClaimedByName}
	}
	return body
}

func assigneeShape(a remit.Assignee) assigneeBody {
	return assigneeBody{Name: a.Name, Path: orNull(a.Path.String()), Type: a.Type, Scope: a.Scope.String()}
}

// orEmpty makes a missing list an empty one: answers hold no null lists.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// utc is the instant in UTC, as all answers write them.
func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// settingsShape are the copied settings, with caps that are there, if empty, and with
// the methods that are taken where nothing was said of them.
func settingsShape(s remit.InvoiceSettings) remit.InvoiceSettings {
	s.Surcharge, s.Methods, s.LateFees = s.Surcharge.Shown(), s.Methods.Shown(), s.LateFees.Shown()
	return s
}
