package program_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/commands"
	"remit/gateway"
	"remit/program"
	"remit/secrets"
)

// platformWorld is a world whose Remit has an account of its own at the stand-in, in
// whose name others' are connected, and watches what is asked in it.
type platformWorld struct {
	*world

	platform string // the secret key

	mu      sync.Mutex
	astray  []string          // calls with the platform's key that were not about a connected account
	account string            // Stripe-Account of the latest call
	tokens  map[string]string // that Stripe gave for an owner's code
	// change, if set, may change what Stripe answers.
	change func(*http.Request, *http.Response)
}

// notAboutAccounts are the platform's calls that are about no connected account, or
// name it otherwise.
var notAboutAccounts = []string{"/v1/accounts", "/v1/account_links", "/v1/webhook_endpoints", "/oauth/", "/_sandbox/"}

func (p *platformWorld) RoundTrip(request *http.Request) (*http.Response, error) {
	user, _, _ := request.BasicAuth()
	if user == "" {
		user = strings.TrimPrefix(request.Header.Get("Authorization"), "Bearer ")
	}
	if user == p.platform {
		p.mu.Lock()
		p.account = request.Header.Get("Stripe-Account")
		named := p.account != ""
		for _, path := range notAboutAccounts {
			named = named || strings.HasPrefix(request.URL.Path, path)
		}
		named = named || request.Method == http.MethodGet && request.URL.Path == "/v1/account" // whose the key is
		if !named {
			p.astray = append(p.astray, request.Method+" "+request.URL.Path)
		}
		p.mu.Unlock()
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return response, err
	}
	p.mu.Lock()
	change := p.change
	p.mu.Unlock()
	if change != nil {
		change(request, response)
	}
	if request.URL.Path != "/oauth/token" {
		return response, nil
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	p.keepTokens(response, body)
	return response, err
}

func openPlatform(t *testing.T, change ...func(*program.Config)) *platformWorld {
	t.Helper()
	p := &platformWorld{platform: "sk_test_" + strings.ReplaceAll(uuid.NewString(), "-", "")}
	p.world = openWorld(t, func(c *program.Config) {
		c.PlatformKey, c.StripeTransport = secrets.NewSecret(p.platform), p
		var own struct {
			ClientID string `json:"client_id"`
		}
		p.control(t, c.StripeURL, "GET", "/platform", nil, &own)
		c.ClientID = own.ClientID
		p.control(t, c.StripeURL, "POST", "/settings", map[string]any{"verification_ms": 60_000}, nil)
		for _, more := range change {
			more(c)
		}
	})
	p.control(t, p.standin, "POST", "/platform", map[string]any{"redirect_uris": []string{p.program.URL + commands.OAuthReturn}}, nil)
	at := gateway.New(gateway.Options{URL: p.standin, PlatformKey: p.platform}).Platform()
	_, secret, err := at.CreateConnectEndpoint(t.Context(), "endpoint", p.program.URL+"/webhooks/stripe")
	must(t, err)
	p.program.Commands.ConnectSecret = secrets.NewSecret(secret)
	p.signIn("admin").del("/v1/stripe/connection").want(204)
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.astray) > 0 {
			t.Errorf("calls of a direct charge without the account's header: %q", p.astray)
		}
	})
	return p
}

func (p *platformWorld) control(t *testing.T, standin, method, path string, wish, into any) {
	t.Helper()
	raw, err := json.Marshal(wish)
	must(t, err)
	request, err := http.NewRequestWithContext(t.Context(), method, standin+"/_sandbox"+path, bytes.NewReader(raw))
	must(t, err)
	request.Header.Set("Authorization", "Bearer "+p.platform)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer func() { _ = response.Body.Close() }()
	if raw, err = io.ReadAll(response.Body); err != nil || response.StatusCode > 299 {
		t.Fatalf("the stand-in answered %d to %s: %s %v", response.StatusCode, path, raw, err)
	}
	if into != nil {
		must(t, json.Unmarshal(raw, into))
	}
}

func (p *platformWorld) connection() *answer {
	return p.signIn("admin").get("/v1/stripe/connection").want(200)
}

func (p *platformWorld) is(status string) {
	p.t.Helper()
	p.until("the account is "+status, func() bool { return p.connection().text("status") == status })
}

