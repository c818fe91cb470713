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

func (p *Portal) mountDueDates(router gin.IRouter) {
	router.GET("/due-date-runs", p.signedIn((*visit).dueDateRuns))
	router.POST("/due-date-runs", p.signedIn((*visit).startDueDateRun))
	router.GET("/due-date-runs/:id", p.signedIn((*visit).dueDateRun))
	router.POST("/invoices/:id/charge", p.signedIn((*visit).chargeInvoice))
	router.POST("/invoices/:id/auto-charge", p.signedIn((*visit).switchCharge))
}

// dueDateRuns runs what is due and lists earlier runs (U19).
func (v *visit) dueDateRuns() error {
	return v.showDueDateRuns(http.StatusOK, page.DueDateRuns{Place: v.query("at"), AsOf: remit.DateOf(v.today()).String()})
}

func (v *visit) showDueDateRuns(status int, view page.DueDateRuns) error {
	view.Places = v.placesWhere(remit.InvoiceCharge)
	if len(view.Places) == 0 {
		return remit.Forbidden(remit.InvoiceCharge.String(), v.place())
	}
	problems := view.Problems
	view.Shell, view.Zone, view.Key = v.shell("Due dates", ""), v.zone(v.place()), newKey()
	view.Problems = problems
	top := v.at("", view.Places)
	if view.Place == "" {
		view.Place = top
	}
	list, err := v.do.DueDateRuns(v.ctx(), v.caller, top, commands.Page{After: v.query("after"), Limit: 20})
	if err != nil {
		return err
	}
	view.Rows = list.Items
	if list.Next != "" {
		view.Next = "/due-date-runs?" + url.Values{"after": {list.Next}}.Encode()
	}
	asking, err := v.asking(top)
	if err != nil {
		return err
	}
	for _, i := range asking {
		view.Asking = append(view.Asking, v.ask(i, "/due-date-runs"))
	}
	return v.show(status, page.DueDateRunsPage(view))
}

// asking are the invoices at a path and below of which somebody is to say whether
// they are charged, as far as the visitor may see them.
func (v *visit) asking(path string) ([]remit.Invoice, error) {
	if !v.anywhere(remit.InvoiceRead) {
		return nil, nil
	}
	list, err := v.do.Invoices(v.ctx(), v.caller, commands.InvoiceFilter{Organisation: path, Collection: remit.CollectionAsks}, commands.Page{Limit: 100})
	return list.Items, err
}

func (v *visit) ask(i remit.Invoice, back string) page.ChargeAsk {
	return page.ChargeAsk{Invoice: i, Key: newKey(), Back: back, MayCharge: v.may(i.Organisation, remit.InvoiceCharge), MayLeave: v.may(i.Organisation, remit.InvoiceEdit)}
}

func (v *visit) startDueDateRun() error {
	view := page.DueDateRuns{Place: v.typed("organisation"), AsOf: v.typed("as_of")}
	dry := v.typed("do") != "run"
	content := url.Values{"organisation": {view.Place}, "as_of": {view.AsOf}, "dry": {strconv.FormatBool(dry)}}.Encode()
	leads, err := v.once(v.typed("key"), content, "/due-date-runs", func(ctx context.Context) (string, bool, error) {
		run, err := v.do.StartDueDateRun(ctx, v.caller, view.Place, func() (commands.DueDateInput, error) {
			in := commands.DueDateInput{Organisation: view.Place, DryRun: dry, Briefly: true}
			var err error
			if in.AsOf, err = remit.ParseDate(view.AsOf); err != nil {
				return in, wrong("as_of", "Give a date, like 2026-04-01.")
			}
			return in, nil
		})
		return "/due-date-runs/" + run.ID.String(), err == nil, err
	})
	if err == nil {
		return v.goTo(leads, "")
	}
	p, status, mendable := problems(err, "as_of", "organisation")
	if !mendable {
		return err
	}
	view.Problems = p
	return v.showDueDateRuns(status, view)
}

// dueDateRun is one run: its progress, then what came of it. A script polls it with
// how far it knows it to be.
func (v *visit) dueDateRun() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	report, err := v.do.DueDateRun(v.ctx(), v.caller, id, commands.Page{After: v.query("after"), Limit: 100})
	if err != nil {
		return err
	}
	run, path := report.Run, "/due-date-runs/"+id.String()
	view := page.DueDateReport{Run: run, Entries: report.Entries.Items, Differences: report.Differences, Unmade: report.Unmade, Zone: v.zone(run.Organisation), Asks: map[uuid.UUID]page.ChargeAsk{}}
	now := string(run.State) + " " + strconv.Itoa(run.Counts.Done()) + " " + strconv.Itoa(run.Counts.Notices)
	if run.State == remit.RunRunning {
		view.Poll = path + "?" + url.Values{"known": {now}}.Encode()
	}
	if report.Entries.Next != "" {
		view.Next = path + "?" + url.Values{"after": {report.Entries.Next}}.Encode()
	}
	if !run.DryRun && run.State != remit.RunRunning {
		asking, err := v.asking(run.Organisation)
		if err != nil {
			return err
		}
		for _, i := range asking {
			view.Asks[i.ID] = v.ask(i, path)
		}
	}
	if known := v.query("known"); known != "" && v.htmx() {
		return v.news(known, now, view.Poll == "", page.DueDateProgress(view))
	}
	view.Shell = v.shell("Due by "+run.AsOf.Words(), "")
	if view.Poll != "" {
		view.Refresh = noScriptRefresh
	}
	return v.show(http.StatusOK, page.DueDateRunPage(view))
}

// chargeInvoice has one invoice charged by itself now, once for each form.
func (v *visit) chargeInvoice() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	back := v.backTo("/invoices/" + id.String())
	leads, err := v.once(v.typed("key"), "charge", back, func(ctx context.Context) (string, bool, error) {
		_, err := v.do.ChargeInvoice(ctx, v.caller, id)
		return back, err == nil, err
	})
	if err != nil {
		return err
	}
	return v.goTo(leads, "charging")
}

// switchCharge says of one invoice whether it is charged by itself.
func (v *visit) switchCharge() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	on := v.typed("on") == "yes"
	if _, err := v.do.SwitchCharge(v.ctx(), v.caller, id, commands.Given(on)); err != nil {
		return err
	}
	return v.goTo(v.backTo("/invoices/"+id.String()), map[bool]string{true: "autocharge", false: "noautocharge"}[on])
}

// backTo is the page a form came from, where it says so.
func (v *visit) backTo(otherwise string) string {
	if back := v.typed("back"); local(back) {
		return back
	}
	return otherwise
}
