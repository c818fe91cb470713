package portal_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"remit/commands"
	"remit/program"
)

// Protects the whole way of who has no password: invited, in by the provider,
// in again, asked anew before a change, and never without a way in.
func TestSignInAtTheProvider(t *testing.T) {
	i := openIssuer(t)
	w := openWorld(t, i.configure)
	i.is("kim-1")
	link := w.invite("kim@example.com")
	kim := w.stranger()
	page := kim.open(link).want(200, "Sign in with Acme")
	if policy := page.header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' ") || !strings.Contains(policy, " "+i.url) {
		t.Errorf("the policy %q stops the way to the provider", policy)
	}
	page.submit(link+"/provider", nil).want(200, "Inbox")
	kim.open("/account").want(200, "It is your only way in")
	kim.post("/account/provider/unlink", nil).want(409, "Set a password first")

	again := w.stranger()
	led := again.open("/sign-in?next=/help").submit("/sign-in/provider", nil).want(200, "Help")
	if led.path() != "/help" {
		t.Errorf("led to %s", led.at)
	}
	again.open("/sign-in").submit("/sign-in/provider", url.Values{"next": {"https://elsewhere.example/"}}).want(200, "Inbox")

	w.sql("update sessions set confirmed_at = now() - interval '1 hour'")
	ask := kim.open("/account").submit("/account/password", url.Values{"password": {"violet umbrella 93 sandwich"}}).want(403, "Sign in with Acme")
	i.lie = func(claims map[string]any) { delete(claims, "auth_time") }
	ask.submit("/confirm/provider", nil).want(401, "Signing in at Acme did not work")
	i.is("kim-1")
	ask.submit("/confirm/provider", nil).want(200, "Account")
	kim.open("/account").submit("/account/password", url.Values{"password": {"violet umbrella 93 sandwich"}}).want(200, "The password is changed.")
	kim.open("/account").submit("/account/provider/unlink", nil).want(200, "The link is taken away.")
	again.open("/account").want(401)
	again.open("/sign-in").submit("/sign-in/provider", nil).want(401, "is linked to nobody here")
	again.open("/sign-in").submit("/sign-in", url.Values{"email": {"kim@example.com"}, "password": {"violet umbrella 93 sandwich"}}).want(200, "Inbox")
}

// Protects a link to an account that has a password: made by who is signed in
// and has just proved himself, to one account alone, and still followed by the
// second factor; who is disabled stays out.
func TestLinkToTheProvider(t *testing.T) {
	i := openIssuer(t)
	w := openWorld(t, i.configure)
	i.is("pat-1")
	payer := w.signIn("payer")
	w.sql("update sessions set confirmed_at = now() - interval '1 hour'")
	resume := payer.open("/account").submit("/account/provider", nil).want(403, "Confirm that it is you").
		submit("/confirm", url.Values{"password": {"remit-demo"}}).want(200, "Send what you typed?")
	resume.submit("/account/provider", nil).want(200, "The sign-in is linked.", "You sign in there or with your password.")
	w.signIn("clerk").open("/account").submit("/account/provider", nil).want(409, "another account's")
	w.signIn("admin").open("/settings/audit?action=provider.link").want(200, "provider.link", "Done")
	enter := func() *shown { return w.stranger().open("/sign-in").submit("/sign-in/provider", nil) }
	enter().want(200, "Inbox", "payer")

	w.sql("update accounts set mfa_secret = '\\x00', mfa_confirmed_at = now() where email = $1", w.mail("payer"))
	code := enter().want(200, "Enter your code")
	code.p.open("/account").want(401)
	if strings.Contains(code.at.String()+code.raw, "state=") {
		t.Errorf("the page at %s holds the provider's answer", code.at)
	}
	w.sql("update members set disabled_at = now() where account_id = (select id from accounts where email = $1)", w.mail("payer"))
	enter().want(401, "is linked to nobody here")
}

// An answer counts in the browser that asked for it, once, for ten minutes, and
// for the account that asked; else nothing is asked of the provider (T8).
func TestT8AnswersOfTheProvider(t *testing.T) {
	i := openIssuer(t)
	w := openWorld(t, i.configure)
	i.is("pat-1")
	payer, clerk := w.signIn("payer"), w.signIn("clerk")
	payer.open("/account").submit("/account/provider", nil).want(200, "The sign-in is linked.")

	before := i.exchanges()
	refused := func(what string, p *person, answer string) {
		t.Helper()
		p.open(answer).want(400, "Start again.")
		if i.exchanges() != before {
			t.Errorf("%s: the provider was asked", what)
		}
	}
	mine, thief := w.stranger(), w.stranger()
	answer := mine.begin("/sign-in", "/sign-in/provider")
	refused("no cookie", w.stranger(), answer)
	other := thief.begin("/sign-in", "/sign-in/provider")
	refused("another browser's", thief, answer)
	refused("no state", mine, strings.Replace(answer, "state=", "stat=", 1))
	mine.open(answer).want(200, "Inbox")
	if before++; i.exchanges() != before {
		t.Errorf("%d exchanges, want %d", i.exchanges(), before)
	}
	refused("twice", mine, answer)
	w.sql("update provider_attempts set expires_at = now()")
	refused("ten minutes later", thief, other)

	linking := clerk.begin("/account", "/account/provider")
	clerk.open("/").submit("/sign-out", nil)
	refused("signed out meanwhile", clerk, linking)
}

