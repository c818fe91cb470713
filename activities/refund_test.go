package activities_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stripe/stripe-go/v79"

	"remit"
	"remit/postgres"
)

// paid is an invoice whose payer, who may refund as well, has paid it.
func (s *shop) paid(amount int64, card uuid.UUID) (remit.InvoiceRef, remit.Payment) {
	s.t.Helper()
	s.mayRefund()
	ref := s.invoice(amount)
	done, err := s.payments.Perform(s.t.Context(), ref, s.pay(ref, amount, card))
	must(s.t, err)
	if done.Result.Refused != nil {
		s.t.Fatalf("paying answered %+v", done.Result.Refused)
	}
	_, payments := s.read(ref)
	return ref, payments[len(payments)-1]
}

func (s *shop) mayRefund() {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		if err := tx.PutRole(s.t.Context(), "Refunders", []remit.Scope{remit.StripeRefund}); err != nil {
			return err
		}
		return tx.InsertGrant(s.t.Context(), remit.RoleGrant{ID: uuid.New(), User: s.payer, Role: "Refunders", UnitID: s.branch.ID}, time.Now())
	}))
}

func (s *shop) refund(ref remit.InvoiceRef, in remit.RefundRequest) remit.Request {
	in.Permit = remit.Permit{Account: s.payer, Path: s.branch.Path, Scopes: []remit.Scope{remit.StripeRefund}}
	if in.Reason == "" {
		in.Reason = "sent back"
	}
	return s.request(ref, remit.RequestRefund, in)
}

// asked reserves a refund.
func (s *shop) asked(ref remit.InvoiceRef, in remit.RefundRequest) (remit.RefundRef, *remit.Refusal) {
	s.t.Helper()
	done, err := s.payments.Perform(s.t.Context(), ref, s.refund(ref, in))
	must(s.t, err)
	if done.Result.Refused != nil {
		return remit.RefundRef{}, done.Result.Refused
	}
	return remit.RefundRef{Tenant: ref.Tenant, Invoice: ref.Invoice, Refund: *done.Result.Refund}, nil
}

func (s *shop) send(ref remit.RefundRef) remit.Refund {
	s.t.Helper()
	_, err := s.payments.SendRefund(s.t.Context(), ref)
	must(s.t, err)
	return s.refundOf(ref)
}

func (s *shop) refundOf(ref remit.RefundRef) (r remit.Refund) {
	s.t.Helper()
	must(s.t, s.db.InTenant(s.t.Context(), ref.Tenant, func(tx *postgres.Tx) (err error) {
		r, err = tx.Refund(s.t.Context(), ref.Refund)
		return err
	}))
	return r
}

// sentBack is what the stand-in's own books say went back of a payment.
func (s *shop) sentBack(payment remit.Payment) (cents int64, refunds int) {
	s.t.Helper()
	list := s.stripe.Refunds.List(&stripe.RefundListParams{PaymentIntent: stripe.String(payment.PaymentIntent)})
	for list.Next() {
		if r := list.Refund(); r.Status != stripe.RefundStatusFailed && r.Status != stripe.RefundStatusCanceled {
			cents += r.Amount
			refunds++
		}
	}
	must(s.t, list.Err())
	return cents, refunds
}

// balances holds the ledger to its laws: what an account is in total.
func (s *shop) balances() map[string]int64 {
	s.t.Helper()
	sums := map[string]int64{}
	var total int64
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		rows, err := tx.Query(s.t.Context(), "select account, sum(amount)::bigint from ledger_lines where tenant = $1 group by account", s.tenant)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var account string
			var sum int64
			if err := rows.Scan(&account, &sum); err != nil {
				return err
			}
			sums[account] = sum
			total += sum
		}
		return rows.Err()
	}))
	if total != 0 {
		s.t.Errorf("the ledger is out of balance by %d: %v", total, sums)
	}
	return sums
}

