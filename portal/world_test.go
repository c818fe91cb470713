package portal_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/html"

	"remit"
	"remit/commands"
	"remit/embedded"
	"remit/portal"
	"remit/postgres"
	"remit/program"
	"remit/sandbox"
	"remit/script/scripttest"
	"remit/secrets"
	"remit/workflows"
)

// world is a whole Remit with its pages beside a stand-in, with one
// organisation and its people. Stripe is not connected yet.
type world struct {
	t       *testing.T
	program *program.Program
	// database is a superuser's address of it.
	database string
	stripe   string // address of the stand-in
	key      string
	top      string
	branch   string
}

// openWorld opens one; edit may change the configuration before it starts.
func openWorld(t *testing.T, edit ...func(*program.Config)) *world {
	t.Helper()
	stripe, err := sandbox.Open(sandbox.Options{Dir: t.TempDir()})
	must(t, err)
	server := httptest.NewServer(stripe.Handler())
	stripe.SetPublicURL(server.URL)
	t.Cleanup(func() { server.Close(); must(t, stripe.Close()) })
	address, namespace := embedded.TestTemporal(t)
	kek := t.TempDir() + "/kek"
	must(t, secrets.CreateKEK(kek))
	database := embedded.TestDatabaseFrom(t, "migrated", postgres.Migrate)
	config := program.Config{
		DatabaseURL: database, TemporalAddress: address, Namespace: namespace,
		StripeURL: server.URL, StripeTimeout: 3 * time.Second, KEKFile: kek, Listen: "127.0.0.1:0", Work: true, Sandbox: true,
		Times: workflows.Times{Step: 20 * time.Second, Heartbeat: 3 * time.Second}, SweepEvery: time.Second, Logger: slog.New(slog.DiscardHandler),
		ScriptRunner: []string{scripttest.Program(t)},
		Portal: func(c *commands.Commands, logger *slog.Logger) (program.Portal, error) {
			return portal.New(portal.Options{Commands: c, Logger: logger}), nil
		},
	}
	for _, change := range edit {
		change(&config)
	}
	p, err := program.Start(t.Context(), config)
	must(t, err)
	t.Cleanup(func() { must(t, p.Close(context.Background())) })
	w := &world{t: t, program: p, database: database, stripe: server.URL, key: "sk_test_" + strings.ReplaceAll(uuid.NewString(), "-", ""), top: "/t-" + uuid.NewString()[:8]}
	w.branch = w.top + "/Branch A"
	w.furnish()
	return w
}

// firstDay is that of a test's organisation: a day that no clock has come to yet,
// so that its account's, which only goes forward, can follow it at whatever hour a
// test runs.
func firstDay() remit.Date { return remit.DateOf(time.Now().UTC()).AddDays(1) }

func (w *world) furnish() {
	ctx := w.t.Context()
	start := firstDay()
	must(w.t, w.program.Commands.CreateDemoTenant(ctx, commands.OrganisationInput{Path: w.top, Name: "Test", TimeZone: "America/New_York", Currency: "USD", Clock: &start}))
	w.user("admin", "Owner", w.top)
	admin := w.signIn("admin")
	admin.open("/settings/organisations").submit("/settings/organisations", url.Values{"path": {w.branch}}).want(200, "Branch A")
	w.user("payer", "Invoice Payers", w.branch)
	w.user("clerk", "Clerks", w.branch)
	w.user("viewer", "Viewer", w.top)
}

func (w *world) user(name, role, path string) {
	_, err := w.program.Commands.CreateDemoUser(w.t.Context(), commands.DemoUser{
		Organisation: w.top, Email: w.mail(name), Name: name, Grants: []commands.GrantInput{{Role: role, Path: path}},
	})
	must(w.t, err)
}

func (w *world) mail(name string) string {
	return name + "@" + strings.TrimPrefix(w.top, "/") + ".test"
}

// connect enters API keys and turns partial payments on, by the pages.
func (w *world) connect(admin *person) {
	admin.open("/settings/stripe").submit("/settings/stripe", url.Values{"secret_key": {w.key}, "publishable_key": {"pk_test_1"}}).want(200, "The keys are checked and saved.")
	admin.open("/settings/payments?at="+url.QueryEscape(w.top)).
		submit("/settings/payments", url.Values{"online": {"yes"}, "partial": {"yes"}, "minimum_partial": {"$50"}}).want(200, "Saved.")
}

