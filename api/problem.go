package api

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"remit"
	"remit/api/httpsec"
)

// statuses is the one place where a kind of error becomes an HTTP status.
var statuses = map[remit.Kind]int{
	remit.KindInternal:        http.StatusInternalServerError,
	remit.KindMalformed:       http.StatusBadRequest,
	remit.KindUnauthenticated: http.StatusUnauthorized,
	remit.KindDeclined:        http.StatusPaymentRequired,
	remit.KindForbidden:       http.StatusForbidden,
	remit.KindNotFound:        http.StatusNotFound,
	remit.KindConflict:        http.StatusConflict,
	remit.KindTooLarge:        http.StatusRequestEntityTooLarge,
	remit.KindUnsupported:     http.StatusUnsupportedMediaType,
	remit.KindInvalid:         http.StatusUnprocessableEntity,
	remit.KindLimited:         http.StatusTooManyRequests,
	remit.KindUnavailable:     http.StatusServiceUnavailable,
}

// Codes that arise in this package.
const (
	codeMediaType  = "unsupported_media_type"
	codeTooLarge   = "body_too_large"
	codeKeyReused  = "idempotency_key_reused"
	codeKeyInUse   = "idempotency_key_in_use"
	codeBadMethod  = "method_not_allowed"
	mediaProblem   = "application/problem+json"
	problemTypeURL = "/docs#code-"
)

// problem is an error as it leaves (RFC 9457). Payment is set on 402 alone,
// Approval where a second person is asked.
type problem struct {
	Type      string             `json:"type"`
	Title     string             `json:"title"`
	Status    int                `json:"status"`
	Detail    string             `json:"detail"`
	Instance  string             `json:"instance,omitempty"`
	Code      string             `json:"code"`
	Errors    []remit.FieldError `json:"errors,omitempty"`
	RequestID string             `json:"request_id"`
	Payment   *paymentBody       `json:"payment,omitempty"`
	Approval  *approvalBody      `json:"approval,omitempty"`
}

// declined is a 402: the error and the payment it is about.
type declined struct {
	error
	payment paymentBody
}

func (d declined) Unwrap() error { return d.error }

// problemOf says err in the words of the contract. What is not a [remit.Error]
// is our failure, of which nothing is told but the request's id.
func problemOf(r *http.Request, err error) problem {
	e := remit.AsError(err)
	status, known := statuses[e.Kind]
	if !known || e.Kind == remit.KindInternal {
		status, e = http.StatusInternalServerError, remit.Internal(err)
	}
	p := newProblem(r, status, e.Code, e.Message)
	p.Errors = e.Fields
	if status == http.StatusInternalServerError {
		p.Detail = "We failed (reference " + p.RequestID + ")."
	}
	var refused declined
	if errors.As(err, &refused) && status == http.StatusPaymentRequired {
		p.Payment = &refused.payment
	}
	if waits, asked := errors.AsType[unapproved](err); asked {
		p.Approval = &waits.approval
	}
	return p
}

func newProblem(r *http.Request, status int, code, detail string) problem {
	p := problem{
		Type: problemTypeURL + code, Title: http.StatusText(status), Status: status, Detail: detail,
		Code: code, RequestID: httpsec.RequestID(r.Context()),
	}
	// Paths of other parts may hold a payer's key.
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		p.Instance = r.URL.EscapedPath()
	}
	return p
}

// logFailure tells the log what the caller is not told.
func logFailure(logger *slog.Logger, r *http.Request, err error) {
	e := remit.AsError(err)
	switch e.Kind {
	case remit.KindInternal, remit.KindUnavailable:
		if httpsec.ClientLeft(r.Context(), err, e.Kind == remit.KindUnavailable) {
			logger.InfoContext(r.Context(), "the client left before the answer", "request_id", httpsec.RequestID(r.Context()))
			return
		}
		logger.ErrorContext(r.Context(), "request failed", "request_id", httpsec.RequestID(r.Context()),
			"kind", statuses[e.Kind], "code", e.Code, "error", errors.Join(err, e.Cause).Error())
	default:
	}
}

// deny is the [httpsec.Deny] of the API.
func deny(w http.ResponseWriter, r *http.Request, status int, code, message string) {
	writeProblem(w, newProblem(r, status, code, message))
}

func writeProblem(w http.ResponseWriter, p problem) {
	w.Header().Set("Content-Type", mediaProblem)
	w.WriteHeader(p.Status)
	_, _ = w.Write(encode(p)) //nolint:gosec // JSON, sent with nosniff
}

// encode makes JSON of a body of ours.
func encode(body any) []byte {
	data, err := json.Marshal(body)
	if err != nil {
		panic(err) // bodies are structs of strings, numbers and times
	}
	return append(data, '\n')
}
