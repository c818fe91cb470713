package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/decline"
	"remit/gateway"
	"remit/money"
	"remit/postgres"
)

// unsentLife is how long an attempt may wait before its confirm is first sent.
// A payer who pressed Pay does not expect to be charged hours later, when
// Stripe answers again; past this the attempt is canceled instead.
const unsentLife = 15 * time.Minute

const notInTime = "It was not sent in time. Nothing was charged."

// errElsewhere says that another process has taken the attempt further than
// this one knew: what it is now has to be read again.
var errElsewhere = errors.New("the attempt was taken on by another process")

// work is an attempt with all that a step needs to know, as it was read.
type work struct {
	ref     remit.InvoiceRef
	attempt remit.Attempt
	payment remit.Payment
	invoice remit.Invoice
	clock   remit.Clock
	request postgres.StoredRequest
	sealed  *postgres.SealedConnection // of the payment's account; nil where its keys are gone
	link    *Link                      // sealed, opened
	off     bool                       // money was off when it was read
}

// advance brings an attempt as far as it goes now: to its end, or to where only
// Stripe, the payer or time can take it on. It starts from what is recorded,
// whoever was killed before.
func (p *Payments) advance(ctx context.Context, ref remit.InvoiceRef, id uuid.UUID) error {
	w, err := p.load(ctx, ref, id)
	if err != nil {
		return err
	}
	return p.take(ctx, w)
}

// take brings an attempt that was just read, or just made, as far as it goes now.
func (p *Payments) take(ctx context.Context, w *work) (err error) {
	if !w.attempt.State.Live() {
		return nil
	}
	if w.link == nil {
		w.link, err = p.Connector.Open(w.sealed)
	}
	if err != nil {
		if isUnreachable(err) && w.attempt.Kind == remit.AttemptCharge && w.payment.PaymentIntent == "" && p.late(w) {
			return p.record(ctx, w, result{state: remit.AttemptCanceled, intentClosed: true, why: notInTime})
		}
		if isUnreachable(err) {
			return p.wait(ctx, w, w.attempt.State, err)
		}
		return err
	}
	if w.attempt.Kind == remit.AttemptCheckout {
		return p.advanceCheckout(ctx, w)
	}
	if w.attempt.ChargeBefore != nil {
		return p.settleCharge(ctx, w)
	}
	return p.charge(ctx, w)
}

// charge takes an attempt that was never confirmed through M2, steps 2 to 5.
func (p *Payments) charge(ctx context.Context, w *work) error {
	if w.off {
		return p.waitForMoney(ctx, w)
	}
	if p.late(w) {
		return p.giveUp(ctx, w, notInTime)
	}
	view, err := p.prepareIntent(ctx, w)
	if err != nil {
		return p.preparing(ctx, w, err)
	}
	p.boundary("intent stored")
	switch view.Status {
	case "requires_payment_method", "requires_confirmation":
	default: // not ours to confirm any more: somebody did something at Stripe
		return p.recordView(ctx, w, view, remit.OutcomeOf(view, ""), nil)
	}
	if amount, fee := stripeAmountOf(w), feeOf(w); view.Amount != amount || view.ApplicationFee != fee {
		return p.giveUp(ctx, w, "The amount at Stripe did not match. Nothing was charged.")
	}
	if ended, err := p.mandateEnded(ctx, w); ended || err != nil {
		return err
	}
	with, err := p.lastLook(ctx, w, view)
	if errors.Is(err, errElsewhere) {
		return p.advance(ctx, w.ref, w.attempt.ID)
	}
	if err != nil {
		if refused := refusal(err); refused != nil {
			if endErr := p.giveUp(ctx, w, refused.Message); endErr != nil {
				return endErr
			}
		}
		return err
	}
	if with.refused != nil {
		return p.cancel(ctx, w, result{state: remit.AttemptFailed, refused: with.refused})
	}
	p.boundary("last look passed")
	return p.confirm(ctx, w, with.Confirm)
}

// late reports that an attempt waited too long to be sent.
func (p *Payments) late(w *work) bool {
	return w.clock.Now(p.Now()).Sub(w.attempt.CreatedAt) > unsentLife
}

// prepareIntent creates the payment's intent unconfirmed and stores its id, or
// takes the one it has, and sets its amount, and what of it the platform takes, to
// this attempt's (M2, step 2).
func (p *Payments) prepareIntent(ctx context.Context, w *work) (view remit.IntentView, err error) {
	if w.payment.PaymentIntent == "" {
		view, err = p.createIntent(ctx, w)
	} else {
		view, err = w.link.Stripe.Intent(ctx, w.payment.PaymentIntent)
	}
	amount, fee := stripeAmountOf(w), feeOf(w)
	if err != nil || view.Amount == amount && view.ApplicationFee == fee || view.Status != "requires_payment_method" && view.Status != "requires_confirmation" {
		return view, err
	}
	return w.link.Stripe.SetIntentAmount(ctx, w.key("amount"), view, amount, fee)
}

