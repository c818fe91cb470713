package storybook

import (
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
			Shell: shell("Pay"), Invoices: []remit.Invoice{late, owes}, Methods: []remit.PaymentMethod{visa}, Method: visa.ID.String(),
			Key: "made-up-key", Back: page.Link{Label: "Back to your invoices", Href: "/portal"},
		}
		change(&v)
		return v
	}
	public := page.Public{Shell: shell("Invoice INV-104"), State: remit.PublicSent, Invoice: owes, Zone: newYork}
	list := page.Client{Shell: shell("Invoices"), Open: []remit.Invoice{late, owes}, Rest: []remit.Invoice{settled}}
	list.Width = ""
	none := page.Client{Shell: shell("Invoices")}
	none.Width = ""
	return chapter{
		"payer/U5 customer/invoices":       page.ClientPage(list),
		"payer/U5 customer/nothing to pay": page.ClientPage(none),
		"payer/U5 customer/one invoice":    page.ClientInvoicePage(public),
		"payer/U5 customer/pay two":        page.ClientPayPage(pay(func(*page.ClientPay) {})),
		"payer/U5 customer/pay one": page.ClientPayPage(pay(func(v *page.ClientPay) {
			v.Invoices, v.Methods, v.Method = v.Invoices[:1], nil, "once"
		})),
		"payer/U5 customer/nothing ticked": page.ClientPayPage(pay(func(v *page.ClientPay) { v.Invoices, v.Blocked = nil, "Tick what you want to pay." })),
		"payer/U5 customer/result": page.ClientResultPage(page.ClientResult{Shell: shell("Payment"), Outcomes: []page.ClientOutcome{
			{Invoice: settled, Attempt: attempt(remit.AttemptSucceeded, nil)},
			{Invoice: owes, Attempt: attempt(remit.AttemptFailed, func(a *remit.Attempt) {
				a.Decline = &remit.DeclineRecord{Class: "refused", Message: "Nothing was charged. Your bank did not approve this. Call it or use another method."}
			})},
			{Invoice: late},
		}}),
	}
}