// Whoever refunds says what becomes of the invoice: due again on hold, settled,
// or given up. The money leaves once, and what is left can still go back (F7, M14).
func TestFailure50RefundDoesToItsInvoiceWhatWasChosen(t *testing.T) {
	for choice, want := range map[remit.RefundChoice]struct {
		status      remit.InvoiceStatus
		outstanding int64
		hold        bool
		items       int
	}{
		remit.RefundReopens:   {remit.InvoiceOpen, 5000, true, 1},
		remit.RefundSettles:   {remit.InvoicePaid, 0, false, 0},
		remit.RefundWritesOff: {remit.InvoiceUncollectible, 0, false, 0},
	} {
		t.Run(string(choice), func(t *testing.T) {
			s := openShop(t)
			ref, payment := s.paid(5000, s.card)
			asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: choice})
			if refused != nil {
				t.Fatalf("refused: %+v", refused)
			}
			if r := s.send(asked); r.State != remit.RefundSucceeded || r.StripeRefund == "" {
				t.Fatalf("the refund is %+v", r)
			}
			s.send(asked) // again changes nothing
			s.soundly(ref)
			invoice, _ := s.read(ref)
			if invoice.Status != want.status || invoice.Outstanding != want.outstanding || (invoice.Hold != nil) != want.hold {
				t.Errorf("the invoice is %s, owes %d, hold %v", invoice.Status, invoice.Outstanding, invoice.Hold)
			}
			if cents, n := s.sentBack(payment); cents != 5000 || n != 1 {
				t.Errorf("%d went back in %d refunds", cents, n)
			}
			if sums := s.balances(); sums["stripe"] != 0 || sums["refunds"] != 0 {
				t.Errorf("the ledger says %v", sums)
			}
			var items int
			must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
				return tx.QueryRow(t.Context(), "select count(*) from work_items where invoice_id = $1 and state in ('open', 'claimed', 'paying')", ref.Invoice).Scan(&items)
			}))
			if items != want.items {
				t.Errorf("%d live work items", items)
			}
			if choice != remit.RefundReopens {
				done, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 5000, s.card))
				must(t, err)
				if r := done.Result.Refused; r == nil || r.Code != remit.CodeNotPayable {
					t.Errorf("it can be paid again: %+v", done.Result)
				}
			}
			if _, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 1, Choice: choice}); refused == nil || refused.Code != remit.CodeNotRefundable {
				t.Errorf("one cent more answered %+v", refused)
			}
		})
	}
}

// A part goes back, then at most the rest; never more than was captured (M8).
func TestRefundOfAPart(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(10000, s.card)
	first, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 3000, Choice: remit.RefundSettles})
	if refused != nil {
		t.Fatal(refused)
	}
	if _, refused = s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 7001, Choice: remit.RefundReopens}); refused == nil || refused.Message != "At most $70.00." {
		t.Fatalf("answered %+v", refused)
	}
	second, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 7000, Choice: remit.RefundReopens})
	if refused != nil {
		t.Fatal(refused)
	}
	s.send(second)
	s.send(first)
	invoice, payments := s.read(ref)
	if invoice.Status != remit.InvoicePartiallyPaid || invoice.Outstanding != 7000 || payments[0].AmountRefunded != 10000 {
		t.Errorf("%s, %d owed, %d refunded", invoice.Status, invoice.Outstanding, payments[0].AmountRefunded)
	}
	if cents, n := s.sentBack(payment); cents != 10000 || n != 2 {
		t.Errorf("%d went back in %d", cents, n)
	}
	s.balances()
}

// Killed at every boundary of a refund, or with its answer lost, it is made once.
func TestRefundSurvivesDeathAtEveryBoundary(t *testing.T) {
	for _, boundary := range []string{"refunds looked at", "refund reserved", "refund marked", "refund answered"} {
		t.Run(boundary, func(t *testing.T) {
			s := openShop(t)
			ref, payment := s.paid(5000, s.card)
			request := s.refund(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundReopens})
			if strings.HasPrefix(boundary, "refunds") || boundary == "refund reserved" {
				if !s.performAndDie(ref, request, boundary) {
					t.Fatalf("never got to %q", boundary)
				}
			}
			done, err := s.payments.Perform(t.Context(), ref, request)
			must(t, err)
			asked := remit.RefundRef{Tenant: ref.Tenant, Invoice: ref.Invoice, Refund: *done.Result.Refund}
			func() {
				s.payments.Crash = func(at string) {
					if at == boundary {
						panic(killed{at})
					}
				}
				defer func() { s.payments.Crash = nil; _ = recover() }()
				_, _ = s.payments.SendRefund(t.Context(), asked)
			}()
			if r := s.send(asked); r.State != remit.RefundSucceeded {
				t.Errorf("the refund is %s", r.State)
			}
			if cents, n := s.sentBack(payment); cents != 5000 || n != 1 {
				t.Errorf("%d went back in %d", cents, n)
			}
			s.balances()
		})
	}
}

