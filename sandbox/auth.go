package sandbox

import (
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"
)

// apiKey is one secret key of an account, by its digest: the key itself is not
// kept.
type apiKey struct {
	ID      string `json:"id"` // key_ and the digest
	Created int64  `json:"created"`
	Revoked bool   `json:"revoked"`
}

var apiKeys = register(&kind{name: "_key", global: true, fresh: func() object { return &apiKey{} }})

func (*apiKey) kind() *kind          { return apiKeys }
func (k *apiKey) key() string        { return k.ID }
func (k *apiKey) born() int64        { return k.Created }
func (k *apiKey) listedBy() []string { return nil }
func (k *apiKey) hidden() any        { return nil }

func keyID(secretKey string) string {
	sum := sha256.Sum256([]byte("key:" + secretKey))
	return "key_" + inBase62(sum[:], 32)
}

// accountOf is the account a secret key opens when it was never seen before:
// always the same one, on every server.
func accountOf(secretKey string) string {
	sum := sha256.Sum256([]byte("account:" + secretKey))
	return "acct_1" + inBase62(sum[:], 15)
}

// authenticate finds the account of the request's key, opening it if the key
// is new, and then the one that Stripe-Account names. platform is the caller's
// own account if it acts for another.
func (s *Server) authenticate(r *http.Request) (w *world, platform string, failed *apiError) {
	own, failed := s.keyOwner(bearer(r))
	if failed != nil {
		return nil, "", failed
	}
	other := r.Header.Get("Stripe-Account")
	if other == "" || other == own.id {
		return own, "", nil
	}
	if w, ok := s.known(other); ok && w.connectedTo(own.id) {
		return w, own.id, nil
	}
	return nil, "", noAccess(bearer(r), other)
}

// noAccess is the answer to who names an account that is not his.
func noAccess(key, account string) *apiError {
	e := invalidParam("account_invalid", "", "The provided key '%s' does not have access to account '%s' (or that account does not exist). Application access may have been revoked.", redact(key), account)
	e.Status = http.StatusForbidden
	return e
}

// subjectOf is the account that a request is about, and the caller as its
// platform if it is not the caller himself.
func (s *Server) subjectOf(rt *route, vars map[string]string, p *params, caller *world, key string) (w *world, platform string, failed *apiError) {
	id := vars[rt.about]
	if n := p.node.kids[rt.about]; id == "" && n != nil && n.value != nil {
		id = *n.value
	}
	if id == "" || id == caller.id {
		return caller, "", nil
	}
	if w, ok := s.known(id); ok && w.connectedTo(caller.id) {
		return w, caller.id, nil
	}
	return nil, "", noAccess(key, id)
}

// connectedTo reports whether the platform may act for this account.
func (w *world) connectedTo(platform string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.begin()
	a, ok := get[account](t, w.id)
	if !ok {
		return false
	}
	return slices.Contains(a.Kept.Platforms, platform)
}

// bearer is the key as Bearer or as the user name of Basic.
func bearer(r *http.Request) string {
	if user, _, ok := r.BasicAuth(); ok {
		return user
	}
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}

func (s *Server) keyOwner(key string) (*world, *apiError) {
	switch {
	case key == "":
		return nil, unauthorized("", "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.")
	case strings.HasPrefix(key, "pk_"):
		return nil, unauthorized("secret_key_required", "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.")
	case !testKey(key):
		return nil, unauthorized("", "Invalid API Key provided: "+redact(key))
	}
	id := keyID(key)
	w, known := s.owner(id)
	if !known {
		w = s.worldOf(accountOf(key))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.begin()
	k, ok := get[apiKey](t, id)
	if !ok {
		t.open(id)
		if err := s.journal.wait(t.commit(nil)); err != nil {
			return nil, internalError()
		}
		return w, nil
	}
	if k.Revoked {
		return nil, unauthorized("api_key_expired", "Expired API Key provided: "+redact(key))
	}
	return w, nil
}

// open makes the key known, and the account if this is its first.
func (t *tx) open(keyID string) {
	t.put(&apiKey{ID: keyID, Created: t.seconds()})
	if _, ok := get[account](t, t.world.id); !ok {
		t.put(t.newAccount())
		t.put(t.newBankAccount(testBankNumber))
	}
}

func testKey(key string) bool {
	rest, ok := strings.CutPrefix(key, "sk_test_")
	if !ok {
		rest, ok = strings.CutPrefix(key, "rk_test_")
	}
	if !ok || rest == "" || len(key) > 255 {
		return false
	}
	for _, r := range rest {
		if !strings.ContainsRune(base62+"_", r) {
			return false
		}
	}
	return true
}

// redact shows a key the way Stripe's errors do.
func redact(key string) string {
	if len(key) < 16 {
		return strings.Repeat("*", len(key))
	}
	return key[:8] + strings.Repeat("*", len(key)-12) + key[len(key)-4:]
}

func unauthorized(code, message string) *apiError {
	e := invalidParam(code, "", "%s", message)
	e.Status = http.StatusUnauthorized
	return e
}
