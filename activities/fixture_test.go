package activities_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stripe/stripe-go/v79"
	"github.com/stripe/stripe-go/v79/client"

	"remit"
	"remit/activities"
	"remit/embedded"
	"remit/gateway"
	"remit/money"
	"remit/policies"
	"remit/postgres"
	"remit/sandbox"
	"remit/secrets"
)

// shop is one organisation with a connected account at a stand-in of its own,
// a payer, and a customer with a saved card.
type shop struct {
	t          *testing.T
	db         *postgres.DB
	url        string // of its database, as the owner of the tables
	payments   *activities.Payments
	stripe     *client.API
	standin    string
	key        string
	tenant     uuid.UUID
	branch     remit.Organisation
	payer      uuid.UUID
	customer   remit.Customer
	card       uuid.UUID
	cards      map[string]uuid.UUID // saved, by their tokens
	link       *activities.Link
	account    string
	connection uuid.UUID
	secret     string // with which the stand-in's events are signed
	secrets    *secrets.Keyring
	acts       http.Handler // the stand-in, without a network
	watched    *watcher
	passed     time.Duration // since the shop was opened, by pass
}

// watcher counts what is sent to Stripe, and may cut answers off.
type watcher struct {
	next  http.RoundTripper
	seen  []string
	stop  func(method, path string) error // an error here means the request never left
	after func(method, path string) error // an error here means its answer never came
	// answer, where it gives a status, answers in Stripe's place.
	answer func(method, path string) (status int, body string)
	key    func(path, key string) // hears of every idempotency key
}

func (w *watcher) RoundTrip(r *http.Request) (*http.Response, error) {
	at := r.Method + " " + r.URL.Path
	w.seen = append(w.seen, at)
	if w.stop != nil {
		if err := w.stop(r.Method, r.URL.Path); err != nil {
			return nil, err
		}
	}
	if w.key != nil {
		w.key(r.URL.Path, r.Header.Get("Idempotency-Key"))
	}
	if w.answer != nil {
		if status, body := w.answer(r.Method, r.URL.Path); status != 0 {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		}
	}
	response, err := w.next.RoundTrip(r)
	if err == nil && w.after != nil {
		if lost := w.after(r.Method, r.URL.Path); lost != nil {
			_ = response.Body.Close()
			return nil, lost
		}
	}
	return response, err
}

func (w *watcher) count(method, suffix string) int {
	n := 0
	for _, at := range w.seen {
		if strings.HasPrefix(at, method+" ") && strings.HasSuffix(at, suffix) {
			n++
		}
	}
	return n
}

func openShop(t *testing.T) *shop {
	t.Helper()
	url := embedded.TestDatabaseFrom(t, "migrated", postgres.Migrate)
	db, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 12})
	must(t, err)
	t.Cleanup(db.Close)
	stripeServer, err := sandbox.Open(sandbox.Options{Dir: t.TempDir()})
	must(t, err)
	server := httptest.NewServer(stripeServer.Handler())
	stripeServer.SetPublicURL(server.URL)
	t.Cleanup(func() { server.Close(); must(t, stripeServer.Close()) })

	keys, err := secrets.OpenWithKEK(t.Context(), testKEK(t), db.Keysets())
	must(t, err)
	authority, err := policies.New(db.Policies(), policies.Options{})
	must(t, err)
	watched := &watcher{next: http.DefaultTransport}
	gate := gateway.New(gateway.Options{URL: server.URL, Transport: watched, Timeout: 5 * time.Second})
	connector := &activities.Connector{DB: db, Gateway: gate, Secrets: keys}
	s := &shop{
		t: t, db: db, url: url, secrets: keys, secret: "whsec_" + strings.ReplaceAll(uuid.NewString(), "-", ""), key: "sk_test_" + strings.ReplaceAll(uuid.NewString(), "-", ""), standin: server.URL, watched: watched, acts: stripeServer.Handler(),
		payments: &activities.Payments{DB: db, Authority: authority, Connector: connector, Logger: slog.New(slog.DiscardHandler), Now: time.Now},
	}
	s.stripe = client.New(s.key, stripe.NewBackendsWithConfig(&stripe.BackendConfig{URL: stripe.String(server.URL), MaxNetworkRetries: stripe.Int64(0), LeveledLogger: &stripe.LeveledLogger{}}))
	s.furnish(keys)
	watched.seen = nil
	return s
}

