package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"remit/bucket"
)

// LeaseStripe takes tokens for calls to a Stripe account out of buckets that all
// processes share, in one statement, and returns a grant for each ask. The clock
// is the database's own, so that processes whose clocks differ share one rate.
//
// A bucket that nobody asked for yet is made full and gives nothing this time: its
// grant has no wait, and the next ask finds it. The statement takes as
// [bucket.Level.Take] does; a test holds it to that.
func (db *DB) LeaseStripe(ctx context.Context, account string, livemode bool, asks []bucket.Ask) ([]bucket.Grant, error) {
	names, numbers := make([]string, len(asks)), make([][]int64, 4)
	for i, ask := range asks {
		names[i] = ask.Name
		for j, n := range []int64{ask.Limit.Rate, ask.Limit.Burst, ask.Want, ask.Reserve} {
			numbers[j] = append(numbers[j], n)
		}
	}
	rows, err := db.pool.Query(ctx, leaseStripe, account, livemode, names, numbers[0], numbers[1], numbers[2], numbers[3])
	if err != nil {
		return nil, fmt.Errorf("lease calls to Stripe: %w", err)
	}
	grants := make([]bucket.Grant, len(asks))
	var n, given int64
	var left bucket.Level
	_, err = pgx.ForEachRow(rows, []any{&n, &left.Millionths, &given}, func() error {
		ask := asks[n-1]
		grants[n-1] = bucket.Grant{Tokens: given, Wait: left.Wait(ask)}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("lease calls to Stripe: %w", err)
	}
	return grants, nil
}

// leaseStripe locks the rows in the order of their names, so that processes wait
// for one another and never in a circle, and reads the clock with the lock held.
const leaseStripe = `
with asked as (
	select a.bucket, a.rate, a.burst, a.want, a.reserve, a.n from unnest($3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
		with ordinality as a (bucket, rate, burst, want, reserve, n)
), leased as (
	insert into stripe_buckets as b (account, livemode, bucket, millionths, refilled_at, granted)
	select $1, $2, bucket, burst * 1000000, clock_timestamp(), 0 from asked order by bucket
	on conflict (account, livemode, bucket) do update set (millionths, refilled_at, granted) = (
		select held - given * 1000000, now, given
		from asked a
		cross join lateral (select greatest(clock_timestamp(), b.refilled_at) as now offset 0) clock
		cross join lateral (select least(a.burst * 1000000,
			b.millionths + (extract(epoch from now - b.refilled_at) * 1000000)::bigint * a.rate) as held offset 0) filled
		cross join lateral (select greatest(0, least(a.want, (held - a.reserve * 1000000) / 1000000)) as given) taken
		where a.bucket = b.bucket)
	returning bucket, millionths, granted
)
select n, millionths, granted from leased join asked using (bucket)`
