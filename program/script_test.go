package program_test

import (
	"net/url"
	"strings"
	"testing"
)

// The after-payment script from its author to an invoice: it is saved after a
// trial alone, runs beside the payment, fails without a trace on the money, and
// is mended and run again.
func TestAfterPaymentScript(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	at := "/v1/settings/after-payment-script?organisation=" + url.QueryEscape(w.branchA)
	trial := "/v1/settings/after-payment-script/test?organisation=" + url.QueryEscape(w.branchA)

	shipped := admin.get(at).want(200)
	if shipped.at("set_at") != nil || !strings.Contains(shipped.text("source"), "def after_payment") {
		t.Fatalf("shipped is %s", shipped.raw)
	}
	customer, card := w.customer(w.branchA, "4242424242424242")
	first, _ := w.invoice(w.branchA, customer, 5000)
	pay := func(invoice string) {
		admin.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
	}
	pay(first)
	if paid := admin.get("/v1/invoices/" + first).want(200); paid.text("label") != "Paid" || paid.text("status") != "paid" {
		t.Fatalf("paid is %s", paid.raw)
	}

	// What does not pass its trial is not saved, and says why and where.
	broken := "def after_payment(invoice, payment):\n    if invoice.number.startswith('INV-') or True:\n        return [{'set_label': invoise.number}]\n"
	if refused := admin.put(at, map[string]any{"source": broken}).want(422); !strings.Contains(string(refused.raw), "Line 3: `invoise` is unknown.") {
		t.Errorf("refused with %s", refused.raw)
	}
	if tried := admin.post(trial, map[string]any{"source": broken, "invoice_id": first}).want(200); tried.at("passed") != false || tried.at("failure", "line") != 3.0 {
		t.Errorf("the trial said %s", tried.raw)
	}
	if after := admin.get(at).want(200); after.at("set_at") != nil {
		t.Errorf("a script that failed was saved: %s", after.raw)
	}

	// It passes on the invoice that was paid last, and fails on the next.
	picky := "def after_payment(invoice, payment):\n    if invoice.id != '" + first + "':\n        fail('not this one')\n    return [{'set_label': 'Settled'}]\n"
	tried := admin.post(trial, map[string]any{"source": picky}).want(200)
	if tried.at("passed") != true || tried.text("invoice", "id") != first || tried.text("effects", 0, "set_label") != "Settled" {
		t.Fatalf("the trial said %s", tried.raw)
	}
	if label := admin.get("/v1/invoices/" + first).want(200).text("label"); label != "Paid" {
		t.Errorf("the trial wrote %q", label)
	}
	admin.put(at, map[string]any{"source": picky}).want(200)
	second, _ := w.invoice(w.branchA, customer, 5000)
	pay(second)
	w.until("the script failed", func() bool {
		return strings.Contains(string(admin.get("/v1/invoices/"+second+"/timeline").want(200).raw), "script_failed")
	})
	if paid := admin.get("/v1/invoices/" + second).want(200); paid.text("status") != "paid" || paid.text("label") != "" {
		t.Errorf("after the script failed: %s", paid.raw)
	}
	alarmed := admin.get(at).want(200)
	if alarmed.at("failed") != 1.0 || alarmed.text("failures", 0, "invoice_id") != second || !strings.Contains(alarmed.text("failures", 0, "message"), "not this one") {
		t.Errorf("the alarm is %s", alarmed.raw)
	}

	// Mended, it is run again by whoever may edit workflows, and the alarm ends.
	mended := "def after_payment(invoice, payment):\n    return [{'set_label': 'Settled'}, {'add_tag': 'mended'}, {'add_note': 'by ' + payment.method}]\n"
	saved := admin.put(at, map[string]any{"source": mended}).want(200)
	if saved.at("version") != 2.0 || saved.text("versions", 1, "source") != picky || saved.text("versions", 0, "saved_by") == "" {
		t.Errorf("saved is %s", saved.raw)
	}
	w.signIn("payer.a").post("/v1/invoices/"+second+"/after-payment-script", nil).want(403)
	admin.post("/v1/invoices/"+second+"/after-payment-script", nil).want(202)
	w.until("the script is applied", func() bool { return admin.get("/v1/invoices/"+second).want(200).text("label") == "Settled" })
	if written := admin.get("/v1/invoices/" + second).want(200); written.text("tags", 0) != "mended" || written.text("notes", 0, "text") != "by card" {
		t.Errorf("written is %s", written.raw)
	}
	if quiet := admin.get(at).want(200); quiet.at("failed") != 0.0 {
		t.Errorf("the alarm goes on: %s", quiet.raw)
	}
	admin.post("/v1/invoices/"+second+"/after-payment-script", nil).want(409)
}

