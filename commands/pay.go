package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/postgres"
)

// DefaultAnswer is how long a payer waits before the answer is "as it stands".
const DefaultAnswer = 20 * time.Second

// DeclinedError is a decline with how things stand. It wraps the [remit.Error]
// of kind declined that the payer reads.
type DeclinedError struct {
	Outcome PayOutcome
	Err     *remit.Error
}

// Error is what the payer reads.
func (e *DeclinedError) Error() string { return e.Err.Error() }

// Unwrap gives the [remit.Error].
func (e *DeclinedError) Unwrap() error { return e.Err }

// PayWorkItem pays the item's invoice. It needs the item's role and stripe=pay,
// both at the item's path. Errors: stripe_not_connected, in_flight, not_payable
// (409), the amount (422), a [DeclinedError] (402).
func (c *Commands) PayWorkItem(ctx context.Context, caller Caller, id uuid.UUID, body Body[PayInput]) (PayOutcome, error) {
	member, item, err := c.seeItem(ctx, caller, id)
	if err != nil {
		return PayOutcome{}, err
	}
	path := item.Assignee.Path.String()
	if err := c.authorise(ctx, caller, member.Tenant, path, remit.StripePay); err != nil {
		return PayOutcome{}, err
	}
	permit := remit.Permit{Account: caller.Account, Path: path, Scopes: []remit.Scope{item.Assignee.Scope, remit.StripePay}}
	return c.pay(ctx, caller, member, item.Invoice, permit, body)
}

// PayInvoice pays an invoice without its work item, which then closes by
// itself. It needs stripe=pay at the invoice's path, or to be its customer.
func (c *Commands) PayInvoice(ctx context.Context, caller Caller, id uuid.UUID, body Body[PayInput]) (PayOutcome, error) {
	found, invoice, err := c.seeInvoice(ctx, caller, id, remit.StripePay)
	if err != nil {
		return PayOutcome{}, err
	}
	permit := remit.Permit{Account: caller.Account, Path: invoice.Organisation, Scopes: []remit.Scope{remit.StripePay}}
	if found.member.Customer != nil {
		permit = remit.Permit{Account: caller.Account, Customer: true}
	} else if err := c.authorise(ctx, caller, found.member.Tenant, invoice.Organisation, remit.StripePay); err != nil {
		return PayOutcome{}, err
	}
	outcome, err := c.pay(ctx, caller, found.member, invoice, permit, body)
	if found.member.Customer != nil {
		outcome.Invoice = outcome.Invoice.ForPayers()
		if declined, ok := errors.AsType[*DeclinedError](err); ok {
			declined.Outcome.Invoice = declined.Outcome.Invoice.ForPayers()
		}
	}
	return outcome, err
}

// pay goes on after the permission: body, state, amount, then the workflow.
func (c *Commands) pay(ctx context.Context, caller Caller, member Membership, invoice remit.Invoice, permit remit.Permit, body Body[PayInput]) (PayOutcome, error) {
	in, err := body()
	if err != nil {
		return PayOutcome{}, err
	}
	if in.Checkout == (in.PaymentMethod != nil) {
		return PayOutcome{}, remit.Invalid("payment_method", "Give either payment_method or checkout: true.")
	}
	collects, err := c.collects(ctx, member.Tenant, invoice, in)
	if err != nil {
		return PayOutcome{}, err
	}
	if collects {
		page, err := c.collectCard(ctx, caller, member, invoice, permit, in)
		return PayOutcome{Invoice: invoice.WithoutReason(), Checkout: &page}, err
	}
	kind := remit.RequestPay
	if in.Checkout {
		kind = remit.RequestCheckout
	}
	return c.send(ctx, caller, member, invoice, kind, in, func(payload *remit.PayRequest) {
		payload.Owed, payload.Permit = invoice.Outstanding, caller.permitted(permit)
	})
}

