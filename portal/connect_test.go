package portal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit/commands"
	"remit/gateway"
	"remit/program"
	"remit/secrets"
)

// openPlatform opens a world whose Remit has an account of its own at the stand-in,
// in whose name others' are connected.
func openPlatform(t *testing.T, edit ...func(*program.Config)) (w *world, platform string) {
	t.Helper()
	platform = "sk_test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	w = openWorld(t, append(edit, func(c *program.Config) {
		var own struct {
			ClientID string `json:"client_id"`
		}
		control(t, c.StripeURL, platform, http.MethodGet, "/platform", nil, &own)
		control(t, c.StripeURL, platform, http.MethodPost, "/settings", map[string]any{"verification_ms": 0}, nil)
		c.PlatformKey, c.ClientID = secrets.NewSecret(platform), own.ClientID
	})...)
	control(t, w.stripe, platform, http.MethodPost, "/platform", map[string]any{"redirect_uris": []string{w.program.URL + commands.OAuthReturn}}, nil)
	at := gateway.New(gateway.Options{URL: w.stripe, PlatformKey: platform}).Platform()
	_, secret, err := at.CreateConnectEndpoint(t.Context(), "endpoint", w.program.URL+"/webhooks/stripe")
	must(t, err)
	w.program.Commands.ConnectSecret = secrets.NewSecret(secret)
	return w, platform
}

func control(t *testing.T, standin, key, method, path string, wish, into any) {
	t.Helper()
	raw, err := json.Marshal(wish)
	must(t, err)
	request, err := http.NewRequestWithContext(t.Context(), method, standin+"/_sandbox"+path, bytes.NewReader(raw))
	must(t, err)
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode > 299 {
		t.Fatalf("the stand-in answered %d to %s", response.StatusCode, path)
	}
	if into != nil {
		must(t, json.NewDecoder(response.Body).Decode(into))
	}
}

// Protects whoever connects Stripe, in a browser without script: an account is made,
// its form left early and its link used again, gone on with by Refresh Link and handed
// in; restricted with a deadline and back; disconnected with the drill and connected
// again to the same account.
func TestExpressIsConnectedInABrowser(t *testing.T) {
	w, platform := openPlatform(t)
	s := record(t, "express")
	must(t, chromedp.Do(s.tab, withoutScript))
	w.signInBy(s, "admin")
	s.take("not connected", chromedp.EmulateViewport(1280, 900), chromedp.Navigate(w.program.URL+"/settings/stripe"), chromedp.WaitVisible("#express"))
	s.take("form", follow(`form[action="/settings/stripe/express"] button`), chromedp.WaitVisible(`[name=business_type]`))
	link := s.location()
	s.take("left early", follow(`button[value=later]`), chromedp.WaitVisible("#missing"))
	w.wantPage(s, "You left Stripe's form early.", "Onboarding")
	must(t, chromedp.Do(s.tab, chromedp.Navigate(link)))
	account := w.sqlOne("select account from connections")
	s.take("link refreshed", chromedp.Navigate(w.program.URL+"/settings/stripe"), chromedp.WaitVisible("#missing"), follow(`form[action="/settings/stripe/link"] button`), chromedp.WaitVisible(`[name=business_type]`))
	w.fillForm(s)
	must(t, chromedp.Do(s.tab, chromedp.WaitVisible("#connection")))
	w.eventually("the account is active", func() bool { return w.sqlOne("select status from connections") == "active" })
	s.take("active", chromedp.Navigate(w.program.URL+"/settings/stripe"), chromedp.WaitVisible("#connection"))
	w.wantPage(s, "Active", "Express, made for this organisation", account)

	control(t, w.stripe, platform, http.MethodPost, "/accounts/"+account, map[string]any{"restrict": map[string]any{"fields": []string{"individual.verification.document"}, "deadline": 5}}, nil)
	w.eventually("the deadline is known", func() bool { return w.sqlOne("select coalesce(deadline::text, '') from connections") != "" })
	s.take("deadline", chromedp.Navigate(w.program.URL+"/settings/stripe"), chromedp.WaitVisible("#missing"))
	w.wantPage(s, "Due by", "Send by")
	control(t, w.stripe, platform, http.MethodPost, "/accounts/"+account, map[string]any{"restrict": map[string]any{"fields": []string{"individual.verification.document"}, "charges": false, "payouts": true}}, nil)
	w.eventually("it is restricted", func() bool { return w.sqlOne("select status from connections") == "restricted" })
	s.take("restricted", chromedp.Navigate(w.program.URL+"/settings/stripe"), chromedp.WaitVisible("#missing"))
	control(t, w.stripe, platform, http.MethodPost, "/accounts/"+account, map[string]any{"clear": true}, nil)
	w.eventually("it is active again", func() bool { return w.sqlOne("select status from connections") == "active" })

	s.take("drill", chromedp.Navigate(w.program.URL+"/settings/stripe/disconnect"), chromedp.WaitVisible("h1"))
	w.wantPage(s, "What it touches", "Paid invoices are not touched.")
	s.take("disconnected", follow(`form[action="/settings/stripe/disconnect"] button`), chromedp.WaitVisible("#express"))
	w.wantPage(s, "Disconnected", "Links show bank details only.")
	s.take("again", follow(`form[action="/settings/stripe/express"] button`))
	if again := w.sqlOne("select account from connections where disconnected_at is null"); again != account {
		t.Errorf("connected again, the account is %s and not %s", again, account)
	}
}

