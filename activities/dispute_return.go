package activities

import (
	"context"

	"remit"
	"remit/decline"
	"remit/postgres"
)

// returned ends what a bank debit that came back stood on: its permission, and with
// it automatic charges of its account (M7). Both sides are told once (M13).
func (p *Payments) returned(ctx context.Context, tx *postgres.Tx, l *postgres.LockedInvoice, d remit.Dispute) ([]remit.TimelineEntry, error) {
	last, err := tx.LastAttempt(ctx, d.PaymentID)
	if remit.IsCode(err, remit.CodeNotFound) {
		return nil, nil // money that did not come through an attempt of ours
	}
	if err != nil {
		return nil, err
	}
	why := decline.Classify(d.Reason, "", "", decline.MethodBankAccount)
	entries, err := p.lockDebited(ctx, tx, l, last, why, true)
	if err != nil {
		return nil, err
	}
	paid := remit.DateOf(last.CreatedAt.In(l.Zone))
	mail, err := remit.ReturnedMail(l.Invoice, d, paid)
	told, err := post(l, p.Now(), mail, err, letter{
		stage: remit.ReturnedStage(d.ID), rule: "the customer is told of a return once", what: "A mail about the return",
	})
	if err != nil {
		return nil, err
	}
	entries = append(entries, told)
	settings, _, err := tx.NoticeTexts(ctx, l.Organisation)
	if err != nil {
		return nil, err
	}
	mail = remit.SellerReturnedMail(l.Invoice, d, paid, why.Reason)
	told, err = postToBusiness(ctx, tx, l, p.Now(), mail, settings, letter{
		stage: mail.Invoice.Stage, rule: "the business is told of a return once", what: "A mail to the business about the return",
	})
	return append(entries, told), err
}
