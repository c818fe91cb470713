package remit

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"remit/money"
)

// returnedSeller begins the stages of what the business is told of returns, whatever its
// settings of notices have: it is none of their occasions.
const returnedSeller = "returned_seller"

// ReturnedStage is the occasion of one bank debit that came back.
func ReturnedStage(dispute uuid.UUID) MailStage { return MailStage("returned/" + dispute.String()) }

// ReturnedMail tells the customer that his bank took a payment back. paid is the
// day it was made. The error, of kind [KindInvalid], says in words why there is no
// address to send it to.
func ReturnedMail(i Invoice, d Dispute, paid Date) (Mail, error) {
	to, err := i.mailTo()
	if err != nil {
		return Mail{}, err
	}
	var body strings.Builder
	fmt.Fprintf(&body, "Your bank returned the payment of %s, %s, for invoice %s of %s.\n\n%s\n",
		paid.Words(), withCode(money.Of(d.Amount, money.Currency(d.Currency)).Format(), d.Currency), i.Number, i.SellerName(), i.dueAgain())
	body.WriteString("\nThe account is not debited again. To use it once more, add it again; it has to be authorised anew.\n")
	i.writeContact(&body)
	return i.returnedMail(to, ReturnedStage(d.ID), paid, body.String()), nil
}

// SellerReturnedMail tells the business so; [BusinessTo.Mails] addresses it. why is the
// bank's reason in words.
func SellerReturnedMail(i Invoice, d Dispute, paid Date, why string) Mail {
	body := fmt.Sprintf("The bank of %s returned the payment of %s, %s, for invoice %s: %s.\n\n%s It is on hold and not charged by itself. This is final and cannot be contested.\n",
		i.CustomerName, paid.Words(), withCode(money.Of(d.Amount, money.Currency(d.Currency)).Format(), d.Currency), i.Number, why, i.dueAgain())
	return i.returnedMail("", MailStage(returnedSeller+"/"+d.ID.String()), paid, body)
}

func (i Invoice) returnedMail(to string, stage MailStage, paid Date, body string) Mail {
	return Mail{
		To: to, Subject: oneLine(fmt.Sprintf("The bank returned the payment of %s for invoice %s", paid.Words(), i.Number)), Body: body,
		Invoice: &MailedInvoice{ID: i.ID, Stage: stage, DueVersion: i.DueVersion, Number: i.Number},
	}
}

func (i Invoice) dueAgain() string {
	if i.Outstanding == 0 {
		return "There is nothing to pay."
	}
	return withCode(i.outstanding().Format(), i.Currency) + " is due again."
}
