package httpsec

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// Config says how requests are guarded. The zero value is safe: no proxies, no
// foreign form targets, 1 MiB bodies.
type Config struct {
	Headers Headers
	// Proxies may say X-Forwarded-For and X-Forwarded-Proto.
	Proxies Proxies
	// PublicURL is the origin people use, for instance https://pay.example.com;
	// requests from its pages are not cross-origin even behind a proxy that
	// rewrites Host. Empty: the Host header alone decides.
	PublicURL string
	// BodyLimit gives the most bytes a request's body may have. Nil, or 0
	// returned: [MaxBody].
	BodyLimit func(*http.Request) int64
	// Deny writes refusals. Nil: [WriteProblem].
	Deny Deny
	// Logger hears of panics. Nil: slog's default.
	Logger *slog.Logger
}

// Wrap puts every guard in front of a handler. It fails when an origin in the
// configuration is not one.
func (c Config) Wrap(next http.Handler) (http.Handler, error) {
	if c.Deny == nil {
		c.Deny = WriteProblem
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	h := limitBodies(c.BodyLimit, c.Deny, next)
	h, err := refuseCrossOrigin(c.PublicURL, c.Deny, h)
	if err != nil {
		return nil, err
	}
	h = limitMethods(c.Deny, h)
	h = recoverPanics(c.Logger, c.Deny, h)
	if h, err = c.Headers.wrap(h); err != nil {
		return nil, err
	}
	h = c.Proxies.wrap(h)
	return withRequestID(h), nil
}

// limitMethods refuses TRACE, CONNECT and inventions before a router sees them.
func limitMethods(deny Deny, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete,
			http.MethodPatch, http.MethodOptions:
			next.ServeHTTP(w, r)
		default:
			w.Header().Set("Allow", "GET, HEAD, POST, PUT, DELETE")
			deny(w, r, http.StatusMethodNotAllowed, "method_not_allowed", "This method is not allowed.")
		}
	})
}

// recoverPanics answers 500 where nothing was sent yet, and cuts the
// connection where something was, so that half an answer is not taken for one.
func recoverPanics(logger *slog.Logger, deny Deny, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(http.ErrAbortHandler)
			}
			logger.ErrorContext(r.Context(), "handler panicked",
				"request_id", RequestID(r.Context()), "panic", cause, "stack", string(debug.Stack()))
			if guarded, ok := w.(*guardedWriter); ok && guarded.sent {
				panic(http.ErrAbortHandler)
			}
			deny(w, r, http.StatusInternalServerError, "internal", "We failed.")
		}()
		next.ServeHTTP(w, r)
	})
}
