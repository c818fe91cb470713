package storybook

import (
	"remit"
	"remit/portal/page"
)

// refunds are the page that money is paid back on, and what an invoice shows of
// it.
func (b book) refunds() chapter {
	form := func(change func(*page.Refund)) page.Refund {
		v := page.Refund{
			Shell: b.staffShell("Refund", "/payments/"+id(41).String()+"/refund", "Invoices"), Invoice: madeInvoice(nil), Key: "made-up",
			Payment:    remit.Payment{ID: id(41), Source: "stripe", Currency: "USD", PaymentIntent: "pi_made_up", AmountCaptured: 120000, State: remit.AttemptSucceeded, CreatedAt: now},
			Refundable: remit.Refundable{Applied: 120000}, Amount: "1200.00", Then: string(remit.RefundSettles),
		}
		if change != nil {
			change(&v)
		}
		return v
	}
	made := func(state remit.RefundState, choice remit.RefundChoice, change func(*remit.Refund)) remit.Refund {
		r := remit.Refund{
			ID: id(47), Currency: "USD", Amount: 20000, Reason: "Two boxes came broken", Choice: choice, State: state,
			Actor: remit.Actor{Kind: "user", Name: "Lee Park"}, CreatedAt: now,
		}
		if change != nil {
			change(&r)
		}
		return r
	}
	invoice := page.Invoice{
		Shell: b.staffShell("INV-104", "/invoices/"+invoice.String(), "Invoices"), Invoice: madeInvoice(nil), Zone: newYork, MayRefund: true,
		Payments: []remit.Payment{{
			ID: id(41), Source: "stripe", Currency: "USD", PaymentIntent: "pi_made_up", Charge: "ch_made_up", Amount: 120000, AmountCaptured: 120000, AmountRefunded: 60000,
			State: remit.AttemptSucceeded, CreatedAt: now, Attempts: []remit.Attempt{*attempt(remit.AttemptSucceeded, nil)},
		}},
		Refunds: []remit.Refund{
			made(remit.RefundSucceeded, remit.RefundReopens, nil),
			made(remit.RefundPending, remit.RefundSettles, nil),
			made(remit.RefundRequiresAction, remit.RefundWritesOff, nil),
			made(remit.RefundFailed, remit.RefundSettles, func(r *remit.Refund) { r.Failure = "the card has expired or was cancelled." }),
			made(remit.RefundSent, remit.RefundExcess, func(r *remit.Refund) { r.Reason, r.Actor = "", remit.Stripe }),
		},
		Timeline: madeTimeline(),
	}
	return chapter{
		"staff/U15 refund/start": page.RefundPage(form(nil)),
		"staff/U15 refund/wrong": page.RefundPage(form(func(v *page.Refund) {
			v.Amount = "1300"
			v.Problems.Fields = []remit.FieldError{{Field: "amount", Message: "At most $1,200.00."}, {Field: "reason", Message: "Say why, in at most 500 characters."}}
		})),
		"staff/U15 refund/with a surcharge": page.RefundPage(form(func(v *page.Refund) { v.Refundable.Surcharge, v.ReturnSurcharge = 3480, true })),
		"staff/U15 refund/disputed":         page.RefundPage(form(func(v *page.Refund) { v.Refundable.Disputed = true })),
		"staff/U15 refund/nothing left":     page.RefundPage(form(func(v *page.Refund) { v.Refundable.Applied = 0 })),
		"staff/U14 invoice/refunds":         page.InvoicePage(invoice),
	}
}
