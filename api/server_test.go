package api

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"remit"
	"remit/commands"
	"remit/credentials"
)

// Protects every caller: whatever is asked, an error is a problem with the
// guards' headers, and never a page or a bare status.
func TestErrorsAreProblems(t *testing.T) {
	h := openHouse(t, nil)
	_, owner := h.person(h.top, h.top, nil, "Owner")
	for name, tt := range map[string]struct {
		method, path, body string
		who                *http.Cookie
		edit               func(*http.Request)
		status             int
	}{
		"no credentials":       {"GET", "/v1/me", "", nil, nil, 401},
		"a dead session":       {"GET", "/v1/me", "", &http.Cookie{Name: CookieSession, Value: "x"}, nil, 401},
		"a bad token":          {"GET", "/v1/me", "", nil, header("Authorization", "Bearer remit_x"), 401},
		"another scheme":       {"GET", "/v1/me", "", nil, header("Authorization", "Basic YTpi"), 401},
		"cookie and token":     {"GET", "/v1/me", "", owner, header("Authorization", "Bearer remit_x"), 401},
		"two cookies":          {"GET", "/v1/me", "", owner, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: CookieSession, Value: "planted"}) }, 401},
		"no such path":         {"GET", "/v1/nothing", "", owner, nil, 404},
		"a slash at the end":   {"GET", "/v1/me/", "", owner, nil, 404},
		"no such method":       {"DELETE", "/v1/me", "", owner, nil, 405},
		"a made-up method":     {"TRACE", "/v1/me", "", owner, nil, 405},
		"T3 dots":              {"GET", "/v1/invoices/../me", "", owner, nil, 400},
		"T3 encoded dots":      {"GET", "/v1/invoices/%2e%2e/me", "", owner, nil, 400},
		"T3 double slash":      {"GET", "/v1//me", "", owner, nil, 404},
		"T3 encoded slash":     {"GET", "/v1/invoices%2F" + newID().String(), "", owner, nil, 404},
		"T3 NUL":               {"GET", "/v1/invoices/%00", "", owner, nil, 400},
		"T3 path":              {"GET", "/v1/invoices?organisation=/house/../other", "", owner, nil, 400},
		"T3 path with NUL":     {"GET", "/v1/invoices?organisation=/house%00", "", owner, nil, 400},
		"T3 path, two slashes": {"GET", "/v1/invoices?organisation=/house//x", "", owner, nil, 400},
		"not an id":            {"GET", "/v1/invoices/1", "", owner, nil, 404},
		"another form of id":   {"GET", "/v1/invoices/{" + newID().String() + "}", "", owner, nil, 404},
		"a mangled cursor":     {"GET", "/v1/invoices?after=mangled", "", owner, nil, 400},
		"T23 gzip":             {"POST", "/v1/customers", `{}`, owner, header("Content-Encoding", "gzip"), 415},
		"T23 10 MB":            {"POST", "/v1/customers", `{"name":"` + strings.Repeat("x", 10<<20) + `"}`, owner, nil, 413},
		"T23 zip":              {"POST", "/v1/imports", "PK\x03\x04", owner, func(r *http.Request) { r.Header.Set("Content-Type", "application/zip") }, 415},
		"T32 cross-site":       {"POST", "/v1/customers", `{}`, owner, header("Sec-Fetch-Site", "cross-site"), 403},
		"T32 same-site":        {"POST", "/v1/customers", `{}`, owner, header("Sec-Fetch-Site", "same-site"), 403},
		"T32 Origin null":      {"POST", "/v1/customers", `{}`, owner, header("Origin", "null"), 403},
		"T32 form":             {"POST", "/v1/customers", `a=b`, owner, func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415},
		"webhook unsigned":     {"POST", "/webhooks/stripe", `{}`, nil, nil, 400},
		"webhook, too long":    {"POST", "/webhooks/stripe", strings.Repeat("x", maxEvent+1), nil, nil, 413},
		"webhook of nobody":    {"POST", "/webhooks/stripe/" + newID().String(), `{}`, nil, header("Stripe-Signature", "t=1,v1=x"), 400},
	} {
		t.Run(name, func(t *testing.T) {
			var edits []func(*http.Request)
			if tt.edit != nil {
				edits = append(edits, tt.edit)
			}
			got := h.ask(tt.method, tt.path, tt.body, tt.who, edits...)
			body := text(t, got)
			if got.StatusCode != tt.status {
				t.Fatalf("status %d, want %d: %s", got.StatusCode, tt.status, body)
			}
			var p problem
			if err := json.Unmarshal([]byte(body), &p); err != nil || got.Header.Get("Content-Type") != mediaProblem {
				t.Fatalf("not a problem: %s", body)
			}
			if p.Status != tt.status || p.Code == "" || p.RequestID == "" || p.RequestID != got.Header.Get("X-Request-ID") {
				t.Errorf("incomplete: %s", body)
			}
			if codes, _ := h.server.contract.doc.Extensions["x-codes"].(map[string]any); codes[p.Code] == nil {
				t.Errorf("the code %s is not in the contract", p.Code)
			}
			if got.Header.Get("Content-Security-Policy") == "" || got.Header.Get("Cache-Control") != "no-store" {
				t.Error("the guards' headers are missing")
			}
		})
	}
}

