package program_test

import (
	"net/url"
	"testing"
)

// Protects R2, R5 and Z6 door to door: ladders are set for an organisation and
// below within what networks allow, and the past is replayed under others without
// changing anything.
func TestZ6LaddersAreSetAndThePastReplayed(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	customer, broke := w.customer(w.branchA, "4000000000000341")
	invoice, item := w.invoice(w.branchA, customer, 12000)
	payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 12000, "payment_method": broke}).want(402)

	at := "?organisation=" + url.QueryEscape(w.branchA)
	ladders := map[string]any{"later_days": []int{1, 3, 5, 7}, "few_days": []int{3, 7}, "soon_hours": []int{1, 4, 24}, "window_days": []int{1, 7}, "represent_days": []int{3, 7}}
	policy := map[string]any{"ladders": ladders, "max_tries": 8, "within_days": 14, "final_action": "leave_open"}
	if set := admin.get("/v1/settings/retries" + at).want(200); set.text("final_action") != "work_item" || set.number("version") != 0 {
		t.Errorf("by default: %s", set.raw)
	}
	ladders["represent_days"] = []int{1, 2, 3}
	if refused := admin.put("/v1/settings/retries"+at, policy).want(422); refused.text("errors", 0, "field") != "ladders.represent_days" {
		t.Errorf("a bank debit presented four times: %s", refused.raw)
	}
	ladders["represent_days"] = []int{}
	if set := admin.put("/v1/settings/retries"+at, policy).want(200); set.text("final_action") != "leave_open" || set.number("version") != 1 || set.text("set_at") != w.branchA {
		t.Errorf("set: %s", set.raw)
	}
	ladders["few_days"] = []int{}
	ladders["later_days"] = []int{7}
	replay := admin.post("/v1/settings/retries/replay"+at, policy).want(200)
	differing, _ := replay.at("differing").([]any)
	if replay.number("invoices") != 1 || replay.number("tries_made") != 0 || len(differing) != 1 {
		t.Errorf("replayed %s: %s", invoice, replay.raw)
	}
	if set := admin.get("/v1/settings/retries" + at).want(200); set.number("version") != 1 {
		t.Errorf("a replay changed the setting: %s", set.raw)
	}
}
