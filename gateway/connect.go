package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v79"
	accounts "github.com/stripe/stripe-go/v79/account"
	"github.com/stripe/stripe-go/v79/oauth"
)

// Platform is Remit's own Stripe account, in whose name others' accounts are
// connected: made for them (Express), or linked by their owners (Standard).
type Platform struct {
	gateway  *Gateway
	key      string
	clientID string
}

// Platform is Remit's own account; nil where accounts are connected by their own
// keys alone.
func (g *Gateway) Platform() *Platform {
	if g.platformKey == "" {
		return nil
	}
	return &Platform{gateway: g, key: g.platformKey, clientID: g.clientID}
}

// At gives the client for an account that is connected to the platform.
func (p *Platform) At(account string) *Client {
	return p.gateway.At(Access{Key: p.key, Account: account})
}

// Links reports whether accounts of their owners' can be linked by OAuth.
func (p *Platform) Links() bool { return p.clientID != "" }

// ExpressAccount is what an Express account is made with.
type ExpressAccount struct {
	Country    string // ISO 3166-1, two capital letters; its owner cannot change it later
	Email      string // "" leaves it to the form
	Business   string // name
	Connection string // our id, in its metadata
}

// CreateExpress makes an account whose owner fills in Stripe's form himself.
func (p *Platform) CreateExpress(ctx context.Context, key string, wish ExpressAccount) (Account, error) {
	params := &stripe.AccountParams{
		Type: stripe.String(string(stripe.AccountTypeExpress)), Country: stripe.String(wish.Country),
		BusinessProfile: &stripe.AccountBusinessProfileParams{Name: stripe.String(wish.Business)},
		Capabilities: &stripe.AccountCapabilitiesParams{
			CardPayments: &stripe.AccountCapabilitiesCardPaymentsParams{Requested: stripe.Bool(true)},
			Transfers:    &stripe.AccountCapabilitiesTransfersParams{Requested: stripe.Bool(true)},
		},
		Metadata: map[string]string{metadataConnection: wish.Connection},
	}
	if wish.Country == "US" { // the only country whose banks can be debited (D5)
		params.Capabilities.USBankAccountACHPayments = &stripe.AccountCapabilitiesUSBankAccountACHPaymentsParams{Requested: stripe.Bool(true)}
	}
	if wish.Email != "" {
		params.Email = stripe.String(wish.Email)
	}
	p.on(ctx, &params.Params, key)
	a := &stripe.Account{}
	if err := p.gateway.backend.Call(http.MethodPost, "/v1/accounts", p.key, params, a); err != nil {
		return Account{}, failureOf(err)
	}
	return accountOf(a), nil
}

// Made finds the account that [Platform.CreateExpress] made for a connection, among
// those made since a time; the zero time is all of them.
func (p *Platform) Made(ctx context.Context, connection string, since time.Time) (made Account, found bool, err error) {
	params := &stripe.AccountListParams{CreatedRange: from(since)}
	p.gateway.At(Access{Key: p.key}).listing(ctx, &params.ListParams)
	list := accounts.Client{B: p.gateway.backend, Key: p.key}.List(params)
	for list.Next() {
		if a := list.Account(); a.Metadata[metadataConnection] == connection {
			return accountOf(a), true, nil
		}
	}
	return Account{}, false, failureOf(list.Err())
}

// metadataConnection holds our connection's id at an account that was made for it.
const metadataConnection = "remit_connection"

// AccountLink makes a link to Stripe's form for an account. It works once, for a few
// minutes. Whoever comes back by the return URL may have left the form early; one
// whose link has expired is sent to the refresh URL.
func (p *Platform) AccountLink(ctx context.Context, key, account, returnURL, refreshURL string) (link string, expires time.Time, err error) {
	params := &stripe.AccountLinkParams{
		Account: stripe.String(account), Type: stripe.String("account_onboarding"),
		ReturnURL: stripe.String(returnURL), RefreshURL: stripe.String(refreshURL),
		CollectionOptions: &stripe.AccountLinkCollectionOptionsParams{Fields: stripe.String("eventually_due")},
	}
	p.on(ctx, &params.Params, key)
	l := &stripe.AccountLink{}
	if err := p.gateway.backend.Call(http.MethodPost, "/v1/account_links", p.key, params, l); err != nil {
		return "", time.Time{}, failureOf(err)
	}
	return l.URL, time.Unix(l.ExpiresAt, 0), nil
}

// Account is the platform's own account.
func (p *Platform) Account(ctx context.Context) (Account, error) {
	return p.gateway.At(Access{Key: p.key}).Account(ctx)
}

