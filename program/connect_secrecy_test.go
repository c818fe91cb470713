package program_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"remit/program"
)

// The platform's key, its endpoint's secret, what an owner's way back from Stripe
// carries, and the tokens that Stripe gives for it are nowhere, after an account was
// made, one was linked and both were let go of: not in a database, a log, a history or
// a page (T33, T8). The stand-in's journal is Stripe's own, which gave them out.
func TestT33ConnectSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	var kept logs
	p := openPlatform(t, keepLogs(&kept), func(c *program.Config) { withPages(c) })
	admin := p.signIn("admin")
	client := *admin.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // where they lead holds the secrets
	admin.client = &client
	secret := map[string]string{"platform's key": p.platform, "session": admin.sessionToken(), "endpoint's secret": p.program.Commands.ConnectSecret.Reveal()}
	var answers bytes.Buffer
	keep := func(a *answer) *answer {
		answers.Write(a.raw)
		return a
	}
	asForm := map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
	settings := func() *answer { return keep(admin.send("GET", "/settings/stripe", nil, asPage)).want(200) }

	settings()
	to := admin.raw("POST", "/settings/stripe/express", url.Values{"country": {"US"}}.Encode(), asForm).want(303).header.Get("Location")
	secret["account link"] = to[strings.LastIndexByte(to, '/')+1:]
	must(t, p.walkThrough(to))
	keep(admin.send("GET", "/settings/stripe/return", nil, asPage)).want(200, 303)
	p.is("pending_verification")
	settings()
	keep(admin.del("/v1/stripe/connection")).want(204)

	to = admin.raw("POST", "/settings/stripe/standard", "", asForm).want(303).header.Get("Location")
	asked, err := url.Parse(to)
	must(t, err)
	back := p.authorize(to, "new_ready")
	secret["state"], secret["code"] = asked.Query().Get("state"), back.Query().Get("code")
	if secret["state"] == "" || secret["state"] != back.Query().Get("state") {
		t.Fatalf("Stripe is asked with the state %q", asked.Query().Get("state"))
	}
	keep(admin.send("GET", back.RequestURI(), nil, asPage)).want(303)
	settings()
	p.online()
	customer, card := p.customer(p.branchA, "4242424242424242")
	invoice, _ := p.invoice(p.branchA, customer, 5000)
	keep(admin.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card})).want(200)
	keep(admin.get("/v1/stripe/connection")).want(200)
	keep(admin.get("/v1/invoices/" + invoice + "/timeline")).want(200)
	keep(admin.send("GET", back.RequestURI(), nil, asPage)).want(303, 400, 409) // used again
	keep(admin.del("/v1/stripe/connection")).want(204)
	settings()
	p.mu.Lock()
	maps.Copy(secret, p.tokens)
	p.mu.Unlock()
	if secret["access_token"] == "" || secret["refresh_token"] == "" {
		t.Fatalf("Stripe gave no tokens, so nothing is looked for: %q", p.tokens)
	}

	haystacks := map[string][]byte{"the answers": answers.Bytes(), "the logs": []byte(kept.String())}
	p.dumpServer(t, haystacks)
	found := 0
	for where, hay := range haystacks {
		if strings.HasPrefix(where, "the database") && bytes.Contains(hay, []byte(invoice)) {
			found++
		}
	}
	if found < 2 || len(haystacks["the logs"]) < 1000 || answers.Len() < 10_000 {
		t.Fatalf("the invoice's id is in %d databases, want Remit's and Temporal's; %d bytes of pages", found, answers.Len())
	}
	for name, value := range secret {
		for where, hay := range haystacks {
			for form, needle := range forms(value) {
				if at := bytes.Index(hay, needle); at >= 0 {
					t.Errorf("the %s is, %s, in %s: …%q…", name, form, where, hay[max(0, at-60):min(len(hay), at+len(needle)+20)])
				}
			}
		}
	}
}

// keepTokens remembers what Stripe answers to a code.
func (p *platformWorld) keepTokens(response *http.Response, body []byte) {
	var given map[string]any
	if response.StatusCode != http.StatusOK || json.Unmarshal(body, &given) != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens = map[string]string{}
	for name, value := range given {
		if text, is := value.(string); is && strings.HasSuffix(name, "_token") {
			p.tokens[name] = text
		}
	}
}
