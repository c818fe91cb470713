package script

import (
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/money"
)

// Input is all a script sees. It is a copy: nothing a script does to it gets
// anywhere.
type Input struct {
	Invoice Invoice `json:"invoice"`
	Payment Payment `json:"payment"`
}

// Invoice is an invoice as scripts see it. Amounts are minor units of Currency.
type Invoice struct {
	ID           string             `json:"id"`
	Number       string             `json:"number"`
	Organisation string             `json:"organisation"`
	CustomerID   string             `json:"customer_id"`
	CustomerName string             `json:"customer_name"`
	Status       string             `json:"status"` // the ledger's word
	Label        string             `json:"label"`
	Tags         []string           `json:"tags"`
	Total        int64              `json:"total"`
	Outstanding  int64              `json:"outstanding"`
	Currency     string             `json:"currency"`
	IssueDate    string             `json:"issue_date"`
	DueDate      string             `json:"due_date"`
	Lines        []remit.Line       `json:"lines"`
	Adjustments  []remit.Adjustment `json:"adjustments"`
}

// Payment is the payment that was recorded, as scripts see it.
type Payment struct {
	ID         string `json:"id"`
	Amount     int64  `json:"amount"`
	AmountText string `json:"amount_text"` // such as "$120.00", for notes
	Currency   string `json:"currency"`
	Source     string `json:"source"` // stripe, checkout or bank_transfer
	Method     string `json:"method"` // card, us_bank_account; empty where money came outside Stripe
	Reference  string `json:"reference"`
}

// InputOf is what a script sees of an invoice and a payment of it. The status
// is the one given with the invoice.
func InputOf(i remit.Invoice, p remit.Payment, method *remit.MethodSummary) Input {
	in := Input{
		Invoice: Invoice{
			ID: i.ID.String(), Number: i.Number, Organisation: i.Organisation, CustomerID: i.CustomerID.String(), CustomerName: i.CustomerName,
			Status: string(i.Status), Label: i.Label, Tags: i.Tags, Total: i.Total, Outstanding: i.Outstanding, Currency: i.Currency,
			IssueDate: i.IssueDate.String(), DueDate: i.DueDate.String(), Lines: i.Lines, Adjustments: i.Adjustments,
		},
		Payment: Payment{
			ID: p.ID.String(), Amount: p.AmountCaptured, AmountText: money.Of(p.AmountCaptured, money.Currency(p.Currency)).String(),
			Currency: p.Currency, Source: p.Source, Reference: p.Reference,
		},
	}
	if method != nil {
		in.Payment.Method = method.Type
	}
	return in
}

// MadeUp is a paid invoice that does not exist, for a trial where there is no
// past one.
func MadeUp(organisation, currency string, now time.Time) Input {
	today := remit.DateOf(now)
	invoice := remit.Invoice{
		ID: uuid.UUID{15: 1}, Number: "EXAMPLE-1", Organisation: organisation, CustomerID: uuid.UUID{15: 2}, CustomerName: "Example customer",
		Status: remit.InvoicePaid, Total: 12000, Currency: currency, IssueDate: today, DueDate: today.AddDays(30),
		Lines: []remit.Line{{Description: "Example service", Quantity: "1", UnitPrice: "120.00", Amount: 12000}},
	}
	payment := remit.Payment{ID: uuid.UUID{15: 3}, Currency: currency, AmountCaptured: 12000, Source: "stripe"}
	return InputOf(invoice, payment, &remit.MethodSummary{Type: "card"})
}
