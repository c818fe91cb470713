package activities_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stripe/stripe-go/v79"
	"pgregory.net/rapid"

	"remit"
	"remit/money"
	"remit/postgres"
)

// Whatever is asked of an invoice and in whatever order, answers lost in
// between: its status is what the ledger says, it owes what was billed less what
// was applied, at most one attempt is live, its timeline has no gap, is chained,
// and tells all of that over again, and Stripe captured what is booked (M2, M8,
// M9, Q2).
func TestAnyOrderOfRequests(t *testing.T) {
	s := openShop(t)
	broke := s.save("pm_card_chargeCustomerFail")
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Range(1000, 50000).Draw(t, "billed")
		due := rapid.SampledFrom([]string{"2020-02-01", "2030-04-01"}).Draw(t, "due")
		l := &life{s: s, t: t, ref: s.invoiceDue(amount, due), broke: broke}
		l.check("sent")
		for range rapid.IntRange(1, 9).Draw(t, "steps") {
			step := rapid.SampledFrom(steps).Draw(t, "step")
			step.take(l)
			l.check(step.name)
		}
		s.watched.stop, s.watched.after = nil, nil
		l.settled()
	})
}

// life is one invoice of the property, as random requests come in.
type life struct {
	s     *shop
	t     *rapid.T
	ref   remit.InvoiceRef
	broke uuid.UUID
	page  string // of the last checkout
	done  []string
}

var steps = []struct {
	name string
	take func(*life)
}{
	{"pay", func(l *life) { l.perform(l.s.pay(l.ref, l.amount(), l.s.card)) }},
	{"pay", func(l *life) { l.perform(l.s.pay(l.ref, l.amount(), l.s.card)) }},
	{"pay with a card that is declined", func(l *life) { l.perform(l.s.pay(l.ref, l.amount(), l.broke)) }},
	{"open a checkout", func(l *life) {
		l.perform(l.s.ask(l.ref, remit.RequestCheckout, remit.PayRequest{Amount: l.amount()}))
		if _, payments := l.s.read(l.ref); len(payments) > 0 {
			for _, attempt := range payments[len(payments)-1].Attempts {
				l.page = attempt.SessionURL
			}
		}
	}},
	{"pay on the checkout's page", func(l *life) {
		if l.page != "" {
			l.s.submit(l.page, "4242424242424242", false)
		}
	}},
	{"look", (*life).look},
	{"look", (*life).look},
	{"void", func(l *life) {
		l.perform(l.s.request(l.ref, remit.RequestVoid, remit.ReasonRequest{Reason: "mistake"}))
	}},
	{"hold", func(l *life) {
		l.perform(l.s.request(l.ref, remit.RequestHold, remit.ReasonRequest{Reason: "disputed"}))
	}},
	{"lift the hold", func(l *life) { l.perform(l.s.request(l.ref, remit.RequestLiftHold, struct{}{})) }},
	{"record a transfer", func(l *life) {
		l.perform(l.s.request(l.ref, remit.RequestRecordPayment, remit.RecordRequest{Amount: l.amount(), Method: "bank_transfer", Reference: "R"}))
	}},
	{"amend", (*life).amend},
	{"charge a declined intent by hand at Stripe", func(l *life) { l.perform(l.s.pay(l.ref, l.amount(), l.broke)); l.byHand() }},
	{"lose answers to confirms", func(l *life) { l.lose(&l.s.watched.after, "/confirm") }},
	{"lose confirms", func(l *life) { l.lose(&l.s.watched.stop, "/confirm") }},
	{"lose sessions", func(l *life) { l.lose(&l.s.watched.after, "/v1/checkout/sessions") }},
	{"lose nothing any more", func(l *life) { l.s.watched.stop, l.s.watched.after = nil, nil }},
}

// amount draws one that is owed, partly owed, or more than that.
func (l *life) amount() int64 {
	invoice, _ := l.s.read(l.ref)
	owed := max(invoice.Outstanding, 1)
	return rapid.SampledFrom([]int64{owed, owed, max(owed/2, 1), owed + 1}).Draw(l.t, "amount")
}

func (l *life) perform(request remit.Request) {
	// An error is one that Temporal would repeat; what was done until then stands.
	_, _ = l.s.payments.Perform(l.s.t.Context(), l.ref, request)
}

func (l *life) look() { _, _ = l.s.payments.Advance(l.s.t.Context(), l.ref) }

func (l *life) amend() {
	total := rapid.Int64Range(1, 60000).Draw(l.t, "new total")
	due := rapid.SampledFrom([]string{"2020-02-01", "2030-05-01"}).Draw(l.t, "new due date")
	l.perform(l.s.request(l.ref, remit.RequestAmend, amendTo(l.s.t, total, due)))
}

func amendTo(t *testing.T, total int64, date string) remit.AmendRequest {
	due, err := remit.ParseDate(date)
	must(t, err)
	return remit.AmendRequest{
		Reason: "agreed", DueDate: due, Total: total, Fingerprint: make([]byte, 32),
		Lines: []remit.Line{{Description: "Work", Quantity: "1", UnitPrice: money.Of(total, "USD").Decimal(), Amount: total}},
	}
}

