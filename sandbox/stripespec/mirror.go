package stripespec

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Mirror sends a copy of every request to stripe-mock and remembers those it
// refuses: parameters the API does not know, wrong types, missing ones.
// stripe-mock keeps no state, so a copy is judged by its form alone, whatever
// ids it names. Copies go out behind the request's back, in order, and cost
// the test next to nothing; [Mirror.Check] waits for them.
//
// Traffic that is meant to be wrong does not belong in front of a Mirror.
type Mirror struct {
	base  string
	queue chan copied
	idle  sync.WaitGroup
	stop  sync.Once

	mu       sync.Mutex
	refusals []error
	sent     int
}

// copied is what of a request decides whether stripe-mock accepts it.
type copied struct {
	method, target, contentType string
	body                        []byte
}

// NewMirror starts a mirror in front of the stripe-mock at a base URL (see
// [StartMock]). Close it when the test ends.
func NewMirror(base string) *Mirror {
	m := &Mirror{base: strings.TrimSuffix(base, "/"), queue: make(chan copied, 1024)}
	go func() {
		for request := range m.queue {
			m.send(request)
			m.idle.Done()
		}
	}()
	return m
}

// Transport mirrors what a client sends through next.
func (m *Mirror) Transport(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.Body == nil {
			m.enqueue(r, nil)
			return next.RoundTrip(r)
		}
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil {
			return nil, err
		}
		m.enqueue(r, body)
		onwards := r.Clone(r.Context())
		onwards.Body = io.NopCloser(bytes.NewReader(body))
		return next.RoundTrip(onwards)
	})
}

// Handler mirrors what reaches next, such as a stand-in or a reverse proxy.
func (m *Mirror) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		m.enqueue(r, body)
		next.ServeHTTP(w, r)
	})
}

// Accepted mirrors only what next answered with success: a stand-in must not
// take what Stripe refuses, while it may be told wrong things.
func (m *Mirror) Accepted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		status := &statusOnly{ResponseWriter: w}
		next.ServeHTTP(status, r)
		if status.code == http.StatusOK {
			m.enqueue(r, body)
		}
	})
}

// statusOnly remembers the status of an answer.
type statusOnly struct {
	http.ResponseWriter
	code int
}

// WriteHeader implements [http.ResponseWriter].
func (s *statusOnly) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Check waits until every copy was judged and returns all refusals joined,
// each with method, path and stripe-mock's words, or nil. It fails too when
// nothing was mirrored at all, for then nothing was proven.
func (m *Mirror) Check() error {
	m.idle.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sent == 0 {
		return errors.New("no request went through the mirror")
	}
	return errors.Join(m.refusals...)
}

// Close ends the mirror. Nothing may be sent through it afterwards.
func (m *Mirror) Close() { m.stop.Do(func() { close(m.queue) }) }

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (m *Mirror) enqueue(r *http.Request, body []byte) {
	if !strings.HasPrefix(r.URL.Path, "/v1/") {
		return // OAuth and the stand-in's own paths are not stripe-mock's
	}
	m.idle.Add(1)
	m.queue <- copied{r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), body}
}

func (m *Mirror) send(c copied) {
	err := m.judge(c)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent++
	if err != nil {
		path, _, _ := strings.Cut(c.target, "?")
		m.refusals = append(m.refusals, fmt.Errorf("%s %s: %w", c.method, path, err))
	}
}

func (m *Mirror) judge(c copied) error {
	request, err := http.NewRequestWithContext(context.Background(), c.method, m.base+c.target, bytes.NewReader(c.body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer sk_test_mirror")
	if c.contentType != "" {
		request.Header.Set("Content-Type", c.contentType)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("stripe-mock did not answer: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("stripe-mock broke off: %w", err)
	}
	if response.StatusCode < 300 {
		return nil
	}
	var answer struct{ Error struct{ Message string } }
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("stripe-mock answered %d", response.StatusCode)
	}
	return fmt.Errorf("stripe-mock answered %d: %s", response.StatusCode, answer.Error.Message)
}