// Protects the log's reader and the caller: a panic is a problem that tells
// nothing, and the log tells the rest under the same request id.
func TestPanicIsAProblem(t *testing.T) {
	h := openHouse(t, func(o *Options) {
		o.Portal = func(router gin.IRouter, _ *Auth) { router.GET("/boom", func(*gin.Context) { panic("marker") }) }
	})
	got := h.ask("GET", "/boom", "", nil)
	body := text(t, got)
	if got.StatusCode != 500 || strings.Contains(body, "marker") || !strings.Contains(body, got.Header.Get("X-Request-ID")) {
		t.Errorf("%d %s", got.StatusCode, body)
	}
	if !strings.Contains(h.log.String(), "marker") || !strings.Contains(h.log.String(), got.Header.Get("X-Request-ID")) {
		t.Error("the log does not tell")
	}
}

// Protects people who sign in (T28, T30): the cookie is new, out of scripts'
// reach, bound to this host, and dead after signing out.
func TestSession(t *testing.T) {
	h := openHouse(t, nil)
	_, err := h.server.commands.CreateDemoUser(t.Context(), commands.DemoUser{
		Organisation: h.top.Path, Email: "ana@house.test", Name: "Ana", Grants: []commands.GrantInput{{Role: "Owner", Path: h.top.Path}},
	})
	must(t, err)
	try := func(email, password string, who *http.Cookie) *http.Response {
		return h.ask("POST", "/v1/session", `{"email":"`+email+`","password":"`+password+`"}`, who)
	}
	wrong := try("ana@house.test", "wrong", nil)
	unknown := try("nobody@house.test", "wrong", nil)
	if wrong.StatusCode != 401 || unknown.StatusCode != 401 || len(wrong.Cookies()) > 0 {
		t.Fatalf("wrong password %d, unknown user %d", wrong.StatusCode, unknown.StatusCode)
	}
	preset := &http.Cookie{Name: CookieSession, Value: credentials.NewToken(credentials.SessionToken).Plain.Reveal()}
	in := try("ana@house.test", credentials.DemoPassword, preset)
	if in.StatusCode != 200 {
		t.Fatalf("signing in: %d %s", in.StatusCode, text(t, in))
	}
	var cookie *http.Cookie
	for _, c := range in.Cookies() {
		if c.Name == CookieSession {
			cookie = c
		}
	}
	if cookie == nil || cookie.Value == preset.Value || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.MaxAge <= 0 {
		t.Fatalf("cookie %+v", cookie)
	}
	if got := h.ask("GET", "/v1/me", "", cookie); got.StatusCode != 200 {
		t.Errorf("with the session: %d", got.StatusCode)
	}
	if got := h.ask("GET", "/v1/me", "", preset); got.StatusCode != 401 {
		t.Errorf("with the cookie that was there before: %d", got.StatusCode)
	}
	out := h.ask("DELETE", "/v1/session", "", cookie)
	if out.StatusCode != 204 || out.Header.Get("Clear-Site-Data") == "" {
		t.Errorf("signing out: %d", out.StatusCode)
	}
	if got := h.ask("GET", "/v1/me", "", cookie); got.StatusCode != 401 {
		t.Errorf("after signing out: %d", got.StatusCode)
	}
}

