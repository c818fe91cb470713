package remit_test

import (
	"testing"
	"time"

	"remit"
)

// M13, N6: what changed between the writing of a notice and its leaving is looked at
// again: no reminder of what is promised, charged, due on another day or to who wants
// none, and no word of a charge that will not be made.
func TestNoticesThatNoLongerHold(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 3, 9, 0, 0, 0, time.UTC)
	charge := &remit.NextCharge{On: day(2026, 4, 9), Method: "Visa 4242"}
	for name, c := range map[string]struct {
		stage    remit.MailStage
		change   func(i *remit.Invoice)
		unwanted bool
		held     bool
	}{
		"reminder":              {stage: "reminder/1", change: func(*remit.Invoice) {}},
		"promised":              {stage: "reminder/1", change: func(i *remit.Invoice) { i.Promise = &remit.Promise{Until: day(2026, 4, 9)} }, held: true},
		"promise broken":        {stage: "reminder/1", change: func(i *remit.Invoice) { i.Promise = &remit.Promise{BrokenAt: &now} }},
		"to be charged":         {stage: "reminder/1", change: func(i *remit.Invoice) { i.NextCharge = charge }, held: true},
		"amended":               {stage: "reminder/1", change: func(i *remit.Invoice) { i.DueVersion++ }, held: true},
		"contested":             {stage: "reminder/1", change: func(i *remit.Invoice) { i.Status = remit.InvoiceContested }, held: true},
		"unsubscribed":          {stage: "reminder/1", change: func(*remit.Invoice) {}, unwanted: true, held: true},
		"receipt all the same":  {stage: "paid/1", change: func(i *remit.Invoice) { i.DueVersion++ }, unwanted: true},
		"announced":             {stage: "announced/2026-04-09", change: func(i *remit.Invoice) { i.NextCharge = charge }, unwanted: true},
		"announced, called off": {stage: "announced/2026-04-09", change: func(*remit.Invoice) {}, held: true},
		"announced, method gone": {stage: "announced/2026-04-09", held: true,
			change: func(i *remit.Invoice) { i.NextCharge = &remit.NextCharge{On: day(2026, 4, 9)} }},
		"announced, put off": {stage: "announced/2026-04-08", change: func(i *remit.Invoice) { i.NextCharge = charge }, held: true},
		"expires":            {stage: "expires7", change: func(i *remit.Invoice) { i.NextCharge = charge }},
	} {
		invoice := remit.Invoice{Status: remit.InvoiceOpen, Outstanding: 1, DueVersion: 1}
		c.change(&invoice)
		mail := remit.Mail{Invoice: &remit.MailedInvoice{Stage: c.stage, DueVersion: 1}, Delivery: remit.MailDelivery{QueuedAt: now}}
		if why := mail.MayGo(invoice, c.unwanted, now); (why != "") != c.held {
			t.Errorf("%s: held back for %q", name, why)
		}
	}
}
