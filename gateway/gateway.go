// Package gateway is Stripe as Remit uses it: one client for each connection,
// speaking API version 2024-06-20.
//
// It owns the calls, their account header, their time-outs, whose turn it is
// where an account takes only so many, and the one table that says what an error
// of Stripe's means. It does not own when a call is
// made, what is stored of it, or whether it is repeated.
//
// Invariants: every POST carries an idempotency key given by the caller; the
// SDK never repeats a call by itself; no key, card or bank number is ever part
// of an error.
package gateway

import (
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/stripe/stripe-go/v79"
	"github.com/stripe/stripe-go/v79/balance"
	"github.com/stripe/stripe-go/v79/balancetransaction"
	"github.com/stripe/stripe-go/v79/charge"
	"github.com/stripe/stripe-go/v79/checkout/session"
	"github.com/stripe/stripe-go/v79/customer"
	"github.com/stripe/stripe-go/v79/dispute"
	"github.com/stripe/stripe-go/v79/mandate"
	"github.com/stripe/stripe-go/v79/paymentintent"
	"github.com/stripe/stripe-go/v79/paymentmethod"
	"github.com/stripe/stripe-go/v79/payout"
	"github.com/stripe/stripe-go/v79/refund"
	"github.com/stripe/stripe-go/v79/setupintent"
	"github.com/stripe/stripe-go/v79/webhookendpoint"
)

// DefaultTimeout is how long one call may take before its outcome counts as
// unknown. Confirms of cards with slow banks take up to half a minute.
const DefaultTimeout = 30 * time.Second

// Gateway reaches Stripe, or a stand-in, at one URL.
type Gateway struct {
	backend stripe.Backend
	connect stripe.Backend // of OAuth, whose errors have another shape
	http    *http.Client
	url     string
	queues  *queues
	// of the platform; "" where there is none
	platformKey, clientID string
	platformAccount       atomic.Pointer[string] // whose key it is, once Stripe has said so
}

// Options for [New].
type Options struct {
	URL     string        // "" is Stripe itself
	Timeout time.Duration // 0 is [DefaultTimeout]
	// Limiter is what all processes share that call the same accounts, which are
	// not called more often than Limits say. Nil, or the zero Limits, limits nothing.
	Limiter Limiter
	Limits  Limits
	// PlatformKey is the secret key of Remit's own account, in whose name others' are
	// connected, and ClientID its id for OAuth; "" where accounts are connected by
	// their own keys alone.
	PlatformKey string
	ClientID    string
	// Transport replaces the HTTP transport; tests use it to watch requests.
	Transport http.RoundTripper
}

// New prepares a gateway. It makes no call.
func New(options Options) *Gateway {
	timeout := options.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	transport := options.Transport
	if transport == nil {
		transport = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:   5 * time.Second,
			MaxIdleConnsPerHost:   64,
			IdleConnTimeout:       90 * time.Second,
			ResponseHeaderTimeout: timeout,
		}
	}
	caller := &http.Client{Timeout: timeout, Transport: transport}
	config := &stripe.BackendConfig{
		HTTPClient:        caller,
		LeveledLogger:     silent{},
		MaxNetworkRetries: stripe.Int64(0), // repeating is the attempt protocol's decision
		EnableTelemetry:   stripe.Bool(false),
	}
	if options.URL != "" {
		config.URL = stripe.String(options.URL)
	}
	return &Gateway{
		backend: stripe.GetBackendWithConfig(stripe.APIBackend, config), connect: stripe.GetBackendWithConfig(stripe.ConnectBackend, config), http: caller, url: options.URL,
		platformKey: options.PlatformKey, clientID: options.ClientID,
		// A call that waited for longer than one may take is not made on what was
		// known before.
		queues: &queues{limiter: options.Limiter, limits: options.Limits, patience: timeout},
	}
}

// Standin reports that the gateway does not reach Stripe itself.
func (g *Gateway) Standin() bool { return IsStandin(g.url) }

// IsStandin reports that a URL is not Stripe's own.
func IsStandin(url string) bool { return url != "" && strings.TrimSuffix(url, "/") != stripe.APIURL }

// URL is where the gateway points, "" for Stripe itself.
func (g *Gateway) URL() string { return g.url }

// Access is what one connection is reached with.
type Access struct {
	Key     string // secret key: of the account itself, or of the platform
	Account string // Stripe-Account header; "" where Key is the account's own
	Owner   string // the account that Key is of, whose limits are used up; "" where it is not known
}

// Client makes calls on one connected account.
type Client struct {
	gateway             *Gateway
	access              Access
	backend             stripe.Backend
	intents             paymentintent.Client
	sessions            session.Client
	customers           customer.Client
	paymentMethods      paymentmethod.Client
	setups              setupintent.Client
	mandates            mandate.Client
	endpoints           webhookendpoint.Client
	charges             charge.Client
	refunds             refund.Client
	disputes            dispute.Client
	balance             balance.Client
	balanceTransactions balancetransaction.Client
	payouts             payout.Client
}

// At gives the client for one connection.
func (g *Gateway) At(access Access) *Client {
	backend := g.backend
	if queue := g.queues.of(access); queue != nil {
		backend = &limited{Backend: g.backend, queue: queue}
	}
	return &Client{
		gateway:             g,
		access:              access,
		backend:             backend,
		intents:             paymentintent.Client{B: backend, Key: access.Key},
		sessions:            session.Client{B: backend, Key: access.Key},
		customers:           customer.Client{B: backend, Key: access.Key},
		paymentMethods:      paymentmethod.Client{B: backend, Key: access.Key},
		setups:              setupintent.Client{B: backend, Key: access.Key},
		mandates:            mandate.Client{B: backend, Key: access.Key},
		endpoints:           webhookendpoint.Client{B: backend, Key: access.Key},
		charges:             charge.Client{B: backend, Key: access.Key},
		refunds:             refund.Client{B: backend, Key: access.Key},
		disputes:            dispute.Client{B: backend, Key: access.Key},
		balance:             balance.Client{B: backend, Key: access.Key},
		balanceTransactions: balancetransaction.Client{B: backend, Key: access.Key},
		payouts:             payout.Client{B: backend, Key: access.Key},
	}
}

// silent keeps the SDK from writing request details to standard error.
type silent struct{}

func (silent) Debugf(string, ...any) {}
func (silent) Infof(string, ...any)  {}
func (silent) Warnf(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
