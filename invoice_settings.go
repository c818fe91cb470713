package remit

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// InvoiceSettings are the payment settings in force where and when the invoice
// was made. Later changes of the settings do not touch it (decision D7).
type InvoiceSettings struct {
	OnlinePayments  bool         `json:"online_payments"`
	PartialPayments bool         `json:"partial_payments"`
	MinimumPartial  int64        `json:"minimum_partial"` // minor units; 0 is no floor of our own
	BankTransfer    BankTransfer `json:"bank_transfer"`
	PaymentLinks    bool         `json:"payment_links"` // the PDF and the mail show where to pay online
	Version         int64        `json:"version"`       // of the setting it was copied from
}

// BankTransfer is the seller's bank account as payers read it on the invoice.
type BankTransfer struct {
	Enabled bool   `json:"enabled"`
	Details string `json:"details"` // several lines, at most [MaxBankDetails] characters
}

// MaxBankDetails is how many characters a seller's bank details may have.
const MaxBankDetails = 500

// Check gives the details as they are kept: composed, lines ended alike, no
// spaces around them. The error names the field "bank_transfer.details".
func (b BankTransfer) Check() (BankTransfer, error) {
	const field = "bank_transfer.details"
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(norm.NFC.String(b.Details))
	b.Details = strings.TrimSpace(text)
	unseen := func(r rune) bool { return r != '\n' && (unicode.IsControl(r) || r == utf8.RuneError) }
	switch {
	case utf8.RuneCountInString(b.Details) > MaxBankDetails:
		return b, Invalid(field, "Bank details have at most %d characters.", MaxBankDetails)
	case strings.ContainsFunc(b.Details, unseen):
		return b, Invalid(field, "Bank details hold a character that cannot be seen.")
	case b.Enabled && b.Details == "":
		return b, Invalid(field, "Enter the bank details that payers are to use.")
	}
	return b, nil
}

// DefaultInvoiceSettings hold where nothing is set. Settings are read onto them,
// so that one stored before there was a field has that field's default.
func DefaultInvoiceSettings() InvoiceSettings {
	return InvoiceSettings{OnlinePayments: true, PaymentLinks: true}
}
