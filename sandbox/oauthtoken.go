package sandbox

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// codeLife is how long a code can be exchanged (docs.stripe.com/connect/oauth-reference).
const codeLife = 5 * time.Minute

// grantCode is a person's permission, to be exchanged for access once.
type grantCode struct {
	ID       string `json:"id"`
	Created  int64  `json:"created"`
	Platform string `json:"platform"`
	Scope    string `json:"scope"`
	Used     bool   `json:"used,omitempty"`
}

var grantCodes = register(&kind{name: "_grant_code", global: true, fresh: func() object { return &grantCode{} }})

func (*grantCode) kind() *kind        { return grantCodes }
func (g *grantCode) key() string      { return g.ID }
func (g *grantCode) born() int64      { return g.Created }
func (*grantCode) listedBy() []string { return nil }
func (*grantCode) hidden() any        { return nil }

// grant makes a code for what the person allowed.
func (t *tx) grant(g grantRequest) string {
	code := &grantCode{ID: "ac_" + random(32), Created: t.seconds(), Platform: g.platform, Scope: g.scope}
	t.put(code)
	return code.ID
}

func init() {
	hosted("POST /oauth/token", exchangeCode)
	hosted("POST /oauth/deauthorize", deauthorize)
}

// oauthError is the form of OAuth's refusals, which is not the API's.
type oauthError struct {
	Status      int    `json:"-"`
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func refuseGrant(status int, code, description string) *oauthError {
	return &oauthError{status, code, description}
}

func (s *Server) answerOAuth(w http.ResponseWriter, value any, failed *oauthError) {
	status := http.StatusOK
	if failed != nil {
		status, value = failed.Status, failed
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Request-Id", newRequestID())
	w.Header().Set("Stripe-Version", APIVersion)
	w.WriteHeader(status)
	w.Write(encode(value)) //nolint:gosec // JSON, and said so
}

// oauthCaller is the platform whose secret the form or the header carries. The
// form's wins.
func (s *Server) oauthCaller(w http.ResponseWriter, r *http.Request) (platform string, failed *oauthError) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<14)
	if err := r.ParseForm(); err != nil {
		return "", refuseGrant(http.StatusBadRequest, "invalid_request", "The request's body could not be read.")
	}
	secret := r.PostForm.Get("client_secret")
	if !r.PostForm.Has("client_secret") {
		secret = bearer(r)
	}
	if secret == "" {
		return "", refuseGrant(http.StatusUnauthorized, "invalid_client", "No API key provided. Send the API key as the client_secret parameter.")
	}
	own, refused := s.keyOwner(secret)
	if refused != nil {
		return "", refuseGrant(http.StatusUnauthorized, "invalid_client", "Invalid API Key provided: "+redact(secret))
	}
	return own.id, nil
}

// tokenAnswer is what an exchange gives (docs.stripe.com/connect/oauth-reference).
type tokenAnswer struct {
	AccessToken    string `json:"access_token"`
	Livemode       bool   `json:"livemode"`
	RefreshToken   string `json:"refresh_token"`
	TokenType      string `json:"token_type"`
	PublishableKey string `json:"stripe_publishable_key"`
	UserID         string `json:"stripe_user_id"`
	Scope          string `json:"scope"`
}

func exchangeCode(s *Server, w http.ResponseWriter, r *http.Request) {
	platform, failed := s.oauthCaller(w, r)
	if failed != nil {
		s.answerOAuth(w, nil, failed)
		return
	}
	switch kind := r.PostForm.Get("grant_type"); kind {
	case "authorization_code":
		code := r.PostForm.Get("code")
		if code == "" {
			failed = refuseGrant(http.StatusBadRequest, "invalid_request", "No authorization code provided")
			break
		}
		answer, failed := s.redeem(platform, code)
		s.answerOAuth(w, answer, failed)
		return
	case "refresh_token":
		answer, failed := s.refresh(platform, r.PostForm.Get("refresh_token"))
		s.answerOAuth(w, answer, failed)
		return
	case "":
		failed = refuseGrant(http.StatusBadRequest, "invalid_request", "No grant type specified")
	default:
		failed = refuseGrant(http.StatusBadRequest, "unsupported_grant_type", "Unsupported grant type: "+kind)
	}
	s.answerOAuth(w, nil, failed)
}

