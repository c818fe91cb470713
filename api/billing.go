package api

import (
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/money"
	"remit/postgres"
)

func billingSchedules(c *call) (answer, error) {
	filter := commands.BillingFilter{Organisation: c.organisation(), State: remit.BillingState(c.text("state"))}
	if customer := c.text("customer_id"); customer != "" {
		id := uuid.MustParse(customer)
		filter.Customer = &id
	}
	list, err := c.server.commands.BillingSchedules(c.ctx(), c.caller, filter, c.page())
	if err != nil {
		return answer{}, err
	}
	return ok(listed(list, billingShape))
}

func billingSchedule(c *call) (answer, error) {
	return billingAnswer(c.server.commands.BillingSchedule(c.ctx(), c.caller, c.id()))
}

func createBillingSchedule(c *call) (answer, error) {
	made, err := c.server.commands.CreateBillingSchedule(c.ctx(), c.caller, body(c, billingWire.input))
	if err != nil {
		return answer{}, err
	}
	return created(billingViewShape(made))
}

func updateBillingSchedule(c *call) (answer, error) {
	return billingAnswer(c.server.commands.ChangeBillingSchedule(c.ctx(), c.caller, c.id(), body(c, billingChangeWire.input)))
}

func endBillingSchedule(c *call) (answer, error) {
	if err := c.server.commands.EndBillingSchedule(c.ctx(), c.caller, c.id()); err != nil {
		return answer{}, err
	}
	return noContent()
}

func billingAnswer(v commands.BillingView, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(billingViewShape(v))
}

// billingWire is a schedule as it arrives.
type billingWire struct {
	Organisation string             `json:"organisation"`
	CustomerID   uuid.UUID          `json:"customer_id"`
	Number       string             `json:"number"`
	Currency     string             `json:"currency"`
	Lines        []lineWire         `json:"lines"`
	Adjustments  []adjustmentWire   `json:"adjustments"`
	Interval     remit.IntervalUnit `json:"interval"`
	Count        *int               `json:"interval_count"`
	Start        *remit.Date        `json:"start_date"`
	End          *remit.Date        `json:"end_date"`
	Anchor       *int               `json:"anchor_day"`
	TimeZone     *string            `json:"time_zone"`
	Prorate      bool               `json:"prorate"`
	AutoCharge   *bool              `json:"auto_charge"`
	PaymentLink  *bool              `json:"payment_link"`
	DueDays      *int               `json:"due_days"`
	DraftDays    int                `json:"draft_days"`
	Paused       *bool              `json:"paused"`
}

// billingChangeWire is a change of one. Without lines its terms stay.
type billingChangeWire struct {
	Organisation string             `json:"organisation"`
	CustomerID   uuid.UUID          `json:"customer_id"`
	Number       string             `json:"number"`
	Currency     string             `json:"currency"`
	Lines        []lineWire         `json:"lines"`
	Adjustments  []adjustmentWire   `json:"adjustments"`
	Interval     remit.IntervalUnit `json:"interval"`
	Count        *int               `json:"interval_count"`
	Start        *remit.Date        `json:"start_date"`
	End          *remit.Date        `json:"end_date"`
	Anchor       *int               `json:"anchor_day"`
	TimeZone     *string            `json:"time_zone"`
	Prorate      bool               `json:"prorate"`
	AutoCharge   *bool              `json:"auto_charge"`
	PaymentLink  *bool              `json:"payment_link"`
	DueDays      *int               `json:"due_days"`
	DraftDays    int                `json:"draft_days"`
	Paused       *bool              `json:"paused"`
	TakeSettings bool               `json:"take_settings"`
}

func (w billingChangeWire) input() (commands.BillingInput, error) {
	in, err := billingWire{
		w.Organisation, w.CustomerID, w.Number, w.Currency, w.Lines, w.Adjustments, w.Interval, w.Count, w.Start, w.End, w.Anchor, w.TimeZone, w.Prorate, w.AutoCharge, w.PaymentLink, w.DueDays, w.DraftDays, w.Paused,
	}.input()
	in.TakeSettings = w.TakeSettings
	if w.Lines == nil {
		in.Terms = nil
		if w.Interval != "" || w.Count != nil || w.Start != nil || w.End != nil || w.Anchor != nil || w.DueDays != nil || w.AutoCharge != nil || w.PaymentLink != nil || w.Adjustments != nil {
			return in, remit.Invalid("lines", "Terms are changed as a whole: give the lines too.")
		}
	}
	return in, err
}

func (w billingWire) input() (commands.BillingInput, error) {
	terms := remit.BillingTerms{
		Cadence: remit.Cadence{Unit: w.Interval, Count: 1}, Prorate: w.Prorate, AutoCharge: w.AutoCharge, PaymentLink: w.PaymentLink, DueDays: w.DueDays, DraftDays: w.DraftDays,
	}
	replace(&terms.Count, w.Count)
	replace(&terms.Start, w.Start)
	replace(&terms.End, w.End)
	replace(&terms.Anchor, w.Anchor)
	replace(&terms.TimeZone, w.TimeZone)
	for _, line := range w.Lines {
		one := remit.BillingLine{Description: line.Description, Quantity: line.Quantity, UnitPrice: line.UnitPrice}
		if line.Amount != 0 {
			one.Amount = &line.Amount
		}
		terms.Lines = append(terms.Lines, one)
	}
	for _, adjustment := range w.Adjustments {
		terms.Adjustments = append(terms.Adjustments, remit.Adjustment(adjustment))
	}
	return commands.BillingInput{Organisation: w.Organisation, CustomerID: w.CustomerID, Number: w.Number, Currency: w.Currency, Terms: &terms, Paused: w.Paused}, nil
}

