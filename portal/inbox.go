package portal

import (
	"net/http"
	"net/url"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

// inboxItems are the rows of one page: of as many, at half a kilobyte each, a
// page is lighter than 25 KB.
const inboxItems = 40

// inbox lists what the visitor is to pay (U2).
func (v *visit) inbox() error {
	view := page.Inbox{Shell: v.shell("Inbox", ""), Tab: v.query("tab"), Place: v.place()}
	filter := commands.WorkItemFilter{Organisation: v.place()}
	switch view.Tab {
	case "underway":
		filter.States, filter.Ready = []remit.WorkItemState{remit.WorkItemPaying}, new(bool)
	case "done":
		filter.States = []remit.WorkItemState{remit.WorkItemDone, remit.WorkItemCancelled}
	default:
		view.Tab = "todo"
		// An open checkout that nobody has paid is no reason to hide an item: a
		// payment here takes its place.
		ready := true
		filter.States, filter.Ready = []remit.WorkItemState{remit.WorkItemOpen, remit.WorkItemClaimed, remit.WorkItemPaying}, &ready
	}
	list, err := v.do.WorkItems(v.ctx(), v.caller, filter, commands.Page{After: v.query("after"), Limit: inboxItems})
	if err != nil {
		return err
	}
	for _, item := range list.Items {
		row := page.InboxItem{Item: item, Mine: v.mine(item), Zone: v.zone(item.Assignee.Path.String())}
		row.MayPay, row.Needs, _ = v.do.MayPay(v.ctx(), v.caller, item)
		view.Items = append(view.Items, row)
	}
	if view.Tab == "todo" {
		if view.Unknown, err = v.unknownRows(); err != nil {
			return err
		}
		if view.Back, err = v.unknownBackRows(); err != nil {
			return err
		}
		if view.Approve, _, err = v.approvalRows(""); err != nil {
			return err
		}
		if view.Evidence, err = v.evidenceRows(); err != nil {
			return err
		}
	}
	if list.Next != "" {
		view.Next = "/inbox?" + url.Values{"tab": {view.Tab}, "after": {list.Next}}.Encode()
	}
	if len(view.Items) == 0 {
		view.NoRole = !v.anywhere(remit.RoleScope(remit.DefaultPayersRole)) && !v.anywhere(remit.StripePay)
		if places := v.placesWhere(remit.StripePay); len(places) == 1 {
			view.Place = places[0]
		}
	}
	return v.show(http.StatusOK, page.InboxPage(view))
}

func (v *visit) mine(item remit.WorkItem) bool {
	return item.ClaimedBy != nil && *item.ClaimedBy == v.caller.Account
}

// claim says who has the item open and leads to the form.
func (v *visit) claim() error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if _, err := v.do.ClaimWorkItem(v.ctx(), v.caller, id); err != nil {
		return err
	}
	return v.goTo("/inbox/"+id.String(), "")
}
