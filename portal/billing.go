package portal

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

const pathSchedules = "/billing-schedules"

func (p *Portal) mountBilling(router gin.IRouter) {
	router.GET(pathSchedules, p.signedIn((*visit).schedules))
	router.GET(pathSchedules+"/new", p.signedIn((*visit).newSchedulePage))
	router.POST(pathSchedules+"/new", p.signedIn((*visit).newSchedule))
	router.GET(pathSchedules+"/:id", p.signedIn((*visit).schedule))
	router.GET(pathSchedules+"/:id/edit", p.signedIn((*visit).editSchedulePage))
	router.POST(pathSchedules+"/:id/edit", p.signedIn((*visit).editSchedule))
	router.POST(pathSchedules+"/:id/pause", p.signedIn((*visit).pauseSchedule))
	router.GET(pathSchedules+"/:id/end", p.signedIn((*visit).endSchedulePage))
	router.POST(pathSchedules+"/:id/end", p.signedIn((*visit).endSchedule))
}

// schedules lists billing schedules (U13).
func (v *visit) schedules() error {
	list, err := v.do.BillingSchedules(v.ctx(), v.caller, commands.BillingFilter{}, commands.Page{After: v.query("after"), Limit: 50})
	if err != nil {
		return err
	}
	view := page.Schedules{Shell: v.shell("Billing schedules", ""), Rows: list.Items}
	if list.Next != "" {
		view.Next = pathSchedules + "?" + url.Values{"after": {list.Next}}.Encode()
	}
	return v.show(http.StatusOK, page.SchedulesPage(view))
}

func (v *visit) seenSchedule() (commands.BillingView, error) {
	id, err := v.id("id")
	if err != nil {
		return commands.BillingView{}, err
	}
	return v.do.BillingSchedule(v.ctx(), v.caller, id)
}

func (v *visit) schedule() error {
	seen, err := v.seenSchedule()
	if err != nil {
		return err
	}
	view := page.Schedule{Shell: v.shell(seen.Schedule.Number, ""), Schedule: seen.Schedule, Upcoming: seen.Upcoming, Zone: v.zone(seen.Schedule.Organisation)}
	for _, p := range seen.Periods {
		one := page.SchedulePeriod{
			Period: remit.Period{From: p.From, Until: p.Until}, Skipped: p.State == remit.PeriodSkipped, Number: p.Number, Status: p.Status, Total: p.Total, SendAt: p.SendAt,
		}
		if p.InvoiceID != nil {
			one.Invoice = p.InvoiceID.String()
		}
		view.Periods = append(view.Periods, one)
	}
	for _, e := range seen.History {
		view.History = append(view.History, page.ScheduleEntry{At: e.At, What: e.What, Actor: e.Actor})
	}
	return v.show(http.StatusOK, page.SchedulePage(view))
}

func (v *visit) newSchedulePage() error {
	if !v.anywhere(remit.InvoiceEdit) {
		return remit.Forbidden(remit.InvoiceEdit.String(), v.place())
	}
	return v.showScheduleForm(http.StatusOK, page.ScheduleForm{
		Shell: v.shell("New billing schedule", ""), Currency: v.currency(v.place()), Customer: v.query("customer"), Interval: string(remit.IntervalMonth), Count: "1",
		Start: remit.DateOf(v.today()).String(), Prorate: true, DraftDays: "0",
	})
}

// showScheduleForm fills up the lines and the choices.
func (v *visit) showScheduleForm(status int, view page.ScheduleForm) error {
	if view.Key == "" {
		view.Key = newKey()
	}
	if view.Existing == nil {
		customers, err := v.customersToChoose(view.Customer)
		if err != nil {
			return err
		}
		view.Customers = customers
	}
	for range blankLines {
		view.Lines = append(view.Lines, page.LineFields{})
	}
	view.Adjustments = append(view.Adjustments, page.AdjustmentFields{})
	return v.show(status, page.ScheduleFormPage(view))
}