// A workflow goes out of one organisation and into another as one file: all of
// it or nothing, twice the same as once.
func TestWorkflowDefinition(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	at := func(path string) string { return "?organisation=" + url.QueryEscape(path) }
	tagging := "def after_payment(invoice, payment):\n    return [{'add_tag': 'seen'}]\n"
	admin.put("/v1/settings/after-payment-script"+at(w.branchA), map[string]any{"source": tagging}).want(200)
	admin.put("/v1/settings/work-item-step"+at(w.branchA), map[string]any{"name": "Payers", "type": "UNIT", "scope": "workflow=role('Clerks')"}).want(200)

	all := admin.get("/v1/workflow-definition" + at(w.top)).want(200)
	if all.text("format") != "remit-workflow/1" || all.text("scripts", 1, "at") != "Branch A" || all.text("scripts", 1, "source") != tagging || all.text("steps", 1, "at") != "Branch A" {
		t.Fatalf("out came %s", all.raw)
	}
	if again := admin.put("/v1/workflow-definition"+at(w.top), all.at()).want(200); string(again.raw) != string(all.raw) {
		t.Errorf("brought in again it is %s", again.raw)
	}
	if same := admin.get("/v1/settings/after-payment-script" + at(w.branchA)).want(200); same.at("version") != 1.0 {
		t.Errorf("bringing in what holds made a version: %s", same.raw)
	}

	one := admin.get("/v1/workflow-definition" + at(w.branchA)).want(200)
	admin.put("/v1/workflow-definition"+at(w.branchB), one.at()).want(200)
	if in := admin.get("/v1/settings/after-payment-script" + at(w.branchB)).want(200); in.text("source") != tagging || in.text("set_at") != w.branchB {
		t.Errorf("in came %s", in.raw)
	}
	if step := admin.get("/v1/settings/work-item-step" + at(w.branchB)).want(200); !strings.Contains(step.text("xml"), "Clerks") {
		t.Errorf("in came %s", step.raw)
	}

	bad := map[string]any{"format": "remit-workflow/1", "scripts": []any{map[string]any{"at": "", "name": "WF_Update_Invoice_After_Payment", "source": "def after_payment(invoice, payment):\n    return x\n"}},
		"steps": []any{map[string]any{"at": "", "assignee": "<Assignee name=\"Other\" type=\"UNIT\" scope=\"workflow=role('Invoice Payers')\">"}}}
	if refused := admin.put("/v1/workflow-definition"+at(w.branchB), bad).want(422); !strings.Contains(string(refused.raw), "scripts.0.source") {
		t.Errorf("refused with %s", refused.raw)
	}
	if step := admin.get("/v1/settings/work-item-step" + at(w.branchB)).want(200); strings.Contains(step.text("xml"), "Other") {
		t.Error("half of the file came in")
	}
	// A line that names where it came from does not fit elsewhere, and says so.
	admin.put("/v1/settings/work-item-step"+at(w.branchA), map[string]any{"name": "Payers", "path": w.branchA, "type": "UNIT", "scope": "workflow=role('Clerks')"}).want(200)
	foreign := admin.get("/v1/workflow-definition" + at(w.branchA)).want(200).at()
	refused := string(admin.put("/v1/workflow-definition"+at(w.branchB), foreign).want(422).raw)
	for _, want := range []string{`"steps.0.path"`, "steps.0 of the file: The path " + w.branchA + " is neither " + w.branchB, "Without a path the line means the invoice's own."} {
		if !strings.Contains(refused, want) {
			t.Errorf("no %q in %s", want, refused)
		}
	}
	// In whatever order a file names organisations it comes to the same, and names each once.
	labels := func(label string) string {
		return "def after_payment(invoice, payment):\n    return [{'set_label': '" + label + "'}]\n"
	}
	admin.put("/v1/settings/after-payment-script"+at(w.top), map[string]any{"source": labels("old")}).want(200)
	entry := func(path, label string) any {
		return map[string]any{"at": path, "name": "WF_Update_Invoice_After_Payment", "source": labels(label)}
	}
	admin.del("/v1/settings/after-payment-script" + at(w.branchA)).want(200)
	file := map[string]any{"format": "remit-workflow/1", "steps": []any{}, "scripts": []any{entry("Branch A", "old"), entry("", "new")}}
	admin.put("/v1/workflow-definition"+at(w.top), file).want(200)
	if in := admin.get("/v1/settings/after-payment-script" + at(w.branchA)).want(200).text("source"); in != labels("old") {
		t.Errorf("the file says old, in came %s", in)
	}
	file["scripts"] = []any{entry("Branch A", "one"), entry("Branch A", "two")}
	if refused := admin.put("/v1/workflow-definition"+at(w.top), file).want(422); !strings.Contains(string(refused.raw), "scripts.1.at") {
		t.Errorf("refused with %s", refused.raw)
	}
	bad["format"] = "remit-workflow/9"
	admin.put("/v1/workflow-definition"+at(w.branchB), bad).want(422)
	w.signIn("payer.a").get("/v1/workflow-definition" + at(w.branchA)).want(403)
}

