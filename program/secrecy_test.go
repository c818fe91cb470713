package program_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit/activities"
)

// Keys, passwords, tokens and card numbers are looked for, after all flows that
// have them pass through, in every table of every database of the server
// (Temporal's too), in PostgreSQL's own files, in the logs, in the stand-in's
// journal and in every answer: nowhere (T33, M12).
func TestT33SecretsAreNowhere(t *testing.T) {
	t.Parallel()
	var kept logs
	w := openWorld(t, keepLogs(&kept), withPages)
	admin, payer := w.signIn("admin"), w.signIn("payer.a")
	const number = "5555555555554444" // a card that no other test types
	bank := "000" + strings.Repeat("8675309", 2)
	secret := map[string]string{
		"secret key": w.key, "webhook secret": testWebhookSecret + "T33", "card number": number, "account number": bank,
		"password": "correct horse battery staple T33", "session": payer.sessionToken(),
	}
	var answers bytes.Buffer
	keep := func(a *answer) *answer { answers.Write(a.raw); return a }

	refused := "sk_test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	secret["refused key"] = refused
	keep(admin.put("/v1/stripe/connection/keys", map[string]any{"secret_key": refused, "publishable_key": "pk_live_1"})).want(422)
	keep(admin.keyed("/v1/customers", "k", map[string]any{"name": "A", "account_number": bank})).want(400)
	keep(admin.raw("POST", "/v1/customers", `{"name":"A","x":"`+bank+`"`, asJSON)).want(400)
	keep(admin.raw("POST", "/v1/customers", `{"name":"A"}`, map[string]string{"Content-Type": "text/" + bank})).want(415)
	keep(admin.get("/v1/invoices?x=" + bank)).want(400)

	customer, card := w.customer(w.branchA, number)
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	keep(payer.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card})).want(200)
	hosted, _ := w.invoice(w.branchA, customer, 5000)
	w.submit(keep(payer.post("/v1/invoices/"+hosted+"/pay", map[string]any{"amount": 5000, "checkout": true})).want(202).text("checkout", "url"), number, true)
	w.until("it is paid", func() bool { return payer.get("/v1/invoices/"+hosted).want(200).text("status") == "paid" })
	// Declined, and with Stripe's answer lost, whose texts could carry something.
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{{"match": map[string]any{"times": 1}, "effect": "decline", "decline_code": "lost_card"}}})
	declined, _ := w.invoice(w.branchA, customer, 5000)
	keep(payer.post("/v1/invoices/"+declined+"/pay", map[string]any{"amount": 5000, "payment_method": card})).want(402)
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{{"match": map[string]any{"path": "/v1/payment_intents", "times": 2}, "effect": "error_before", "status": 500}}})
	keep(payer.post("/v1/invoices/"+declined+"/pay", map[string]any{"amount": 5000, "payment_method": card})).want(200, 202)
	w.until("it is settled", func() bool { return payer.get("/v1/invoices/"+declined).want(200).at("in_flight") == nil })
	w.sandbox("DELETE", "/faults", nil)
	keep(admin.put("/v1/stripe/connection/keys", map[string]any{"secret_key": w.key, "publishable_key": "pk_test_1", "webhook_secret": secret["webhook secret"]})).want(200)
	keep(admin.get("/v1/stripe/connection")).want(200)
	hooks := w.sql("select id::text from connections")[0][0]
	payload := event("evt_t33", "payment_intent.succeeded", map[string]any{"id": "pi_1", "object": "payment_intent"}, nil)
	for _, key := range []string{secret["webhook secret"], "whsec_other"} {
		keep(w.anonymous().raw("POST", "/webhooks/stripe/"+hooks, payload, map[string]string{"Content-Type": "application/json", "Stripe-Signature": signature(payload, key, time.Now())})).want(200, 400)
	}

	// The public link, looked at and paid by (T6).
	linked, _ := w.invoice(w.branchA, customer, 5000)
	link, passer := w.linkOf(admin, linked), w.passerBy()
	secret["pay link"] = link[strings.LastIndex(link, "/")+1:]
	shown := passer.send("GET", link, nil, asPage).want(200)
	back := w.submit(w.pressPay(passer, link, shown, nil).want(303).header.Get("Location"), number, false)
	passer.send("GET", strings.TrimPrefix(back, w.program.URL), nil, asPage).want(200)
	w.until("it is paid", func() bool { return admin.get("/v1/invoices/"+linked).want(200).text("status") == "paid" })

	// Bank accounts: one that Stripe does not take, one of which its answer is lost,
	// one with wrong fields, and one that is verified.
	const account = "000222222227" // of Stripe's test numbers; no other test adds it
	secret["bank account's number"] = account
	w.deposits("amounts")
	owner := w.bare()
	add := func(number string) *answer {
		return keep(admin.keyed("/v1/customers/"+owner+"/bank-accounts", uuid.NewString(), bankAccountBody(number)))
	}
	add(bank).want(422)
	keep(admin.post("/v1/customers/"+owner+"/bank-accounts", map[string]any{"account_number": account})).want(400, 422)
	keep(admin.post("/v1/customers/"+owner+"/bank-accounts", map[string]any{"account_number": account, "routing_number": account})).want(400, 422)
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{{"match": map[string]any{"path": "/v1/setup_intents/*/confirm", "times": 1}, "effect": "drop_after"}}})
	lost := add(account).want(201).text("id")
	w.until("it is found out", func() bool { return admin.get("/v1/bank-accounts/"+lost).want(200).text("deposit") == "amounts" })
	w.sandbox("DELETE", "/faults", nil)
	added := add(account).want(201).text("id")
	keep(admin.post("/v1/bank-accounts/"+added+"/verification", map[string]any{"amounts": []int{32, 45}})).want(200)
	debited, _ := w.invoice(w.branchA, owner, 5000)
	keep(admin.post("/v1/invoices/"+debited+"/pay", map[string]any{"amount": 5000, "payment_method": added}))

	invited := keep(admin.post("/v1/users", map[string]any{"email": "new@t33.test", "name": "New"})).want(201).text("invitation", "link")
	secret["invitation"] = invited[strings.LastIndex(invited, "/")+1:]
	keep(w.anonymous().post("/v1/invitations/accept", map[string]any{"token": secret["invitation"], "password": secret["password"]})).want(204)
	guest := w.browser()
	guest.post("/v1/session", map[string]any{"email": "new@t33.test", "password": secret["password"]}).want(200)
	w.anonymous().post("/v1/session", map[string]any{"email": "new@t33.test", "password": secret["password"] + "x"}).want(401)
	w.anonymous().post("/v1/session", map[string]any{"email": secret["password"], "password": "x"}).want(401)
	made := admin.keyed("/v1/api-tokens", "token", map[string]any{"name": "t"}).want(201)
	secret["token"] = made.text("secret")
	hook := admin.keyed("/v1/webhook-endpoints", "webhook", map[string]any{"url": "https://93.184.215.14/", "events": []string{"dispute.changed"}}).want(201)
	secret["endpoint's secret"] = hook.text("secret")
	if again := admin.keyed("/v1/webhook-endpoints", "webhook", map[string]any{"url": "https://93.184.215.14/", "events": []string{"dispute.changed"}}).want(201); again.text("secret") != hook.text("secret") {
		t.Error("asked for again, an endpoint has another secret")
	}
	keep(admin.get("/v1/webhook-endpoints")).want(200)
	machine := &browser{w: w, client: admin.client, bearer: secret["token"]}
	machine.client = w.anonymous().client
	machine.get("/v1/invoices").want(200)

	haystacks := map[string][]byte{"the answers": answers.Bytes(), "the logs": []byte(kept.String())}
	w.dumpServer(t, haystacks)
	haystacks["the stand-in's journal"] = w.folder(t, w.journal)
	// What may be there is found, so the search looks where things are.
	found := 0
	for where, hay := range haystacks {
		if strings.HasPrefix(where, "the database") && bytes.Contains(hay, []byte(invoice)) {
			found++
		}
	}
	if found < 2 || len(haystacks["the logs"]) < 1000 || !bytes.Contains(haystacks["the stand-in's journal"], []byte(invoice)) {
		t.Fatalf("the invoice's id is in %d databases, want Remit's and Temporal's, and in the journal", found)
	}
	for name, value := range secret {
		for where, hay := range haystacks {
			if name == "invitation" && where == "the answers" {
				continue // it is shown, once, to whoever invites
			}
			for form, needle := range forms(value) {
				if at := bytes.Index(hay, needle); at >= 0 {
					t.Errorf("the %s is, %s, in %s: …%q…", name, form, where, hay[max(0, at-60):min(len(hay), at+len(needle)+20)])
				}
			}
		}
	}
}