func (v *visit) newSchedule() error {
	view := v.scheduleFields(page.ScheduleForm{Shell: v.shell("New billing schedule", "")})
	if v.typed("add") != "" {
		return v.showScheduleForm(http.StatusOK, view)
	}
	leads, err := v.once(v.typed("key"), v.gin.Request.PostForm.Encode(), pathSchedules, func(ctx context.Context) (string, bool, error) {
		made, err := v.do.CreateBillingSchedule(ctx, v.caller, v.scheduleBody(&view))
		return pathSchedules + "/" + made.Schedule.ID.String(), err == nil, err
	})
	if err != nil {
		return v.scheduleAgain(view, err)
	}
	return v.goTo(leads, "scheduled")
}

func (v *visit) scheduleAgain(view page.ScheduleForm, err error) error {
	p, status, mendable := problems(err, "customer_id", "number", "currency", "lines", "lines[]", "adjustments[]", "interval", "interval_count", "start_date", "end_date", "anchor_day", "time_zone",
		"auto_charge", "payment_link", "due_days", "draft_days")
	if !mendable {
		return err
	}
	view.Problems = p
	return v.showScheduleForm(status, view)
}

func (v *visit) editSchedulePage() error {
	seen, err := v.seenSchedule()
	if err != nil {
		return err
	}
	s := seen.Schedule
	t := s.Terms()
	view := page.ScheduleForm{
		Shell: v.shell("Change "+s.Number, ""), Existing: &s, From: seen.Change, Currency: s.Currency, Interval: string(t.Unit), Count: strconv.Itoa(t.Count),
		Start: s.Versions[0].Start.String(), End: t.End.String(), TimeZone: t.TimeZone, Prorate: t.Prorate, AutoCharge: word(t.AutoCharge), PaymentLink: word(t.PaymentLink), DraftDays: strconv.Itoa(t.DraftDays),
	}
	if t.Anchor != 0 {
		view.Anchor = strconv.Itoa(t.Anchor)
	}
	if t.DueDays != nil {
		view.DueDays = strconv.Itoa(*t.DueDays)
	}
	for _, l := range t.Lines {
		fields := page.LineFields{Description: l.Description, Quantity: l.Quantity, UnitPrice: l.UnitPrice}
		if l.UnitPrice == "" && l.Amount != nil {
			fields.Quantity, fields.UnitPrice = "1", page.Typed(*l.Amount, s.Currency)
		}
		view.Lines = append(view.Lines, fields)
	}
	for _, a := range t.Adjustments {
		view.Adjustments = append(view.Adjustments, page.AdjustmentFields{Kind: a.Kind, Description: a.Description, Amount: page.Typed(a.Amount, s.Currency)})
	}
	return v.showScheduleForm(http.StatusOK, view)
}

// word is a choice of yes, no or neither, as forms have it.
func word(on *bool) string {
	if on == nil {
		return ""
	}
	return map[bool]string{true: "yes", false: "no"}[*on]
}

func picked(word string) *bool {
	if word == "" {
		return nil
	}
	on := word == "yes"
	return &on
}

func (v *visit) editSchedule() error {
	seen, err := v.seenSchedule()
	if err != nil {
		return err
	}
	s := seen.Schedule
	view := v.scheduleFields(page.ScheduleForm{Shell: v.shell("Change "+s.Number, ""), Existing: &s, From: seen.Change, Currency: s.Currency})
	if v.typed("add") != "" {
		return v.showScheduleForm(http.StatusOK, view)
	}
	if _, err := v.do.ChangeBillingSchedule(v.ctx(), v.caller, s.ID, v.scheduleBody(&view)); err != nil {
		return v.scheduleAgain(view, err)
	}
	return v.goTo(pathSchedules+"/"+s.ID.String(), "saved")
}

