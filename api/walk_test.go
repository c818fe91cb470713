package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"remit"
	"remit/api/routewalk"
	"remit/commands"
	"remit/credentials"
	"remit/policies"
	"remit/postgres"
)

// Protects every object from everybody who may not see or change it (T1, T2,
// ASVS 8.1, 8.2): each route as each shipped role, as somebody with one
// permission alone, as a customer's user, as a stranger and as a neighbour.
func TestEveryRouteAsEverybody(t *testing.T) {
	h := openHouse(t, func(o *Options) { o.Commands.Temporal = noTemporal{} })
	asked := routewalk.Walk(t, h.world())
	if few := len(routewalk.Rows) * 10; asked < few {
		t.Errorf("asked %d times, fewer than %d", asked, few)
	}
}

// world is the house as it is walked through.
func (h *house) world() routewalk.World {
	g := &ground{house: h}
	_, owner := h.person(h.top, h.top, nil, policies.RoleOwner)
	caller, err := h.server.auth.Caller(withCookie(owner))
	must(h.t, err)
	g.invoice = g.sent(caller, "W-1")
	g.held = g.sent(caller, "W-2")
	g.exec("update invoices set hold_reason = 'asked', hold_kind = 'person', hold_since = now() where id = $1", g.held)
	w := routewalk.World{
		Document: Document(), Top: h.top.Path, Unit: h.branch.Path, Object: g.object, Unknown: g.unknown,
		Do: func(r *http.Request) (int, []byte, error) {
			recorder := httptest.NewRecorder()
			h.server.ServeHTTP(recorder, r.WithContext(h.t.Context()))
			body, err := io.ReadAll(recorder.Result().Body)
			return recorder.Code, body, err
		},
	}
	add := func(role policies.Role) {
		_, who := h.person(h.top, h.top, nil, role.Name)
		w.People = append(w.People, routewalk.Person{Name: role.Name, Authorise: adding(who), Scopes: role.Scopes()})
	}
	for _, role := range policies.ShippedRoles() {
		add(role)
	}
	for i, scope := range remit.KnownScopes() {
		role := policies.Role{Name: fmt.Sprintf("Only %d", i), Permissions: []remit.Scope{scope}}
		h.in(h.top, func(tx *postgres.Tx) error { return tx.PutRole(h.t.Context(), role.Name, role.Permissions) })
		add(role)
	}
	_, nothing := h.person(h.top, h.top, nil)
	_, frozen := h.person(h.top, h.top, nil, policies.RoleOwner, policies.RoleFrozen)
	_, customer := h.person(h.top, h.top, &h.customer.ID, policies.RoleCustomer)
	_, stranger := h.person(h.other, h.other, nil, policies.RoleOwner)
	_, neighbour := h.person(h.top, h.beside, nil, policies.RoleOwner)
	w.People = append(w.People,
		routewalk.Person{Name: "a member without a role", Authorise: adding(nothing)},
		routewalk.Person{Name: "a frozen owner", Authorise: adding(frozen)},
		routewalk.Person{Name: "the customer", Authorise: adding(customer), Customer: true})
	w.Stranger = routewalk.Person{Name: "a stranger", Authorise: adding(stranger)}
	w.Neighbour = routewalk.Person{Name: "a neighbour", Authorise: adding(neighbour)}
	return w
}

// ground is what stands in the house to be walked over.
type ground struct {
	*house
	invoice, held uuid.UUID
	made          int
}

