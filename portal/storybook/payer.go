package storybook

import (
	"time"

	"github.com/a-h/templ"

	"remit"
	"remit/portal/page"
)

func (b book) inbox() chapter {
	made := func(change func(*page.Inbox)) page.Inbox {
		v := page.Inbox{Shell: b.payerShell("Inbox", "/inbox"), Tab: "todo", Place: "/dev-v51/Branch A"}
		v.Width = ""
		v.Items = []page.InboxItem{
			{Item: madeItem(func(w *remit.WorkItem) {
				w.State = remit.WorkItemOpen
				w.Invoice.Overdue, w.Invoice.DueDate, w.Invoice.Number = true, day(3, 10), "INV-098"
			}), MayPay: true, Zone: newYork},
			{Item: madeItem(nil), MayPay: true, Mine: true, Zone: newYork},
			{Item: madeItem(func(w *remit.WorkItem) {
				w.ClaimedByName = "Lee Park"
				w.Invoice.Number, w.Invoice.Outstanding, w.Invoice.CustomerName = "INV-107", 8450, "Elm Street Lofts"
			}), MayPay: true, Zone: newYork},
			{Item: madeItem(func(w *remit.WorkItem) {
				w.State = remit.WorkItemOpen
				w.Invoice.Number, w.Invoice.Outstanding, w.Invoice.Currency, w.Invoice.CustomerName = "T-2026-11", 98000, "JPY", "Sakura House"
				w.Assignee.Path = path("/dev-v51/Branch B")
			}), Needs: "stripe=pay", Zone: newYork},
		}
		change(&v)
		return v
	}
	return chapter{
		"payer/U2 inbox/to do": page.InboxPage(made(func(v *page.Inbox) { v.Next = "/inbox?after=abc" })),
		"payer/U2 inbox/why it is here": page.InboxPage(made(func(v *page.Inbox) {
			because := func(n int, number string, change func(*remit.WorkItem)) {
				v.Items[n].Item = madeItem(func(w *remit.WorkItem) { w.State, w.Invoice.Number = remit.WorkItemOpen, number; change(w) })
			}
			because(0, "INV-201", func(w *remit.WorkItem) {
				w.Invoice.Collection.State, w.Tries, w.Invoice.Overdue = remit.CollectionEnded, 4, true
			})
			because(1, "INV-202", func(w *remit.WorkItem) {
				w.Invoice.Hold = &remit.Hold{Reason: "The customer disputes the boiler service and has asked for the engineer's report.", Kind: remit.HoldPerson}
			})
			because(2, "INV-203", func(w *remit.WorkItem) { w.Invoice.Collection.State = remit.CollectionMethod })
			because(3, "INV-204", func(w *remit.WorkItem) { w.Invoice.Collection.State = remit.CollectionAsks })
		})),
		"payer/U2 inbox/under way": page.InboxPage(made(func(v *page.Inbox) {
			v.Tab, v.Items = "underway", v.Items[:1]
			v.Items[0].Item.State = remit.WorkItemPaying
		})),
		"payer/U2 inbox/done": page.InboxPage(made(func(v *page.Inbox) {
			v.Tab, v.Items = "done", v.Items[:2]
			v.Items[0].Item.State, v.Items[0].Item.Invoice.Overdue = remit.WorkItemDone, false
			v.Items[1].Item.State = remit.WorkItemCancelled
		})),
		"payer/U2 inbox/empty":   page.InboxPage(made(func(v *page.Inbox) { v.Items = nil })),
		"payer/U2 inbox/no role": page.InboxPage(made(func(v *page.Inbox) { v.Items, v.NoRole = nil, true })),
	}
}

// payForm is the form as it stands for who has a saved card.
func (b book) payForm(change func(*page.Pay)) page.Pay {
	v := page.Pay{
		Shell: b.payerShell("Pay INV-104", "/inbox/"+item.String()), Item: madeItem(nil), Zone: newYork,
		Wallet: wallet, Amount: "1,200.00", Method: visa.ID.String(), Key: "made-up-key",
	}
	change(&v)
	return v
}

