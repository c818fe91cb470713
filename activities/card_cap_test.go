package activities_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"remit"
	"remit/activities"
	"remit/decline"
	"remit/gateway"
	"remit/postgres"
)

// neighbour is another organisation with keys of the same Stripe account, served
// by another process.
func (s *shop) neighbour() *shop {
	s.t.Helper()
	other := *s
	other.watched = &watcher{next: s.watched.next}
	payments, connector := *s.payments, *s.payments.Connector
	connector.Gateway = gateway.New(gateway.Options{URL: s.standin, Transport: other.watched, Timeout: 5 * time.Second})
	payments.Connector = &connector
	other.payments = &payments
	other.furnish(s.secrets)
	return &other
}

// tries counts the tries with cards that are not known to have succeeded, and
// makes them more.
func (s *shop) tries(more int) (failed int) {
	s.t.Helper()
	owner, err := pgx.Connect(s.t.Context(), s.url)
	must(s.t, err)
	defer func() { must(s.t, owner.Close(s.t.Context())) }()
	_, err = owner.Exec(s.t.Context(), "insert into card_tries select one.card, gen_random_uuid(), one.tried_at from (select card, tried_at from card_tries limit 1) one, generate_series(1, $1)", more)
	must(s.t, err)
	must(s.t, owner.QueryRow(s.t.Context(), "select count(*) from card_tries where not succeeded").Scan(&failed))
	return failed
}

