package remit

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// InvoiceSettings are the payment settings in force where and when the invoice
// was made. Later changes of the settings do not touch it (decision D7).
type InvoiceSettings struct {
	OnlinePayments  bool           `json:"online_payments"`
	Methods         AllowedMethods `json:"methods"` // that are taken online
	PartialPayments bool           `json:"partial_payments"`
	MinimumPartial  int64          `json:"minimum_partial"` // minor units; 0 is no floor of our own
	BankTransfer    BankTransfer   `json:"bank_transfer"`
	PaymentLinks    bool           `json:"payment_links"`      // the PDF and the mail show where to pay online
	PaymentTerms    int            `json:"payment_terms_days"` // from its issue to its due date, where none came with it
	Seller          string         `json:"seller"`             // whose name payers read where the invoice itself names no seller; "" is the organisation's
	Contact         string         `json:"contact"`            // whom payers ask: an e-mail address or a telephone number; "" is nobody named
	AutoCharge
	Surcharge  SurchargeSettings `json:"surcharge"` // what of the fee is passed on to who pays by credit card
	Receipts   ReceiptsBy        `json:"receipts"`
	Remainders RemainderRule     `json:"below_minimum"`
	Approvals  ApprovalSettings  `json:"approvals"` // copied from a setting of its own
	LateFees   LateFeeSettings   `json:"late_fees"`
	Version    int64             `json:"version"` // of the setting it was copied from
}

// BankTransfer is the seller's bank account as payers read it on the invoice.
type BankTransfer struct {
	Enabled bool   `json:"enabled"`
	Details string `json:"details"` // several lines, at most [MaxBankDetails] characters
}

// Shown reports whether there is an account to name.
func (b BankTransfer) Shown() bool { return b.Enabled && b.Details != "" }

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

// MaxContact is how many characters a contact may have.
const MaxContact = 200

// CheckSeller gives the name that payers are to read, "" for the organisation's
// own. The error names the field "seller".
func CheckSeller(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return "", nil
	}
	return parseLabel("seller", "A seller's name", name)
}

// CheckContact gives whom payers ask, "" for nobody. One address or one number,
// so that it can be pressed to write or call. The error names the field
// "contact".
func CheckContact(contact string) (string, error) {
	const field = "contact"
	contact = strings.TrimSpace(contact)
	switch {
	case contact == "":
		return "", nil
	case utf8.RuneCountInString(contact) > MaxContact:
		return "", Invalid(field, "A contact has at most %d characters.", MaxContact)
	case strings.Contains(contact, "@"):
		address, err := ParseEmail(contact)
		if err != nil {
			return "", Invalid(field, "%s", AsError(err).Message)
		}
		return address, nil
	case dialled(contact) == "":
		return "", Invalid(field, "Enter one e-mail address or one telephone number, like pay@example.com or +1 415 555 0100.")
	}
	return contact, nil
}

// ContactLink is the address that writes to the contact or calls it; "" where
// none is named.
func (s InvoiceSettings) ContactLink() string {
	if strings.Contains(s.Contact, "@") {
		return "mailto:" + url.PathEscape(s.Contact)
	}
	if number := dialled(s.Contact); number != "" {
		return "tel:" + number
	}
	return ""
}

// dialled is a telephone number without what only makes it readable; "" for what
// is none: 5 to 15 digits (E.164), a plus only in front.
func dialled(number string) string {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" ()-./", r) {
			return -1
		}
		return r
	}, number)
	bare := strings.TrimPrefix(digits, "+")
	if len(bare) < 5 || len(bare) > 15 || strings.Trim(bare, "0123456789") != "" {
		return ""
	}
	return digits
}

// Payment terms in days.
const (
	DefaultPaymentTerms = 30
	MaxPaymentTerms     = 365
)

// CheckPaymentTerms names the field "payment_terms_days" where the days are none
// that terms can have.
func CheckPaymentTerms(days int) error {
	if days < 0 || days > MaxPaymentTerms {
		return Invalid("payment_terms_days", "Enter a number of days from 0 to %d.", MaxPaymentTerms)
	}
	return nil
}

// DefaultInvoiceSettings hold where nothing is set. Settings are read onto them,
// so that one stored before there was a field has that field's default.
func DefaultInvoiceSettings() InvoiceSettings {
	return InvoiceSettings{OnlinePayments: true, Methods: DefaultAllowedMethods(), PaymentLinks: true, PaymentTerms: DefaultPaymentTerms, AutoCharge: DefaultAutoCharge(), Surcharge: DefaultSurcharge(), Receipts: ReceiptsByRemit, Remainders: RemainderAsk, Approvals: DefaultApprovals()}
}
