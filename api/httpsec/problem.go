package httpsec

import (
	"encoding/json"
	"net/http"
)

// Deny writes a refusal. Message is fit to be shown.
type Deny func(w http.ResponseWriter, r *http.Request, status int, code, message string)

// WriteProblem is the [Deny] that answers application/problem+json (RFC 9457).
func WriteProblem(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	body, err := json.Marshal(struct {
		Type      string `json:"type"`
		Title     string `json:"title"`
		Status    int    `json:"status"`
		Detail    string `json:"detail"`
		Code      string `json:"code"`
		RequestID string `json:"request_id,omitempty"`
	}{"about:blank", http.StatusText(status), status, message, code, RequestID(r.Context())})
	if err != nil {
		panic(err) // strings and ints always encode
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
