package program_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/embedded"
	"remit/postgres"
	"remit/program"
	"remit/sandbox"
	"remit/script/scripttest"
	"remit/secrets"
	"remit/workflows"
)

// world is a whole Remit beside a stand-in, with one organisation and its people.
type world struct {
	t       *testing.T
	config  program.Config
	program *program.Program
	standin string
	journal string // the stand-in's folder
	key     string
	top     string
	branchA string
	branchB string
	people  map[string]*browser
	unfit   bool // what is stored is not to be held to what it should be: its database is gone, or was altered
}

// openWorld starts the true program on a free port and furnishes it through its
// own API, as its first users would.
func openWorld(t *testing.T, change ...func(*program.Config)) *world {
	t.Helper()
	journal := t.TempDir()
	stripe, err := sandbox.Open(sandbox.Options{Dir: journal})
	must(t, err)
	server := httptest.NewServer(mirror.Handler(stripe.Handler()))
	stripe.SetPublicURL(server.URL)
	t.Cleanup(func() { server.Close(); must(t, stripe.Close()) })
	address, namespace := embedded.TestTemporal(t)
	kek := t.TempDir() + "/kek"
	must(t, secrets.CreateKEK(kek))
	w := &world{
		t: t, standin: server.URL, journal: journal, key: "sk_test_" + strings.ReplaceAll(uuid.NewString(), "-", ""), people: map[string]*browser{},
		config: program.Config{
			DatabaseURL: embedded.TestDatabaseFrom(t, "migrated", postgres.Migrate), TemporalAddress: address, Namespace: namespace,
			StripeURL: server.URL, StripeTimeout: 3 * time.Second, KEKFile: kek, Listen: "127.0.0.1:0", Work: true, Sandbox: true,
			Times: workflows.Times{Step: 20 * time.Second, Heartbeat: 3 * time.Second}, SweepEvery: time.Second, Logger: logger(t),
			ScriptRunner: []string{scripttest.Program(t)},
		},
	}
	for _, each := range change {
		each(&w.config)
	}
	w.start()
	w.furnish()
	t.Cleanup(w.fits)
	return w
}

// fits holds every journey's invoices to what their timelines tell (Z2).
func (w *world) fits() {
	if w.unfit || w.t.Failed() {
		return
	}
	db, err := postgres.Open(context.Background(), w.config.DatabaseURL, postgres.Options{MaxConns: 2})
	must(w.t, err)
	defer db.Close()
	report, err := (&commands.Commands{DB: db}).Verify(context.Background(), nil)
	must(w.t, err)
	if len(report.Wrong) > 0 {
		w.t.Errorf("what is stored does not fit: %q", report.Wrong)
	}
}

func (w *world) start() {
	w.t.Helper()
	p, err := program.Start(w.t.Context(), w.config)
	must(w.t, err)
	w.program = p
	w.t.Cleanup(func() {
		if w.program == p {
			must(w.t, p.Close(context.Background()))
		}
	})
}

// furnish makes the tree, its people and their roles, and connects Stripe.
func (w *world) furnish() {
	ctx := w.t.Context()
	w.top = "/t-" + uuid.NewString()[:8]
	w.branchA, w.branchB = w.top+"/Branch A", w.top+"/Branch B"
	start := firstDay()
	must(w.t, w.program.Commands.CreateDemoTenant(ctx, commands.OrganisationInput{Path: w.top, Name: "Test", TimeZone: "America/New_York", Currency: "USD", Clock: &start}))
	admin := commands.DemoUser{Organisation: w.top, Email: w.mail("admin"), Name: "Ada Admin", Grants: []commands.GrantInput{{Role: "Owner", Path: w.top}}}
	_, err := w.program.Commands.CreateDemoUser(ctx, admin)
	must(w.t, err)
	a := w.signIn("admin")
	for _, path := range []string{w.branchA, w.branchB} {
		a.post("/v1/organisations", map[string]any{"path": path, "name": path}).want(201)
	}
	a.put("/v1/roles/Clerks", map[string]any{"permissions": []string{"workflow=role('Invoice Payers')", "invoice=read", "customer=read"}}).want(200, 201)
	a.put("/v1/stripe/connection/keys", map[string]any{"secret_key": w.key, "publishable_key": "pk_test_1"}).want(200)
	a.put("/v1/settings/payments", map[string]any{"online_payments": true, "partial_payments": true, "minimum_partial": 5000}).want(200)
	for name, grant := range map[string]commands.GrantInput{
		"payer.a": {Role: "Invoice Payers", Path: w.branchA}, "payer.b": {Role: "Invoice Payers", Path: w.branchB},
		"clerk": {Role: "Clerks", Path: w.branchA}, "viewer": {Role: "Viewer", Path: w.top},
	} {
		_, err := w.program.Commands.CreateDemoUser(ctx, commands.DemoUser{Organisation: w.top, Email: w.mail(name), Name: name, Grants: []commands.GrantInput{grant}})
		must(w.t, err)
	}
}

