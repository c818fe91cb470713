package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/money"
	"remit/postgres"
)

// sessionLife is how long a hosted checkout stays open: an hour less than
// Stripe remembers the key it was created with (M2c).
const sessionLife = 23 * time.Hour

// sessionLifeOf is how long an invoice's hosted page stays open: a store's order keeps
// its products from others for as long.
func sessionLifeOf(i remit.Invoice) time.Duration {
	if i.Order() {
		return remit.OrderCheckoutLife
	}
	return sessionLife
}

// reservation is what an attempt is made from.
type reservation struct {
	ref            remit.InvoiceRef
	stored         postgres.StoredRequest
	in             remit.PayRequest
	link           *Link
	stripeCustomer string
	decided        int64 // version of the policy that permitted it
	strict         bool  // the cached policy was behind: ask the committed one
	debits         remit.DebitOffer
	hosted         remit.HostedOffer // of a hosted checkout
}

// obstacle is what has to be cleared before an attempt may start.
type obstacle struct {
	session *remit.Attempt // an open checkout, which a person's payment expires
	intent  *remit.Payment // an earlier payment whose intent Stripe has not closed
	policy  bool           // who may do what has changed: decide again
	owed    error          // the customer's credit was used: something else is owed now
}

// reserve takes the invoice's one place for a live attempt (M2, step 1).
// The attempt comes back as work to be taken on, without another look.
func (p *Payments) reserve(ctx context.Context, r *reservation) (*obstacle, *work, error) {
	if err := p.decide(ctx, r); err != nil {
		return nil, nil, err
	}
	var found *obstacle
	var w *work
	err := p.DB.InTenant(ctx, r.ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, r.ref.Invoice)
		if err != nil {
			return err
		}
		existing, err := tx.AttemptOfRequest(ctx, r.stored.ID)
		if err != nil {
			return err
		}
		if existing != nil {
			w, err = readWork(ctx, tx, r.ref, existing.ID)
			return err
		}
		// Whoever asked may have been told that nothing would happen any more.
		again, err := tx.Request(ctx, r.ref.Invoice, r.stored.ID)
		if err != nil {
			return err
		}
		if again.Result != nil && again.Result.Refused != nil {
			return again.Result.Refused.AsError()
		}
		if p.Now().Sub(again.CreatedAt) > unsentLife {
			return remit.Conflict(remit.CodeConflict, "This was asked too long ago. Nothing was charged.")
		}
		if found, err = p.mayStart(ctx, tx, l, r); err != nil || found != nil {
			return err
		}
		if found, err = p.creditFirst(ctx, tx, l, r); err != nil || found != nil {
			return err
		}
		payment, stands, err := p.paymentFor(ctx, tx, l, r)
		if err != nil {
			return err
		}
		if stands != nil {
			found = &obstacle{intent: stands}
			return nil
		}
		w, err = p.insertAttempt(ctx, tx, l, r, payment)
		return err
	})
	if postgres.IsUnique(err, "attempts_one_live") || postgres.IsUnique(err, "attempts_tenant_request_id_key") {
		return nil, nil, inFlight() // the index holds even where the workflow did not
	}
	return found, w, err
}

// mayStart asks everything that may forbid an attempt at this moment.
func (p *Payments) mayStart(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r *reservation) (*obstacle, error) {
	if err := MoneyOn(ctx, p.Seals, tx); err != nil {
		return nil, err
	}
	if live := l.Live; live != nil {
		if remit.OpenCheckout(live.Kind, live.State) {
			return &obstacle{session: live}, nil
		}
		return nil, inFlight()
	}
	if moved, err := p.policyMoved(ctx, tx, r); err != nil || moved {
		return &obstacle{policy: true}, err
	}
	current, err := tx.UseConnection(ctx)
	if err != nil {
		return nil, err
	}
	if err := Usable(current); err != nil {
		return nil, err
	}
	if current.ID != r.link.ID {
		return nil, remit.Conflict(remit.CodeConflict, "The Stripe account was changed meanwhile. Check and pay again.")
	}
	r.debits = remit.OfferDebits(l.Currency, current.Country, current.BankDebits)
	if err := remit.CollectableNow(l.Invoice); err != nil {
		return nil, err
	}
	if err := remit.OnlineOffered(l.Settings.Methods, r.debits); err != nil {
		return nil, err
	}
	if err := owedStill(l, r.in); err != nil {
		return nil, err
	}
	if err := chargeStill(l, r.in.Permit); err != nil {
		return nil, err
	}
	return nil, remit.AmountPayable(l.Invoice, r.in.Amount)
}

