package portal

import (
	"net/http"
	"net/url"

	"remit"
	"remit/commands"
	"remit/gateway"
	"remit/portal/page"
)

// disputes lists the payments that banks contest (U16).
func (v *visit) disputes() error {
	view := page.Disputes{Shell: v.shell("Disputes", ""), Tab: "open"}
	open := true
	if v.query("tab") == "closed" {
		view.Tab, open = "closed", false
	}
	list, err := v.do.Disputes(v.ctx(), v.caller, commands.DisputeFilter{Organisation: v.place(), Open: &open}, commands.Page{After: v.query("after"), Limit: 50})
	if err != nil {
		return err
	}
	view.Rows = v.disputeRows(list.Items)
	if list.Next != "" {
		view.Next = "/disputes?" + url.Values{"tab": {view.Tab}, "after": {list.Next}}.Encode()
	}
	return v.show(http.StatusOK, page.DisputesPage(view))
}

// evidenceRows are the disputes for which the visitor may see to it that evidence
// is given.
func (v *visit) evidenceRows() ([]page.Dispute, error) {
	if !v.anywhere(remit.StripeRefund) {
		return nil, nil
	}
	list, err := v.do.DisputesToAnswer(v.ctx(), v.caller, v.place())
	if remit.IsCode(err, remit.CodeForbidden) {
		return nil, nil // at another place than this one
	}
	return v.disputeRows(list), err
}

func (v *visit) disputeRows(disputes []remit.Dispute) []page.Dispute {
	rows := make([]page.Dispute, len(disputes))
	for n, d := range disputes {
		rows[n] = page.Dispute{Dispute: d, Zone: v.zone(d.Organisation)}
		if !v.do.Sandbox { // a stand-in has no dashboard
			rows[n].Stripe = disputeAddress(d)
		}
	}
	return rows
}

// disputeAddress is where a dispute is answered, in Stripe's dashboard.
func disputeAddress(d remit.Dispute) string {
	return gateway.DashboardURL(d.Account, d.Livemode) + "/disputes/" + url.PathEscape(d.StripeDispute)
}
