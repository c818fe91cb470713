package sandbox_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stripe/stripe-go/v79"
	"pgregory.net/rapid"

	"remit/sandbox"
)

// everything is what the account answers to every question a client can ask
// about the past.
func (s *stand) everything() string {
	s.t.Helper()
	var out strings.Builder
	for _, path := range []string{
		"/v1/customers", "/v1/payment_intents", "/v1/charges", "/v1/refunds", "/v1/events", "/v1/setup_intents",
		"/v1/balance_transactions", "/v1/webhook_endpoints",
	} {
		status, body := s.form("GET", path+"?limit=100", "", nil)
		fmt.Fprintf(&out, "%s %d %s\n", path, status, body)
	}
	for _, path := range []string{"/v1/account", "/v1/balance"} {
		_, body := s.form("GET", path, "", nil)
		fmt.Fprintf(&out, "%s %s\n", path, body)
	}
	return out.String()
}

// Reopening the journal gives the same answers, replays of old keys included,
// after any sequence of requests.
func TestReopenedJournalAnswersTheSame(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp("", "sandbox") //nolint:usetesting // one per draw, gone at its end
		if err != nil {
			r.Fatal(err)
		}
		defer os.RemoveAll(dir)
		s := openHeld(t, dir)
		var customers, intents, methods []string
		answers := map[string]string{} // by request
		for i := range rapid.IntRange(1, 25).Draw(r, "steps") {
			path, body := "/v1/customers", "email=a@b.example&metadata[n]=1"
			pick := func(from []string, otherwise string) string {
				if len(from) == 0 {
					return otherwise
				}
				return rapid.SampledFrom(from).Draw(r, "of")
			}
			card := pick([]string{
				"pm_card_visa", "pm_card_visa_chargeDeclined", "pm_card_authenticationRequired",
				"pm_card_pendingRefund", "pm_card_refundFail",
			}, "")
			switch rapid.IntRange(0, 8).Draw(r, "op") {
			case 0:
			case 1:
				path, body = "/v1/payment_intents", "amount=1200&currency=usd&confirm=true&payment_method_types[]=card&payment_method="+card
			case 2:
				path, body = "/v1/payment_intents", "amount=900&currency=eur&payment_method_types[]=card&customer="+pick(customers, "cus_none")
			case 3:
				path, body = "/v1/payment_intents/"+pick(intents, "pi_none")+"/confirm", "payment_method="+card
			case 4:
				path, body = "/v1/payment_intents/"+pick(intents, "pi_none")+"/cancel", ""
			case 5:
				path, body = "/v1/refunds", "amount=100&payment_intent="+pick(intents, "pi_none")
			case 6:
				path, body = "/v1/payment_methods/"+card+"/attach", "customer="+pick(customers, "cus_none")
			case 7:
				path, body = "/v1/payment_methods/"+pick(methods, "pm_none")+"/detach", ""
			case 8:
				s.control("POST", "/_sandbox/clock", map[string]any{"advance_seconds": 61}, nil)
				continue
			}
			key := fmt.Sprint("key-", i)
			status, answer := s.form("POST", path, body, http.Header{"Idempotency-Key": {key}})
			answers[key+"\n"+path+"\n"+body] = fmt.Sprintf("%d %s", status, answer)
			for prefix, ids := range map[string]*[]string{"cus_": &customers, "pi_": &intents, "pm_": &methods} {
				if id, ok := strings.CutPrefix(string(answer), `{"id":"`); ok && status == 200 && strings.HasPrefix(id, prefix) {
					id, _, _ = strings.Cut(id, `"`)
					if !slices.Contains(*ids, id) {
						*ids = append(*ids, id)
					}
				}
			}
		}
		before := s.everything()
		s.close()
		s = openHeld(t, dir)
		defer s.close()
		if after := s.everything(); after != before {
			r.Fatalf("before:\n%s\nafter:\n%s", before, after)
		}
		for request, was := range answers {
			part := strings.SplitN(request, "\n", 3)
			status, answer := s.form("POST", part[1], part[2], http.Header{"Idempotency-Key": {part[0]}})
			if again := fmt.Sprintf("%d %s", status, answer); again != was {
				r.Fatalf("%s\nwas  %s\nnow  %s", request, was, again)
			}
		}
	})
}