// An answer that was lost for longer than Stripe remembers keys is found by what
// was written on the refund, never made a second time (M4, M14).
func TestM14LostRefundIsFoundByItsMetadata(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(5000, s.card)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundReopens})
	if refused != nil {
		t.Fatal(refused)
	}
	s.watched.after = func(method, path string) error {
		if method == "POST" && path == "/v1/refunds" {
			return errors.New("the answer was lost")
		}
		return nil
	}
	if r := s.send(asked); r.State != remit.RefundSent {
		t.Fatalf("the refund is %s", r.State)
	}
	s.watched.after = nil
	s.later(t, 72*time.Hour)
	before := s.watched.count("POST", "/v1/refunds")
	if r := s.send(asked); r.State != remit.RefundSucceeded {
		t.Errorf("the refund is %s", r.State)
	}
	if n := s.watched.count("POST", "/v1/refunds"); n != before {
		t.Errorf("it was sent %d times more", n-before)
	}
	if cents, n := s.sentBack(payment); cents != 5000 || n != 1 {
		t.Errorf("%d went back in %d", cents, n)
	}
	s.balances()
}

// later moves the shop's clock and the stand-in's with it.
func (s *shop) later(t *testing.T, by time.Duration) {
	t.Helper()
	now := time.Now().Add(by)
	must(t, s.link.Stripe.MoveStandinClock(t.Context(), now))
	s.payments.Now = func() time.Time { return now }
}

// A refund made in Stripe's dashboard shows here once, and leaves less to refund (F3).
func TestF3Failure51RefundMadeAtStripeIsTakenOver(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(5000, s.card)
	made, err := s.stripe.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(payment.PaymentIntent), Amount: stripe.Int64(2000)})
	must(t, err)
	for range 2 {
		s.stored(postgres.StoredEvent{
			ID: "evt_" + uuid.NewString(), Account: s.account, Tenant: s.tenant, Type: "charge.refunded", ObjectID: payment.Charge, State: postgres.EventWaiting, InvoiceID: &ref.Invoice,
		})
		_, err = s.payments.Advance(t.Context(), ref)
		must(t, err)
	}
	invoice, payments := s.read(ref)
	if invoice.Status != remit.InvoicePaid || payments[0].AmountRefunded != 2000 {
		t.Errorf("%s, %d refunded", invoice.Status, payments[0].AmountRefunded)
	}
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		all, err := tx.Refunds(t.Context(), ref.Invoice)
		if len(all) != 1 || all[0].StripeRefund != made.ID || all[0].RequestID != nil || all[0].State != remit.RefundSucceeded {
			t.Errorf("stored %+v", all)
		}
		return err
	}))
	if _, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundReopens}); refused == nil || refused.Message != "At most $30.00." {
		t.Errorf("answered %+v", refused)
	}
	if sums := s.balances(); sums["stripe"] != 3000 {
		t.Errorf("the ledger says %v", sums)
	}
}

// One made at Stripe whose event was lost is seen before another is reserved.
func TestFailure49RefundAfterALook(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(5000, s.card)
	_, err := s.stripe.Refunds.New(&stripe.RefundParams{PaymentIntent: stripe.String(payment.PaymentIntent)})
	must(t, err)
	_, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundReopens})
	if refused == nil || refused.Code != remit.CodeNotRefundable {
		t.Fatalf("answered %+v", refused)
	}
	if cents, n := s.sentBack(payment); cents != 5000 || n != 1 {
		t.Errorf("%d went back in %d", cents, n)
	}
}

