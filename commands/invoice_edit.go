package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"remit"
	"remit/activities"
	"remit/money"
	"remit/postgres"
)

// CreateInvoice adds a draft. The same invoice (organisation, seller, customer
// and number) with the same content is the one that stands there: created is
// false. With other content it is refused, naming both (already_exists).
func (c *Commands) CreateInvoice(ctx context.Context, caller Caller, body Body[InvoiceInput]) (invoice remit.Invoice, created bool, err error) {
	if err := c.somewhere(ctx, caller, remit.InvoiceEdit); err != nil {
		return remit.Invoice{}, false, err
	}
	in, err := body()
	if err != nil {
		return remit.Invoice{}, false, err
	}
	found, customer, err := c.seeCustomer(ctx, caller, in.CustomerID, remit.InvoiceEdit)
	if err != nil {
		return remit.Invoice{}, false, remit.Invalid("customer_id", "There is no such customer, or you may not see it.")
	}
	if in.Organisation == "" {
		in.Organisation = customer.Organisation
	}
	if _, err := remit.ParsePath(in.Organisation); err != nil {
		return remit.Invoice{}, false, remit.Invalid("organisation", "%s", remit.AsError(err).Message)
	}
	visible, err := c.sees(ctx, caller, found.member.Tenant, in.Organisation)
	if err != nil {
		return remit.Invoice{}, false, err
	}
	if !visible {
		return remit.Invoice{}, false, remit.Invalid("organisation", "There is no such organisation, or you may not see it.")
	}
	if err := c.authorise(ctx, caller, found.member.Tenant, in.Organisation, remit.InvoiceEdit); err != nil {
		return remit.Invoice{}, false, err
	}
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		draft, err := activities.Draft(ctx, tx, in, customer, c.Now())
		if err != nil {
			return err
		}
		draft.Source = "api"
		inserted, id, err := activities.InsertDraft(ctx, tx, draft, caller.Actor(), c.Now())
		if err != nil {
			return err
		}
		created = inserted
		if inserted {
			if err := c.audit(ctx, tx, caller.entry("invoice.create", "invoice "+id.String(), in.Organisation)); err != nil {
				return err
			}
		}
		invoice, err = tx.Invoice(ctx, id)
		return err
	})
	if err == nil {
		invoice = c.inWordsFor(ctx, caller, found.member, invoice)
	}
	return invoice, created, err
}

// UpdateInvoice changes a draft, or amends a sent invoice with a trace. What
// bears on money goes through the invoice's workflow.
func (c *Commands) UpdateInvoice(ctx context.Context, caller Caller, id uuid.UUID, body Body[InvoiceInput]) (remit.Invoice, error) {
	found, before, err := c.mayChange(ctx, caller, id, remit.InvoiceEdit)
	if err != nil {
		return remit.Invoice{}, err
	}
	in, err := body()
	if err != nil {
		return remit.Invoice{}, err
	}
	var draft postgres.NewInvoice
	var customer remit.Customer
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		if customer, err = tx.Customer(ctx, before.CustomerID); err != nil {
			return err
		}
		if in.CustomerID != uuid.Nil && in.CustomerID != before.CustomerID {
			return remit.Invalid("customer_id", "An invoice stays with its customer. Cancel it and make another.")
		}
		if in.Organisation != "" && in.Organisation != before.Organisation {
			return remit.Invalid("organisation", "An invoice stays at its organisation. Cancel it and make another.")
		}
		in.Organisation = before.Organisation
		if in.Deposit == nil {
			in.Deposit = before.Deposit
		}
		if in.AutoCharge == nil || before.SentAt != nil {
			if in.AutoCharge != nil && *in.AutoCharge != before.Settings.AutoCharge.On {
				return remit.Invalid("auto_charge", "Automatic charge of a sent invoice is switched by itself.")
			}
			in.AutoCharge = &before.Settings.AutoCharge.On
		}
		if in.Currency == "" {
			in.Currency = before.Currency
		}
		if in.Currency != before.Currency {
			return remit.Invalid("currency", "An invoice stays in its currency, %s.", before.Currency)
		}
		draft, err = activities.Draft(ctx, tx, in, customer, c.Now())
		return err
	})
	if err != nil {
		return remit.Invoice{}, err
	}
	if before.SentAt == nil {
		return c.changeDraft(ctx, caller, found, id, draft)
	}
	if strings.TrimSpace(in.Reason) == "" {
		return remit.Invoice{}, remit.Invalid("reason", "Sent invoices are amended: say why.")
	}
	if draft.Number != before.Number || draft.Seller != before.Seller {
		return remit.Invoice{}, remit.Invalid("number", "A sent invoice keeps its number and its seller.")
	}
	return c.through(ctx, caller, found, before, remit.RequestAmend, remit.AmendRequest{
		Reason: in.Reason, DueDate: draft.DueDate, Lines: draft.Lines, Adjustments: draft.Adjustments, Total: draft.Total, Deposit: draft.Deposit, Fingerprint: draft.Fingerprint[:],
	})
}

