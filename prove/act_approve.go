package prove

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"

	"remit"
	"remit/policies"
)

// above is from what sum on payments need a second person, in worlds where they do.
const above = 6000

// ruleApprovals makes the world's second approver and says from what sum on he is
// asked. The administrator approves what the payer asks, and the second what the
// administrator does.
func (w *world) ruleApprovals(ctx context.Context) error {
	if w.story.Above == 0 {
		return nil
	}
	second, id, err := w.house.employ(ctx, w.top, "second", policies.RoleOwner)
	if err != nil {
		return err
	}
	w.second, w.secondID = second, id.String()
	return w.admin.must(ctx, http.MethodPut, "/v1/settings/approvals?organisation="+url.QueryEscape(w.top), map[string]any{"above": w.story.Above, "escalate_after_hours": 20}, nil)
}

// Whoever may approve goes through what waits for him, and approves it or declines,
// while whoever asked may be paying already.
func writeApprove(r *rand.Rand, _ *Story, a *Act) {
	a.Choice = []string{"approve", "approve", "approve", "decline"}[r.IntN(4)]
	a.Quit = r.IntN(2) == 0 // the administrator, not the second
	a.Times = 1 + r.IntN(2)
}

func doApprove(ctx context.Context, w *world, a Act) {
	if w.second == nil {
		return
	}
	who := w.second
	if a.Quit {
		who = w.admin
	}
	var waiting struct{ Data []struct{ ID string } }
	got, err := who.insist(ctx, patience, http.MethodGet, "/v1/approvals?organisation="+url.QueryEscape(w.top), "", nil)
	if err != nil || got.into(&waiting) != nil {
		return
	}
	for _, one := range waiting.Data {
		for range max(a.Times, 1) {
			w.decide(ctx, who, one.ID, a.Choice == "decline")
		}
	}
}

func (w *world) decide(ctx context.Context, who *caller, approval string, decline bool) bool {
	path, body := "/v1/approvals/"+approval+"/approve", map[string]any{}
	if decline {
		path, body = "/v1/approvals/"+approval+"/decline", map[string]any{"reason": "Not before Monday"}
	}
	got, err := who.insist(ctx, patience, http.MethodPost, path, w.key(), body)
	w.answered("decide", got, err)
	return err == nil && got.status == http.StatusOK
}

// How somebody goes on whose payment needs a second person, in a story's words.
var ways = []string{"", "", "", "own", "handed", "taken back", "amended", "declined", "waits"}

// approved asks for the approval that an answer says is needed, and reports whether the
// payment may be tried again.
func (w *world) approved(ctx context.Context, got answer, payer *caller, invoice *bill, way string) bool {
	var needed struct {
		Code     string
		Approval struct{ ID string }
	}
	if w.second == nil || got.status != http.StatusConflict || got.into(&needed) != nil || needed.Code != remit.CodeApprovalRequired {
		return false
	}
	approver, id := w.admin, needed.Approval.ID
	if payer == w.admin {
		approver = w.second
	}
	switch way {
	case "waits":
		return false
	case "declined":
		return !w.decide(ctx, approver, id, true)
	case "own":
		w.decide(ctx, payer, id, false) // refused; the judge finds it if it was not
	case "handed", "taken back":
		return w.handedOver(ctx, payer, id, way == "taken back")
	}
	if !w.decide(ctx, approver, id, false) {
		return false
	}
	if way == "amended" {
		doAmend(ctx, w, Act{Kind: "amend", Invoice: w.indexOf(invoice), Amount: invoice.amount + 100})
	}
	return true
}

func (w *world) indexOf(invoice *bill) int {
	for n := range w.invoices {
		if w.invoices[n] == invoice {
			return n
		}
	}
	return 0
}

// handedOver has the second hand his approvals to the payer, who approves in his place
// what the administrator asks, and never what he asks himself. back takes them back
// before what was approved is used.
func (w *world) handedOver(ctx context.Context, payer *caller, approval string, back bool) bool {
	now, err := w.now(ctx)
	if err != nil {
		return false
	}
	var given struct{ ID string }
	wish := map[string]any{"organisation": w.top, "to": w.payerID, "until": remit.DateOf(now.UTC()).AddDays(20).String()}
	got, err := w.second.insist(ctx, patience, http.MethodPost, "/v1/approval-delegations", w.key(), wish)
	w.answered("hand over", got, err)
	done := w.decide(ctx, w.payer, approval, false)
	if payer == w.payer {
		done = w.decide(ctx, w.admin, approval, false)
	}
	if back && err == nil && got.into(&given) == nil && given.ID != "" {
		got, err := w.second.insist(ctx, patience, http.MethodDelete, "/v1/approval-delegations/"+given.ID, "", nil)
		w.answered("take back", got, err)
	}
	return done
}
