package program_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit/commands"
	"remit/program"
)

// enter signs a demo person in, in a browser of his own.
func (w *world) enter(mail string) *browser {
	w.t.Helper()
	b := w.browser()
	b.post("/v1/session", map[string]any{"email": mail, "password": "remit-demo"}).want(200)
	return b
}

// person makes somebody of the tenant with roles and signs him in.
func (w *world) person(name string, grants ...commands.GrantInput) *browser {
	w.t.Helper()
	_, err := w.program.Commands.CreateDemoUser(w.t.Context(), commands.DemoUser{Organisation: w.top, Email: w.mail(name), Name: name, Grants: grants})
	must(w.t, err)
	return w.signIn(name)
}

// customersUser makes the user of a customer and signs him in.
func (w *world) customersUser(name, customer string) *browser {
	w.t.Helper()
	id := uuid.MustParse(customer)
	_, err := w.program.Commands.CreateDemoUser(w.t.Context(), commands.DemoUser{Organisation: w.top, Email: w.mail(name), Name: name, CustomerID: &id})
	must(w.t, err)
	return w.signIn(name)
}

// stranger is the owner of another top-level organisation, signed in.
func (w *world) stranger() (owner *browser, top string) {
	w.t.Helper()
	top = "/s-" + uuid.NewString()[:8]
	must(w.t, w.program.Commands.CreateDemoTenant(w.t.Context(), commands.OrganisationInput{Path: top, Name: "Elsewhere", TimeZone: "UTC", Currency: "USD"}))
	mail := "owner@" + strings.TrimPrefix(top, "/") + ".test"
	_, err := w.program.Commands.CreateDemoUser(w.t.Context(), commands.DemoUser{
		Organisation: top, Email: mail, Name: "Olga Elsewhere", Grants: []commands.GrantInput{{Role: "Owner", Path: top}},
	})
	must(w.t, err)
	return w.enter(mail), top
}

// token makes an API token of somebody signed in; no scopes are all he holds.
func (w *world) token(owner *browser, scopes ...string) *browser {
	w.t.Helper()
	body := map[string]any{"name": "t"}
	if len(scopes) > 0 {
		body["scopes"] = scopes
	}
	b := &browser{w: w, client: &http.Client{Timeout: 40 * time.Second}}
	b.bearer = owner.post("/v1/api-tokens", body).want(201).text("secret")
	return b
}

// anonymous sends without any credentials.
func (w *world) anonymous() *browser {
	return &browser{w: w, client: &http.Client{Timeout: 40 * time.Second}}
}

// raw sends bytes as they are.
func (b *browser) raw(method, path, body string, headers map[string]string) *answer {
	b.w.t.Helper()
	request, err := http.NewRequestWithContext(b.w.t.Context(), method, b.w.program.URL+path, strings.NewReader(body))
	must(b.w.t, err)
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
	return &answer{t: b.w.t, what: method + " " + path + " " + body, status: response.StatusCode, header: response.Header, raw: raw}
}

var asJSON = map[string]string{"Content-Type": "application/json"}

// sql runs a statement as the database's superuser, who is under no row
// security, and returns the rows as text.
func (w *world) sql(statement string, args ...any) [][]string {
	w.t.Helper()
	rows, err := w.query(statement, args...)
	must(w.t, err)
	return rows
}

func (w *world) query(statement string, args ...any) ([][]string, error) {
	ctx := context.WithoutCancel(w.t.Context())
	conn, err := pgx.Connect(ctx, w.config.DatabaseURL)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, statement, append([]any{pgx.QueryExecModeSimpleProtocol}, args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]string, error) {
		var line []string
		for _, value := range row.RawValues() {
			line = append(line, string(value))
		}
		return line, nil
	})
}

// tables is what stands in every table, as a digest by name, but for the
// tables named. Nothing changed where two of them are equal.
func (w *world) tables(but ...string) map[string]string {
	w.t.Helper()
	w.until("every event has come and is done with", w.heardAll)
	return w.digests(but...)
}

// digests are [world.tables] as they are right now, where the stand-in's own
// events are not taken.
func (w *world) digests(but ...string) map[string]string {
	w.t.Helper()
	var union []string
	for _, row := range w.sql("select tablename from pg_tables where schemaname = 'public' order by 1") {
		if !slices.Contains(but, row[0]) {
			union = append(union, fmt.Sprintf("select '%[1]s', count(*) || ' rows ' || coalesce(md5(string_agg(t::text, ',' order by t::text)), '') from %[1]s t", row[0]))
		}
	}
	digests := map[string]string{}
	for _, row := range w.sql(strings.Join(union, " union all ")) {
		digests[row[0]] = row[1]
	}
	return digests
}