// walk fills in Stripe's form, up to a step and from wherever it was left; "" hands
// it in. It gives where the form leads to.
func (p *platformWorld) walk(link, leaveAt string) (back string) {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	must(p.t, err)
	client := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), p.standin) {
			return nil
		}
		back = r.URL.String()
		return http.ErrUseLastResponse
	}}
	response, err := client.Get(link)
	must(p.t, err)
	must(p.t, response.Body.Close())
	for range 8 {
		if back != "" {
			return back
		}
		at := response.Request.URL
		step := at.Path[strings.LastIndexByte(at.Path, '/')+1:]
		form := url.Values{
			"business_type": {"individual"}, "business_name": {"Harbour Plumbing"}, "mcc": {"1520"}, "url": {"https://harbour.example"},
			"first_name": {"Ada"}, "last_name": {"Byron"}, "email": {"ada@harbour.example"}, "phone": {"+14155550100"}, "dob": {"1980-12-10"},
			"line1": {"1 Main St"}, "city": {"Boston"}, "state": {"MA"}, "postal_code": {"02108"}, "id_number": {"000000000"},
			"routing_number": {"110000000"}, "account_number": {"000123456789"}, "then": {"next"},
		}
		if step == leaveAt {
			form.Set("then", "later")
		}
		response, err = client.PostForm(at.String(), form)
		must(p.t, err)
		must(p.t, response.Body.Close())
	}
	p.t.Fatalf("the form does not end: it stands at %s", response.Request.URL)
	return ""
}

// O2 to O5: an account is made for the organisation, its form left early, gone on
// with by a new link, handed in, checked, and charged through as a direct charge.
func TestFailure56ExpressFromTheFormToACharge(t *testing.T) {
	t.Parallel()
	p := openPlatform(t)
	admin := p.signIn("admin")
	first := admin.post("/v1/stripe/connection/express", map[string]any{"country": "US"}).want(200).text("url")
	p.is("onboarding")
	account := p.connection().text("account")
	if back := p.walk(first, "person"); !strings.HasPrefix(back, p.program.URL+"/settings/stripe/return") {
		t.Fatalf("left early, the form leads to %s", back)
	}
	if back := p.walk(first, ""); !strings.HasPrefix(back, p.program.URL+"/settings/stripe/expired") {
		t.Fatalf("used again, the link leads to %s", back)
	}
	again := admin.post("/v1/stripe/connection/express", map[string]any{"country": "US"}).want(200).text("url")
	if p.connection().text("account") != account {
		t.Error("a second account was made")
	}
	must(t, p.walkThrough(again))
	p.is("pending_verification")
	if charges, _ := p.connection().at("charges_enabled").(bool); charges {
		t.Error("charges are on while Stripe is checking")
	}
	p.later(2 * time.Hour)
	p.is("active")

	p.online()
	customer, card := p.customer(p.branchA, "4242424242424242")
	invoice, _ := p.invoice(p.branchA, customer, 5000)
	admin.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)
	p.mu.Lock()
	asked := p.account
	p.mu.Unlock()
	if asked != account {
		t.Errorf("the charge was made at %q, not %q", asked, account)
	}

	// A4, A8: restricted with a deadline, and back.
	p.control(t, p.standin, "POST", "/accounts/"+account, map[string]any{"restrict": map[string]any{"fields": []string{"individual.verification.document"}, "deadline": 10}}, nil)
	p.until("the deadline is known", func() bool { return p.connection().at("deadline") != nil })
	if status := p.connection().text("status"); status != "active" {
		t.Errorf("before the deadline it is %s", status)
	}
	p.later(11 * 24 * time.Hour)
	p.is("restricted")
	other, _ := p.invoice(p.branchA, customer, 6000)
	if code := admin.post("/v1/invoices/"+other+"/pay", map[string]any{"amount": 6000, "payment_method": card}).want(409).text("code"); code != "stripe_not_connected" {
		t.Errorf("paying through a restricted account answers %s", code)
	}
	p.control(t, p.standin, "POST", "/accounts/"+account, map[string]any{"clear": true}, nil)
	p.is("active")
	admin.post("/v1/invoices/"+other+"/pay", map[string]any{"amount": 6000, "payment_method": card}).want(200)
}

// online switches online payments on again, which disconnecting the account before
// switched off (O27): another account does not bring them back.
func (p *platformWorld) online() {
	p.t.Helper()
	p.signIn("admin").put("/v1/settings/payments", map[string]any{"online_payments": true, "partial_payments": true, "minimum_partial": 5000}).want(200)
}

func (p *platformWorld) walkThrough(link string) error {
	p.t.Helper()
	if back := p.walk(link, ""); !strings.HasPrefix(back, p.program.URL+"/settings/stripe/return") {
		p.t.Fatalf("handed in, the form leads to %s", back)
	}
	return nil
}

// authorize lets the platform act for a new account of its owner's and gives the way
// back that Stripe leads to.
func (p *platformWorld) authorize(address, which string) *url.URL {
	p.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.PostForm(address, url.Values{"account": {which}, "name": {"Linked Ltd"}, "then": {"connect"}})
	must(p.t, err)
	must(p.t, response.Body.Close())
	back, err := url.Parse(response.Header.Get("Location"))
	must(p.t, err)
	return back
}