// send stores what is asked and hands it to the invoice's workflow.
func (c *Commands) send(ctx context.Context, caller Caller, member Membership, invoice remit.Invoice, kind remit.RequestKind, in PayInput, fill func(*remit.PayRequest)) (PayOutcome, error) {
	var asks *remit.ToPay
	var asker remit.Permit
	request, err := c.place(ctx, caller, member, invoice, kind, func(tx *postgres.Tx) (any, error) {
		payload := c.payRequest(in)
		fill(&payload)
		asker = payload.Permit
		if err := c.payableNow(ctx, tx, caller, invoice, in, payload); err != nil {
			return payload, err
		}
		var err error
		asks, err = c.approved(ctx, tx, invoice, in, &payload)
		return payload, err
	})
	if remit.IsCode(err, remit.CodeApprovalRequired) {
		return PayOutcome{}, c.askApproval(ctx, caller, member, invoice, asker, *asks)
	}
	if err != nil {
		return PayOutcome{}, err
	}
	result, err := c.hand(ctx, member.Tenant, invoice, remit.Request{ID: request, Kind: kind})
	switch {
	case errors.Is(err, errUnanswered):
		return c.asItStands(ctx, member.Tenant, invoice.ID, request)
	case err != nil:
		return PayOutcome{}, err
	case result.Refused != nil && result.Refused.Code == remit.CodeApprovalRequired && asks != nil:
		return PayOutcome{}, c.askApproval(ctx, caller, member, invoice, asker, *asks)
	case result.Refused != nil:
		return PayOutcome{}, result.Refused.AsError()
	}
	return c.outcome(ctx, member.Tenant, *result.Attempt)
}

// payableNow answers what the state forbids before anything is written. The
// attempt protocol asks all of it again when it counts.
func (c *Commands) payableNow(ctx context.Context, tx *postgres.Tx, caller Caller, invoice remit.Invoice, in PayInput, payload remit.PayRequest) error {
	if err := activities.MoneyOn(ctx, c.Seals, tx); err != nil {
		return err
	}
	connection, err := tx.LiveConnection(ctx)
	if err != nil {
		return err
	}
	if err := activities.Usable(connection); err != nil {
		return err
	}
	if invoice.InFlight != nil {
		if err := c.underWay(ctx, tx, invoice.ID, caller, in, payload); err != nil {
			return err
		}
	}
	if err := remit.CollectableNow(invoice); err != nil {
		return err
	}
	debits := remit.OfferDebits(invoice.Currency, connection.Country, connection.BankDebits)
	if err := remit.OnlineOffered(invoice.Settings.Methods, debits); err != nil {
		return err
	}
	if err := remit.AmountPayable(invoice, in.Amount); err != nil {
		return err
	}
	if in.PaymentMethod == nil {
		_, err := remit.OfferHosted(invoice.Settings.Methods, debits, in.BankOnly)
		return err
	}
	method, err := tx.PaymentMethod(ctx, *in.PaymentMethod)
	if remit.IsCode(err, remit.CodeNotFound) || err == nil && method.CustomerID != invoice.CustomerID {
		return remit.Invalid("payment_method", "This customer has no such payment method.")
	}
	if err != nil {
		return err
	}
	return remit.MethodAllowed(invoice.Settings.Methods, method.Type)
}

// underWay says that another attempt stands in the way. An open hosted checkout
// does not: a person's payment takes its place.
func (c *Commands) underWay(ctx context.Context, tx *postgres.Tx, invoice uuid.UUID, caller Caller, in PayInput, payload remit.PayRequest) error {
	live, err := tx.LiveAttempt(ctx, invoice)
	if err != nil || live == nil {
		return err
	}
	if !in.Keyed {
		if err := repeated(ctx, tx, invoice, caller, payload, c.Now()); err != nil {
			return err
		}
	}
	if remit.OpenCheckout(live.Kind, live.State) {
		return nil
	}
	return remit.Conflict(remit.CodeInFlight, "A payment is already under way. Nothing more was charged.")
}

// repeated recognises the same payment sent twice without a key while the first
// one's outcome is not known.
func repeated(ctx context.Context, tx *postgres.Tx, invoice uuid.UUID, caller Caller, payload remit.PayRequest, now time.Time) error {
	live, err := tx.LiveRequest(ctx, invoice)
	if err != nil || live == nil || live.Actor.ID != caller.Account.String() || now.Sub(live.CreatedAt) > 10*time.Minute {
		return err
	}
	var earlier remit.PayRequest
	if err := json.Unmarshal(live.Payload, &earlier); err != nil {
		return fmt.Errorf("read a pay request: %w", err)
	}
	same := earlier.Amount == payload.Amount && earlier.Save == payload.Save &&
		(earlier.PaymentMethod == nil) == (payload.PaymentMethod == nil) &&
		(earlier.PaymentMethod == nil || *earlier.PaymentMethod == *payload.PaymentMethod)
	if same {
		return remit.Conflict(remit.CodePossibleDuplicate, "The same payment was sent a moment ago and is not settled yet. Nothing more was charged.")
	}
	return nil
}

