package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"remit/secrets"
)

// caller is somebody with an API token, over as many connections as are in flight.
type caller struct {
	base  string
	token secrets.Secret
	http  *http.Client
}

func newCaller(base string, token secrets.Secret, connections int) *caller {
	return &caller{base: base, token: token, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}}
}

// do sends a request, under a request key unless that is "", and reads its
// answer; anything but 2xx is an error.
func (c *caller) do(ctx context.Context, method, path string, body any, key string, into any) error {
	var content io.Reader = http.NoBody
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("write a request: %w", err)
		}
		content = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return fmt.Errorf("make a request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token.Reveal())
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

func formBody(form url.Values) io.Reader { return strings.NewReader(form.Encode()) }
