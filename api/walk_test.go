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
	h := openHouse(t, func(o *Options) {
		o.Commands.Temporal, o.Commands.Answer = noTemporal{}, 50*time.Millisecond // nobody is there to answer
	})
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

// webhook adds an endpoint at the unit, in place of those that were there.
func (g *ground) webhook(id uuid.UUID) {
	g.in(g.top, func(tx *postgres.Tx) error {
		if _, err := tx.Exec(g.t.Context(), "update webhook_endpoints set state = 'removed', secret = null where tenant = $1", tx.Tenant); err != nil {
			return err
		}
		return tx.InsertWebhookEndpoint(g.t.Context(), postgres.SealedEndpoint{Secret: []byte("sealed"), WebhookEndpoint: remit.WebhookEndpoint{
			ID: id, OrganisationID: g.branch.ID, URL: "https://93.184.215.14/", State: remit.EndpointEnabled, CreatedBy: newID(), CreatedAt: time.Now(),
		}})
	})
}

// object makes what the walk may use up, and finds the rest.
func (g *ground) object(kind string) string {
	ctx, id, now := g.t.Context(), newID(), time.Now()
	g.made++
	switch kind {
	case routewalk.KindInvoice:
		return g.invoice.String()
	case routewalk.KindOccasion:
		return string(remit.OccasionReminder)
	case routewalk.KindMail:
		g.in(g.top, func(tx *postgres.Tx) error {
			_, err := tx.Exec(ctx, `insert into mails (tenant, id, recipient, subject, text, invoice_id, stage, due_version, created_at, state)
				values ($1, $2, 'a@globex.test', 'x', 'x', $3, $4, 1, $5, 'bounced')`, tx.Tenant, id, g.invoice, "failed/"+id.String(), now)
			return err
		})
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
	case routewalk.KindPayment:
		g.in(g.top, func(tx *postgres.Tx) error {
			return tx.InsertPayment(ctx, remit.Payment{
				ID: id, InvoiceID: g.invoice, CustomerID: g.customer.ID, Source: "bank_transfer", Currency: "USD", State: remit.AttemptSucceeded, CreatedAt: now,
			})
		})
	case routewalk.KindPaymentMethod:
		g.in(g.top, func(tx *postgres.Tx) error {
			_, _, err := tx.UpsertMethod(ctx, remit.PaymentMethod{
				ID: id, CustomerID: g.customer.ID, Account: "acct_1", StripeID: "pm_" + id.String(), Type: "card", Last4: "4242", Status: remit.MethodUsable,
			}, now)
			return err
		})
	case routewalk.KindBankAccount:
		g.in(g.top, func(tx *postgres.Tx) error {
			return tx.InsertBankAccount(ctx, remit.BankAccount{
				ID: id, CustomerID: g.customer.ID, OrganisationID: g.customer.OrganisationID, Account: "acct_1", State: remit.BankAccountRequested, CreatedAt: now,
				Acceptance: remit.MandateAcceptance{How: "offline", At: now},
			})
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
	case routewalk.KindMapping:
		g.in(g.top, func(tx *postgres.Tx) error {
			return tx.InsertImport(ctx, postgres.Import{ID: id, OrganisationID: g.branch.ID, FileName: "a", Format: postgres.ImportCustomers, Currency: "USD"}, []byte("[]"), [32]byte{byte(g.made)})
		})
	case routewalk.KindImport:
		g.in(g.top, func(tx *postgres.Tx) error {
			return tx.InsertImport(ctx, postgres.Import{ID: id, OrganisationID: g.branch.ID, FileName: "a.csv", Format: "csv", Currency: "USD"}, []byte("a"), [32]byte{byte(g.made)})
		})
	case routewalk.KindDueDateRun:
		g.in(g.top, func(tx *postgres.Tx) error {
			return tx.InsertDueDateRun(ctx, remit.DueDateRun{ID: id, OrganisationID: g.branch.ID, AsOf: remit.DateOf(now), By: now, DryRun: true, Actor: remit.System, CreatedAt: now})
		})
	case routewalk.KindBilling:
		g.in(g.top, func(tx *postgres.Tx) error {
			terms := remit.BillingTerms{Cadence: remit.Cadence{Start: remit.DateOf(now), Unit: remit.IntervalMonth, Count: 1, Anchor: 1}, Lines: []remit.BillingLine{{Description: "Rent", Quantity: "1", UnitPrice: "10"}}}
			return tx.InsertBillingSchedule(ctx, remit.BillingSchedule{
				ID: id, OrganisationID: g.branch.ID, CustomerID: g.customer.ID, Number: id.String(), Currency: "USD", State: remit.BillingActive, CreatedAt: now, Versions: []remit.BillingTerms{terms},
			})
		})
	case routewalk.KindExcess:
		g.in(g.top, func(tx *postgres.Tx) error {
			_, err := tx.InsertExcess(ctx, remit.Excess{
				ID: id, OrganisationID: g.branch.ID, Currency: "USD", Amount: 100, Reason: remit.ExcessUnmatched, State: remit.ExcessOpen, DefaultAction: remit.ExcessNone, CreatedAt: now,
			})
			return err
		})
	case routewalk.KindWebhook:
		g.webhook(id)
	case routewalk.KindEvent:
		g.webhook(newID())
		g.in(g.top, func(tx *postgres.Tx) error {
			l, err := tx.LockInvoice(ctx, g.invoice)
			if err != nil {
				return err
			}
			if err := tx.SaveInvoice(ctx, l, now, remit.TimelineEntry{Kind: "overdue", Actor: remit.System}); err != nil {
				return err
			}
			return tx.QueryRow(ctx, "select id from events where tenant = $1 order by ord desc limit 1", tx.Tenant).Scan(&id)
		})
	case routewalk.KindProduct:
		g.in(g.top, func(tx *postgres.Tx) error {
			return tx.InsertProduct(ctx, remit.Product{ID: id, OrganisationID: g.branch.ID, Name: "Fork", Price: 2500, Currency: "USD", Active: true, CreatedAt: now})
		})
	case routewalk.KindOrder:
		g.in(g.top, func(tx *postgres.Tx) error {
			if _, err := tx.Order(ctx, g.invoice); !remit.IsCode(err, remit.CodeNotFound) {
				return err
			}
			store := remit.Store{ID: id, OrganisationID: g.branch.ID, Slug: "walked", Embedders: []string{}}
			if err := tx.SaveStore(ctx, store); err != nil {
				return err
			}
			return tx.InsertOrder(ctx, postgres.NewOrder{ID: g.invoice, Store: id, CreatedAt: now})
		})
		return g.invoice.String()
	case routewalk.KindReconciliation:
		g.in(g.top, func(tx *postgres.Tx) error {
			run := remit.ReconciliationRun{ID: id, OrganisationID: g.top.ID, Account: "acct_1", At: now, Actor: remit.System, State: remit.RunDone}
			if err := tx.BeginReconciliation(ctx, run); err != nil {
				return err
			}
			_, err := tx.EndReconciliation(ctx, run, []remit.Reconciliation{{ID: id, Currency: "USD"}})
			return err
		})
	case routewalk.KindApproval:
		asker, _ := g.person(g.top, g.branch, nil, "Viewer")
		g.in(g.top, func(tx *postgres.Tx) error {
			return tx.InsertApproval(ctx, remit.Approval{
				ID: id, InvoiceID: g.invoice, OrganisationID: g.branch.ID, ToPay: remit.ToPay{Amount: 100}, MethodWords: "Visa 4242", Total: 1000,
				AskedBy: remit.Person{ID: asker, Name: "Ana"}, AskedAt: now, Level: g.branch.Path,
			})
		})
	case routewalk.KindDelegation:
		from, _ := g.person(g.top, g.branch, nil, "Viewer")
		to, _ := g.person(g.top, g.branch, nil, "Viewer")
		g.in(g.top, func(tx *postgres.Tx) error {
			return tx.InsertDelegation(ctx, remit.ApprovalDelegation{
				ID: id, OrganisationID: g.branch.ID, From: remit.Person{ID: from}, To: remit.Person{ID: to}, Until: remit.DateOf(now), EndsAt: now.Add(time.Hour), CreatedAt: now,
			})
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