// redeem connects the account of a code to the platform. A code that comes again
// is refused; whether Stripe then takes the access back too, as the standard
// would have it, is not known, so it stays.
func (s *Server) redeem(platform, id string) (*tokenAnswer, *oauthError) {
	var answer *tokenAnswer
	failed := refuseGrant(http.StatusBadRequest, "invalid_grant", "Authorization code does not exist: "+id)
	err := s.visit(id, func(t *tx) error {
		code, ok := get[grantCode](t, id)
		switch {
		case !ok:
			return nil
		case code.Platform != platform:
			failed = refuseGrant(http.StatusBadRequest, "invalid_grant", "Authorization code provided does not belong to you")
			return nil
		case code.Used:
			failed = refuseGrant(http.StatusBadRequest, "invalid_grant", "Authorization code has already been used: "+id)
			return nil
		case t.at.After(time.Unix(code.Created, 0).Add(codeLife)):
			failed = refuseGrant(http.StatusBadRequest, "invalid_grant", "Authorization code expired: "+id)
			return nil
		}
		failed, code.Used = nil, true
		t.put(code)
		t.connect(platform)
		answer = s.tokens(t, platform, code.Scope)
		return nil
	})
	if err != nil && !errors.Is(err, errGone) {
		return nil, refuseGrant(http.StatusInternalServerError, "server_error", "An unknown error occurred. Please try again later.")
	}
	return answer, failed
}

// tokens are names for the access. Nobody needs them: the platform's own key
// with Stripe-Account does the same.
func (s *Server) tokens(t *tx, platform, scope string) *tokenAnswer {
	name := func(what string) string { return s.digest(24, what, platform, t.world.id) }
	access := "sk_test_" + name("access")
	if k, there := get[apiKey](t, keyID(access)); !there || k.Revoked {
		t.put(&apiKey{ID: keyID(access), Created: t.seconds()})
	}
	return &tokenAnswer{
		AccessToken: access, RefreshToken: "rt_" + t.world.id + "_" + name("refresh"), TokenType: "bearer",
		PublishableKey: "pk_test_" + name("publishable"), UserID: t.world.id, Scope: scope,
	}
}

// refresh gives the tokens once more.
func (s *Server) refresh(platform, token string) (*tokenAnswer, *oauthError) {
	failed := refuseGrant(http.StatusBadRequest, "invalid_grant", "Refresh token does not exist: "+token)
	parts := strings.Split(token, "_")
	if len(parts) != 4 {
		return nil, failed
	}
	own, ok := s.known(parts[1] + "_" + parts[2])
	if !ok || !own.connectedTo(platform) {
		return nil, failed
	}
	var answer *tokenAnswer
	err := own.change(func(t *tx) error {
		if answer = s.tokens(t, platform, "read_write"); answer.RefreshToken != token {
			answer = nil
		}
		return nil
	})
	if err != nil || answer == nil {
		return nil, failed
	}
	return answer, nil
}

// connect lets the platform act for this account and tells it.
func (t *tx) connect(platform string) {
	a := must[account](t, t.world.id)
	if slices.Contains(a.Kept.Platforms, platform) {
		return
	}
	a.Kept.Platforms = append(slices.Clone(a.Kept.Platforms), platform)
	t.put(a)
	t.emitTo(platform, "account.application.authorized", t.server.applicationOf(platform))
}

// disconnect takes the platform's access back and tells it.
func (t *tx) disconnect(platform string) bool {
	a := must[account](t, t.world.id)
	if !slices.Contains(a.Kept.Platforms, platform) {
		return false
	}
	t.emitTo(platform, "account.application.deauthorized", t.server.applicationOf(platform))
	a.Kept.Platforms = slices.DeleteFunc(slices.Clone(a.Kept.Platforms), func(p string) bool { return p == platform })
	t.put(a)
	name := "sk_test_" + t.server.digest(24, "access", platform, t.world.id)
	if k, ok := get[apiKey](t, keyID(name)); ok {
		k.Revoked = true
		t.put(k)
	}
	return true
}

// deauthorize is the platform's own giving up of an account.
func deauthorize(s *Server, w http.ResponseWriter, r *http.Request) {
	platform, failed := s.oauthCaller(w, r)
	if failed != nil {
		s.answerOAuth(w, nil, failed)
		return
	}
	client, id := r.PostForm.Get("client_id"), r.PostForm.Get("stripe_user_id")
	a := s.directory.account(id)
	switch {
	case client == "":
		failed = refuseGrant(http.StatusBadRequest, "invalid_request", "No client id provided")
	case client != clientID(platform):
		failed = refuseGrant(http.StatusUnauthorized, "invalid_client", "No application matches the supplied client identifier or it does not belong to you.")
	case id == "":
		failed = refuseGrant(http.StatusBadRequest, "invalid_request", "No Stripe user id provided")
	case a == nil || !a.connected(platform):
		failed = refuseGrant(http.StatusUnauthorized, "invalid_client", "This application is not connected to stripe account "+id+", or that account does not exist.")
	case a.Kept.Controller == platform:
		failed = refuseGrant(http.StatusBadRequest, "invalid_request", "This application cannot be disconnected from an account that it controls: "+id)
	default:
		own, _ := s.known(id)
		if err := own.change(func(t *tx) error { t.disconnect(platform); return nil }); err != nil {
			failed = refuseGrant(http.StatusInternalServerError, "server_error", "An unknown error occurred. Please try again later.")
		}
	}
	s.answerOAuth(w, map[string]string{"stripe_user_id": id}, failed)
}