// A refund that Stripe took and the payer's bank sent back counts no more: the
// invoice is paid as before, and nothing is lost (F4).
func TestRefundThatFailsAfterItSucceeded(t *testing.T) {
	for _, choice := range []remit.RefundChoice{remit.RefundReopens, remit.RefundSettles, remit.RefundWritesOff} {
		t.Run(string(choice), func(t *testing.T) {
			s := openShop(t)
			ref, payment := s.paid(5000, s.save("pm_card_refundFail"))
			asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: choice})
			if refused != nil {
				t.Fatal(refused)
			}
			if r := s.send(asked); r.State != remit.RefundSucceeded {
				t.Fatalf("the refund is %s", r.State)
			}
			s.later(t, 24*time.Hour)
			s.stored(postgres.StoredEvent{
				ID: "evt_" + uuid.NewString(), Account: s.account, Tenant: s.tenant, Type: "refund.failed", ObjectID: "re_x", State: postgres.EventWaiting, InvoiceID: &ref.Invoice,
			})
			_, err := s.payments.Advance(t.Context(), ref)
			must(t, err)
			r := s.refundOf(asked)
			invoice, payments := s.read(ref)
			if r.State != remit.RefundFailed || r.Failure == "" || invoice.Status != remit.InvoicePaid || invoice.Outstanding != 0 || invoice.Hold != nil || payments[0].AmountRefunded != 0 {
				t.Errorf("refund %s (%s), invoice %s, %d owed, %d refunded, hold %v", r.State, r.Failure, invoice.Status, invoice.Outstanding, payments[0].AmountRefunded, invoice.Hold)
			}
			if sums := s.balances(); sums["stripe"] != 5000 || sums["refunds"] != 0 {
				t.Errorf("the ledger says %v", sums)
			}
		})
	}
}

// Money that comes back from a failed refund after somebody else has paid is
// excess, and not lost (M9).
func TestRefundThatFailsAfterTheInvoiceWasPaidAgain(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(5000, s.save("pm_card_refundFail"))
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 5000, Choice: remit.RefundReopens})
	if refused != nil {
		t.Fatal(refused)
	}
	s.send(asked)
	done, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 5000, s.card))
	must(t, err)
	if done.Result.Refused != nil {
		t.Fatalf("paying again answered %+v", done.Result.Refused)
	}
	s.later(t, 24*time.Hour)
	s.stored(postgres.StoredEvent{
		ID: "evt_" + uuid.NewString(), Account: s.account, Tenant: s.tenant, Type: "refund.failed", ObjectID: "re_x", State: postgres.EventWaiting, InvoiceID: &ref.Invoice,
	})
	_, err = s.payments.Advance(t.Context(), ref)
	must(t, err)
	if sums := s.balances(); sums["stripe"] != 10000 || sums["excess"] != -5000 || sums["receivable"] != 0 {
		t.Errorf("the ledger says %v", sums)
	}
}

// The customer is told of a refund once (N3, M13).
func TestN3CustomerIsToldOfARefundOnce(t *testing.T) {
	s := openShop(t)
	ref, payment := s.paid(5000, s.card)
	asked, refused := s.asked(ref, remit.RefundRequest{Payment: payment.ID, Amount: 1000, Choice: remit.RefundSettles})
	if refused != nil {
		t.Fatal(refused)
	}
	s.send(asked)
	s.send(asked)
	var mails int
	must(t, s.db.InTenant(t.Context(), s.tenant, func(tx *postgres.Tx) error {
		return tx.QueryRow(t.Context(), "select count(*) from mails where tenant = $1 and stage like 'refunded/%'", s.tenant).Scan(&mails)
	}))
	if mails != 1 {
		t.Errorf("%d mails", mails)
	}
}

// Who may pay may not refund for that (PE7): the activity asks again.
func TestPE7RefundNeedsItsOwnRight(t *testing.T) {
	s := openShop(t)
	ref := s.invoice(5000)
	_, err := s.payments.Perform(t.Context(), ref, s.pay(ref, 5000, s.card))
	must(t, err)
	_, payments := s.read(ref)
	if _, refused := s.asked(ref, remit.RefundRequest{Payment: payments[0].ID, Amount: 5000, Choice: remit.RefundSettles}); refused == nil || refused.Kind != remit.KindForbidden {
		t.Errorf("answered %+v", refused)
	}
	if cents, _ := s.sentBack(payments[0]); cents != 0 {
		t.Errorf("%d went back", cents)
	}
}
