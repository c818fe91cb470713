package postgres_test

import (
	"context"
	"errors"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"

	"remit/embedded"
	"remit/postgres"
)

// Protects who hands out as little as possible: an account that is no superuser
// migrates a database of its own, first as one that may make roles, then as one
// that need not, and the program works on what it made.
func TestMigratesWithoutSuperuser(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	folder, err := embedded.OpenFolder(t.TempDir()) // roles are a server's, so this needs one without any
	if err != nil {
		t.Fatal(err)
	}
	server, err := embedded.StartPostgres(ctx, folder, embedded.Fast, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(server.Stop(context.WithoutCancel(ctx)), folder.Close()); err != nil {
			t.Error(err)
		}
	})
	super, err := pgx.Connect(ctx, server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = super.Close(context.WithoutCancel(ctx)) }()
	for _, account := range []struct{ name, may string }{
		{"makes_roles", "createrole bypassrls"},
		{"makes_none", "bypassrls"},
	} {
		for _, statement := range []string{
			"create role " + account.name + " login " + account.may + " password 'made-up'",
			"create database " + account.name + " owner " + account.name,
		} {
			if _, err := super.Exec(ctx, statement); err != nil {
				t.Fatal(err)
			}
		}
		admin, err := url.Parse(server.URL(account.name))
		if err != nil {
			t.Fatal(err)
		}
		own := *admin
		own.User = url.UserPassword(account.name, "made-up")
		if err := postgres.Migrate(ctx, own.String()); err != nil {
			t.Fatalf("%s: %v", account.name, err)
		}
		worksOn(t, admin.String())
	}
}

// worksOn signs in as the program does and writes what calls every function
// that runs with its owner's rights.
func worksOn(t *testing.T, admin string) {
	t.Helper()
	app, err := postgres.Provision(t.Context(), admin, "made-up too")
	if err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), app, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if there, err := db.AtHead(t.Context()); err != nil || !there {
		t.Fatalf("at head: %v, %v", there, err)
	}
	top, branch := newTenant(t, db, "/acme")
	give(t, db, newMember(t, db, top.Tenant, "ana@example.com"), "Payer", branch)
}
