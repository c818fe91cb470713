package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"remit/secrets"
)

// Client asks one Remit. Make it with [New].
type Client struct {
	base  string
	token secrets.Secret
	http  *http.Client
}

// answerWithin bounds one request: a payer waits 20 s, an import's file may be
// 32 MiB.
const answerWithin = 2 * time.Minute

// New speaks to the Remit at base, such as http://127.0.0.1:8080. An empty
// token is none: sign in with [Client.SignIn].
func New(base string, token secrets.Secret) (*Client, error) {
	parsed, err := url.Parse(base)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return nil, fmt.Errorf("%q is not the address of a Remit, such as http://127.0.0.1:8080", base)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("keep cookies: %w", err)
	}
	return &Client{base: strings.TrimSuffix(base, "/"), token: token, http: &http.Client{Jar: jar, Timeout: answerWithin}}, nil
}

// Request is one request.
type Request struct {
	Method string // GET by default
	Path   string // such as /v1/invoices, escaped
	Query  url.Values
	Body   any    // sent as JSON; nil is no body
	Key    string // Idempotency-Key; "" is none
}

// Do sends a request and reads the answer into into, unless that is nil. An
// answer of 400 or above is a [*ProblemError].
func (c *Client) Do(ctx context.Context, r Request, into any) error {
	var body io.Reader
	media := ""
	if r.Body != nil {
		raw, err := json.Marshal(r.Body)
		if err != nil {
			return fmt.Errorf("write a request: %w", err)
		}
		body, media = bytes.NewReader(raw), "application/json"
	}
	return c.send(ctx, r, body, media, into)
}

// Get reads path into into.
func (c *Client) Get(ctx context.Context, path string, query url.Values, into any) error {
	return c.Do(ctx, Request{Path: path, Query: query}, into)
}

// SignIn signs in; later requests are the person's.
func (c *Client) SignIn(ctx context.Context, email string, password secrets.Secret) error {
	return c.Do(ctx, Request{
		Method: http.MethodPost, Path: "/v1/session", Body: map[string]string{"email": email, "password": password.Reveal()},
	}, nil)
}

func (c *Client) send(ctx context.Context, r Request, body io.Reader, media string, into any) error {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	address := c.base + r.Path
	if len(r.Query) > 0 {
		address += "?" + r.Query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, address, body)
	if err != nil {
		return fmt.Errorf("make a request: %w", err)
	}
	if media != "" {
		request.Header.Set("Content-Type", media)
	}
	if r.Key != "" {
		request.Header.Set("Idempotency-Key", r.Key)
	}
	if !c.token.IsZero() {
		request.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("reach Remit: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("read Remit's answer: %w", err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return problemOf(response.StatusCode, raw)
	}
	if into == nil || len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("read Remit's answer to %s %s: %w", r.Method, r.Path, err)
	}
	return nil
}

// ProblemError is an answer that says no.
type ProblemError struct {
	Status    int
	Code      string
	Detail    string
	RequestID string `json:"request_id"`
	Errors    []struct{ Field, Message string }
}

// Error says what was refused and why, field by field.
func (p *ProblemError) Error() string {
	var text strings.Builder
	text.WriteString(p.Detail)
	for _, wrong := range p.Errors {
		if wrong.Message != p.Detail {
			fmt.Fprintf(&text, " %s: %s", wrong.Field, wrong.Message)
		}
	}
	fmt.Fprintf(&text, " (%d %s)", p.Status, p.Code)
	if p.Status >= http.StatusInternalServerError {
		text.WriteString(", request " + p.RequestID)
	}
	return strings.TrimSpace(text.String())
}

// IsCode reports whether err is a problem with a code.
func IsCode(err error, code string) bool {
	var p *ProblemError
	return errors.As(err, &p) && p.Code == code
}

func problemOf(status int, raw []byte) error {
	p := &ProblemError{}
	if err := json.Unmarshal(raw, p); err != nil || p.Code == "" {
		return &ProblemError{Status: status, Code: "not_remit", Detail: "The answer is not Remit's."}
	}
	p.Status = status
	return p
}
