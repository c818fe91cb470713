package storybook

import (
	"time"

	"remit"
	"remit/portal/page"
)

// publicPay is every row of the public page's matrix.
func (b book) publicPay() chapter {
	made := func(state remit.PublicState, change func(*page.Public)) page.Public {
		v := page.Public{
			Shell: b.outside("Invoice INV-104", "/pay/made-up"), State: state, Invoice: madeItem(nil).Invoice, Zone: newYork, At: at(-2 * time.Hour),
			Amount: "1,200.00", Key: "made-up-key", Action: "/pay/made-up/checkout", PDF: "/pay/made-up/pdf",
		}
		v.Width = "payer"
		if change != nil {
			change(&v)
		}
		return v
	}
	settled := func(v *page.Public) {
		v.Invoice.Status, v.Invoice.Applied, v.Invoice.Outstanding = remit.InvoicePaid, v.Invoice.Total, 0
		v.Receipts = []remit.Payment{{
			Amount: v.Invoice.Total, Currency: "USD", Source: "checkout", SettledAt: at(-2 * time.Hour),
			Attempts: []remit.Attempt{{State: remit.AttemptSucceeded, Method: &remit.MethodSummary{Type: "card", Brand: "visa", Last4: "4242"}}},
		}}
	}
	deposited := func(v *page.Public) {
		v.Invoice.Deposit, v.Invoice.Settings.PartialPayments = &remit.Deposit{Amount: 20000, DueDate: day(3, 20)}, false
	}
	keeps := func(v *page.Public) {
		v.AsksToKeep, v.BankDebits = true, true
		v.Invoice.Settings.AutoCharge.On = true
	}
	waits := func(v *page.Public) { v.Poll = "/pay/made-up?known=confirming" }
	wrong := made(remit.PublicSent, func(v *page.Public) {
		v.Amount = "1,300"
		v.Problems.Fields = []remit.FieldError{{Field: "amount", Message: "The most you can pay is $1,200.00."}}
	})
	return chapter{
		"public/U9 pay/card fee": page.PublicPage(made(remit.PublicSent, func(v *page.Public) {
			v.Invoice.Settings.Surcharge.Mode, v.BankDebits = remit.SurchargeAddOn, true
		})),
		"public/U9 pay/keeps": page.PublicPage(made(remit.PublicSent, keeps)),
		"public/U9 pay/keeps, other words": page.PublicPage(made(remit.PublicSent, func(v *page.Public) {
			keeps(v)
			v.Keep, v.BankDebits, v.Invoice.Settings.AutoCharge.Days = false, false, 3 // he said no on the page that is open
		})),
		"public/U9 pay/keeps, deposit": page.PublicPage(made(remit.PublicDeposit, func(v *page.Public) {
			deposited(v)
			keeps(v)
		})),
		"public/U9 pay/keeps, card fee": page.PublicPage(made(remit.PublicSent, func(v *page.Public) {
			keeps(v)
			v.Invoice.Settings.Surcharge.Mode = remit.SurchargeAddOn
		})),
		"public/U9 pay/bank accounts only": page.PublicPage(made(remit.PublicSent, func(v *page.Public) {
			v.Invoice.Settings.Methods, v.BankDebits = remit.AllowedMethods{BankAccounts: true}, true
		})),
		"public/U9 pay/paid with fee":  page.PublicPage(made(remit.PublicPaid, func(v *page.Public) { settled(v); v.Receipts[0].Surcharge = 3510 })),
		"public/U9 pay/bad link":       page.DeadLinkPage(b.outside("This link does not work", "/pay/made-up")),
		"public/U9 pay/void":           page.PublicPage(made(remit.PublicVoid, nil)),
		"public/U9 pay/replaced":       page.PublicPage(made(remit.PublicReplaced, nil)),
		"public/U9 pay/confirming":     page.PublicPage(made(remit.PublicConfirming, waits)),
		"public/U9 pay/confirming 60s": page.PublicPage(made(remit.PublicConfirming, func(v *page.Public) { waits(v); v.Closing = true })),
		"public/U9 pay/processing":     page.PublicPage(made(remit.PublicProcessing, nil)),
		"public/U9 pay/deposits":       page.PublicPage(made(remit.PublicDeposits, func(v *page.Public) { v.Deposits = "https://stripe.example/deposits" })),
		"public/U9 pay/late":           page.PublicPage(made(remit.PublicProcessing, func(v *page.Public) { v.Late = day(3, 10) })),
		"public/U9 pay/contested":      page.PublicPage(made(remit.PublicContested, nil)),
		"public/U9 pay/paid":           page.PublicPage(made(remit.PublicPaid, settled)),
		"public/U9 pay/refunded":       page.PublicPage(made(remit.PublicRefunded, func(v *page.Public) { settled(v); v.Receipts[0].AmountRefunded = v.Invoice.Total })),
		"public/U9 pay/part refunded":  page.PublicPage(made(remit.PublicPaid, func(v *page.Public) { settled(v); v.Receipts[0].AmountRefunded = 20000 })),
		"public/U9 pay/written off":    page.PublicPage(made(remit.PublicClosed, nil)),
		"public/U9 pay/carried": page.PublicPage(made(remit.PublicCarried, func(v *page.Public) {
			v.Invoice.Status, v.Invoice.Outstanding, v.Invoice.Total, v.Invoice.Lines, v.Invoice.Adjustments = remit.InvoiceCarried, 0, 30, nil, nil
			v.Invoice.CarriedTo = []remit.Carried{{ToNumber: "INV-119", Amount: 30}}
		})),
		"public/U9 pay/zero":          page.PublicPage(made(remit.PublicNothing, func(v *page.Public) { v.Invoice.Outstanding, v.Invoice.Total = 0, 0 })),
		"public/U9 pay/unavailable":   page.PublicPage(made(remit.PublicUnavailable, nil)),
		"public/U9 pay/below minimum": page.PublicPage(made(remit.PublicTooSmall, func(v *page.Public) { v.Invoice.Outstanding = 30 })),
		"public/U9 pay/returned":      page.PublicPage(made(remit.PublicReturned, nil)),
		"public/U9 pay/last failed":   page.PublicPage(made(remit.PublicFailed, nil)),
		"public/U9 pay/charge set": page.PublicPage(made(remit.PublicChargeSet, func(v *page.Public) {
			v.Invoice.NextCharge = &remit.NextCharge{On: day(4, 1), Amount: 120000, Method: "Visa 4242", Try: 1}
		})),
		"public/U9 pay/deposit set": page.PublicPage(made(remit.PublicChargeSet, func(v *page.Public) {
			deposited(v)
			v.Invoice.NextCharge = &remit.NextCharge{On: day(3, 20), Amount: 20000, Method: "Visa 4242", Try: 1}
		})),
		"public/U9 pay/reopened": page.PublicPage(made(remit.PublicReopened, nil)),
		"public/U9 pay/overdue":  page.PublicPage(made(remit.PublicOverdue, func(v *page.Public) { v.Invoice.Overdue = true })),
		"public/U9 pay/deposit":  page.PublicPage(made(remit.PublicDeposit, deposited)),
		"public/U9 pay/deposit, any part": page.PublicPage(made(remit.PublicDeposit, func(v *page.Public) {
			deposited(v)
			v.Invoice.Settings.PartialPayments = true
		})),
		"public/U9 pay/partly paid": page.PublicPage(made(remit.PublicPartlyPaid, func(v *page.Public) {
			v.Invoice.Applied, v.Invoice.Outstanding, v.Amount = 30000, 90000, "900.00"
		})),
		"public/U9 pay/sent":            page.PublicPage(made(remit.PublicSent, nil)),
		"public/U9 pay/no bank account": page.PublicPage(made(remit.PublicUnavailable, func(v *page.Public) { v.Invoice.Settings.BankTransfer = remit.BankTransfer{} })),
		"public/U9 pay/abandoned":       page.PublicPage(made(remit.PublicSent, func(v *page.Public) { v.Abandoned = true })),
		"public/U9 pay/wrong amount":    page.PublicPage(wrong),
	}
}
