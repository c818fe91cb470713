package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/gateway"
	"remit/money"
	"remit/policies"
	"remit/postgres"
)

// sessionLife is how long a hosted checkout stays open: an hour less than
// Stripe remembers the key it was created with (M2c).
const sessionLife = 23 * time.Hour

// collect starts the attempt a request asks for and brings it as far as it
// goes now. Carried out again, it goes on with the same attempt.
func (p *Payments) collect(ctx context.Context, ref remit.InvoiceRef, stored postgres.StoredRequest, in remit.PayRequest) (remit.RequestResult, error) {
	// Of an attempt that exists money may be on its way: whatever forbids a new
	// one by now, this one is taken on, and never answered with a refusal.
	if begun, err := p.attemptOf(ctx, ref, stored.ID); err != nil || begun != nil {
		if err != nil {
			return remit.RequestResult{}, err
		}
		return p.pursue(ctx, ref, begun.ID)
	}
	link, err := p.Connector.Live(ctx, ref.Tenant)
	if err != nil {
		return remit.RequestResult{}, err
	}
	stripeCustomer, err := p.ensureStripeCustomer(ctx, ref, link)
	if err != nil {
		return remit.RequestResult{}, p.beforeMoney(err)
	}
	r := reservation{ref: ref, stored: stored, in: in, link: link, stripeCustomer: stripeCustomer}
	// Each round removes one thing that stands in the way: an open checkout, an
	// earlier intent, a policy that moved on. More than a few rounds mean that
	// somebody keeps putting them there.
	for range 6 {
		obstacle, attempt, err := p.reserve(ctx, &r)
		if err != nil {
			return remit.RequestResult{}, err
		}
		if obstacle == nil {
			return p.pursue(ctx, ref, attempt)
		}
		r.strict = obstacle.policy
		if err := p.clear(ctx, &r, obstacle); err != nil {
			return remit.RequestResult{}, err
		}
	}
	return remit.RequestResult{}, inFlight()
}

// attemptOf is the attempt that a request has made, or nil.
func (p *Payments) attemptOf(ctx context.Context, ref remit.InvoiceRef, request uuid.UUID) (a *remit.Attempt, err error) {
	err = p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		a, err = tx.AttemptOfRequest(ctx, request)
		return err
	})
	return a, err
}

// pursue brings an attempt as far as it goes now and reports it.
func (p *Payments) pursue(ctx context.Context, ref remit.InvoiceRef, attempt uuid.UUID) (remit.RequestResult, error) {
	p.boundary("reserved")
	if err := p.advance(ctx, ref, attempt); err != nil {
		return remit.RequestResult{}, err
	}
	var a remit.Attempt
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) (err error) {
		a, err = tx.Attempt(ctx, attempt)
		return err
	})
	if err != nil {
		return remit.RequestResult{}, err
	}
	return remit.RequestResult{Attempt: &a.ID, Payment: &a.PaymentID}, nil
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
}

// obstacle is what has to be cleared before an attempt may start.
type obstacle struct {
	session *remit.Attempt // an open checkout, which a person's payment expires
	intent  *remit.Payment // an earlier payment whose intent Stripe has not closed
	policy  bool           // who may do what has changed: decide again
}

// reserve takes the invoice's one place for a live attempt (M2, step 1).
func (p *Payments) reserve(ctx context.Context, r *reservation) (*obstacle, uuid.UUID, error) {
	if err := p.decide(ctx, r); err != nil {
		return nil, uuid.Nil, err
	}
	var found *obstacle
	var id uuid.UUID
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
			id = existing.ID
			return nil
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
		payment, stands, err := p.paymentFor(ctx, tx, l, r)
		if err != nil {
			return err
		}
		if stands != nil {
			found = &obstacle{intent: stands}
			return nil
		}
		id, err = p.insertAttempt(ctx, tx, l, r, payment)
		return err
	})
	if postgres.IsUnique(err, "attempts_one_live") || postgres.IsUnique(err, "attempts_tenant_request_id_key") {
		return nil, uuid.Nil, inFlight() // the index holds even where the workflow did not
	}
	return found, id, err
}

