package outbound_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"remit/outbound"
)

// T16: nothing but globally routed unicast is public, however it is written.
func TestPublic(t *testing.T) {
	for _, addr := range []string{
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "169.254.169.254",
		"172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
		"198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::1.1.1.1",
		"64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:10::1", "2001:20::1", "2001:db8::1",
		"2002:7f00:1::", "2002:a9fe:a9fe::1", "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1",
		"ff02::1", "fe80::1%eth0", "2606:4700::1%eth0",
	} {
		if outbound.Public(netip.MustParseAddr(addr)) {
			t.Errorf("%s counts as public", addr)
		}
	}
	for _, addr := range []string{"1.1.1.1", "100.63.255.255", "100.128.0.0", "172.32.0.1", "192.0.1.1", "::ffff:1.1.1.1", "2606:4700::1111", "2a00::1", "2001:200::1"} {
		if !outbound.Public(netip.MustParseAddr(addr)) {
			t.Errorf("%s does not count as public", addr)
		}
	}
	if outbound.Public(netip.Addr{}) {
		t.Error("no address counts as public")
	}
}

// T16: what could never be used is refused when it is entered and when it is
// used, and nothing is connected to.
func TestInwardURLsAreRefused(t *testing.T) {
	inside := listen(t)
	names := fakeDNS(t, map[string]string{"inside.example.": "127.0.0.1", "metadata.example.": "169.254.169.254", "six.example.": "::1"})
	// The listener's port is allowed, so that only the address can be refused.
	guard := outbound.NewGuard(outbound.Options{Ports: []uint16{443, inside.port}, Resolver: names.resolver})
	port := strconv.Itoa(int(inside.port))
	for _, raw := range []string{
		"https://127.0.0.1:" + port + "/", "https://[::ffff:127.0.0.1]:" + port + "/", "https://[::1]:" + port + "/",
		"https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a9fe:a9fe]/", "https://169.254.169.254/latest", "https://0.0.0.0:" + port + "/",
		"https://inside.example:" + port + "/", "https://metadata.example/", "https://six.example:" + port + "/",
		"https://127.1:" + port + "/", "https://2130706433:" + port + "/", "https://0x7f000001:" + port + "/", "https://0177.0.0.1:" + port + "/",
		"https://127.0.0.1.:" + port + "/", "https://[fe80::1%25lo]:" + port + "/",
		"http://127.0.0.1:" + port + "/", "http://1.1.1.1/", "ftp://1.1.1.1/", "file:///etc/passwd", "gopher://1.1.1.1:443/",
		"https://1.1.1.1:22/", "https://user:pass@1.1.1.1/", "https://", "https:///x", "//1.1.1.1/", "1.1.1.1", "", "https:opaque",
	} {
		var refused *outbound.DeniedError
		if err := guard.CheckURL(t.Context(), raw); !errors.As(err, &refused) {
			t.Errorf("%q passed the check: %v", raw, err)
		} else if strings.Contains(err.Error(), "169.254") {
			t.Errorf("%q: the refusal tells what the name resolves to: %v", raw, err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, raw, strings.NewReader("{}"))
		if err != nil {
			continue
		}
		if status, err := guard.Deliver(request); !errors.As(err, &refused) && request.URL.Host != "" {
			t.Errorf("%q was delivered to: status %d, %v", raw, status, err)
		}
	}
	if n := inside.connects.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// T17: a name that was public when it was checked and turns private gains
// nothing: zero connections.
func TestNameTurningPrivate(t *testing.T) {
	inside := listen(t)
	names := fakeDNS(t, map[string]string{"hook.example.": "1.1.1.1"})
	guard := outbound.NewGuard(outbound.Options{Ports: []uint16{inside.port}, Resolver: names.resolver})
	raw := "https://hook.example:" + strconv.Itoa(int(inside.port)) + "/"
	if err := guard.CheckURL(t.Context(), raw); err != nil {
		t.Fatalf("the public name: %v", err)
	}
	names.answers.Store(&map[string]string{"hook.example.": "127.0.0.1"})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, raw, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	var refused *outbound.DeniedError
	if _, err := guard.Deliver(request); !errors.As(err, &refused) {
		t.Errorf("got %v, want a refusal", err)
	}
	if n := inside.connects.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// A name that does not resolve now may be entered: it is checked again at use.
func TestUnknownNameMayBeEntered(t *testing.T) {
	guard := outbound.NewGuard(outbound.Options{Resolver: fakeDNS(t, nil).resolver})
	if err := guard.CheckURL(t.Context(), "https://not-yet.example/hook"); err != nil {
		t.Error(err)
	}
}

// T16: a redirect inward is not followed, and an environment's proxy is not
// asked.
func TestRedirectIsNotFollowed(t *testing.T) {
	inside := listen(t)
	t.Setenv("HTTPS_PROXY", "http://"+inside.address)
	t.Setenv("HTTP_PROXY", "http://"+inside.address)
	server := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+inside.address+"/", http.StatusFound)
	})
	status, err := server.guard.Deliver(server.request(t))
	if err != nil || status != http.StatusFound {
		t.Errorf("status %d, %v; want 302", status, err)
	}
	if n := inside.connects.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// The answer to a delivery is not read; what a client reads is capped and
// never inflated.
func TestAnswersAreBounded(t *testing.T) {
	server := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "" {
			t.Errorf("compression was offered: %q", got)
		}
		size, _ := strconv.Atoi(r.URL.Query().Get("size"))
		_, _ = w.Write([]byte(strings.Repeat("x", size)))
	})
	for size, whole := range map[int]bool{outbound.MaxAnswer: true, outbound.MaxAnswer + 1: false, 5 << 20: false} {
		request := server.request(t)
		request.URL.RawQuery = "size=" + strconv.Itoa(size)
		response, err := server.guard.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if (err == nil) != whole || len(body) > outbound.MaxAnswer {
			t.Errorf("answer of %d bytes: read %d, %v", size, len(body), err)
		}
	}
	if status, err := server.guard.Deliver(server.request(t)); err != nil || status != http.StatusOK {
		t.Errorf("status %d, %v", status, err)
	}
}