// object makes what the walk may use up, and finds the rest.
func (g *ground) object(kind string) string {
	ctx, id, now := g.t.Context(), newID(), time.Now()
	g.made++
	switch kind {
	case routewalk.KindInvoice:
		return g.invoice.String()
	case routewalk.KindHeldInvoice:
		return g.held.String()
	case routewalk.KindCustomer:
		return g.customer.ID.String()
	case routewalk.KindWorkItem:
		g.in(g.top, func(tx *postgres.Tx) error {
			i, err := tx.Invoice(ctx, g.invoice)
			if err == nil {
				id = *i.WorkItemID
			}
			return err
		})
	case routewalk.KindPaymentMethod:
		g.in(g.top, func(tx *postgres.Tx) error {
			_, _, err := tx.UpsertMethod(ctx, remit.PaymentMethod{
				ID: id, CustomerID: g.customer.ID, Account: "acct_1", StripeID: "pm_" + id.String(), Type: "card", Last4: "4242", Status: remit.MethodUsable,
			}, now)
			return err
		})
	case routewalk.KindOrganisation:
		return g.below(g.branch, fmt.Sprintf("Empty %d", g.made)).ID.String()
	case routewalk.KindGrant:
		account, _ := g.person(g.top, g.branch, nil, "Viewer")
		g.in(g.top, func(tx *postgres.Tx) error {
			grants, err := tx.GrantsOf(ctx, account)
			id = grants[0].ID
			return err
		})
	case routewalk.KindUser:
		id, _ = g.person(g.top, g.branch, nil, "Viewer")
	case routewalk.KindToken:
		account, _ := g.person(g.top, g.branch, nil, "Viewer")
		token := credentials.NewToken(credentials.APIToken)
		g.in(g.top, func(tx *postgres.Tx) error {
			return tx.InsertAPIToken(ctx, remit.APIToken{ID: id, Account: account, Name: "script", CreatedAt: now}, token.Hash)
		})
	case routewalk.KindRole:
		name := fmt.Sprintf("Walked %d", g.made)
		g.in(g.top, func(tx *postgres.Tx) error { return tx.PutRole(ctx, name, []remit.Scope{remit.InvoiceRead}) })
		g.server.commands.Authority.Invalidate(g.top.Tenant)
		return name
	case routewalk.KindImport:
		g.in(g.top, func(tx *postgres.Tx) error {
			return tx.InsertImport(ctx, postgres.Import{ID: id, OrganisationID: g.branch.ID, FileName: "a.csv", Format: "csv", Currency: "USD"}, []byte("a"), [32]byte{byte(g.made)})
		})
	case routewalk.KindConnection:
	default:
		g.t.Fatalf("no object of kind %s", kind)
	}
	g.server.commands.Authority.Invalidate(g.top.Tenant)
	return id.String()
}

func (g *ground) unknown(kind string) string {
	if kind == routewalk.KindRole {
		return "Nobody's"
	}
	return newID().String()
}

func (g *ground) sent(caller commands.Caller, number string) uuid.UUID {
	g.t.Helper()
	day := remit.Date{Year: 2026, Month: 4, Day: 1}
	made, _, err := g.server.commands.CreateInvoice(g.t.Context(), caller, commands.Given(commands.InvoiceInput{
		CustomerID: g.customer.ID, Number: number, IssueDate: day, DueDate: day, Lines: []remit.Line{{Description: "Work", Amount: 1000}},
	}))
	must(g.t, err)
	_, err = g.server.commands.SendInvoice(g.t.Context(), caller, made.ID)
	must(g.t, err)
	return made.ID
}

func adding(who *http.Cookie) func(*http.Request) { return func(r *http.Request) { r.AddCookie(who) } }

func withCookie(who *http.Cookie) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(who)
	return r
}

// noTemporal is a Temporal that does not answer: the walk asks who may, not
// what a workflow does.
type noTemporal struct{ client.Client }

func (noTemporal) ExecuteWorkflow(context.Context, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	return nil, serviceerror.NewUnavailable("not here")
}

func (noTemporal) SignalWithStartWorkflow(context.Context, string, string, any, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	return nil, serviceerror.NewUnavailable("not here")
}

func (noTemporal) NewWithStartWorkflowOperation(client.StartWorkflowOptions, any, ...any) client.WithStartWorkflowOperation {
	return nil
}

func (noTemporal) UpdateWithStartWorkflow(context.Context, client.UpdateWithStartWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	return nil, serviceerror.NewUnavailable("not here")
}

func (noTemporal) CheckHealth(context.Context, *client.CheckHealthRequest) (*client.CheckHealthResponse, error) {
	return nil, serviceerror.NewUnavailable("not here")
}
