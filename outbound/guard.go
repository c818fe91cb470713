package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Options loosen the guard, for installations whose receivers are inside, and
// for tests. The zero value is the strict one.
type Options struct {
	// Allow are networks that may be reached although they are not public.
	Allow []netip.Prefix
	// Ports that may be reached. Empty: 443.
	Ports []uint16
	// PlainHTTP takes http besides https.
	PlainHTTP bool
	// Loopback takes this machine itself besides, at any port and over http: for
	// the demo, whose receivers are here too. Never where real money is.
	Loopback bool
	// RootCAs verify certificates. Nil: the system's.
	RootCAs *x509.CertPool
	// Resolver resolves names. Nil: the system's.
	Resolver *net.Resolver
}

// Guard decides where may be connected to. Safe for concurrent use.
type Guard struct {
	options   Options
	transport http.RoundTripper
}

// Limits of one request.
const (
	connectTimeout = 5 * time.Second
	headerTimeout  = 10 * time.Second
	// Timeout bounds a whole request, its answer included.
	Timeout = 15 * time.Second
	// MaxAnswer is how much of an answer's body a [Guard.Client] hands out, in bytes.
	MaxAnswer      = 1 << 20
	maxAnswerHead  = 64 << 10
	resolveTimeout = 3 * time.Second
)

// NewGuard makes a guard with connections of its own; keep one.
func NewGuard(o Options) *Guard {
	if len(o.Ports) == 0 {
		o.Ports = []uint16{443}
	}
	g := &Guard{options: o}
	dialer := &net.Dialer{Timeout: connectTimeout, Resolver: o.Resolver, Control: g.control}
	g.transport = &http.Transport{
		Proxy:                  nil, // a proxy would resolve the name itself, behind our back
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		TLSHandshakeTimeout:    connectTimeout,
		ResponseHeaderTimeout:  headerTimeout,
		MaxResponseHeaderBytes: maxAnswerHead,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		MaxConnsPerHost:        8,
		MaxIdleConns:           100,
		IdleConnTimeout:        30 * time.Second,
	}
	return g
}

// DeniedError says why an address is not connected to. It never tells what a
// name resolved to, which would let people read the inside's names.
type DeniedError struct{ Reason string }

// Error returns the reason; it is fit to be shown.
func (e *DeniedError) Error() string { return e.Reason }

func denial(format string, args ...any) error {
	return &DeniedError{Reason: fmt.Sprintf(format, args...)}
}

// errNotPublic is the same for every address and name that is refused.
func errNotPublic() error { return denial("the address must be on the public internet") }

// CheckURL tells at once, when somebody enters a URL, that it could never be
// used. Returns a [*DeniedError] then. A name that does not resolve right now
// passes: connecting decides again every time.
func (g *Guard) CheckURL(ctx context.Context, raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return denial("this is not a URL")
	}
	if err := g.checkForm(u); err != nil {
		return err
	}
	host := u.Hostname()
	if addr, err := netip.ParseAddr(host); err == nil {
		return g.checkAddress(addr)
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	found, err := g.resolver().LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil
	}
	for _, addr := range found {
		if err := g.checkAddress(addr); err != nil {
			return err
		}
	}
	return nil
}

func (g *Guard) resolver() *net.Resolver {
	if g.options.Resolver != nil {
		return g.options.Resolver
	}
	return net.DefaultResolver
}

// checkForm checks what can be told without resolving.
func (g *Guard) checkForm(u *url.URL) error {
	port := u.Port()
	switch {
	case u.Scheme == "https":
		port = orDefault(port, "443")
	case u.Scheme == "http" && (g.options.PlainHTTP || g.local(u.Hostname())):
		port = orDefault(port, "80")
	default:
		return denial("the URL must start with https://")
	}
	if u.Hostname() == "" || u.Opaque != "" {
		return denial("the URL has no host")
	}
	if u.User != nil {
		return denial("the URL must not hold a user name or password")
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || !slices.Contains(g.options.Ports, uint16(n)) && !g.local(u.Hostname()) {
		return denial("port %s is not allowed", port)
	}
	return g.checkHost(u.Hostname())
}

// local reports whether a host is this machine by the name or address it is
// written with, and may be reached.
func (g *Guard) local(host string) bool {
	if !g.options.Loopback {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

func orDefault(port, otherwise string) string {
	if port == "" {
		return otherwise
	}
	return port
}

// checkHost refuses spellings of IPv4 addresses that some resolvers take
// (127.1, 0x7f000001) and netip does not.
func (g *Guard) checkHost(host string) error {
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	last := strings.ToLower(labels[len(labels)-1])
	if last == "" || last[0] >= '0' && last[0] <= '9' || strings.ContainsAny(host, "%:") {
		return errNotPublic()
	}
	return nil
}

func (g *Guard) checkAddress(addr netip.Addr) error {
	if Public(addr) || within(g.options.Allow, addr.Unmap()) || g.options.Loopback && addr.Unmap().IsLoopback() {
		return nil
	}
	return errNotPublic()
}

// control is called with the resolved address before a connection to it is
// made; an error here means that not one packet is sent.
func (g *Guard) control(network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" {
		return errNotPublic()
	}
	if !slices.Contains(g.options.Ports, to.Port()) && !(g.options.Loopback && to.Addr().Unmap().IsLoopback()) {
		return denial("port %d is not allowed", to.Port())
	}
	return g.checkAddress(to.Addr())
}