func (w *world) mail(name string) string {
	return name + "@" + strings.TrimPrefix(w.top, "/") + ".test"
}

// signIn gives a browser in which somebody is signed in.
func (w *world) signIn(name string) *browser {
	w.t.Helper()
	if b, found := w.people[name]; found {
		return b
	}
	b := w.browser()
	w.until(name+" is signed in", func() bool { // many tests sign in at once, and some are asked to come again
		return b.post("/v1/session", map[string]any{"email": w.mail(name), "password": "remit-demo"}).want(200, 503).status == 200
	})
	w.people[name] = b
	return b
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	must(w.t, err)
	return &browser{w: w, client: &http.Client{Jar: jar, Timeout: 2 * time.Minute}}
}

// customer makes a customer at a path with a saved test card, typed on the
// stand-in's hosted page.
func (w *world) customer(path, card string) (customer, method string) {
	w.t.Helper()
	admin := w.signIn("admin")
	customer = admin.post("/v1/customers", map[string]any{"organisation": path, "name": "Globex " + uuid.NewString()[:4], "email": "pay@globex.test"}).want(201).text("id")
	if card == "" {
		return customer, ""
	}
	page := admin.post("/v1/customers/"+customer+"/payment-methods", map[string]any{}).want(200, 201).text("url")
	w.submit(page, card, false)
	methods := admin.get("/v1/customers/" + customer + "/payment-methods").want(200)
	return customer, methods.path("data", 0, "id")
}

// invoice makes a sent invoice and returns it and its work item.
func (w *world) invoice(path, customer string, cents int64) (invoice, item string) {
	w.t.Helper()
	admin := w.signIn("admin")
	invoice = admin.post("/v1/invoices", map[string]any{
		"organisation": path, "customer_id": customer, "number": "INV-" + uuid.NewString()[:8], "issue_date": firstDay().AddDays(-10).String(), "due_date": firstDay().AddDays(20).String(),
		"lines": []map[string]any{{"description": "Work", "quantity": "1", "unit_price": fmt.Sprintf("%d.%02d", cents/100, cents%100), "amount": cents}},
	}).want(201).text("id")
	sent := admin.post("/v1/invoices/"+invoice+"/send", nil).want(200)
	return invoice, sent.text("work_item_id")
}

// submit fills in one of the stand-in's hosted pages.
func (w *world) submit(page, card string, save bool) (location string) {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	must(w.t, err)
	client := &http.Client{Jar: jar, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Get(page)
	must(w.t, err)
	body, err := io.ReadAll(response.Body)
	must(w.t, err)
	must(w.t, response.Body.Close())
	form := url.Values{"email": {"pay@globex.test"}, "card_number": {card}, "card_expiry": {"12 / 34"}, "card_cvc": {"123"}, "name": {"Globex"}}
	if found := regexp.MustCompile(`name="attempt" value="([^"]*)"`).FindSubmatch(body); found != nil {
		form.Set("attempt", string(found[1]))
	}
	if save {
		form.Set("save", "yes")
	}
	sent, err := client.PostForm(page, form)
	must(w.t, err)
	must(w.t, sent.Body.Close())
	return sent.Header.Get("Location")
}

// sandbox controls the stand-in's account.
func (w *world) sandbox(method, path string, body any) map[string]any {
	w.t.Helper()
	raw, err := json.Marshal(body)
	must(w.t, err)
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.standin+"/_sandbox"+path, bytes.NewReader(raw))
	must(w.t, err)
	request.Header.Set("Authorization", "Bearer "+w.key)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	must(w.t, err)
	defer func() { _ = response.Body.Close() }()
	var out map[string]any
	if raw, err = io.ReadAll(response.Body); err != nil || response.StatusCode > 299 {
		w.t.Fatalf("the stand-in answered %d: %s %v", response.StatusCode, raw, err)
	}
	_ = json.Unmarshal(raw, &out)
	return out
}

