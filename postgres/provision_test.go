package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"remit/embedded"
	"remit/postgres"
)

// The program's own connection can become remit_app and nothing else: not the
// owner of a table, not a superuser, whatever it sends.
func TestProvisionedAccountIsTheAppAlone(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	admin := embedded.TestDatabaseFrom(t, "migrated", postgres.Migrate)
	if _, err := postgres.Provision(ctx, admin, "first pass'word"); err != nil {
		t.Fatal(err)
	}
	url, err := postgres.Provision(ctx, admin, `sec"ond/pass'word?`)
	if err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(ctx, url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Ping(ctx); err != nil {
		t.Fatalf("the account cannot work: %v", err)
	}
	connection, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(context.WithoutCancel(ctx)) }()
	for _, statement := range []string{
		"set role postgres", "set role remit_owner", "set role remit_ops", "set session authorization postgres",
		"create table mine (n int)", "alter table audit disable row level security", "create role other", "drop table audit",
	} {
		if _, err := connection.Exec(ctx, statement); err == nil {
			t.Errorf("%q was allowed", statement)
		}
	}
}
