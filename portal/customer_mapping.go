package portal

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

// shownMapping is how many customers a page of the plan shows.
const shownMapping = 25

// mappingPage proposes which customers are which at Stripe (U18).
func (v *visit) mappingPage() error {
	view, err := v.mappingView()
	if err != nil {
		return err
	}
	return v.show(http.StatusOK, page.MappingPage(view))
}

func (v *visit) mappingView() (page.Mapping, error) {
	view := page.Mapping{Shell: v.shell("Customers at Stripe", ""), Zone: v.zone(v.place())}
	plan, err := v.do.PlanMapping(v.ctx(), v.caller, v.place(), commands.Page{After: v.query("after"), Limit: shownMapping})
	if err != nil {
		return view, err
	}
	view.Counts = (*page.MappingCounts)(plan.Is.Counts)
	view.FreshAt, view.Coming = plan.State.FreshAt, plan.State.Coming()
	for _, r := range plan.Is.Items {
		row := page.MappingRow{ID: r.Customer.ID.String(), Name: r.Customer.Name, Email: r.Customer.Email, Action: r.Proposal.Action, Reason: r.Proposal.Reason, Conflicts: r.Proposal.Conflicts, Stripe: r.Proposal.Stripe}
		for _, k := range r.Candidates {
			if k.TakenBy == "" {
				row.Candidates = append(row.Candidates, page.Option{Value: k.ID, Label: k.ID + ": " + strings.TrimSpace(k.Name+" "+k.Email) + ", " + k.Reason()})
			}
		}
		view.Rows = append(view.Rows, row)
	}
	if plan.Is.Next != "" {
		view.Next = "/customer-mapping?" + url.Values{"after": {plan.Is.Next}}.Encode()
	}
	return view, nil
}

// readMapping has Stripe's customers read again and returns to the plan.
func (v *visit) readMapping() error {
	if _, err := v.do.RefreshDashboard(v.ctx(), v.caller, v.place()); err != nil {
		return err
	}
	return v.goTo("/customer-mapping", "asked")
}

// startMapping carries out what was chosen on a page of the plan.
func (v *visit) startMapping() error {
	in := commands.MappingInput{Organisation: v.place(), Rest: "ignore"}
	if v.typed("rest") == "proposed" {
		in.Rest = "proposed"
	}
	for name, values := range v.gin.Request.PostForm {
		id, is := strings.CutPrefix(name, "choice-")
		customer, err := uuid.Parse(id)
		if !is || err != nil || len(values) != 1 {
			continue
		}
		choice := remit.MappingChoice{Customer: customer, Action: remit.MappingAction(values[0])}
		if strings.HasPrefix(values[0], "cus_") {
			choice.Action, choice.Stripe = remit.MappingMap, values[0]
		}
		in.Choices = append(in.Choices, choice)
	}
	started, err := v.do.StartMapping(v.ctx(), v.caller, commands.Given(in))
	if err != nil {
		p, status, mendable := problems(err)
		if !mendable {
			return err
		}
		view, seen := v.mappingView()
		if seen != nil {
			return err
		}
		view.Problems = p
		return v.show(status, page.MappingPage(view))
	}
	return v.goTo("/customer-mapping/"+started.ID.String(), "")
}

// mappingReport is how far a mapping has come, then its report.
func (v *visit) mappingReport() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	job, err := v.do.Mapping(v.ctx(), v.caller, id)
	if err != nil {
		return err
	}
	view := page.MappingReport{Import: importView(job)}
	now := job.State + " " + strconv.Itoa(job.RowsNew+job.RowsSame+job.RowsBad)
	if job.State == "running" {
		view.Poll = "/customer-mapping/" + id.String() + "?" + url.Values{"known": {now}}.Encode()
	}
	if known := v.query("known"); known != "" && v.htmx() {
		return v.news(known, now, view.Poll == "", page.MappingProgress(view))
	}
	view.Shell = v.shell("Customers at Stripe", "")
	if view.Poll != "" {
		view.Refresh = noScriptRefresh
	}
	return v.show(http.StatusOK, page.MappingReportPage(view))
}

func (v *visit) stopMapping() error { return v.turnMapping(v.do.StopMapping, "mapping_stopped") }

func (v *visit) resumeMapping() error { return v.turnMapping(v.do.ResumeMapping, "mapping_resumed") }

func (v *visit) turnMapping(turn func(context.Context, commands.Caller, uuid.UUID) (commands.Import, error), done string) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if _, err := turn(v.ctx(), v.caller, id); err != nil {
		return err
	}
	return v.goTo("/customer-mapping/"+id.String(), done)
}