// invoice makes a customer and a sent invoice of $1,200.00, by the pages, and
// gives the invoice's page.
func (w *world) invoice(admin *person) *shown {
	customer := admin.open("/customers/new").submit("/customers/new", url.Values{"name": {"Riverside " + uuid.NewString()[:4]}, "organisation": {w.branch}, "currency": {"USD"}})
	return w.invoiceFor(admin, strings.TrimPrefix(customer.path(), "/customers/"))
}

// invoiceFor makes another invoice of a customer.
func (w *world) invoiceFor(admin *person, id string) *shown {
	return admin.open("/invoices/new").submit("/invoices/new", url.Values{
		"customer_id": {id}, "number": {"INV-" + uuid.NewString()[:6]}, "currency": {"USD"}, "due_date": {firstDay().AddDays(20).String()},
		"line_description": {"Boiler service"}, "line_quantity": {"2"}, "line_unit_price": {"600"}, "then": {"send"},
	}).want(200, "The invoice is sent.")
}

// person is a browser without script in which somebody is signed in.
type person struct {
	w      *world
	client *http.Client
}

func (w *world) stranger() *person {
	jar, err := cookiejar.New(nil)
	must(w.t, err)
	return &person{w: w, client: &http.Client{Jar: jar, Timeout: 60 * time.Second}}
}

func (w *world) signIn(name string) *person {
	w.t.Helper()
	return w.signInTo(name, "Inbox")
}

// signInTo signs somebody in whose first page says some words.
func (w *world) signInTo(name, words string) *person {
	w.t.Helper()
	p := w.stranger()
	p.open("/sign-in").submit("/sign-in", url.Values{"email": {w.mail(name)}, "password": {"remit-demo"}}).want(200, words)
	return p
}

func (p *person) open(path string) *shown {
	p.w.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = p.w.program.URL + path
	}
	request, err := http.NewRequestWithContext(p.w.t.Context(), http.MethodGet, path, nil)
	must(p.w.t, err)
	return p.send(request)
}

func (p *person) post(path string, form url.Values) *shown {
	p.w.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = p.w.program.URL + path
	}
	request, err := http.NewRequestWithContext(p.w.t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	must(p.w.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.send(request)
}

// upload sends a file with one other field, as a form with both does.
func (p *person) upload(path, field, value, name, content string) *shown {
	p.w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	must(p.w.t, form.WriteField(field, value))
	part, err := form.CreateFormFile("file", name)
	must(p.w.t, err)
	_, err = part.Write([]byte(content))
	must(p.w.t, err)
	must(p.w.t, form.Close())
	request, err := http.NewRequestWithContext(p.w.t.Context(), http.MethodPost, p.w.program.URL+path, &body)
	must(p.w.t, err)
	request.Header.Set("Content-Type", form.FormDataContentType())
	return p.send(request)
}

func (p *person) send(request *http.Request) *shown {
	p.w.t.Helper()
	response, err := p.client.Do(request)
	must(p.w.t, err)
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	must(p.w.t, err)
	root, err := html.Parse(strings.NewReader(string(raw)))
	must(p.w.t, err)
	return &shown{p: p, at: response.Request.URL, status: response.StatusCode, raw: string(raw), root: root, header: response.Header}
}

// shown is a page as it came.
type shown struct {
	p      *person
	at     *url.URL
	status int
	raw    string
	root   *html.Node
	header http.Header
}

func (s *shown) path() string { return s.at.Path }

// want checks the status and that the page says something.
func (s *shown) want(status int, words ...string) *shown {
	s.p.w.t.Helper()
	text := spaces.ReplaceAllString(wordsOf(s.root), " ")
	if s.status != status {
		s.p.w.t.Fatalf("%s: status %d, want %d: %s", s.at, s.status, status, text)
	}
	for _, each := range words {
		if !strings.Contains(text, each) {
			s.p.w.t.Fatalf("%s does not say %q: %s", s.at, each, text)
		}
	}
	return s
}

// lacks fails where the page says something.
func (s *shown) lacks(words string) {
	s.p.w.t.Helper()
	if strings.Contains(spaces.ReplaceAllString(wordsOf(s.root), " "), words) {
		s.p.w.t.Fatalf("%s says %q", s.at, words)
	}
}

var spaces = regexp.MustCompile(`\s+`)

// submit fills in the page's form of that action, over what stands in it, and
// sends it as a browser without script does.
func (s *shown) submit(action string, values url.Values) *shown {
	s.p.w.t.Helper()
	form := find(s.root, func(n *html.Node) bool {
		return n.Data == "form" && attr(n, "action") == action && attr(n, "method") == "post"
	})
	if form == nil {
		form = find(s.root, func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == action })
	}
	if form == nil {
		s.p.w.t.Fatalf("%s has no form to %s: %s", s.at, action, spaces.ReplaceAllString(wordsOf(s.root), " "))
	}
	fields := standing(form)
	maps.Copy(fields, values)
	target, err := s.at.Parse(action)
	must(s.p.w.t, err)
	if attr(form, "method") == "get" {
		target.RawQuery = fields.Encode()
		return s.p.open(target.String())
	}
	return s.p.post(target.String(), fields)
}

