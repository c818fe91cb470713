package remit

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// MailedBankAccount says which bank account a mail is about, and on what occasion.
// The links are known when the mail is opened or delivered: they are not stored.
type MailedBankAccount struct {
	ID     uuid.UUID
	Stage  MailStage
	Link   string // where the deposits are entered by whoever can sign in
	Stripe string // where they are entered without signing in; "" once they are not asked for
}

// BankAccountMail tells a customer how far the verification of his bank account
// has come. zone is where its days are told. The error, of kind [KindInvalid],
// says in words why there is no address to send it to.
func BankAccountMail(b BankAccount, notice DepositNotice, customer Customer, settings InvoiceSettings, zone *time.Location) (Mail, error) {
	about := Invoice{CustomerName: customer.Name, CustomerEmail: customer.Email, Settings: settings, Organisation: customer.Organisation}
	to, err := about.mailTo()
	if err != nil {
		return Mail{}, err
	}
	account := b.Called()
	subject, sentence := "Verify your "+account, ""
	day := func(at *time.Time) string {
		if at == nil {
			return "a day or two"
		}
		return DateOf(at.In(zone)).Words()
	}
	asked := "two amounts below a dollar"
	if b.Deposit == DepositCode {
		asked = "one deposit of a cent, with a code of six characters that begins with SM"
	}
	switch notice {
	case ToldSent:
		sentence = fmt.Sprintf("Stripe sends %s to your %s. They should be on its statement by %s. Enter what you read there by %s, and the account can pay your invoices.",
			asked, account, day(b.ArrivesAt), day(b.VerifyBy))
	case ToldArrived:
		sentence = fmt.Sprintf("The deposits to your %s should have arrived: %s. Enter what the statement says by %s.", account, asked, day(b.VerifyBy))
	case ToldReminder:
		sentence = fmt.Sprintf("Your %s cannot pay yet. Look for %s on its statement and enter what it says by %s.", account, asked, day(b.VerifyBy))
	case ToldLastDay:
		subject = "Last day to verify your " + account
		sentence = fmt.Sprintf("Only until %s can your %s be verified. Look for %s on its statement and enter what it says.", day(b.VerifyBy), account, asked)
	case ToldEnd:
		if b.State == BankAccountUsable {
			subject, sentence = "Your "+account+" is verified", fmt.Sprintf("Your %s is verified and can pay your invoices now.", account)
			break
		}
		subject, sentence = "Your "+account+" was not verified", fmt.Sprintf("Your %s cannot be used. %s", account, b.Reason)
	case ToldNothing:
	}
	var body strings.Builder
	fmt.Fprintf(&body, "%s\n", sentence)
	about.writeContact(&body)
	return Mail{
		To: to, Subject: oneLine(subject + " - " + about.SellerName()), Body: body.String(),
		BankAccount: &MailedBankAccount{ID: b.ID, Stage: notice.Stage()},
	}, nil
}

// Called is what people call a bank account by.
func (b BankAccount) Called() string {
	switch {
	case b.Last4 == "":
		return "bank account"
	case b.BankName == "":
		return "bank account ending in " + b.Last4
	}
	return b.BankName + " account ending in " + b.Last4
}
