package program_test

import (
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"remit/invoicefile"
)

// invoiceNumbered is an invoice by its number.
func (w *world) invoiceNumbered(organisation, number string) *answer {
	w.t.Helper()
	admin := w.signIn("admin")
	list := admin.get("/v1/invoices?" + url.Values{"organisation": {organisation}, "number": {number}}.Encode()).want(200)
	if list.at("data", 0) == nil || list.at("data", 1) != nil {
		w.t.Fatalf("not one invoice %s: %s", number, list.raw)
	}
	return admin.get("/v1/invoices/" + list.text("data", 0, "id")).want(200)
}

// A row without a due date is due by the payment terms of its organisation, set
// there or above, and its timeline says so; terms that change later make it no
// other invoice, and another due date in the file does.
func TestPaymentTermsWhereNoDueDateComes(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	settings := "/v1/settings/payments?organisation="
	if days := admin.get(settings + url.QueryEscape(w.branchA)).want(200).number("payment_terms_days"); days != 30 {
		t.Errorf("unset, the terms are %d days", days)
	}
	for _, days := range []any{-1, 366, 1.5, "14"} {
		admin.put(settings+url.QueryEscape(w.top), map[string]any{"payment_terms_days": days}).want(400, 422)
	}
	admin.put(settings+url.QueryEscape(w.top), map[string]any{"payment_terms_days": 14}).want(200)
	if inherited := admin.get(settings + url.QueryEscape(w.branchA)).want(200); inherited.number("payment_terms_days") != 14 || inherited.text("set_at") != w.top {
		t.Errorf("below, the terms are %s", inherited.raw)
	}

	file := []byte("number,customer,issue_date,due_date,amount\nT-1,Acme,2026-01-31,,50\nT-2,Acme,2026-01-31,2026-02-01,50\n")
	if done := w.upload(w.branchA, "terms.csv", file); done.number("rows_new") != 2 {
		t.Fatalf("the import says %s", done.raw)
	}
	onTerms, dated := w.invoiceNumbered(w.branchA, "T-1"), w.invoiceNumbered(w.branchA, "T-2")
	if onTerms.text("due_date") != "2026-02-14" || onTerms.number("settings", "payment_terms_days") != 14 || dated.text("due_date") != "2026-02-01" {
		t.Errorf("due on %s and %s", onTerms.text("due_date"), dated.text("due_date"))
	}
	const says = "By the payment terms, 14 days from its issue, it is due on 14 Feb 2026."
	for invoice, want := range map[*answer]bool{onTerms: true, dated: false} {
		timeline := string(admin.get("/v1/invoices/" + invoice.text("id") + "/timeline").want(200).raw)
		if strings.Contains(timeline, says) != want || strings.Contains(timeline, "payment terms that held") != want {
			t.Errorf("the timeline of %s: %s", invoice.text("number"), timeline)
		}
	}

	admin.put(settings+url.QueryEscape(w.branchA), map[string]any{"payment_terms_days": 60}).want(200)
	if again := w.upload(w.branchA, "again.csv", file); again.number("rows_same") != 2 || again.number("rows_bad") != 0 {
		t.Errorf("under other terms the same file says %s", again.raw)
	}
	other := w.upload(w.branchA, "other.csv", []byte("number,customer,issue_date,amount\nT-1,Acme,2026-01-31,51\n"))
	if other.number("rows_bad") != 1 || !strings.Contains(other.text("errors", 0, "reason"), "exists with other content") {
		t.Errorf("another amount without a due date says %s", other.raw)
	}
}

// A file whose amounts sum up to more than can be counted names the row at which
// they do, and brings the others in.
func TestImportThatCannotBeSummedUp(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	var file strings.Builder
	file.WriteString("number,customer,issue_date,amount\n")
	for n := range 93 { // 92 of these sums are the most that 64 bits hold
		fmt.Fprintf(&file, "H-%d,Acme,2026-01-31,999999999999999\n", n)
	}
	file.WriteString("H-93,Acme,2026-01-31,50\n")
	done := w.upload(w.branchA, "huge.csv", []byte(file.String()))
	if done.number("rows_new") != 93 || done.number("rows_bad") != 1 || done.text("errors", 0, "field") != "amount" || done.number("errors", 0, "line") != 94 {
		t.Fatalf("the import says %s", done.raw)
	}
	if done.number("amount_new") <= 0 {
		t.Errorf("in all %s", done.raw)
	}
}

// Rows that repeat others of the file are counted among all rows as well as
// among those that are there already: the counts always add up.
func TestImportCountsAddUp(t *testing.T) {
	w := openWorld(t)
	row := "R-1,Acme,2026-01-31,2026-03-01,50\n"
	done := w.upload(w.branchA, "repeats.csv", []byte("number,customer,issue_date,due_date,amount\n"+row+row+"R-2,Acme,2026-01-31,x,50\n"))
	total, read := done.number("rows_total"), done.number("rows_new")+done.number("rows_same")+done.number("rows_bad")
	if total != 3 || read != 3 || done.number("rows_same") != 1 {
		t.Errorf("%d rows of %d: %s", read, total, done.raw)
	}
}

