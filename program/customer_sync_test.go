package program_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"remit/commands"
	"remit/program"
)

// field reads a part of a customer at Stripe.
func (w *world) field(customer, name string) any {
	return w.atStripe("GET", "/customers/"+customer, nil)[name]
}

// A plan shows the customers of the whole account, and so does not show them to who may
// do everything at a unit alone: one unit is blind to another.
func TestAMappingIsPlannedWhereTheAccountIs(t *testing.T) {
	t.Parallel()
	w := openWorld(t, func(c *program.Config) { c.DashboardEvery = time.Hour })
	admin := w.signIn("admin")
	owner := w.person("branch", commands.GrantInput{Role: "Owner", Path: w.branchA})
	secret := admin.post("/v1/customers", map[string]any{"organisation": w.branchB, "name": "Secret", "email": "ap@acme.test"}).want(201).text("id")
	stripe, _ := w.signedUp("Acme", "ap@acme.test")
	admin.put("/v1/customers/"+secret+"/stripe-link", map[string]any{"stripe_customer_id": stripe}).want(200)
	ours := admin.post("/v1/customers", map[string]any{"organisation": w.branchA, "name": "Acme", "email": "ap@acme.test"}).want(201).text("id")

	at := "?organisation=" + url.QueryEscape(w.branchA)
	refused := owner.post("/v1/customer-mapping/plan"+at, nil).want(403)
	if !strings.Contains(refused.text("detail"), "stripe=*") || strings.Contains(string(refused.raw), "Secret") || strings.Contains(string(refused.raw), stripe) {
		t.Errorf("a unit's owner reads %s", refused.raw)
	}
	owner.post("/v1/customer-mapping/import", map[string]any{"organisation": w.branchA, "rest": "proposed"}).want(403)
	taken := owner.put("/v1/customers/"+ours+"/stripe-link", map[string]any{"stripe_customer_id": stripe}).want(409)
	if strings.Contains(string(taken.raw), "Secret") {
		t.Errorf("whom it belongs to is told: %s", taken.raw)
	}

	// Who may link at the top and may read customers of one unit reads their names alone.
	admin.put("/v1/roles/Linkers", map[string]any{"permissions": []string{"stripe=*"}}).want(200, 201)
	linker := w.person("linker", commands.GrantInput{Role: "Linkers", Path: w.top})
	admin.post("/v1/stripe/refresh", nil).want(202)
	var blank *answer
	w.until("Stripe's customers are known", func() bool {
		blank = linker.post("/v1/customer-mapping/plan"+at, nil).want(200)
		return strings.Contains(string(blank.raw), stripe)
	})
	if strings.Contains(string(blank.raw), "Secret") || !strings.Contains(string(blank.raw), "belongs to another customer") {
		t.Errorf("who may not read customers reads %s", blank.raw)
	}
	if full := admin.post("/v1/customer-mapping/plan"+at, nil).want(200); !strings.Contains(string(full.raw), "belongs to Secret") {
		t.Errorf("who may read them reads %s", full.raw)
	}
}

// A card that was typed for one payment does not become a saved one by linking again:
// neither while its page is open, nor after, nor for whoever is linked next.
func TestLinkingKeepsNoCardThatWasTypedOnce(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	w.passOn(admin)
	stripe, _ := w.signedUp("Globex", "pay@globex.test", "pm_card_visa")
	customer, _ := w.customer(w.branchA, "")
	link := func(customer string) []any {
		admin.put("/v1/customers/"+customer+"/stripe-link", map[string]any{"stripe_customer_id": stripe}).want(200)
		rows := w.sql("select last4 from payment_methods where customer_id = $1::uuid and unlinked_at is null and only_for is null and status <> 'detached'", customer)
		list := make([]any, len(rows))
		for n, row := range rows {
			list[n] = row[0]
		}
		return list
	}
	link(customer)
	_, item := w.invoice(w.branchA, customer, 100_00)
	page := w.signIn("payer.a").post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 100_00, "checkout": true}).want(202).text("checkout", "url")
	w.submit(page, "5555555555554444", false)
	if got := link(customer); len(got) != 1 || got[0] != "4242" {
		t.Errorf("linked again while the page is open he has %v", got)
	}
	if list, _ := admin.get("/v1/customers/" + customer + "/payment-methods").want(200).at("data").([]any); len(list) != 1 {
		t.Errorf("he is shown %v", list)
	}
	admin.del("/v1/customers/" + customer + "/stripe-link").want(200)
	if got := link(customer); len(got) != 1 || got[0] != "4242" {
		t.Errorf("linked once more he has %v", got)
	}
	admin.del("/v1/customers/" + customer + "/stripe-link").want(200)
	other, _ := w.customer(w.branchA, "")
	if got := link(other); len(got) != 1 || got[0] != "4242" {
		t.Errorf("who is linked next has %v", got)
	}
}