// billingBody is a schedule as it stands in a list.
type billingBody struct {
	ID           uuid.UUID             `json:"id"`
	Number       string                `json:"number"`
	Organisation string                `json:"organisation"`
	CustomerID   uuid.UUID             `json:"customer_id"`
	CustomerName string                `json:"customer_name"`
	Currency     string                `json:"currency"`
	State        remit.BillingState    `json:"state"`
	InForceFrom  remit.Date            `json:"in_force_from"`
	Lines        []remit.Line          `json:"lines"`
	Adjustments  []remit.Adjustment    `json:"adjustments"`
	Total        int64                 `json:"total"`
	Interval     remit.IntervalUnit    `json:"interval"`
	Count        int                   `json:"interval_count"`
	Start        remit.Date            `json:"start_date"`
	End          remit.Date            `json:"end_date"`
	Anchor       *int                  `json:"anchor_day"`
	TimeZone     *string               `json:"time_zone"`
	Prorate      bool                  `json:"prorate"`
	AutoCharge   *bool                 `json:"auto_charge"`
	PaymentLink  *bool                 `json:"payment_link"`
	DueDays      *int                  `json:"due_days"`
	DraftDays    int                   `json:"draft_days"`
	Paused       bool                  `json:"paused"`
	Trouble      *string               `json:"trouble"`
	Settings     remit.InvoiceSettings `json:"settings"`
	CreatedAt    time.Time             `json:"created_at"`
	EndedAt      *time.Time            `json:"ended_at"`
}

func billingShape(s remit.BillingSchedule) billingBody {
	terms := s.Terms()
	out := billingBody{
		ID: s.ID, Number: s.Number, Organisation: s.Organisation, CustomerID: s.CustomerID, CustomerName: s.CustomerName, Currency: s.Currency, State: s.State,
		InForceFrom: terms.From, Interval: terms.Unit, Count: terms.Count, Start: s.Versions[0].Start, End: terms.End, TimeZone: orNull(terms.TimeZone),
		Prorate: terms.Prorate, AutoCharge: terms.AutoCharge, PaymentLink: terms.PaymentLink, DueDays: terms.DueDays, DraftDays: terms.DraftDays,
		Paused: s.State == remit.BillingPaused, Trouble: orNull(s.Trouble), Settings: settingsShape(s.Settings), CreatedAt: s.CreatedAt.UTC(), EndedAt: utc(s.EndedAt),
	}
	if terms.Anchor != 0 {
		out.Anchor = &terms.Anchor
	}
	lines, total, err := terms.Whole(money.Currency(s.Currency))
	if err == nil { // it was checked when it came
		out.Total = total.Minor
	}
	out.Lines, out.Adjustments = orEmpty(lines), orEmpty(terms.Adjustments)
	return out
}

// billingViewBody is a schedule with what came of it and what will.
type billingViewBody struct {
	billingBody

	ChangeFrom remit.Date           `json:"change_from"`
	Upcoming   []upcomingBody       `json:"upcoming"`
	Periods    []billingPeriodBody  `json:"periods"`
	History    []billingHistoryBody `json:"history"`
}

type upcomingBody struct {
	Number      string             `json:"number"`
	From        remit.Date         `json:"from"`
	Through     remit.Date         `json:"through"`
	IssueDate   remit.Date         `json:"issue_date"`
	DueDate     remit.Date         `json:"due_date"`
	Lines       []remit.Line       `json:"lines"`
	Adjustments []remit.Adjustment `json:"adjustments"`
	Total       int64              `json:"total"`
}

type billingPeriodBody struct {
	From      remit.Date           `json:"from"`
	Through   remit.Date           `json:"through"`
	State     remit.PeriodFate     `json:"state"`
	InvoiceID *uuid.UUID           `json:"invoice_id"`
	Number    *string              `json:"number"`
	Status    *remit.InvoiceStatus `json:"status"`
	SendAt    *time.Time           `json:"send_at"`
	MadeAt    time.Time            `json:"made_at"`
}

type billingHistoryBody struct {
	At    time.Time `json:"at"`
	Kind  string    `json:"kind"`
	What  string    `json:"what"`
	Actor actorBody `json:"actor"`
}

func billingViewShape(v commands.BillingView) billingViewBody {
	out := billingViewBody{billingBody: billingShape(v.Schedule), ChangeFrom: v.Change, Upcoming: []upcomingBody{}, Periods: []billingPeriodBody{}, History: []billingHistoryBody{}}
	for _, u := range v.Upcoming {
		out.Upcoming = append(out.Upcoming, upcomingBody{
			Number: u.Number, From: u.Period.From, Through: u.Period.Last(), IssueDate: u.IssueDate, DueDate: u.DueDate, Lines: orEmpty(u.Lines), Adjustments: orEmpty(u.Adjustments), Total: u.Total.Minor,
		})
	}
	for _, p := range v.Periods {
		out.Periods = append(out.Periods, billingPeriodShape(p))
	}
	for _, e := range v.History {
		out.History = append(out.History, billingHistoryBody{At: e.At.UTC(), Kind: e.Kind, What: e.What, Actor: actorBody(e.Actor)})
	}
	return out
}

func billingPeriodShape(p postgres.BillingPeriod) billingPeriodBody {
	out := billingPeriodBody{From: p.From, Through: p.Until.AddDays(-1), State: p.State, InvoiceID: p.InvoiceID, Number: orNull(p.Number), SendAt: utc(p.SendAt), MadeAt: p.MadeAt.UTC()}
	if p.Status != "" {
		out.Status = &p.Status
	}
	return out
}
