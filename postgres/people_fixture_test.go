package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/embedded"
	"remit/postgres"
)

// openPeople gives a migrated database of the test's own, as the application
// and as a superuser.
func openPeople(t *testing.T) (*postgres.DB, *pgx.Conn) {
	t.Helper()
	url := embedded.TestDatabaseFrom(t, "migrated", postgres.Migrate)
	db, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	super, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = super.Close(context.Background()) })
	return db, super
}

// newTenant makes a tenant with one organisation below it and returns both.
func newTenant(t *testing.T, db *postgres.DB, path string) (top, branch remit.Organisation) {
	t.Helper()
	id := newID(t)
	top = remit.Organisation{ID: id, Tenant: id, Path: path, Name: path, TimeZone: "UTC", Currency: "USD", CreatedAt: time.Now()}
	branch = top
	branch.ID, branch.Path = newID(t), path+"/Branch A"
	err := db.InTenant(t.Context(), id, func(tx *postgres.Tx) error {
		if err := tx.InsertTenant(t.Context(), top); err != nil {
			return err
		}
		return tx.InsertOrganisation(t.Context(), branch)
	})
	if err != nil {
		t.Fatal(err)
	}
	return top, branch
}

// newMember makes an account that is active in the tenant.
func newMember(t *testing.T, db *postgres.DB, tenant uuid.UUID, email string) uuid.UUID {
	t.Helper()
	id, now := newID(t), time.Now()
	err := db.InTenant(t.Context(), tenant, func(tx *postgres.Tx) error {
		if err := postgres.InsertAccountOnce(t.Context(), tx, postgres.Account{ID: id, Email: email, Name: email}, now); err != nil {
			return err
		}
		return tx.InsertMember(t.Context(), postgres.Member{Account: id, AcceptedAt: &now}, now)
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// give grants a role at an organisation and returns the grant's id.
func give(t *testing.T, db *postgres.DB, account uuid.UUID, role string, at remit.Organisation) uuid.UUID {
	t.Helper()
	grant := remit.RoleGrant{ID: newID(t), User: account, Role: role, UnitID: at.ID, Path: at.Path}
	err := db.InTenant(t.Context(), at.Tenant, func(tx *postgres.Tx) error { return tx.InsertGrant(t.Context(), grant, time.Now()) })
	if err != nil {
		t.Fatal(err)
	}
	return grant.ID
}

func newID(t *testing.T) uuid.UUID {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return id
}
