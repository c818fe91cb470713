package program_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"remit/program"
)

// told is what a receiver was sent, in the order it came.
type told struct {
	ID        string
	Seq       int64
	Type      string
	PaymentID string `json:"payment_id"`
	Invoice   struct {
		ID, Status  string
		Outstanding int64
	}
}

// Somebody else's system hears of a payment from the running program: declined,
// then paid, each as it was committed, in the order of the numbers, by
// signatures that the scheme's library accepts at that moment (X3).
func TestX3PaymentsAreTold(t *testing.T) {
	t.Parallel()
	w := openWorld(t, func(c *program.Config) { c.LoopbackWebhooks = true })
	var mu sync.Mutex
	var got []told
	var verifier *standardwebhooks.Webhook
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if err := verifier.Verify(body, r.Header); err != nil {
			t.Errorf("a signature: %v", err)
		}
		var e told
		if err := json.Unmarshal(body, &e); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		got = append(got, e)
	}))
	t.Cleanup(server.Close)
	admin := w.signIn("admin")
	mu.Lock()
	made := admin.post("/v1/webhook-endpoints", map[string]any{
		"organisation": w.branchA, "url": server.URL, "events": []string{"payment.failed", "payment.succeeded", "invoice.paid"},
	}).want(201)
	verifier, _ = standardwebhooks.NewWebhook(made.text("secret"))
	mu.Unlock()

	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, item := w.invoice(w.branchA, customer, 5000)
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{{"match": map[string]any{"times": 1}, "effect": "decline", "decline_code": "insufficient_funds"}}})
	payer := w.signIn("payer.a")
	failed := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(402).text("payment", "id")
	payment := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200).text("payment", "id")
	w.until("all is told", func() bool { mu.Lock(); defer mu.Unlock(); return len(got) >= 3 })

	mu.Lock()
	defer mu.Unlock()
	if len(got) != 3 {
		t.Fatalf("told %+v", got)
	}
	if !slices.IsSortedFunc(got, func(a, b told) int { return int(a.Seq - b.Seq) }) {
		t.Errorf("out of order: %+v", got)
	}
	for n, want := range []told{{Type: "payment.failed", PaymentID: failed}, {Type: "payment.succeeded", PaymentID: payment}, {Type: "invoice.paid"}} {
		outstanding, status := int64(0), "paid"
		if n == 0 {
			outstanding, status = 5000, "open"
		}
		e := got[n]
		if e.Type != want.Type || e.PaymentID != want.PaymentID || e.Invoice.ID != invoice || e.Invoice.Status != status || e.Invoice.Outstanding != outstanding {
			t.Errorf("told %+v, want %+v at %d outstanding", e, want, outstanding)
		}
	}
	list := admin.get("/v1/events?organisation=" + w.branchA[:len(w.top)]).want(200)
	if list.text("data", 0, "type") != "invoice.paid" || list.at("data", 3) != nil {
		t.Errorf("listed %s", list.raw)
	}
}