// captured asks the stand-in's own books what an invoice was charged.
func (w *world) captured(invoice string) (cents int64, charges int) {
	w.t.Helper()
	books := w.sandbox("GET", "/books", nil)
	intents, _ := books["payment_intents"].([]any)
	for _, each := range intents {
		intent, _ := each.(map[string]any)
		metadata, _ := intent["metadata"].(map[string]any)
		received, _ := intent["amount_received"].(float64)
		if metadata["remit_invoice"] == invoice && received > 0 {
			cents += int64(received)
			charges++
		}
	}
	return cents, charges
}

// until asks again until what it asks for is so.
func (w *world) until(what string, so func() bool) {
	w.t.Helper()
	deadline := time.After(2 * time.Minute) // a slow machine is no failure
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-deadline:
			w.t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

// browser sends JSON as one signed-in person.
type browser struct {
	w      *world
	client *http.Client
	bearer string
}

func (b *browser) get(path string) *answer            { return b.send("GET", path, nil, nil) }
func (b *browser) post(path string, body any) *answer { return b.send("POST", path, body, nil) }
func (b *browser) put(path string, body any) *answer  { return b.send("PUT", path, body, nil) }
func (b *browser) del(path string) *answer            { return b.send("DELETE", path, nil, nil) }
func (b *browser) keyed(path, key string, body any) *answer {
	return b.send("POST", path, body, map[string]string{"Idempotency-Key": key})
}

func (b *browser) send(method, path string, body any, headers map[string]string) *answer {
	b.w.t.Helper()
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		must(b.w.t, err)
		reader = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(b.w.t.Context(), method, b.w.program.URL+path, reader)
	must(b.w.t, err)
	if body != nil || method != "GET" {
		request.Header.Set("Content-Type", "application/json")
	}
	if b.bearer != "" {
		request.Header.Set("Authorization", "Bearer "+b.bearer)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := b.client.Do(request)
	must(b.w.t, err)
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	must(b.w.t, err)
	return &answer{t: b.w.t, what: method + " " + path, status: response.StatusCode, header: response.Header, raw: raw}
}

// answer is what came back.
type answer struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	raw    []byte
	body   any // raw, parsed once it is asked for
}

func (a *answer) want(statuses ...int) *answer {
	a.t.Helper()
	if slices.Contains(statuses, a.status) {
		return a
	}
	a.t.Fatalf("%s: got %d, want %v: %s", a.what, a.status, statuses, a.raw)
	return a
}

// at reads a value of the answer's body by names and indexes.
func (a *answer) at(steps ...any) any {
	a.t.Helper()
	if a.body == nil {
		if err := json.Unmarshal(a.raw, &a.body); err != nil {
			a.t.Fatalf("%s: %v: %s", a.what, err, a.raw)
		}
	}
	value := a.body
	for _, step := range steps {
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}

func (a *answer) text(steps ...any) string {
	a.t.Helper()
	s, _ := a.at(steps...).(string)
	return s
}

func (a *answer) path(steps ...any) string { a.t.Helper(); return a.text(steps...) }

func (a *answer) number(steps ...any) int64 {
	a.t.Helper()
	f, _ := a.at(steps...).(float64)
	return int64(f)
}

// firstDay is that of a test's organisation: a day that no clock has come to yet.
// Clocks only go forward, so its account's at the stand-in can follow it, at
// whatever hour a test runs.
func firstDay() remit.Date {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	return remit.DateOf(time.Now().In(newYork)).AddDays(1)
}

func logger(t *testing.T) *slog.Logger {
	if os.Getenv("REMIT_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