// Protects whoever links an account of his own, in a browser without script: access
// refused, then given, then taken away at Stripe; and keys that are wrong, then right.
func TestStandardIsLinkedInABrowser(t *testing.T) {
	w, platform := openPlatform(t)
	s := record(t, "standard")
	must(t, chromedp.Do(s.tab, withoutScript))
	w.signInBy(s, "admin")
	begin := func() {
		must(t, chromedp.Do(s.tab, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(w.program.URL+"/settings/stripe"), chromedp.WaitVisible("#standard"),
			follow(`form[action="/settings/stripe/standard"] button`), chromedp.WaitVisible(`[name=account]`)))
	}
	begin()
	s.take("asked at Stripe")
	s.take("refused", follow(`button[value=cancel]`), chromedp.WaitVisible("#standard"))
	w.wantPage(s, "The account was not linked")
	begin()
	s.take("linked", chromedp.Click(`[name=account][value=new_ready]`), follow(`button[value=connect]`), chromedp.WaitVisible("#checklist"))
	w.wantPage(s, "The account is linked.", "Standard, linked by its owner", "Active")
	account := w.sqlOne("select account from connections")
	control(t, w.stripe, platform, http.MethodPost, "/accounts/"+account, map[string]any{"deauthorize": true}, nil)
	w.eventually("access is gone", func() bool { return w.sqlOne("select status from connections") == "disconnected" })
	s.take("taken away", chromedp.Navigate(w.program.URL+"/settings/stripe"), chromedp.WaitVisible("#standard"))
	w.wantPage(s, "Disconnected")

	s.take("wrong key", chromedp.SendKeys("[name=secret_key]", "sk_test_-"), chromedp.SendKeys("[name=publishable_key]", "pk_test_1"), follow(`form[action="/settings/stripe"] button`), chromedp.WaitVisible("#keys"))
	w.wantPage(s, "There is a problem")
	s.take("right key", chromedp.SendKeys("[name=secret_key]", w.key), follow(`form[action="/settings/stripe"] button`), chromedp.WaitVisible("#checklist"))
	w.wantPage(s, "The keys are checked and saved.", "API keys")
}

// fillForm fills in Stripe's form to its end.
func (w *world) fillForm(s *recording) {
	w.t.Helper()
	values := url.Values{
		"business_name": {"Harbour Plumbing"}, "mcc": {"1520"}, "url": {"https://harbour.example"},
		"first_name": {"Ada"}, "last_name": {"Byron"}, "email": {"ada@harbour.example"}, "phone": {"+14155550100"}, "dob": {"1980-12-10"},
		"line1": {"1 Main St"}, "city": {"Boston"}, "state": {"MA"}, "postal_code": {"02108"}, "id_number": {"000000000"},
		"routing_number": {"110000000"}, "account_number": {"000123456789"},
	}
	raw, err := json.Marshal(values)
	must(w.t, err)
	for range 6 {
		at := s.location()
		if strings.HasPrefix(at, w.program.URL) {
			return
		}
		// Typed by the test's own script: the page itself has none.
		fill := `(v => { for (const f of document.querySelectorAll("input, select")) { if (v[f.name] && f.type !== "radio") f.value = v[f.name][0] } })(` + string(raw) + `)`
		if _, err := chromedp.Run(s.tab, chromedp.Evaluate[any](fill)); err != nil {
			w.t.Fatal(err)
		}
		s.take("form "+at[strings.LastIndexByte(at, '/')+1:], follow(`button[value=next]`))
	}
}

// signInBy signs somebody in, in a recording's tab.
func (w *world) signInBy(s *recording, name string) {
	w.t.Helper()
	must(w.t, chromedp.Do(s.tab, chromedp.Navigate(w.program.URL+"/sign-in"), chromedp.SendKeys("#email", w.mail(name)), chromedp.SendKeys("#password", "remit-demo"+kb.Enter), chromedp.WaitVisible("nav")))
}

func (s *recording) location() string {
	s.t.Helper()
	at, err := chromedp.Run(s.tab, chromedp.Location())
	must(s.t, err)
	return at
}

// wantPage fails where the page that is shown does not say something.
func (w *world) wantPage(s *recording, words ...string) {
	w.t.Helper()
	said, err := chromedp.Run(s.tab, chromedp.Text("main"))
	must(w.t, err)
	said = spaces.ReplaceAllString(said, " ")
	for _, each := range words {
		if !strings.Contains(said, each) {
			w.t.Fatalf("the page does not say %q: %s", each, said)
		}
	}
}

// sqlOne asks the database for one value.
func (w *world) sqlOne(query string) (value string) {
	w.t.Helper()
	db, err := pgx.Connect(w.t.Context(), w.database)
	must(w.t, err)
	defer func() { _ = db.Close(context.Background()) }()
	must(w.t, db.QueryRow(w.t.Context(), query).Scan(&value))
	return value
}