func (s *shop) furnish(keys *secrets.Keyring) {
	ctx, now := s.t.Context(), time.Now()
	s.tenant = uuid.New()
	top := remit.Organisation{ID: s.tenant, Tenant: s.tenant, Path: "/acme-" + s.tenant.String()[:8], Name: "Acme", TimeZone: "America/New_York", Currency: "USD", CreatedAt: now}
	s.branch = top
	s.branch.ID, s.branch.Path = uuid.New(), top.Path+"/Branch A"
	s.payer = uuid.New()
	account, err := s.stripe.Accounts.Get()
	must(s.t, err)
	s.account = account.ID
	sealed := s.keyed(keys)
	s.connection = sealed.ID
	s.customer = remit.Customer{ID: uuid.New(), OrganisationID: s.branch.ID, Name: "Globex", Email: "pay@globex.test", Currency: "USD", CreatedAt: now}
	must(s.t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		must(s.t, tx.InsertTenant(ctx, top))
		must(s.t, tx.InsertOrganisation(ctx, s.branch))
		must(s.t, postgres.InsertAccountOnce(ctx, tx, postgres.Account{ID: s.payer, Email: s.payer.String() + "@remit.test", Name: "Ana"}, now))
		must(s.t, tx.InsertMember(ctx, postgres.Member{Account: s.payer}, now))
		must(s.t, tx.AcceptMember(ctx, s.payer, now))
		must(s.t, tx.InsertGrant(ctx, remit.RoleGrant{ID: uuid.New(), User: s.payer, Role: "Invoice Payers", UnitID: s.branch.ID}, now))
		must(s.t, tx.InsertConnection(ctx, sealed))
		return tx.InsertCustomer(ctx, s.customer)
	}))
	s.link, err = s.payments.Connector.Live(ctx, s.tenant)
	must(s.t, err)
	s.card = s.save("pm_card_visa")
}

// keyed is a connection of the shop's by keys, which is not stored yet.
func (s *shop) keyed(keys *secrets.Keyring) postgres.SealedConnection {
	s.t.Helper()
	sealed := postgres.SealedConnection{Connection: remit.Connection{
		ID: uuid.New(), Tenant: s.tenant, OrganisationID: s.tenant, Mode: "api_keys", Account: s.account, Status: remit.ConnectionActive, ChargesEnabled: true, PayoutsEnabled: true,
	}}
	var err error
	sealed.SecretKey, err = keys.SealSecret(secrets.StripeKeys, activities.KeyPlace(&sealed, "secret_key"), secrets.NewSecret(s.key))
	must(s.t, err)
	sealed.WebhookSecret, err = keys.SealSecret(secrets.StripeKeys, activities.KeyPlace(&sealed, "webhook_secret"), secrets.NewSecret(s.secret))
	must(s.t, err)
	return sealed
}

// save attaches a test card to the customer and stores it as a saved method.
func (s *shop) save(token string) uuid.UUID {
	s.t.Helper()
	ctx := s.t.Context()
	var stripeCustomer string
	must(s.t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) (err error) {
		stripeCustomer, err = tx.StripeCustomer(ctx, s.customer.ID, s.account, false)
		return err
	}))
	if stripeCustomer == "" {
		var err error
		stripeCustomer, err = s.payments.Connector.MakeStripeCustomer(ctx, s.tenant, s.link, s.customer)
		must(s.t, err)
	}
	pm, err := s.stripe.PaymentMethods.Attach(token, &stripe.PaymentMethodAttachParams{Customer: stripe.String(stripeCustomer)})
	must(s.t, err)
	card, err := s.link.Stripe.PaymentMethod(ctx, pm.ID)
	must(s.t, err)
	must(s.t, activities.StoreMethod(ctx, s.db, s.tenant, s.link, s.customer.ID, card, time.Now()))
	var id uuid.UUID
	must(s.t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		stored, err := tx.MethodByStripeID(ctx, s.account, pm.ID)
		id = stored.ID
		return err
	}))
	return id
}