// What is changed here is sent to Stripe, the last state wins, and a lost answer costs
// nothing; what comes back as an event is no change (CU2).
func TestChangesOfACustomerAreSentToStripe(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	path := w.connectWithSecret()
	stripe, _ := w.signedUp("Globex", "pay@globex.test")
	customer, _ := w.customer(w.branchA, "")
	admin.put("/v1/customers/"+customer+"/stripe-link", map[string]any{"stripe_customer_id": stripe}).want(200)
	change := func(fields map[string]any) { admin.put("/v1/customers/"+customer, fields).want(200) }

	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{{"match": map[string]any{"method": "POST", "path": "/v1/customers/" + stripe, "times": 1}, "effect": "drop_after"}}})
	change(map[string]any{"legalName": "Globex One", "telephone": "1"})
	change(map[string]any{"legalName": "Globex Two", "address": map[string]any{"line1": "Flat 1", "town": "London", "country": "GB"}})
	w.until("the last state is at Stripe", func() bool {
		is := w.atStripe("GET", "/customers/"+stripe, nil)
		at, _ := is["address"].(map[string]any)
		return is["name"] == "Globex Two" && is["phone"] == "1" && at != nil && at["city"] == "London"
	})
	change(map[string]any{"legalName": "Globex One"}) // a state that was there before is sent again
	w.until("an earlier state is at Stripe again", func() bool { return w.field(stripe, "name") == "Globex One" })
	w.until("nothing waits", func() bool {
		return admin.get("/v1/customers/"+customer+"/stripe-link").want(200).at("waiting") == false
	})
	updates := w.asked("POST", "/v1/customers/{customer}")
	w.deliver(path, event("evt_own", "customer.updated", map[string]any{"id": stripe, "object": "customer"}, nil)).want(200)
	link := admin.get("/v1/customers/" + customer + "/stripe-link").want(200)
	if list, _ := link.at("differences").([]any); len(list) != 0 || link.at("failure") != nil {
		t.Errorf("its own change shows as %s", link.raw)
	}
	if n := w.asked("POST", "/v1/customers/{customer}"); n != updates {
		t.Errorf("its own change is sent again: %d calls, and before %d", n, updates)
	}
}

