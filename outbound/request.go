package outbound

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Client returns a client for what must be read, such as an OpenID Connect
// issuer's keys. A redirect is handed out as it is, not followed. A body is cut
// with an error after MaxAnswer bytes. Safe for concurrent use.
func (g *Guard) Client() *http.Client {
	return &http.Client{
		Transport:     roundTripper{g},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       Timeout,
	}
}

// Deliver sends a request and returns the status of the answer, 3xx included,
// whose body it does not read. Returns a [*DeniedError] (see errors.As) when
// the address is not allowed.
func (g *Guard) Deliver(request *http.Request) (status int, err error) {
	response, err := g.Client().Do(request)
	if err != nil {
		if refused, ok := errors.AsType[*DeniedError](err); ok {
			return 0, refused
		}
		return 0, fmt.Errorf("deliver: %w", err)
	}
	_ = response.Body.Close()
	return response.StatusCode, nil
}

// roundTripper checks the URL of every request and caps every answer.
type roundTripper struct{ guard *Guard }

// RoundTrip sends one request.
func (t roundTripper) RoundTrip(request *http.Request) (*http.Response, error) {
	if err := t.guard.checkForm(request.URL); err != nil {
		if request.Body != nil {
			_ = request.Body.Close()
		}
		return nil, err
	}
	if request.Header.Get("User-Agent") == "" {
		request = request.Clone(request.Context())
		request.Header.Set("User-Agent", "Remit")
	}
	response, err := t.guard.transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	response.Body = &cappedBody{ReadCloser: response.Body, left: MaxAnswer}
	return response, nil
}

var errAnswerTooLong = errors.New("the answer is longer than 1 MiB")

// cappedBody fails, rather than ends, after left bytes.
type cappedBody struct {
	io.ReadCloser
	left int64
}

// Read hands out at most what is left.
func (b *cappedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errAnswerTooLong
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, errAnswerTooLong
	}
	return n, err
}
