package postgres_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/policies"
	"remit/postgres"
)

// patience is how long a change may take to be in force before it counts as not
// heard of: far less than the ten minutes after which a policy is read again
// unasked. It is milliseconds; the promise is a second, on a machine at leisure.
const patience = 30 * time.Second

// Whoever is frozen in one process is stopped in every other one at once,
// without anybody asking the database for each decision.
func TestChangedRightsAreInForceAtOnce(t *testing.T) {
	db, _ := openPeople(t)
	top, branch := newTenant(t, db, "/listen")
	ana := newMember(t, db, top.Tenant, "ana@example.com")
	give(t, db, ana, policies.RoleInvoicePayers, top)
	authority := listening(t, db)
	if !canPay(t, authority, ana, branch) {
		t.Fatal("Ana cannot pay before she is frozen")
	}
	began := time.Now()
	give(t, db, ana, policies.RoleFrozen, branch)
	for canPay(t, authority, ana, branch) {
		if time.Since(began) > patience {
			t.Fatalf("Ana still pays %s after she was frozen", patience)
		}
	}
	t.Logf("in force after %s", time.Since(began))
}

// News that is missed while the connection is down is made up for when it is
// up again.
func TestListeningSurvivesALostConnection(t *testing.T) {
	db, super := openPeople(t)
	top, branch := newTenant(t, db, "/reconnect")
	ana := newMember(t, db, top.Tenant, "ana@example.com")
	authority := listening(t, db)
	for round := range 3 {
		within(t, "listening", func() bool { return listeners(t, super) == 1 })
		if tag, err := super.Exec(t.Context(), listenersGone); err != nil || tag.RowsAffected() != 1 {
			t.Fatalf("round %d: end the listener: %v, %v", round, tag, err)
		}
		grant := give(t, db, ana, policies.RoleInvoicePayers, top)
		within(t, "the grant is in force", func() bool { return canPay(t, authority, ana, branch) })
		within(t, "listening again", func() bool { return listeners(t, super) == 1 })
		err := db.InTenant(t.Context(), top.Tenant, func(tx *postgres.Tx) error { return tx.DeleteGrant(t.Context(), grant) })
		if err != nil {
			t.Fatal(err)
		}
		within(t, "the grant is gone", func() bool { return !canPay(t, authority, ana, branch) })
	}
}

const (
	ofListeners   = "from pg_stat_activity where datname = current_database() and query like '%listen authz%' and pid <> pg_backend_pid()"
	listenersGone = "select pg_terminate_backend(pid) " + ofListeners
)

func listeners(t *testing.T, super *pgx.Conn) int {
	t.Helper()
	var n int
	if err := super.QueryRow(t.Context(), "select count(*) "+ofListeners).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// listening gives an authority that hears of changes, and waits until it does.
func listening(t *testing.T, db *postgres.DB) *policies.Authority {
	t.Helper()
	authority, err := policies.New(db.Policies(), policies.Options{})
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan struct{}, 1)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		db.ListenPolicies(ctx, hearing{authority, heard}, slog.New(slog.DiscardHandler))
	}()
	t.Cleanup(func() { stop(); <-done })
	select {
	case <-heard:
	case <-time.After(patience):
		t.Fatal("the listener does not come up")
	}
	return authority
}

// hearing is an authority that tells when everything was forgotten, which is
// when listening began.
type hearing struct {
	*policies.Authority
	heard chan struct{}
}

func (h hearing) InvalidateAll() {
	h.Authority.InvalidateAll()
	select {
	case h.heard <- struct{}{}:
	default:
	}
}

func canPay(t *testing.T, authority *policies.Authority, user uuid.UUID, at remit.Organisation) bool {
	t.Helper()
	path, err := remit.ParsePath(at.Path)
	if err != nil {
		t.Fatal(err)
	}
	decision, err := authority.Can(t.Context(), policies.Subject{UserID: user, Tenant: at.Tenant}, path, remit.StripePay)
	if err != nil {
		t.Fatal(err)
	}
	return decision.Allowed
}

// within waits for a condition.
func within(t *testing.T, what string, met func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(patience)
	for !met() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}
