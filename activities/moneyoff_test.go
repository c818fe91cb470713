package activities_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stripe/stripe-go/v79"

	"remit"
	"remit/seals"
	"remit/secrets"
)

// Where the database lacks what was sealed of it, the worker starts nothing,
// whatever the API let through, and looks a last time right before a confirm
// (T39).
func TestT39MoneyOffStartsNothing(t *testing.T) {
	s := openShop(t)
	s.sealAhead()
	ref := s.invoice(9000)
	for _, request := range []remit.Request{s.pay(ref, 9000, s.card), s.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: 9000})} {
		done, err := s.payments.Perform(t.Context(), ref, request)
		if err != nil || done.Result.Refused == nil || done.Result.Refused.Code != remit.CodeMoneyOff {
			t.Errorf("%s: %+v, %v", request.Kind, done.Result, err)
		}
	}
	if n := s.watched.count("POST", "/payment_intents") + s.watched.count("POST", "/checkout/sessions"); n > 0 {
		t.Errorf("%d things were begun at Stripe", n)
	}

	s.sealNothing()
	s.payments.Crash = func(boundary string) {
		if boundary == "intent stored" {
			s.sealAhead()
		}
	}
	done, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 9000, s.card))
	if err != nil || done.Result.Refused == nil || done.Result.Refused.Code != remit.CodeMoneyOff {
		t.Errorf("the last look: %+v, %v", done.Result, err)
	}
	if n := s.watched.count("POST", "/confirm"); n > 0 {
		t.Errorf("%d confirms were sent", n)
	}
	if invoice, _ := s.read(ref); invoice.InFlight != nil || invoice.Outstanding != 9000 {
		t.Errorf("the invoice is %+v", invoice.InFlight)
	}
}

// What was under way in the backup is neither sent nor given up while money is
// off, and goes on from where it was once it is on.
func TestT39WhatWasUnderWayWaits(t *testing.T) {
	for what, sent := range map[string]string{"create": "/v1/payment_intents", "confirm": "/confirm", "checkout": "/v1/checkout/sessions"} {
		s := openShop(t)
		ref := s.invoice(9000)
		s.watched.stop = func(method, path string) error {
			if method == "POST" && strings.HasSuffix(path, sent) {
				return errors.New("the network is down")
			}
			return nil
		}
		request := s.pay(ref, 9000, s.card)
		if what == "checkout" {
			request = s.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: 9000})
		}
		_, err := s.payments.Perform(t.Context(), ref, request)
		must(t, err)
		s.watched.stop, s.watched.seen = nil, nil
		s.sealAhead()
		s.payments.Now = func() time.Time { return time.Now().Add(time.Hour) } // past the time in which it would be sent
		_, err = s.payments.Advance(t.Context(), ref)
		must(t, err)
		for _, at := range s.watched.seen {
			if strings.HasPrefix(at, "POST ") {
				t.Errorf("%s: sent %s while money was off", what, at)
			}
		}
		if invoice, _ := s.read(ref); invoice.InFlight == nil {
			t.Errorf("%s: it was given up", what)
		}
		s.sealNothing()
		s.payments.Now = time.Now
		_, err = s.payments.Advance(t.Context(), ref)
		must(t, err)
		if cents, charges := s.captured(ref); what != "checkout" && (cents != 9000 || charges != 1) || what == "checkout" && charges != 0 {
			t.Errorf("%s: captured %d in %d charges", what, cents, charges)
		}
	}
}

// Reconciling gives a payment the intent whose id was lost, closes what nobody
// here would look at again, and tells of charges for what is not here.
func TestReconcilingFindsWhatTheRecordLacks(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(9000)
	s.watched.after = func(method, path string) error {
		if method == "POST" && strings.HasSuffix(path, "/v1/payment_intents") {
			return errors.New("the answer is lost")
		}
		return nil
	}
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 9000, s.card))
	must(t, err)
	s.watched.after = nil
	unknown := s.madeElsewhere(ref.Invoice, false)
	elsewhere := s.madeElsewhere(uuid.New(), true)
	found, err := s.payments.Reconcile(t.Context(), s.tenant, time.Time{})
	if err != nil || len(found) != 1 || !strings.Contains(found[0], elsewhere) || !strings.Contains(found[0], "does not have") {
		t.Errorf("found %q, %v", found, err)
	}
	closed, err := s.stripe.PaymentIntents.Get(unknown, nil)
	if err != nil || closed.Status != stripe.PaymentIntentStatusCanceled {
		t.Errorf("the unknown intent is %s, %v", closed.Status, err)
	}
	if _, payments := s.read(ref); len(payments) != 1 || payments[0].PaymentIntent == "" {
		t.Errorf("the payments are %+v", payments)
	}
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	if cents, charges := s.captured(ref); cents != 9000 || charges != 1 {
		t.Errorf("captured %d in %d charges", cents, charges)
	}
	if found, err = s.payments.Reconcile(t.Context(), s.tenant, time.Time{}); err != nil || len(found) != 1 {
		t.Errorf("once more: %q, %v", found, err)
	}
}

// madeElsewhere makes an intent as a Remit with a newer database would have.
func (s *shop) madeElsewhere(invoice uuid.UUID, charge bool) (id string) {
	s.t.Helper()
	params := &stripe.PaymentIntentParams{
		Amount: stripe.Int64(4000), Currency: stripe.String("usd"), PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
		Metadata: map[string]string{"remit_tenant": s.tenant.String(), "remit_invoice": invoice.String(), "remit_payment": uuid.NewString()},
	}
	if charge {
		params.Confirm, params.PaymentMethod = stripe.Bool(true), stripe.String("pm_card_visa")
	}
	made, err := s.stripe.PaymentIntents.New(params)
	must(s.t, err)
	return made.ID
}

// sealNothing gives the shop an empty file of seals.
func (s *shop) sealNothing() {
	s.t.Helper()
	var err error
	s.payments.Seals, err = seals.Open(filepath.Join(s.t.TempDir(), "seals"), s.payments.Connector.Secrets)
	must(s.t, err)
}

// sealAhead gives the shop a file with a seal of an entry that its database
// does not have.
func (s *shop) sealAhead() {
	s.t.Helper()
	keys := s.payments.Connector.Secrets
	seal := remit.AuditSeal{Tenant: s.tenant, Organisation: "/acme", Seq: 99, Hash: []byte("99"), At: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	signature, err := keys.Sign(secrets.AuditSeal, seal.Message())
	must(s.t, err)
	raw, err := json.Marshal(map[string]any{
		"v": 1, "tenant": seal.Tenant, "organisation": seal.Organisation, "seq": seal.Seq, "hash": hex.EncodeToString(seal.Hash), "at": seal.At, "signature": signature,
	})
	must(s.t, err)
	path := filepath.Join(s.t.TempDir(), "seals")
	must(s.t, os.WriteFile(path, append(raw, '\n'), 0o600))
	s.payments.Seals, err = seals.Open(path, keys)
	must(s.t, err)
}