// A row that names a customer without an id means the one of exactly that name
// at the import's organisation, whoever made him; an address may tell two apart,
// and where nothing does a person is asked.
func TestImportFindsACustomerByName(t *testing.T) {
	w := openWorld(t)
	admin := w.signIn("admin")
	made := func(organisation, name, email string) string {
		return admin.post("/v1/customers", map[string]any{"organisation": organisation, "name": name, "email": email, "currency": "USD"}).want(201).text("id")
	}
	acme, first := made(w.branchA, "Acme", "ap@acme.test"), made(w.branchA, "Twins", "one@twins.test")
	made(w.branchA, "Twins", "two@twins.test")
	made(w.branchB, "Elsewhere", "")
	done := w.upload(w.branchA, "names.csv", []byte("number,customer,email,issue_date,due_date,amount\n"+
		"N-1,Acme,,2026-01-31,2026-03-01,50\n"+
		"N-2,Acme,AP@acme.test,2026-01-31,2026-03-01,50\n"+
		"N-3,acme,,2026-01-31,2026-03-01,50\n"+
		"N-4,Acme,other@acme.test,2026-01-31,2026-03-01,50\n"+
		"N-5,Twins,,2026-01-31,2026-03-01,50\n"+
		"N-6,Twins,one@twins.test,2026-01-31,2026-03-01,50\n"+
		"N-7,Elsewhere,,2026-01-31,2026-03-01,50\n"))
	if done.number("rows_new") != 6 || done.number("rows_bad") != 1 || done.number("errors", 0, "line") != 6 ||
		!strings.Contains(done.text("errors", 0, "reason"), "are called Twins. Give the customer's id.") {
		t.Fatalf("the import says %s", done.raw)
	}
	of := func(number string) string { return w.invoiceNumbered(w.branchA, number).text("customer_id") }
	if of("N-1") != acme || of("N-2") != acme || of("N-6") != first {
		t.Error("a customer was made twice")
	}
	if of("N-3") == acme || of("N-4") == acme {
		t.Error("another name, or another address, was taken for the same customer")
	}
	names := map[string]int{}
	for n := 0; ; n++ {
		list := admin.get("/v1/customers?limit=100&organisation=" + url.QueryEscape(w.branchA)).want(200)
		if list.at("data", n) == nil {
			break
		}
		names[list.text("data", n, "name")]++
	}
	if want := map[string]int{"Acme": 2, "acme": 1, "Twins": 2, "Elsewhere": 1}; !maps.Equal(names, want) {
		t.Errorf("customers are %v, want %v", names, want)
	}
}

// Peppol's own examples come in over what they want paid, those without a due
// date by the payment terms; credit notes become credit. The files are no
// part of the repository.
func TestImportOfPeppolExamples(t *testing.T) {
	folder := os.Getenv("REMIT_SAMPLES")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared", "data")
	}
	w := openWorld(t)
	admin := w.signIn("admin")
	for name, want := range map[string]struct {
		total    int64
		currency string
		credit   bool // a credit note, which becomes its customer's credit
	}{
		"base-example.xml": {total: 165625, currency: "EUR"}, "sales-order-example.xml": {total: 165625, currency: "EUR"},
		"Allowance-example.xml": {total: 612500, currency: "EUR"}, "Vat-category-S.xml": {total: 855000, currency: "EUR"},
		"vat-category-E.xml": {total: 120000, currency: "GBP"}, "vat-category-O.xml": {total: 320000, currency: "SEK"}, "vat-category-Z.xml": {total: 120000, currency: "GBP"},
		"base-creditnote-correction.xml": {total: 165625, currency: "EUR", credit: true}, "base-negative-inv-correction.xml": {total: 165625, currency: "EUR", credit: true},
	} {
		content, err := os.ReadFile(filepath.Join(folder, "peppol", name))
		if err != nil {
			t.Skipf("sample data outside the repository is absent, set REMIT_SAMPLES: %v", err)
		}
		own := w.branchA + "/" + strings.TrimSuffix(name, ".xml") // several of them have the same number
		admin.post("/v1/organisations", map[string]any{"path": own}).want(201)
		done := w.uploaded(w.send(own, invoicefile.File{Name: name, Content: content}))
		if done.number("rows_new") != 1 {
			t.Errorf("%s: %s", name, done.raw)
			continue
		}
		if want.credit {
			customer := admin.get("/v1/customers?organisation="+url.QueryEscape(own)).want(200).text("data", 0, "id")
			credit := admin.get("/v1/customers/" + customer + "/credit").want(200)
			if credit.number("credits", 0, "amount") != want.total || credit.text("credits", 0, "currency") != want.currency {
				t.Errorf("%s, want a credit of %d %s: %s", name, want.total, want.currency, credit.raw)
			}
			continue
		}
		list := admin.get("/v1/invoices?organisation=" + url.QueryEscape(own)).want(200)
		if list.number("data", 0, "total") != want.total || list.text("data", 0, "currency") != want.currency || list.at("data", 1) != nil {
			t.Errorf("%s, want %d %s: %s", name, want.total, want.currency, list.raw)
		}
	}
}