// ID is the platform's own account, which is asked for once: a key is one account's
// for good.
func (p *Platform) ID(ctx context.Context) (string, error) {
	if known := p.gateway.platformAccount.Load(); known != nil {
		return *known, nil
	}
	own, err := p.Account(ctx)
	if err != nil {
		return "", err
	}
	p.gateway.platformAccount.Store(&own.ID)
	return own.ID, nil
}

// AuthorizeURL is where an account's owner lets the platform act for it. The SDK's
// own builder knows no other host than Stripe's.
func (p *Platform) AuthorizeURL(state, redirectURI, email string) string {
	base := stripe.ConnectURL
	if p.gateway.Standin() {
		base = strings.TrimSuffix(p.gateway.url, "/")
	}
	query := url.Values{
		"response_type": {"code"}, "client_id": {p.clientID}, "scope": {"read_write"}, "stripe_landing": {"login"},
		"state": {state}, "redirect_uri": {redirectURI},
	}
	if email != "" {
		query.Set("stripe_user[email]", email)
	}
	return base + "/oauth/authorize?" + query.Encode()
}

// Linked is the account that an owner linked.
type Linked struct {
	Account  string
	Livemode bool
}

// ErrCode says that Stripe does not take an authorisation code: it is unknown, has
// expired or was used.
var ErrCode = errors.New("stripe does not take the authorisation code")

// Exchange takes an authorisation code to the account it is for. What else Stripe
// answers, tokens that could be used in the platform's place, is let go of.
func (p *Platform) Exchange(ctx context.Context, code string) (Linked, error) {
	params := &stripe.OAuthTokenParams{
		GrantType: stripe.String("authorization_code"), Code: stripe.String(code),
		ClientSecret: stripe.String(p.key), // the SDK would take a global one
	}
	params.Context = ctx
	token, err := p.oauth().New(params)
	if err != nil {
		var se *stripe.Error
		if errors.As(err, &se) && (se.OAuthError == "invalid_grant" || se.HTTPStatusCode == http.StatusBadRequest) {
			return Linked{}, ErrCode
		}
		return Linked{}, failureOf(err)
	}
	return Linked{Account: token.StripeUserID, Livemode: token.Livemode}, nil
}

// Revoke ends the platform's access to an account that was linked by OAuth. One
// that has none any more is fine.
func (p *Platform) Revoke(ctx context.Context, account string) error {
	params := &stripe.DeauthorizeParams{ClientID: stripe.String(p.clientID), StripeUserID: stripe.String(account)}
	params.Context = ctx
	_, err := p.oauth().Del(params)
	var se *stripe.Error
	if errors.As(err, &se) && (se.OAuthError == "invalid_client" || se.OAuthError == "invalid_grant") && p.gone(ctx, account) {
		return nil
	}
	return failureOf(err)
}

// gone reports that the platform may not act for an account, whatever a refusal to
// revoke that was called.
func (p *Platform) gone(ctx context.Context, account string) bool {
	_, err := p.At(account).Account(ctx)
	return IsAccountGone(err)
}

// IsAccountGone reports that Stripe says the platform may not act for an account.
func IsAccountGone(err error) bool {
	f, ok := errors.AsType[*Failure](err)
	return ok && f.Code == string(stripe.ErrorCodeAccountInvalid)
}

// IsKeyRefused reports that Stripe does not take the key that was sent.
func IsKeyRefused(err error) bool {
	f, ok := errors.AsType[*Failure](err)
	return ok && (f.Status == http.StatusUnauthorized || f.Code == "api_key_expired" || f.Code == "platform_api_key_expired")
}

// CreateConnectEndpoint has Stripe send the events of all connected accounts to url.
// It returns the signing secret, which Stripe shows this once.
func (p *Platform) CreateConnectEndpoint(ctx context.Context, key, url string) (id, secret string, err error) {
	params := &stripe.WebhookEndpointParams{
		URL: stripe.String(url), APIVersion: stripe.String(stripe.APIVersion), Connect: stripe.Bool(true),
		EnabledEvents: stripe.StringSlice(EventTypes), Description: stripe.String("Remit, connected accounts"),
	}
	p.on(ctx, &params.Params, key)
	endpoint, err := p.gateway.At(Access{Key: p.key}).endpoints.New(params)
	if err != nil {
		return "", "", failureOf(err)
	}
	return endpoint.ID, endpoint.Secret, nil
}

func (p *Platform) on(ctx context.Context, params *stripe.Params, key string) {
	params.Context = ctx
	params.SetIdempotencyKey(key)
}

func (p *Platform) oauth() oauth.Client { return oauth.Client{B: p.gateway.connect, Key: p.key} }

// Live reports whether the platform's key is one of live mode.
func (p *Platform) Live() bool {
	return strings.HasPrefix(p.key, "sk_live_") || strings.HasPrefix(p.key, "rk_live_")
}
