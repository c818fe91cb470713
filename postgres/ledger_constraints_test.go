package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"remit/embedded"
	"remit/postgres"
)

// SQLSTATEs by which the guards refuse.
const (
	uniqueViolation   = "23505"
	foreignKey        = "23503"
	checkViolation    = "23514"
	restrictViolation = "23001" // append-only
	notPermitted      = "42501" // no such privilege, or row security
)

// books are two tenants' books, written by raw SQL: each has an invoice that
// bills 50.00 of which 30.00 is paid by one payment, and one that is unpaid.
type books struct {
	app, super *pgx.Conn
	words      *strings.Replacer // {name} to a quoted id
}

// as runs statements in one transaction and returns the SQLSTATE and the
// constraint that refused them, or "" where nothing did. Nothing stays.
func (b *books) as(ctx context.Context, who *pgx.Conn, statements string) (code, constraint string, err error) {
	tx, err := who.Begin(ctx)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	_, err = tx.Exec(ctx, b.words.Replace(statements)+"; set constraints all immediate")
	if refused, found := errors.AsType[*pgconn.PgError](err); found {
		return refused.Code, refused.ConstraintName, nil
	}
	return "", "", err
}

// entry books an entry of one kind with lines (account, amount, currency).
func entry(kind, key, payment string, lines ...string) string {
	const id = "'00000000-0000-0000-0000-0000000000aa'"
	statements := []string{fmt.Sprintf(`insert into ledger_entries (tenant, id, key, kind, invoice_id, payment_id, at)
		values ({tenant}, %s, '%s', '%s', {invoice}, %s, now())`, id, key, kind, payment)}
	for n, line := range lines {
		statements = append(statements, fmt.Sprintf(`insert into ledger_lines (tenant, entry_id, n, account, invoice_id, customer_id, payment_id, amount, currency)
			select {tenant}, %s, %d, split_part('%[3]s', ' ', 1), {invoice}, {customer}, %[4]s, split_part('%[3]s', ' ', 2)::bigint, split_part('%[3]s', ' ', 3)`, id, n+1, line, payment))
	}
	return strings.Join(statements, ";")
}