// A receiver without a certificate we trust gets nothing.
func TestCertificatesAreVerified(t *testing.T) {
	server := receiver(t, func(http.ResponseWriter, *http.Request) { t.Error("the request arrived") })
	strict := outbound.NewGuard(outbound.Options{Allow: server.allow, Ports: []uint16{server.port}})
	if _, err := strict.Deliver(server.request(t)); err == nil {
		t.Error("delivered to an unknown certificate")
	}
}

// counting is a listener on loopback that counts who connects.
type counting struct {
	address  string
	port     uint16
	connects atomic.Int64
}

func listen(t *testing.T) *counting {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &counting{address: listener.Addr().String(), port: netip.MustParseAddrPort(listener.Addr().String()).Port()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			c.connects.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return c
}

// receiving is an https receiver on loopback and a guard that allows it.
type receiving struct {
	guard *outbound.Guard
	url   string
	port  uint16
	allow []netip.Prefix
}

func receiver(t *testing.T, handle http.HandlerFunc) receiving {
	t.Helper()
	server := httptest.NewTLSServer(handle)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	allow := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	guard := outbound.NewGuard(outbound.Options{Allow: allow, Ports: []uint16{uint16(port)}, RootCAs: roots})
	return receiving{guard: guard, url: server.URL, port: uint16(port), allow: allow}
}

func (r receiving) request(t *testing.T) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/hook", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	return request
}

// names is a DNS server on loopback whose answers can change.
type names struct {
	resolver *net.Resolver
	answers  atomic.Pointer[map[string]string]
}

func fakeDNS(t *testing.T, answers map[string]string) *names {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &names{resolver: &net.Resolver{PreferGo: true}}
	n.resolver.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}
	n.answers.Store(&answers)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 1500)
		for {
			size, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			if reply, ok := n.reply(buffer[:size]); ok {
				_, _ = conn.WriteTo(reply, from)
			}
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return n
}

func (n *names) reply(query []byte) ([]byte, bool) {
	var message dnsmessage.Message
	if message.Unpack(query) != nil || len(message.Questions) != 1 {
		return nil, false
	}
	question := message.Questions[0]
	message.Response, message.Additionals = true, nil
	found, known := (*n.answers.Load())[question.Name.String()]
	if !known {
		message.RCode = dnsmessage.RCodeNameError
	} else if addr := netip.MustParseAddr(found); addr.Is4() && question.Type == dnsmessage.TypeA {
		message.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class},
			Body:   &dnsmessage.AResource{A: addr.As4()},
		}}
	} else if addr.Is6() && question.Type == dnsmessage.TypeAAAA {
		message.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class},
			Body:   &dnsmessage.AAAAResource{AAAA: addr.As16()},
		}}
	}
	packed, err := message.Pack()
	return packed, err == nil
}
