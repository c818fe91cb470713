package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v79"
)

const returnTo = "https://platform.example/oauth"

// client registers where OAuth leads back to and returns the platform's id.
func (s *stand) client() string {
	s.t.Helper()
	var own struct {
		ClientID string `json:"client_id"`
	}
	if status := s.control("POST", "/_sandbox/platform", map[string]any{"redirect_uris": []string{returnTo}}, &own); status != 200 {
		s.t.Fatal(status)
	}
	return own.ClientID
}

// authorize answers the page that asks a person to connect his account, and
// says what the platform is told.
func (s *stand) authorize(client, account, then string) url.Values {
	s.t.Helper()
	query := url.Values{"response_type": {"code"}, "client_id": {client}, "scope": {"read_write"}, "state": {"s1"}, "redirect_uri": {returnTo}}
	address := s.web.URL + "/oauth/authorize?" + query.Encode()
	if page := s.visit(address); page.status != http.StatusOK || (strings.HasPrefix(account, "acct_") && !strings.Contains(page.page, account)) {
		s.t.Fatal(page.status, page.page)
	}
	sent := s.post(address, url.Values{"account": {account}, "then": {then}, "name": {"Harbour Works"}})
	back, err := url.Parse(sent.to)
	if err != nil || !strings.HasPrefix(sent.to, returnTo) {
		s.t.Fatal(sent)
	}
	return back.Query()
}

func (s *stand) exchange(code string) (*stripe.OAuthToken, error) {
	return s.OAuth.New(&stripe.OAuthTokenParams{
		GrantType: stripe.String("authorization_code"), Code: &code, ClientSecret: stripe.String(testKey),
	})
}

// standard connects an account by OAuth.
func (s *stand) standard(account string) string {
	s.t.Helper()
	token, err := s.exchange(s.authorize(s.client(), account, "connect").Get("code"))
	if err != nil {
		s.t.Fatal(err)
	}
	return token.StripeUserID
}

// A person connects an account that he has, or a new one, and the platform acts
// for it until one of them ends that.
func TestOAuth(t *testing.T) {
	s := open(t)
	owner := s.as("sk_test_owner")
	own, err := owner.Accounts.Get()
	if err != nil {
		t.Fatal(err)
	}
	client := s.client()
	back := s.authorize(client, own.ID, "connect")
	if back.Get("state") != "s1" || back.Get("scope") != "read_write" {
		t.Error(back)
	}
	token, err := s.exchange(back.Get("code"))
	if err != nil || token.StripeUserID != own.ID || token.Scope != "read_write" || token.TokenType != "bearer" || token.Livemode {
		t.Fatal(token, err)
	}
	for _, account := range []string{s.standard("new_ready"), own.ID} {
		params := &stripe.CustomerParams{}
		params.SetStripeAccount(account)
		if _, err := s.Customers.New(params); err != nil {
			t.Error(err)
		}
	}
	if unfinished := s.account(s.standard("new_unfinished")); unfinished.DetailsSubmitted || unfinished.ChargesEnabled || unfinished.Type != "standard" {
		t.Errorf("%+v", unfinished)
	}
	s = s.reopen()
	ended, err := s.OAuth.Del(&stripe.DeauthorizeParams{ClientID: &client, StripeUserID: &own.ID})
	if err != nil || ended.StripeUserID != own.ID {
		t.Fatal(ended, err)
	}
	status, body := s.form("GET", "/v1/balance", "", http.Header{"Stripe-Account": {own.ID}})
	var refused struct{ Error struct{ Code string } }
	if json.Unmarshal(body, &refused) != nil || status != http.StatusForbidden || refused.Error.Code != "account_invalid" {
		t.Error(status, string(body))
	}
	if _, err := s.OAuth.Del(&stripe.DeauthorizeParams{ClientID: &client, StripeUserID: &own.ID}); failure(t, err).OAuthError != "invalid_client" {
		t.Error(err)
	}
}

// A refusal of the person is told to the platform; whose address is not
// registered, or client not known, is told on the page alone.
func TestOAuthRefusals(t *testing.T) {
	s := open(t)
	client := s.client()
	if back := s.authorize(client, "new_ready", "cancel"); back.Get("error") != "access_denied" || back.Get("state") != "s1" || back.Has("code") {
		t.Error(back)
	}
	for _, query := range []string{
		"response_type=code&client_id=ca_none&redirect_uri=" + returnTo,
		"response_type=code&client_id=" + client + "&redirect_uri=https://evil.example",
		"response_type=code&client_id=" + client + "&redirect_uri=" + returnTo + "/more",
		"response_type=token&client_id=" + client + "&redirect_uri=" + returnTo,
	} {
		if page := s.visit(s.web.URL + "/oauth/authorize?" + query); page.status != http.StatusBadRequest || page.to != "" {
			t.Error(query, page.status, page.to)
		}
	}
	code := s.authorize(client, "new_ready", "connect").Get("code")
	stranger := s.as("sk_test_stranger")
	if _, err := stranger.OAuth.New(&stripe.OAuthTokenParams{
		GrantType: stripe.String("authorization_code"), Code: &code, ClientSecret: stripe.String("sk_test_stranger"),
	}); failure(t, err).OAuthError != "invalid_grant" {
		t.Error(err)
	}
	token, err := s.exchange(code)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.exchange(code); failure(t, err).OAuthError != "invalid_grant" {
		t.Error("a code works twice:", err)
	}
	late := s.authorize(client, token.StripeUserID, "connect").Get("code")
	s.pass(token.StripeUserID, 301)
	if _, err := s.exchange(late); failure(t, err).OAuthError != "invalid_grant" {
		t.Error("a code works after five minutes:", err)
	}
	for form, want := range map[string]string{
		"grant_type=authorization_code&code=ac_none&client_secret=" + testKey:                        "invalid_grant",
		"grant_type=authorization_code&client_secret=" + testKey:                                     "invalid_request",
		"grant_type=password&client_secret=" + testKey:                                               "unsupported_grant_type",
		"grant_type=authorization_code&code=" + code + "&client_secret=":                             "invalid_client",
		"client_secret=" + testKey:                                                                   "invalid_request",
		"grant_type=refresh_token&refresh_token=rt_none&client_secret=" + testKey:                    "invalid_grant",
		"grant_type=refresh_token&client_secret=" + testKey + "&refresh_token=" + token.RefreshToken: "",
	} {
		var answer struct{ Error, Error_description string }
		_, body := s.form("POST", "/oauth/token", form, nil)
		if err := json.Unmarshal(body, &answer); err != nil || answer.Error != want {
			t.Errorf("%s: %s", form, body)
		}
	}
}
