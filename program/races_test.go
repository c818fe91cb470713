package program_test

import (
	"net/http"
	"sync"
	"testing"
	"time"
)

// Two payers press Pay on one invoice at the same instant while an open hosted
// checkout of it is completed: one capture, and everybody else a clear answer.
func TestFailure13TwoPayersAndACheckoutAtOnce(t *testing.T) {
	w := openWorld(t)
	customer, card := w.customer(w.branchA, "4242424242424242")
	payer, admin := w.signIn("payer.a"), w.signIn("admin")
	for range 8 {
		invoice, item := w.invoice(w.branchA, customer, 9000)
		page := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 9000, "checkout": true}).want(202).text("checkout", "url")
		var all sync.WaitGroup
		answers := make([]*answer, 2)
		w.submitQuietly(page, &all)
		for n, who := range []*browser{payer, admin} {
			all.Go(func() {
				answers[n] = who.post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 9000, "payment_method": card})
			})
		}
		all.Wait()
		for _, each := range answers {
			switch each.status {
			case http.StatusOK, http.StatusAccepted:
			case http.StatusConflict:
				if code := each.text("code"); code != "in_flight" && code != "not_payable" {
					t.Fatalf("a loser was told %s", each.raw)
				}
			default:
				t.Fatalf("an answer of %d: %s", each.status, each.raw)
			}
		}
		w.until("the invoice is paid", func() bool {
			return payer.get("/v1/invoices/"+invoice).want(200).text("status") == "paid"
		})
		if cents, charges := w.captured(invoice); cents != 9000 || charges != 1 {
			t.Fatalf("captured %d in %d charges", cents, charges)
		}
	}
}

// submitQuietly pays on a hosted page that may be gone by then.
func (w *world) submitQuietly(page string, all *sync.WaitGroup) {
	all.Go(func() {
		defer func() { _ = recover() }()
		w.submit(page, "4242424242424242", false)
	})
}

// With all webhooks dropped, all doubled, or all reordered and late, the same
// payments end in the same states (M6).
func TestFailure19WebhooksAreHints(t *testing.T) {
	for name, fault := range map[string]map[string]any{
		"dropped":   {"drop": 1.0, "seed": 1},
		"doubled":   {"double": 1.0, "seed": 2},
		"reordered": {"reorder": true, "delay_ms": 300, "seed": 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openWorld(t)
			customer, card := w.customer(w.branchA, "4242424242424242")
			_, broke := w.customer(w.branchA, "4000000000000341")
			w.sandbox("POST", "/faults", map[string]any{"webhooks": fault})
			payer := w.signIn("payer.a")

			saved, item := w.invoice(w.branchA, customer, 7000)
			payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 7000, "payment_method": card}).want(200)

			hosted, item := w.invoice(w.branchA, customer, 7100)
			page := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 7100, "checkout": true}).want(202).text("checkout", "url")
			back := w.submit(page, "4242424242424242", false)
			back = back[len(w.program.URL):]
			payer.get(back)

			brokeCustomer, brokeCard := w.customer(w.branchA, "4000000000000341")
			declined, item := w.invoice(w.branchA, brokeCustomer, 7200)
			payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 7200, "payment_method": brokeCard}).want(402)
			_ = broke

			for invoice, status := range map[string]string{saved: "paid", hosted: "paid", declined: "open"} {
				w.until(invoice+" is "+status, func() bool {
					return payer.get("/v1/invoices/"+invoice).want(200).text("status") == status
				})
			}
			for invoice, want := range map[string]int64{saved: 7000, hosted: 7100, declined: 0} {
				if cents, _ := w.captured(invoice); cents != want {
					t.Fatalf("captured %d, want %d", cents, want)
				}
			}
		})
	}
}

// A lost answer to a confirm shows "confirming" to all, blocks every other way
// to pay, and is settled once the truth is known: soon, or after the account's
// clock was moved three days, past the life of its idempotency key (M3, M4).
func TestFailure04LostConfirmBlocksUntilTheTruthIsKnown(t *testing.T) {
	for _, effect := range []string{"drop_after", "drop_before", "error_after", "error_before"} {
		for _, days := range []int{0, 3} {
			t.Run(effect+map[int]string{0: "", 3: ", three days later"}[days], func(t *testing.T) {
				t.Parallel()
				w := openWorld(t)
				customer, card := w.customer(w.branchA, "4242424242424242")
				invoice, item := w.invoice(w.branchA, customer, 6600)
				payer, admin := w.signIn("payer.a"), w.signIn("admin")
				// Every confirm is lost, and every look at the intent, until the faults are lifted.
				w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{
					{"match": map[string]any{"method": "POST", "path": "/v1/payment_intents/*/confirm"}, "effect": effect, "status": 503},
					{"match": map[string]any{"method": "GET", "path": "/v1/payment_intents/"}, "effect": "drop_before"},
				}})
				payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 6600, "payment_method": card}).want(202)
				if state := payer.get("/v1/invoices/"+invoice).want(200).text("in_flight", "state"); state != "confirming" {
					t.Fatalf("everyone sees %q", state)
				}
				for _, body := range []map[string]any{{"amount": 6600, "payment_method": card}, {"amount": 6600, "checkout": true}} {
					if code := admin.post("/v1/invoices/"+invoice+"/pay", body).want(409).text("code"); code != "in_flight" {
						t.Fatalf("another way to pay answered %s", code)
					}
				}
				admin.post("/v1/invoices/"+invoice+"/void", map[string]any{"reason": "mistake"}).want(409)
				if days > 0 {
					w.sandbox("POST", "/clock", map[string]any{"advance_days": days})
				}
				w.sandbox("DELETE", "/faults", nil)
				w.until("the outcome is known", func() bool {
					return payer.get("/v1/invoices/"+invoice).want(200).at("in_flight") == nil
				})
				cents, charges := w.captured(invoice)
				status := payer.get("/v1/invoices/" + invoice).want(200).text("status")
				if (cents != 6600 || charges != 1 || status != "paid") && (cents != 0 || status != "open") {
					t.Fatalf("captured %d in %d charges, the invoice is %s", cents, charges, status)
				}
			})
		}
	}
}

// What a payer reads while his request waits is the truth: after the time he
// waits, as it stands.
func TestSlowConfirmAnswersAsItStands(t *testing.T) {
	w := openWorld(t)
	w.program.Commands.Answer = 700 * time.Millisecond
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, item := w.invoice(w.branchA, customer, 6600)
	payer := w.signIn("payer.a")
	w.sandbox("POST", "/faults", map[string]any{"rules": []map[string]any{
		{"match": map[string]any{"method": "POST", "path": "/v1/payment_intents/*/confirm"}, "effect": "delay", "ms": 1500},
	}})
	stands := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 6600, "payment_method": card}).want(202)
	if state := stands.text("payment", "state"); state != "confirming" && state != "created" {
		t.Fatalf("as it stands: %s", stands.raw)
	}
	if code := payer.post("/v1/work-items/"+item+"/pay", map[string]any{"amount": 6600, "payment_method": card}).want(409).text("code"); code != "possible_duplicate" && code != "in_flight" {
		t.Fatalf("sent again: %s", code)
	}
	w.until("it is paid", func() bool { return payer.get("/v1/invoices/"+invoice).want(200).text("status") == "paid" })
	if cents, charges := w.captured(invoice); cents != 6600 || charges != 1 {
		t.Fatalf("captured %d in %d charges", cents, charges)
	}
}
