package program_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"remit/program"
)

// atStripe calls the stand-in as the account's owner does, who has her own programs.
func (w *world) atStripe(method, path string, form url.Values) map[string]any {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.standin+"/v1"+path, strings.NewReader(form.Encode()))
	must(w.t, err)
	request.Header.Set("Authorization", "Bearer "+w.key)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	must(w.t, err)
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	must(w.t, err)
	if response.StatusCode > 299 {
		w.t.Fatalf("the stand-in answered %s %s with %d: %s", method, path, response.StatusCode, raw)
	}
	var out map[string]any
	must(w.t, json.Unmarshal(raw, &out))
	return out
}

// signedUp makes a customer at Stripe as a business does that collects cards when
// people sign up, without Remit: the last card is the default.
func (w *world) signedUp(name, email string, cards ...string) (customer string, methods []string) {
	w.t.Helper()
	customer, _ = w.atStripe("POST", "/customers", url.Values{"name": {name}, "email": {email}})["id"].(string)
	return customer, w.collected(customer, cards...)
}

func (w *world) collected(customer string, cards ...string) (methods []string) {
	w.t.Helper()
	for _, card := range cards {
		id, _ := w.atStripe("POST", "/payment_methods/"+card+"/attach", url.Values{"customer": {customer}})["id"].(string)
		methods = append(methods, id)
	}
	if len(methods) > 0 {
		w.atStripe("POST", "/customers/"+customer, url.Values{"invoice_settings[default_payment_method]": {methods[len(methods)-1]}})
	}
	return methods
}

// A customer whose card was collected elsewhere is charged once his id at Stripe is
// known here: what is saved there is his, the default there first (CU4, CU8).
func TestACustomerIsLinkedWithWhatIsSavedAtStripe(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "")
	stripe, cards := w.signedUp("Globex Corp", "pay@globex.test", "pm_card_mastercard", "pm_card_visa")

	linked := admin.put("/v1/customers/"+customer+"/stripe-link", map[string]any{"stripe_customer_id": stripe}).want(200)
	if linked.text("stripe_customer_id") != stripe {
		t.Fatalf("linking answers %s", linked.raw)
	}
	methods := admin.get("/v1/customers/" + customer + "/payment-methods").want(200)
	if methods.text("data", 0, "brand") != "visa" || methods.at("data", 0, "default") != true || methods.text("data", 1, "brand") != "mastercard" {
		t.Fatalf("of the cards %v he has %s", cards, methods.raw)
	}
	if default_ := linked.text("default_payment_method"); default_ != methods.text("data", 0, "id") {
		t.Errorf("the default is %s", default_)
	}
	admin.put("/v1/customers/"+customer+"/stripe-link", map[string]any{"stripe_customer_id": stripe}).want(200) // once more is nothing new
	if n := w.sql("select count(*) from audit where action = 'customer.link'"); n[0][0] != "1" {
		t.Errorf("%s entries tell of the link", n[0][0])
	}

	invoice, item := w.invoice(w.branchA, customer, 12000)
	w.signIn("payer.a").post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 12000, "payment_method": methods.text("data", 0, "id")}).want(200)
	if cents, charges := w.captured(invoice); cents != 12000 || charges != 1 {
		t.Fatalf("%d cents in %d charges", cents, charges)
	}
	if n := w.sql("select stripe_customer from payments where invoice_id = $1::uuid", invoice); n[0][0] != stripe {
		t.Errorf("%s was charged, not %s", n[0][0], stripe)
	}
}

// What cannot be linked is refused, with the reason, and changes nothing: who is not
// there, was deleted, or is linked with another of ours (CU11).
func TestWhatCannotBeLinkedIsRefused(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	acme := admin.post("/v1/customers", map[string]any{"organisation": w.branchA, "name": "Acme"}).want(201).text("id")
	customer, _ := w.customer(w.branchA, "")
	taken, _ := w.signedUp("Acme", "acme@acme.test", "pm_card_visa")
	gone, _ := w.signedUp("Gone", "gone@gone.test")
	w.atStripe("DELETE", "/customers/"+gone, nil)
	admin.put("/v1/customers/"+acme+"/stripe-link", map[string]any{"stripe_customer_id": taken}).want(200)

	before := w.tables("sessions", "idempotency_keys")
	link := func(id string) *answer {
		return admin.put("/v1/customers/"+customer+"/stripe-link", map[string]any{"stripe_customer_id": id})
	}
	link("cus_nobody").want(422)
	link("pm_123").want(422)
	link("cus_1/../charges").want(422)
	if got := link(gone).want(422); !strings.Contains(string(got.raw), "deleted") {
		t.Errorf("a deleted customer: %s", got.raw)
	}
	got := link(taken).want(409)
	if got.text("code") != "stripe_customer_taken" || !strings.Contains(got.text("detail"), taken+" belongs to Acme") {
		t.Errorf("somebody else's customer: %s", got.raw)
	}
	got = admin.put("/v1/customers/"+customer, map[string]any{"externalIds": []map[string]any{{"key": "Stripe", "value": taken}}}).want(409)
	if got.text("code") != "stripe_customer_taken" {
		t.Errorf("somebody else's customer, in another form: %s", got.raw)
	}
	admin.put("/v1/customers/"+customer, map[string]any{"externalIds": []map[string]any{{"key": "Xero", "value": "1"}, {"key": "Xero", "value": "2"}}}).want(422)
	w.unchanged("what is refused", before, w.tables("sessions", "idempotency_keys"))
}

