package stripespec

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v79"
	"github.com/stripe/stripe-go/v79/client"
)

// nowhere stands for the stand-in, whose answers do not matter here.
var nowhere = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte(`{}`))
})

// What stripe-go sends for a well-formed call passes, ids stripe-mock never
// made included; what the API does not know is reported with its name.
func TestMirrorTellsGoodRequestsFromBad(t *testing.T) {
	mirror := NewMirror(mockURL(t))
	defer mirror.Close()
	server := httptest.NewServer(nowhere)
	defer server.Close()
	sc := client.New("sk_test_other", stripe.NewBackendsWithConfig(&stripe.BackendConfig{
		URL:           stripe.String(server.URL),
		HTTPClient:    &http.Client{Transport: mirror.Transport(http.DefaultTransport)},
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	}))
	params := &stripe.PaymentIntentParams{
		Amount: stripe.Int64(1000), Currency: stripe.String("usd"), Customer: stripe.String("cus_unheard_of"),
	}
	params.AddExpand("latest_charge")
	if _, err := sc.PaymentIntents.New(params); err != nil {
		t.Fatal(err)
	}
	if err := mirror.Check(); err != nil {
		t.Fatal(err)
	}
	params.AddExtra("colour", "red")
	if _, err := sc.PaymentIntents.New(params); err != nil {
		t.Fatal(err)
	}
	if err := mirror.Check(); err == nil || !strings.Contains(err.Error(), "POST /v1/payment_intents") {
		t.Fatalf("got %v, want the unknown parameter's path", err)
	}
}

// In front of a handler the mirror leaves the request whole for it.
func TestMirrorHandlerPassesTheBodyOn(t *testing.T) {
	mirror := NewMirror(mockURL(t))
	defer mirror.Close()
	var seen string
	server := httptest.NewServer(mirror.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = r.FormValue("email")
	})))
	defer server.Close()
	response, err := http.PostForm(server.URL+"/v1/customers", url.Values{"email": {"a@b.example"}})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if seen != "a@b.example" {
		t.Errorf("the handler saw %q", seen)
	}
	if err := mirror.Check(); err != nil {
		t.Error(err)
	}
}

// What the stand-in refused is not held against it.
func TestMirrorOfAcceptedRequestsLeavesOutRefusals(t *testing.T) {
	mirror := NewMirror(mockURL(t))
	defer mirror.Close()
	server := httptest.NewServer(mirror.Accepted(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("colour") != "" && r.FormValue("taken") == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		nowhere(w, r)
	})))
	defer server.Close()
	send := func(form url.Values) {
		t.Helper()
		response, err := http.PostForm(server.URL+"/v1/customers", form)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	send(url.Values{"colour": {"red"}})
	send(url.Values{"email": {"a@b.example"}})
	if err := mirror.Check(); err != nil {
		t.Error(err)
	}
	send(url.Values{"colour": {"red"}, "taken": {"1"}})
	if mirror.Check() == nil {
		t.Error("a parameter that Stripe refuses was taken, and nobody noticed")
	}
}

// A test that mirrored nothing proved nothing.
func TestMirrorOfNothingFails(t *testing.T) {
	mirror := NewMirror("http://127.0.0.1:1")
	defer mirror.Close()
	if mirror.Check() == nil {
		t.Error("an unused mirror passed")
	}
}

// Around a server the checker reports what does not conform and changes
// nothing on the way.
func TestCheckerReportsAndPassesThrough(t *testing.T) {
	var reports []error
	checker := NewChecker(load(t), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Request-Id", "req_1")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"error":{"type":"api_error","message":"x"}}`))
	}), func(err error) { reports = append(reports, err) })
	answer := httptest.NewRecorder()
	checker.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, intentPath, http.NoBody))
	if answer.Code != http.StatusNotFound || answer.Header().Get("Request-Id") != "req_1" || answer.Body.Len() == 0 {
		t.Errorf("changed on the way: %d %v %s", answer.Code, answer.Header(), answer.Body)
	}
	if len(reports) != 1 || !strings.Contains(reports[0].Error(), "api_error") {
		t.Errorf("reports: %v", reports)
	}
	answer = httptest.NewRecorder()
	checker.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/v1/nothing/here", http.NoBody))
	if len(reports) != 1 {
		t.Errorf("a 404 for an unknown path was reported: %v", reports)
	}
}
