package activities_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/gateway"
	"remit/postgres"
)

// follower is the steps by which the shop's connection is followed; invoices are
// asked at once, without their workflows.
func (s *shop) follower() *activities.Connections {
	return &activities.Connections{
		DB: s.db, Authority: s.payments.Authority, Connector: s.payments.Connector, Logger: s.payments.Logger, Now: s.payments.Now,
		Page: func() string { return "http://127.0.0.1/settings/stripe" },
		Ask: func(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice, request remit.Request) error {
			_, err := s.payments.Perform(ctx, remit.InvoiceRef{Tenant: tenant, Invoice: invoice.ID}, request)
			return err
		},
	}
}

func (s *shop) sealed() (c *postgres.SealedConnection) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) (err error) {
		c, err = tx.Connection(s.t.Context(), s.link.ID)
		return err
	}))
	return c
}

func (s *shop) disconnecting() {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		return tx.BeginDisconnect(s.t.Context(), s.link.ID, time.Now())
	}))
}

// Disconnecting closes what is open, follows what is on its way to its end, and gives
// access up only then: no cent that is under way is lost sight of (O29).
func TestDisconnectFollowsWhatIsOnItsWay(t *testing.T) {
	s := openShop(t)
	follow := s.follower()
	ref := remit.ConnectionRef{Tenant: s.tenant, Connection: s.link.ID}
	open := s.invoice(4200)
	s.checkout(open, 4200, false)
	flying, _ := s.onItsWay(bankPays)

	s.disconnecting()
	next, err := follow.LookAtConnection(t.Context(), ref)
	must(t, err)
	if c := s.sealed(); !c.Live() || !c.WoundDown || c.Usable() || next.WakeIn == nil {
		t.Fatalf("while a debit is on its way the connection is %+v", c.Connection)
	}
	if state := s.lastTry(open).State; state != remit.AttemptCanceled {
		t.Errorf("the checkout is %s", state)
	}
	if state := s.lastTry(flying).State; state != remit.AttemptProcessing {
		t.Errorf("the debit is %s", state)
	}
	s.pass(flying, 10)
	if invoice, _ := s.read(flying); invoice.Status != remit.InvoicePaid {
		t.Fatalf("the debit's invoice is %s", invoice.Status)
	}
	_, err = follow.LookAtConnection(t.Context(), ref)
	must(t, err)
	if c := s.sealed(); c.Live() || c.EndedBy != remit.EndedByPerson || len(c.SecretKey) > 0 {
		t.Errorf("afterwards it is %+v", c.Connection)
	}
}

// An answer of Stripe's that was asked for before another that is written already, or
// before the account was connected anew, changes nothing: else an account that was
// verified meanwhile would be shut again, or one that was just linked be gone.
func TestAnOldAnswerChangesNothing(t *testing.T) {
	s := openShop(t)
	follow := s.follower()
	ref := remit.ConnectionRef{Tenant: s.tenant, Connection: s.link.ID}
	before := time.Now().Add(-time.Minute)
	_, err := follow.LookAtConnection(t.Context(), ref)
	must(t, err)
	for name, facts := range map[string]*remit.AccountFacts{"restricted": {DetailsSubmitted: true, PastDue: []string{"person"}}, "gone": {Gone: true}, "the key refused": nil} {
		_, err := follow.Record(t.Context(), ref, facts, facts == nil, before, remit.SourceLook)
		must(t, err)
		if c := s.sealed(); !c.Usable() {
			t.Fatalf("%s of old made it %+v", name, c.Connection)
		}
	}
	_, err = follow.Record(t.Context(), ref, &remit.AccountFacts{DetailsSubmitted: true, PastDue: []string{"person"}}, false, time.Now(), remit.SourceLook)
	must(t, err)
	if c := s.sealed(); c.Status != remit.ConnectionRestricted {
		t.Errorf("restricted, it is %+v", c.Connection)
	}
}

// express makes the shop's connection one whose account is to be made by the platform.
func (s *shop) express() (*activities.Connections, remit.ConnectionRef) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(s.t.Context(), "update connections set mode = 'express', account = '', secret_key = null, webhook_secret = null, status = 'onboarding', charges_enabled = false where tenant = $1", s.tenant)
		return err
	}))
	follow, through := s.follower(), *s.payments.Connector
	through.Gateway = gateway.New(gateway.Options{URL: s.standin, PlatformKey: "sk_test_platform", Transport: s.watched})
	follow.Connector = &through
	return follow, remit.ConnectionRef{Tenant: s.tenant, Connection: s.link.ID}
}

// An account that Stripe refuses to make ends its connection, and so does a person
// before it is made: the organisation is free to connect otherwise.
func TestAnAccountThatIsNotMadeHoldsNobody(t *testing.T) {
	t.Parallel()
	for name, begun := range map[string]func(s *shop) (*activities.Connections, remit.ConnectionRef){
		"refused": func(s *shop) (*activities.Connections, remit.ConnectionRef) {
			s.watched.answer = func(method, path string) (int, string) {
				if method != http.MethodPost || path != "/v1/accounts" {
					return 0, ""
				}
				return http.StatusBadRequest, `{"error": {"type": "invalid_request_error", "code": "country_unsupported", "message": "not there"}}`
			}
			return s.express()
		},
		"given up": func(s *shop) (*activities.Connections, remit.ConnectionRef) {
			follow, ref := s.express()
			s.disconnecting()
			return follow, ref
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			follow, ref := begun(s)
			next, err := follow.LookAtConnection(t.Context(), ref)
			must(t, err)
			if c := s.sealed(); c.Live() || next.WakeIn != nil {
				t.Errorf("it is %s, looked at again in %v", c.Status, next.WakeIn)
			}
		})
	}
}
