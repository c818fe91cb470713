package httpsec

import "net/http"

// The caps on bodies, in bytes.
const (
	MaxBody = 1 << 20  // JSON and forms
	MaxFile = 32 << 20 // imports
)

// limitBodies answers 413 to a body said to be too long, cuts one that turns
// out to be, and answers 415 to a compressed one: nothing here inflates.
func limitBodies(limit func(*http.Request) int64, deny Deny, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		most := int64(0)
		if limit != nil {
			most = limit(r)
		}
		if most == 0 {
			most = MaxBody
		}
		if len(r.Header.Values("Content-Encoding")) > 0 {
			deny(w, r, http.StatusUnsupportedMediaType, "content_encoding", "Send the body without Content-Encoding.")
			return
		}
		if r.ContentLength > most {
			w.Header().Set("Connection", "close")
			deny(w, r, http.StatusRequestEntityTooLarge, "body_too_large", "The body is longer than this route takes.")
			return
		}
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(w, r.Body, most)
		}
		next.ServeHTTP(w, r)
	})
}