// Protects sessions over TLS: the cookie has the prefix that binds it to this
// host and to TLS, and one without it is not taken.
func TestCookieOverTLS(t *testing.T) {
	h := openHouse(t, nil)
	_, who := h.person(h.top, h.top, nil)
	secure := func(r *http.Request) { r.TLS = &tls.ConnectionState{} }
	if got := h.ask("GET", "/v1/me", "", who, secure); got.StatusCode != 401 {
		t.Errorf("the plain name over TLS: %d", got.StatusCode)
	}
	prefixed := &http.Cookie{Name: "__Host-" + CookieSession, Value: who.Value}
	got := h.ask("GET", "/v1/me", "", prefixed, secure)
	if got.StatusCode != 200 || got.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("the prefixed name over TLS: %d", got.StatusCode)
	}
	out := h.ask("DELETE", "/v1/session", "", prefixed, secure)
	if set := out.Header.Get("Set-Cookie"); !strings.HasPrefix(set, "__Host-") || !strings.Contains(set, "Secure") {
		t.Errorf("cookie %s", set)
	}
}

// Protects orchestrators and the parts: readiness is looked at once in two
// seconds, within its budget, and names what is not ready.
func TestReadiness(t *testing.T) {
	now := time.Now()
	var looks atomic.Int32
	var problems map[string]string
	h := openHouse(t, nil)
	h.server.ready = &readiness{now: func() time.Time { return now }, look: func(ctx context.Context) map[string]string {
		looks.Add(1)
		if deadline, has := ctx.Deadline(); !has || time.Until(deadline) > readyBudget {
			t.Error("no budget")
		}
		return problems
	}}
	for range 5 {
		if got := h.ask("GET", "/readyz", "", nil); got.StatusCode != 200 {
			t.Fatalf("ready: %d", got.StatusCode)
		}
	}
	if looks.Load() != 1 {
		t.Errorf("%d looks", looks.Load())
	}
	problems, now = map[string]string{"temporal": "does not answer"}, now.Add(readyFor)
	got := h.ask("GET", "/readyz", "", nil)
	if body := text(t, got); got.StatusCode != 503 || !strings.Contains(body, "temporal") {
		t.Errorf("not ready: %d %s", got.StatusCode, body)
	}
	if got := h.ask("GET", "/healthz", "", nil); got.StatusCode != 200 {
		t.Errorf("healthz: %d", got.StatusCode)
	}
}

// Protects readers and programs: the contract is served as it is, and as a page.
func TestDocumentIsServed(t *testing.T) {
	h := openHouse(t, nil)
	for path, media := range map[string]string{"/openapi.yaml": "application/yaml", "/docs": "text/html; charset=utf-8", "/docs/style.css": "text/css; charset=utf-8"} {
		got := h.ask("GET", path, "", nil)
		if got.StatusCode != 200 || got.Header.Get("Content-Type") != media || text(t, got) == "" {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.Header.Get("Content-Type"))
		}
	}
}

// Protects payers' links and passwords: the log of requests has the route and
// neither path, query nor body.
func TestLogHoldsNoContent(t *testing.T) {
	h := openHouse(t, nil)
	_, owner := h.person(h.top, h.top, nil, "Owner")
	h.ask("GET", "/v1/invoices/marker", "", owner)
	h.ask("GET", "/v1/invoices?number=marker", "", owner)
	h.ask("POST", "/v1/session", `{"email":"marker","password":"marker"}`, nil)
	if log := h.log.String(); strings.Contains(log, "marker") || !strings.Contains(log, "/v1/invoices/{id}") {
		t.Errorf("the log: %s", log)
	}
}

// Protects operators: an error of ours is in the log with its cause.
func TestFailuresAreLogged(t *testing.T) {
	h := openHouse(t, nil)
	k := h.keyed("healthz", func(*call, int) (answer, error) { return answer{}, remit.Internal(errors.New("marker")) })
	k.do(httptest.NewRequest(http.MethodGet, "/healthz", nil))
	if !strings.Contains(h.log.String(), "marker") {
		t.Error("the log does not tell")
	}
}
