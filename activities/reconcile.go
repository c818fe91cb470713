package activities

import (
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

// Reconcile asks Stripe what was begun for a tenant since a time on its clock,
// and brings a database that knows less up to date: charges it does not know
// are booked, pages and intents that it does not know and that could still be
// paid are closed. It tells what it found, one sentence each. Its error says
// that something is neither: then money must stay off.
//
// What belongs to which invoice is read from the metadata that Remit wrote. Only
// the account's owner could have changed it, about charges of his own.
func (p *Payments) Reconcile(ctx context.Context, tenant uuid.UUID, since time.Time) (found []string, err error) {
	link, err := p.Connector.Live(ctx, tenant)
	if err != nil {
		return nil, err
	}
	found, err = p.closeUnknownSessions(ctx, tenant, link, since)
	if err != nil {
		return found, err
	}
	intents, err := link.Stripe.IntentsSince(ctx, since)
	if err != nil {
		return found, err
	}
	for _, made := range intents {
		if made.Metadata["remit_tenant"] != tenant.String() {
			continue
		}
		said, err := p.reconcileIntent(ctx, tenant, link, made)
		if err != nil {
			return found, fmt.Errorf("compare %s with the record: %w", made.ID, err)
		}
		if said != "" {
			found = append(found, said)
		}
	}
	said, err := p.reconcileDisputes(ctx, tenant, link, since)
	return append(found, said...), err
}

// closeUnknownSessions expires open pages that no attempt knows of: what is paid
// there would be missed. One that was paid meanwhile is found by its intent.
func (p *Payments) closeUnknownSessions(ctx context.Context, tenant uuid.UUID, link *Link, since time.Time) (found []string, err error) {
	sessions, err := link.Stripe.OpenSessionsSince(ctx, since)
	if err != nil {
		return nil, err
	}
	for _, made := range sessions {
		if made.Metadata["remit_tenant"] != tenant.String() || made.Metadata["remit_invoice"] == "" {
			continue // of somebody else, or one that only saves a card
		}
		err := p.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
			_, err := tx.AttemptOfSession(ctx, made.ID)
			return err
		})
		if err == nil {
			continue
		}
		if !remit.IsCode(err, remit.CodeNotFound) {
			return found, err
		}
		view, err := link.Stripe.ExpireSession(ctx, made.ID+"/expire", made.ID)
		if err != nil {
			if view, err = link.Stripe.Session(ctx, made.ID); err != nil {
				return found, err
			}
		}
		if view.Status == "open" {
			return found, remit.Conflict(remit.CodeInFlight, "The hosted checkout %s is open and cannot be closed now. Try again soon.", made.ID)
		}
		found = append(found, fmt.Sprintf("The hosted checkout %s was not known here; it is %s now.", made.ID, view.Status))
	}
	return found, nil
}

func (p *Payments) reconcileIntent(ctx context.Context, tenant uuid.UUID, link *Link, made gateway.Made) (string, error) {
	invoice, id, named := namedBy(made.Metadata)
	if !named {
		return made.ID + " names no invoice and payment; look at it in Stripe.", nil
	}
	ref := remit.InvoiceRef{Tenant: tenant, Invoice: invoice}
	stored, err := p.paymentOf(ctx, ref, link, made.ID, id)
	if err != nil {
		return "", err
	}
	view, err := link.Stripe.Intent(ctx, made.ID)
	if err != nil {
		return "", err
	}
	if stored != nil && (view.Status != "succeeded" || stored.State == remit.AttemptSucceeded) {
		return "", nil // known, or found out by the look that its attempt waits for
	}
	if stored == nil && view.Status != "succeeded" {
		if view, err = closeUnknown(ctx, link, view); err != nil || view.Status == "canceled" {
			return "", err
		}
	}
	charged := fmt.Sprintf("%s charged %s", view.ID, captured(view))
	if stored == nil {
		known, err := p.adopt(ctx, ref, link, id, view)
		if err != nil {
			return "", err
		}
		if !known {
			return fmt.Sprintf("%s for the invoice %s, which this database does not have: enter that anew with what was paid on it.", charged, invoice), nil
		}
	}
	return fmt.Sprintf("%s for the invoice %s; it is booked.", charged, invoice), p.recordLate(ctx, ref, id, view)
}

// namedBy reads what Remit wrote on an intent when it made it.
func namedBy(metadata map[string]string) (invoice, payment uuid.UUID, named bool) {
	invoice, noInvoice := uuid.Parse(metadata["remit_invoice"])
	payment, noPayment := uuid.Parse(metadata["remit_payment"])
	return invoice, payment, noInvoice == nil && noPayment == nil
}