// createIntent creates the payment's intent, again just as before where the
// answer was lost: under one key the amount stays that of the first attempt.
func (p *Payments) createIntent(ctx context.Context, w *work) (remit.IntentView, error) {
	view, err := w.link.Stripe.CreateIntent(ctx, fmt.Sprintf("%s/create", w.payment.ID), gateway.NewIntent{
		Amount: w.payment.IntentAmount, Currency: money.Currency(w.payment.Currency).Stripe(), StripeCustomer: w.payment.StripeCustomer,
		Description: "Invoice " + w.invoice.Number, ReceiptEmail: w.invoice.ReceiptTo(), Metadata: metadata(w.ref, w.payment.ID),
		ApplicationFee: w.payment.IntentFee,
	})
	if err != nil {
		return view, err
	}
	p.boundary("intent created")
	return view, p.adoptIntent(ctx, w, view.ID)
}

// preparing answers a failure before anything was confirmed. Nothing can have
// been charged, so what repeating cannot mend ends the attempt.
func (p *Payments) preparing(ctx context.Context, w *work, err error) error {
	var failure *gateway.Failure
	if !errors.As(err, &failure) {
		return err
	}
	switch failure.Meaning {
	case gateway.Unknown, gateway.Later, gateway.Unreachable:
		return p.wait(ctx, w, w.attempt.State, err)
	case gateway.Outcome, gateway.State, gateway.Stop, gateway.Refunded, gateway.Disputed, gateway.Short:
		r := result{state: remit.AttemptCanceled, why: fmt.Sprintf("Stripe refused it (%s). Nothing was charged.", failure.Named())}
		if endErr := p.cancel(ctx, w, r); endErr != nil {
			return endErr
		}
		return p.beforeMoney(err)
	}
	return err
}

// lastLook asks, in the transaction that lets the confirm go, whether it still
// may (M2, step 3), and remembers the intent's latest charge. It returns what is
// confirmed with.
func (p *Payments) lastLook(ctx context.Context, w *work, view remit.IntentView) (with allowed, err error) {
	r := reservation{ref: w.ref, link: w.link}
	if err := decodePayRequest(w.request, &r); err != nil {
		return with, err
	}
	for range 3 {
		if err := p.decide(ctx, &r); err != nil {
			return with, err
		}
		var moved bool
		err := p.DB.InTenant(ctx, w.ref.Tenant, func(tx *postgres.Tx) (err error) {
			moved, with, err = p.look(ctx, tx, w, &r, view)
			return err
		})
		if err != nil {
			return with, err
		}
		if !moved {
			return with, nil
		}
		r.strict = true
	}
	return with, remit.Conflict(remit.CodeConflict, "This changed meanwhile. Check, send again.")
}

// allowed is what an intent may be confirmed with, or why it may not.
type allowed struct {
	gateway.Confirm

	refused *decline.Decline
}

