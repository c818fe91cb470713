package storybook

import (
	"time"

	"remit"
	"remit/portal/page"
)

// notices are the settings of mails about invoices, and the page that ends them.
func (b book) notices() chapter {
	settings := page.Notices{
		Shell: b.settingsShell("Notices", "/settings/notices"), Place: "/dev-v51/Branch A", Places: []string{"/dev-v51", "/dev-v51/Branch A"}, Delivered: true,
		Before: "3", After: "3, 10, 20", Every: "14", Zone: newYork,
		Business: remit.BusinessTo{People: []remit.Told{{Name: "Ana Ruiz"}, {Name: "Ben Okafor"}}},
	}
	busy, wrong := settings, settings
	busy.Delivered, busy.Reminders, busy.Off, busy.SetAt = false, true, []remit.Occasion{remit.OccasionPaid}, "/dev-v51"
	busy.Thresholds, busy.BCC = "EUR 9.00, USD 10.00", "books@harbour.example"
	busy.Business = remit.BusinessTo{Address: "books@harbour.example", Copies: true}
	contact, many, nobody, off := settings, settings, settings, settings
	contact.Business = remit.BusinessTo{Address: "billing@harbour.example"}
	many.Business.People = nil
	for range remit.MaxTold {
		many.Business.People = append(many.Business.People, remit.Told{Name: "Maximiliana Featherstonehaugh-Villanueva"})
	}
	many.Business.More = 7
	nobody.Business = remit.BusinessTo{}
	off.Off = []remit.Occasion{remit.OccasionFailedSeller, remit.OccasionEndedSeller}
	mail := func(state remit.MailState, why string) remit.Mail {
		return remit.Mail{
			ID: id(60), To: "ap@riverside.example", Subject: "Invoice INV-104 from Harbour Plumbing Inc: $1,200.00, due 1 Apr 2026", CreatedAt: now.Add(-time.Hour),
			Invoice: &remit.MailedInvoice{ID: invoice, Number: "INV-104"}, Delivery: remit.MailDelivery{State: state, LastError: why},
		}
	}
	busy.Mails = []remit.Mail{
		mail(remit.MailBounced, "550 no such user"), mail(remit.MailUnknown, "The process that sent it died before the mail server answered."), mail(remit.MailHeld, "Money is on its way."),
	}
	wrong.After = "10, 3"
	wrong.Problems.Fields = []remit.FieldError{{Field: "after_due_days", Message: "Each stage is a number of days from 1 to 365 after the due date, and later than the one before it."}}
	text := page.NoticeText{
		Shell: b.settingsShell("Reminder", "/settings/notices/reminder"), Place: "/dev-v51/Branch A", Occasion: remit.OccasionReminder,
		Subject: remit.DefaultNoticeText(remit.OccasionReminder).Subject, Text: remit.DefaultNoticeText(remit.OccasionReminder).Text,
		Invoices: []page.Option{{Value: invoice.String(), Label: "INV-104, Riverside Apartments"}},
	}
	read, unknown := text, text
	read.SetAt = "/dev-v51/Branch A"
	read.Preview = &page.NoticePreview{
		To: "ap@riverside.example", Subject: "Invoice INV-104 from Harbour Plumbing Inc: $1,200.00 USD, due 1 Apr 2026",
		Text: "$1,200.00 USD for invoice INV-104 of Harbour Plumbing Inc was due on 1 Apr 2026. Please pay it.\n\nIf you have paid in the last days, there is nothing to do.\n",
	}
	unknown.Text = "Dear {{firstname}}"
	unknown.Problems.Fields = []remit.FieldError{{Field: "text", Message: "This cannot be filled in: there is no {{firstname}}."}}
	stop := page.Unsubscribe{Shell: b.outside("Reminders", "/unsubscribe/made-up"), Seller: "Harbour Plumbing Inc", Reminders: true, Action: "/unsubscribe/made-up"}
	stopped := stop
	stopped.Reminders = false
	return chapter{
		"staff/U26 notices/default":      page.NoticesPage(settings),
		"staff/U26 notices/undelivered":  page.NoticesPage(busy),
		"staff/U26 notices/contact":      page.NoticesPage(contact),
		"staff/U26 notices/many":         page.NoticesPage(many),
		"staff/U26 notices/nobody":       page.NoticesPage(nobody),
		"staff/U26 notices/off":          page.NoticesPage(off),
		"staff/U26 notices/wrong":        page.NoticesPage(wrong),
		"staff/U26 text/default":         page.NoticeTextPage(text),
		"staff/U26 text/preview":         page.NoticeTextPage(read),
		"staff/U26 text/wrong":           page.NoticeTextPage(unknown),
		"public/U26 unsubscribe/ask":     page.UnsubscribePage(stop),
		"public/U26 unsubscribe/stopped": page.UnsubscribePage(stopped),
	}
}
