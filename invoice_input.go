package remit

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"remit/money"
)

// InvoiceInput is an invoice as it arrives. Its total is its lines plus its
// adjustments; where Total is given it must agree with them.
type InvoiceInput struct {
	Organisation string // path; "" takes the customer's
	CustomerID   uuid.UUID
	Number       string
	Seller       Seller
	Currency     string // "" takes the organisation's
	IssueDate    Date
	DueDate      Date
	OnTerms      bool // no due date came with it: it is due by the payment terms of its organisation
	Lines        []Line
	Adjustments  []Adjustment
	Total        *int64
	Deposit      *Deposit // of a change: nil leaves the one it has, one of nothing takes it away
	AutoCharge   *bool    // nil: as the customer and the settings have it
	PaymentLinks *bool    // nil: as the settings have it
	// Settings are those to be copied onto it; nil takes those in force.
	Settings *InvoiceSettings
	Reason   string // why a sent invoice is amended
}

// Check adds the invoice up in its currency and says which field is wrong.
func (in InvoiceInput) Check(currency money.Currency) ([]Line, money.Amount, error) {
	inputs := make([]LineInput, len(in.Lines))
	for n, line := range in.Lines {
		inputs[n] = LineInput{Description: line.Description, Quantity: line.Quantity, UnitPrice: line.UnitPrice}
		if line.Amount != 0 {
			amount := line.Amount
			inputs[n].Amount = &amount
		}
	}
	lines, total, err := InvoiceTotal(currency, inputs, in.Adjustments, in.Total)
	if err != nil {
		return nil, money.Amount{}, err
	}
	if err := noneAdded(in.Adjustments); err != nil {
		return nil, money.Amount{}, err
	}
	switch {
	case strings.TrimSpace(in.Number) == "" || len(in.Number) > 100:
		err = Invalid("number", "Give a number of at most 100 characters.")
	case strings.ContainsFunc(in.Number, unicode.IsControl):
		err = Invalid("number", "The number holds a character that cannot be seen.")
	case strings.ContainsFunc(in.Seller.Name, unicode.IsControl):
		err = Invalid("seller.name", "The seller's name holds a character that cannot be seen.")
	case strings.ContainsFunc(in.Seller.TaxID, unicode.IsControl):
		err = Invalid("seller.tax_id", "The seller's tax id holds a character that cannot be seen.")
	case in.IssueDate.IsZero():
		err = Invalid("issue_date", "Give the date it was issued, like 2026-04-01.")
	case in.DueDate.IsZero():
		err = Invalid("due_date", "Give the date it is due, like 2026-04-01.")
	case in.DueDate.Before(in.IssueDate):
		err = Invalid("due_date", "It is due on %s, before it is issued on %s.", in.DueDate, in.IssueDate)
	case total.Minor < 0:
		err = Invalid("lines", "The total is %s; an invoice cannot owe less than nothing.", total)
	case in.Deposit != nil:
		err = in.Deposit.Check(total, in.IssueDate, in.DueDate)
	}
	return lines, total, err
}

// Fingerprint is over what an invoice says: two with the same organisation,
// seller, customer, number and fingerprint are the same invoice.
func (i Invoice) Fingerprint() ([32]byte, error) {
	says := []any{i.Seller, i.Currency, i.IssueDate, i.DueDate, i.Total, i.Lines, i.Adjustments}
	if i.Deposit != nil {
		says = append(says, i.Deposit)
	}
	content, err := json.Marshal(says)
	if err != nil {
		return [32]byte{}, fmt.Errorf("fingerprint an invoice: %w", err)
	}
	return sha256.Sum256(content), nil
}
