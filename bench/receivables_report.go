package bench

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// rule is something that has to be so when the receivables were lived through: the
// query gives what breaks it.
type rule struct {
	says  string
	query string // of one column, with the tenant as $1
}

// The rules are asked of Remit's database; its books are held against the stand-in's
// besides.
var rules = []rule{
	{"each run's record adds up", `select id::text from due_date_runs where tenant = $1 and (found <> charged + processing + declined + skipped + failed or state <> 'done')`},
	{"each run's sum is that of its charges", `select r.id::text from due_date_runs r where r.tenant = $1 and coalesce((r.amount_charged ->> 'USD')::bigint, 0)
		<> (select coalesce(sum(amount), 0) from due_date_run_entries e where e.tenant = r.tenant and e.run_id = r.id and e.outcome = 'charged')`},
	{"each forecast came true where no bank said no", `select r.id::text from due_date_run_entries e join due_date_runs r on r.tenant = e.tenant and r.id = e.run_id
		where e.tenant = $1 and e.outcome not in (e.forecast, 'declined')`},
	{"no hard decline is tried again with the same method", `select i.number from attempts a join invoices i on i.tenant = a.tenant and i.id = a.invoice_id where a.tenant = $1 and a.kind = 'charge'
		and exists (select 1 from attempts b where b.tenant = a.tenant and b.method ->> 'fingerprint' = a.method ->> 'fingerprint' and b.ended_at < a.confirm_at and (b.decline ->> 'hard')::boolean)`},
	{"no card is tried more than 15 times in 30 days in vain", `select distinct a.method ->> 'fingerprint' from attempts a where a.tenant = $1 and a.state = 'failed' and 15 < (select count(*) from attempts b
		where b.tenant = a.tenant and b.state = 'failed' and b.method ->> 'fingerprint' = a.method ->> 'fingerprint' and b.confirm_at between a.confirm_at - interval '30 days' and a.confirm_at)`},
	{"no method is tried more than 8 times for an invoice, nor past 14 days", `select i.number from attempts a join invoices i on i.tenant = a.tenant and i.id = a.invoice_id where a.tenant = $1 and a.kind = 'charge'
		group by i.number, a.method ->> 'fingerprint' having count(*) > 8 or max(a.created_at) - min(a.created_at) > interval '15 days'`},
	{"every ladder has ended", `select number from invoices i where tenant = $1 and collection_state = 'retrying' and not exists (select 1 from agenda g where g.tenant = i.tenant and g.invoice_id = i.id and g.kind = 'charge' and g.done_at is null)`},
	{"nothing is charged on hold", `select i.number from invoices i join attempts a on a.tenant = i.tenant and a.invoice_id = i.id where i.tenant = $1 and i.hold_reason is not null`},
	{"nobody is told anything twice", `select invoice_id::text from mails where tenant = $1 and invoice_id is not null group by invoice_id, stage, due_version having count(*) > 1`},
}

// judge holds what came of it to the rules.
func (r *receivables) judge(ctx context.Context) error {
	var broken []string
	for _, each := range rules {
		rows, err := r.rows.Query(ctx, each.query, r.tenant)
		if err != nil {
			return fmt.Errorf("ask whether %s: %w", each.says, err)
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("ask whether %s: %w", each.says, err)
		}
		if len(found) > 0 {
			broken = append(broken, fmt.Sprintf("it is not so that %s: %d cases, %s", each.says, len(found), strings.Join(found[:min(len(found), 5)], ", ")))
		}
	}
	report, err := r.program.Commands.Verify(ctx, nil)
	if err != nil {
		return err
	}
	broken = append(broken, report.Wrong...)
	ours, theirs, err := r.sums(ctx)
	if err != nil {
		return err
	}
	if ours != theirs {
		broken = append(broken, fmt.Sprintf("the ledger has %s of %d charges, the stand-in %s of %d", dollars(ours.cents), ours.charges, dollars(theirs.cents), theirs.charges))
	}
	if len(broken) > 0 {
		return fmt.Errorf("%d rules are broken:\n%s", len(broken), strings.Join(broken, "\n"))
	}
	r.say(fmt.Sprintf("All %d rules hold; every timeline tells what is stored; ledger and stand-in agree on %d charges, %s.", len(rules), ours.charges, dollars(ours.cents)))
	return nil
}

