package credentials

import (
	"net/netip"
	"time"
)

// The throttle of failed sign-ins.
const (
	freeFailures = 5                // failures before any delay
	longestDelay = 15 * time.Minute // from the tenth failure on
)

// NextAllowed is when the next sign-in may be tried after a number of failures
// in a row, the last one at lastFailure: at once up to four, then 2^failures
// seconds after it (32 s, 64 s ...), at most 15 minutes. Ask it for the account
// and for the client's [Network], and take the later answer; a browser known
// from an earlier sign-in (see [KnownBrowser]) need not wait. Nobody is ever
// locked out, which would let anybody lock out anybody.
func NextAllowed(failures int, lastFailure time.Time) time.Time {
	if failures < freeFailures {
		return lastFailure
	}
	delay := longestDelay
	if failures < 10 {
		delay = time.Second << failures
	}
	return lastFailure.Add(delay)
}

// Network is what one subscriber usually has: the /24 of an IPv4 address, the
// /64 of an IPv6 one. Returns the zero Prefix for an invalid address.
func Network(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 64
	if addr.Is4() {
		bits = 24
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
