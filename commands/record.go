package commands

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/postgres"
	"remit/record"
)

// PaymentRecord is the signed record of a paid invoice, for staff: its timeline is
// whole, or its hashes would not hold, and so tells what banks said to the merchant.
// It needs invoice=read and, for that, stripe=read, both at the invoice's organisation.
// An invoice that is not paid is a conflict.
func (c *Commands) PaymentRecord(ctx context.Context, caller Caller, id uuid.UUID) (PDF, error) {
	found, err := c.asStaff(ctx, caller, id)
	if err != nil {
		return PDF{}, err
	}
	if err := c.authorise(ctx, caller, found.member.Tenant, found.path, remit.StripeRead); err != nil {
		return PDF{}, err
	}
	end, err := c.Heavy.begin(found.member.Tenant)
	if err != nil {
		return PDF{}, err
	}
	defer end()
	var s record.Signed
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		s, err = recorded(ctx, tx, id)
		return err
	})
	if err != nil {
		return PDF{}, err
	}
	var keys []postgres.RecordKey
	err = c.DB.InTenant(ctx, found.member.Tenant, func(tx *postgres.Tx) (err error) {
		keys, err = c.recordKeys(ctx, tx, caller)
		return err
	})
	if err != nil {
		return PDF{}, err
	}
	s.MadeAt = c.Now()
	private, err := c.openRecordKey(found.member.Tenant, keys[0])
	if err != nil {
		return PDF{}, err
	}
	file, err := record.Sign(s, private)
	if err != nil {
		return PDF{}, err
	}
	// Nothing is signed for that does not hold: `remit verify` says what is wrong.
	if _, err := record.Verify(file, record.Keys{keys[0].ID: ed25519.PublicKey(keys[0].Public)}); err != nil {
		return PDF{}, fmt.Errorf("the record of invoice %s does not hold: %w", id, err)
	}
	return PDF{Name: s.Invoice.Number + " record.json", Content: file}, nil
}

// recorded is what a record says of an invoice. The invoice is locked, so that its rows and
// its timeline are of one moment.
func recorded(ctx context.Context, tx *postgres.Tx, id uuid.UUID) (s record.Signed, err error) {
	l, err := tx.LockInvoice(ctx, id)
	if err != nil {
		return s, err
	}
	i, err := tx.Invoice(ctx, id)
	if err != nil {
		return s, err
	}
	if i.Status != remit.InvoicePaid {
		return s, remit.Conflict(remit.CodeConflict, "A record is made of a paid invoice. This one is %s.", i.Status)
	}
	entries, err := tx.Timeline(ctx, id)
	if err != nil {
		return s, err
	}
	if s.Timeline, s.Chain, err = record.Chain(id, entries); err != nil {
		return s, err
	}
	broken, err := tx.VerifyTimeline(ctx, id)
	if err != nil {
		return s, err
	}
	if broken > 0 {
		return s, fmt.Errorf("entry %d of the timeline of invoice %s is not what was written", broken, id)
	}
	s.Organisation = i.Organisation
	s.Invoice = record.Invoice{
		ID: id, Number: i.Number, Seller: i.SellerName(), Customer: i.CustomerName, Currency: i.Currency, IssueDate: i.IssueDate, DueDate: i.DueDate, PaidAt: utcOf(i.PaidAt),
		Lines: append([]remit.Line{}, i.Lines...), Adjustments: append([]remit.Adjustment{}, i.Adjustments...), Status: i.Status,
	}
	s.Payments, s.Refunds = []record.Payment{}, []record.Refund{}
	payments, err := tx.Payments(ctx, id)
	if err != nil {
		return s, err
	}
	cameIn, err := tx.CameIn(ctx, id)
	if err != nil {
		return s, err
	}
	for _, p := range payments {
		other := cameIn[p.ID]
		if other == i.Currency {
			other = ""
		}
		s.Payments = append(s.Payments, record.Payment{
			ID: p.ID, Source: p.Source, State: p.State, Amount: p.Amount, Surcharge: p.Surcharge, Captured: p.AmountCaptured, Refunded: p.AmountRefunded,
			Account: p.Account, Livemode: p.Livemode, PaymentIntent: p.PaymentIntent, Charge: p.Charge, SettledAt: utcOf(p.SettledAt), Currency: other,
		})
	}
	s.Figures = record.FiguresOf(i.Total, l.Billed, l.Applied, s.Payments)
	refunds, err := tx.Refunds(ctx, id)
	for _, r := range refunds {
		s.Refunds = append(s.Refunds, record.Refund{ID: r.ID, Payment: r.PaymentID, State: r.State, Amount: r.Total(), StripeRefund: r.StripeRefund})
	}
	return s, err
}

func utcOf(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
