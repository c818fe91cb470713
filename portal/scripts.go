package portal

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"remit"
	"remit/api"
	"remit/api/strictjson"
	"remit/commands"
	"remit/portal/page"
)

func (v *visit) scriptView(place string) (page.Script, error) {
	s, err := v.do.AfterPaymentScript(v.ctx(), v.caller, place)
	view := page.Script{Source: s.Source, SetAt: s.SetAt, Failed: s.Failed, Zone: v.zone(place)}
	for _, version := range s.Versions {
		view.Versions = append(view.Versions, page.ScriptVersion(version))
	}
	for _, f := range s.Failures {
		view.Failures = append(view.Failures, page.ScriptFailure{ID: f.Invoice.String(), Number: f.Number, Message: f.Message, RanAt: f.RanAt})
	}
	return view, err
}

// saveScript tries the after-payment script, and saves it if that is what was
// asked for and it passed.
func (v *visit) saveScript() error {
	view, err := v.workflowView(v.typed("at"))
	if err != nil {
		return err
	}
	// A browser sends lines as mail does.
	view.Script.Source = strings.ReplaceAll(v.typed("source"), "\r\n", "\n") + "\n"
	view.Script.Number = v.typed("number")
	if v.typed("then") == "try" {
		err = v.tryScript(&view)
	} else {
		_, err = v.do.SetAfterPaymentScript(v.ctx(), v.caller, view.Place, commands.Given(commands.ScriptInput{Source: view.Script.Source}))
		if err == nil {
			return v.goTo("/settings/workflow?"+url.Values{"at": {view.Place}}.Encode()+"#script", "saved")
		}
	}
	if err == nil {
		return v.show(http.StatusOK, page.WorkflowPage(view))
	}
	p, status, mendable := problems(err, "source", "number")
	if !mendable {
		return err
	}
	view.Problems = p
	return v.show(status, page.WorkflowPage(view))
}

// removeScriptPage asks before a path inherits its script again.
func (v *visit) removeScriptPage() error {
	view, err := v.workflowView(v.query("at"))
	if err != nil {
		return err
	}
	back := "/settings/workflow?" + url.Values{"at": {view.Place}}.Encode() + "#script"
	if view.Script.SetAt != view.Place {
		return v.goTo(back, "")
	}
	return v.show(http.StatusOK, page.AskPage(page.Ask{
		Shell: v.settingsShell("Remove the script"), Heading: "Remove the script saved at " + view.Place + "?",
		Message: "The one above holds again for payments recorded from now on, or the one that Remit ships with. What was saved here stays readable.",
		Action:  "/settings/workflow/script/remove", Fields: []page.Option{{Value: "at", Label: view.Place}},
		Button: "Remove the script", Back: page.Link{Label: "Keep it", Href: back},
	}))
}

func (v *visit) removeScript() error {
	place := v.typed("at")
	if _, err := v.do.RemoveAfterPaymentScript(v.ctx(), v.caller, place); err != nil {
		return err
	}
	return v.goTo("/settings/workflow?"+url.Values{"at": {place}}.Encode()+"#script", "removed")
}

func (v *visit) tryScript(view *page.Workflow) error {
	in := commands.ScriptInput{Source: view.Script.Source}
	if view.Script.Number != "" {
		id, err := v.invoiceNumbered(view.Place, view.Script.Number)
		if err != nil {
			return err
		}
		in.Invoice = &id
	}
	trial, err := v.do.TestAfterPaymentScript(v.ctx(), v.caller, view.Place, commands.Given(in))
	if e := remit.AsError(err); err != nil && e.Kind == remit.KindInvalid {
		return wrong("number", e.Fields[0].Message)
	}
	if err != nil {
		return err
	}
	shown := page.ScriptTrial{Printed: trial.Printed}
	if trial.Invoice != nil {
		shown.Number = trial.Invoice.Number
	}
	if trial.Failure != nil {
		shown.Failure = trial.Failure.Error()
	}
	for _, e := range trial.Effects {
		shown.Effects = append(shown.Effects, e.String())
	}
	view.Script.Trial = &shown
	return nil
}

func (v *visit) invoiceNumbered(place, number string) (uuid.UUID, error) {
	list, err := v.do.Invoices(v.ctx(), v.caller, commands.InvoiceFilter{Organisation: place, Number: number}, commands.Page{Limit: 1})
	if err != nil && remit.AsError(err).Kind != remit.KindForbidden {
		return uuid.Nil, err
	}
	if len(list.Items) == 0 {
		return uuid.Nil, wrong("number", fmt.Sprintf("There is no invoice %s at %s or below, or you may not see it.", number, place))
	}
	return list.Items[0].ID, nil
}

// workflowFile is the workflow as one file.
func (v *visit) workflowFile() error {
	definition, err := v.do.WorkflowDefinition(v.ctx(), v.caller, v.at(v.query("at"), v.placesWhere(remit.WorkflowEdit)))
	if err != nil {
		return err
	}
	file, err := json.MarshalIndent(api.FileOf(definition), "", "  ")
	if err != nil {
		return fmt.Errorf("write the workflow's file: %w", err)
	}
	v.gin.Header("Content-Disposition", `attachment; filename="workflow.json"`)
	v.gin.Data(http.StatusOK, "application/json", append(file, '\n'))
	return nil
}

func (v *visit) importWorkflow() error {
	place, files, err := v.upload("Choose a file.")
	if err == nil {
		_, err = v.do.SetWorkflowDefinition(v.ctx(), v.caller, place, func() (commands.Definition, error) {
			var file api.DefinitionFile
			if err := strictjson.Unmarshal(files[0].Content, &file); err != nil {
				return commands.Definition{}, wrong("file", "This is not a workflow's file: "+err.Error())
			}
			return file.Definition()
		})
	}
	if err == nil {
		return v.goTo("/settings/workflow?"+url.Values{"at": {place}}.Encode(), "saved")
	}
	p, status, mendable := problems(err)
	if !mendable {
		return err
	}
	view, err := v.workflowView(place)
	if err != nil {
		return err
	}
	view.Problems.Fields = []remit.FieldError{{Field: "file", Message: p.Message}}
	return v.show(status, page.WorkflowPage(view))
}