// heardAll tells whether no event is on its way from the stand-in or waits here:
// what one changes later, nobody did who is looked at.
func (w *world) heardAll() bool {
	w.t.Helper()
	sent, _ := w.sandbox("GET", "/books?kind=deliveries", nil)["deliveries"].([]any)
	for _, each := range sent {
		if delivery, _ := each.(map[string]any); delivery["state"] == "pending" {
			return false
		}
	}
	return w.sql("select count(*) from stripe_events where state = 'waiting'")[0][0] == "0"
}

// unchanged fails where a table differs from what it was.
func (w *world) unchanged(what string, before, after map[string]string) {
	w.t.Helper()
	for table, digest := range before {
		if after[table] != digest {
			w.t.Errorf("%s changed table %s: %s, then %s", what, table, digest, after[table])
		}
	}
}

// asked counts the stand-in's answers to requests that begin so, such as
// "POST /v1/payment_intents/{intent}/confirm".
func (w *world) asked(method, ending string) int64 {
	w.t.Helper()
	requests, _ := w.sandbox("GET", "/books", nil)["requests"].(map[string]any)
	answers, _ := requests["by_answer"].(map[string]any)
	var sum int64
	for name, count := range answers {
		route := name[:strings.LastIndex(name, " ")]
		if n, ok := count.(float64); ok && strings.HasPrefix(route, method+" ") && strings.HasSuffix(route, ending) {
			sum += int64(n)
		}
	}
	return sum
}

// testWebhookSecret signs the webhooks that tests make up.
const testWebhookSecret = "whsec_test0123456789abcdefghijklmnop"

// connectWithSecret gives the world's connection a known signing secret and
// returns its webhook's path.
func (w *world) connectWithSecret() (path string) {
	w.t.Helper()
	w.signIn("admin").put("/v1/stripe/connection/keys", map[string]any{
		"secret_key": w.key, "publishable_key": "pk_test_1", "webhook_secret": testWebhookSecret,
	}).want(200)
	id := w.sql("select id::text from connections where disconnected_at is null and tenant = (select id from tenants where path = $1)", w.top)
	return "/webhooks/stripe/" + id[0][0]
}

// signature is Stripe's over a payload at a time.
func signature(payload, secret string, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.%s", at.Unix(), payload)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

// event is a webhook's body.
func event(id, kind string, object map[string]any, more map[string]any) string {
	body := map[string]any{
		"id": id, "object": "event", "type": kind, "api_version": "2024-06-20", "created": time.Now().Unix(), "livemode": false,
		"data": map[string]any{"object": object},
	}
	maps.Copy(body, more)
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// deliver posts a webhook signed now.
func (w *world) deliver(path, payload string) *answer {
	w.t.Helper()
	return w.anonymous().raw("POST", path, payload, map[string]string{
		"Content-Type": "application/json", "Stripe-Signature": signature(payload, testWebhookSecret, time.Now()),
	})
}

// logs keeps what the program logs, at every level.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// keepLogs has the program log into l.
func keepLogs(l *logs) func(*program.Config) {
	return func(c *program.Config) {
		c.Logger = slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
}

// boundaries calls what is set for a boundary of a money step, once.
type boundaries struct {
	mu   sync.Mutex
	then map[string]func()
}

func (b *boundaries) hook(c *program.Config) {
	c.Crash = func(boundary string) {
		b.mu.Lock()
		do := b.then[boundary]
		delete(b.then, boundary)
		b.mu.Unlock()
		if do != nil {
			do()
		}
	}
}

func (b *boundaries) at(boundary string, do func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.then == nil {
		b.then = map[string]func(){}
	}
	b.then[boundary] = do
}

// fields are the fields a problem names.
func (a *answer) fields() []string {
	a.t.Helper()
	list, _ := a.at("errors").([]any)
	var names []string
	for _, each := range list {
		entry, _ := each.(map[string]any)
		name, _ := entry["field"].(string)
		if message, _ := entry["message"].(string); message == "" {
			a.t.Errorf("%s: field %q has no message: %s", a.what, name, a.raw)
		}
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// sessionToken is the value of the browser's session cookie.
func (b *browser) sessionToken() string {
	b.w.t.Helper()
	request, err := http.NewRequest(http.MethodGet, b.w.program.URL, nil)
	must(b.w.t, err)
	for _, cookie := range b.client.Jar.Cookies(request.URL) {
		if cookie.Name == "remit_session" {
			return cookie.Value
		}
	}
	return ""
}