// VoidInvoice cancels an invoice on which nothing was paid. Invoices that owe again by it
// what was carried onto it have their workflows started.
func (c *Commands) VoidInvoice(ctx context.Context, caller Caller, id uuid.UUID, body Body[string]) (remit.Invoice, error) {
	invoice, err := c.withReason(ctx, caller, id, remit.RequestVoid, body)
	if err != nil {
		return remit.Invoice{}, err
	}
	var again map[uuid.UUID]remit.Invoice
	err = c.DB.InTenant(ctx, invoice.Tenant, func(tx *postgres.Tx) error {
		ids, err := tx.ReturnedTo(ctx, id)
		if err != nil || len(ids) == 0 {
			return err
		}
		again, err = tx.InvoicesByID(ctx, ids)
		return err
	})
	if err != nil { // it is cancelled all the same; the next message to them starts them
		c.Logger.WarnContext(ctx, "workflows of invoices that owe again were not started", "cancelled", id, "error", err)
	}
	for _, each := range again {
		if !each.Status.AtRest() {
			c.beginOrLeave(ctx, each.Tenant, each)
		}
	}
	return invoice, nil
}

// HoldInvoice keeps automatic charges off an invoice, with a reason.
func (c *Commands) HoldInvoice(ctx context.Context, caller Caller, id uuid.UUID, body Body[string]) (remit.Invoice, error) {
	return c.withReason(ctx, caller, id, remit.RequestHold, body)
}

// LiftHold takes a hold off. One that money set needs stripe=pay.
func (c *Commands) LiftHold(ctx context.Context, caller Caller, id uuid.UUID) (remit.Invoice, error) {
	found, invoice, err := c.seeInvoice(ctx, caller, id, remit.InvoiceEdit, remit.StripePay)
	if err != nil {
		return remit.Invoice{}, err
	}
	scope := remit.InvoiceEdit
	if invoice.Hold != nil && invoice.Hold.Kind.Money() {
		scope = remit.StripePay
	}
	if err := c.authorise(ctx, caller, found.member.Tenant, invoice.Organisation, scope); err != nil {
		return remit.Invoice{}, err
	}
	return c.through(ctx, caller, found, invoice, remit.RequestLiftHold, struct{}{})
}

// ReverseLateFee takes a late fee back that is still owed, with a reason.
func (c *Commands) ReverseLateFee(ctx context.Context, caller Caller, id uuid.UUID, body Body[remit.LateFeeRequest]) (remit.Invoice, error) {
	found, invoice, err := c.mayChange(ctx, caller, id, remit.InvoiceEdit)
	if err != nil {
		return remit.Invoice{}, err
	}
	in, err := body()
	if err != nil {
		return remit.Invoice{}, err
	}
	if in.Reason = strings.TrimSpace(in.Reason); in.Reason == "" || len(in.Reason) > 500 {
		return remit.Invoice{}, remit.Invalid("reason", "Say why, in at most 500 characters.")
	}
	return c.through(ctx, caller, found, invoice, remit.RequestReverseLateFee, in)
}

// RecordPayment records money received outside Stripe.
func (c *Commands) RecordPayment(ctx context.Context, caller Caller, id uuid.UUID, body Body[RecordInput]) (remit.Payment, error) {
	found, invoice, err := c.mayChange(ctx, caller, id, remit.InvoiceEdit)
	if err != nil {
		return remit.Payment{}, err
	}
	in, err := body()
	if err != nil {
		return remit.Payment{}, err
	}
	if in.Method != "bank_transfer" {
		return remit.Payment{}, remit.Invalid("method", "Only bank_transfer is recorded by hand.")
	}
	result, err := c.submit(ctx, caller, found, invoice, remit.RequestRecordPayment, func(*postgres.Tx) (any, error) {
		// The workflow asks again; here so that a slip of the keyboard leaves no trace.
		return remit.RecordRequest(in), remit.TransferFits(invoice, in.Amount)
	})
	if err != nil {
		return remit.Payment{}, err
	}
	return c.Payment(ctx, caller, *result.Payment)
}

func (c *Commands) withReason(ctx context.Context, caller Caller, id uuid.UUID, kind remit.RequestKind, body Body[string]) (remit.Invoice, error) {
	found, invoice, err := c.mayChange(ctx, caller, id, remit.InvoiceEdit)
	if err != nil {
		return remit.Invoice{}, err
	}
	reason, err := body()
	if err != nil {
		return remit.Invoice{}, err
	}
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > 500 {
		return remit.Invoice{}, remit.Invalid("reason", "Say why, in at most 500 characters.")
	}
	return c.through(ctx, caller, found, invoice, kind, remit.ReasonRequest{Reason: reason})
}

// through hands a change to the invoice's workflow and reads the invoice again.
func (c *Commands) through(ctx context.Context, caller Caller, found seen, invoice remit.Invoice, kind remit.RequestKind, payload any) (remit.Invoice, error) {
	if _, err := c.submit(ctx, caller, found, invoice, kind, func(*postgres.Tx) (any, error) { return payload, nil }); err != nil {
		return remit.Invoice{}, err
	}
	var after remit.Invoice
	err := c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		after, err = tx.Invoice(ctx, invoice.ID)
		return err
	})
	if err != nil {
		return remit.Invoice{}, err
	}
	return c.told(ctx, caller, found.member, after)
}

