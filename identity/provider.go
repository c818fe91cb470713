package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"remit/outbound"
	"remit/secrets"
)

// Options say which provider and who Remit is there. Name and PageOrigins may
// be left out.
type Options struct {
	// Issuer is the provider's identifier, exactly as it writes it itself: https,
	// or http on loopback.
	Issuer       string
	ClientID     string
	ClientSecret secrets.Secret
	Name         string // as people know the provider; its host by default
	// PageOrigins are where the page to sign in at may be, besides the issuer's own
	// origin.
	PageOrigins []string
	Now         func() time.Time
}

// Provider is the one that people may sign in at. Safe for concurrent use.
type Provider struct {
	options   Options
	issuer    *url.URL
	client    *http.Client
	found     atomic.Pointer[discovered]
	searching singleflight.Group
}

// New takes a provider's configuration and asks nothing of the provider yet,
// which may be down while Remit starts.
func New(o Options) (*Provider, error) {
	issuer, err := url.Parse(o.Issuer)
	if err != nil || issuer.Host == "" || issuer.User != nil || issuer.RawQuery != "" || issuer.Fragment != "" {
		return nil, fmt.Errorf("%q is not an address such as https://id.example.com", o.Issuer)
	}
	loopback := isLoopback(issuer.Hostname())
	switch {
	case issuer.Scheme != "https" && (issuer.Scheme != "http" || !loopback):
		return nil, fmt.Errorf("%q must be https; http is for this machine alone", o.Issuer)
	case o.ClientID == "" || o.ClientSecret.IsZero():
		return nil, errors.New("the client's id and secret go together with the issuer")
	}
	port := uint16(443)
	if issuer.Scheme == "http" {
		port = 80
	}
	if issuer.Port() != "" {
		n, err := strconv.ParseUint(issuer.Port(), 10, 16)
		if err != nil {
			return nil, fmt.Errorf("%q has no such port", o.Issuer)
		}
		port = uint16(n)
	}
	if o.Name == "" {
		o.Name = issuer.Hostname()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	// The operator may have his issuer inside; what its answers name may not be.
	everywhere := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	own := outbound.NewGuard(outbound.Options{Allow: everywhere, Ports: []uint16{port}, PlainHTTP: issuer.Scheme == "http"}).Client()
	others := outbound.NewGuard(outbound.Options{}).Client().Transport
	own.Transport = byHost{host: issuer.Host, own: own.Transport, others: others}
	return &Provider{options: o, issuer: issuer, client: own}, nil
}

// Name is what people call the provider.
func (p *Provider) Name() string { return p.options.Name }

// Origin is the issuer's, to which signing in leads.
func (p *Provider) Origin() string { return p.issuer.Scheme + "://" + p.issuer.Host }

// byHost sends what goes to the issuer's own host one way and all else another.
type byHost struct {
	host        string
	own, others http.RoundTripper
}

// RoundTrip sends one request.
func (t byHost) RoundTrip(request *http.Request) (*http.Response, error) {
	if strings.EqualFold(request.URL.Host, t.host) {
		return t.own.RoundTrip(request)
	}
	return t.others.RoundTrip(request)
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.Unmap().IsLoopback()
}

// discovered is what the provider says of itself.
type discovered struct {
	provider *oidc.Provider
	endpoint oauth2.Endpoint
	answers  bool // it names itself in its answers (RFC 9207)
}

// discover asks the provider for its addresses, once for all who wait for them,
// and keeps them while the process lives. A failure is not kept.
func (p *Provider) discover(ctx context.Context) (*discovered, error) {
	if known := p.found.Load(); known != nil {
		return known, nil
	}
	waiting := p.searching.DoChan("", func() (any, error) {
		found, err := p.ask(oidc.ClientContext(context.WithoutCancel(ctx), p.client))
		if err == nil {
			p.found.Store(found)
		}
		return found, err
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case result := <-waiting:
		found, _ := result.Val.(*discovered)
		return found, result.Err
	}
}

func (p *Provider) ask(ctx context.Context) (*discovered, error) {
	provider, err := oidc.NewProvider(ctx, p.options.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discovery: %w", brief(err))
	}
	var said struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
		Answers bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := provider.Claims(&said); err != nil {
		return nil, fmt.Errorf("discovery: %w", brief(err))
	}
	found := &discovered{provider: provider, endpoint: provider.Endpoint(), answers: said.Answers}
	page, err := url.Parse(found.endpoint.AuthURL)
	if err != nil || page.User != nil || page.Fragment != "" || !slices.Contains(append([]string{p.Origin()}, p.options.PageOrigins...), page.Scheme+"://"+page.Host) {
		return nil, fmt.Errorf("discovery: the page to sign in at is elsewhere, at %.200q", found.endpoint.AuthURL)
	}
	// Said outright, since finding out by trying would send a code twice.
	found.endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if len(said.Methods) > 0 && !slices.Contains(said.Methods, "client_secret_basic") {
		found.endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return found, nil
}

// brief keeps an error that may repeat a whole answer to what a log can hold.
func brief(err error) error {
	if text := err.Error(); len(text) > 300 {
		return errors.New(strings.ToValidUTF8(text[:300], "") + "…")
	}
	return err
}