type sum struct {
	charges int
	cents   int64
}

// sums are what came in by our ledger, and by the stand-in's books.
func (r *receivables) sums(ctx context.Context) (ours, theirs sum, err error) {
	err = r.rows.QueryRow(ctx, `select count(*), coalesce(sum(amount_captured), 0)::bigint from payments where tenant = $1 and state = 'succeeded'`, r.tenant).Scan(&ours.charges, &ours.cents)
	if err != nil {
		return ours, theirs, fmt.Errorf("read the ledger: %w", err)
	}
	theirs, err = r.standinSum(ctx)
	return ours, theirs, err
}

// print says what came of it, and where the time went.
func (r *receivables) print(ctx context.Context) error {
	tables := []struct{ title, query string }{
		{"Invoices", `select case when hold_reason is not null then 'on hold' else status end || case when collection_state <> '' then ', ' || collection_state else '' end, count(*), sum(total)::bigint
			from invoices where tenant = $1 group by 1 order by 2 desc`},
		{"Charges in runs", `select outcome, count(*), sum(amount)::bigint from due_date_run_entries where tenant = $1 group by 1 order by 2 desc`},
		{"Declines by code", `select (decline ->> 'code') || case when (decline ->> 'hard')::boolean then ' (hard)' else '' end, count(*), sum(amount)::bigint from attempts where tenant = $1 and state = 'failed' group by 1 order by 2 desc`},
		{"Paid at attempt", `select 'attempt ' || n, count(*), sum(amount)::bigint from (select count(*) as n, sum(amount) filter (where state = 'succeeded') as amount from attempts where tenant = $1 group by invoice_id
			having bool_or(state = 'succeeded')) t group by n order by n`},
		{"Mails", `select split_part(stage, '/', 1), count(*), 0::bigint from mails where tenant = $1 group by 1 order by 2 desc`},
	}
	for _, table := range tables {
		rows, err := r.rows.Query(ctx, table.query, r.tenant)
		if err != nil {
			return fmt.Errorf("read %s: %w", table.title, err)
		}
		r.say("\n" + table.title)
		var what string
		var count, cents int64
		_, err = pgx.ForEachRow(rows, []any{&what, &count, &cents}, func() error {
			line := fmt.Sprintf("  %-38s %8d", what, count)
			if cents != 0 {
				line += fmt.Sprintf(" %14s", dollars(cents))
			}
			r.say(line)
			return nil
		})
		if err != nil {
			return fmt.Errorf("read %s: %w", table.title, err)
		}
	}
	if r.newCards > 0 {
		r.say(fmt.Sprintf("\n%d customers saved another card after a hard decline.", r.newCards))
	}
	return r.printTime(ctx)
}

func (r *receivables) printTime(ctx context.Context) error {
	var runs int
	if err := r.rows.QueryRow(ctx, "select count(*) from due_date_runs where tenant = $1", r.tenant).Scan(&runs); err != nil {
		return fmt.Errorf("count the runs: %w", err)
	}
	r.say("\nTime")
	for _, name := range slices.SortedFunc(maps.Keys(r.spent), func(a, b string) int { return strings.Compare(strings.TrimSpace(a), strings.TrimSpace(b)) }) {
		r.say(fmt.Sprintf("  %-38s %10s", name, r.spent[name].Round(100*time.Millisecond)))
	}
	used := r.cpu()
	r.say(fmt.Sprintf("  %-38s %10s", "all of it", time.Since(r.began).Round(100*time.Millisecond)))
	r.say(fmt.Sprintf("\nProcessor time: temporal %s, postgres %s, stand-in %s, remit %s; %d due-date runs.", used.temporal.Round(time.Second), used.postgres.Round(time.Second),
		used.standin.Round(time.Second), (used.remit + used.client).Round(time.Second), runs))
	return nil
}

// dollars writes cents with thousands apart.
func dollars(cents int64) string {
	whole := strconv.FormatInt(cents/100, 10)
	for n := len(whole) - 3; n > 0; n -= 3 {
		whole = whole[:n] + "," + whole[n:]
	}
	return fmt.Sprintf("%s.%02d", whole, cents%100)
}
