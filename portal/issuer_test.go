package portal_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit/identity"
	"remit/program"
	"remit/secrets"
)

const clientSecret = "a secret of the client that is known to both"

// issuer is an OpenID Connect provider on loopback. It signs in whoever it is
// told to, without asking, and lies as it is told to.
type issuer struct {
	t      *testing.T
	url    string
	key    ed25519.PrivateKey
	mu     sync.Mutex
	codes  map[string]url.Values // what each code was asked for with
	asked  int                   // exchanges
	who    map[string]any        // further claims of who signs in
	lie    func(claims map[string]any)
	sign   func(signed string) (header map[string]any, signature []byte)
	answer func(back url.Values)
}

func openIssuer(t *testing.T) *issuer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	i := &issuer{t: t, key: key, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		i.json(w, map[string]any{
			"issuer": i.url, "authorization_endpoint": i.url + "/authorize", "token_endpoint": i.url + "/token", "jwks_uri": i.url + "/keys",
			"id_token_signing_alg_values_supported": []string{"EdDSA", "HS256", "none"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		public, _ := key.Public().(ed25519.PublicKey)
		i.json(w, map[string]any{"keys": []any{map[string]any{"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "1", "alg": "EdDSA", "x": encode(public)}}})
	})
	mux.HandleFunc("GET /authorize", i.authorize)
	mux.HandleFunc("POST /token", i.token)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

// configure makes a program's people able to sign in at the issuer.
func (i *issuer) configure(c *program.Config) {
	provider, err := identity.New(identity.Options{Issuer: i.url, ClientID: "remit", ClientSecret: secrets.NewSecret(clientSecret), Name: "Acme"})
	must(i.t, err)
	c.Identity = provider
}

// is says who signs in next, and that nobody lies.
func (i *issuer) is(subject string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.who, i.lie, i.sign, i.answer = map[string]any{"sub": subject}, nil, nil, nil
}

func (i *issuer) exchanges() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked
}

func (i *issuer) authorize(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	query := r.URL.Query()
	for name, want := range map[string]string{"response_type": "code", "client_id": "remit", "scope": "openid", "code_challenge_method": "S256"} {
		if query.Get(name) != want {
			i.t.Errorf("%s is %q, want %q", name, query.Get(name), want)
		}
	}
	code := uuid.NewString()
	i.codes[code] = query
	back := url.Values{"code": {code}, "state": {query.Get("state")}}
	if i.answer != nil {
		i.answer(back)
	}
	http.Redirect(w, r, query.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked++
	name, secret, _ := r.BasicAuth()
	secret, _ = url.QueryUnescape(secret)
	asked, known := i.codes[r.PostFormValue("code")]
	delete(i.codes, r.PostFormValue("code"))
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !known || name != "remit" || secret != clientSecret || asked.Get("code_challenge") != encode(challenge[:]) || asked.Get("redirect_uri") != r.PostFormValue("redirect_uri") {
		w.WriteHeader(http.StatusBadRequest)
		i.json(w, map[string]any{"error": "invalid_grant"})
		return
	}
	claims := map[string]any{"iss": i.url, "aud": "remit", "nonce": asked.Get("nonce"), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix()}
	if asked.Get("prompt") == "login" && asked.Get("max_age") == "0" {
		claims["auth_time"] = time.Now().Unix()
	}
	maps.Copy(claims, i.who)
	if i.lie != nil {
		i.lie(claims)
	}
	i.json(w, map[string]any{"access_token": "unused", "token_type": "Bearer", "id_token": i.signed(claims)})
}

// signed makes a token, signed by the issuer's key unless it lies.
func (i *issuer) signed(claims map[string]any) string {
	payload, err := json.Marshal(claims)
	must(i.t, err)
	sign := i.sign
	if sign == nil {
		sign = func(signed string) (map[string]any, []byte) {
			return map[string]any{"alg": "EdDSA", "kid": "1"}, ed25519.Sign(i.key, []byte(signed))
		}
	}
	header, _ := sign("")
	head, err := json.Marshal(header)
	must(i.t, err)
	signed := encode(head) + "." + encode(payload)
	_, signature := sign(signed)
	return signed + "." + encode(signature)
}

func (i *issuer) json(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		i.t.Error(err)
	}
}

// Signatures that prove nothing.
func unsigned(string) (map[string]any, []byte) { return map[string]any{"alg": "none"}, nil }

func byClientSecret(signed string) (map[string]any, []byte) {
	mac := hmac.New(sha256.New, []byte(clientSecret))
	mac.Write([]byte(signed))
	return map[string]any{"alg": "HS256", "kid": "1"}, mac.Sum(nil)
}

func byAnotherKey(signed string) (map[string]any, []byte) {
	another := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	return map[string]any{"alg": "EdDSA", "kid": "1"}, ed25519.Sign(another, []byte(signed))
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }
