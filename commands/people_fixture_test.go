package commands

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"

	"remit"
	"remit/embedded"
	"remit/policies"
	"remit/postgres"
	"remit/secrets"
)

// house is Remit's people on a database of the test's own, with a clock that
// the test moves.
type house struct {
	*Commands
	t     *testing.T
	super *pgx.Conn
	clock *movable
}

type movable struct {
	mu sync.Mutex
	at time.Time
}

func (m *movable) now() time.Time { m.mu.Lock(); defer m.mu.Unlock(); return m.at }

func (m *movable) forward(d time.Duration) { m.mu.Lock(); defer m.mu.Unlock(); m.at = m.at.Add(d) }

const goodPassword = "violet umbrella 93 sandwich"

// openHouse gives commands with the tenant "/dev", its branches "/dev/Branch A"
// and "/dev/Branch AB", and its owner.
func openHouse(t *testing.T) (*house, Caller) {
	t.Helper()
	url := embedded.TestDatabaseFrom(t, "migrated", postgres.Migrate)
	db, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 12})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	super, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = super.Close(context.Background()) })
	kek, err := subtle.NewAESGCM(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := secrets.OpenWithKEK(t.Context(), kek, db.Keysets())
	if err != nil {
		t.Fatal(err)
	}
	authority, err := policies.New(db.Policies(), policies.Options{})
	if err != nil {
		t.Fatal(err)
	}
	clock := &movable{at: time.Now().UTC().Truncate(time.Microsecond)}
	h := &house{t: t, super: super, clock: clock, Commands: &Commands{
		DB: db, Authority: authority, Secrets: keys, Logger: slog.New(slog.DiscardHandler), Now: clock.now,
		PublicURL: "https://remit.example", Sandbox: true,
	}}
	owner := h.founder("/dev", "olga@example.com")
	for _, branch := range []string{"/dev/Branch A", "/dev/Branch AB", "/dev/Branch A/North"} {
		if _, err := h.CreateOrganisation(t.Context(), owner, Given(OrganisationInput{Path: branch})); err != nil {
			t.Fatal(err)
		}
	}
	return h, owner
}

// founder makes a tenant and signs its first administrator in.
func (h *house) founder(path, email string) Caller {
	h.t.Helper()
	_, err := h.CreateFirstAdministrator(h.t.Context(), FirstAdministrator{
		Organisation: path, Email: email, Name: strings.Split(email, "@")[0], Password: secrets.NewSecret(goodPassword),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return h.signIn(email)
}

// signIn signs somebody in from a network of his own and gives the caller.
func (h *house) signIn(email string) Caller {
	h.t.Helper()
	from := From{Address: "192.0.2.1"}
	in, err := h.SignIn(h.t.Context(), SignInInput{Email: email, Password: secrets.NewSecret(goodPassword), From: from})
	if err != nil {
		h.t.Fatalf("sign in %s: %v", email, err)
	}
	return h.caller(in.Session)
}

func (h *house) caller(session secrets.Secret) Caller {
	h.t.Helper()
	caller, err := h.Session(h.t.Context(), session.Reveal(), From{Address: "192.0.2.1"})
	if err != nil {
		h.t.Fatal(err)
	}
	return caller
}

// join invites somebody with roles, written "role at path", has him accept and
// signs him in.
func (h *house) join(by Caller, email string, roles ...string) Caller {
	h.t.Helper()
	input := InviteInput{Organisation: by.Tenants[0].Path, Email: email, Name: strings.Split(email, "@")[0]}
	for _, text := range roles {
		role, path, _ := strings.Cut(text, " at ")
		input.Grants = append(input.Grants, GrantInput{Role: role, Path: path})
	}
	invitation, err := h.InviteUser(h.t.Context(), by, Given(input))
	if err != nil {
		h.t.Fatalf("invite %s: %v", email, err)
	}
	h.accept(invitation)
	return h.signIn(email)
}

func (h *house) accept(invitation Invitation) {
	h.t.Helper()
	token := strings.TrimPrefix(invitation.Link, "/invitation/")
	if err := h.AcceptInvitation(h.t.Context(), token, secrets.NewSecret(goodPassword), From{}); err != nil {
		h.t.Fatalf("accept: %v", err)
	}
}

// custom makes a role of the tenant's own.
func (h *house) custom(by Caller, name string, scopes ...remit.Scope) {
	h.t.Helper()
	if _, _, err := h.PutRole(h.t.Context(), by, "", name, Given(RoleInput{Permissions: scopes})); err != nil {
		h.t.Fatal(err)
	}
}

// may reports whether a caller may do scope at a path now.
func (h *house) may(caller Caller, scope remit.Scope, path string) bool {
	h.t.Helper()
	decision, err := h.can(h.t.Context(), caller, caller.Tenants[0].Tenant, path, scope)
	if err != nil {
		h.t.Fatal(err)
	}
	return decision.Allowed
}

// grantOf is the id of somebody's only grant of a role.
func (h *house) grantOf(by Caller, user uuid.UUID, role string) uuid.UUID {
	h.t.Helper()
	list, err := h.Grants(h.t.Context(), by, GrantFilter{User: &user, Role: role}, Page{})
	if err != nil {
		h.t.Fatal(err)
	}
	if len(list.Items) != 1 {
		h.t.Fatalf("%d grants of %s", len(list.Items), role)
	}
	return list.Items[0].ID
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	if _, err := h.super.Exec(h.t.Context(), sql, args...); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
}

func (h *house) number(sql string, args ...any) (n int) {
	h.t.Helper()
	if err := h.super.QueryRow(h.t.Context(), sql, args...).Scan(&n); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// wants fails the test unless err is of a kind.
func wants(t *testing.T, what string, err error, kind remit.Kind) {
	t.Helper()
	var e *remit.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Errorf("%s: got %v, want kind %d", what, err, kind)
	}
}

// within waits up to ten seconds for a condition.
func within(t *testing.T, what string, met func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(time.Minute)
	for !met() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("it did not come: %s", what)
		}
	}
}
