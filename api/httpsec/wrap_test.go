package httpsec_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"remit/api/httpsec"
)

const standardCSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self' https://checkout.stripe.com https://connect.stripe.com; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"

// Every answer has the security headers: pages, files, errors of every layer,
// refusals and panics.
func TestHeadersOnEveryAnswer(t *testing.T) {
	h := wrapped(t, httpsec.Config{Headers: httpsec.Headers{FormActions: httpsec.StripeFormActions()}})
	for _, c := range []struct {
		method, path string
		header       http.Header
		body         string
		status       int
	}{
		{"GET", "/ok", nil, "", 200},
		{"HEAD", "/ok", nil, "", 200},
		{"GET", "/removed", nil, "", 200},
		{"GET", "/missing", nil, "", 404},
		{"DELETE", "/ok", nil, "", 405},
		{"GET", "/redirect", nil, "", 302},
		{"GET", "/nothing", nil, "", 204},
		{"GET", "/files/absent.css", nil, "", 404},
		{"GET", "/panic", nil, "", 500},
		{"TRACE", "/ok", nil, "", 405},
		{"BREW", "/ok", nil, "", 405},
		{"POST", "/echo", http.Header{"Sec-Fetch-Site": {"cross-site"}}, "x", 403},
		{"POST", "/echo", http.Header{"Content-Encoding": {"gzip"}}, "x", 415},
		{"POST", "/echo", nil, strings.Repeat("x", 1<<20+1), 413},
		{"POST", "/echo", nil, strings.Repeat("x", 1<<20), 200},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body))
		maps.Copy(r.Header, c.header)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s %s: status %d, want %d", c.method, c.path, w.Code, c.status)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy":      standardCSP,
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "same-origin",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Permissions-Policy":           "camera=(), microphone=()",
			"Cache-Control":                "no-store",
			"Strict-Transport-Security":    "",
			"Access-Control-Allow-Origin":  "",
		} {
			if got := w.Result().Header.Values(name); strings.Join(got, "|") != want {
				t.Errorf("%s %s: %s is %q, want %q", c.method, c.path, name, got, want)
			}
		}
		if len(w.Header().Get("X-Request-ID")) != 36 {
			t.Errorf("%s %s: no request id", c.method, c.path)
		}
	}
}

// The pay page and the store send no Referer anywhere, only they; only the
// store may be framed, and only where configured.
func TestHeadersByPath(t *testing.T) {
	h := wrapped(t, httpsec.Config{Headers: httpsec.Headers{StoreFrames: []string{"https://shop.example"}}})
	for path, want := range map[string][2]string{
		"/pay/token":        {"no-referrer", "'none'"},
		"/pay/return":       {"no-referrer", "'none'"},
		"/store/slug":       {"no-referrer", "https://shop.example"},
		"/payments":         {"same-origin", "'none'"},
		"/v1/pay":           {"same-origin", "'none'"},
		"/storefront":       {"same-origin", "'none'"},
		"/":                 {"same-origin", "'none'"},
		"/store/a/checkout": {"no-referrer", "https://shop.example"},
	} {
		header := answer(t, h, httptest.NewRequestWithContext(t.Context(), "GET", path, nil)).Header
		if got := header.Get("Referrer-Policy"); got != want[0] {
			t.Errorf("%s: Referrer-Policy %q, want %q", path, got, want[0])
		}
		if csp := header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors "+want[1]+";") {
			t.Errorf("%s: CSP %q, want frame-ancestors %s", path, csp, want[1])
		}
	}
}

// An asset whose name holds its hash may be cached; an upload is saved, not
// shown, whatever its name says.
func TestHandlersMayReplaceHeaders(t *testing.T) {
	h := wrapped(t, httpsec.Config{})
	asset := answer(t, h, httptest.NewRequestWithContext(t.Context(), "GET", "/asset", nil)).Header
	if got := asset.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Errorf("asset: Cache-Control %q", got)
	}
	upload := answer(t, h, httptest.NewRequestWithContext(t.Context(), "GET", "/upload", nil)).Header
	if got := upload.Get("Content-Disposition"); got != `attachment; filename="a______b_.pdf"` {
		t.Errorf("upload: Content-Disposition %q", got)
	}
	if got := upload.Get("Content-Security-Policy"); !strings.HasPrefix(got, "sandbox;") {
		t.Errorf("upload: CSP %q", got)
	}
}

