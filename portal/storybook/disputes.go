package storybook

import (
	"time"

	"remit"
	"remit/portal/page"
)

func madeDispute(change func(*page.Dispute)) page.Dispute {
	by := now.Add(6*24*time.Hour + 9*time.Hour)
	d := page.Dispute{
		Dispute: remit.Dispute{
			ID: id(61), InvoiceID: invoice, PaymentID: id(41), Account: "acct_made_up", StripeDispute: "dp_made_up", Charge: "ch_made_up", Currency: "USD", Amount: 120000,
			Reason: "product_not_received", State: remit.DisputeNeedsResponse, RespondBy: &by, Withdrawn: true, CreatedAt: now,
			InvoiceNumber: "INV-104", Organisation: "/dev-v51/Branch A", CustomerName: "Globex", MethodType: "card",
		},
		Zone: newYork, Stripe: "https://dashboard.stripe.com/acct_made_up/test/disputes/dp_made_up",
	}
	if change != nil {
		change(&d)
	}
	return d
}

func returned(d *page.Dispute) {
	d.State, d.Reason, d.MethodType, d.InvoiceNumber, d.CustomerName = remit.DisputeLost, "insufficient_funds", "us_bank_account", "INV-099", "Initech"
}

func (b book) disputes() chapter {
	made := func(tab string, rows ...page.Dispute) page.Disputes {
		return page.Disputes{Shell: b.staffShell("Disputes", "/disputes", "Disputes"), Tab: tab, Rows: rows}
	}
	open := made("open",
		madeDispute(nil),
		madeDispute(func(d *page.Dispute) {
			d.State, d.Reason, d.InvoiceNumber, d.Amount, d.Withdrawn = remit.DisputeWarningNeedsResponse, "unrecognized", "INV-101", 4250, false
		}),
		madeDispute(func(d *page.Dispute) {
			d.State, d.Reason, d.InvoiceNumber, d.Stripe = remit.DisputeUnderReview, "fraudulent", "INV-097", ""
		}))
	open.Next = "/disputes?after=abc"
	return chapter{
		"staff/U2 inbox/evidence is due": page.InboxPage(page.Inbox{
			Shell: b.staffShell("Inbox", "/inbox", "Inbox"), Tab: "todo", Place: "/dev-v51/Branch A", Evidence: open.Rows[:2],
		}),
		"staff/U16 disputes/open": page.DisputesPage(open),
		"staff/U16 disputes/closed": page.DisputesPage(made("closed",
			madeDispute(func(d *page.Dispute) { d.State = remit.DisputeWon }),
			madeDispute(func(d *page.Dispute) { d.State, d.Reason = remit.DisputeLost, "" }),
			madeDispute(returned),
			madeDispute(func(d *page.Dispute) { d.State = remit.DisputeWarningClosed }))),
		"staff/U16 disputes/none open":   page.DisputesPage(made("open")),
		"staff/U16 disputes/none closed": page.DisputesPage(made("closed")),
	}
}
