package program_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"remit/program"
)

// One is mapped by the id in another system that both have, and not with one whose
// metadata has another's; two of ours are never mapped with one of Stripe's without a
// word (CU1, CU11). The first page counts the whole plan.
func TestAMappingGoesByIdsAndWarnsOfConflicts(t *testing.T) {
	t.Parallel()
	w := openWorld(t, func(c *program.Config) { c.DashboardEvery = time.Hour })
	admin := w.signIn("admin")
	added := func(path, name, email, number string) string {
		body := map[string]any{"organisation": path, "name": name, "email": email}
		if number != "" {
			body["external_id"] = number
		}
		return admin.post("/v1/customers", body).want(201).text("id")
	}
	numbered, other := added(w.branchA, "Acme", "ap@acme.test", "A-1"), added(w.branchA, "Hooli", "ap@hooli.test", "A-2")
	twin, second := added(w.branchA, "Initech", "ap@initech.test", ""), added(w.branchB, "Initech East", "ap@initech.test", "")
	byNumber, _ := w.atStripe("POST", "/customers", url.Values{"name": {"Acme before it was renamed"}, "metadata[customer_id]": {"A-1"}})["id"].(string)
	w.atStripe("POST", "/customers", url.Values{"name": {"Hooli"}, "email": {"ap@hooli.test"}, "metadata[customer_id]": {"B-7"}})
	shared, _ := w.signedUp("Initech", "ap@initech.test")
	admin.post("/v1/stripe/refresh", nil).want(202)
	var rows map[string]string
	w.until("Stripe's customers are known", func() bool {
		list, _ := admin.post("/v1/customer-mapping/plan", nil).want(200).at("data").([]any)
		rows = map[string]string{}
		for _, each := range list {
			row, _ := each.(map[string]any)
			id, _ := row["customer_id"].(string)
			rows[id] = fmt.Sprint(row["proposal"], row["conflicts"])
		}
		return strings.Contains(rows[twin], "a person")
	})
	if !strings.Contains(rows[numbered], byNumber) || !strings.Contains(rows[numbered], "same id in another system") {
		t.Errorf("by the number is proposed %s", rows[numbered])
	}
	if !strings.Contains(rows[other], "ignore") || !strings.Contains(rows[other], "another customer's id") {
		t.Errorf("with another's number is proposed %s", rows[other])
	}
	for _, id := range []string{twin, second} {
		if !strings.Contains(rows[id], "both would be "+shared) {
			t.Errorf("of twins is proposed %s", rows[id])
		}
	}
	first := admin.post("/v1/customer-mapping/plan?limit=1", nil).want(200)
	if first.number("counts", "map") != 1 || first.number("counts", "create") != 0 || first.number("counts", "ignore") != 3 || first.number("counts", "conflicts") != 3 {
		t.Errorf("the whole plan comes to %s", first.raw)
	}
	if next := admin.post("/v1/customer-mapping/plan?limit=1&after="+url.QueryEscape(first.text("next")), nil).want(200); next.at("counts") != nil {
		t.Errorf("the second page counts again: %s", next.raw)
	}
	chosen := []map[string]any{{"customer_id": twin, "action": "map", "stripe_customer_id": shared}, {"customer_id": second, "action": "map", "stripe_customer_id": shared}}
	refused := admin.post("/v1/customer-mapping/import", map[string]any{"choices": chosen}).want(422)
	if !strings.Contains(string(refused.raw), "is chosen for Initech and for Initech East") {
		t.Errorf("two on one: %s", refused.raw)
	}
}

// A mapping that a person stops leaves what was done, and goes on with the rest when he
// says so; stopping and resuming twice is nothing more (CU1).
func TestAMappingIsStoppedAndResumed(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	const all = 30
	for n := range all {
		admin.post("/v1/customers", map[string]any{"organisation": w.branchA, "name": fmt.Sprintf("Customer %02d", n)}).want(201)
	}
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{{"match": map[string]any{"method": "POST", "path": "/v1/customers"}, "effect": "delay", "ms": 150}}})
	started := admin.post("/v1/customer-mapping/import", map[string]any{"rest": "create"}).want(202)
	job := "/v1/customer-mapping/imports/" + started.text("id")
	w.until("some are made", func() bool { return admin.get(job).want(200).number("rows_new") > 1 })
	admin.post(job+"/stop", nil).want(200)
	stopped := admin.post(job+"/stop", nil).want(200)
	if stopped.text("state") != "stopped" || stopped.number("rows_new") >= all {
		t.Fatalf("stopped it is %s", stopped.raw)
	}
	made := func() string { return w.sql("select count(*) from stripe_customers")[0][0] }
	w.until("nothing is under way", func() bool {
		running := w.sql("select count(*) from imports where state = 'running'")
		return running[0][0] == "0"
	})
	must(t, w.program.Commands.Sweep(t.Context(), 0)) // wakes what is stopped by nobody
	if now := admin.get(job).want(200); now.text("state") != "stopped" || now.number("rows_new") != stopped.number("rows_new") {
		t.Errorf("a sweep has it go on: %s", now.raw)
	}
	w.sandbox("DELETE", "/faults", nil)
	admin.post(job+"/resume", nil).want(200)
	admin.post(job+"/resume", nil).want(200)
	w.until("it is through", func() bool { return admin.get(job).want(200).text("state") == "done" })
	if done := admin.get(job).want(200); done.number("rows_new")+done.number("rows_same") != all || done.number("rows_total") != all || made() != strconv.Itoa(all) {
		t.Errorf("resumed it came to %s with %s links", done.raw, made())
	}
	admin.post(job+"/stop", nil).want(200)
	if done := admin.get(job).want(200); done.text("state") != "done" {
		t.Errorf("one that is done is stopped: %s", done.raw)
	}
	customers, _ := w.sandbox("GET", "/books", nil)["customers"].([]any)
	if len(customers) != all {
		t.Errorf("%d are at Stripe", len(customers))
	}
}
