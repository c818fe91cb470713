package program_test

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A request key is its caller's own: another person's, or a token's, same key
// does its own thing, and the same caller's other body is refused (T27).
func TestT27RequestKeysAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	admin := w.signIn("admin")
	other := w.token(admin)
	body := func(name string) map[string]any { return map[string]any{"name": name, "organisation": w.branchA} }
	first := admin.keyed("/v1/customers", "k", body("A")).want(201)
	again := admin.keyed("/v1/customers", "k", body("A")).want(201)
	if again.text("id") != first.text("id") || again.header.Get("Idempotent-Replayed") != "true" || string(again.raw) != string(first.raw) {
		t.Errorf("repeated: %s, first %s", again.raw, first.raw)
	}
	if code := admin.keyed("/v1/customers", "k", body("B")).want(422).text("code"); code != "idempotency_key_reused" {
		t.Errorf("another body: %s", code)
	}
	theirs := other.keyed("/v1/customers", "k", body("A")).want(201)
	if theirs.text("id") == first.text("id") || theirs.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("a token of the same person is given the person's answer: %s", theirs.raw)
	}
	stranger, top := w.stranger()
	strange := stranger.keyed("/v1/customers", "k", map[string]any{"name": "A", "organisation": top}).want(201)
	if strange.text("organisation") != top {
		t.Errorf("a stranger is given %s", strange.raw)
	}
	// What failed is not kept: mended, the same key may be sent again.
	admin.keyed("/v1/customers", "k2", map[string]any{"name": ""}).want(422)
	admin.keyed("/v1/customers", "k2", body("C")).want(201)
	for _, wrong := range []string{"", strings.Repeat("k", 300), "with space", "\u00e9"} {
		admin.keyed("/v1/customers", wrong, body("D")).want(400)
	}
	if rows := w.sql("select count(*)::text from customers"); rows[0][0] != "4" {
		t.Errorf("%s customers, want 4", rows[0][0])
	}
}

// Nobody learns from an answer whether an address has an account (T28).
func TestT28UnknownUserAndWrongPasswordLookAlike(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	try := func(mail, password string) (string, *answer) {
		got := w.anonymous().post("/v1/session", map[string]any{"email": mail, "password": password}).want(401)
		return strings.Replace(string(got.raw), got.text("request_id"), "", 1), got
	}
	wrong, _ := try(w.mail("payer.a"), "not the password")
	for name, mail := range map[string]string{"unknown": "nobody@nowhere.test", "no address": "x", "spaces": "  "} {
		if got, _ := try(mail, "not the password"); got != wrong {
			t.Errorf("%s: %s, a wrong password: %s", name, got, wrong)
		}
	}
	reset := func(mail string) string {
		got := w.anonymous().post("/v1/password-resets", map[string]any{"email": mail}).want(202)
		return fmt.Sprint(got.status, string(got.raw), got.header.Get("Content-Type"))
	}
	if a, b := reset(w.mail("payer.a")), reset("nobody@nowhere.test"); a != b {
		t.Errorf("a reset for somebody: %s, for nobody: %s", a, b)
	}
	for _, path := range []string{"/v1/invitations/accept", "/v1/password-resets/complete"} {
		w.anonymous().post(path, map[string]any{"token": "x", "password": "a long enough passphrase"}).want(404)
	}
}

// Guessing is slowed down whatever address is claimed in a header, and the
// owner's known browser is let in meanwhile (T29).
func TestT29GuessingIsSlowedAndTheOwnerLetIn(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	owner := w.enter(w.mail("payer.a")) // leaves the mark of a known browser
	owner.send("DELETE", "/v1/session", nil, nil).want(204)
	limited := 0
	for n := range 60 {
		headers := map[string]string{
			"Content-Type": "application/json", "X-Forwarded-For": fmt.Sprintf("198.51.100.%d", n), "X-Real-Ip": fmt.Sprintf("203.0.113.%d", n),
			"Forwarded": fmt.Sprintf("for=192.0.2.%d", n),
		}
		got := w.anonymous().raw("POST", "/v1/session", fmt.Sprintf(`{"email":%q,"password":"guess %d"}`, w.mail("payer.a"), n), headers).want(401, 429)
		if got.status == http.StatusTooManyRequests {
			limited++
			if got.header.Get("Retry-After") == "" {
				t.Fatal("a delay does not say how long it is")
			}
		}
	}
	if limited < 50 {
		t.Errorf("of 60 guesses only %d were delayed", limited)
	}
	w.anonymous().post("/v1/session", map[string]any{"email": w.mail("payer.a"), "password": "remit-demo"}).want(429)
	owner.post("/v1/session", map[string]any{"email": w.mail("payer.a"), "password": "remit-demo"}).want(200)
}

// Signing in makes a new session whatever cookie was there, a confirmed one
// replaces the old, and ended ones are dead on the server (T30).
func TestT30SessionsAreRenewedAndEnd(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	at, err := url.Parse(w.program.URL)
	must(t, err)
	holding := func(token string) *browser {
		jar, err := cookiejar.New(nil)
		must(t, err)
		jar.SetCookies(at, []*http.Cookie{{Name: "remit_session", Value: token}})
		return &browser{w: w, client: &http.Client{Jar: jar, Timeout: 40 * time.Second}}
	}
	preset := "cmVtaXQtZml4ZWQtc2Vzc2lvbi10b2tlbi1vZi0zMmI"
	b := holding(preset)
	signed := b.post("/v1/session", map[string]any{"email": w.mail("payer.a"), "password": "remit-demo"}).want(200)
	cookie := signed.header.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("the cookie is not %s: %s", part, cookie)
		}
	}
	first := b.sessionToken()
	if first == preset || first == "" {
		t.Fatalf("the session is %q", first)
	}
	holding(preset).get("/v1/me").want(401)
	b.post("/v1/session/confirm", map[string]any{"password": "remit-demo"}).want(200)
	second := b.sessionToken()
	if second == first {
		t.Error("confirming keeps the session's token")
	}
	holding(first).get("/v1/me").want(401)
	holding(second).get("/v1/me").want(200)
	elsewhere := w.enter(w.mail("payer.a"))
	b.del("/v1/session").want(204)
	holding(second).get("/v1/me").want(401)
	elsewhere.get("/v1/me").want(200)
	elsewhere.del("/v1/session?everywhere=true").want(204)
	if rows := w.sql("select count(*)::text from sessions s join accounts a on a.id = s.account_id where a.email = $1", w.mail("payer.a")); rows[0][0] != "0" {
		t.Errorf("%s sessions are left", rows[0][0])
	}
	for _, hash := range w.sql("select token_hash::text from sessions") {
		for _, token := range []string{first, second} {
			if strings.Contains(hash[0], fmt.Sprintf("%x", token)) {
				t.Error("a token is stored as it is")
			}
		}
	}
	both := holding(second)
	both.bearer = "x"
	both.get("/v1/me").want(401)
}
