package httpsec

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks whose word about a request's origin is taken. The
// zero value trusts nobody.
type Proxies struct{ prefixes []netip.Prefix }

// ParseProxies reads addresses and prefixes such as 10.0.0.5 and 10.1.0.0/16.
func ParseProxies(list []string) (Proxies, error) {
	var p Proxies
	for _, each := range list {
		each = strings.TrimSpace(each)
		if addr, err := netip.ParseAddr(each); err == nil {
			addr = addr.Unmap()
			p.prefixes = append(p.prefixes, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(each)
		if err != nil {
			return Proxies{}, fmt.Errorf("trusted proxies: %q is neither an address nor a prefix such as 10.0.0.0/8", each)
		}
		p.prefixes = append(p.prefixes, prefix.Masked())
	}
	return p, nil
}

// forwarding are the headers by which proxies speak; from anybody else they
// are removed, so that nothing behind can believe them.
var forwarding = []string{
	"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto",
	"X-Forwarded-Prefix", "X-Real-Ip", "True-Client-Ip", "Cf-Connecting-Ip",
}

// wrap finds out the client's address and whether TLS protects its request.
func (p Proxies) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := p.origin(r)
		r = r.WithContext(context.WithValue(r.Context(), originKey{}, origin))
		if !origin.proxied {
			for _, name := range forwarding {
				r.Header.Del(name)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// ClientAddress is the address the request comes from: the peer's, or behind
// trusted proxies the last one that is not theirs. Invalid outside
// [Config.Wrap] and for peers that are not on a network.
func ClientAddress(ctx context.Context) netip.Addr {
	origin, _ := ctx.Value(originKey{}).(origin)
	return origin.address
}

// Secure reports whether the request reached us, or a trusted proxy, over TLS.
func Secure(ctx context.Context) bool {
	origin, _ := ctx.Value(originKey{}).(origin)
	return origin.secure
}

type originKey struct{}

type origin struct {
	address netip.Addr
	secure  bool
	proxied bool // the peer is a trusted proxy
}

func (p Proxies) origin(r *http.Request) origin {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return origin{secure: r.TLS != nil}
	}
	o := origin{address: canonical(peer.Addr()), secure: r.TLS != nil}
	if o.proxied = p.trusts(o.address); !o.proxied {
		return o
	}
	o.address = p.client(o.address, r.Header.Values("X-Forwarded-For"))
	if said := r.Header.Values("X-Forwarded-Proto"); len(said) > 0 {
		o.secure = len(said) == 1 && strings.EqualFold(said[0], "https")
	}
	return o
}

// client walks the hops from the nearest to the farthest and stops at the first
// that is not a trusted proxy: what stands before it is the client's own claim.
func (p Proxies) client(nearest netip.Addr, headers []string) netip.Addr {
	hops := strings.Split(strings.Join(headers, ","), ",")
	for i := len(hops) - 1; i >= 0 && p.trusts(nearest); i-- {
		hop, ok := parseHop(strings.TrimSpace(hops[i]))
		if !ok {
			return nearest
		}
		nearest = hop
	}
	return nearest
}

func (p Proxies) trusts(addr netip.Addr) bool {
	for _, prefix := range p.prefixes {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// parseHop reads an address with or without a port.
func parseHop(s string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return canonical(addr), true
	}
	if withPort, err := netip.ParseAddrPort(s); err == nil {
		return canonical(withPort.Addr()), true
	}
	return netip.Addr{}, false
}

// canonical writes one address one way: IPv4 as such, no zone.
func canonical(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }
