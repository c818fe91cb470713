package identity_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"remit/identity"
	"remit/secrets"
)

// What an issuer says of itself leads nobody elsewhere: no redirect is followed,
// nothing long is read, and the page to sign in at is on a host the operator
// named (T16).
func TestDiscovery(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	t.Cleanup(inside.Close)
	for name, c := range map[string]struct {
		changed map[string]any
		handle  http.HandlerFunc
		right   bool
	}{
		"as it should be":    {right: true},
		"a redirect":         {handle: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inside.URL, http.StatusFound) }},
		"too long":           {changed: map[string]any{"padding": strings.Repeat("x", 2<<20)}},
		"another issuer":     {changed: map[string]any{"issuer": "https://id.example.com"}},
		"a page elsewhere":   {changed: map[string]any{"authorization_endpoint": "https://elsewhere.example/authorize"}},
		"a page by script":   {changed: map[string]any{"authorization_endpoint": "javascript:alert(1)"}},
		"a page named by us": {changed: map[string]any{"authorization_endpoint": "https://pages.example.com/authorize"}, right: true},
	} {
		var issuer string
		mux := http.NewServeMux()
		mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
			if c.handle != nil {
				c.handle(w, r)
				return
			}
			said := map[string]any{"issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token", "jwks_uri": issuer + "/keys"}
			maps.Copy(said, c.changed)
			_ = json.NewEncoder(w).Encode(said)
		})
		server := httptest.NewServer(mux)
		issuer = server.URL
		address, err := open(t, issuer).Address(t.Context(), attempt)
		server.Close()
		if (err == nil) != c.right {
			t.Errorf("%s: %q, %v", name, address, err)
		}
	}
	if reached.Load() {
		t.Error("a redirect was followed")
	}
}

// A token endpoint or keys elsewhere are reached on the public internet alone,
// whatever the issuer says, and an exchange follows no redirect (T16).
func TestOtherAddressesAreGuarded(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	t.Cleanup(inside.Close)
	for _, token := range []string{inside.URL, "https://127.0.0.1/token", "/redirect"} {
		var issuer string
		mux := http.NewServeMux()
		mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
			at := token
			if strings.HasPrefix(at, "/") {
				at = issuer + at
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": at, "jwks_uri": issuer + "/keys"})
		})
		mux.HandleFunc("POST /redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, inside.URL, http.StatusTemporaryRedirect)
		})
		server := httptest.NewServer(mux)
		issuer = server.URL
		person, err := open(t, issuer).Check(t.Context(), attempt, identity.Answer{Code: "a-code"}, time.Now())
		server.Close()
		if err == nil || strings.Contains(err.Error(), "a-code") {
			t.Errorf("%s: %+v, %v", token, person, err)
		}
	}
	if reached.Load() {
		t.Error("what is inside was reached")
	}
}

// The three values of an attempt tell nothing of each other or of the secret,
// and only its own state is taken.
func TestAttempts(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": "http://" + r.Host, "authorization_endpoint": "http://" + r.Host + "/authorize?tenant=1"})
	}))
	t.Cleanup(server.Close)
	address, err := open(t, server.URL).Address(t.Context(), attempt)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := parsed.Query()
	seen := map[string]bool{attempt.Secret.Reveal(): true}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if value := query.Get(name); len(value) != 43 || seen[value] {
			t.Errorf("%s is %q", name, value)
		}
		seen[query.Get(name)] = true
	}
	if query.Get("tenant") != "1" || query.Get("scope") != "openid" || query.Get("redirect_uri") != attempt.Redirect || query.Has("prompt") {
		t.Errorf("leads to %s", address)
	}
	other := identity.Attempt{Secret: secrets.NewSecret("another"), Redirect: attempt.Redirect}
	if !attempt.Began(query.Get("state")) || other.Began(query.Get("state")) || attempt.Began("") {
		t.Error("a state is taken for another's")
	}
}

// An issuer in the open beyond this machine, or half a configuration, is refused
// at the start.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	for issuer, right := range map[string]bool{
		"https://id.example.com": true, "https://id.example.com:8443/realms/acme": true, "http://127.0.0.1:8080": true, "http://localhost": true,
		"http://id.example.com": false, "id.example.com": false, "https://u:p@id.example.com": false, "https://id.example.com?x=1": false, "ftp://id.example.com": false, "": false,
	} {
		_, err := identity.New(identity.Options{Issuer: issuer, ClientID: "remit", ClientSecret: secrets.NewSecret("x")})
		if (err == nil) != right {
			t.Errorf("%q: %v", issuer, err)
		}
	}
	if _, err := identity.New(identity.Options{Issuer: "https://id.example.com", ClientID: "remit"}); err == nil {
		t.Error("a client without a secret is taken")
	}
}

var attempt = identity.Attempt{Secret: secrets.NewSecret("provider_made-up"), Redirect: "https://pay.example.com/sign-in/provider/return"}

func open(t *testing.T, issuer string) *identity.Provider {
	t.Helper()
	p, err := identity.New(identity.Options{Issuer: issuer, ClientID: "remit", ClientSecret: secrets.NewSecret("x"), PageOrigins: []string{"https://pages.example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
