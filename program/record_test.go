package program_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/ledger"
	"remit/postgres"
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

// Money that came in another currency than the invoice's is told in the record with it,
// and in no figure (Z11, M8).
func TestARecordAddsNoCurrenciesTogether(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	w.unfit = true // what another currency brought in is not on the desk of excess
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, _ := w.invoice(w.branchA, customer, 12000)
	payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 12000, "payment_method": card}).want(200)
	other := remit.Payment{
		ID: uuid.New(), InvoiceID: uuid.MustParse(invoice), CustomerID: uuid.MustParse(customer), Source: "stripe", Currency: "USD", Amount: 700, AmountCaptured: 700,
		PaymentIntent: "pi_other", IntentClosed: true, Charge: "ch_other", State: remit.AttemptSucceeded, CreatedAt: time.Now(),
	}
	must(t, w.program.Commands.DB.InTenant(t.Context(), uuid.MustParse(w.sql("select tenant::text from invoices where id = $1::uuid", invoice)[0][0]), func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(t.Context(), other.InvoiceID)
		must(t, err)
		must(t, tx.InsertPayment(t.Context(), other))
		_, err = tx.Book(t.Context(), l, ledger.Capture(ledger.Received{Invoice: l.ID, Payment: other.ID, Currency: "EUR", Amount: 700}))
		must(t, err)
		return tx.SaveInvoice(t.Context(), l, time.Now(),
			remit.TimelineEntry{Kind: "attempt_started", Actor: remit.System, What: "It is charged.", Data: map[string]any{"attempt": 2, "payment": other.ID.String()}},
			remit.TimelineEntry{Kind: "excess", Actor: remit.Stripe, What: "€7.00 came in.", Data: map[string]any{"attempt": 2, "amount": 700, "captured": 700, "payment": other.ID.String()}})
	}))
	s, err := record.Verify(admin.get("/v1/invoices/"+invoice+"/record").want(200).raw, w.recordKeys(w.organisationID(w.branchA)))
	must(t, err)
	if want := (record.Figures{Total: 12000, Billed: 12000, Applied: 12000, Collected: 12000}); s.Figures != want || len(s.Payments) != 2 || s.Payments[0].Currency+s.Payments[1].Currency != "EUR" {
		t.Errorf("it says %+v of %+v", s.Figures, s.Payments)
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