// passOn has the fee of a credit card added to an amount.
func passOn(amount int64) func(*page.Pay) {
	return func(v *page.Pay) {
		v.Item.Invoice.Settings.Surcharge = remit.SurchargeSettings{Mode: remit.SurchargeAddOn, Percent: 2_900, Fixed: 30}
		credit := visa
		credit.Funding = "credit"
		v.Methods = append([]remit.PaymentMethod{credit}, v.Methods[1:]...)
		v.Fees = page.FeesOf(v.Methods, page.FeeOf{Invoice: v.Item.Invoice, Amount: amount})
	}
}

func (b book) pay() chapter {
	made := b.payForm
	wrong := func(message string) templ.Component {
		return page.PayPage(made(func(v *page.Pay) {
			v.Problems = page.Problems{Fields: []remit.FieldError{{Field: "amount", Message: message}}}
		}))
	}
	stopped := func(look, message string, link *page.Link) templ.Component {
		return page.PayPage(made(func(v *page.Pay) { v.Blocked = &page.Blocked{Look: look, Message: message, Link: link} }))
	}
	result := &page.Link{Label: "See how it stands", Href: "/inbox/" + item.String() + "/result"}
	return chapter{
		"payer/U3 pay form/saved methods": page.PayPage(made(func(*page.Pay) {})),
		"payer/U3 pay form/why it is here": page.PayPage(made(func(v *page.Pay) {
			v.Item.Invoice.Hold = &remit.Hold{Reason: "a bank took a payment back", Kind: remit.HoldDispute}
		})),
		"payer/U3 pay form/card fee": page.PayPage(made(passOn(120000))),
		"payer/U3 pay form/card fee other": page.PayPage(made(func(v *page.Pay) {
			passOn(50000)(v)
			v.Amount = "500.00"
			v.Problems.Message = "A card fee of $14.80 is added to this payment: $514.80 in all. Nothing was charged. Check and pay again."
		})),
		"payer/U3 pay form/card fee new card": page.PayPage(made(func(v *page.Pay) { passOn(120000)(v); v.Method = "once" })),
		"payer/U3 pay form/all or nothing": page.PayPage(made(func(v *page.Pay) {
			v.Item.Invoice.Settings.PartialPayments = false
			v.Methods, v.Method = nil, "once"
		})),
		"payer/U3 pay form/partly paid": page.PayPage(made(func(v *page.Pay) {
			v.Item.Invoice.Status, v.Item.Invoice.Applied, v.Item.Invoice.Outstanding, v.Amount = remit.InvoicePartiallyPaid, 30000, 90000, "900.00"
		})),
		"payer/U3 pay form/yen": page.PayPage(made(func(v *page.Pay) {
			i := &v.Item.Invoice
			i.Currency, i.Total, i.Outstanding, i.Settings.PartialPayments = "JPY", 98000, 98000, false
			v.NoBank, v.AddBank = remit.OfferDebits("JPY", "US", true).Why, ""
			i.Lines, i.Adjustments = []remit.Line{{Description: "Tatami repair", Quantity: "7", UnitPrice: "14000", Amount: 98000}}, nil
		})),
		"payer/U3 pay form/open with somebody else": page.PayPage(made(func(v *page.Pay) { v.TakenBy, v.Since = "Lee Park", at(-4*time.Minute) })),
		"payer/U3 pay form/after a decline": page.PayPage(made(func(v *page.Pay) {
			v.Declined, v.Method = "Nothing was charged. Your bank did not approve this. Call it or use another method.", "once"
		})),
		"payer/U3 pay form/no amount":        wrong("Enter an amount, like 250.00."),
		"payer/U3 pay form/amount too high":  wrong("The most you can pay is $1,200.00."),
		"payer/U3 pay form/amount too low":   wrong("Pay at least $50.00, or all $1,200.00."),
		"payer/U3 pay form/under way":        stopped("info", "A payment is already under way. Nothing more was charged.", result),
		"payer/U3 pay form/unknown":          stopped("warn", "We are checking whether it went through. Do not pay again.", result),
		"payer/U3 pay form/done":             stopped("good", "This invoice is paid. Nothing more was charged.", result),
		"payer/U3 pay form/cancelled":        stopped("", "This invoice was cancelled. Nothing to pay.", nil),
		"payer/U3 pay form/not connected":    stopped("bad", "Loading error: no API keys. Enter them on Settings > Integrations > Stripe.", nil),
		"payer/U3 pay form/below the online": stopped("", "$0.30 is below the online minimum, $0.50. Pay by bank transfer.", nil),
		"payer/U3 pay form/not permitted": stopped("warn",
			"You may see this but not do it. It needs stripe=pay at /dev-v51/Branch A; ask an administrator.", nil),
		"payer/U3 pay form/changed meanwhile": page.PayPage(made(func(v *page.Pay) {
			v.Problems.Message = "$900.00 is owed now. Check and pay again."
			v.Item.Invoice.Outstanding, v.Item.Invoice.Applied, v.Amount = 90000, 30000, "900.00"
		})),
	}
}