// creditFirst uses the customer's credit before anything is charged. What was
// asked is then answered with what is owed now, for good: whoever asked agreed to
// another sum.
func (p *Payments) creditFirst(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r *reservation) (*obstacle, error) {
	entries, err := UseCredit(ctx, tx, l, r.stored.ID.String(), l.Outstanding, remit.System)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	answer := remit.Conflict(remit.CodeConflict, "The customer's credit was used first. %s is owed now. Check and pay again.", money.Of(l.Outstanding, money.Currency(l.Currency)))
	if l.Outstanding == 0 {
		answer = remit.Conflict(remit.CodeNotPayable, "This invoice was paid from the customer's credit. Nothing was charged.")
	}
	if err := p.closeBooks(ctx, tx, l, entries); err != nil {
		return nil, err
	}
	return &obstacle{owed: answer}, tx.EndRequest(ctx, r.stored.ID, remit.RequestResult{Refused: remit.Refuse(answer)})
}

// owedStill refuses a payment that was asked for when something else was owed:
// an open checkout that it takes the place of may turn out to be paid, and a
// part of the rest would then be charged in addition.
func owedStill(l *postgres.LockedInvoice, in remit.PayRequest) error {
	if in.Owed != 0 && in.Owed != l.Outstanding {
		return remit.Conflict(remit.CodeConflict, "%s is owed now. Check and pay again.", money.Of(l.Outstanding, money.Currency(l.Currency)))
	}
	return nil
}

// paymentFor gives the payment the attempt belongs to: the invoice's open one
// where account, mode, customer and currency agree, else a new one. A new one
// begins only when Stripe has closed every earlier intent: stands names one
// that it has not.
func (p *Payments) paymentFor(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r *reservation) (chosen remit.Payment, stands *remit.Payment, err error) {
	payments, err := tx.Payments(ctx, l.ID)
	if err != nil {
		return remit.Payment{}, nil, err
	}
	source := "stripe"
	if r.stored.Kind == remit.RequestCheckout {
		source = "checkout"
	}
	for n := range payments {
		earlier := &payments[n]
		if earlier.IntentClosed || earlier.Source == "bank_transfer" {
			continue
		}
		fits := source == "stripe" && earlier.Source == "stripe" && earlier.Account == r.link.Account && earlier.Livemode == r.link.Livemode &&
			earlier.StripeCustomer == r.stripeCustomer && earlier.Currency == l.Currency
		if fits {
			return *earlier, nil, nil
		}
		if earlier.PaymentIntent != "" {
			return remit.Payment{}, earlier, nil
		}
	}
	id, err := newID()
	if err != nil {
		return remit.Payment{}, nil, err
	}
	chosen = remit.Payment{
		ID: id, InvoiceID: l.ID, CustomerID: l.CustomerID, Source: source, Account: r.link.Account, Livemode: r.link.Livemode,
		StripeCustomer: r.stripeCustomer, Currency: l.Currency, State: remit.AttemptCreated, CreatedAt: l.Clock.Now(p.Now()),
	}
	return chosen, nil, tx.InsertPayment(ctx, chosen)
}

func (p *Payments) insertAttempt(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r *reservation, payment remit.Payment) (*work, error) {
	if err := hostedFor(ctx, tx, l, r); err != nil {
		return nil, err
	}
	now := l.Clock.Now(p.Now())
	id, err := newID()
	if err != nil {
		return nil, err
	}
	a := &remit.Attempt{
		ID: id, InvoiceID: l.ID, PaymentID: payment.ID, RequestID: r.stored.ID, Kind: remit.AttemptCharge, State: remit.AttemptCreated,
		Amount: r.in.Amount, Actor: r.stored.Actor, CreatedAt: now,
	}
	what := "opens a hosted checkout"
	if r.stored.Kind == remit.RequestCheckout {
		a.Kind = remit.AttemptCheckout
		expires := now.Add(sessionLifeOf(l.Invoice))
		a.ExpiresAt = &expires
		if a.SessionParams, err = json.Marshal(p.sessionParams(l, r, a, expires)); err != nil {
			return nil, fmt.Errorf("write a session's parameters: %w", err)
		}
	} else {
		method, err := methodFor(ctx, tx, l, r)
		if err != nil {
			return nil, err
		}
		if err := mayTry(ctx, tx, l, r, method, now); err != nil {
			return nil, err
		}
		a.PaymentMethodID, a.Method = r.in.PaymentMethod, method.Summary()
		if a.Surcharge, err = agreedSurcharge(l.Invoice, a, r.in.Surcharge); err != nil {
			return nil, err
		}
		what = "pays with " + methodWords(a.Method)
	}
	approval, err := p.approvedFor(ctx, tx, l, r, a)
	if err != nil {
		return nil, err
	}
	if err := tx.InsertAttempt(ctx, l, a); err != nil {
		return nil, err
	}
	approved, err := useApproval(ctx, tx, l, approval, a, now)
	if err != nil {
		return nil, err
	}
	if charge := r.in.Permit.Charge; charge != nil {
		// From here on the attempt is looked after, and the next charge is a new row.
		if err := tx.EndCharge(ctx, *charge, postgres.ChargeResult{Attempt: &a.ID}, now); err != nil {
			return nil, err
		}
	}
	payment.Amount, payment.Surcharge, payment.State = a.Amount, a.Surcharge, remit.AttemptCreated
	charged := money.Of(a.Amount+a.Surcharge, money.Currency(l.Currency))
	payment.ApplicationFee = p.ApplicationFee.Of(r.link.Mode, charged)
	if payment.IntentAmount == 0 {
		payment.IntentAmount, _ = charged.Stripe() // AmountPayable checked it
		payment.IntentFee, _ = money.Of(payment.ApplicationFee, charged.Currency).Stripe()
	}
	if err := tx.SavePayment(ctx, payment); err != nil {
		return nil, err
	}
	if _, err := tx.SettleWorkItem(ctx, l, remit.WorkItemPaying, "", now); err != nil {
		return nil, err
	}
	w := &work{ref: r.ref, attempt: *a, payment: payment, invoice: l.Invoice, clock: l.Clock, request: r.stored, link: r.link}
	return w, tx.SaveInvoice(ctx, l, p.Now(), append(approved, remit.TimelineEntry{
		Kind: "attempt_started", Actor: r.stored.Actor,
		What: fmt.Sprintf("%s %s: %s%s, attempt %d.", actorName(r.stored.Actor), what, money.Of(a.Amount, money.Currency(l.Currency)), feeWords(a.Surcharge, l.Currency), a.Number),
		Why:  remit.Why{Rule: "one live attempt", Version: "1"},
		Data: map[string]any{"attempt": a.Number, "amount": a.Amount, "surcharge": a.Surcharge, "attempt_kind": string(a.Kind), "payment": payment.ID.String(), "application_fee": payment.ApplicationFee},
	})...)
}