// byHand is somebody who charges an intent of ours on Stripe's dashboard, of
// which an event tells.
func (l *life) byHand() {
	for _, intent := range l.s.chargeByHand(l.ref) {
		l.s.stored(postgres.StoredEvent{
			ID: "evt_" + uuid.NewString(), Account: l.s.account, Tenant: l.ref.Tenant, Type: "payment_intent.succeeded", ObjectID: intent,
			State: postgres.EventWaiting, InvoiceID: &l.ref.Invoice,
		})
	}
}

// chargeByHand confirms the invoice's open intents at Stripe.
func (s *shop) chargeByHand(ref remit.InvoiceRef) (charged []string) {
	_, payments := s.read(ref)
	for _, payment := range payments {
		if payment.PaymentIntent == "" || payment.IntentClosed {
			continue
		}
		_, err := s.stripe.PaymentIntents.Confirm(payment.PaymentIntent, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String(s.stripeCard())})
		if err != nil {
			continue // it is paid, canceled, or a page's
		}
		charged = append(charged, payment.PaymentIntent)
	}
	return charged
}

func (s *shop) stripeCard() (id string) {
	must(s.t, s.db.InTenant(s.t.Context(), s.tenant, func(tx *postgres.Tx) error {
		method, err := tx.PaymentMethod(s.t.Context(), s.card)
		id = method.StripeID
		return err
	}))
	return id
}

func (l *life) lose(where *func(method, path string) error, path string) {
	*where = func(method, at string) error {
		if method == "POST" && hasSuffix(at, path) {
			return errors.New("the line went dead")
		}
		return nil
	}
}

// settled looks until nothing is in flight that can end, and compares with what
// Stripe captured.
func (l *life) settled() {
	for range 3 {
		l.look()
		l.check("look at the end")
	}
	_, payments := l.s.read(l.ref)
	booked := int64(0)
	for _, payment := range payments {
		if payment.Source != "bank_transfer" {
			booked += payment.AmountCaptured
		}
	}
	if captured, _ := l.s.captured(l.ref); captured != booked {
		l.t.Fatalf("Stripe captured %d, %d is booked, after %v", captured, booked, l.done)
	}
}

// facts is what the rows say of an invoice, each read apart from the others.
type facts struct {
	status          remit.InvoiceStatus
	sent, void      bool
	billed, applied int64 // the ledger's lines
	outstanding     int64 // the kept balance
	live            []int // numbers of live attempts
	processing      bool
}

func (l *life) check(step string) {
	l.done = append(l.done, step)
	ctx := l.s.t.Context()
	err := l.s.db.InTenant(ctx, l.ref.Tenant, func(tx *postgres.Tx) error {
		f, err := readFacts(ctx, tx, l.ref.Invoice)
		if err != nil {
			return err
		}
		derived := remit.StatusOf(remit.InvoiceFacts{Sent: f.sent, Void: f.void, Processing: f.processing, Billed: f.billed, Applied: f.applied})
		if f.status != derived {
			return fmt.Errorf("the invoice is %s, the ledger says %s", f.status, derived)
		}
		if f.outstanding != f.billed-f.applied || f.outstanding < 0 {
			return fmt.Errorf("%d is outstanding, %d billed, %d applied", f.outstanding, f.billed, f.applied)
		}
		if len(f.live) > 1 {
			return fmt.Errorf("attempts %v are live", f.live)
		}
		wrong, err := tx.VerifyInvoice(ctx, l.ref.Invoice)
		if err != nil || len(wrong) > 0 {
			return fmt.Errorf("what is stored does not fit: %q %w", wrong, err)
		}
		return nil
	})
	if err != nil {
		l.t.Fatalf("%v, after %v", err, l.done)
	}
}

func readFacts(ctx context.Context, tx *postgres.Tx, invoice uuid.UUID) (f facts, err error) {
	err = tx.QueryRow(ctx, `select status, sent_at is not null, voided_at is not null,
			(select outstanding from invoice_balances b where b.invoice_id = i.id),
			(select coalesce(sum(l.amount), 0) from ledger_lines l join ledger_entries e on e.id = l.entry_id
			  where l.invoice_id = i.id and l.account = 'receivable' and e.kind in ('issue', 'amend', 'void')),
			(select coalesce(-sum(l.amount), 0) from ledger_lines l join ledger_entries e on e.id = l.entry_id
			  where l.invoice_id = i.id and l.account = 'receivable' and e.kind not in ('issue', 'amend', 'void')),
			(select coalesce(array_agg(number), '{}') from attempts a where a.invoice_id = i.id and state in ('created', 'requires_action', 'processing', 'confirming')),
			exists (select from attempts a where a.invoice_id = i.id and state = 'processing')
		from invoices i where id = $1`, invoice).
		Scan(&f.status, &f.sent, &f.void, &f.outstanding, &f.billed, &f.applied, &f.live, &f.processing)
	return f, err
}
