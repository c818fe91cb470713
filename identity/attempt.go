package identity

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"remit/secrets"
)

// Attempt is one way to the provider and back, known by a secret of 256 bits
// that the browser keeps. Who has not got the secret cannot bring an answer
// back: it is what binds the answer to the browser that asked.
type Attempt struct {
	Secret   secrets.Secret
	Redirect string // the address the provider sends the browser back to
	// Fresh asks the provider to have the person sign in anew, however lately he
	// did.
	Fresh bool
}

// Address is where the browser is sent.
func (p *Provider) Address(ctx context.Context, a Attempt) (string, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(a.derive("nonce")), oauth2.S256ChallengeOption(a.derive("verifier"))}
	if a.Fresh {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return p.oauth(found, a).AuthCodeURL(a.derive("state"), options...), nil
}

// Began reports whether an answer's state is that of the attempt.
func (a Attempt) Began(state string) bool {
	return hmac.Equal([]byte(state), []byte(a.derive("state")))
}

// derive gives one of the attempt's three values, of which none tells another:
// 43 characters, as PKCE asks of its verifier.
func (a Attempt) derive(what string) string {
	mac := hmac.New(sha256.New, []byte(a.Secret.Reveal()))
	mac.Write([]byte("remit sign-in at a provider: " + what))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (p *Provider) oauth(found *discovered, a Attempt) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.options.ClientID, ClientSecret: p.options.ClientSecret.Reveal(), Endpoint: found.endpoint,
		RedirectURL: a.Redirect, Scopes: []string{oidc.ScopeOpenID},
	}
}