// mayStart asks everything that may forbid an attempt at this moment.
func (p *Payments) mayStart(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r *reservation) (*obstacle, error) {
	if err := MoneyOn(ctx, p.Seals, tx); err != nil {
		return nil, err
	}
	if live := l.Live; live != nil {
		if live.Kind == remit.AttemptCheckout && (live.State == remit.AttemptCreated || live.State == remit.AttemptRequiresAction) {
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
	if err := remit.CollectableNow(l.Invoice); err != nil {
		return nil, err
	}
	if err := owedStill(l, r.in); err != nil {
		return nil, err
	}
	return nil, remit.AmountPayable(l.Invoice, r.in.Amount)
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

func (p *Payments) insertAttempt(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, r *reservation, payment remit.Payment) (uuid.UUID, error) {
	now := l.Clock.Now(p.Now())
	id, err := newID()
	if err != nil {
		return uuid.Nil, err
	}
	a := &remit.Attempt{
		ID: id, InvoiceID: l.ID, PaymentID: payment.ID, RequestID: r.stored.ID, Kind: remit.AttemptCharge, State: remit.AttemptCreated,
		Amount: r.in.Amount, Actor: r.stored.Actor, CreatedAt: now,
	}
	what := "opens a hosted checkout for"
	if r.stored.Kind == remit.RequestCheckout {
		a.Kind = remit.AttemptCheckout
		expires := now.Add(sessionLife)
		a.ExpiresAt = &expires
		if a.SessionParams, err = json.Marshal(sessionParams(l, r, a, expires)); err != nil {
			return uuid.Nil, fmt.Errorf("write a session's parameters: %w", err)
		}
	} else {
		method, err := methodFor(ctx, tx, l, r)
		if err != nil {
			return uuid.Nil, err
		}
		a.PaymentMethodID, a.Method = r.in.PaymentMethod, method.Summary()
		what = "pays with " + methodWords(a.Method)
	}
	if err := tx.InsertAttempt(ctx, l, a); err != nil {
		return uuid.Nil, err
	}
	payment.Amount, payment.Surcharge, payment.State = a.Amount, a.Surcharge, remit.AttemptCreated
	if payment.IntentAmount == 0 {
		payment.IntentAmount, _ = money.Of(a.Amount+a.Surcharge, money.Currency(l.Currency)).Stripe() // AmountPayable checked it
	}
	if err := tx.SavePayment(ctx, payment); err != nil {
		return uuid.Nil, err
	}
	if _, err := tx.SettleWorkItem(ctx, l, remit.WorkItemPaying, "", now); err != nil {
		return uuid.Nil, err
	}
	return a.ID, tx.SaveInvoice(ctx, l, p.Now(), remit.TimelineEntry{
		Kind: "attempt_started", Actor: r.stored.Actor,
		What: fmt.Sprintf("%s %s: %s, try %d.", actorName(r.stored.Actor), what, money.Of(a.Amount, money.Currency(l.Currency)), a.Number),
		Why:  remit.Why{Rule: "one live attempt", Version: "1"},
		Data: map[string]any{"attempt": a.Number, "amount": a.Amount, "attempt_kind": string(a.Kind)},
	})
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
	if m.Status != remit.MethodUsable || m.Account != r.link.Account || m.Livemode != r.link.Livemode {
		return remit.PaymentMethod{}, remit.Invalid("payment_method", "This payment method cannot be used. Choose another.")
	}
	return m, nil
}

// decide asks policies anew whether the one who asked still may (T4). It is
// asked outside of any transaction; the version it was decided at is compared
// inside the ones that count.
func (p *Payments) decide(ctx context.Context, r *reservation) error {
	permit := r.in.Permit
	if permit.Customer || permit.Link > 0 {
		return nil // membership and the link's version are rows, looked at in the transaction
	}
	path, err := remit.ParsePath(permit.Path)
	if err != nil {
		return fmt.Errorf("a permit's path: %w", err)
	}
	subject := policies.Subject{UserID: permit.Account, Tenant: r.ref.Tenant, TokenScopes: permit.TokenScopes}
	for n, scope := range permit.Scopes {
		ask := p.Authority.Can
		if r.strict {
			ask = p.Authority.CanNow
		}
		decision, err := ask(ctx, subject, path, scope)
		if err != nil {
			return fmt.Errorf("ask for %s: %w", scope, err)
		}
		if !decision.Allowed {
			return remit.Forbidden(scope.String(), permit.Path)
		}
		if n == 0 || decision.Version < r.decided {
			r.decided = decision.Version // of the oldest answer: a later one says nothing of what was asked before
		}
	}
	return nil
}

// policyMoved reports that who may do what changed since decide was asked.
func (p *Payments) policyMoved(ctx context.Context, tx *postgres.Tx, r *reservation) (bool, error) {
	if r.in.Permit.Customer {
		own, err := tx.IsCustomersUser(ctx, r.in.Permit.Account, r.ref.Invoice)
		if err != nil {
			return false, err
		}
		if !own {
			return false, remit.NotFound()
		}
		return false, nil
	}
	if link := r.in.Permit.Link; link > 0 {
		version, err := tx.LinkVersion(ctx, r.ref.Invoice)
		if err == nil && version != link {
			err = remit.NotFound() // it was reset meanwhile
		}
		return false, err
	}
	version, err := tx.AuthzVersion(ctx)
	return version != r.decided, err
}

// clear removes an obstacle, or says that money may be on its way through it.
func (p *Payments) clear(ctx context.Context, r *reservation, o *obstacle) error {
	switch {
	case o.session != nil:
		return p.closeSession(ctx, r.ref, *o.session)
	case o.intent != nil:
		return p.closeIntent(ctx, r.ref, r.stored.ID, *o.intent)
	default:
		return nil // decided again at the next round
	}
}

// beforeMoney turns a failure of a call that cannot have moved money into an
// answer, where repeating it cannot help.
func (p *Payments) beforeMoney(err error) error {
	var failure *gateway.Failure
	if !errors.As(err, &failure) {
		return err
	}
	switch failure.Meaning {
	case gateway.Unreachable:
		return remit.Conflict(remit.CodeNotConnected, "Stripe does not accept this organisation's keys. Enter them anew on Settings > Integrations > Stripe.")
	case gateway.Stop, gateway.State, gateway.Outcome:
		return remit.Conflict(remit.CodeNotPayable, "Nothing was charged: Stripe refused the request (%s).", failure.Code)
	case gateway.Unknown, gateway.Later:
		return err
	}
	return err
}

func sessionParams(l *postgres.LockedInvoice, r *reservation, a *remit.Attempt, expires time.Time) gateway.SessionParams {
	stripeAmount, _ := money.Of(a.Amount+a.Surcharge, money.Currency(l.Currency)).Stripe() // AmountPayable checked it
	return gateway.SessionParams{
		Mode: "payment", Amount: stripeAmount, Currency: money.Currency(l.Currency).Stripe(),
		Name: "Invoice " + l.Number, StripeCustomer: r.stripeCustomer, ClientReferenceID: a.ID.String(),
		SuccessURL: r.in.SuccessURL, CancelURL: r.in.CancelURL, ExpiresAt: expires.Unix(), Save: r.in.Save,
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

func inFlight() error {
	return remit.Conflict(remit.CodeInFlight, "A payment is already under way. Nothing more was charged.")
}
