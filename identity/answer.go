package identity

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Answer is what the browser brings back, besides the state.
type Answer struct {
	Code   string
	Error  string // why there is no code, such as access_denied
	Issuer string // who answers, where the provider says so (RFC 9207)
}

// Person is somebody whom the provider knows. Both together are who he is.
type Person struct {
	Issuer  string
	Subject string // 1 to 255 bytes, compared as they are
}

// algorithms are those of a signature that only the issuer can have made.
var algorithms = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
}

// skew is by how much the provider's clock may be behind.
const skew = time.Minute

// Check exchanges an answer's code for a token and says who signed in. began is
// when the attempt was, before which a fresh one may not have been. The caller
// has seen that [Attempt.Began] and that the attempt was not used before. The
// error is for the log and holds no code and no token.
func (p *Provider) Check(ctx context.Context, a Attempt, answer Answer, began time.Time) (Person, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return Person{}, err
	}
	switch {
	case answer.Issuer != "" && answer.Issuer != p.options.Issuer, answer.Issuer == "" && found.answers:
		return Person{}, fmt.Errorf("the answer is from %.200q", answer.Issuer)
	case answer.Error != "":
		return Person{}, fmt.Errorf("the provider answered %.200q", answer.Error)
	case answer.Code == "":
		return Person{}, errors.New("the answer holds no code")
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.oauth(found, a).Exchange(ctx, answer.Code, oauth2.VerifierOption(a.derive("verifier")))
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return Person{}, fmt.Errorf("the code was refused: %s %.200q", refused.Response.Status, refused.ErrorCode)
	}
	if err != nil {
		return Person{}, fmt.Errorf("exchange the code: %w", brief(err))
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return Person{}, errors.New("the answer to the code holds no ID token")
	}
	// With the keys as they are now: one that the provider has withdrawn is not
	// believed for as long as this process lives.
	verifier := found.provider.VerifierContext(ctx, &oidc.Config{ClientID: p.options.ClientID, SupportedSigningAlgs: algorithms, Now: p.options.Now})
	proof, err := verifier.Verify(ctx, raw)
	if err != nil {
		return Person{}, fmt.Errorf("the ID token: %w", brief(err))
	}
	return p.person(a, proof, began)
}

// person checks what a token of ours says beyond being the issuer's.
func (p *Provider) person(a Attempt, proof *oidc.IDToken, began time.Time) (Person, error) {
	var claims struct {
		Party    string `json:"azp"`
		SignedIn int64  `json:"auth_time"`
	}
	if err := proof.Claims(&claims); err != nil {
		return Person{}, fmt.Errorf("the ID token: %w", brief(err))
	}
	switch {
	case !hmac.Equal([]byte(proof.Nonce), []byte(a.derive("nonce"))):
		return Person{}, errors.New("the ID token is of another attempt")
	case claims.Party != "" && claims.Party != p.options.ClientID, claims.Party == "" && len(proof.Audience) > 1:
		return Person{}, fmt.Errorf("the ID token was made for %.200q", claims.Party)
	case proof.Subject == "" || len(proof.Subject) > 255:
		return Person{}, errors.New("the ID token names nobody")
	case a.Fresh && time.Unix(claims.SignedIn, 0).Before(began.Add(-skew)):
		return Person{}, errors.New("the ID token does not say that the person signed in anew")
	}
	return Person{Issuer: p.options.Issuer, Subject: proof.Subject}, nil
}
