package outbound

import "net/netip"

// global is where IANA assigns global unicast addresses of IPv6.
var global = netip.MustParsePrefix("2000::/3")

// denied are the ranges that are not public although they may look it. Loopback,
// private, link-local and multicast are listed too rather than asked of netip,
// which counts several of these as global. Source: IANA's special-purpose
// address registries (RFC 6890 and its updates).
var denied = prefixes(
	"0.0.0.0/8",       // this network
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // carrier-grade NAT
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local, cloud metadata
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // 6to4 relays
	"192.168.0.0/16",  // private
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, broadcast
	"2001::/23",       // protocol assignments, Teredo
	"2001:db8::/32",   // documentation
	"2002::/16",       // 6to4: any IPv4 address inside
	"3fff::/20",       // documentation
	// Outside 2000::/3, so refused already; named because they carry IPv4
	// addresses or are what people try.
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

// Public reports whether addr is globally routed unicast. IPv4 inside IPv6
// (::ffff:a.b.c.d) is taken for the IPv4 address it is; an address with a zone
// is never public.
func Public(addr netip.Addr) bool {
	if !addr.IsValid() || addr.Zone() != "" {
		return false
	}
	addr = addr.Unmap()
	if addr.Is6() && !global.Contains(addr) {
		return false
	}
	return !within(denied, addr)
}

func within(list []netip.Prefix, addr netip.Addr) bool {
	for _, prefix := range list {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

func prefixes(list ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(list))
	for i, each := range list {
		parsed[i] = netip.MustParsePrefix(each)
	}
	return parsed
}