// What is changed at Stripe is taken where nothing is kept here, and else shown until a
// person takes it or sends ours; nothing changes by itself (CU2).
func TestChangesAtStripeAreTakenOrOffered(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	path := w.connectWithSecret()
	stripe, _ := w.signedUp("Globex", "pay@globex.test")
	customer := admin.post("/v1/customers", map[string]any{"organisation": w.branchA, "name": "Globex", "email": "pay@globex.test"}).want(201).text("id")
	admin.put("/v1/customers/"+customer+"/stripe-link", map[string]any{"stripe_customer_id": stripe}).want(200)
	tell := func(id, kind string) {
		w.deliver(path, event(id, kind, map[string]any{"id": stripe, "object": "customer"}, nil)).want(200)
	}
	link := func() *answer { return admin.get("/v1/customers/" + customer + "/stripe-link").want(200) }
	settle := func(field, shown, take string) *answer {
		return admin.post("/v1/customers/"+customer+"/stripe-link/differences", map[string]any{"field": field, "take": take, "at_stripe": shown})
	}

	w.atStripe("POST", "/customers/"+stripe, url.Values{"name": {"Globex Ltd"}, "phone": {"020 1"}, "email": {"new@globex.test"}})
	tell("evt_1", "customer.updated")
	tell("evt_1", "customer.updated")
	is := admin.get("/v1/customers/" + customer).want(200)
	if is.text("name") != "Globex" || is.text("email") != "pay@globex.test" || is.text("details", "telephone") != "020 1" {
		t.Errorf("after a change there it is %s", is.raw)
	}
	got := link()
	if list, _ := got.at("differences").([]any); len(list) != 2 || got.text("differences", 0, "at_stripe") != "Globex Ltd" || got.text("differences", 1, "here") != "pay@globex.test" {
		t.Fatalf("what differs is %s", got.raw)
	}
	w.signIn("clerk").post("/v1/customers/"+customer+"/stripe-link/differences", map[string]any{"field": "name", "take": "ours", "at_stripe": "Globex Ltd"}).want(403)
	settle("telephone", "020 1", "ours").want(409)
	settle("name", "Globex Inc", "stripe").want(409) // what nobody saw is neither taken nor overwritten
	settle("name", "Globex Inc", "ours").want(409)
	settle("name", "Globex Ltd", "stripe").want(200)
	settle("email", "new@globex.test", "ours").want(200)
	if is := admin.get("/v1/customers/" + customer).want(200); is.text("name") != "Globex Ltd" || is.text("email") != "pay@globex.test" {
		t.Errorf("settled it is %s", is.raw)
	}
	w.until("ours is at Stripe", func() bool { return w.field(stripe, "email") == "pay@globex.test" })
	if name := w.field(stripe, "name"); name != "Globex Ltd" {
		t.Errorf("what was taken is sent back as %v", name)
	}
	w.until("nothing differs", func() bool {
		list, _ := link().at("differences").([]any)
		return len(list) == 0
	})

	w.atStripe("DELETE", "/customers/"+stripe, nil)
	tell("evt_2", "customer.deleted")
	gone := admin.get("/v1/customers/" + customer).want(200)
	if gone.at("stripe_customer_id") != nil || !strings.Contains(gone.text("link_note"), stripe+" was deleted at Stripe on ") {
		t.Errorf("deleted there it is %s", gone.raw)
	}
}

// An e-mail address that somebody typed on Stripe's page does not become the customer's
// by itself, to whom invoices are mailed: a person decides (CU2).
func TestAPayersAddressIsNotTakenByItself(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	path := w.connectWithSecret()
	stripe, _ := w.signedUp("Globex", "")
	customer := admin.post("/v1/customers", map[string]any{"organisation": w.branchA, "name": "Globex"}).want(201).text("id")
	admin.put("/v1/customers/"+customer+"/stripe-link", map[string]any{"stripe_customer_id": stripe}).want(200)
	w.atStripe("POST", "/customers/"+stripe, url.Values{"email": {"payer@elsewhere.test"}, "phone": {"020 1"}})
	w.deliver(path, event("evt_typed", "customer.updated", map[string]any{"id": stripe, "object": "customer"}, nil)).want(200)
	w.until("Stripe was looked at", func() bool {
		return admin.get("/v1/customers/"+customer).want(200).text("details", "telephone") == "020 1"
	})
	if is := admin.get("/v1/customers/" + customer).want(200); is.text("email") != "" {
		t.Errorf("the address is taken: %s", is.raw)
	}
	link := admin.get("/v1/customers/" + customer + "/stripe-link").want(200)
	if link.text("differences", 0, "field") != "email" || link.text("differences", 0, "at_stripe") != "payer@elsewhere.test" {
		t.Errorf("it is shown as %s", link.raw)
	}
}