// An origin that could end the directive, or is not safe, stops the start.
func TestConfiguredOriginsAreChecked(t *testing.T) {
	for _, bad := range []string{
		"", "*", "checkout.stripe.com", "https://", "https://a.example/path", "https://a.example;script-src *",
		"https://a.example https://b.example", "http://a.example", "javascript:alert(1)", "https://u@a.example", "https://*.example",
	} {
		for _, c := range []httpsec.Config{
			{Headers: httpsec.Headers{FormActions: []string{bad}}}, {Headers: httpsec.Headers{StoreFrames: []string{bad}}},
		} {
			if _, err := c.Wrap(http.NotFoundHandler()); err == nil {
				t.Errorf("%q was taken as an origin", bad)
			}
		}
	}
	for _, good := range []string{"https://pay.example:8443", "http://127.0.0.1:12111", "http://localhost:1", "http://[::1]:80"} {
		if _, err := (httpsec.Config{PublicURL: good, Headers: httpsec.Headers{FormActions: []string{good}}}).Wrap(http.NotFoundHandler()); err != nil {
			t.Error(err)
		}
	}
}

// T32: what another site's page makes a browser send is refused with a problem
// document; our own pages, webhooks and scripts are not; GET never is.
func TestCrossOriginIsRefused(t *testing.T) {
	h := wrapped(t, httpsec.Config{PublicURL: "https://remit.example/"})
	for _, c := range []struct {
		name   string
		header http.Header
		status int
	}{
		{"cross-site", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}}, 403},
		{"same-site", http.Header{"Sec-Fetch-Site": {"same-site"}, "Origin": {"https://other.remit.example"}}, 403},
		{"null origin", http.Header{"Origin": {"null"}}, 403},
		{"null origin, cross-site", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"null"}}, 403},
		{"other origin", http.Header{"Origin": {"https://evil.example"}}, 403},
		{"our host on another port", http.Header{"Origin": {"https://example.com:8443"}}, 403},
		{"same origin", http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {"null"}}, 200},
		{"host", http.Header{"Origin": {"https://example.com"}}, 200},
		{"public URL behind a proxy", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://remit.example"}}, 200},
		{"webhook or script", nil, 200},
	} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
			r := httptest.NewRequestWithContext(t.Context(), method, "https://example.com/echo", nil)
			maps.Copy(r.Header, c.header)
			got := answer(t, h, r)
			if got.StatusCode != c.status {
				t.Errorf("%s, %s: status %d, want %d", c.name, method, got.StatusCode, c.status)
			}
			if c.status == 403 {
				checkProblem(t, got, "cross_origin")
			}
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", "https://example.com/ok", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := answer(t, h, r); got.StatusCode != 200 {
		t.Errorf("a link from another site: status %d", got.StatusCode)
	}
}

// T23: a body that turns out too long while it is read is cut off, and a route
// may take longer ones.
func TestBodiesAreCapped(t *testing.T) {
	h := wrapped(t, httpsec.Config{BodyLimit: func(r *http.Request) int64 {
		if r.URL.Path == "/echo" && r.URL.RawQuery == "file" {
			return httpsec.MaxFile
		}
		return 0
	}})
	for target, want := range map[string]int{"/echo": 413, "/echo?file": 200} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", target, strings.NewReader(strings.Repeat("x", 2<<20)))
		r.ContentLength = -1
		if got := answer(t, h, r); got.StatusCode != want {
			t.Errorf("%s: status %d, want %d", target, got.StatusCode, want)
		}
	}
}

