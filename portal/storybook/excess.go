package storybook

import (
	"time"

	"remit"
	"remit/portal/page"
)

// madeExcess is money that came in twice for the made-up invoice.
func madeExcess(change func(*remit.Excess)) remit.Excess {
	e := remit.Excess{
		ID: id(70), Organisation: "/dev-v51/Branch A", InvoiceID: idp(1), InvoiceNumber: "INV-104", PaymentID: idp(41), CustomerID: idp(2), CustomerName: "Riverside Apartments",
		Currency: "USD", Amount: 5000, Reason: remit.ExcessPaidTwice, State: remit.ExcessOpen, CreatedAt: now.Add(-72 * time.Hour),
	}
	e = e.ByDefault(remit.DefaultExcessSettings())
	if change != nil {
		change(&e)
	}
	return e
}

func (b book) excess() chapter {
	transfer := madeExcess(func(e *remit.Excess) {
		e.ID, e.InvoiceID, e.InvoiceNumber, e.PaymentID, e.CustomerID, e.CustomerName = id(71), nil, "", nil, nil, ""
		e.Reason, e.Reference, e.Amount, e.DefaultAction, e.Due = remit.ExcessUnmatched, "RF18 5390 0754 7034", 250000, remit.ExcessNone, nil
	})
	decided := madeExcess(func(e *remit.Excess) {
		e.State, e.ResolvedBy, e.ResolvedAt = remit.ExcessCredited, &remit.Actor{Kind: "user", Name: "Lee Park"}, at(0)
	})
	customers := []remit.Customer{{ID: id(2), Name: "Riverside Apartments", Organisation: "/dev-v51/Branch A"}}
	desk := page.ExcessDesk{Shell: b.staffShell("Excess", "/excess", "Excess"), Now: now}
	filled, done := desk, desk
	filled.Rows = []page.ExcessRow{{Item: madeExcess(nil), Zone: newYork}, {Item: transfer, Zone: newYork}}
	done.Resolved, done.Rows = true, []page.ExcessRow{{Item: decided, Zone: newYork}}
	item := func(e remit.Excess) page.ExcessItem {
		return page.ExcessItem{Shell: b.staffShell("Excess", "/excess/"+e.ID.String(), "Excess"), Item: e, Zone: newYork, Customers: customers, Key: "made-up"}
	}
	late := item(decided)
	late.Problems.Message = "This was decided already: it is credited."
	nobodys := item(transfer)
	nobodys.Problems.Fields = []remit.FieldError{{Field: "customer_id", Message: "Say which customer this money is from."}}
	form := page.ExcessForm{
		Shell: b.staffShell("Record a transfer", "/excess/new", "Excess"), Places: []string{"/dev-v51", "/dev-v51/Branch A"}, Currency: "USD", Customers: customers, Key: "made-up",
	}
	wrong := form
	wrong.Problems.Fields = []remit.FieldError{{Field: "amount", Message: "Enter an amount, like 250.00."}}
	return chapter{
		"staff/U17 excess/to decide":   page.ExcessPage(filled),
		"staff/U17 excess/empty":       page.ExcessPage(desk),
		"staff/U17 excess/decided":     page.ExcessPage(done),
		"staff/U17 item/of an invoice": page.ExcessItemPage(item(madeExcess(nil))),
		"staff/U17 item/transfer":      page.ExcessItemPage(item(transfer)),
		"staff/U17 item/whose":         page.ExcessItemPage(nobodys),
		"staff/U17 item/too late":      page.ExcessItemPage(late),
		"staff/U17 record/start":       page.ExcessFormPage(form),
		"staff/U17 record/wrong":       page.ExcessFormPage(wrong),
	}
}