// mayTry refuses a try that no bank or network would let through, before there is
// an attempt. It is asked again when the attempt is about to be sent.
func mayTry(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r *reservation, method remit.PaymentMethod, now time.Time) error {
	debit, err := debitFor(ctx, tx, l, r.debits, method, now)
	if err != nil {
		return err
	}
	capped, _, err := cardCap(ctx, tx, r.link.Connection, method, now)
	if err != nil {
		return err
	}
	if refused := cmp.Or(debit.refused, capped); refused != nil {
		return remit.Errorf(remit.KindDeclined, remit.CodeDeclined, "%s", refused.PayerMessage())
	}
	return nil
}

// methodFor reads the saved method a charge is made with, if it may be used.
func methodFor(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r *reservation) (remit.PaymentMethod, error) {
	if r.in.PaymentMethod == nil {
		return remit.PaymentMethod{}, remit.Invalid("payment_method", "Choose how to pay.")
	}
	m, err := tx.PaymentMethod(ctx, *r.in.PaymentMethod)
	if remit.IsCode(err, remit.CodeNotFound) || err == nil && m.CustomerID != l.CustomerID {
		return remit.PaymentMethod{}, remit.Invalid("payment_method", "This customer has no such payment method.")
	}
	if err != nil {
		return remit.PaymentMethod{}, err
	}
	if m.OnlyFor != nil && *m.OnlyFor != l.ID || m.Status != remit.MethodUsable || m.Account != r.link.Account || m.Livemode != r.link.Livemode {
		return remit.PaymentMethod{}, remit.Invalid("payment_method", "This payment method cannot be used. Choose another.")
	}
	return m, remit.MethodAllowed(l.Settings.Methods, m.Type)
}

func (p *Payments) sessionParams(l *postgres.LockedInvoice, r *reservation, a *remit.Attempt, expires time.Time) gateway.SessionParams {
	charged := money.Of(a.Amount+a.Surcharge, money.Currency(l.Currency))
	stripeAmount, _ := charged.Stripe() // AmountPayable checked it
	fee, _ := money.Of(p.ApplicationFee.Of(r.link.Mode, charged), charged.Currency).Stripe()
	return gateway.SessionParams{
		Mode: "payment", Amount: stripeAmount, Currency: money.Currency(l.Currency).Stripe(),
		Name: l.Named(), StripeCustomer: r.stripeCustomer, ClientReferenceID: a.ID.String(),
		SuccessURL: r.in.SuccessURL, CancelURL: r.in.CancelURL, ExpiresAt: expires.Unix(), Save: r.in.Save,
		BankDebits: r.hosted.BankAccounts, BankOnly: !r.hosted.Cards, ApplicationFee: fee, ReceiptEmail: l.ReceiptTo(),
		Metadata: metadata(r.ref, a.PaymentID),
	}
}

// metadata ties an object at Stripe to its row here. It is for people and for
// recovery; what an event says of it is never believed (T13).
func metadata(ref remit.InvoiceRef, payment uuid.UUID) map[string]string {
	return map[string]string{
		"remit_tenant": ref.Tenant.String(), "remit_invoice": ref.Invoice.String(), "remit_payment": payment.String(),
	}
}
