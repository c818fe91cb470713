package remit

import (
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"remit/money"
)

// Mail is a message as it would be sent, shown by the demo's mailbox.
type Mail struct {
	ID        uuid.UUID
	To        string
	Subject   string
	Body      string
	CreatedAt time.Time
	Invoice   *MailedInvoice // nil: the mail is about something else
}

// MailedInvoice says which invoice a mail brings. The PDF is attached, and the
// link is known, when the mail is opened or delivered: neither is stored.
type MailedInvoice struct {
	ID         uuid.UUID
	Stage      MailStage
	DueVersion int    // of the invoice's due date when the mail was written
	Number     string // read with the mail
	Link       string // where the invoice is seen and paid without signing in; "" for nowhere
}

// MailStage says on what occasion an invoice is mailed. Invoice, stage and the
// version of the due date name one mail: it is written once (M13).
type MailStage string

// MailSent brings an invoice to its customer when it is sent.
const MailSent MailStage = "sent"

// SentMail is the mail that brings an invoice to its customer. The error, of
// kind [KindInvalid], says in words why there is no address to send it to.
func SentMail(i Invoice) (Mail, error) {
	if i.CustomerEmail == "" {
		return Mail{}, Invalid("email", "%s has no e-mail address.", i.CustomerName)
	}
	to, err := ParseEmail(i.CustomerEmail)
	if err != nil {
		return Mail{}, Invalid("email", "%s has an e-mail address that cannot be used.", i.CustomerName)
	}
	owed := money.Of(i.Total, money.Currency(i.Currency)).Format()
	due := owed + ", due " + i.DueDate.Words()
	sentence := fmt.Sprintf("%s is due on %s.", withCode(owed, i.Currency), i.DueDate.Words())
	if i.Total == 0 {
		due, sentence = "nothing to pay", "There is nothing to pay."
	}
	var body strings.Builder
	fmt.Fprintf(&body, "%s sends you invoice %s.\n\n%s\n", i.SellerName(), i.Number, sentence)
	if i.Settings.BankTransfer.Enabled && i.Total > 0 {
		fmt.Fprintf(&body, "To pay by bank transfer, use the account that the invoice names and give %s as the reference.\n", i.Number)
	}
	body.WriteString("\nThe invoice is attached as a PDF.\n")
	return Mail{
		To: to, Subject: oneLine(fmt.Sprintf("Invoice %s from %s: %s", i.Number, i.SellerName(), due)), Body: body.String(),
		Invoice: &MailedInvoice{ID: i.ID, Stage: MailSent, DueVersion: i.DueVersion, Number: i.Number},
	}, nil
}

// ParseEmail takes a bare address of at most 254 bytes and nothing around it: no
// name, no comment, no line end, so that it cannot become another header.
func ParseEmail(s string) (string, error) {
	s = norm.NFC.String(strings.TrimSpace(s))
	address, err := mail.ParseAddress(s)
	if err != nil || address.Name != "" || address.Address != s || len(s) > 254 || strings.ContainsFunc(s, Unseen) {
		return "", Invalid("email", "An e-mail address looks like ana@example.com.")
	}
	return s, nil
}

// Unseen reports a character that nobody sees in a name and that could end a
// line or hide what follows.
func Unseen(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp)
}

// withCode writes the currency's code behind an amount that does not have it.
func withCode(amount, currency string) string {
	if strings.Contains(amount, currency) {
		return amount
	}
	return amount + " " + currency
}

// oneLine makes a text fit for a header.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if Unseen(r) {
			return ' '
		}
		return r
	}, s)
}