// paymentOf finds the payment that an intent belongs to, nil where there is none
// here. A payment whose intent was not stored yet gets it.
func (p *Payments) paymentOf(ctx context.Context, ref remit.InvoiceRef, link *Link, intent string, id uuid.UUID) (*remit.Payment, error) {
	var stored *remit.Payment
	err := p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		payment, err := tx.Payment(ctx, id)
		if remit.IsCode(err, remit.CodeNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if payment.InvoiceID != ref.Invoice || payment.Account != link.Account || payment.Livemode != link.Livemode {
			return fmt.Errorf("it claims to be of payment %s, which is another's", id)
		}
		stored = &payment
		return tx.OwnIntent(ctx, id, intent)
	})
	return stored, err
}

// closeUnknown cancels an intent that nobody here would ever look at again. It
// comes back canceled, or charged after all.
func closeUnknown(ctx context.Context, link *Link, view remit.IntentView) (remit.IntentView, error) {
	if view.Status == "canceled" {
		return view, nil
	}
	after, err := link.Stripe.CancelIntent(ctx, view.ID+"/cancel", view.ID)
	if err != nil {
		if after, err = link.Stripe.Intent(ctx, view.ID); err != nil {
			return view, err
		}
	}
	if after.Status != "canceled" && after.Status != "succeeded" {
		return after, remit.Conflict(remit.CodeInFlight, "%s is neither charged nor canceled yet (%s). Try again once it is.", view.ID, after.Status)
	}
	return after, nil
}

// adopt makes the payment of a charge that this database does not know, with an
// attempt that was thought to be over. It reports false where the invoice is not
// known either.
func (p *Payments) adopt(ctx context.Context, ref remit.InvoiceRef, link *Link, payment uuid.UUID, view remit.IntentView) (known bool, err error) {
	received, err := money.FromStripe(view.AmountReceived, view.Currency)
	if err != nil {
		return false, fmt.Errorf("read the amount Stripe captured: %w", err)
	}
	payload, err := json.Marshal(remit.PayRequest{Amount: received.Minor})
	if err != nil {
		return false, fmt.Errorf("write a pay request: %w", err)
	}
	request, err := newID()
	if err != nil {
		return false, err
	}
	attempt, err := newID()
	if err != nil {
		return false, err
	}
	err = p.DB.InTenant(ctx, ref.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, ref.Invoice)
		if err != nil {
			return err
		}
		now, live, inFlight := l.Clock.Now(p.Now()), l.Live, l.InFlight
		if err := tx.InsertRequest(ctx, postgres.StoredRequest{ID: request, InvoiceID: l.ID, Kind: remit.RequestPay, Payload: payload, Actor: remit.Stripe}); err != nil {
			return err
		}
		if err := tx.InsertPayment(ctx, remit.Payment{
			ID: payment, InvoiceID: l.ID, CustomerID: l.CustomerID, Source: "stripe", Account: link.Account, Livemode: link.Livemode, StripeCustomer: view.Customer,
			Currency: l.Currency, PaymentIntent: view.ID, IntentAmount: view.Amount, Amount: received.Minor, State: remit.AttemptCanceled, CreatedAt: now,
		}); err != nil {
			return err
		}
		if err := tx.ReviveEvents(ctx, link.Account, view.ID, l.ID); err != nil {
			return err
		}
		a := &remit.Attempt{
			ID: attempt, InvoiceID: l.ID, PaymentID: payment, RequestID: request, Kind: remit.AttemptCharge, State: remit.AttemptCanceled,
			Amount: received.Minor, Method: view.Method, Actor: remit.Stripe, CreatedAt: now,
		}
		if err := tx.InsertAttempt(ctx, l, a); err != nil {
			return err
		}
		a.EndedAt = &now
		if err := tx.SaveAttempt(ctx, l, a); err != nil {
			return err
		}
		l.Live, l.InFlight = live, inFlight
		if err := tx.EndRequest(ctx, request, remit.RequestResult{Attempt: &attempt, Payment: &payment}); err != nil {
			return err
		}
		return tx.SaveInvoice(ctx, l, p.Now(), remit.TimelineEntry{
			Kind: "charge_found", Actor: remit.Stripe, What: fmt.Sprintf("A charge of %s was found at Stripe that this record did not have.", received),
			Why: remit.Why{Rule: "Stripe is believed when asked", Version: "1"}, StripeIDs: []string{view.ID},
			Data: map[string]any{"attempt": a.Number, "payment": payment.String(), "captured": received.Minor},
		})
	})
	if remit.IsCode(err, remit.CodeNotFound) {
		return false, nil
	}
	return err == nil, err
}

func captured(view remit.IntentView) string {
	received, err := money.FromStripe(view.AmountReceived, view.Currency)
	if err != nil {
		return fmt.Sprintf("%d %s", view.AmountReceived, view.Currency)
	}
	return received.String()
}
