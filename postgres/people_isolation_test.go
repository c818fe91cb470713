package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Tables that name a tenant and yet are read before one is known: they hold ids
// and hashes, no business data.
var directories = []string{
	"account_tokens", "api_token_directory", "checkout_directory", "connection_directory", "member_directory", "oauth_states", "store_directory", "stripe_events", "webhook_directory",
}

// A new table that names a tenant and forgets row security must not pass, and
// neither must one whose owner escapes it.
func TestEveryTenantTableIsIsolated(t *testing.T) {
	_, super := openPeople(t)
	rows, err := super.Query(t.Context(), `select c.relname, c.relrowsecurity and c.relforcerowsecurity
		and exists (select 1 from pg_policy p where p.polrelid = c.oid and p.polqual is not null and p.polwithcheck is not null)
		from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant' and not a.attisdropped
		where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace`)
	if err != nil {
		t.Fatal(err)
	}
	var table string
	var isolated bool
	if _, err := pgx.ForEachRow(rows, []any{&table, &isolated}, func() error {
		if isolated == slices.Contains(directories, table) {
			t.Errorf("%s: isolated is %v", table, isolated)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// The database itself keeps tenants apart, in every isolated table: without a
// tenant nothing shows, with one nobody else's rows, and none can be written
// for another. (T1 below the application.)
func TestT1NoRowOfAnotherTenant(t *testing.T) {
	_, super := openPeople(t)
	ctx := t.Context()
	ours, theirs := newID(t), newID(t)
	tables := isolatedTables(t, super)
	if len(tables) < 20 {
		t.Fatalf("only %d isolated tables were found", len(tables))
	}
	// Rows need not make sense here, so nothing but row security is left on.
	mustExec(t, super, "set session_replication_role = replica")
	for _, table := range tables {
		for _, tenant := range []uuid.UUID{ours, theirs} {
			fill(t, super, table, tenant)
		}
	}
	mustExec(t, super, "set session_replication_role = origin")
	for _, table := range tables {
		mustExec(t, super, "grant select, insert, update, delete on "+table+" to remit_app") // so that only row security refuses
		mustExec(t, super, "alter table "+table+" disable trigger user")
	}
	mustExec(t, super, "set role remit_app")
	for _, table := range tables {
		t.Run(table, func(t *testing.T) {
			tx, err := super.Begin(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
			if n := count(t, tx, "select count(*) from "+table); n != 0 {
				t.Errorf("%d rows show without a tenant", n)
			}
			if _, err := tx.Exec(ctx, "select set_config('remit.tenant', $1, true)", ours.String()); err != nil {
				t.Fatal(err)
			}
			if n := count(t, tx, "select count(*) from "+table+" where tenant = '"+theirs.String()+"'"); n != 0 {
				t.Errorf("%d rows of another tenant show", n)
			}
			if n := count(t, tx, "select count(*) from "+table); n != 1 {
				t.Errorf("%d of the own rows show, want 1", n)
			}
			for _, statement := range []string{"delete from " + table, "update " + table + " set tenant = tenant"} {
				tag, err := tx.Exec(ctx, "savepoint s; "+statement+" where tenant = '"+theirs.String()+"'")
				if err == nil && tag.RowsAffected() != 0 {
					t.Errorf("%s reached another tenant", statement)
				}
				if _, err := tx.Exec(ctx, "rollback to s"); err != nil {
					t.Fatal(err)
				}
			}
			_, err = tx.Exec(ctx, "update "+table+" set tenant = $1", theirs)
			if !refused(err, "42501") {
				t.Errorf("a row could be given to another tenant: %v", err)
			}
		})
	}
}

// The ledger, the timeline and the audit trail are only ever added to, whoever
// asks: the application lacks the right, and the owner is stopped by a trigger.
func TestAppendOnlyTablesRefuseChanges(t *testing.T) {
	_, super := openPeople(t)
	ctx := t.Context()
	tables := []string{"ledger_entries", "ledger_lines", "timeline", "audit"}
	mustExec(t, super, "set session_replication_role = replica")
	for _, table := range tables {
		fill(t, super, table, newID(t))
	}
	mustExec(t, super, "set session_replication_role = origin")
	for _, table := range tables {
		for _, statement := range []string{"update " + table + " set tenant = tenant", "delete from " + table, "truncate " + table + " cascade"} {
			mustExec(t, super, "set role remit_app")
			if _, err := super.Exec(ctx, statement); !refused(err, "42501") {
				t.Errorf("as remit_app: %s: %v", statement, err)
			}
			mustExec(t, super, "reset role")
			if _, err := super.Exec(ctx, statement); !refused(err, "23001") {
				t.Errorf("as the owner: %s: %v", statement, err)
			}
		}
	}
}

func isolatedTables(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), "select relname::text from pg_class where relforcerowsecurity order by 1")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// fill puts one row into a table, of whatever values its columns take. It drops
// the table's checks for that.
func fill(t *testing.T, conn *pgx.Conn, table string, tenant uuid.UUID) {
	t.Helper()
	rows, err := conn.Query(t.Context(), "select conname::text from pg_constraint where conrelid = $1::text::regclass and contype = 'c'", table)
	if err != nil {
		t.Fatal(err)
	}
	checks, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, check := range checks {
		mustExec(t, conn, "alter table "+table+" drop constraint "+check)
	}
	rows, err = conn.Query(t.Context(), `select attname::text, format_type(atttypid, null) from pg_attribute
		where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attnotnull and attgenerated = ''`, table)
	if err != nil {
		t.Fatal(err)
	}
	var columns, values []string
	var column, kind string
	if _, err := pgx.ForEachRow(rows, []any{&column, &kind}, func() error {
		columns = append(columns, column)
		values = append(values, anyValue(column, kind, tenant))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	mustExec(t, conn, fmt.Sprintf("insert into %s (%s) values (%s)", table, strings.Join(columns, ", "), strings.Join(values, ", ")))
}

func anyValue(column, kind string, tenant uuid.UUID) string {
	switch {
	case column == "tenant":
		return "'" + tenant.String() + "'"
	case kind == "uuid":
		return "gen_random_uuid()"
	case strings.HasPrefix(kind, "timestamp"), kind == "date":
		return "now()"
	case kind == "integer", kind == "bigint":
		return "1"
	case kind == "boolean":
		return "false"
	case strings.HasPrefix(kind, "json"), strings.HasSuffix(kind, "[]"):
		return "'{}'"
	default:
		return "'\\x00'::text::" + kind
	}
}

func mustExec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func count(t *testing.T, tx pgx.Tx, sql string) int {
	t.Helper()
	var n int
	if err := tx.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func refused(err error, code string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == code
}
