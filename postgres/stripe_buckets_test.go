package postgres_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"remit/bucket"
)

// The statement that leases calls to Stripe gives what the arithmetic says, of
// which it is known that it gives no more than a rate and a burst: for several
// buckets at once, with and without a reserve, of a new one and an empty one.
func TestLeasingIsTheArithmeticOfBuckets(t *testing.T) {
	t.Parallel()
	db, super := openPeople(t)
	all := bucket.Ask{Name: "all", Limit: bucket.Limit{Rate: 100, Burst: 30}, Want: 7}
	group := bucket.Ask{Name: "POST refunds", Limit: bucket.Limit{Rate: 3, Burst: 4}, Want: 2}
	batch := all
	batch.Reserve = 20
	for round, asks := range [][]bucket.Ask{{group}, {all, group}, {group, all}, {batch}, {group, batch}, {batch}, {all}, {all}, {group}, {all}, {batch, group}} {
		before := levels(t, super)
		grants, err := db.LeaseStripe(t.Context(), "acct_1", false, asks)
		if err != nil {
			t.Fatal(err)
		}
		after := levels(t, super)
		for i, ask := range asks {
			was, known := before[ask.Name]
			want, given := bucket.Full(ask.Limit, after[ask.Name].At), int64(0)
			if known {
				want, given = was.Take(ask, after[ask.Name].At)
			}
			if after[ask.Name].Millionths != want.Millionths || grants[i] != (bucket.Grant{Tokens: given, Wait: want.Wait(ask)}) {
				t.Errorf("%d, %s: %+v left and %+v given; want %+v and %d", round, ask.Name, after[ask.Name], grants[i], want, given)
			}
		}
	}
	// Another account and another mode have buckets of their own.
	for _, livemode := range []bool{false, true} {
		grants, err := db.LeaseStripe(t.Context(), "acct_2", livemode, []bucket.Ask{group})
		if err != nil || grants[0] != (bucket.Grant{}) {
			t.Errorf("%+v %v", grants, err)
		}
	}
}

// levels are the buckets of acct_1 in test mode as they are stored.
func levels(t *testing.T, super *pgx.Conn) map[string]bucket.Level {
	t.Helper()
	rows, err := super.Query(t.Context(), "select bucket, millionths, refilled_at from stripe_buckets where account = 'acct_1' and not livemode")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bucket.Level{}
	var name string
	var millionths int64
	var at time.Time
	if _, err := pgx.ForEachRow(rows, []any{&name, &millionths, &at}, func() error {
		found[name] = bucket.Level{Millionths: millionths, At: at}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}