func (p *Payments) look(ctx context.Context, tx *postgres.Tx, w *work, r *reservation, view remit.IntentView) (moved bool, with allowed, err error) {
	l, err := tx.LockInvoice(ctx, w.ref.Invoice)
	if err != nil {
		return false, with, err
	}
	if l.Live == nil || l.Live.ID != w.attempt.ID || l.Live.ChargeBefore != nil {
		return false, with, errElsewhere
	}
	request, err := tx.Request(ctx, w.ref.Invoice, w.attempt.RequestID)
	if err != nil {
		return false, with, err
	}
	if request.Result != nil && request.Result.Refused != nil {
		return false, with, request.Result.Refused.AsError() // whoever asked was told so already
	}
	now := l.Clock.Now(p.Now()) // before it is asked who may: a right that ended by now is seen to have
	if moved, err = p.policyMoved(ctx, tx, r); err != nil || moved {
		return moved, with, err
	}
	if err := MoneyOn(ctx, p.Seals, tx); err != nil {
		return false, with, err
	}
	current, err := tx.UseConnection(ctx)
	if err != nil {
		return false, with, err
	}
	if err := Usable(current); err != nil {
		return false, with, err
	}
	if current.ID != w.link.ID || current.Account != w.payment.Account {
		return false, with, remit.Conflict(remit.CodeConflict, "The Stripe account was changed meanwhile. Check and pay again.")
	}
	if err := remit.CollectableNow(l.Invoice); err != nil {
		return false, with, err
	}
	if err := owedStill(l, r.in); err != nil {
		return false, with, err
	}
	if err := chargeStill(l, r.in.Permit); err != nil {
		return false, with, err
	}
	if err := p.approvedStill(ctx, tx, l, r, l.Live, now); err != nil {
		return false, with, err
	}
	if l.Outstanding < w.attempt.Amount {
		return false, with, remit.Conflict(remit.CodeConflict, "%s is owed now. Check and pay again.", money.Of(l.Outstanding, money.Currency(l.Currency)))
	}
	payments, err := tx.Payments(ctx, l.ID)
	if err != nil {
		return false, with, err
	}
	for _, other := range payments {
		if other.ID != w.payment.ID && other.PaymentIntent != "" && !other.IntentClosed {
			return false, with, inFlight()
		}
	}
	method, err := tx.PaymentMethod(ctx, *w.attempt.PaymentMethodID)
	if err != nil {
		return false, with, err
	}
	if err := paysStill(l, w.payment, method); err != nil {
		return false, with, err
	}
	debit, err := debitFor(ctx, tx, l, remit.OfferDebits(l.Currency, current.Country, current.BankDebits), method, now)
	if err != nil {
		return false, with, err
	}
	if debit.refused != nil {
		return false, allowed{refused: debit.refused}, nil
	}
	refused, err := sendable(ctx, tx, current.Connection, method, *l.Live, r.in.Permit, now)
	if err != nil {
		return false, with, err
	}
	if refused != nil {
		return false, allowed{refused: refused}, nil
	}
	before := view.LatestCharge
	a := *l.Live
	a.ChargeBefore, a.ConfirmAt, a.State, a.Since = &before, &now, remit.AttemptConfirming, now
	if err := tx.SaveAttempt(ctx, l, &a); err != nil {
		return false, with, err
	}
	w.attempt = a
	return false, allowed{Confirm: gateway.Confirm{Method: method.StripeID, Type: method.Type, Mandate: debit.mandate}}, nil
}

// paysStill asks of a saved method that was chosen whether it may be used after all.
func paysStill(l *postgres.LockedInvoice, payment remit.Payment, method remit.PaymentMethod) error {
	if method.Status != remit.MethodUsable || method.Account != payment.Account {
		return remit.Invalid("payment_method", "This payment method cannot be used. Choose another.")
	}
	return remit.MethodAllowed(l.Settings.Methods, method.Type)
}

func (p *Payments) load(ctx context.Context, ref remit.InvoiceRef, id uuid.UUID) (w *work, err error) {
	err = p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		if w, err = readWork(ctx, tx, ref, id); err != nil {
			return err
		}
		w.off, err = moneyOff(ctx, p.Seals, tx)
		return err
	})
	return w, err
}

// readWork reads an attempt with all that a step needs to know.
func readWork(ctx context.Context, tx *postgres.Tx, ref remit.InvoiceRef, id uuid.UUID) (w *work, err error) {
	w = &work{ref: ref}
	if w.attempt, err = tx.Attempt(ctx, id); err != nil {
		return nil, err
	}
	if w.payment, err = tx.Payment(ctx, w.attempt.PaymentID); err != nil {
		return nil, err
	}
	if w.invoice, err = tx.InvoiceHead(ctx, ref.Invoice); err != nil {
		return nil, err
	}
	if w.request, err = tx.Request(ctx, ref.Invoice, w.attempt.RequestID); err != nil {
		return nil, err
	}
	if w.sealed, err = tx.ConnectionOfAccount(ctx, w.payment.Account, w.payment.Livemode); err != nil {
		return nil, err
	}
	w.clock, err = tx.Clock(ctx)
	return w, err
}

// key is the idempotency key of one step of the attempt.
func (w *work) key(step string) string { return w.attempt.ID.String() + "/" + step }

// nextKey is the key of a step that may be taken any number of times, as a
// cancel may: with one key Stripe would repeat a refusal that no longer holds.
func (w *work) nextKey(step string) string { return fmt.Sprintf("%s/%d", w.key(step), w.attempt.Polls) }

func (w *work) methodType() string {
	if w.attempt.Method == nil {
		return "card"
	}
	return w.attempt.Method.Type
}

func stripeAmountOf(w *work) int64 {
	amount, _ := money.Of(w.attempt.Amount+w.attempt.Surcharge, money.Currency(w.payment.Currency)).Stripe() // AmountPayable checked it
	return amount
}

// feeOf is what of the attempt's amount the platform takes, in Stripe's units.
func feeOf(w *work) int64 {
	fee, _ := money.Of(w.payment.ApplicationFee, money.Currency(w.payment.Currency)).Stripe() // less than the amount, in its steps
	return fee
}
