package program_test

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit/embedded"
	"remit/program"
)

// T39: a database that was restored from yesterday's backup charges nothing of
// what it believes is owed, however far its own audit trail has grown since, until
// an operator has looked; then what was charged in between is found at Stripe,
// booked, and never charged again.
func TestT39ARestoredBackupChargesNothingAgain(t *testing.T) {
	t.Parallel()
	w := openWorld(t, func(c *program.Config) {
		c.Seals, c.OpsListen = filepath.Join(t.TempDir(), "seals"), "127.0.0.1:0"
	})
	customer, card := w.customer(w.branchA, "4242424242424242")
	charged, _ := w.invoice(w.branchA, customer, 12000)
	hosted, _ := w.invoice(w.branchA, customer, 7000)
	open, _ := w.invoice(w.branchA, customer, 6000)
	untouched, _ := w.invoice(w.branchA, customer, 5000)
	payer := w.signIn("payer.a")
	by := func(amount int64) map[string]any { return map[string]any{"amount": amount, "payment_method": card} }
	page := func(amount int64) map[string]any { return map[string]any{"amount": amount, "checkout": true} }
	if off := w.moneyOff(); len(off) > 0 {
		t.Fatalf("money is off before anything happened: %q", off)
	}

	backup := w.copyDatabase()
	payer.post("/v1/invoices/"+charged+"/pay", by(12000)).want(200)
	w.submit(payer.post("/v1/invoices/"+hosted+"/pay", page(7000)).want(202).text("checkout", "url"), "4242424242424242", false)
	payer.post("/v1/invoices/"+open+"/pay", page(6000)).want(202)

	must(t, w.program.Close(context.Background()))
	w.config.DatabaseURL = backup
	w.config.TemporalAddress, w.config.Namespace = embedded.TestTemporal(t)
	w.start()
	for _, invoice := range []string{charged, hosted, open, untouched} {
		owed := payer.get("/v1/invoices/" + invoice).want(200).number("outstanding")
		for _, body := range []map[string]any{by(owed), page(owed)} {
			if refused := payer.post("/v1/invoices/"+invoice+"/pay", body).want(409); refused.text("code") != "money_off" {
				t.Errorf("refused by %s", refused.raw)
			}
		}
	}
	// The restored trail grows past the number that was sealed: another trail it stays.
	admin := w.signIn("admin")
	for n := range 20 {
		admin.put("/v1/roles/Clerks", map[string]any{"permissions": []string{"invoice=read", "customer=read", "stripe=view"}[:1+n%3]}).want(200)
	}
	payer.post("/v1/invoices/"+untouched+"/pay", by(5000)).want(409)
	if off := w.moneyOff(); len(off) != 1 || !strings.Contains(off[0], w.top) {
		t.Errorf("the operator's port says %q", off)
	}
	if cents, charges := w.captured(charged); cents != 12000 || charges != 1 {
		t.Fatalf("captured %d in %d charges", cents, charges)
	}
	if report := w.verify(); !strings.Contains(strings.Join(report, "\n"), w.top) {
		t.Errorf("verify says %q", report)
	}

	done, err := w.program.Commands.ResumeMoney(t.Context(), w.top, "restored from the backup of last night")
	must(t, err)
	if said := strings.Join(done.Found, "\n"); len(done.Found) != 3 || !strings.Contains(said, charged) || !strings.Contains(said, hosted) || !strings.Contains(said, "expired") {
		t.Errorf("found %q", done.Found)
	}
	for invoice, owed := range map[string]int64{charged: 12000, hosted: 7000} {
		if status := payer.get("/v1/invoices/" + invoice).want(200).text("status"); status != "paid" {
			t.Errorf("what was charged is %s", status)
		}
		payer.post("/v1/invoices/"+invoice+"/pay", by(owed)).want(409)
	}
	for invoice, owed := range map[string]int64{open: 6000, untouched: 5000} {
		payer.post("/v1/invoices/"+invoice+"/pay", by(owed)).want(200)
	}
	for invoice, owed := range map[string]int64{charged: 12000, hosted: 7000, open: 6000, untouched: 5000} {
		if cents, charges := w.captured(invoice); cents != owed || charges != 1 {
			t.Errorf("captured %d of %d in %d charges", cents, owed, charges)
		}
	}
	if off, report := w.moneyOff(), w.verify(); len(off) > 0 || len(report) > 0 {
		t.Errorf("afterwards money is off (%q) or something does not fit: %q", off, report)
	}
	trail := admin.get("/v1/audit?action=money.resume").want(200)
	if !strings.Contains(string(trail.raw), "the backup of last night") {
		t.Errorf("the audit trail says %s", trail.raw)
	}
	if _, err := w.program.Commands.ResumeMoney(t.Context(), w.top, "again"); err == nil {
		t.Error("money was switched on twice")
	}
}

