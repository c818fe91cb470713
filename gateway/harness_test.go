package gateway_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"remit/gateway"
	"remit/sandbox"
)

const testKey = "sk_test_gateway"

// stand is a gateway that reaches a stand-in of its own.
type stand struct {
	*gateway.Client
	t        *testing.T
	url      string
	requests atomic.Int64 // of lists, as the server saw them
}

func open(t *testing.T) *stand {
	t.Helper()
	server, err := sandbox.Open(sandbox.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{t: t}
	inner := server.Handler()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			s.requests.Add(1)
		}
		inner.ServeHTTP(w, r)
	}))
	server.SetPublicURL(web.URL)
	t.Cleanup(func() {
		web.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	s.url = web.URL
	s.Client = gateway.New(gateway.Options{URL: web.URL}).At(gateway.Access{Key: testKey})
	return s
}

// act does something at the stand-in that no API can.
func (s *stand) act(path string, wish map[string]any, into any) {
	s.t.Helper()
	body, err := json.Marshal(wish)
	if err != nil {
		s.t.Fatal(err)
	}
	s.control(http.MethodPost, path, body, into)
}

// read asks for what the stand-in says of itself.
func (s *stand) read(path string, into any) {
	s.t.Helper()
	s.control(http.MethodGet, path, nil, into)
}

func (s *stand) control(method, path string, body []byte, into any) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+"/_sandbox"+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.SetBasicAuth(testKey, "")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %d", path, answer.StatusCode)
	}
	if into == nil {
		return
	}
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stand) advance(d time.Duration) {
	s.t.Helper()
	s.act("/clock", map[string]any{"advance_seconds": int64(d / time.Second)}, nil)
}

const day = 24 * time.Hour

// charged is a charge of 10.00 with a test card.
func (s *stand) charged(card string) gateway.ChargeView {
	s.t.Helper()
	var made struct{ ID string }
	s.act("/charges", map[string]any{"amount": 1000, "payment_method": card, "metadata": map[string]string{"invoice": "i1"}}, &made)
	return s.charge(made.ID)
}

func (s *stand) charge(id string) gateway.ChargeView {
	s.t.Helper()
	v, err := s.Charge(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

// meaning demands a failure and gives its meaning.
func (s *stand) meaning(err error) gateway.Meaning {
	s.t.Helper()
	if err == nil {
		s.t.Fatal("no failure")
	}
	return gateway.MeaningOf(err)
}