// standing are a form's values as they stand.
func standing(form *html.Node) url.Values {
	fields := url.Values{}
	walk(form, func(n *html.Node) {
		name := attr(n, "name")
		switch {
		case name == "":
		case n.Data == "input":
			kind := attr(n, "type")
			if (kind == "radio" || kind == "checkbox") && !has(n, "checked") {
				return
			}
			fields.Add(name, attr(n, "value"))
		case n.Data == "textarea":
			fields.Add(name, wordsOf(n))
		case n.Data == "select":
			chosen, first := "", true
			walk(n, func(o *html.Node) {
				if o.Data == "option" && (first || has(o, "selected")) {
					chosen, first = attr(o, "value"), false
				}
			})
			fields.Add(name, chosen)
		}
	})
	return fields
}

func walk(n *html.Node, visit func(*html.Node)) {
	if n.Type == html.ElementNode {
		visit(n)
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		walk(child, visit)
	}
}

func find(root *html.Node, is func(*html.Node) bool) *html.Node {
	var found *html.Node
	walk(root, func(n *html.Node) {
		if found == nil && is(n) {
			found = n
		}
	})
	return found
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func wordsOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var all strings.Builder
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		all.WriteString(wordsOf(child))
	}
	return all.String()
}

// link is the address of a page's first link that begins so.
func (s *shown) link(prefix string) string {
	s.p.w.t.Helper()
	n := find(s.root, func(n *html.Node) bool { return n.Data == "a" && strings.HasPrefix(attr(n, "href"), prefix) })
	if n == nil {
		s.p.w.t.Fatalf("%s has no link to %s", s.at, prefix)
	}
	return attr(n, "href")
}

// saying is the address of the link with these words.
func (s *shown) saying(words string) string {
	s.p.w.t.Helper()
	n := find(s.root, func(n *html.Node) bool { return n.Data == "a" && wordsOf(n) == words })
	if n == nil {
		s.p.w.t.Fatalf("%s has no link %q", s.at, words)
	}
	return attr(n, "href")
}

// cut is the address on a page that begins so, wherever it stands.
func (s *shown) cut(prefix string) string {
	s.p.w.t.Helper()
	_, rest, found := strings.Cut(s.raw, prefix)
	if !found {
		s.p.w.t.Fatalf("%s does not hold %s", s.at, prefix)
	}
	end := strings.IndexAny(rest, "<\"")
	return prefix + rest[:max(end, 0)]
}

// hosted fills in the stand-in's page with a card.
func (s *shown) hosted(card string) *shown {
	s.p.w.t.Helper()
	form := find(s.root, func(n *html.Node) bool { return n.Data == "form" })
	if form == nil {
		s.p.w.t.Fatalf("%s is not a hosted page: %s", s.at, s.raw)
	}
	fields := standing(form)
	for name, value := range map[string]string{"email": "pay@globex.test", "card_number": card, "card_expiry": "12 / 34", "card_cvc": "123", "name": "Globex"} {
		fields.Set(name, value)
	}
	target, err := s.at.Parse(attr(form, "action"))
	must(s.p.w.t, err)
	return s.p.post(target.String(), fields)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually asks again until it is so.
func (w *world) eventually(what string, so func() bool) {
	w.t.Helper()
	deadline := time.After(2 * time.Minute) // a slow machine is no failure
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-deadline:
			w.t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}
