package remit

import (
	"fmt"
	"maps"
	"time"

	"remit/money"
)

// Notice is something to be told about an invoice.
type Notice struct {
	Stage  MailStage
	Amount int64 // what it is about, in minor units; 0: what is left of the invoice
	Day    Date  // that it is about
	// Surcharge is the part of Amount that is a card's fee passed on.
	Surcharge int64
	Method    string // in words
	Reason    string // a sentence fit for whoever reads it
	Next      string // a sentence; "": what NoticeMail says by itself
}

// NoticeMail is the notice as it is sent. One to the business is addressed by
// [BusinessTo.Mails]. now is when it is written, on the organisation's clock. The
// error, of kind [KindInvalid], says in words why there is nobody to send it to.
func NoticeMail(i Invoice, n Notice, text NoticeText, settings NoticeSettings, now Date) (Mail, error) {
	mail := Mail{Invoice: &MailedInvoice{ID: i.ID, Stage: n.Stage, DueVersion: i.DueVersion, Number: i.Number}}
	var err error
	if !n.Stage.Occasion().ToSeller() {
		if mail.To, err = i.mailTo(); err != nil {
			return Mail{}, err
		}
		mail.BCC = settings.BCC
	}
	if mail.Subject, mail.Body, err = text.Fill(i.noticeValues(n, now)); err != nil {
		return Mail{}, err
	}
	return mail, nil
}

func (i Invoice) noticeValues(n Notice, now Date) map[string]string {
	inWords := func(minor int64) string {
		return withCode(money.Of(minor, money.Currency(i.Currency)).Format(), i.Currency)
	}
	values := map[string]string{
		"number": i.Number, "seller": i.SellerName(), "customer": i.CustomerName, "left": inWords(i.Outstanding), "amount": inWords(i.Outstanding),
		"due": i.DueDate.Words(), "day": n.Day.Words(), "method": n.Method, "reason": n.Reason, "next": n.Next,
	}
	if n.Amount > 0 {
		values["amount"] = inWords(n.Amount)
	}
	if n.Surcharge > 0 {
		values["fee"] = fmt.Sprintf("It is made up of %s for the invoice and a card fee of %s: %s in all.", inWords(n.Amount-n.Surcharge), inWords(n.Surcharge), inWords(n.Amount))
	}
	if i.Settings.BankTransfer.Enabled && i.Outstanding > 0 {
		values["bank_transfer"] = fmt.Sprintf("To pay by bank transfer, use the account that the invoice names and give %s as the reference.", i.Number)
	}
	if i.Settings.Contact != "" {
		values["contact"] = fmt.Sprintf("Questions, or something in the way of paying? Ask %s: %s", i.SellerName(), i.Settings.Contact)
	}
	maps.DeleteFunc(values, func(_, v string) bool { return v == "" })
	if n.Next != "" {
		return values
	}
	switch n.Stage.Occasion() { //nolint:exhaustive // the others say nothing of it, or were told
	case OccasionPaid:
		values["next"] = "Nothing is left to pay."
		if i.Outstanding > 0 {
			values["next"] = inWords(i.Outstanding) + " is left to pay, due on " + i.DueDate.Words() + "."
		}
	case OccasionReminder:
		values["next"] = fmt.Sprintf("%s for invoice %s of %s was due on %s. Please pay it.", inWords(i.Outstanding), i.Number, i.SellerName(), i.DueDate.Words())
		if !i.DueDate.Before(now) {
			values["next"] = fmt.Sprintf("%s for invoice %s of %s is due on %s.", inWords(i.Outstanding), i.Number, i.SellerName(), i.DueDate.Words())
		}
	}
	return values
}

// MadeUpNotice is an example of an occasion, for those who write its text.
func MadeUpNotice(o Occasion, i Invoice, now time.Time, zone *time.Location) Notice {
	n := Notice{Stage: AttemptStage(o, 1), Day: DateOf(now.In(zone)).AddDays(3), Method: "Visa ending in 4242"}
	switch o {
	case OccasionFailed, OccasionFailedSeller:
		n.Reason, n.Next = "There was not enough money.", "It is tried again on "+n.Day.Words()+"."
	case OccasionEnded, OccasionEndedSeller:
		n.Reason = "There was not enough money."
	case OccasionLocked:
		n.Method, n.Reason = "Chase account ending in 6789", "Its owner has to authorise debits anew."
	case OccasionAsks:
		n.Reason = "It is more than 3 days late."
	case OccasionPaid:
		n.Day, n.Amount = DateOf(now.In(zone)), i.Total
	case OccasionAnnounced, OccasionExpires, OccasionReminder, OccasionPromise:
	}
	return n
}