// Who is unlinked keeps nothing of what is saved at Stripe, and the next payment makes
// him a customer of his own there, not the one he was unlinked from (CU5).
func TestAnUnlinkedCustomerIsMadeAnewAtStripe(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer, _ := w.customer(w.branchA, "4242424242424242")
	was := admin.get("/v1/customers/" + customer).want(200).text("stripe_customer_id")
	open, item := w.invoice(w.branchA, customer, 5000)
	w.signIn("payer.a").post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 5000, "checkout": true}).want(202)
	if got := admin.del("/v1/customers/" + customer + "/stripe-link").want(409); got.text("code") != "in_flight" {
		t.Errorf("while a page is open: %s", got.raw)
	}
	w.later(25 * time.Hour)
	w.until("the page expires", func() bool { return admin.get("/v1/invoices/"+open).want(200).at("in_flight") == nil })

	unlinked := admin.del("/v1/customers/" + customer + "/stripe-link").want(200)
	if unlinked.at("stripe_customer_id") != nil || unlinked.at("default_payment_method") != nil {
		t.Errorf("unlinked he is %s", unlinked.raw)
	}
	admin.del("/v1/customers/" + customer + "/stripe-link").want(200) // and stays so
	if list, _ := admin.get("/v1/customers/" + customer + "/payment-methods").want(200).at("data").([]any); len(list) != 0 {
		t.Errorf("he keeps %v", list)
	}
	other, _ := w.customer(w.branchA, "")
	admin.put("/v1/customers/"+other+"/stripe-link", map[string]any{"stripe_customer_id": was}).want(200)
	if got := admin.get("/v1/customers/" + other + "/payment-methods").want(200); got.text("data", 0, "last4") != "4242" {
		t.Errorf("whom it is linked with next has %s", got.raw)
	}

	page := admin.post("/v1/customers/"+customer+"/payment-methods", map[string]any{}).want(201).text("url")
	w.submit(page, "5555555555554444", false)
	if got := admin.get("/v1/customers/" + customer + "/payment-methods").want(200); got.text("data", 0, "last4") != "4444" {
		t.Errorf("the next card: %s", got.raw)
	}
	if now := admin.get("/v1/customers/" + customer).want(200).text("stripe_customer_id"); now == was || now == "" {
		t.Errorf("made anew he is %s, and was %s", now, was)
	}
}

// theExampleRequest is a change of a customer as the billing system documents it that
// businesses come from, character by character.
const theExampleRequest = `{
  "address": {
    "country": "GB",
    "line1": "Flat 1",
    "line2": "123 Fake Street",
    "postcode": "AB1 2EF",
    "town": "London"
  },
  "billingEmails": [
    "exampleCorpInvoices@example.com"
  ],
  "contactName": "John Doe",
  "customerAliases": [
    "b1c87177-088a-40ec-8917-9809343f3f9c"
  ],
  "email": "john@example.com",
  "externalIds": [
    {
      "key": "Xero",
      "value": "123456789"
    },
    {
      "key": "Stripe",
      "value": "cus_OCtCxqQDgu1uX9"
    },
    {
      "key": "HubSpot",
      "value": "123456789"
    }
  ],
  "label": "Example customer",
  "legalName": "John Doe",
  "taxStatus": "TAXED",
  "telephone": "02010001000",
  "url": "https://example.com/"
}`

