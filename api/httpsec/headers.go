package httpsec

import (
	"fmt"
	"net/http"
	"strings"
)

// Headers says what the response headers depend on.
type Headers struct {
	// FormActions are the origins a form's answer may redirect to besides our
	// own, because Chromium applies form-action to redirects: Stripe's hosted
	// pages, see [StripeFormActions], or the stand-in's.
	FormActions []string
	// StoreFrames are the origins that may show /store in a frame. Nothing
	// else may be framed by anybody.
	StoreFrames []string
}

// StripeFormActions are the origins of Stripe's hosted checkout and onboarding.
func StripeFormActions() []string {
	return []string{"https://checkout.stripe.com", "https://connect.stripe.com"}
}

// hsts is two years, the least that browsers' preload lists take.
const hsts = "max-age=63072000; includeSubDomains"

// wrap sets the headers and makes sure they are still there when the answer
// starts. A handler may replace one for its own answer (Cache-Control of an
// asset whose name holds its hash; see [Attachment]), not remove it.
func (h Headers) wrap(next http.Handler) (http.Handler, error) {
	standard, err := csp(h.FormActions, nil)
	if err != nil {
		return nil, fmt.Errorf("form-action: %w", err)
	}
	store, err := csp(h.FormActions, h.StoreFrames)
	if err != nil {
		return nil, fmt.Errorf("frame-ancestors: %w", err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		required := http.Header{
			"Content-Security-Policy":      {standard},
			"X-Content-Type-Options":       {"nosniff"},
			"Referrer-Policy":              {"same-origin"},
			"Cross-Origin-Opener-Policy":   {"same-origin"},
			"Cross-Origin-Resource-Policy": {"same-origin"},
			"Permissions-Policy":           {"camera=(), microphone=()"},
			"Cache-Control":                {"no-store"},
		}
		if under(r.URL.Path, "/store") {
			required.Set("Content-Security-Policy", store)
		}
		// The link itself is the payer's key: no site hears of it.
		if under(r.URL.Path, "/pay") || under(r.URL.Path, "/store") {
			required.Set("Referrer-Policy", "no-referrer")
		}
		if Secure(r.Context()) {
			required.Set("Strict-Transport-Security", hsts)
		}
		guarded := &guardedWriter{ResponseWriter: w, required: required}
		guarded.fill()
		next.ServeHTTP(guarded, r)
	}), nil
}

func csp(formActions, frames []string) (string, error) {
	for _, origin := range append(append([]string(nil), formActions...), frames...) {
		if _, err := parseOrigin(origin); err != nil {
			return "", err
		}
	}
	ancestors := "'none'"
	if len(frames) > 0 {
		ancestors = strings.Join(frames, " ")
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"form-action " + strings.Join(append([]string{"'self'"}, formActions...), " ") +
		"; frame-ancestors " + ancestors + "; base-uri 'none'; object-src 'none'", nil
}

// under reports whether path is root or below it, by whole segments.
func under(path, root string) bool {
	return path == root || strings.HasPrefix(path, root+"/")
}

// Attachment makes the answer a file to save, never to show: for documents and
// whatever people uploaded. The name is reduced to letters, digits, dot,
// hyphen and underscore.
func Attachment(header http.Header, contentType, name string) {
	safe := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '-', c == '_':
			return c
		default:
			return '_'
		}
	}, name)
	header.Set("Content-Type", contentType)
	header.Set("Content-Disposition", `attachment; filename="`+safe+`"`)
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
}

// guardedWriter adds required headers that are missing when the answer starts;
// net/http's file server, for one, removes Cache-Control from its errors.
type guardedWriter struct {
	http.ResponseWriter
	required http.Header
	sent     bool
}

// Unwrap lets http.ResponseController reach deadlines.
func (w *guardedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader starts the answer.
func (w *guardedWriter) WriteHeader(status int) {
	if status >= 200 {
		w.sent = true
	}
	w.fill()
	w.ResponseWriter.WriteHeader(status)
}

// Write starts the answer if need be and sends part of its body.
func (w *guardedWriter) Write(data []byte) (int, error) {
	w.start()
	return w.ResponseWriter.Write(data)
}

// Flush sends what is buffered, for server-sent events.
func (w *guardedWriter) Flush() {
	w.start()
	if flusher, ok := w.ResponseWriter.(http.Flusher); ok {
		flusher.Flush()
	}
}

func (w *guardedWriter) start() {
	if !w.sent {
		w.WriteHeader(http.StatusOK)
	}
}

func (w *guardedWriter) fill() {
	header := w.Header()
	for name, values := range w.required {
		if header.Get(name) == "" {
			header[name] = values
		}
	}
}
