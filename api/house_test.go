package api

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/commands"
	"remit/credentials"
	"remit/embedded"
	"remit/gateway"
	"remit/policies"
	"remit/postgres"
	"remit/secrets"
)

// house is a server on a database of its own, with two tenants.
type house struct {
	t        *testing.T
	db       *postgres.DB
	url      string // of the database, for a superuser
	server   *Server
	log      *bytes.Buffer
	top      remit.Organisation
	branch   remit.Organisation // "/<top>/Branch AB"
	beside   remit.Organisation // "/<top>/Branch A", which is not above it
	customer remit.Customer     // at branch
	other    remit.Organisation // another tenant
}

// openHouse opens one; edit may change the options before the server is made.
func openHouse(t *testing.T, edit func(*Options)) *house {
	t.Helper()
	url := embedded.TestDatabaseFrom(t, "migrated", postgres.Migrate)
	db, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 12})
	must(t, err)
	t.Cleanup(db.Close)
	file := t.TempDir() + "/kek"
	must(t, secrets.CreateKEK(file))
	keys, err := secrets.Open(t.Context(), file, db.Keysets())
	must(t, err)
	authority, err := policies.New(db.Policies(), policies.Options{})
	must(t, err)
	h := &house{t: t, db: db, url: url, log: &bytes.Buffer{}}
	logger := slog.New(slog.NewJSONHandler(h.log, nil))
	options := Options{
		Logger: logger,
		Commands: &commands.Commands{
			DB: db, Authority: authority, Secrets: keys, Logger: logger, Now: time.Now, Sandbox: true,
			Stripe: gateway.New(gateway.Options{URL: "http://127.0.0.1:1"}), PublicURL: "http://127.0.0.1",
		},
	}
	if edit != nil {
		edit(&options)
	}
	h.server, err = New(options)
	must(t, err)
	h.top = h.tenant("/house")
	h.branch, h.beside = h.below(h.top, "Branch AB"), h.below(h.top, "Branch A")
	h.other = h.tenant("/other")
	h.customer = remit.Customer{
		ID: newID(), OrganisationID: h.branch.ID, Organisation: h.branch.Path, Name: "Globex", Email: "pay@globex.test", Currency: "USD", CreatedAt: time.Now(),
	}
	h.in(h.top, func(tx *postgres.Tx) error { return tx.InsertCustomer(t.Context(), h.customer) })
	return h
}

func (h *house) in(top remit.Organisation, fn func(tx *postgres.Tx) error) {
	h.t.Helper()
	must(h.t, h.db.InTenant(h.t.Context(), top.Tenant, fn))
}

func (h *house) tenant(path string) remit.Organisation {
	id := newID()
	o := remit.Organisation{ID: id, Tenant: id, Path: path, Name: path, TimeZone: "UTC", Currency: "USD", CreatedAt: time.Now()}
	h.in(o, func(tx *postgres.Tx) error { return tx.InsertTenant(h.t.Context(), o) })
	return o
}

func (h *house) below(top remit.Organisation, name string) remit.Organisation {
	o := top
	o.ID, o.Path, o.Name = newID(), top.Path+"/"+name, name
	h.in(top, func(tx *postgres.Tx) error { return tx.InsertOrganisation(h.t.Context(), o) })
	return o
}

// person is a member of a tenant with roles at a path, and a session of his.
func (h *house) person(top, at remit.Organisation, customer *uuid.UUID, roles ...string) (uuid.UUID, *http.Cookie) {
	h.t.Helper()
	ctx, id, now := h.t.Context(), newID(), time.Now()
	h.in(top, func(tx *postgres.Tx) error {
		must(h.t, postgres.InsertAccountOnce(ctx, tx, postgres.Account{ID: id, Email: id.String() + "@house.test", Name: "Ana"}, now))
		must(h.t, tx.InsertMember(ctx, postgres.Member{Account: id, CustomerID: customer, AcceptedAt: &now}, now))
		for _, role := range roles {
			must(h.t, tx.InsertGrant(ctx, remit.RoleGrant{ID: newID(), User: id, Role: role, UnitID: at.ID}, now))
		}
		return nil
	})
	h.server.commands.Authority.Invalidate(top.Tenant)
	return id, h.session(id)
}

func (h *house) session(account uuid.UUID) *http.Cookie {
	h.t.Helper()
	token, now := credentials.NewToken(credentials.SessionToken), time.Now()
	must(h.t, h.db.Global(h.t.Context(), func(tx pgx.Tx) error {
		return postgres.InsertSession(h.t.Context(), tx, postgres.Session{TokenHash: token.Hash, Account: account, SignedInAt: now, ConfirmedAt: now}, now)
	}))
	return &http.Cookie{Name: CookieSession, Value: token.Plain.Reveal()}
}

// exec changes the database as a superuser.
func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	conn, err := pgx.Connect(h.t.Context(), h.url)
	must(h.t, err)
	defer func() { _ = conn.Close(h.t.Context()) }()
	_, err = conn.Exec(h.t.Context(), sql, args...)
	must(h.t, err)
}

// ask sends a request; edit may change it first.
func (h *house) ask(method, path, body string, who *http.Cookie, edit ...func(*http.Request)) *http.Response {
	h.t.Helper()
	request := httptest.NewRequestWithContext(h.t.Context(), method, path, bytes.NewReader([]byte(body)))
	if body != "" {
		request.Header.Set("Content-Type", mediaJSON)
	}
	if who != nil {
		request.AddCookie(who)
	}
	for _, change := range edit {
		change(request)
	}
	recorder := httptest.NewRecorder()
	h.server.ServeHTTP(recorder, request)
	return recorder.Result()
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

// text is an answer's body.
func text(t *testing.T, r *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(r.Body)
	must(t, err)
	return string(data)
}

// code is a problem's code.
func code(t *testing.T, r *http.Response) string {
	t.Helper()
	var p problem
	if err := json.Unmarshal([]byte(text(t, r)), &p); err != nil {
		t.Fatalf("not a problem: %v", err)
	}
	return p.Code
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
