package activities

import (
	"context"

	"remit"
	"remit/ledger"
	"remit/money"
	"remit/postgres"
)

// importCredit books a credit note as its customer's credit. The same one again
// adds nothing; another with its number is a bad row.
func (m *Imports) importCredit(ctx context.Context, tx *postgres.Tx, job *postgres.Import, row line, customer remit.Customer, seller remit.Seller) (*postgres.ImportRowError, error) {
	id, err := newID()
	if err != nil {
		return nil, err
	}
	note := postgres.NewCreditNote{
		ID: id, OrganisationID: job.OrganisationID, CustomerID: customer.ID, Number: row.draft.Number, Seller: seller, Currency: string(row.draft.Amount.Currency),
		Amount: row.draft.Amount.Minor, IssueDate: row.draft.IssueDate, Source: "import " + job.FileName, ImportID: &job.ID,
	}
	stands, inserted, err := tx.InsertCreditNote(ctx, note)
	if err != nil {
		return nil, err
	}
	if !inserted {
		if stands.Amount != note.Amount || stands.Currency != note.Currency || stands.IssueDate != note.IssueDate {
			return wrongRow(row, remit.Refuse(remit.Conflict(remit.CodeAlreadyExists, "Credit note %s of this customer exists with other content: %s of %s there, %s of %s here.",
				note.Number, money.Of(stands.Amount, money.Currency(stands.Currency)), stands.IssueDate, row.draft.Amount, note.IssueDate))), nil
		}
		job.RowsSame++
		return nil, nil
	}
	clock, err := tx.Clock(ctx)
	if err != nil {
		return nil, err
	}
	job.RowsNew++
	_, err = tx.BookFor(ctx, customer.ID, clock, ledger.CreditNote(id, note.Currency, note.Amount))
	return nil, err
}