// forms are the ways in which a text may be written down.
func forms(value string) map[string][]byte {
	all := map[string][]byte{
		"as it is": []byte(value), "in hex": []byte(hex.EncodeToString([]byte(value))), "escaped": []byte(url.QueryEscape(value)),
	}
	// Of base64 the part that does not depend on what stands around it.
	for shift := range 3 {
		coded := base64.StdEncoding.EncodeToString(append(bytes.Repeat([]byte{0}, shift), value...))
		if inner := strings.TrimRight(coded, "="); len(inner) > 8+shift {
			all[fmt.Sprintf("in base64 %d", shift)] = []byte(inner[(shift*8+5)/6 : len(inner)-2])
		}
	}
	return all
}

// dumpServer puts every table of every database of the server, and the server's
// own files where they are this machine's, among the haystacks.
func (w *world) dumpServer(t *testing.T, haystacks map[string][]byte) {
	t.Helper()
	ctx := t.Context()
	config, err := pgx.ParseConfig(w.config.DatabaseURL)
	must(t, err)
	own := config.Database
	for _, row := range w.sql("select datname from pg_database where datallowconn and datname not like 'template%' and (datname not like all (array['test\\_%', 'copy\\_%']) or datname = current_database())") {
		config.Database = row[0]
		conn, err := pgx.ConnectConfig(ctx, config)
		must(t, err)
		rows, err := conn.Query(ctx, "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')")
		must(t, err)
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		must(t, err)
		var dump bytes.Buffer
		for _, table := range tables {
			_, err := conn.PgConn().CopyTo(ctx, &dump, "copy "+table+" to stdout")
			must(t, err)
		}
		must(t, conn.Close(ctx))
		haystacks["the database "+row[0]] = dump.Bytes()
		if row[0] == own && dump.Len() < 10_000 {
			t.Fatalf("only %d bytes are in the database", dump.Len())
		}
	}
	// Write-ahead log, statistics and the server's log.
	_ = w.sql("checkpoint")
	data := w.sql("show data_directory")[0][0]
	for _, part := range []string{"pg_wal", "log", "../postgres.log"} {
		if _, err := os.Stat(filepath.Join(data, part)); err == nil {
			haystacks["PostgreSQL's "+part] = w.folder(t, filepath.Join(data, part))
		}
	}
}

