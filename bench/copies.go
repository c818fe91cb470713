package bench

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// openInvoices are invoices that wait for the day they are charged on, with all the
// rows that one has which was made and sent by the API: copies of such a one, put in
// by SQL, since by the commands a million would take a day. What is not copied is
// what nobody reads here: their timelines' hashes are those of the first.
type openInvoices struct {
	template sent
	made     int
	taken    map[int]bool // those that were named by next
}

// openIDs are the ids of the nth copy's invoice, work item and ledger entry, and whose
// they may be.
const openIDs = `n, $4::uuid[] as customers, ('a1000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as invoice, ('b1000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as item,
	('f1000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as entry`

func openID(n int) uuid.UUID {
	return uuid.MustParse(fmt.Sprintf("a1000000-0000-7000-8000-%012x", n))
}

// copied is a table, which of its rows are copied ($1), and in which columns a copy (k)
// differs.
type copied struct {
	table, of string
	differs   map[string]string
}

// Their charges and due dates are spread over the year that follows.
const later = "1 + k.n % 365"

var copiedTables = []copied{
	{"invoices", "id = $1", map[string]string{"id": "k.invoice", "number": "'S-' || k.n", "due_date": "t.due_date + " + later, "customer_id": "k.customers[1 + k.n % cardinality(k.customers)]"}},
	{"invoice_lines", "invoice_id = $1", map[string]string{"invoice_id": "k.invoice"}},
	{"invoice_balances", "invoice_id = $1", map[string]string{"invoice_id": "k.invoice"}},
	{"ledger_entries", "invoice_id = $1", map[string]string{"id": "k.entry", "invoice_id": "k.invoice", "key": "'copy ' || k.n"}},
	{"ledger_lines", "entry_id in (select id from ledger_entries where invoice_id = $1)", map[string]string{"entry_id": "k.entry", "invoice_id": "case when t.invoice_id is not null then k.invoice end"}},
	{"work_items", "invoice_id = $1", map[string]string{"id": "k.item", "invoice_id": "k.invoice", "due_date": "t.due_date + " + later}},
	{"agenda", "invoice_id = $1", map[string]string{
		"id": "gen_random_uuid()", "invoice_id": "k.invoice", "object_id": "k.invoice", "at": "t.at + make_interval(days => " + later + ")",
	}},
	{"timeline", "invoice_id = $1", map[string]string{"invoice_id": "k.invoice"}},
}

// grow adds copies until there are n.
func (o *openInvoices) grow(ctx context.Context, b *bench, n int) error {
	if err := b.addPayers(ctx, payers); err != nil {
		return err
	}
	if o.template.ID == "" {
		err := b.autoCharging(ctx, func() (err error) {
			o.template, err = b.makeInvoice(ctx)
			return err
		})
		if err != nil {
			return err
		}
	}
	customers := make([]string, len(b.payers.all))
	for i, p := range b.payers.all {
		customers[i] = p.customer
	}
	err := b.asOwner(ctx, func(c *pgx.Conn) error {
		// Balances are copied, not booked anew, and what a copy refers to is there.
		if _, err := c.Exec(ctx, "set session_replication_role = replica"); err != nil {
			return fmt.Errorf("copy open invoices: %w", err)
		}
		const batch = 50_000
		for from := o.made + 1; from <= n; from += batch {
			to := min(from+batch-1, n)
			for _, each := range copiedTables {
				if err := each.copy(ctx, c, openIDs, o.template.ID, from, to, customers); err != nil {
					return err
				}
			}
			o.made = to
			b.say(fmt.Sprintf("%d invoices are open", to))
		}
		if _, err := c.Exec(ctx, "vacuum analyze"); err != nil { // what autovacuum does within minutes
			return fmt.Errorf("copy open invoices: %w", err)
		}
		return nil
	})
	return err
}

// copy makes the copies of a number ($2) to another ($3). Their ids are a list of
// columns, in which an argument more ($4) may be.
func (t copied) copy(ctx context.Context, c *pgx.Conn, ids string, of any, from, to int, more any) error {
	rows, err := c.Query(ctx, "select attname from pg_attribute where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = ''", t.table)
	if err != nil {
		return fmt.Errorf("read the columns of %s: %w", t.table, err)
	}
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("read the columns of %s: %w", t.table, err)
	}
	values := make([]string, len(columns))
	for n, column := range columns {
		if values[n] = t.differs[column]; values[n] == "" {
			values[n] = "t." + column
		}
	}
	statement := fmt.Sprintf("insert into %s (%s) select %s from %s t, (select %s from generate_series($2::integer, $3::integer) n) k where t.%s",
		t.table, strings.Join(columns, ", "), strings.Join(values, ", "), t.table, ids, t.of)
	if _, err := c.Exec(ctx, statement, of, from, to, more); err != nil {
		return fmt.Errorf("copy %s: %w", t.table, err)
	}
	return nil
}

// next names n of them that were not named before, spread over all there are.
func (o *openInvoices) next(n int) []uuid.UUID {
	if o.taken == nil {
		o.taken = map[int]bool{}
	}
	ids := make([]uuid.UUID, n)
	for i := range ids {
		at := 1 + i*(o.made/n)
		for o.taken[at] {
			at = 1 + at%o.made
		}
		o.taken[at] = true
		ids[i] = openID(at)
	}
	return ids
}

// autoCharging makes something while charges by themselves are on.
func (b *bench) autoCharging(ctx context.Context, do func() error) error {
	settings := func(on bool) error {
		return b.payer.do(ctx, http.MethodPut, "/v1/settings/payments", map[string]any{"auto_charge": on}, "", nil)
	}
	if err := settings(true); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return settings(false)
}