// invoice makes a sent invoice over an amount in cents.
func (s *shop) invoice(amount int64) remit.InvoiceRef {
	s.t.Helper()
	return s.invoiceDue(amount, "2030-04-01")
}

func (s *shop) invoiceDue(amount int64, date string) remit.InvoiceRef {
	s.t.Helper()
	ctx := s.t.Context()
	ref := remit.InvoiceRef{Tenant: s.tenant}
	due, err := remit.ParseDate(date)
	must(s.t, err)
	must(s.t, s.db.InTenant(ctx, s.tenant, func(tx *postgres.Tx) error {
		draft, err := activities.Draft(ctx, tx, remit.InvoiceInput{
			Organisation: s.branch.Path, CustomerID: s.customer.ID, Number: "INV-" + uuid.NewString()[:8], IssueDate: due.AddDays(-30), DueDate: due,
			Lines: []remit.Line{{Description: "Work", Quantity: "1", UnitPrice: money.Of(amount, "USD").Decimal(), Amount: amount}},
		}, s.customer, time.Now())
		if err != nil {
			return err
		}
		draft.Settings.PartialPayments = true
		_, id, err := activities.InsertDraft(ctx, tx, draft, remit.System, time.Now())
		if err != nil {
			return err
		}
		ref.Invoice = id
		l, err := tx.LockInvoice(ctx, id)
		if err != nil {
			return err
		}
		return activities.Send(ctx, tx, l, time.Now(), remit.System)
	}))
	return ref
}

// ask stores a pay request as the API would.
func (s *shop) ask(ref remit.InvoiceRef, kind remit.RequestKind, in remit.PayRequest) remit.Request {
	s.t.Helper()
	in.Permit = remit.Permit{Account: s.payer, Path: s.branch.Path, Scopes: []remit.Scope{remit.RoleScope("Invoice Payers"), remit.StripePay}}
	in.SuccessURL, in.CancelURL = "http://remit.test/pay/return?session_id={CHECKOUT_SESSION_ID}", "http://remit.test/pay/return"
	return s.request(ref, kind, in)
}

func (s *shop) request(ref remit.InvoiceRef, kind remit.RequestKind, payload any) remit.Request {
	s.t.Helper()
	raw, err := json.Marshal(payload)
	must(s.t, err)
	r := remit.Request{ID: uuid.New(), Kind: kind}
	must(s.t, s.db.InTenant(s.t.Context(), ref.Tenant, func(tx *postgres.Tx) error {
		return tx.InsertRequest(s.t.Context(), postgres.StoredRequest{
			ID: r.ID, InvoiceID: ref.Invoice, Kind: kind, Payload: raw, Actor: remit.Actor{Kind: "user", ID: s.payer.String(), Name: "Ana"},
		})
	}))
	return r
}

func (s *shop) pay(ref remit.InvoiceRef, amount int64, card uuid.UUID) remit.Request {
	return s.ask(ref, remit.RequestPay, remit.PayRequest{Amount: amount, PaymentMethod: &card})
}

func (s *shop) read(ref remit.InvoiceRef) (invoice remit.Invoice, payments []remit.Payment) {
	s.t.Helper()
	must(s.t, s.db.InTenant(context.WithoutCancel(s.t.Context()), ref.Tenant, func(tx *postgres.Tx) (err error) {
		if invoice, err = tx.Invoice(context.WithoutCancel(s.t.Context()), ref.Invoice); err != nil {
			return err
		}
		payments, err = tx.Payments(context.WithoutCancel(s.t.Context()), ref.Invoice)
		return err
	}))
	return invoice, payments
}

// books asks the stand-in what it captured for an invoice.
func (s *shop) captured(ref remit.InvoiceRef) (cents int64, charges int) {
	s.t.Helper()
	list := s.stripe.PaymentIntents.List(&stripe.PaymentIntentListParams{})
	for list.Next() {
		pi := list.PaymentIntent()
		if pi.Metadata["remit_invoice"] == ref.Invoice.String() && pi.AmountReceived > 0 {
			cents += pi.AmountReceived
			charges++
		}
	}
	must(s.t, list.Err())
	return cents, charges
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stored is an event that came in.
func (s *shop) stored(event postgres.StoredEvent) {
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.StoreEvent(s.t.Context(), event)
		return err
	}))
}
