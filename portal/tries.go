package portal

import (
	"net/http"
	"net/url"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

// tries lists every try to collect money (U20, RC3).
func (v *visit) tries() error {
	view := page.Tries{Shell: v.shell("Payments", ""), Tab: "all"}
	filter := commands.TryFilter{Organisation: v.place()}
	switch v.query("tab") {
	case "succeeded":
		view.Tab, filter.States = "succeeded", []remit.AttemptState{remit.AttemptSucceeded}
	case "failed":
		view.Tab, filter.States = "failed", []remit.AttemptState{remit.AttemptFailed, remit.AttemptCanceled}
	}
	list, err := v.do.Tries(v.ctx(), v.caller, filter, commands.Page{After: v.query("after"), Limit: 50})
	if err != nil {
		return err
	}
	for _, t := range list.Items {
		view.Rows = append(view.Rows, page.TryRow{Try: t, Zone: v.zone(t.Organisation)})
	}
	if list.Next != "" {
		view.Next = "/payments?" + url.Values{"tab": {view.Tab}, "after": {list.Next}}.Encode()
	}
	return v.show(http.StatusOK, page.TriesPage(view))
}
