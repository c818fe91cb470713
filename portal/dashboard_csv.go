package portal

import (
	"encoding/csv"
	"net/http"
	"strings"
	"time"

	"remit"
	"remit/api/httpsec"
	"remit/money"
)

var transactionColumns = []string{
	"id", "created", "type", "stripe_type", "currency", "amount", "fee", "application_fee", "net", "available_on", "description", "source", "payout", "invoice", "customer",
}

// transactionsFile streams what moved the balance as a table for spreadsheets.
// The head leaves with the first page, so that a refusal is still one.
func (v *visit) transactionsFile() error {
	filter, problems := v.figureFilter()
	if problems.Any() {
		return v.transactions()
	}
	var out *csv.Writer
	return v.do.ExportTransactions(v.ctx(), v.caller, filter, func(rows []remit.StripeTransaction) error {
		if out == nil {
			httpsec.Attachment(v.gin.Writer.Header(), "text/csv; charset=utf-8", "transactions.csv")
			v.gin.Status(http.StatusOK)
			out = csv.NewWriter(v.gin.Writer)
			if err := out.Write(transactionColumns); err != nil {
				return err
			}
		}
		for _, t := range rows {
			if err := out.Write(transactionCells(t)); err != nil {
				return err
			}
		}
		out.Flush()
		v.gin.Writer.Flush()
		return out.Error()
	})
}

// transactionCells are a row: amounts and times as such, everything else as text.
func transactionCells(t remit.StripeTransaction) []string {
	amount := func(minor int64) string { return money.Of(minor, money.Currency(t.Currency)).Decimal() }
	return []string{
		textCell(t.ID), t.Created.UTC().Format(time.RFC3339), string(t.Kind), textCell(t.Type), t.Currency, amount(t.Amount), amount(t.Fee), amount(t.ApplicationFee), amount(t.Net),
		t.Available.UTC().Format(time.RFC3339), textCell(t.Description), textCell(t.Source), textCell(t.Payout), textCell(t.InvoiceNumber), textCell(t.CustomerName),
	}
}

// textCell keeps a spreadsheet from taking text for a formula: payers and whoever
// has the account's keys decide what is in it.
func textCell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