func (c *Commands) submit(ctx context.Context, caller Caller, found seen, invoice remit.Invoice, kind remit.RequestKind, payload func(*postgres.Tx) (any, error)) (remit.RequestResult, error) {
	request, err := c.place(ctx, caller, found.member, invoice, kind, payload)
	if err != nil {
		return remit.RequestResult{}, err
	}
	result, err := c.hand(ctx, found.member.Tenant, invoice, remit.Request{ID: request, Kind: kind})
	if err != nil {
		if result, err = c.withdraw(ctx, found.member.Tenant, invoice.ID, request); err != nil {
			return remit.RequestResult{}, err
		}
	}
	if result.Refused != nil {
		return remit.RequestResult{}, result.Refused.AsError()
	}
	return result, nil
}

// withdraw ends a change that has not been carried out when time is up, so that
// it cannot be later, or gives the result of one that has.
func (c *Commands) withdraw(ctx context.Context, tenant, invoice, id uuid.UUID) (remit.RequestResult, error) {
	ctx = context.WithoutCancel(ctx)
	var result remit.RequestResult
	err := c.DB.InTenant(ctx, tenant, func(tx *postgres.Tx) error {
		if _, err := tx.LockInvoice(ctx, invoice); err != nil {
			return err
		}
		stored, err := tx.Request(ctx, invoice, id)
		if err != nil {
			return err
		}
		if stored.Result != nil {
			result = *stored.Result
			return nil
		}
		// A refund that is reserved will be sent, whoever waits for it.
		if made, err := tx.RefundOfRequest(ctx, id); err != nil || made != nil {
			if made != nil {
				result.Refund, result.Payment = &made.ID, &made.PaymentID
			}
			return err
		}
		result.Refused = remit.Refuse(remit.Errorf(remit.KindUnavailable, remit.CodeUnavailable, "Nothing was changed: the invoice is busy. Try again soon."))
		return tx.EndRequest(ctx, id, result)
	})
	return result, err
}

// somewhere asks whether the caller holds a permission anywhere at all, before
// a body says where he wants to use it.
func (c *Commands) somewhere(ctx context.Context, caller Caller, scope remit.Scope) error {
	for _, member := range caller.Tenants {
		units, err := c.units(ctx, caller, member.Tenant, scope)
		if err != nil || len(units) > 0 {
			return err
		}
	}
	if len(caller.Tenants) == 0 {
		return remit.NotFound()
	}
	return c.authorise(ctx, caller, caller.Tenants[0].Tenant, caller.Tenants[0].Path, scope)
}

func (c *Commands) changeDraft(ctx context.Context, caller Caller, found seen, id uuid.UUID, draft postgres.NewInvoice) (remit.Invoice, error) {
	var invoice remit.Invoice
	err := c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) error {
		l, err := tx.LockInvoice(ctx, id)
		if err != nil {
			return err
		}
		if l.SentAt != nil || l.VoidedAt != nil {
			return remit.Conflict(remit.CodeConflict, "This changed meanwhile. Check, send again.")
		}
		if draft.Total > l.Total && draft.Settings.AutoCharge.On && l.ChargedBy == nil {
			billed, err := tx.OfSchedule(ctx, id)
			if err != nil {
				return err
			}
			if actor := caller.Actor(); billed { // it goes out by itself, and is charged for what he says
				l.ChargedBy = &actor
			}
		}
		l.Number, l.Seller, l.Total, l.IssueDate, l.DueDate = draft.Number, draft.Seller, draft.Total, draft.IssueDate, draft.DueDate
		l.Lines, l.Adjustments, l.Deposit = draft.Lines, draft.Adjustments, draft.Deposit
		if on := draft.Settings.AutoCharge.On; on != l.Settings.AutoCharge.On {
			l.Settings.AutoCharge.On, l.ChargedBy = on, nil
			if actor := caller.Actor(); on {
				l.ChargedBy = &actor
			}
		}
		if l.Lines == nil {
			l.Lines = []remit.Line{}
		}
		if err := tx.SetContent(ctx, l, draft.Fingerprint); err != nil {
			if postgres.IsUnique(err, "invoices_natural_key") {
				return remit.Conflict(remit.CodeAlreadyExists, "Invoice %s of this customer exists already.", draft.Number)
			}
			return err
		}
		if err := tx.SaveInvoice(ctx, l, c.Now(), remit.TimelineEntry{
			Kind: "changed", Actor: caller.Actor(), What: fmt.Sprintf("The draft was changed: %s due on %s%s.", money.Of(l.Total, money.Currency(l.Currency)), l.DueDate.Words(), l.Deposit.Words(l.Currency)),
			Why: remit.Why{Rule: "drafts are editable", Version: "1"}, Data: map[string]any{"total": l.Total, "due_date": l.DueDate.String()},
		}); err != nil {
			return err
		}
		invoice, err = tx.Invoice(ctx, id)
		return err
	})
	return invoice, err
}
