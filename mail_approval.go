package remit

import (
	"fmt"
	"strings"

	"remit/money"
)

// ApprovalMail asks somebody to approve a payment; where to is set by who knows.
func ApprovalMail(i Invoice, a Approval, publicURL string) Mail {
	sum := money.Of(a.Sum(), money.Currency(i.Currency)).String()
	var body strings.Builder
	fmt.Fprintf(&body, "%s asks to pay %s on invoice %s of %s, with %s. It needs a second person.\n", a.AskedBy.Name, withCode(sum, i.Currency), i.Number, i.CustomerName, a.MethodWords)
	if a.AtMost && a.Surcharge > 0 {
		body.WriteString("The card's fee is not known yet; with it, it is at most this.\n")
	}
	fmt.Fprintf(&body, "\nApprove or decline it here:\n\n%s/approvals/%s\n", publicURL, a.ID)
	return Mail{Subject: oneLine(fmt.Sprintf("%s to approve on %s", sum, i.Number)), Body: body.String()}
}

// ApprovalAnswerMail tells whoever asked what became of it.
func ApprovalAnswerMail(i Invoice, a Approval, publicURL string) Mail {
	sum := money.Of(a.Sum(), money.Currency(i.Currency)).String()
	var text string
	subject := fmt.Sprintf("Approved: %s on %s", sum, i.Number)
	if a.State == ApprovalDeclined {
		subject = fmt.Sprintf("Declined: %s on %s", sum, i.Number)
		text = fmt.Sprintf("%s declined your payment of %s on invoice %s: %s\n", a.AnsweredBy.Name, withCode(sum, i.Currency), i.Number, a.Reason)
	} else {
		text = fmt.Sprintf("%s approved your payment of %s on invoice %s, with %s.\nMake exactly this payment by %s; after that it needs an approval again.\n\n%s/inbox\n",
			a.AnsweredBy.Name, withCode(sum, i.Currency), i.Number, a.MethodWords, DateOf(*a.ExpiresAt).Words(), publicURL)
	}
	return Mail{Subject: oneLine(subject), Body: text}
}