// What the database refuses whoever asks, the application or its owner: no bug
// above it can bill, apply, book, refund or charge what must not be (M1, M2, M8).
func TestGuardsOfTheLedger(t *testing.T) {
	b := openBooks(t)
	for name, guard := range map[string]struct {
		sql        string
		code       string
		constraint string
	}{
		"more applied than billed": {sql: entry("payment", "k", "{unbooked}", "stripe 2001 USD", "receivable -2001 USD"), code: checkViolation, constraint: "applied_within_billed"},
		"less billed than applied": {sql: entry("amend", "k", "null", "receivable -2001 USD", "revenue 2001 USD"), code: checkViolation, constraint: "applied_within_billed"},
		"less than nothing billed": {sql: strings.ReplaceAll(entry("void", "k", "null", "receivable -5001 USD", "revenue 5001 USD"), "{invoice}", "{unpaid}"), code: checkViolation},
		"less than nothing applied": {sql: strings.ReplaceAll(entry("refund", "k", "{unbooked}", "receivable 1 USD", "refunds -1 USD"), "{invoice}", "{unpaid}"), code: checkViolation,
			constraint: "applied_not_negative"},
		"a second capture of one payment":          {sql: entry("payment", "another key", "{payment}", "stripe 10 USD", "receivable -10 USD"), code: uniqueViolation, constraint: "ledger_entries_one_capture"},
		"the same movement again":                  {sql: entry("payment", "payment/1", "{unbooked}", "stripe 10 USD", "receivable -10 USD"), code: uniqueViolation, constraint: "ledger_entries_tenant_key_key"},
		"an entry that does not balance":           {sql: entry("payment", "k", "{unbooked}", "stripe 10 USD", "receivable -9 USD"), code: checkViolation},
		"an entry that balances across currencies": {sql: entry("payment", "k", "{unbooked}", "stripe 10 EUR", "receivable -10 USD"), code: checkViolation},
		"an entry without lines":                   {sql: entry("payment", "k", "{unbooked}"), code: checkViolation},
		"money that came by no payment":            {sql: entry("payment", "k", "null", "stripe 10 USD", "receivable -10 USD"), code: checkViolation, constraint: "entries_of_money_name_their_payment"},
		"a payment's money again, as a refund":     {sql: entry("refund", "k", "{payment}", "stripe 10 USD", "receivable -10 USD"), code: checkViolation},
		"more promised back than was captured":     {sql: entry("refund", "k", "{payment}", "revenue 3001 USD", "refunds -3001 USD"), code: checkViolation},
		"a promise taken back that was not made":   {sql: entry("refund_undone", "k", "{payment}", "refunds 1 USD", "revenue -1 USD"), code: checkViolation},
		"a refund of no payment":                   {sql: entry("refund", "k", "null", "revenue 1 USD", "refunds -1 USD"), code: checkViolation, constraint: "entries_of_money_name_their_payment"},
		"money sent out by no refund":              {sql: entry("void", "k", "null", "revenue 10 USD", "stripe -10 USD"), code: checkViolation},
		"a payment's money again, as credit":       {sql: entry("credit", "k", "{payment}", "bank 10 USD", "customer_credit -10 USD"), code: checkViolation},
		"carried, and billed by no other invoice":  {sql: entry("carry_out", "k", "null", "receivable -2000 USD", "carried 2000 USD"), code: checkViolation},
		"carried by an entry of another kind":      {sql: entry("write_off", "k", "null", "receivable -2000 USD", "carried 2000 USD"), code: checkViolation},
		"carried, and billed in another currency": {sql: entry("carry_out", "k", "null", "receivable -20 USD", "carried 20 USD") + ";" +
			strings.ReplaceAll(entry("carry_in", "k2", "null", "revenue 20 EUR", "carried -20 EUR"), "00aa'", "00ab'"), code: checkViolation},
		"more carried back than was carried": {sql: `insert into carried_amounts (tenant, from_invoice, to_invoice, amount) values ({tenant}, {invoice}, {unpaid}, 20);
			update carried_amounts set returned = 21 where tenant = {tenant}`, code: checkViolation, constraint: "returned_within_amount"},
		"a line of another invoice":        {sql: strings.Replace(entry("payment", "k", "{unbooked}", "stripe 10 USD", "receivable -10 USD"), "{invoice}", "{unpaid}", 1), code: checkViolation},
		"another intent of a payment":      {sql: "update payments set payment_intent = 'pi_other' where tenant = {tenant} and id = {payment}", code: checkViolation},
		"an intent opened again":           {sql: "update payments set intent_closed = true where tenant = {tenant} and id = {payment}; update payments set intent_closed = false where tenant = {tenant} and id = {payment}", code: checkViolation},
		"another amount of an attempt":     {sql: "update attempts set amount = amount + 1 where tenant = {tenant}", code: checkViolation},
		"another wish than was asked":      {sql: "update invoice_requests set payload = '{\"amount\": 1}' where tenant = {tenant}", code: checkViolation},
		"a line of nothing":                {sql: entry("payment", "k", "{unbooked}", "stripe 0 USD"), code: checkViolation},
		"a receivable in another currency": {sql: entry("payment", "k", "{unbooked}", "stripe 10 EUR", "receivable -10 EUR"), code: checkViolation},
		"a line added to a booked entry": {sql: `insert into ledger_lines (tenant, entry_id, n, account, invoice_id, amount, currency)
			select {tenant}, id, 9, 'receivable', {invoice}, -1, 'USD' from ledger_entries where tenant = {tenant} and key = 'payment/1'`, code: restrictViolation},
		"a customer's credit below nothing":          {sql: entry("credit", "k", "null", "customer_credit 1 USD", "revenue -1 USD"), code: checkViolation, constraint: "credit_not_negative"},
		"an entry of another tenant's invoice":       {sql: strings.ReplaceAll(entry("unmatched", "k", "null", "revenue 1 USD", "excess -1 USD"), "{invoice}", "{theirs}"), code: foreignKey},
		"more refunded than captured":                {sql: "update payments set amount_refunded = 3001 where tenant = {tenant} and id = {payment}", code: checkViolation},
		"less than nothing refunded":                 {sql: "update payments set amount_refunded = -1 where tenant = {tenant} and id = {payment}", code: checkViolation},
		"one intent of two payments":                 {sql: "update payments set payment_intent = 'pi_1' where tenant = {tenant} and id = {unbooked}", code: uniqueViolation, constraint: "payments_intent"},
		"two live attempts":                          {sql: "insert into attempts " + attemptRow("9", "created", "gen_random_uuid()"), code: uniqueViolation, constraint: "attempts_one_live"},
		"two attempts of one request":                {sql: "insert into attempts " + attemptRow("9", "failed", "{request}"), code: uniqueViolation},
		"an attempt that steps down from confirming": {sql: "update attempts set state = 'created' where tenant = {tenant} and state = 'confirming'", code: checkViolation},
		"an attempt that steps down from failed":     {sql: "update attempts set state = 'confirming' where tenant = {tenant} and state = 'failed'", code: checkViolation},
		"a failed attempt that was canceled":         {sql: "update attempts set state = 'canceled' where tenant = {tenant} and state = 'failed'", code: checkViolation},
		"a success taken back":                       {sql: "update attempts set state = 'failed' where tenant = {tenant} and state = 'succeeded'", code: checkViolation},
		"two live work items":                        {sql: strings.Repeat("insert into work_items "+workItemRow+";", 2), code: uniqueViolation, constraint: "work_items_one_live"},
	} {
		for who, conn := range map[string]*pgx.Conn{"the application": b.app, "a superuser": b.super} {
			t.Run(name+", by "+who, func(t *testing.T) {
				code, constraint, err := b.as(t.Context(), conn, guard.sql)
				if err != nil || code != guard.code || guard.constraint != "" && constraint != guard.constraint {
					t.Fatalf("answered %q %q (%v), want %q %q", code, constraint, err, guard.code, guard.constraint)
				}
			})
		}
	}
}