// A script that was saved is taken away again: the one above holds, what was
// saved stays readable, the trail says who did it, and a version is never given
// twice.
func TestAfterPaymentScriptIsRemoved(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	at := func(path string) string {
		return "/v1/settings/after-payment-script?organisation=" + url.QueryEscape(path)
	}
	source := func(label string) string {
		return "def after_payment(invoice, payment):\n    return [{'set_label': '" + label + "'}]\n"
	}
	shipped := admin.get(at(w.branchA)).want(200).text("source")
	admin.put(at(w.top), map[string]any{"source": source("Above")}).want(200)
	admin.put(at(w.branchA), map[string]any{"source": source("Here")}).want(200)
	w.signIn("payer.a").del(at(w.branchA)).want(403)

	for range 2 { // the second time there is nothing to do
		inherits := admin.del(at(w.branchA)).want(200)
		if inherits.text("source") != source("Above") || inherits.text("set_at") != w.top || inherits.text("versions", 0, "source") != source("Here") || inherits.at("versions", 1) != nil {
			t.Errorf("removed, it is %s", inherits.raw)
		}
	}
	if trail := string(admin.get("/v1/audit?limit=100&organisation=" + url.QueryEscape(w.top)).want(200).raw); strings.Count(trail, `"workflow.script.remove"`) != 1 {
		t.Errorf("the trail: %s", trail)
	}
	if out := string(admin.get("/v1/workflow-definition?organisation=" + url.QueryEscape(w.top)).want(200).raw); strings.Contains(out, "Here") {
		t.Errorf("the file still has it: %s", out)
	}
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	admin.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
	w.until("the script above is applied", func() bool { return admin.get("/v1/invoices/"+invoice).want(200).text("label") == "Above" })

	again := admin.put(at(w.branchA), map[string]any{"source": source("Here")}).want(200)
	if again.text("set_at") != w.branchA || again.at("version") != 3.0 || again.at("versions", 1, "version") != 1.0 {
		t.Errorf("saved again, it is %s", again.raw)
	}
	admin.del(at(w.branchA)).want(200)
	if bare := admin.del(at(w.top)).want(200); bare.text("source") != shipped || bare.at("set_at") != nil {
		t.Errorf("with none saved it is %s", bare.raw)
	}
}