// A panic after the answer began cuts the connection: half an answer must not
// look like a whole one; nothing internal is shown.
func TestPanics(t *testing.T) {
	h := wrapped(t, httpsec.Config{})
	got := answer(t, h, httptest.NewRequestWithContext(t.Context(), "GET", "/panic", nil))
	if body := checkProblem(t, got, "internal"); strings.Contains(body, "MARKER") {
		t.Errorf("the answer shows the panic: %s", body)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	response, err := server.Client().Get(server.URL + "/late-panic")
	if err != nil {
		return // cut before the headers arrived
	}
	defer response.Body.Close()
	if _, err := io.ReadAll(response.Body); err == nil {
		t.Error("half an answer ended like a whole one")
	}
}

// Server-sent events pass through the guards as they are flushed, under gin,
// and may outlive the write timeout.
func TestEventsAreFlushed(t *testing.T) {
	server := httptest.NewServer(wrapped(t, httpsec.Config{}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	// The handler does not end before the client goes: only a flush brings this.
	if first, err := bufio.NewReader(response.Body).ReadString('\n'); err != nil || first != "data: 1\n" {
		t.Errorf("got %q, %v", first, err)
	}
}

// The server refuses headers beyond 32 KiB before any handler runs.
func TestServerLimitsHeaders(t *testing.T) {
	server := httpsec.NewServer(wrapped(t, httpsec.Config{}), slog.New(slog.DiscardHandler))
	if server.ReadHeaderTimeout == 0 || server.ReadTimeout == 0 || server.WriteTimeout == 0 || server.IdleTimeout == 0 {
		t.Error("a timeout is missing")
	}
	listener, err := httpsec.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	for size, want := range map[int]string{20 << 10: "200", 40 << 10: "431"} {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET /ok HTTP/1.1\r\nHost: x\r\nX-Fill: "+strings.Repeat("x", size)+"\r\n\r\n")
		if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, want) {
			t.Errorf("%d bytes of header: %q, %v; want %s", size, line, err, want)
		}
	}
}

// wrapped is a gin engine of odd handlers behind the guards.
func wrapped(t *testing.T, c httpsec.Config) http.Handler {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.GET("/ok", func(c *gin.Context) { c.String(200, "ok") })
	engine.HEAD("/ok", func(c *gin.Context) { c.Status(200) })
	engine.GET("/redirect", func(c *gin.Context) { c.Redirect(302, "/ok") })
	engine.GET("/nothing", func(c *gin.Context) { c.Status(204) })
	engine.GET("/panic", func(*gin.Context) { panic("MARKER") })
	engine.GET("/late-panic", func(c *gin.Context) {
		c.String(200, "half")
		c.Writer.Flush()
		panic("late")
	})
	engine.GET("/removed", func(c *gin.Context) {
		for name := range c.Writer.Header() {
			if name != "X-Request-Id" {
				c.Writer.Header().Del(name)
			}
		}
		c.String(200, "ok")
	})
	engine.GET("/asset", func(c *gin.Context) { c.Header("Cache-Control", "public, max-age=31536000, immutable") })
	engine.GET("/upload", func(c *gin.Context) {
		httpsec.Attachment(c.Writer.Header(), "application/pdf", "a\r\n\"; /b\u00e9.pdf")
		_, _ = c.Writer.WriteString("%PDF")
	})
	engine.GET("/files/*path", gin.WrapH(http.StripPrefix("/files", http.FileServer(http.Dir(t.TempDir())))))
	engine.GET("/events", func(c *gin.Context) {
		if err := httpsec.Extend(c.Writer, 0); err != nil {
			t.Error(err)
		}
		c.Header("Content-Type", "text/event-stream")
		_, _ = c.Writer.WriteString("data: 1\n\n")
		c.Writer.Flush()
		<-c.Request.Context().Done()
	})
	engine.Any("/echo", func(c *gin.Context) {
		if _, err := io.Copy(io.Discard, c.Request.Body); err != nil {
			httpsec.WriteProblem(c.Writer, c.Request, 413, "body_too_large", "Too long.")
			return
		}
		c.Status(200)
	})
	engine.GET("/address", func(c *gin.Context) {
		ctx := c.Request.Context()
		secure := map[bool]string{true: " tls", false: ""}[httpsec.Secure(ctx)]
		c.String(200, httpsec.ClientAddress(ctx).String()+secure+c.Request.Header.Get("X-Real-IP"))
	})
	c.Logger = slog.New(slog.DiscardHandler)
	h, err := c.Wrap(engine)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func answer(t *testing.T, h http.Handler, r *http.Request) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func checkProblem(t *testing.T, r *http.Response, code string) string {
	t.Helper()
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	var problem struct {
		Status int
		Code   string
	}
	if err := json.Unmarshal(raw, &problem); err != nil || problem.Code != code || problem.Status != r.StatusCode ||
		r.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("status %d, type %s, body %s: want a problem with code %s", r.StatusCode, r.Header.Get("Content-Type"), raw, code)
	}
	return string(raw)
}
