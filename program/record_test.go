package program_test

import (
	"bytes"
	"strings"
	"testing"

	"remit/record"
)

// A paid invoice's record is had by staff who may read what banks say, holds with the
// keys that the organisation gives, tells Stripe's ids, and goes on holding when
// another key signs; nobody else has it, and no other invoice has one (Z11).
func TestAPaidInvoiceHasASignedRecord(t *testing.T) {
	t.Parallel()
	w := openWorld(t, withPages)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, _ := w.invoice(w.branchA, customer, 12000)
	admin.get("/v1/invoices/" + invoice + "/record").want(409)
	payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
	payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 7000, "payment_method": card}).want(200)
	file := admin.get("/v1/invoices/" + invoice + "/record").want(200)
	if !strings.Contains(file.header.Get("Content-Disposition"), "record.json") {
		t.Errorf("it is no file to save: %v", file.header)
	}
	organisation := w.organisationID(w.branchA)
	keys := w.recordKeys(organisation)
	s, err := record.Verify(file.raw, keys)
	must(t, err)
	if want := (record.Figures{Total: 12000, Billed: 12000, Applied: 12000, Collected: 12000}); s.Figures != want || len(s.Payments) != 2 {
		t.Errorf("it says %+v of %d payments", s.Figures, len(s.Payments))
	}
	for _, p := range s.Payments {
		if !strings.HasPrefix(p.PaymentIntent, "pi_") || !strings.HasPrefix(p.Charge, "ch_") {
			t.Errorf("a payment is told as %+v", p)
		}
	}
	made, err := w.program.Commands.ReplaceRecordKey(t.Context(), w.top)
	must(t, err)
	after := w.recordKeys(organisation)
	if len(after) != 2 || after[made.ID] == nil {
		t.Errorf("there are %d keys after another took the first one's place", len(after))
	}
	if _, err := record.Verify(file.raw, after); err != nil {
		t.Errorf("what the first one signed: %v", err)
	}
	again := admin.get("/v1/invoices/" + invoice + "/record").want(200).raw
	if now, err := record.Verify(again, after); err != nil || now.Key != made.ID {
		t.Errorf("the new one signs: %v, %s", err, now.Key)
	}
	if _, err := record.Verify(again, keys); err == nil {
		t.Error("it holds with the keys of before")
	}
	rotated, err := w.program.Commands.RotateKeys(t.Context(), "record_keys")
	must(t, err)
	if rotated.Resealed != 1 {
		t.Errorf("%d private keys were sealed anew", rotated.Resealed)
	}
	_, err = record.Verify(admin.get("/v1/invoices/"+invoice+"/record").want(200).raw, after)
	must(t, err)

	w.signIn("clerk").get("/v1/invoices/" + invoice + "/record").want(403)
	page := admin.send("GET", "/invoices/"+invoice, nil, asPage).want(200)
	if link := "/invoices/" + invoice + "/payment-record"; !bytes.Contains(page.raw, []byte(link)) {
		t.Error("the page of a paid invoice has no link to its record")
	} else if _, err := record.Verify(admin.send("GET", link, nil, asPage).want(200).raw, after); err != nil {
		t.Error(err)
	}
	if strings.Contains(string(w.signIn("clerk").send("GET", "/invoices/"+invoice, nil, asPage).want(200).raw), "payment-record") {
		t.Error("who may not have it is offered it")
	}
}

func (w *world) organisationID(path string) string {
	w.t.Helper()
	list := w.signIn("admin").get("/v1/organisations?organisation=" + strings.ReplaceAll(path, " ", "%20")).want(200)
	if list.path("data", 0, "path") != path {
		w.t.Fatalf("no organisation %s: %s", path, list.raw)
	}
	return list.path("data", 0, "id")
}

func (w *world) recordKeys(organisation string) record.Keys {
	w.t.Helper()
	keys, err := record.ReadKeys(w.signIn("viewer").get("/v1/organisations/" + organisation + "/record-key").want(200).raw)
	must(w.t, err)
	return keys
}
