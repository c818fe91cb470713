package activities_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/gateway"
	"remit/postgres"
)

func (s *shop) connected() remit.ConnectionRef {
	return remit.ConnectionRef{Tenant: s.tenant, Connection: s.link.ID}
}

// looks has the connection followed a step further.
func (s *shop) looks(follow *activities.Connections) activities.ConnectionNext {
	s.t.Helper()
	next, err := follow.LookAtConnection(s.t.Context(), s.connected())
	must(s.t, err)
	return next
}

// rejects has Stripe answer that it is asked too often, wherever a path ends so.
func (s *shop) rejects(suffixes ...string) {
	s.watched.answer = func(_, path string) (int, string) {
		for _, suffix := range suffixes {
			if strings.HasSuffix(path, suffix) {
				return http.StatusTooManyRequests, `{"error": {"type": "rate_limit_error", "code": "rate_limit", "message": "Too many requests"}}`
			}
		}
		return 0, ""
	}
}

// A debit that its bank refuses after its account began to be disconnected leaves an
// intent that nothing else would ever close: it is closed, and the connection ends (O29).
func TestDisconnectEndsAfterADebitThatFails(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	follow := s.follower()
	flying, payment := s.onItsWay(bankClosed)
	s.disconnecting()
	s.looks(follow)
	s.pass(flying, 14)
	if state := s.lastTry(flying).State; state != remit.AttemptFailed {
		t.Fatalf("the debit is %s", state)
	}
	s.looks(follow)
	if c := s.sealed(); c.Live() {
		t.Errorf("afterwards it is %s, disconnecting since %s", c.Status, c.DisconnectingSince)
	}
	at, err := s.link.Stripe.Intent(t.Context(), payment.PaymentIntent)
	must(t, err)
	if at.Status != "canceled" {
		t.Errorf("the intent is %s", at.Status)
	}
	if n := strings.Count(strings.Join(s.kinds(flying), " "), "disconnected"); n != 1 {
		t.Errorf("its timeline tells of it %d times", n)
	}
}

// An intent that Stripe would not cancel at once, because it was asked too often, is
// cancelled at the next look, and the connection ends then (O29).
func TestDisconnectAsksAgainForWhatStripeWouldNotCancel(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	follow := s.follower()
	ref := s.invoice(7000)
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 7000, s.save("pm_card_chargeCustomerFail")))
	must(t, err)
	_, payments := s.read(ref)
	s.disconnecting()
	s.rejects("/cancel", payments[0].PaymentIntent)
	for range 2 {
		if next := s.looks(follow); next.WakeIn == nil || !s.sealed().Live() {
			t.Fatalf("with an intent open it is looked at in %v: %+v", next.WakeIn, s.sealed().Connection)
		}
	}
	s.watched.answer = nil
	s.looks(follow)
	if c := s.sealed(); c.Live() {
		t.Errorf("afterwards it is %s, disconnecting since %s", c.Status, c.DisconnectingSince)
	}
}

// Invoices that were told that their account is being disconnected are not asked again
// because another was busy: each has its answer (O29).
func TestInvoicesThatWereToldAreNotAskedAgain(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	told, busy := s.invoice(4200), s.invoice(4200)
	for _, ref := range []remit.InvoiceRef{told, busy} {
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			l, err := tx.LockInvoice(t.Context(), ref.Invoice)
			must(t, err)
			return tx.PlanCharge(t.Context(), l, time.Now().Add(9*24*time.Hour), remit.ChargePlan{}, "Charge it")
		}))
	}
	follow := s.follower()
	perform, answered := follow.Ask, make(chan struct{})
	var asked, again atomic.Int32
	follow.Ask = func(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice, request remit.Request) error {
		if invoice.ID == told.Invoice {
			defer close(answered)
			asked.Add(1)
			return perform(ctx, tenant, invoice, request)
		}
		<-answered
		return errors.New("busy")
	}
	s.disconnecting()
	if _, err := follow.LookAtConnection(t.Context(), s.connected()); err == nil || s.sealed().WoundDown {
		t.Fatal("the invoice that was busy was not missed")
	}
	follow.Ask = func(ctx context.Context, tenant uuid.UUID, invoice remit.Invoice, request remit.Request) error {
		if invoice.ID == told.Invoice {
			again.Add(1)
		}
		return perform(ctx, tenant, invoice, request)
	}
	s.looks(follow)
	if asked.Load() != 1 || again.Load() != 0 || s.sealed().Live() {
		t.Errorf("the invoice that was told is asked %d times more; the connection is %s", again.Load(), s.sealed().Status)
	}
}

// Whoever enters the account's keys anew while it comes to its end keeps it: the end
// looks again before it is one (T15).
func TestConnectedAnewWhileItEnds(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	follow := s.follower()
	s.disconnecting()
	follow.Crash = func(boundary string) {
		if boundary == "wound down" {
			next := s.link.SealedConnection
			next.DisconnectingSince, next.WoundDown = nil, false
			must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error { return tx.SaveConnection(t.Context(), next) }))
		}
	}
	s.looks(follow)
	if c := s.sealed(); !c.Usable() || len(c.SecretKey) == 0 {
		t.Errorf("connected anew it is %+v", c.Connection)
	}
}

