package prove

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"remit/api"
	"remit/secrets"
)

// patience is how long somebody asks again who gets no answer.
const patience = 10 * time.Second

// caller is somebody with an API token.
type caller struct {
	base    string
	token   secrets.Secret
	account string // at Stripe, for which a platform asks
	http    *http.Client
}

func newCaller(base string, token secrets.Secret) *caller {
	return &caller{base: base, token: token, http: &http.Client{Timeout: 12 * time.Second}}
}

// answer is what came back.
type answer struct {
	status int
	raw    []byte
}

// again reports an answer after which one asks again: something is down, or the
// same request is still being answered somewhere.
func (a answer) again() bool {
	return a.status >= http.StatusInternalServerError || a.status == http.StatusTooManyRequests ||
		a.status == http.StatusConflict && bytes.Contains(a.raw, []byte("idempotency_key_in_use"))
}

func (a answer) into(value any) error {
	if err := json.Unmarshal(a.raw, value); err != nil {
		return fmt.Errorf("read an answer of %d: %w: %.200s", a.status, err, a.raw)
	}
	return nil
}

// ask sends a request once; an error is that there was no whole answer.
func (c *caller) ask(ctx context.Context, method, path, key string, body any) (answer, error) {
	var content io.Reader = http.NoBody
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return answer{}, fmt.Errorf("write a request: %w", err)
		}
		content = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return answer{}, fmt.Errorf("make a request: %w", err)
	}
	c.sign(request)
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	return send(c.http, request)
}

func (c *caller) sign(request *http.Request) {
	request.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	if c.account != "" {
		request.Header.Set("Stripe-Account", c.account)
	}
}

// submit sends a form, as Stripe's API takes them, until there is an answer.
func (c *caller) submit(ctx context.Context, path, key string, form url.Values) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, strings.NewReader(form.Encode()))
		if err != nil {
			return answer{}, fmt.Errorf("make a request: %w", err)
		}
		c.sign(request)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Idempotency-Key", key)
		got, err := send(c.http, request)
		if err == nil && !got.again() {
			return got, nil
		}
		if !pause(ctx, 200*time.Millisecond) {
			return got, errors.Join(err, ctx.Err())
		}
	}
}

// insist asks again, with the same key, until there is an answer that is one or
// time is up: a part may be down. What is asked must have a key, or be harmless.
func (c *caller) insist(ctx context.Context, within time.Duration, method, path, key string, body any) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		got, err := c.ask(ctx, method, path, key, body)
		if err == nil && !got.again() {
			return got, nil
		}
		if !pause(ctx, 200*time.Millisecond) {
			return got, errors.Join(err, ctx.Err())
		}
	}
}

// must insists on an answer of 2xx and reads it.
func (c *caller) must(ctx context.Context, method, path string, body, into any) error {
	got, err := c.insist(ctx, time.Minute, method, path, "", body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if got.status >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s answered %d: %s", method, path, got.status, got.raw)
	}
	if into == nil {
		return nil
	}
	return got.into(into)
}

func send(through *http.Client, request *http.Request) (answer, error) {
	response, err := through.Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", request.Method, request.URL.Path, err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, 16<<20))
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", request.Method, request.URL.Path, err)
	}
	return answer{status: response.StatusCode, raw: raw}, nil
}

// visitor is a browser without script, which says where it is sent instead of
// going there.
type visitor struct {
	http    *http.Client
	session string // of a person who is signed in; "" for anybody
}

func newVisitor() *visitor {
	return &visitor{http: &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// visit shows a page, or sends a form; to is where it leads.
func (v *visitor) visit(ctx context.Context, address string, form url.Values) (page answer, to string, err error) {
	method, content := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, content = http.MethodPost, strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return answer{}, "", fmt.Errorf("make a request: %w", err)
	}
	request.Header.Set("Accept", "text/html")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if v.session != "" {
		request.AddCookie(&http.Cookie{Name: api.CookieSession, Value: v.session}) //nolint:gosec // as a browser sends it
	}
	response, err := v.http.Do(request)
	if err != nil {
		return answer{}, "", fmt.Errorf("visit a page: %w", err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	if err != nil {
		return answer{}, "", fmt.Errorf("read a page: %w", err)
	}
	return answer{status: response.StatusCode, raw: raw}, response.Header.Get("Location"), nil
}
