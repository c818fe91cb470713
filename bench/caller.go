package bench

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
	"regexp"

	"github.com/google/uuid"
)

// caller is somebody signed in, over as many connections as are in flight.
type caller struct {
	base string
	http *http.Client
}

func newCaller(ctx context.Context, base string, connections int) (*caller, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("keep cookies: %w", err)
	}
	c := &caller{base: base, http: &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: connections}}}
	return c, c.do(ctx, http.MethodPost, "/v1/session", map[string]any{"email": "bench@remit.test", "password": "remit-demo"}, "", nil)
}

// do sends a request and reads its answer; anything but 2xx is an error.
func (c *caller) do(ctx context.Context, method, path string, body any, key string, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write a request: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("make a request: %w", err)
	}
	if body == nil {
		request.Body, request.ContentLength = http.NoBody, 0
	}
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if response.StatusCode > 299 {
		return fmt.Errorf("%s %s answered %d: %s", method, path, response.StatusCode, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// saveCard types a card on the stand-in's hosted page and returns its id here.
func (c *caller) saveCard(ctx context.Context, customer string) (string, error) {
	var page struct{ URL string }
	if err := c.do(ctx, http.MethodPost, "/v1/customers/"+customer+"/payment-methods", map[string]any{}, "", &page); err != nil {
		return "", err
	}
	shown, err := c.http.Get(page.URL)
	if err != nil {
		return "", fmt.Errorf("open the hosted page: %w", err)
	}
	defer shown.Body.Close()
	text, err := io.ReadAll(shown.Body)
	if err != nil {
		return "", fmt.Errorf("read the hosted page: %w", err)
	}
	form := url.Values{"email": {"a@b.test"}, "card_number": {"4242424242424242"}, "card_expiry": {"12 / 40"}, "card_cvc": {"123"}, "name": {"Globex"}}
	if found := regexp.MustCompile(`name="attempt" value="([^"]*)"`).FindSubmatch(text); found != nil {
		form.Set("attempt", string(found[1]))
	}
	sent, err := c.http.PostForm(page.URL, form)
	if err != nil {
		return "", fmt.Errorf("send the hosted page: %w", err)
	}
	defer sent.Body.Close()
	var methods struct{ Data []struct{ ID string } }
	if err := c.do(ctx, http.MethodGet, "/v1/customers/"+customer+"/payment-methods", nil, "", &methods); err != nil {
		return "", err
	}
	if len(methods.Data) == 0 {
		return "", errors.New("no card was saved")
	}
	return methods.Data[0].ID, nil
}

func uniqueNumber() string { return "B-" + uuid.NewString() }