// The guards let through what is right: the rest paid, a refund of what was paid,
// an attempt that climbs.
func TestGuardsLetThroughWhatIsRight(t *testing.T) {
	b := openBooks(t)
	for _, statement := range []string{
		entry("payment", "k", "{unbooked}", "stripe 2001 USD", "receivable -2000 USD", "excess -1 USD"),
		entry("void", "k", "null", "receivable -2000 USD", "revenue 2000 USD"),
		entry("credit", "k", "null", "revenue 5 USD", "customer_credit -5 USD"),
		entry("credit", "k", "null", "revenue 5 USD", "customer_credit -5 USD") + ";" + // and two of it spent
			strings.ReplaceAll(entry("credit", "k2", "null", "customer_credit 2 USD", "receivable -2 USD"), "00aa'", "00ab'"),
		entry("carry_out", "k", "null", "receivable -2000 USD", "carried 2000 USD") + ";" + // and billed by another one
			strings.NewReplacer("00aa'", "00ab'", "{invoice}", "{unpaid}").Replace(entry("carry_in", "k2", "null", "receivable 2000 USD", "carried -2000 USD")),
		"update payments set amount_refunded = 3000 where tenant = {tenant} and id = {payment}",
		"update attempts set state = 'succeeded' where tenant = {tenant} and state in ('confirming', 'failed')",
	} {
		if code, constraint, err := b.as(t.Context(), b.app, statement); err != nil || code != "" {
			t.Errorf("%s: answered %q %q (%v)", statement, code, constraint, err)
		}
	}
}

// What is written once is never changed, by the owner neither: the ledger, the
// timeline and the audit trail refuse it, and the application is not even
// permitted to try (H4).
func TestAppendOnly(t *testing.T) {
	b := openBooks(t)
	for _, table := range []string{"ledger_entries", "ledger_lines", "timeline", "audit"} {
		for _, statement := range []string{"update " + table + " set tenant = tenant", "delete from " + table, "truncate " + table + " cascade"} {
			for who, conn := range map[string]*pgx.Conn{restrictViolation: b.super, notPermitted: b.app} {
				code, _, err := b.as(t.Context(), conn, statement)
				if err != nil || code != who {
					t.Errorf("%s: answered %q (%v), want %s", statement, code, err, who)
				}
			}
		}
	}
}

