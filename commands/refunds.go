package commands

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
)

// RefundInput is what is asked of a refund. Amount is minor units, without the
// surcharge, of which the same part goes back where ReturnSurcharge says so.
type RefundInput struct {
	Amount          int64
	Reason          string
	Then            remit.RefundChoice
	ReturnSurcharge bool
}

// refundAnswer is how long whoever refunds waits for its outcome, which nearly
// always comes at once; after that the answer is how it stands.
const refundAnswer = 4 * time.Second

// RefundPayment pays money of a payment back. It needs stripe=refund at the
// invoice's path: who may pay may not refund for that. Errors: not_refundable,
// money_off, stripe_not_connected (409), the amount, the reason, then (422).
func (c *Commands) RefundPayment(ctx context.Context, caller Caller, id uuid.UUID, body Body[RefundInput]) (remit.Refund, error) {
	found, payment, invoice, err := c.seePayment(ctx, caller, id, remit.StripeRefund)
	if err != nil {
		return remit.Refund{}, err
	}
	if err := c.authorise(ctx, caller, found.member.Tenant, invoice.Organisation, remit.StripeRefund); err != nil {
		return remit.Refund{}, err
	}
	in, err := body()
	if err != nil {
		return remit.Refund{}, err
	}
	if in.Reason = strings.TrimSpace(in.Reason); in.Reason == "" || len(in.Reason) > 500 {
		return remit.Refund{}, remit.Invalid("reason", "Say why, in at most 500 characters.")
	}
	if !slices.Contains([]remit.RefundChoice{remit.RefundReopens, remit.RefundSettles, remit.RefundWritesOff}, in.Then) {
		return remit.Refund{}, remit.Invalid("then", "Say what becomes of the invoice: reopen, settle or write_off.")
	}
	permit := caller.permitted(remit.Permit{Account: caller.Account, Path: invoice.Organisation, Scopes: []remit.Scope{remit.StripeRefund}})
	result, err := c.submit(ctx, caller, found, invoice, remit.RequestRefund, func(*postgres.Tx) (any, error) {
		return remit.RefundRequest{Payment: payment.ID, Amount: in.Amount, Reason: in.Reason, Choice: in.Then, ReturnSurcharge: in.ReturnSurcharge, Permit: permit}, nil
	})
	if err != nil {
		return remit.Refund{}, err
	}
	return c.refundAsItStands(ctx, found.member.Tenant, *result.Refund)
}

// refundAsItStands waits a little for a refund to be sent and reads it.
func (c *Commands) refundAsItStands(ctx context.Context, tenant, id uuid.UUID) (refund remit.Refund, err error) {
	waiting, cancel := context.WithTimeout(ctx, refundAnswer)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		err = c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) (err error) {
			refund, err = tx.Refund(ctx, id)
			return err
		})
		if err != nil || refund.State != remit.RefundRequested && refund.State != remit.RefundSent {
			return refund, err
		}
		select {
		case <-waiting.Done():
			return refund, nil
		case <-ticker.C:
		}
	}
}

// Refunds are a payment's, oldest first.
func (c *Commands) Refunds(ctx context.Context, caller Caller, payment uuid.UUID) (refunds []remit.Refund, err error) {
	found, _, _, err := c.seePayment(ctx, caller, payment, remit.StripeRefund)
	if err != nil {
		return nil, err
	}
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		refunds, err = tx.RefundsOfPayment(ctx, payment)
		return err
	})
	return refunds, err
}

// RefundForm is what a person refunding looks at.
type RefundForm struct {
	Payment    remit.Payment
	Invoice    remit.Invoice
	Refundable remit.Refundable
}

// RefundForm reads what may be refunded of a payment. It needs stripe=refund at
// the invoice's path.
func (c *Commands) RefundForm(ctx context.Context, caller Caller, id uuid.UUID) (form RefundForm, err error) {
	found, payment, invoice, err := c.seePayment(ctx, caller, id, remit.StripeRefund)
	if err != nil {
		return form, err
	}
	if err := c.authorise(ctx, caller, found.member.Tenant, invoice.Organisation, remit.StripeRefund); err != nil {
		return form, err
	}
	form.Payment, form.Invoice = payment, invoice
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		form.Refundable, err = tx.Refundable(ctx, id)
		return err
	})
	return form, err
}

// seePayment finds a payment, with its invoice, that the caller may see.
func (c *Commands) seePayment(ctx context.Context, caller Caller, id uuid.UUID, also ...remit.Scope) (found seen, payment remit.Payment, invoice remit.Invoice, err error) {
	found, err = c.find(ctx, caller, func(tx *postgres.Tx) (string, uuid.UUID, error) {
		if payment, err = tx.Payment(ctx, id); err != nil {
			return "", uuid.Nil, err
		}
		invoice, err = tx.Invoice(ctx, payment.InvoiceID)
		return invoice.Organisation, invoice.CustomerID, err
	}, append([]remit.Scope{remit.InvoiceRead}, also...)...)
	return found, payment, invoice, err
}