// folder is all that is in a file or in the files of a folder.
func (w *world) folder(t *testing.T, root string) []byte {
	t.Helper()
	var all bytes.Buffer
	must(t, filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil //nolint:nilerr // a file of the server's may be gone by now
		}
		content, err := os.ReadFile(path)
		if err == nil {
			all.Write(content)
		}
		return nil
	}))
	return all.Bytes()
}

// A key moved to another tenant's row, or to another column, opens nothing (T34).
func TestT34MovedCiphertextOpensNothing(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	must(t, w.reaches(w.top))
	stranger, elsewhere := w.stranger()
	theirs := "sk_test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	stranger.put("/v1/stripe/connection/keys", map[string]any{"secret_key": theirs, "publishable_key": "pk_test_2", "webhook_secret": testWebhookSecret}).want(200)
	must(t, w.reaches(elsewhere))
	account := stranger.get("/v1/stripe/connection").want(200).text("account")
	move := func(to string) {
		t.Helper()
		_, err := w.query(to, elsewhere, w.top)
		must(t, err)
	}
	const their, our = "(select id from tenants where path = $1)", "(select id from tenants where path = $2)"
	move("update connections set secret_key = (select secret_key from connections where tenant = " + our + ") where tenant = " + their)
	if err := w.reaches(elsewhere); err == nil || strings.Contains(err.Error(), "acct_") {
		t.Errorf("with another tenant's key, of account %s: %v", account, err)
	}
	move("update connections set secret_key = webhook_secret where tenant = " + their + " and " + our + " is not null")
	if err := w.reaches(elsewhere); err == nil {
		t.Error("with another column's it is opened")
	}
	must(t, w.reaches(w.top))
}

// reaches asks Stripe for a tenant's account, with the key that is stored for it.
func (w *world) reaches(organisation string) error {
	c := w.program.Commands
	tenant, _, err := c.DB.TenantOfPath(w.t.Context(), organisation)
	must(w.t, err)
	link, err := (&activities.Connector{DB: c.DB, Gateway: c.Stripe, Secrets: c.Secrets}).Live(w.t.Context(), tenant)
	if err == nil {
		_, err = link.Stripe.Account(w.t.Context())
	}
	return err
}
