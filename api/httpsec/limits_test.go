package httpsec_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"remit/api/httpsec"
)

// T29: a forwarded address counts only from a named proxy, and only the part
// that proxies wrote themselves.
func TestForwardedAddressNeedsATrustedProxy(t *testing.T) {
	for _, c := range []struct {
		name    string
		proxies []string
		peer    string
		header  http.Header
		want    string
	}{
		{"nobody trusted", nil, "203.0.113.9:1", http.Header{"X-Forwarded-For": {"198.51.100.1"}, "X-Forwarded-Proto": {"https"}, "X-Real-Ip": {"x"}}, "203.0.113.9"},
		{"a stranger claims", []string{"10.0.0.0/8"}, "203.0.113.9:1", http.Header{"X-Forwarded-For": {"10.0.0.1"}, "X-Forwarded-Proto": {"https"}}, "203.0.113.9"},
		{"the proxy says", []string{"10.0.0.0/8"}, "10.0.0.1:1", http.Header{"X-Forwarded-For": {"198.51.100.1"}, "X-Forwarded-Proto": {"https"}}, "198.51.100.1 tls"},
		{"the client forged a first hop", []string{"10.0.0.0/8"}, "10.0.0.1:1", http.Header{"X-Forwarded-For": {"127.0.0.1, 192.0.2.7, 198.51.100.1"}}, "198.51.100.1"},
		{"in two headers", []string{"10.0.0.0/8"}, "10.0.0.1:1", http.Header{"X-Forwarded-For": {"192.0.2.7", "198.51.100.1"}}, "198.51.100.1"},
		{"two proxies", []string{"10.0.0.1", "10.0.0.2"}, "10.0.0.1:1", http.Header{"X-Forwarded-For": {"192.0.2.7, 198.51.100.1:4711, 10.0.0.2"}}, "198.51.100.1"},
		{"nonsense", []string{"10.0.0.1"}, "10.0.0.1:1", http.Header{"X-Forwarded-For": {"198.51.100.1, unknown"}}, "10.0.0.1"},
		{"silent proxy", []string{"10.0.0.1"}, "10.0.0.1:1", nil, "10.0.0.1"},
		{"two protocols", []string{"10.0.0.1"}, "10.0.0.1:1", http.Header{"X-Forwarded-Proto": {"https", "http"}}, "10.0.0.1"},
		{"mapped peer", []string{"10.0.0.1"}, "[::ffff:10.0.0.1]:1", http.Header{"X-Forwarded-For": {"[2001:db8::1]:5"}}, "2001:db8::1"},
		{"other header", []string{"10.0.0.1"}, "10.0.0.1:1", http.Header{"Forwarded": {"for=192.0.2.1"}}, "10.0.0.1"},
	} {
		proxies, err := httpsec.ParseProxies(c.proxies)
		if err != nil {
			t.Fatal(err)
		}
		h := wrapped(t, httpsec.Config{Proxies: proxies})
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/address", nil)
		r.RemoteAddr = c.peer
		maps.Copy(r.Header, c.header)
		got, err := io.ReadAll(answer(t, h, r).Body)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %q, %v; want %q", c.name, got, err, c.want)
		}
	}
	for _, bad := range []string{"", "proxy.example", "10.0.0.0/33", "*"} {
		if _, err := httpsec.ParseProxies([]string{bad}); err == nil {
			t.Errorf("%q was taken as a proxy", bad)
		}
	}
}

// HSTS is sent over TLS, and only then.
func TestHSTSOverTLSOnly(t *testing.T) {
	h := wrapped(t, httpsec.Config{})
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/ok", nil)
	r.TLS = &tls.ConnectionState{}
	if got := answer(t, h, r).Header.Get("Strict-Transport-Security"); got != "max-age=63072000; includeSubDomains" {
		t.Errorf("over TLS: %q", got)
	}
	r.TLS = nil
	r.Header.Set("X-Forwarded-Proto", "https")
	if got := answer(t, h, r).Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("without TLS: %q", got)
	}
}

// T29: 1,000 tries under forged addresses are one client's tries, and another
// client is still let in.
func TestForgedAddressesShareALimit(t *testing.T) {
	limiter := httpsec.NewLimiter(5, time.Hour)
	h, err := httpsec.Config{}.Wrap(httpsec.Limit(limiter, httpsec.AddressKey, httpsec.WriteProblem,
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) })))
	if err != nil {
		t.Fatal(err)
	}
	try := func(peer, claimed string) *http.Response {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", claimed)
		return answer(t, h, r)
	}
	passed := 0
	for i := range 1000 {
		got := try("203.0.113.9:1", fmt.Sprintf("10.0.%d.%d", i/250, i%250))
		if got.StatusCode == 200 {
			passed++
			continue
		}
		if after := got.Header.Get("Retry-After"); got.StatusCode != 429 || after == "" || after == "0" {
			t.Fatalf("status %d, Retry-After %q", got.StatusCode, after)
		}
	}
	if passed != 5 {
		t.Errorf("%d of 1,000 passed, want 5", passed)
	}
	if got := try("203.0.113.10:1", ""); got.StatusCode != 200 {
		t.Errorf("another address: status %d", got.StatusCode)
	}
	for i := range 6 {
		got := try(fmt.Sprintf("[2001:db8:1:1::%x]:1", i+1), "")
		if want := map[bool]int{true: 200, false: 429}[i < 5]; got.StatusCode != want {
			t.Errorf("address %d of one /64: status %d, want %d", i, got.StatusCode, want)
		}
	}
}

// A limiter refills evenly, a refused try does not count, and looking does not
// count either.
func TestLimiterRefills(t *testing.T) {
	limiter := httpsec.NewLimiter(10, time.Hour)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 10 {
		if _, exhausted := limiter.Exhausted("k", now); exhausted {
			t.Fatal("exhausted too early")
		}
		if _, ok := limiter.Allow("k", now); !ok {
			t.Fatal("refused too early")
		}
	}
	for range 100 {
		wait, ok := limiter.Allow("k", now)
		looked, exhausted := limiter.Exhausted("k", now)
		if ok || !exhausted || wait != 6*time.Minute || looked != wait {
			t.Fatalf("allowed %v, wait %v; looked %v", ok, wait, looked)
		}
	}
	if _, ok := limiter.Allow("k", now.Add(6*time.Minute)); !ok {
		t.Error("not refilled after a tenth of the period")
	}
	if _, ok := limiter.Allow("other", now); !ok {
		t.Error("one key limits another")
	}
}

// At most the given number is inside for each key, whoever leaves twice.
func TestGateBoundsWhatRunsAtOnce(t *testing.T) {
	gate := httpsec.NewGate(4)
	var wg sync.WaitGroup
	entered := make(chan func(), 50)
	for range 50 {
		wg.Go(func() {
			if leave, ok := gate.Enter("tenant"); ok {
				entered <- leave
			}
		})
	}
	wg.Wait()
	close(entered)
	if len(entered) != 4 {
		t.Fatalf("%d entered, want 4", len(entered))
	}
	if _, ok := gate.Enter("other"); !ok {
		t.Error("one tenant keeps another out")
	}
	leave := <-entered
	leave()
	leave()
	if _, ok := gate.Enter("tenant"); !ok {
		t.Error("no room after one left")
	}
	if _, ok := gate.Enter("tenant"); ok {
		t.Error("leaving twice made room for two")
	}
}
