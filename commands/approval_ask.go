package commands

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/gateway"
	"remit/money"
	"remit/postgres"
)

// ApprovalNeededError says that a payment needs a second person, and what he is
// asked. It wraps the [remit.Error] with the code approval_required.
type ApprovalNeededError struct {
	Approval remit.Approval
	Err      *remit.Error
}

// Error is what the payer reads.
func (e *ApprovalNeededError) Error() string { return e.Err.Error() }

// Unwrap gives the [remit.Error].
func (e *ApprovalNeededError) Unwrap() error { return e.Err }

// approved notes on a request the approval that it is made with. Where it needs
// one that there is not, the error has the code approval_required; what would be
// approved is given either way, nil where nobody is ever asked. The attempt protocol asks
// all of it again when it counts.
func (c *Commands) approved(ctx context.Context, tx *postgres.Tx, invoice remit.Invoice, in PayInput, payload *remit.PayRequest) (*remit.ToPay, error) {
	if !payload.Permit.ByStaff() || invoice.Settings.Approvals.Above == nil {
		return nil, nil //nolint:nilnil // nobody is asked
	}
	alone, err := tx.PaidAlone(ctx, invoice.ID, uuid.Nil)
	if err != nil {
		return nil, err
	}
	pays, err := c.toPay(ctx, tx, invoice, in, *payload)
	if err != nil || !invoice.Settings.Approvals.Asks(pays, alone, invoice.Currency) {
		return &pays, err
	}
	last, err := tx.LastApproval(ctx, invoice.ID, payload.Permit.Account)
	if err != nil {
		return nil, err
	}
	clock, err := tx.Clock(ctx)
	if err != nil {
		return nil, err
	}
	if err := last.Permits(pays, payload.Permit.Account, invoice, clock.Now(c.Now())); err != nil {
		return &pays, err
	}
	payload.Approval = &last.ID
	return &pays, nil
}

// toPay is a payment as a second person is asked about it. The fee of a card of
// which Stripe has not said yet what it is, or which is still to be typed, is at
// most that of a credit card.
func (c *Commands) toPay(ctx context.Context, tx *postgres.Tx, invoice remit.Invoice, in PayInput, payload remit.PayRequest) (remit.ToPay, error) {
	pays := remit.ToPay{Amount: in.Amount}
	credit := &remit.MethodSummary{Type: gateway.TypeCard, Funding: "credit"}
	var method *remit.MethodSummary
	switch {
	case payload.Typed:
		pays.Surcharge = *in.Surcharge
		return pays, nil
	case in.PaymentMethod != nil:
		pays.Method = in.PaymentMethod
		saved, err := tx.PaymentMethod(ctx, *in.PaymentMethod)
		if err != nil {
			return pays, err
		}
		if method = saved.Summary(); saved.Type == gateway.TypeCard && saved.Funding == "" {
			method, pays.AtMost = credit, true
		}
	case !in.BankOnly && invoice.Settings.PassesFees():
		method, pays.AtMost = credit, true
	}
	var err error
	pays.Surcharge, err = remit.Surcharge(invoice.Settings.Surcharge, method, money.Of(in.Amount, money.Currency(invoice.Currency)))
	return pays, err
}

