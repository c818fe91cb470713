package sandbox_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v79"

	"remit/sandbox"
)

// The account bears the business's name, on its pages too.
func TestAccountName(t *testing.T) {
	s := open(t)
	if status := s.control("POST", "/_sandbox/account", map[string]any{"business_name": "Harbour Ltd"}, nil); status != 200 {
		t.Fatal(status)
	}
	if page := s.visit(s.session(sessionParams()).URL).page; !strings.Contains(page, "Pay Harbour Ltd") {
		t.Error(page)
	}
	if status := s.control("POST", "/_sandbox/account", map[string]any{"business_name": ""}, nil); status != 400 {
		t.Error(status)
	}
}

type clockAnswer struct {
	Account string    `json:"account"`
	Now     time.Time `json:"now"`
}

// The clock goes forward by days or to a time, never back, is each account's
// own, and runs on after a restart.
func TestClock(t *testing.T) {
	s := open(t)
	var c clockAnswer
	if status := s.control("POST", "/_sandbox/clock", map[string]any{"advance_days": 45}, &c); status != 200 {
		t.Fatal(status)
	}
	if ahead := time.Until(c.Now); ahead < 44*24*time.Hour || ahead > 46*24*time.Hour {
		t.Error(c.Now)
	}
	target := c.Now.AddDate(0, 6, 0).Truncate(time.Second)
	if status := s.control("POST", "/_sandbox/clock", map[string]any{"to": target.Format(time.RFC3339)}, &c); status != 200 || c.Now.Before(target) || c.Now.After(target.Add(time.Minute)) {
		t.Error(status, c.Now)
	}
	for _, wish := range []any{map[string]any{"to": "2020-01-01T00:00:00Z"}, map[string]any{"advance_days": -1}, map[string]any{}, map[string]any{"weeks": 1}} {
		if status := s.control("POST", "/_sandbox/clock", wish, nil); status != 400 {
			t.Errorf("%v: %d", wish, status)
		}
	}
	other := s.as("sk_test_other")
	fresh, err := other.Customers.New(nil)
	if err != nil || time.Until(time.Unix(fresh.Created, 0)) > time.Hour {
		t.Error("another account's clock moved", err)
	}
	s = s.reopen()
	if s.control("GET", "/_sandbox/clock", nil, &c); c.Now.Before(target) {
		t.Error("the clock was lost:", c.Now)
	}
}

// The books tell what the API tells, whole or in pages, and how requests were
// answered.
func TestBooks(t *testing.T) {
	s := open(t)
	var paid []string
	for range 5 {
		paid = append(paid, s.pay("pm_card_visa").ID)
	}
	if _, err := s.PaymentIntents.New(payment("pm_card_visa_chargeDeclined")); err == nil {
		t.Fatal("not declined")
	}
	var books struct {
		Charges        []struct{ Status string } `json:"charges"`
		Disputes       []json.RawMessage         `json:"disputes"`
		PaymentIntents []struct{ ID string }     `json:"payment_intents"`
		Refunds        []json.RawMessage         `json:"refunds"`
		Deliveries     []json.RawMessage         `json:"deliveries"`
		Next           *string                   `json:"next"`
		Requests       struct {
			ByAnswer map[string]int `json:"by_answer"`
		} `json:"requests"`
	}
	if status := s.control("GET", "/_sandbox/books", nil, &books); status != 200 || len(books.Charges) != 6 || len(books.PaymentIntents) != 6 {
		t.Fatalf("%d %+v", status, books)
	}
	if books.Disputes == nil || books.Refunds == nil || books.Deliveries == nil {
		t.Error("an empty list is null")
	}
	if n := books.Requests.ByAnswer; n["POST /v1/payment_intents 200"] != 5 || n["POST /v1/payment_intents 402"] != 1 {
		t.Error(n)
	}
	var walked []string
	after := ""
	for {
		books.PaymentIntents, books.Next = nil, nil
		s.control("GET", "/_sandbox/books?kind=payment_intents&limit=2&after="+after, nil, &books)
		for _, pi := range books.PaymentIntents {
			walked = append(walked, pi.ID)
		}
		if books.Next == nil {
			break
		}
		after = *books.Next
	}
	if len(walked) != 6 || !slices.Equal(walked[:5], paid) {
		t.Error(walked, paid)
	}
	if status := s.control("GET", "/_sandbox/books?kind=secrets", nil, nil); status != 400 {
		t.Error(status)
	}
}

// Many callers with few keys make one payment a key, and every caller of a key
// gets that one.
func TestManyCallersOneEffect(t *testing.T) {
	s := open(t)
	const keys, callers = 10, 8
	var mu sync.Mutex
	got := map[string]map[string]bool{}
	var wait sync.WaitGroup
	for k := range keys {
		for range callers {
			wait.Go(func() {
				key := fmt.Sprint("key-", k)
				p := payment("pm_card_visa")
				p.SetIdempotencyKey(key)
				pi, err := s.PaymentIntents.New(p)
				if err != nil {
					var e *stripe.Error
					if !errors.As(err, &e) || e.HTTPStatusCode != 409 {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if got[key] == nil {
					got[key] = map[string]bool{}
				}
				got[key][pi.ID] = true
			})
		}
	}
	wait.Wait()
	for key, ids := range got {
		if len(ids) != 1 {
			t.Errorf("%s: %v", key, ids)
		}
	}
	if n := s.intents(); n != keys {
		t.Errorf("%d intents by %d keys", n, keys)
	}
}

// A closed stand-in answers an error instead of hanging or promising what is
// not on disk.
func TestClosedStandInPromisesNothing(t *testing.T) {
	s := open(t)
	s.customer()
	if err := s.server.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := s.Customers.New(&stripe.CustomerParams{})
	if e := failure(t, err); e.HTTPStatusCode != 500 {
		t.Error(e)
	}
	again, err := sandbox.Open(sandbox.Options{Dir: s.dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