// The application may do nothing but book: balances, credits and what keeps
// them are the triggers' alone.
func TestApplicationCannotGoAroundTheLedger(t *testing.T) {
	b := openBooks(t)
	for _, statement := range []string{
		"update invoice_balances set applied = billed",
		"delete from invoice_balances",
		"insert into invoice_balances (tenant, invoice_id, currency, billed) values ({tenant}, {draft}, 'USD', 1)",
		"insert into invoice_balances (tenant, invoice_id, currency, applied) values ({tenant}, {draft}, 'USD', 0)",
		"insert into customer_credits (tenant, customer_id, currency, credit) values ({tenant}, {customer}, 'USD', 1)",
		"update customer_credits set credit = 1",
		"delete from payments", "delete from attempts", "delete from invoices", "delete from invoice_requests",
		"alter table ledger_lines disable trigger all",
		"set local session_replication_role = replica",
		"alter table invoices no force row level security",
	} {
		code, _, err := b.as(t.Context(), b.app, statement)
		if err != nil || code != notPermitted {
			t.Errorf("%s: answered %q (%v)", statement, code, err)
		}
	}
	if code, _, err := b.as(t.Context(), b.app, "insert into invoice_balances (tenant, invoice_id, currency) values ({tenant}, {draft}, 'USD')"); err != nil || code != "" {
		t.Errorf("opening a balance: answered %q (%v)", code, err)
	}
}

// Another tenant's books cannot be seen, changed, or added to.
func TestBooksOfAnotherTenant(t *testing.T) {
	b := openBooks(t)
	ctx := t.Context()
	for _, table := range []string{"invoices", "payments", "attempts", "invoice_requests", "ledger_entries", "ledger_lines", "invoice_balances", "timeline", "audit", "agenda", "work_items"} {
		var seen, all int
		count := "select count(*) from " + table + " where tenant = {other}"
		must(t, b.app.QueryRow(ctx, b.words.Replace(count)).Scan(&seen))
		must(t, b.super.QueryRow(ctx, b.words.Replace(count)).Scan(&all))
		if seen != 0 || all == 0 && !slices.Contains([]string{"agenda", "work_items"}, table) {
			t.Errorf("%s: %d of %d rows of another tenant are seen", table, seen, all)
		}
	}
	for _, statement := range []string{
		"update invoices set status = 'paid' where tenant = {other}",
		"update payments set amount_captured = 1 where tenant = {other}",
		"update attempts set state = 'succeeded' where tenant = {other}",
	} {
		tag, err := b.app.Exec(ctx, b.words.Replace(statement))
		if err != nil || tag.RowsAffected() != 0 {
			t.Errorf("%s: %d rows (%v)", statement, tag.RowsAffected(), err)
		}
	}
	for _, statement := range []string{
		strings.ReplaceAll(strings.ReplaceAll(entry("payment", "k", "null", "stripe 1 USD", "excess -1 USD"), "{tenant}", "{other}"), "{invoice}", "{theirs}"),
		"insert into timeline (tenant, invoice_id, seq, at, kind, what, actor_kind, hash) values ({other}, {theirs}, 9, now(), 'paid', 'x', 'system', '')",
		"insert into audit (tenant, seq, at, actor_kind, action, outcome, change, hash) values ({other}, 9, now(), 'system', 'x', 'done', '{}', '')",
		"insert into invoice_balances (tenant, invoice_id, currency) values ({other}, {theirs}, 'USD')",
		"insert into invoice_requests (tenant, id, invoice_id, kind, payload, actor) values ({other}, gen_random_uuid(), {theirs}, 'pay', '{}', '{}')",
	} {
		code, _, err := b.as(ctx, b.app, statement)
		if err != nil || code != notPermitted {
			t.Errorf("%s: answered %q (%v)", statement, code, err)
		}
	}
}

func openBooks(t *testing.T) *books {
	t.Helper()
	url := embedded.TestDatabaseFrom(t, "migrated", postgres.Migrate)
	b := &books{}
	for _, conn := range []**pgx.Conn{&b.app, &b.super} {
		opened, err := pgx.Connect(t.Context(), url)
		must(t, err)
		t.Cleanup(func() { _ = opened.Close(context.Background()) })
		*conn = opened
	}
	var ours []string
	for range 2 {
		words := []string{}
		for _, name := range []string{"tenant", "customer", "invoice", "unpaid", "draft", "payment", "unbooked", "request"} {
			words = append(words, "{"+name+"}", "'"+newID(t).String()+"'")
		}
		mustExec(t, b.super, strings.NewReplacer(words...).Replace(furnished))
		if ours == nil {
			ours = words
			continue
		}
		b.words = strings.NewReplacer(append(ours, "{other}", words[1], "{theirs}", words[5])...)
	}
	mustExec(t, b.app, b.words.Replace("set role remit_app; select set_config('remit.tenant', {tenant}, false)"))
	return b
}

