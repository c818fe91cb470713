package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v79"
	"github.com/stripe/stripe-go/v79/client"

	"remit/sandbox"
)

const testKey = "sk_test_harness"

// stand is a running stand-in and the SDK pointed at it.
type stand struct {
	*client.API
	t      testing.TB
	dir    string
	key    string
	server *sandbox.Server
	web    *httptest.Server
}

func open(t testing.TB) *stand { return openIn(t, t.TempDir(), sandbox.Options{}) }

func openIn(t testing.TB, dir string, o sandbox.Options) *stand {
	t.Helper()
	s := &stand{t: t, dir: dir, key: testKey}
	o.Dir = dir
	server, err := sandbox.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	s.server = server
	s.web = httptest.NewServer(conforming(t, server.Handler()))
	if o.PublicURL == "" {
		server.SetPublicURL(s.web.URL)
	}
	s.API = s.as(testKey)
	t.Cleanup(s.close)
	return s
}

// openHeld is openIn with real time standing still, for answers that must not
// depend on when they are asked.
func openHeld(t testing.TB, dir string) *stand {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return openIn(t, dir, sandbox.Options{Now: func() time.Time { return at }, PublicURL: "http://stand-in.example"})
}

func (s *stand) close() {
	s.sweep()
	s.web.Close()
	if err := s.server.Close(); err != nil {
		s.t.Error(err)
	}
}

// reopen restarts the stand-in on the same journal.
func (s *stand) reopen() *stand {
	s.close()
	return openIn(s.t, s.dir, sandbox.Options{})
}

// as is the unmodified SDK with a key, without retries of its own.
func (s *stand) as(key string) *client.API {
	return client.New(key, stripe.NewBackendsWithConfig(&stripe.BackendConfig{
		URL: stripe.String(s.web.URL), MaxNetworkRetries: stripe.Int64(0),
		HTTPClient:    &http.Client{Timeout: 20 * time.Second},
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	}))
}

// control posts JSON to one of the stand-in's own paths and decodes the answer.
func (s *stand) control(method, path string, body, into any) int {
	s.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	if body == nil {
		data = nil
	}
	status, answer := s.raw(method, path, "application/json", string(data), nil)
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			s.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
	return status
}

// raw sends a request as it stands.
func (s *stand) raw(method, path, contentType, body string, header http.Header) (int, []byte) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, s.web.URL+path, bytes.NewReader([]byte(body)))
	if err != nil {
		s.t.Fatal(err)
	}
	if s.key != "" {
		r.SetBasicAuth(s.key, "")
	}
	r.Header.Set("Content-Type", contentType)
	maps.Copy(r.Header, header)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

func (s *stand) form(method, path, body string, header http.Header) (int, []byte) {
	s.t.Helper()
	return s.raw(method, path, "application/x-www-form-urlencoded", body, header)
}

func (s *stand) advance(days int) {
	s.t.Helper()
	if status := s.control("POST", "/_sandbox/clock", map[string]any{"advance_days": days}, nil); status != 200 {
		s.t.Fatalf("clock: %d", status)
	}
}

// act does something in the dashboard, or as a bank, and decodes the answer.
func (s *stand) act(path string, wish map[string]any, into any) {
	s.t.Helper()
	var answer json.RawMessage
	if status := s.control("POST", "/_sandbox"+path, wish, &answer); status != 200 {
		s.t.Fatalf("%s %v: %d %s", path, wish, status, answer)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(answer, into); err != nil {
		s.t.Fatal(err)
	}
}

// paidOut sets how often the balance goes to the bank.
func (s *stand) paidOut(interval string) {
	s.t.Helper()
	s.act("/payout_schedule", map[string]any{"interval": interval}, nil)
}

func (s *stand) faults(spec sandbox.FaultSpec) {
	s.t.Helper()
	if status := s.control("POST", "/_sandbox/faults", spec, nil); status != 200 {
		s.t.Fatalf("faults: %d", status)
	}
}

func (s *stand) customer() string {
	s.t.Helper()
	c, err := s.Customers.New(&stripe.CustomerParams{Email: stripe.String("payer@example.com")})
	if err != nil {
		s.t.Fatal(err)
	}
	return c.ID
}

// card makes a payment method from a test number.
func (s *stand) card(number string) string {
	s.t.Helper()
	m, err := s.PaymentMethods.New(&stripe.PaymentMethodParams{
		Type: stripe.String("card"),
		Card: &stripe.PaymentMethodCardParams{
			Number: stripe.String(number), ExpMonth: stripe.Int64(12),
			ExpYear: stripe.Int64(int64(time.Now().Year() + 3)), CVC: stripe.String("123"),
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return m.ID
}

// payment is the parameters of a confirmed card payment of 10.00 USD.
func payment(method string) *stripe.PaymentIntentParams {
	return &stripe.PaymentIntentParams{
		Amount: stripe.Int64(1000), Currency: stripe.String("usd"), PaymentMethod: stripe.String(method),
		PaymentMethodTypes: stripe.StringSlice([]string{"card"}), Confirm: stripe.Bool(true),
	}
}

func (s *stand) pay(method string) *stripe.PaymentIntent {
	s.t.Helper()
	pi, err := s.PaymentIntents.New(payment(method))
	if err != nil {
		s.t.Fatal(err)
	}
	return pi
}

// failure is the SDK's error in err.
func failure(t testing.TB, err error) *stripe.Error {
	t.Helper()
	var failed *stripe.Error
	if !errors.As(err, &failed) {
		t.Fatalf("want a Stripe error, got %v", err)
	}
	return failed
}

// eventually waits until the condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("never happened: %s", what)
		case <-tick.C:
		}
	}
}
