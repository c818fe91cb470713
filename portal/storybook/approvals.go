package storybook

import (
	"time"

	"remit"
	"remit/portal/page"
)

// approvals is what a second person decides about, and what who asked reads of it.
func (b book) approvals() chapter {
	lee, ana := remit.Person{ID: id(71), Name: "Lee Park"}, remit.Person{ID: id(72), Name: "Ana Diaz"}
	until := now.Add(remit.ApprovalLife)
	made := func(state remit.ApprovalState, reason string) remit.Approval {
		a := remit.Approval{
			ID: id(70), InvoiceID: invoice, Organisation: "/dev-v51/Branch A", InvoiceNumber: "INV-104", CustomerName: "Globex", ToPay: remit.ToPay{Amount: 920000, Method: &visa.ID},
			Currency: "USD", MethodWords: "Visa 4242", Total: 920000, State: state, AskedBy: ana, AskedAt: now.Add(-2 * time.Hour), Level: "/dev-v51/Branch A", Reason: reason,
		}
		if state == remit.ApprovalApproved || state == remit.ApprovalUsed || state == remit.ApprovalDeclined {
			a.AnsweredBy, a.AnsweredAt = &lee, &now
		}
		if state == remit.ApprovalApproved || state == remit.ApprovalUsed {
			a.ExpiresAt = &until
		}
		return a
	}
	ask := func(a remit.Approval, change func(*page.Approval)) page.Approval {
		v := page.Approval{Shell: b.staffShell("Approve INV-104", "/approvals/"+a.ID.String(), "Inbox"), Approval: a, Zone: newYork, May: a.State == remit.ApprovalAsked}
		billed := madeInvoice(func(i *remit.Invoice) {
			i.CustomerName, i.Total, i.Outstanding, i.Adjustments = a.CustomerName, a.Total, a.Total, nil
			i.Lines = []remit.Line{{Description: "Boilers for the north wing", Quantity: "2", UnitPrice: "4600.00", Amount: a.Total}}
		})
		v.Invoice = &billed
		if change != nil {
			change(&v)
		}
		return v
	}
	pays := func(a *remit.Approval) page.Pay {
		return b.payForm(func(v *page.Pay) { v.Asks, v.Approval = "$5,000.00 USD", a })
	}
	asked, approved, declined, lapsed := made(remit.ApprovalAsked, ""), made(remit.ApprovalApproved, ""), made(remit.ApprovalDeclined, "Ask them for a credit note first."),
		made(remit.ApprovalLapsed, "The invoice's amount was changed from $9,200.00 to $9,000.00.")
	list := page.Approvals{
		Shell: b.staffShell("Approvals", "/approvals", "Inbox"), Rows: []page.ApprovalRow{{Approval: asked, Zone: newYork}}, Me: lee.ID.String(), Places: []string{"/dev-v51"}, Place: "/dev-v51",
		Delegations: []remit.ApprovalDelegation{
			{ID: id(73), Organisation: "/dev-v51/Branch A", From: lee, To: remit.Person{ID: id(74), Name: "Kim Ito"}, Until: day(3, 20)},
			{ID: id(75), Organisation: "/dev-v51/Branch B", From: remit.Person{ID: id(76), Name: "Ravi Shah"}, To: lee, Until: day(3, 28)},
		},
	}
	empty, wrongly := list, list
	empty.Rows, empty.Delegations = nil, nil
	wrongly.Email, wrongly.Until = "nobody@example.com", "2020-01-01"
	wrongly.Problems.Fields = []remit.FieldError{{Field: "to", Message: "Choose somebody else of this organisation."}, {Field: "until", Message: "Choose a day from today on, at most a year ahead."}}
	rules := page.ApprovalSettings{
		Shell: b.settingsShell("Approvals", "/settings/approvals"), Place: "/dev-v51", Places: []string{"/dev-v51", "/dev-v51/Branch A"}, Above: "5000.00", Currency: "USD", Hours: "24", SetAt: "/dev-v51", Reaches: 3,
	}
	off, bad := rules, rules
	off.Above, off.SetAt, off.Reaches = "", "", 1
	bad.Above, bad.Hours = "a lot", "0"
	bad.Problems.Fields = []remit.FieldError{{Field: "above", Message: "Enter an amount, like 250.00."}, {Field: "escalate_after_hours", Message: "Enter a number of hours from 1 to 720."}}
	return chapter{
		"staff/Z9 approval/to decide": page.ApprovalPage(ask(asked, nil)),
		"staff/Z9 approval/with a fee": page.ApprovalPage(ask(asked, func(v *page.Approval) {
			v.Approval.Surcharge, v.Approval.AtMost, v.Approval.MethodWords = 26710, true, "what is entered on Stripe's page"
		})),
		"staff/Z9 approval/no reason": page.ApprovalPage(ask(asked, func(v *page.Approval) {
			v.Problems.Fields = []remit.FieldError{{Field: "reason", Message: "Say why, in at most 500 characters."}}
		})),
		"staff/Z9 approval/my own": page.ApprovalPage(ask(asked, func(v *page.Approval) { v.May, v.Mine = false, true })),
		"staff/Z9 approval/approved in somebody's place": page.ApprovalPage(ask(approved, func(v *page.Approval) {
			v.Approval.InPlaceOf = &remit.Person{ID: id(76), Name: "Ravi Shah"}
		})),
		"staff/Z9 approval/used":     page.ApprovalPage(ask(made(remit.ApprovalUsed, ""), nil)),
		"staff/Z9 approval/declined": page.ApprovalPage(ask(declined, nil)),
		"staff/Z9 approval/lapsed":   page.ApprovalPage(ask(lapsed, nil)),

		"staff/Z9 approvals/waiting": page.ApprovalsPage(list),
		"staff/Z9 approvals/empty":   page.ApprovalsPage(empty),
		"staff/Z9 approvals/wrong":   page.ApprovalsPage(wrongly),
		"staff/U2 inbox/to approve": page.InboxPage(page.Inbox{
			Shell: b.staffShell("Inbox", "/inbox", "Inbox"), Tab: "todo", Place: "/dev-v51/Branch A", Approve: list.Rows,
		}),
		"payer/U3 pay/needs a second person": page.PayPage(pays(nil)),
		"payer/U3 pay/a part paid alone": page.PayPage(b.payForm(func(v *page.Pay) {
			v.Asks, v.Alone = "$5,000.00 USD", "$4,200.00 USD"
		})),
		"payer/U3 pay/approval waits":    page.PayPage(pays(&asked)),
		"payer/U3 pay/approved":          page.PayPage(pays(&approved)),
		"payer/U3 pay/approval declined": page.PayPage(pays(&declined)),
		"payer/U3 pay/approval lapsed":   page.PayPage(pays(&lapsed)),

		"staff/U23 approvals/set":   page.ApprovalSettingsPage(rules),
		"staff/U23 approvals/off":   page.ApprovalSettingsPage(off),
		"staff/U23 approvals/wrong": page.ApprovalSettingsPage(bad),
	}
}
