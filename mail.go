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
	BCC       []string // who gets a copy that the receiver does not see
	Subject   string
	Body      string
	CreatedAt time.Time
	Delivery  MailDelivery
	Emptied   bool // its body was let go of; that it was written stays
	// Unsubscribe is where its receiver says that he wants no more of the kind; ""
	// where that cannot be. It is known, like the link, when the mail is opened.
	Unsubscribe string
	Invoice     *MailedInvoice // nil: the mail is about something else
	// BankAccount is the account it is about; nil: it is about something else.
	BankAccount *MailedBankAccount
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
	to, err := i.mailTo()
	if err != nil {
		return Mail{}, err
	}
	left := i.Total - i.Applied // of the customer's credit
	owed := money.Of(left, money.Currency(i.Currency)).Format()
	due := owed + ", due " + i.DueDate.Words()
	sentence := fmt.Sprintf("%s is due on %s.", withCode(owed, i.Currency), i.DueDate.Words())
	if left == 0 {
		due, sentence = "nothing to pay", "There is nothing to pay."
	}
	if i.Applied > 0 {
		sentence = fmt.Sprintf("%s was paid from your credit. %s", withCode(money.Of(i.Applied, money.Currency(i.Currency)).Format(), i.Currency), sentence)
	}
	var body strings.Builder
	fmt.Fprintf(&body, "%s sends you invoice %s.\n\n%s\n", i.SellerName(), i.Number, sentence)
	if i.Settings.BankTransfer.Enabled && left > 0 {
		fmt.Fprintf(&body, "To pay by bank transfer, use the account that the invoice names and give %s as the reference.\n", i.Number)
	}
	body.WriteString("\nThe invoice is attached as a PDF.\n")
	i.writeContact(&body)
	return Mail{
		To: to, Subject: oneLine(fmt.Sprintf("Invoice %s from %s: %s", i.Number, i.SellerName(), due)), Body: body.String(),
		Invoice: &MailedInvoice{ID: i.ID, Stage: MailSent, DueVersion: i.DueVersion, Number: i.Number},
	}, nil
}

// RefundedStage is the occasion of one refund.
func RefundedStage(refund uuid.UUID) MailStage { return MailStage("refunded/" + refund.String()) }

// RefundMail tells the customer that money is on its way back. The error, of
// kind [KindInvalid], says in words why there is no address to send it to.
func RefundMail(i Invoice, r Refund) (Mail, error) {
	to, err := i.mailTo()
	if err != nil {
		return Mail{}, err
	}
	amount := money.Of(r.Total(), money.Currency(r.Currency)).Format()
	var body strings.Builder
	fmt.Fprintf(&body, "%s has refunded %s of what you paid on invoice %s.\n\nIt goes back to the card or account it was paid with, mostly within 5 to 10 working days.\n",
		i.SellerName(), withCode(amount, r.Currency), i.Number)
	switch r.Choice {
	case RefundReopens:
		fmt.Fprintf(&body, "\n%s is due again.\n", withCode(money.Of(i.Outstanding, money.Currency(i.Currency)).Format(), i.Currency))
	case RefundSettles, RefundWritesOff:
		if i.Outstanding > 0 {
			fmt.Fprintf(&body, "\n%s is still due.\n", withCode(money.Of(i.Outstanding, money.Currency(i.Currency)).Format(), i.Currency))
			break
		}
		body.WriteString("\nThere is nothing to pay.\n")
	case RefundExcess:
		body.WriteString("\nIt was more than the invoice asked for.\n")
	}
	i.writeContact(&body)
	return Mail{
		To: to, Subject: oneLine(fmt.Sprintf("%s refunded %s", i.SellerName(), amount)), Body: body.String(),
		Invoice: &MailedInvoice{ID: i.ID, Stage: RefundedStage(r.ID), DueVersion: i.DueVersion, Number: i.Number},
	}, nil
}

// writeContact says whom to ask, where somebody is named.
func (i Invoice) writeContact(body *strings.Builder) {
	if i.Settings.Contact != "" {
		fmt.Fprintf(body, "\nQuestions, or something in the way of paying? Ask %s: %s\n", i.SellerName(), i.Settings.Contact)
	}
}

// mailTo is where an invoice's customer is written to.
func (i Invoice) mailTo() (string, error) {
	if i.CustomerEmail == "" {
		return "", Invalid("email", "%s has no e-mail address.", i.CustomerName)
	}
	to, err := ParseEmail(i.CustomerEmail)
	if err != nil {
		return "", Invalid("email", "%s has an e-mail address that cannot be used.", i.CustomerName)
	}
	return to, nil
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