// askApproval asks for a second person's approval, unless the same is asked
// already, and answers with what is asked. Of what was asked or approved before,
// another payment or another invoice makes an end.
func (c *Commands) askApproval(ctx context.Context, caller Caller, member Membership, invoice remit.Invoice, asker remit.Permit, pays remit.ToPay) error {
	if caller.Session != nil { // else somebody comes back to what was asked for before
		if err := c.byFactor(caller); err != nil {
			return err
		}
	}
	path, err := remit.ParsePath(invoice.Organisation)
	if err != nil {
		return fmt.Errorf("an invoice's path: %w", err)
	}
	policy, err := c.Authority.Policy(ctx, member.Tenant)
	if err != nil {
		return err
	}
	asked := activities.ApproversFrom(policy, path, asker.Account)
	var approval remit.Approval
	err = c.DB.InTenant(ctx, member.Tenant, func(tx *postgres.Tx) (err error) {
		approval, err = c.ask(ctx, tx, caller, invoice.ID, remit.Person{ID: asker.Account, Name: caller.Name}, pays, asked)
		return err
	})
	if err != nil {
		return err
	}
	c.boundary("approval asked")
	if err := c.wake(ctx, member.Tenant, invoice, "an approval is asked for"); err != nil { // the sweep wakes it else
		c.Logger.WarnContext(ctx, "a workflow was not woken", "error", err)
	}
	words := fmt.Sprintf("%s needs a second person's approval. It was asked for; nothing was charged.", money.Of(approval.Sum(), money.Currency(invoice.Currency)))
	if approval.State == remit.ApprovalApproved {
		words = fmt.Sprintf("%s was approved meanwhile. Send the payment again; nothing was charged.", money.Of(approval.Sum(), money.Currency(invoice.Currency)))
	}
	return &ApprovalNeededError{Approval: approval, Err: remit.NeedsApproval("%s", words)}
}

func (c *Commands) ask(ctx context.Context, tx *postgres.Tx, caller Caller, invoice uuid.UUID, asker remit.Person, pays remit.ToPay, asked activities.Approvers) (remit.Approval, error) {
	l, err := tx.LockInvoice(ctx, invoice)
	if err != nil {
		return remit.Approval{}, err
	}
	now := l.Clock.Now(c.Now())
	last, err := tx.LastApproval(ctx, l.ID, asker.ID)
	if err != nil {
		return remit.Approval{}, err
	}
	var entries []remit.TimelineEntry
	if last != nil && last.State.Live() {
		why := last.Lapses(l.Invoice, now)
		if why == "" && last.State == remit.ApprovalApproved {
			if e := activities.ApprovalStands(ctx, tx, *last, now); remit.IsCode(e, remit.CodeApprovalRequired) {
				why = "What it was approved with does not hold any more."
			} else if e != nil {
				return remit.Approval{}, e
			}
		}
		switch {
		case why != "":
		case last.Covers(pays) || last.ToPay == pays:
			return *last, nil
		default:
			why = asker.Name + " wants to make another payment."
		}
		lapsed, err := activities.LapseApproval(ctx, tx, *last, why, now)
		if err != nil {
			return remit.Approval{}, err
		}
		entries = append(entries, lapsed)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return remit.Approval{}, fmt.Errorf("make an id: %w", err)
	}
	a := remit.Approval{ID: id, InvoiceID: l.ID, OrganisationID: l.OrganisationID, Organisation: l.Organisation, ToPay: pays, Currency: l.Currency, Total: l.Total, AskedBy: asker}
	if a.MethodWords, err = methodWords(ctx, tx, pays); err != nil {
		return remit.Approval{}, err
	}
	entry, err := activities.AskApproval(ctx, tx, l, a, asked, caller.Actor(), c.PublicURL, c.Now())
	if err != nil {
		return remit.Approval{}, err
	}
	if err := tx.SaveInvoice(ctx, l, c.Now(), append(entries, entry)...); err != nil {
		return remit.Approval{}, err
	}
	if err := c.audit(ctx, tx, changing(caller.entry("approval.ask", "invoice "+l.ID.String(), l.Organisation), nil, map[string]any{"approval": a.ID, "amount": a.Amount, "surcharge": a.Surcharge})); err != nil {
		return remit.Approval{}, err
	}
	stored, err := tx.Approval(ctx, &a.ID)
	if err != nil {
		return remit.Approval{}, err
	}
	return *stored, nil
}

func methodWords(ctx context.Context, tx *postgres.Tx, pays remit.ToPay) (string, error) {
	if pays.Method == nil {
		return "what is entered on Stripe's page", nil
	}
	method, err := tx.PaymentMethod(ctx, *pays.Method)
	if err != nil {
		return "", err
	}
	return method.Summary().Words(), nil
}