// A line that a crash tore off at the end is dropped; the lines before it stand.
func TestTornLastLineIsDropped(t *testing.T) {
	s := open(t)
	kept := s.pay("pm_card_visa").ID
	path := filepath.Join(s.dir, "journal.jsonl")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s.pay("pm_card_visa")
	longer, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s.web.Close()
	if err := s.server.Close(); err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{len(whole) + 1, (len(whole) + len(longer)) / 2, len(longer) - 1} {
		if err := os.WriteFile(path, longer[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		again := openIn(t, s.dir, sandbox.Options{})
		if n := again.intents(); n != 1 {
			t.Errorf("cut at %d: %d intents", cut, n)
		}
		if pi, err := again.PaymentIntents.Get(kept, nil); err != nil || pi.Status != "succeeded" {
			t.Error(pi, err)
		}
		again.pay("pm_card_visa") // and the journal goes on
		again.close()
	}
}

// Damage before the last line is an error, never silently lost money.
func TestDamagedJournalIsRefused(t *testing.T) {
	s := open(t)
	s.pay("pm_card_visa")
	s.pay("pm_card_visa")
	s.close()
	path := filepath.Join(s.dir, "journal.jsonl")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[bytes.IndexByte(data, '\n')+5] = '"'
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sandbox.Open(sandbox.Options{Dir: s.dir}); err == nil {
		t.Error("opened")
	}
}

// One folder is open in one process at a time.
func TestFolderIsLocked(t *testing.T) {
	s := open(t)
	if _, err := sandbox.Open(sandbox.Options{Dir: s.dir}); err == nil {
		t.Error("opened twice")
	}
}

// No card number and no API key reaches the disk, by whatever way they came
// (M12).
func TestNoNumberInTheJournal(t *testing.T) {
	s := open(t)
	number := "4242424242424242"
	card := s.card(number)
	s.pay(card)
	form := "type=card&card[exp_month]=12&card[exp_year]=2040&card[number]=" + number
	if status, body := s.form("POST", "/v1/payment_methods", form, http.Header{"Idempotency-Key": {"with-number"}}); status != 200 {
		t.Fatal(status, string(body))
	}
	_, err := s.PaymentMethods.New(&stripe.PaymentMethodParams{Type: stripe.String("card"), Card: &stripe.PaymentMethodCardParams{
		Number: stripe.String("4242424242424241"), ExpMonth: stripe.Int64(1), ExpYear: stripe.Int64(2040)}})
	if e := failure(t, err); e.Code != stripe.ErrorCodeIncorrectNumber {
		t.Error(e)
	}
	s.form("POST", "/v1/customers", "name="+"x&bogus="+number, http.Header{"Idempotency-Key": {"refused"}})
	s.close()
	files, err := filepath.Glob(filepath.Join(s.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{number, "424242424242424", testKey} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds %s", filepath.Base(file), secret)
			}
		}
	}
}

// Whatever was answered is on disk: a copy of the journal taken at any moment
// under load, as a crash would leave it, opens and holds every payment that was
// answered before.
func TestAnsweredIsOnDisk(t *testing.T) {
	s := open(t)
	var mu sync.Mutex
	var answered []string
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 40 {
				pi, err := s.PaymentIntents.New(payment("pm_card_visa"))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				answered = append(answered, pi.ID)
				mu.Unlock()
			}
		})
	}
	for _, at := range []int{20, 120, 250} {
		var promised []string
		eventually(t, "enough answers", func() bool {
			mu.Lock()
			defer mu.Unlock()
			promised = slices.Clone(answered)
			return len(promised) >= at
		})
		dir := t.TempDir()
		for _, name := range []string{"journal.jsonl", "secret"} {
			data, err := os.ReadFile(filepath.Join(s.dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		crashed := openIn(t, dir, sandbox.Options{})
		for _, id := range promised {
			if pi, err := crashed.PaymentIntents.Get(id, nil); err != nil || pi.Status != "succeeded" {
				t.Fatal(id, err)
			}
		}
	}
	wait.Wait()
}