// A card at its network's limit is not tried by anybody who shares the Stripe
// account: of two organisations that both saw one try left, one sends it and
// nobody sends another, whoever asks (M10).
func TestFailure31NetworkCapHoldsAcrossOrganisations(t *testing.T) {
	ours := openShop(t)
	theirs := ours.neighbour()
	broke := ours.save("pm_card_chargeCustomerFail")
	ref := ours.invoice(1000)
	_, err := ours.payments.Perform(t.Context(), ref, ours.pay(ref, 1000, broke))
	must(t, err)
	if failed := ours.tries(13); failed != 14 {
		t.Fatalf("%d failed tries are counted", failed)
	}

	var reserved, done sync.WaitGroup
	ours.watched.seen = nil
	shops := []*shop{ours, theirs}
	cards, refs, requests := make([]uuid.UUID, 2), make([]remit.InvoiceRef, 2), make([]remit.Request, 2)
	reserved.Add(len(shops))
	for n, s := range shops {
		cards[n], refs[n] = s.save("pm_card_chargeCustomerFail"), s.invoice(1000)
		requests[n] = s.pay(refs[n], 1000, cards[n])
		s.payments.Crash = func(boundary string) {
			if boundary == "intent stored" { // both have reserved, neither has looked
				reserved.Done()
				reserved.Wait()
			}
		}
	}
	for n, s := range shops {
		done.Go(func() {
			if _, err := s.payments.Perform(t.Context(), refs[n], requests[n]); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	codes := map[string]int{}
	for n, s := range shops {
		s.payments.Crash = nil
		_, payments := s.read(refs[n])
		codes[payments[0].Attempts[0].Decline.Code]++
	}
	if sent := ours.watched.count("POST", "/confirm") + theirs.watched.count("POST", "/confirm"); sent != 1 || codes[decline.CodeNetworkCap] != 1 {
		t.Fatalf("%d confirms were sent, declined by %v", sent, codes)
	}
	for n, s := range shops {
		again, err := s.payments.Perform(t.Context(), refs[n], s.pay(refs[n], 1000, cards[n]))
		must(t, err)
		if again.Result.Refused == nil || again.Result.Refused.Message != "Nothing was charged. Too many tries with this card. Use another." {
			t.Errorf("one more try: %+v", again.Result)
		}
	}
	if sent := ours.watched.count("POST", "/confirm") + theirs.watched.count("POST", "/confirm"); sent != 1 || ours.tries(0) != 15 {
		t.Errorf("%d confirms were sent, %d tries are counted", sent, ours.tries(0))
	}
}

// What is not known counts as a failed try of its card, and what succeeded does
// not (M10).
func TestTriesOfACardCountUntilTheySucceed(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(1000)
	s.watched.after = func(method, path string) error {
		if method == "POST" && hasSuffix(path, "/confirm") {
			return errors.New("the line went dead")
		}
		return nil
	}
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 1000, s.card))
	must(t, err)
	if failed := s.tries(0); failed != 1 {
		t.Fatalf("%d tries count while one is not known", failed)
	}
	s.watched.after = nil
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	if invoice, _ := s.read(ref); invoice.Status != remit.InvoicePaid || s.tries(0) != 0 {
		t.Fatalf("the invoice is %s, %d tries count", invoice.Status, s.tries(0))
	}
}

// Tries with a card are counted for all who share a Stripe account, by keys of their own or
// through the platform, and for all accounts of the platform together, however they were
// connected: their networks see one merchant. Who shares neither, and the other mode, is
// none of theirs (M10).
func TestTriesOfACardCountForAccountAndPlatform(t *testing.T) {
	t.Parallel()
	const another = "acct_another"
	at := func(mode remit.ConnectionMode, account string) remit.Connection {
		return remit.Connection{Mode: mode, Account: account}
	}
	live := func(c remit.Connection) remit.Connection { c.Livemode = true; return c }
	for what, course := range map[string]struct {
		tried  remit.ConnectionMode
		shares func(account string) map[string]remit.Connection
		free   func(account string) map[string]remit.Connection
	}{
		"by keys": {
			remit.ModeKeys, func(account string) map[string]remit.Connection {
				return map[string]remit.Connection{
					"another organisation's keys of the account": at(remit.ModeKeys, account),
					"the account through the platform":           at(remit.ModeStandard, account),
				}
			}, func(account string) map[string]remit.Connection {
				return map[string]remit.Connection{
					"keys of another account": at(remit.ModeKeys, another), "another account of the platform": at(remit.ModeExpress, another),
					"live keys": live(at(remit.ModeKeys, account)),
				}
			},
		},
		"through the platform": {
			remit.ModeExpress, func(account string) map[string]remit.Connection {
				return map[string]remit.Connection{
					"another Express account": at(remit.ModeExpress, another), "a Standard account": at(remit.ModeStandard, another),
					"keys of the account": at(remit.ModeKeys, account),
				}
			}, func(string) map[string]remit.Connection {
				return map[string]remit.Connection{
					"keys of another account": at(remit.ModeKeys, another), "a live Express account": live(at(remit.ModeExpress, another)),
				}
			},
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := openShop(t)
			broke := s.save("pm_card_chargeCustomerFail")
			if course.tried.Platform() { // whose key is the account's own here
				s.payments.Connector.Gateway = gateway.New(gateway.Options{URL: s.standin, PlatformKey: s.key, Transport: s.watched, Timeout: 5 * time.Second})
				s.changed("mode = 'express', secret_key = null, webhook_secret = null")
			}
			ref := s.invoice(1000)
			s.perform(ref, s.pay(ref, 1000, broke))
			freeAt := func(c remit.Connection) (free time.Time) {
				must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
					method, err := tx.PaymentMethod(t.Context(), broke)
					must(t, err)
					free, err = activities.CardFreeAt(t.Context(), tx, c, method, time.Now())
					return err
				}))
				return free
			}
			for who, c := range course.shares(s.account) {
				if free := freeAt(c); !free.IsZero() {
					t.Errorf("%s: after one try it is free at %s", who, free)
				}
			}
			s.triesOfAll(14)
			for who, c := range course.shares(s.account) {
				if !freeAt(c).After(time.Now()) {
					t.Errorf("%s may try it once more", who)
				}
			}
			for who, c := range course.free(s.account) {
				if free := freeAt(c); !free.IsZero() {
					t.Errorf("%s may not try it before %s", who, free)
				}
			}
		})
	}
}

// triesOfAll makes the tries with each card that is counted more.
func (s *shop) triesOfAll(more int) {
	s.t.Helper()
	owner, err := pgx.Connect(s.t.Context(), s.url)
	must(s.t, err)
	defer func() { must(s.t, owner.Close(s.t.Context())) }()
	_, err = owner.Exec(s.t.Context(), "insert into card_tries (card, attempt, tried_at) select card, gen_random_uuid(), tried_at from (select distinct on (card) card, tried_at from card_tries) one, generate_series(1, $1)", more)
	must(s.t, err)
}