// A refund that is promised while its account comes to its end is waited for; one that
// comes after the end is refused: none is promised that cannot be sent (M14).
func TestNoRefundIsPromisedThatCannotBeSent(t *testing.T) {
	t.Parallel()
	t.Run("while it ends", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		ref, payment := s.paid(5000, s.card)
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			_, err := tx.Exec(t.Context(), "update connections set webhook_endpoint = 'we_ours' where tenant = $1", s.tenant)
			return err
		}))
		tried := false
		s.watched.stop = func(method, path string) error {
			if method == http.MethodDelete && strings.HasSuffix(path, "/we_ours") && !tried {
				tried = true
				asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundSettles})
				if refused == nil && !s.sealed().Live() {
					t.Errorf("the refund %s is promised", asked.Refund)
				}
			}
			return nil
		}
		s.disconnecting()
		s.looks(s.follower())
		if c := s.sealed(); !tried || c.Live() != (len(c.SecretKey) > 0) {
			t.Errorf("tried %t, it is %+v", tried, c.Connection)
		}
		must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
			needed, err := tx.ToFollow(t.Context(), s.link.ID)
			if needed && !s.sealed().Live() {
				t.Error("it has ended with something to be followed")
			}
			return err
		}))
	})
	t.Run("after the end", func(t *testing.T) {
		t.Parallel()
		s := openShop(t)
		ref, payment := s.paid(5000, s.card)
		s.payments.Crash = func(boundary string) {
			if boundary == "refunds looked at" {
				must(t, s.follower().End(t.Context(), s.connected(), "Gone.", remit.System))
			}
		}
		if asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundSettles}); refused == nil || refused.Code != remit.CodeNotConnected {
			t.Errorf("the refund %s is answered %+v", asked.Refund, refused)
		}
	})
}

// standard makes the shop's connection one that its owner allowed by OAuth, at a
// platform with or without a client id. Revoked counts what is revoked; failing has
// Stripe not answer that.
func (s *shop) standard(clientID string) (follow *activities.Connections, revoked *int, failing *bool) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		_, err := tx.Exec(s.t.Context(), "update connections set mode = 'standard', secret_key = null, webhook_secret = null where tenant = $1", s.tenant)
		return err
	}))
	revoked, failing = new(int), new(bool)
	s.watched.answer = func(_, path string) (int, string) {
		switch {
		case !strings.HasSuffix(path, "/oauth/deauthorize"):
			return http.StatusInternalServerError, `{"error": {"type": "api_error", "message": "not now"}}`
		case *failing:
			return http.StatusInternalServerError, `{"error": "server_error", "error_description": "not now"}`
		}
		*revoked++
		return http.StatusOK, `{"stripe_user_id": "` + s.account + `"}`
	}
	through := *s.payments.Connector
	through.Gateway = gateway.New(gateway.Options{URL: s.standin, PlatformKey: "sk_test_platform", ClientID: clientID, Transport: s.watched, Timeout: 5 * time.Second})
	follow = s.follower()
	follow.Connector = &through
	return follow, revoked, failing
}

func (s *shop) history() (what []string) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		list, err := tx.ConnectionHistory(s.t.Context(), 20)
		for _, e := range list {
			what = append(what, e.What)
		}
		return err
	}))
	return what
}

// A linked account is ended here first, so that nothing is begun in it any more, and
// revoked at Stripe afterwards, however often that takes (O26).
func TestAccessIsGivenUpHoweverOftenItTakes(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	follow, revoked, failing := s.standard("ca_ours")
	*failing = true
	s.disconnecting()
	if next := s.looks(follow); next.WakeIn == nil || s.sealed().Live() || *revoked != 0 {
		t.Fatalf("not revoked yet it is %s, looked at in %v", s.sealed().Status, next.WakeIn)
	}
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		if open, err := tx.OpenConnections(t.Context()); err != nil || len(open) != 1 {
			t.Errorf("to be rebuilt are %d connections: %v", len(open), err)
		}
		return nil
	}))
	*failing = false
	if next := s.looks(follow); next.WakeIn != nil || *revoked != 1 {
		t.Errorf("revoked %d times, looked at in %v", *revoked, next.WakeIn)
	}
}

// What the owner of an account allowed is not revoked by one organisation while another
// stands on it: that would end both (O26).
func TestAccessIsKeptWhileAnotherOrganisationStandsOnIt(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	follow, revoked, _ := s.standard("ca_ours")
	other := uuid.New()
	must(t, s.db.InTenant(t.Context(), other, func(tx *postgres.Tx) error {
		top := remit.Organisation{ID: other, Tenant: other, Path: "/other-" + other.String()[:8], Name: "Other", TimeZone: "UTC", Currency: "USD", CreatedAt: time.Now()}
		must(t, tx.InsertTenant(t.Context(), top))
		return tx.InsertConnection(t.Context(), postgres.SealedConnection{Connection: remit.Connection{
			ID: uuid.New(), Tenant: other, OrganisationID: other, Mode: remit.ModeStandard, Account: s.account, Status: remit.ConnectionActive, ChargesEnabled: true,
		}})
	}))
	s.disconnecting()
	if next := s.looks(follow); next.WakeIn != nil || s.sealed().Live() || *revoked != 0 {
		t.Errorf("revoked %d times, it is %s, looked at in %v", *revoked, s.sealed().Status, next.WakeIn)
	}
	if told := s.history(); !strings.HasPrefix(told[0], "Access at Stripe is kept") {
		t.Errorf("the history says %q", told)
	}
}

// Without a client id Stripe cannot be told to revoke: the account is disconnected all
// the same, and the history says what its owner has to do (O26).
func TestAccessThatCannotBeRevokedIsSaidSo(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	follow, revoked, _ := s.standard("")
	s.disconnecting()
	must(t, follow.End(t.Context(), s.connected(), "Ana did not wait. The account is disconnected.", remit.System))
	s.looks(follow)
	if c := s.sealed(); c.Live() || *revoked != 0 {
		t.Errorf("it is %s", c.Status)
	}
	if told := s.history(); len(told) != 2 || !strings.Contains(told[0], "STRIPE_CLIENT_ID") {
		t.Errorf("the history says %q", told)
	}
}