// O6, O26, O30: an account of its owner's is linked once by the way back, paid
// through (the way back from Stripe's page names no account: it is ours to know),
// disconnected by revoking it, linked again, and taken away at Stripe.
func TestFailure57StandardFromOAuthToItsEnd(t *testing.T) {
	t.Parallel()
	p := openPlatform(t)
	admin := p.signIn("admin")
	caller := p.caller("admin", nil)
	caller.ConfirmedAt, caller.Session = time.Now(), []byte("this session")
	finish := func(back *url.URL) (remit.Connection, error) {
		return p.program.Commands.FinishStandard(t.Context(), caller, back.Query().Get("state"), back.Query().Get("code"))
	}
	begin := func() *url.URL {
		l, err := p.program.Commands.ConnectStandard(t.Context(), caller, p.top)
		must(t, err)
		return p.authorize(l.URL, "new_ready")
	}
	back := begin()
	if !strings.HasPrefix(back.String(), p.program.URL+commands.OAuthReturn+"?") {
		t.Fatalf("Stripe leads to %s", back)
	}
	// T8: another person, another session, or twice: nothing is exchanged.
	stranger := caller
	stranger.Account = uuid.New()
	if _, err := p.program.Commands.FinishStandard(t.Context(), stranger, back.Query().Get("state"), back.Query().Get("code")); !remit.IsCode(err, "bad_state") {
		t.Errorf("somebody else's way back: %v", err)
	}
	elsewhere := caller
	elsewhere.Session = []byte("another session")
	if _, err := p.program.Commands.FinishStandard(t.Context(), elsewhere, back.Query().Get("state"), back.Query().Get("code")); !remit.IsCode(err, "bad_state") {
		t.Errorf("another session's way back: %v", err)
	}
	linked, err := finish(back)
	must(t, err)
	if linked.Status != remit.ConnectionActive || linked.Mode != remit.ModeStandard {
		t.Fatalf("linked, it is %+v", linked)
	}
	if _, err := finish(back); !remit.IsCode(err, "bad_state") {
		t.Errorf("the way back works twice: %v", err)
	}

	p.online()
	customer, card := p.customer(p.branchA, "4242424242424242")
	paid, _ := p.invoice(p.branchA, customer, 5000)
	page := admin.post("/v1/invoices/"+paid+"/pay", map[string]any{"amount": 5000, "checkout": true}).want(202).text("checkout", "url")
	p.submit(page, "4242424242424242", false)
	_, err = p.program.Commands.CheckoutReturn(t.Context(), p.sql("select stripe_session from attempts where invoice_id = $1::uuid", paid)[0][0])
	must(t, err)
	p.status(paid, "paid")
	open, _ := p.invoice(p.branchA, customer, 7000)
	admin.post("/v1/invoices/"+open+"/pay", map[string]any{"amount": 7000, "checkout": true}).want(202)
	if drill := admin.get("/v1/stripe/connection/impact").want(200); drill.at("checkouts", "count") != float64(1) || drill.at("links", "count") != float64(1) {
		t.Errorf("the drill says %s", drill.raw)
	}
	admin.del("/v1/stripe/connection").want(204)
	p.is("disconnected")
	if state := admin.get("/v1/invoices/" + open).want(200); state.at("in_flight") != nil {
		t.Errorf("the checkout is still open: %s", state.raw)
	}
	if kinds := p.kinds(open); kinds[len(kinds)-1] != "disconnected" {
		t.Errorf("the timeline ends with %q", kinds)
	}
	if on, _ := admin.get("/v1/settings/payments?organisation=" + url.QueryEscape(p.top)).want(200).at("online_payments").(bool); on {
		t.Error("online payments are on")
	}
	if status := admin.get("/v1/invoices/" + paid).want(200).text("status"); status != "paid" {
		t.Errorf("the paid invoice is %s", status)
	}

	// The same account again: everything goes on, its methods included.
	l, err := p.program.Commands.ConnectStandard(t.Context(), caller, p.top)
	must(t, err)
	_, err = finish(p.authorize(l.URL, linked.Account))
	must(t, err)
	if on, _ := admin.get("/v1/settings/payments?organisation=" + url.QueryEscape(p.top)).want(200).at("online_payments").(bool); !on {
		t.Error("online payments are off")
	}
	admin.post("/v1/invoices/"+open+"/pay", map[string]any{"amount": 7000, "payment_method": card}).want(200)

	// Taken away at Stripe.
	p.control(t, p.standin, "POST", "/accounts/"+linked.Account, map[string]any{"deauthorize": true}, nil)
	p.is("disconnected")
	late, _ := p.invoice(p.branchA, customer, 8000)
	if code := admin.post("/v1/invoices/"+late+"/pay", map[string]any{"amount": 8000, "payment_method": card}).want(409).text("code"); code != "stripe_not_connected" {
		t.Errorf("paying without an account answers %s", code)
	}
}