func (c *Commands) payRequest(in PayInput) remit.PayRequest {
	payload := remit.PayRequest{Amount: in.Amount, Surcharge: in.Surcharge, PaymentMethod: in.PaymentMethod, Save: in.Save, BankOnly: in.BankOnly}
	if in.Checkout {
		payload.SuccessURL = c.PublicURL + "/pay/return?session_id={CHECKOUT_SESSION_ID}"
		payload.CancelURL = c.PublicURL + "/pay/return"
		if local(in.ReturnPath) {
			payload.CancelURL = c.PublicURL + in.ReturnPath
		}
	}
	return payload
}

// asItStands is the answer when time was up: whatever has been recorded. Where
// nothing was, the request is withdrawn, so that nothing can start later.
func (c *Commands) asItStands(ctx context.Context, tenant, invoice, request uuid.UUID) (PayOutcome, error) {
	ctx = context.WithoutCancel(ctx)
	var attempt *remit.Attempt
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if _, err := tx.LockInvoice(ctx, invoice); err != nil {
			return err
		}
		var err error
		if attempt, err = tx.AttemptOfRequest(ctx, request); err != nil || attempt != nil {
			return err
		}
		return tx.EndRequest(ctx, request, remit.RequestResult{Refused: remit.Refuse(errTooBusy())})
	})
	if err != nil {
		return PayOutcome{}, err
	}
	if attempt == nil {
		return PayOutcome{}, errTooBusy()
	}
	return c.outcome(ctx, tenant, attempt.ID)
}

// outcome reads how far an attempt came.
func (c *Commands) outcome(ctx context.Context, tenant, attempt uuid.UUID) (PayOutcome, error) {
	var o PayOutcome
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
		if o.Attempt, err = tx.Attempt(ctx, attempt); err != nil {
			return err
		}
		payments, err := tx.Payments(ctx, o.Attempt.InvoiceID)
		if err != nil {
			return err
		}
		for _, payment := range payments {
			if payment.ID == o.Attempt.PaymentID {
				o.Payment = payment
			}
		}
		o.Invoice, err = tx.Invoice(ctx, o.Attempt.InvoiceID)
		o.Invoice = o.Invoice.WithoutReason()
		return err
	})
	if err != nil {
		return PayOutcome{}, err
	}
	o.Attempt = o.Attempt.ForPayers()
	o.NextAction = o.Attempt.NextAction
	switch o.Attempt.State {
	case remit.AttemptSucceeded:
		o.Done = true
	case remit.AttemptRequiresAction:
		if o.Attempt.Kind == remit.AttemptCheckout {
			o.Checkout = pageOf(o.Attempt)
		}
	case remit.AttemptFailed:
		return o, &DeclinedError{Outcome: o, Err: declined(o.Attempt)}
	case remit.AttemptCanceled:
		return o, remit.Conflict(remit.CodeNotPayable, "This payment was cancelled. Nothing was charged.")
	case remit.AttemptCreated, remit.AttemptProcessing, remit.AttemptConfirming:
	}
	return o, nil
}

// pageOf is where the payer of a hosted checkout goes on: Stripe's page or, once he
// has sent it off with a bank account that is to be verified, the one where he
// enters the deposits.
func pageOf(a remit.Attempt) *CheckoutPage {
	page := &CheckoutPage{URL: a.SessionURL, ExpiresAt: *a.ExpiresAt}
	if a.AwaitsDeposits() {
		page.URL, page.ExpiresAt = a.NextAction, a.Since.Add(remit.VerificationTime)
	}
	return page
}

func declined(a remit.Attempt) *remit.Error {
	code, message := remit.CodeDeclined, "The payment did not go through. Nothing was charged."
	if a.Decline != nil {
		message = a.Decline.Message
		if a.Decline.Class == "authenticate" {
			code = remit.CodeAuthentication
		}
	}
	return remit.Errorf(remit.KindDeclined, code, "%s", message)
}

func errTooBusy() *remit.Error {
	return remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "Nothing was charged: the payment could not be started. Try again soon.")
}

// local reports whether a path leads nowhere but to this site.
func local(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.ContainsAny(path, "\\\r\n")
}