// A provider that lies, or somebody between, signs nobody in, and an address is
// no proof of who somebody is (ASVS 6.8, 9.1, 10.5).
func TestHostileIssuer(t *testing.T) {
	i := openIssuer(t)
	var log kept
	w := openWorld(t, i.configure, func(c *program.Config) { c.Logger = slog.New(slog.NewJSONHandler(&log, nil)) })
	i.is("pat-1")
	w.signIn("payer").open("/account").submit("/account/provider", nil).want(200, "The sign-in is linked.")
	claim := func(name string, value any) func() {
		return func() { i.lie = func(claims map[string]any) { claims[name] = value } }
	}
	const failed, nobody = "Signing in at Acme did not work. Start again.", "is linked to nobody here"
	for name, c := range map[string]struct {
		lie  func()
		says string
	}{
		"another issuer":          {claim("iss", "https://id.example.com"), failed},
		"another client":          {claim("aud", "another"), failed},
		"a client among others":   {claim("aud", []string{"remit", "another"}), failed},
		"made for another client": {claim("azp", "another"), failed},
		"another nonce":           {claim("nonce", "another"), failed},
		"no nonce":                {func() { i.lie = func(claims map[string]any) { delete(claims, "nonce") } }, failed},
		"expired":                 {claim("exp", time.Now().Add(-time.Second).Unix()), failed},
		"nobody":                  {func() { i.lie = func(claims map[string]any) { delete(claims, "sub") } }, failed},
		"unsigned":                {func() { i.sign = unsigned }, failed},
		"signed by our secret":    {func() { i.sign = byClientSecret }, failed},
		"signed by another key":   {func() { i.sign = byAnotherKey }, failed},
		"from another issuer":     {func() { i.answer = func(back url.Values) { back.Set("iss", "https://id.example.com") } }, failed},
		"refused": {func() {
			i.answer = func(back url.Values) { back.Del("code"); back.Set("error", "access_denied") }
		}, failed},
		"another code":             {func() { i.answer = func(back url.Values) { back.Set("code", "another") } }, failed},
		"somebody of that address": {func() { i.is("eve-1"); i.who["email"], i.who["email_verified"] = w.mail("payer"), true }, nobody},
		"another case":             {func() { i.is("PAT-1") }, nobody},
	} {
		i.is("pat-1")
		c.lie()
		p := w.stranger()
		log.take()
		got := p.open("/sign-in").submit("/sign-in/provider", nil)
		if got.status != http.StatusUnauthorized || !strings.Contains(got.raw, c.says) {
			t.Errorf("%s: %d %s", name, got.status, spaces.ReplaceAllString(wordsOf(got.root), " "))
		}
		p.open("/account").want(401)
		if said := log.take(); !strings.Contains(said, `"msg":"sign-in failed"`) || !strings.Contains(said, `"reason":"`) || strings.Contains(said, clientSecret) {
			t.Errorf("%s: the log says %s", name, said)
		}
	}
	i.is("pat-1")
	w.stranger().open("/sign-in").submit("/sign-in/provider", nil).want(200, "Inbox")
}

// Whoever invites has seen the link, and comes by it into nobody's account: not
// with a sign-in of his own, nor with a password.
func TestInvitationsTakeNoAccountOver(t *testing.T) {
	i := openIssuer(t)
	w := openWorld(t, i.configure)
	i.is("kim-1")
	first := w.invite("kim@example.com")
	w.stranger().open(first).submit(first+"/provider", nil).want(200, "Inbox")

	thief := w.elsewhere()
	forKim, forPayer := thief.invite("kim@example.com"), thief.invite(w.mail("payer"))
	i.is("eve-1")
	eve := w.stranger()
	eve.post(forKim+"/provider", nil).want(409, "is not that of kim@example.com")
	eve.post(forKim, url.Values{"password": {"violet umbrella 93 sandwich"}}).want(422, "no password")
	eve.post(forPayer+"/provider", nil).want(409, "has a password")
	eve.open("/sign-in").submit("/sign-in/provider", nil).want(401)

	i.is("kim-1")
	w.stranger().open(forKim).submit(forKim+"/provider", nil).want(200, "Inbox", thief.top)
}

// invite invites somebody, by the pages, and gives the link.
func (w *world) invite(email string) string {
	w.t.Helper()
	people := w.signIn("admin").open("/settings/people")
	return people.submit("/settings/people", url.Values{"email": {email}, "name": {"Kim Lo"}, "role": {"Viewer"}, "path": {w.top}}).want(200).cut("/invitation/")
}

// elsewhere is another organisation of the same Remit.
func (w *world) elsewhere() *world {
	w.t.Helper()
	other := *w
	other.top = "/elsewhere"
	must(w.t, w.program.Commands.CreateDemoTenant(w.t.Context(), commands.OrganisationInput{Path: other.top, Name: "Elsewhere", TimeZone: "UTC", Currency: "USD"}))
	other.user("admin", "Owner", other.top)
	return &other
}

// begin sends a form that leads to the provider and gives the address that the
// provider sends back to, without going there.
func (p *person) begin(path, action string) string {
	p.w.t.Helper()
	held := *p.client
	held.CheckRedirect = func(request *http.Request, _ []*http.Request) error {
		if request.URL.Path == commands.ProviderReturn {
			return http.ErrUseLastResponse
		}
		return nil
	}
	back := (&person{w: p.w, client: &held}).open(path).submit(action, nil).want(http.StatusFound)
	return back.header.Get("Location")
}

// kept is a log that can be read while it is written.
type kept struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (k *kept) Write(line []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.text.Write(line)
}

// take gives what was written since the last time.
func (k *kept) take() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	defer k.text.Reset()
	return k.text.String()
}

// sql changes what time or an operator would.
func (w *world) sql(statement string, args ...any) {
	w.t.Helper()
	connection, err := pgx.Connect(w.t.Context(), w.database)
	must(w.t, err)
	_, err = connection.Exec(w.t.Context(), statement, args...)
	must(w.t, err)
	must(w.t, connection.Close(w.t.Context()))
}
