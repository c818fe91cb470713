package storybook

import (
	"time"

	"remit"
	"remit/portal/page"
)

// client is what a customer's own user sees.
func (b book) client() chapter {
	shell := func(title string) page.Shell {
		s := b.payerShell(title, "/portal")
		s.Person, s.Width = "Nina Torres", "payer"
		s.Nav = []page.Link{{Label: "Invoices", Href: "/portal", Current: true}, {Label: "Payment settings", Href: "/customers/made-up"}}
		return s
	}
	owes := madeItem(nil).Invoice
	late := owes
	late.Number, late.Overdue, late.Outstanding = "INV-098", true, 8450
	settled := owes
	settled.Number, settled.Status, settled.Applied, settled.Outstanding = "INV-091", remit.InvoicePaid, settled.Total, 0
	pay := func(change func(*page.ClientPay)) page.ClientPay {
		v := page.ClientPay{
			Shell: shell("Pay"), Invoices: []remit.Invoice{late, owes}, Wallet: page.Wallet{Methods: []remit.PaymentMethod{visa}}, Method: visa.ID.String(),
			Key: "made-up-key", Back: page.Link{Label: "Back to your invoices", Href: "/portal"}, Action: "/portal/pay", InvoicesAt: "/portal/invoices/",
		}
		change(&v)
		return v
	}
	one := page.ClientInvoice{
		Public:   page.Public{Shell: shell("Invoice INV-104"), State: remit.PublicSent, Invoice: owes, Zone: newYork, PDF: "/invoices/made-up/pdf"},
		Customer: "/customers/made-up", Wallet: wallet,
	}
	tried := one
	tried.State = remit.PublicFailed
	tried.At = at(-26 * time.Hour)
	tried.Methods = nil
	tried.Payments = []remit.Payment{{Attempts: []remit.Attempt{
		*attempt(remit.AttemptFailed, func(a *remit.Attempt) {
			a.Decline = &remit.DeclineRecord{Class: "refused", Message: "Nothing was charged. Your bank did not approve this. Call it or use another method."}
		}), *attempt(remit.AttemptSucceeded, func(a *remit.Attempt) { a.Amount = 30000 }),
	}}}
	underWay := one
	underWay.State, underWay.At, underWay.Invoice.Status = remit.PublicProcessing, at(-2*time.Hour), remit.InvoiceProcessing
	underWay.Payments = []remit.Payment{{Attempts: []remit.Attempt{*attempt(remit.AttemptProcessing, debited)}}}
	cameBack := one
	cameBack.State, cameBack.At = remit.PublicReturned, at(-26*time.Hour)
	cameBack.Payments = []remit.Payment{{Returned: true, Attempts: []remit.Attempt{*attempt(remit.AttemptSucceeded, debited)}}}
	mixed := page.Client{Shell: shell("Invoices"), Open: []remit.Invoice{late, owes}}
	mixed.Width = ""
	mixed.Open[1].Settings.BankTransfer = remit.BankTransfer{}
	list := page.Client{Shell: shell("Invoices"), Open: []remit.Invoice{late, owes}, Rest: []remit.Invoice{settled}}
	list.Width = ""
	charged, set := list, one
	charged.Open = []remit.Invoice{late, owes}
	for n := range charged.Open {
		charged.Open[n].NextCharge = &remit.NextCharge{At: now.Add(time.Duration(n+1) * 240 * time.Hour), On: day(3, 24+n), Amount: charged.Open[n].Outstanding, Method: "Visa 4242", Try: 1}
	}
	set.State, set.Invoice = remit.PublicChargeSet, charged.Open[1]
	none := page.Client{Shell: shell("Invoices")}
	none.Width = ""
	return chapter{
		"payer/U5 customer/invoices":          page.ClientPage(list),
		"payer/U5 customer/charged by itself": page.ClientPage(charged),
		"payer/U5 customer/one charge set":    page.ClientInvoicePage(set),
		"payer/U5 customer/nothing to pay":    page.ClientPage(none),
		"payer/U5 customer/one invoice":       page.ClientInvoicePage(one),
		"payer/U5 customer/one tried":         page.ClientInvoicePage(tried),
		"payer/U5 customer/one under way":     page.ClientInvoicePage(underWay),
		"payer/U5 customer/one returned":      page.ClientInvoicePage(cameBack),
		"payer/U5 customer/no one account":    page.ClientPage(mixed),
		"payer/U5 customer/pay two":           page.ClientPayPage(pay(func(*page.ClientPay) {})),
		"payer/U5 customer/pay one": page.ClientPayPage(pay(func(v *page.ClientPay) {
			v.Invoices, v.Methods, v.Method = v.Invoices[:1], nil, "once"
		})),
		"payer/U5 customer/pay a deposit": page.ClientPayPage(pay(func(v *page.ClientPay) {
			v.Invoices = v.Invoices[1:]
			v.Invoices[0].Deposit = &remit.Deposit{Amount: 20000, DueDate: day(3, 20)}
		})),
		"payer/U5 customer/nothing ticked": page.ClientPayPage(pay(func(v *page.ClientPay) { v.Invoices, v.Blocked = nil, "Tick what you want to pay." })),
		"payer/U5 customer/result": page.ClientResultPage(page.ClientResult{Shell: shell("Payment"), Back: page.Link{Label: "Back to your invoices", Href: "/portal"}, InvoicesAt: "/portal/invoices/", Outcomes: []page.ClientOutcome{
			{Invoice: settled, Attempt: attempt(remit.AttemptSucceeded, nil)},
			{Invoice: owes, Attempt: attempt(remit.AttemptFailed, func(a *remit.Attempt) {
				a.Decline = &remit.DeclineRecord{Class: "refused", Message: "Nothing was charged. Your bank did not approve this. Call it or use another method."}
			})},
			{Invoice: late},
		}}),
	}
}