// Who switches money on again says why, and while Stripe does not say what was
// charged, money stays off.
func TestMoneyStaysOffUntilStripeWasAsked(t *testing.T) {
	t.Parallel()
	w := openWorld(t, func(c *program.Config) { c.Seals = filepath.Join(t.TempDir(), "seals") })
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	payer := w.signIn("payer.a")
	backup := w.copyDatabase()
	payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
	must(t, w.program.Close(context.Background()))
	w.config.DatabaseURL = backup
	standin := w.config.StripeURL
	w.config.StripeURL = "http://127.0.0.1:9" // nobody answers there
	w.start()
	if _, err := w.program.Commands.ResumeMoney(t.Context(), w.top, " "); err == nil {
		t.Error("money is on without a reason")
	}
	if _, err := w.program.Commands.ResumeMoney(t.Context(), w.top, "looks well"); err == nil {
		t.Error("money is on though Stripe did not answer")
	}
	must(t, w.program.Close(context.Background()))
	w.config.StripeURL = standin
	w.start()
	refused := payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(409)
	if refused.text("code") != "money_off" {
		t.Errorf("refused by %s", refused.raw)
	}
}

// copyDatabase copies the database as it is at this moment, as a backup does,
// and returns the copy's address. The program is stopped meanwhile.
func (w *world) copyDatabase() (address string) {
	w.t.Helper()
	w.unfit = true
	must(w.t, w.program.Close(context.Background()))
	parsed, err := url.Parse(w.config.DatabaseURL)
	must(w.t, err)
	original, name := strings.TrimPrefix(parsed.Path, "/"), "copy_"+strings.ReplaceAll(uuid.NewString(), "-", "")
	server := *parsed
	server.Path = "/postgres"
	do := func(statement string) {
		connection, err := pgx.Connect(context.Background(), server.String())
		must(w.t, err)
		_, err = connection.Exec(context.Background(), statement)
		must(w.t, err)
		must(w.t, connection.Close(context.Background()))
	}
	do(fmt.Sprintf("create database %s template %s", name, original))
	w.t.Cleanup(func() { do("drop database " + name + " with (force)") })
	w.start()
	parsed.Path = "/" + name
	return parsed.String()
}

// moneyOff is what the operator's port says of organisations without money.
func (w *world) moneyOff() (list []string) {
	w.t.Helper()
	status, body := fetch(w.t, w.program.OpsURL+"/readyz")
	a := &answer{t: w.t, what: "readyz", status: status, raw: []byte(body)}
	off, _ := a.want(200).at("money_off").([]any)
	for _, each := range off {
		list = append(list, fmt.Sprint(each))
	}
	return list
}

// verify is what does not fit.
func (w *world) verify() []string {
	w.t.Helper()
	book, err := w.program.Commands.Seals.Book()
	must(w.t, err)
	report, err := w.program.Commands.Verify(w.t.Context(), book)
	must(w.t, err)
	return report.Wrong
}