// scheduleFields takes over what was typed; lines left empty are left out.
func (v *visit) scheduleFields(view page.ScheduleForm) page.ScheduleForm {
	if view.Existing == nil {
		view.Customer, view.Number, view.Currency = v.typed("customer_id"), v.typed("number"), v.typed("currency")
	}
	view.Interval, view.Count, view.Start, view.End = v.typed("interval"), v.typed("interval_count"), v.typed("start_date"), v.typed("end_date")
	view.Anchor, view.TimeZone, view.Prorate = v.typed("anchor_day"), v.typed("time_zone"), v.typed("prorate") == "yes"
	view.AutoCharge, view.PaymentLink, view.DueDays, view.DraftDays = v.typed("auto_charge"), v.typed("payment_link"), v.typed("due_days"), v.typed("draft_days")
	view.Take, view.Key = v.typed("take_settings") == "yes", v.typed("key")
	typed := v.editorFields(page.InvoiceForm{})
	view.Lines, view.Adjustments = typed.Lines, typed.Adjustments
	return view
}

// scheduleBody reads the form's fields as a schedule.
func (v *visit) scheduleBody(view *page.ScheduleForm) commands.Body[commands.BillingInput] {
	return func() (commands.BillingInput, error) {
		terms := remit.BillingTerms{
			Cadence: remit.Cadence{Unit: remit.IntervalUnit(view.Interval)}, TimeZone: view.TimeZone, Prorate: view.Prorate,
			AutoCharge: picked(view.AutoCharge), PaymentLink: picked(view.PaymentLink),
		}
		in := commands.BillingInput{Number: view.Number, Currency: view.Currency, Terms: &terms, TakeSettings: view.Take}
		var bad []remit.FieldError
		refuse := func(field, message string) { bad = append(bad, remit.FieldError{Field: field, Message: message}) }
		number := func(field, text string, otherwise int) int {
			if text == "" {
				return otherwise
			}
			n, err := strconv.Atoi(text)
			if err != nil {
				refuse(field, "Enter a whole number.")
			}
			return n
		}
		date := func(field, text string) (d remit.Date) {
			if text == "" {
				return d
			}
			d, err := remit.ParseDate(text)
			if err != nil {
				refuse(field, "Enter a date, like 2026-04-01.")
			}
			return d
		}
		if view.Existing == nil {
			var err error
			if in.CustomerID, err = uuid.Parse(view.Customer); err != nil {
				refuse("customer_id", "Choose a customer.")
			}
		}
		terms.Count, terms.Anchor, terms.DraftDays = number("interval_count", view.Count, 1), number("anchor_day", view.Anchor, 0), number("draft_days", view.DraftDays, 0)
		terms.Start, terms.End = date("start_date", view.Start), date("end_date", view.End)
		if view.DueDays != "" {
			days := number("due_days", view.DueDays, 0)
			terms.DueDays = &days
		}
		for _, l := range view.Lines {
			terms.Lines = append(terms.Lines, remit.BillingLine{Description: l.Description, Quantity: l.Quantity, UnitPrice: l.UnitPrice})
		}
		terms.Adjustments = typedAdjustments(view.Adjustments, view.Currency, func(field string, err error) { refuse(field, remit.AsError(err).Message) })
		if len(bad) > 0 {
			return in, &remit.Error{Kind: remit.KindInvalid, Code: remit.CodeInvalid, Message: bad[0].Message, Fields: bad}
		}
		return in, nil
	}
}

// pauseSchedule pauses or resumes a schedule.
func (v *visit) pauseSchedule() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	paused := v.typed("paused") == "yes"
	if _, err := v.do.ChangeBillingSchedule(v.ctx(), v.caller, id, commands.Given(commands.BillingInput{Paused: &paused})); err != nil {
		return err
	}
	return v.goTo(pathSchedules+"/"+id.String(), map[bool]string{true: "schedule_paused", false: "schedule_resumed"}[paused])
}

func (v *visit) endSchedulePage() error {
	seen, err := v.seenSchedule()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.ScheduleEndPage(page.ScheduleEnd{Shell: v.shell("End "+seen.Schedule.Number, ""), Schedule: seen.Schedule}))
}

func (v *visit) endSchedule() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := v.do.EndBillingSchedule(v.ctx(), v.caller, id); err != nil {
		return err
	}
	return v.goTo(pathSchedules+"/"+id.String(), "schedule_ended")
}