// The documented request of the billing system that businesses come from is taken as
// it stands, and links the customer so that he can be charged (CU7).
func TestTheOtherSystemsRequestIsTakenAsItStands(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	customer := admin.post("/v1/customers", map[string]any{"organisation": w.branchA, "name": "Before", "external_id": "A-1"}).want(201).text("id")
	if got := admin.put("/v1/customers/"+customer, json.RawMessage(theExampleRequest)).want(422); !strings.Contains(string(got.raw), "externalIds") {
		t.Errorf("with a customer who is not at Stripe: %s", got.raw)
	}
	w.sandbox("POST", "/customers", map[string]any{"id": "cus_OCtCxqQDgu1uX9", "name": "John Doe", "email": "john@example.com"})
	w.collected("cus_OCtCxqQDgu1uX9", "pm_card_visa")

	got := admin.put("/v1/customers/"+customer, json.RawMessage(theExampleRequest)).want(200)
	for path, want := range map[string]string{
		"name": "John Doe", "email": "john@example.com", "external_id": "A-1", "stripe_customer_id": "cus_OCtCxqQDgu1uX9",
		"details label": "Example customer", "details tax_status": "TAXED", "details telephone": "02010001000", "details url": "https://example.com/",
		"details address town": "London", "details address postcode": "AB1 2EF", "details contact_name": "John Doe",
	} {
		var at []any
		for part := range strings.FieldsSeq(path) {
			at = append(at, part)
		}
		if got.text(at...) != want {
			t.Errorf("%s is %q", path, got.text(at...))
		}
	}
	if ids := got.at("details", "external_ids").([]any); len(ids) != 2 {
		t.Errorf("the ids elsewhere are %v", ids)
	}
	admin.put("/v1/customers/"+customer, json.RawMessage(theExampleRequest)).want(200)
	partly := admin.put("/v1/customers/"+customer, map[string]any{"telephone": "1"}).want(200)
	if partly.text("name") != "John Doe" || partly.text("stripe_customer_id") != "cus_OCtCxqQDgu1uX9" || partly.text("details", "url") != "https://example.com/" {
		t.Errorf("what is not said does not stay: %s", partly.raw)
	}
	invoice, item := w.invoice(w.branchA, customer, 5000)
	card := admin.get("/v1/customers/"+customer+"/payment-methods").want(200).text("data", 0, "id")
	w.signIn("payer.a").post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
	if cents, charges := w.captured(invoice); cents != 5000 || charges != 1 {
		t.Errorf("%d cents in %d charges", cents, charges)
	}
	if clerk := w.signIn("clerk"); !bytes.Contains(clerk.put("/v1/customers/"+customer+"/stripe-link", map[string]any{"stripe_customer_id": "cus_1"}).want(403).raw, []byte("stripe=*")) {
		t.Error("a clerk may link")
	}
}

// Ours and Stripe's are brought together as is proposed and as a person decides: one
// is mapped by his address, one is made there, one is left, and what is refused holds
// up no other. Done again nothing is new (CU1).
func TestCustomersAreMappedWithStripes(t *testing.T) {
	t.Parallel()
	w := openWorld(t, func(c *program.Config) { c.DashboardEvery = time.Hour })
	admin := w.signIn("admin")
	added := func(name, email string) string {
		return admin.post("/v1/customers", map[string]any{"organisation": w.branchA, "name": name, "email": email}).want(201).text("id")
	}
	mapped, fresh, unclear, gone := added("Acme", "ap@acme.test"), added("Initech", "ap@initech.test"), added("Hooli", "ap@hooli.test"), added("Umbrella", "ap@umbrella.test")
	acme, _ := w.signedUp("ACME Inc", "AP@acme.test", "pm_card_visa")
	w.signedUp("Hooli One", "ap@hooli.test")
	w.signedUp("Hooli Two", "ap@hooli.test")
	umbrella, _ := w.signedUp("Umbrella", "ap@umbrella.test")
	admin.post("/v1/stripe/refresh", nil).want(202)
	plan := func() map[string]any {
		rows, _ := admin.post("/v1/customer-mapping/plan", nil).want(200).at("data").([]any)
		found := map[string]any{}
		for _, each := range rows {
			row, _ := each.(map[string]any)
			id, _ := row["customer_id"].(string)
			proposal, _ := row["proposal"].(map[string]any)
			found[id] = proposal["action"]
			if to, is := proposal["stripe_customer_id"].(string); is {
				found[id] = to
			}
		}
		return found
	}
	w.until("each is proposed what Stripe's customers say of him", func() bool {
		got := plan()
		return got[mapped] == acme && got[gone] == umbrella && got[unclear] == "ignore" && got[fresh] == "create"
	})
	w.atStripe("DELETE", "/customers/"+umbrella, nil)

	bring := func() *answer {
		id := admin.post("/v1/customer-mapping/import", map[string]any{"rest": "proposed"}).want(202).text("id")
		w.until("the mapping is through", func() bool {
			return admin.get("/v1/customer-mapping/imports/"+id).want(200).text("state") != "running"
		})
		return admin.get("/v1/customer-mapping/imports/" + id)
	}
	done := bring()
	if done.text("state") != "done" || done.number("rows_new") != 2 || done.number("rows_same") != 1 || done.number("rows_bad") != 1 || !strings.Contains(done.text("errors", 0, "reason"), "Umbrella") {
		t.Fatalf("it came to %s", done.raw)
	}
	if got := admin.get("/v1/customers/" + mapped).text("stripe_customer_id"); got != acme {
		t.Errorf("mapped is %s", got)
	}
	if made := admin.get("/v1/customers/" + fresh).text("stripe_customer_id"); w.atStripe("GET", "/customers/"+made, nil)["email"] != "ap@initech.test" {
		t.Errorf("made is %s", made)
	}
	if admin.get("/v1/customers/"+mapped+"/payment-methods").text("data", 0, "last4") != "4242" {
		t.Error("the card did not come with the link")
	}
	if again := bring(); again.number("rows_new") != 0 {
		t.Errorf("once more it came to %s", again.raw)
	}
	if n := w.sql("select count(*) from audit where action = 'customer.link'"); n[0][0] != "2" {
		t.Errorf("%s links are in the trail", n[0][0])
	}
}
