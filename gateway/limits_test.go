package gateway_test

import (
	"sync"
	"testing"
	"time"

	"remit/embedded"
	"remit/gateway"
	"remit/postgres"
)

// Two processes that share a database share an account's rate: however many calls
// both want to make at once, Stripe never has to refuse one, and they take at
// least the time that so many may take.
func TestProcessesShareAnAccountsRate(t *testing.T) {
	t.Parallel()
	const calls, rate, burst = 60, 25, 7
	s := open(t)
	s.act("/settings", map[string]any{"rate_limit": rate}, nil)
	database := embedded.TestDatabaseFrom(t, "migrated", postgres.Migrate)
	limits, err := gateway.ParseLimits("auto", s.url)
	if err != nil {
		t.Fatal(err)
	}
	processes := make([]*gateway.Client, 2)
	for i := range processes {
		db, err := postgres.Open(t.Context(), database, postgres.Options{MaxConns: 2})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(db.Close)
		processes[i] = gateway.New(gateway.Options{URL: s.url, Limiter: db, Limits: limits}).At(gateway.Access{Key: testKey, Owner: "acct_1"})
	}
	began := time.Now()
	var all sync.WaitGroup
	for i := range calls {
		all.Go(func() {
			client, ctx := processes[i/2%2], t.Context()
			if i%3 == 0 {
				ctx = gateway.Batch(ctx)
			}
			var err error
			if i%2 == 0 {
				_, err = client.Account(ctx)
			} else {
				_, err = client.IntentsSince(ctx, began)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if took, least := time.Since(began), time.Second*(calls-burst)/rate; took < least {
		t.Errorf("%d calls took %s; at %d a second they take %s", calls, took, rate, least)
	}
	var books struct {
		Requests struct{ Total, Limited int64 }
	}
	s.read("/books", &books)
	if books.Requests.Total != calls || books.Requests.Limited != 0 {
		t.Errorf("%+v", books.Requests)
	}
}