func attemptRow(number, state, request string) string {
	return "(tenant, id, invoice_id, payment_id, request_id, number, kind, state, amount, actor) values ({tenant}, gen_random_uuid(), {invoice}, {payment}, " +
		request + ", " + number + ", 'charge', '" + state + "', 100, '{}')"
}

const workItemRow = `(tenant, id, invoice_id, organisation_id, assignee_name, assignee_path, role, state, due_date)
	values ({tenant}, gen_random_uuid(), {invoice}, {tenant}, 'x', '/x', 'Invoice Payers', 'open', '2030-01-01')`

// furnished is one tenant's books. Attempt 3 is live.
var furnished = `
insert into tenants (id, path) values ({tenant}, '/t-' || {tenant});
insert into organisations (tenant, id, path, name, time_zone, currency) values ({tenant}, {tenant}, '/t-' || {tenant}, 'T', 'UTC', 'USD');
insert into customers (tenant, id, organisation_id, name, currency) values ({tenant}, {customer}, {tenant}, 'C', 'USD');
insert into invoices (tenant, id, organisation_id, customer_id, number, status, total, currency, issue_date, due_date, fingerprint, settings)
	select {tenant}, id::uuid, {tenant}, {customer}, id, 'open', 5000, 'USD', '2030-01-01', '2030-02-01', '', '{}'
	from unnest(array[{invoice}, {unpaid}, {draft}]) id;
insert into invoice_requests (tenant, id, invoice_id, kind, payload, actor) values ({tenant}, {request}, {invoice}, 'pay', '{}', '{}');
insert into payments (tenant, id, invoice_id, customer_id, source, account, currency, payment_intent, amount_captured, state)
	values ({tenant}, {payment}, {invoice}, {customer}, 'stripe', 'acct_1', 'USD', 'pi_1', 3000, 'succeeded'),
	({tenant}, {unbooked}, {invoice}, {customer}, 'stripe', 'acct_1', 'USD', null, 0, 'created');
insert into attempts ` + attemptRow("1", "failed", "gen_random_uuid()") + `;
insert into attempts ` + attemptRow("2", "succeeded", "{request}") + `;
insert into attempts ` + attemptRow("3", "confirming", "gen_random_uuid()") + `;
insert into invoice_balances (tenant, invoice_id, currency) values ({tenant}, {invoice}, 'USD'), ({tenant}, {unpaid}, 'USD');
insert into ledger_entries (tenant, id, key, kind, invoice_id, payment_id, at)
	values ({tenant}, {invoice}, 'issue/1', 'issue', {invoice}, null, now()), ({tenant}, {unpaid}, 'issue/2', 'issue', {unpaid}, null, now()),
	({tenant}, {payment}, 'payment/1', 'payment', {invoice}, {payment}, now());
insert into ledger_lines (tenant, entry_id, n, account, invoice_id, amount, currency)
	values ({tenant}, {invoice}, 1, 'receivable', {invoice}, 5000, 'USD'), ({tenant}, {invoice}, 2, 'revenue', {invoice}, -5000, 'USD'),
	({tenant}, {unpaid}, 1, 'receivable', {unpaid}, 5000, 'USD'), ({tenant}, {unpaid}, 2, 'revenue', {unpaid}, -5000, 'USD'),
	({tenant}, {payment}, 1, 'stripe', {invoice}, 3000, 'USD'), ({tenant}, {payment}, 2, 'receivable', {invoice}, -3000, 'USD');
insert into timeline (tenant, invoice_id, seq, at, kind, what, actor_kind, hash) values ({tenant}, {invoice}, 1, now(), 'created', 'x', 'system', '');
insert into audit (tenant, seq, at, actor_kind, action, outcome, change, hash) values ({tenant}, 1, now(), 'system', 'x', 'done', '{}', '');
`

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