func (b book) results() chapter {
	made := func(a *remit.Attempt, change func(*page.Result)) templ.Component {
		v := page.Result{Shell: b.payerShell("Payment of INV-104", "/inbox/"+item.String()+"/result"), Item: madeItem(nil), Attempt: a, Zone: newYork, Key: "made-up-key"}
		if change != nil {
			change(&v)
		}
		return page.ResultPage(v)
	}
	polls := func(v *page.Result) {
		v.Poll, v.Refresh = "/inbox/"+item.String()+"/result?known=confirming", 5
	}
	refused := func(class, message string) func(*remit.Attempt) {
		return func(a *remit.Attempt) {
			a.Decline = &remit.DeclineRecord{Class: class, Code: "lost_card", Message: "Nothing was charged. " + message, Rule: "new_method", Version: "1"}
		}
	}
	return chapter{
		"payer/U4 result/paid": made(attempt(remit.AttemptSucceeded, nil), func(v *page.Result) {
			v.Item.State, v.Item.Invoice.Outstanding, v.Item.Invoice.Status = remit.WorkItemDone, 0, remit.InvoicePaid
		}),
		"payer/U4 result/partly paid": made(attempt(remit.AttemptSucceeded, func(a *remit.Attempt) { a.Amount = 30000 }), func(v *page.Result) {
			v.Item.Invoice.Outstanding = 90000
		}),
		"payer/U4 result/processing":                      made(attempt(remit.AttemptProcessing, debited), func(v *page.Result) { v.MayCancel = true }),
		"payer/U4 result/processing, not to be cancelled": made(attempt(remit.AttemptProcessing, debited), nil),
		"payer/U4 result/processing, late":                made(attempt(remit.AttemptProcessing, debited), func(v *page.Result) { v.Now = *at(14 * 24 * time.Hour) }),
		"payer/U4 result/deposits first": made(attempt(remit.AttemptRequiresAction, func(a *remit.Attempt) {
			debited(a)
			a.Kind, a.NextAction = remit.AttemptCheckout, "https://payments.example.com/microdeposit/made-up"
		}), func(v *page.Result) { v.MayCancel = true }),
		"payer/U4 result/cancel asks": page.AskPage(page.Ask{
			Shell: b.payerShell("Cancel the payment", "/payments/made-up/cancel"), Heading: "Cancel the payment of $1,200.00?",
			Message: "A bank that does not have it yet is not told of it, and nothing is charged. Afterwards you can pay another way.",
			Action:  "/payments/made-up/cancel", Button: "Cancel the payment", Back: page.Link{Label: "Keep it", Href: "/inbox"},
		}),
		"payer/U4 result/confirming": made(attempt(remit.AttemptConfirming, nil), polls),
		"payer/U4 result/bank confirmation": made(attempt(remit.AttemptRequiresAction, func(a *remit.Attempt) {
			a.NextAction = "https://hooks.example.com/confirm"
		}), polls),
		"payer/U4 result/page open": made(attempt(remit.AttemptRequiresAction, func(a *remit.Attempt) {
			a.Kind, a.SessionURL, a.Method = remit.AttemptCheckout, "https://checkout.example.com/c/pay/made-up", nil
		}), polls),
		"payer/U4 result/declined":      made(attempt(remit.AttemptFailed, refused("refused", "Your bank did not approve this. Call it or use another method.")), nil),
		"payer/U4 result/expired":       made(attempt(remit.AttemptFailed, refused("expired", "This card has expired. Use another.")), nil),
		"payer/U4 result/authenticate":  made(attempt(remit.AttemptFailed, refused("authenticate", "Your bank wants you to confirm.")), nil),
		"payer/U4 result/cancelled":     made(attempt(remit.AttemptCanceled, nil), nil),
		"payer/U4 result/paid by link":  made(nil, func(v *page.Result) { v.Item.State = remit.WorkItemCancelled }),
		"payer/U4 result/nothing tried": made(nil, nil),
	}
}
