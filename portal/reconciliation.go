package portal

import (
	"net/http"
	"net/url"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

// reconciliation shows the last comparison with Stripe (U20).
func (v *visit) reconciliation() error {
	run, found, err := v.do.LatestReconciliation(v.ctx(), v.caller, v.place())
	if err != nil {
		return err
	}
	view := page.Reconciliation{Run: run, Latest: found, Zone: v.zone(v.place())}
	now := "none"
	if run != nil {
		now = run.ID.String() + " " + string(run.State)
		if run.State == remit.RunRunning {
			view.Poll = "/reconciliation?" + url.Values{"known": {now}}.Encode()
		}
	}
	if known := v.query("known"); known != "" && v.htmx() {
		if known != now { // all of the page is news
			v.gin.Header("HX-Redirect", "/reconciliation")
		}
		v.gin.Status(http.StatusNoContent)
		return nil
	}
	view.Shell = v.shell("Reconciliation", "")
	if view.Poll != "" {
		view.Refresh = noScriptRefresh
	}
	return v.show(http.StatusOK, page.ReconciliationPage(view))
}

func (v *visit) startReconciliation() error {
	_, err := v.do.Reconcile(v.ctx(), v.caller, v.place(), commands.Given(commands.ReconcileInput{Organisation: v.place()}))
	if err != nil && !remit.IsCode(err, remit.CodeUnavailable) { // which the page tells
		return err
	}
	return v.goTo("/reconciliation", "")
}

func (v *visit) fetchMissing() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if _, err := v.do.FetchMissing(v.ctx(), v.caller, id, commands.Given(v.typed("stripe_id"))); err != nil {
		return err
	}
	return v.goTo("/reconciliation", "fetched")
}
