package storybook

import (
	"remit"
	"remit/portal/page"
)

// looking is what asks somebody to look in Stripe for a payment whose outcome
// stays unknown.
func (b book) looking() chapter {
	unknown := remit.UnknownPayment{
		AttemptID: id(51), PaymentID: id(41), InvoiceID: invoice, InvoiceNumber: "INV-104", Organisation: "/dev-v51/Branch A", CustomerName: "Globex", Attempt: 2,
		Kind: remit.AttemptCharge, State: remit.AttemptConfirming, Amount: 120000, Currency: "USD", Account: "acct_made_up", PaymentIntent: "pi_made_up",
		Since: now.AddDate(0, 0, -3), AskedAt: now,
	}
	form := func(change func(*page.Looking)) page.Looking {
		v := page.Looking{
			Shell: b.staffShell("Look in Stripe", "/payments/"+id(41).String()+"/look", "Inbox"), Payment: unknown, Zone: newYork, Key: "made-up",
			Stripe: "https://dashboard.stripe.com/acct_made_up/test/payments/pi_made_up",
		}
		if change != nil {
			change(&v)
		}
		return v
	}
	back := remit.UnknownBack{
		ID: id(61), PaymentID: id(41), InvoiceID: invoice, InvoiceNumber: "INV-104", Organisation: "/dev-v51/Branch A", CustomerName: "Globex", Amount: 120000, Currency: "USD",
		Account: "acct_made_up", StripeID: "re_made_up", PaymentIntent: "pi_made_up", Since: now.AddDate(0, 0, -3),
	}
	disputed := back
	disputed.Dispute, disputed.ID, disputed.StripeID = true, id(62), "dp_made_up"
	lookBack := func(u remit.UnknownBack, change func(*page.LookingBack)) page.LookingBack {
		v := page.LookingBack{Shell: b.staffShell("Look in Stripe", "/payments/"+id(41).String()+"/back/"+u.ID.String(), "Inbox"), Back: u, Zone: newYork, Key: "made-up"}
		if change != nil {
			change(&v)
		}
		return v
	}
	attempt := *attempt(remit.AttemptConfirming, nil)
	attempt.LookSince = &now
	return chapter{
		"staff/M3 look in Stripe/start": page.LookingPage(form(nil)),
		"staff/M3 look in Stripe/wrong": page.LookingPage(form(func(v *page.Looking) {
			v.Saw, v.Charge = "charged", "4242"
			v.Problems.Fields = []remit.FieldError{
				{Field: "charge", Message: "This is no id of a charge: they begin with ch_ or py_."}, {Field: "reason", Message: "Say what you saw, in at most 500 characters."},
			}
		})),
		"staff/M3 look in Stripe/a checkout without a payment": page.LookingPage(form(func(v *page.Looking) {
			v.Payment.PaymentIntent, v.Payment.StripeSession, v.Payment.Kind, v.Stripe = "", "cs_test_made_up", remit.AttemptCheckout, ""
		})),
		"staff/M3 look in Stripe/a refund":  page.LookingBackPage(lookBack(back, nil)),
		"staff/M3 look in Stripe/a dispute": page.LookingBackPage(lookBack(disputed, nil)),
		"staff/M3 look in Stripe/a refund answered wrong": page.LookingBackPage(lookBack(back, func(v *page.LookingBack) {
			v.Problems.Fields = []remit.FieldError{{Field: "reason", Message: "Say what you saw, in at most 500 characters."}}
		})),
		"staff/U2 inbox/look in Stripe": page.InboxPage(page.Inbox{
			Shell: b.staffShell("Inbox", "/inbox", "Inbox"), Tab: "todo", Place: "/dev-v51/Branch A", Unknown: []page.UnknownRow{{Payment: unknown, Zone: newYork}},
			Back: []page.UnknownBackRow{{Back: back, Zone: newYork}, {Back: disputed, Zone: newYork}},
		}),
		"staff/U14 invoice/look in Stripe": page.InvoicePage(page.Invoice{
			Shell: b.staffShell("INV-104", "/invoices/"+invoice.String(), "Invoices"), Invoice: madeInvoice(nil), Zone: newYork, MayRefund: true,
			Payments: []remit.Payment{{
				ID: id(41), Source: "stripe", Currency: "USD", PaymentIntent: "pi_made_up", Amount: 120000, State: remit.AttemptConfirming, CreatedAt: now,
				Attempts: []remit.Attempt{attempt},
			}},
			Back:     []remit.UnknownBack{back},
			Timeline: madeTimeline(),
		}),
	}
}
