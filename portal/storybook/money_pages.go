package storybook

import (
	"maps"
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/portal/page"
	"remit/script"
)

func (b book) invoices() chapter {
	made := func(change func(*page.Invoices)) page.Invoices {
		v := page.Invoices{
			Shell: b.staffShell("Invoices", "/invoices", "Invoices"), MayEdit: true, Places: []string{"/dev-v51", "/dev-v51/Branch A", "/dev-v51/Branch B"},
			Counts: map[remit.InvoiceStatus]int{remit.InvoiceDraft: 2, remit.InvoiceOpen: 41, remit.InvoicePaid: 1380, remit.InvoiceProcessing: 3},
		}
		v.Rows = []remit.Invoice{
			madeInvoice(func(i *remit.Invoice) { i.Number, i.Overdue, i.DueDate = "INV-098", true, day(3, 10) }),
			madeInvoice(nil),
			madeInvoice(func(i *remit.Invoice) {
				i.Number, i.CustomerName, i.Currency, i.Total, i.Outstanding = "T-2026-11", "Sakura House", "JPY", 98000, 98000
				i.Hold = &remit.Hold{Reason: "Under discussion.", Kind: remit.HoldPerson, Since: now}
			}),
			madeInvoice(func(i *remit.Invoice) {
				i.Number, i.Status, i.Outstanding, i.InFlight = "INV-101", remit.InvoiceProcessing, 120000, &remit.InFlight{Attempt: 1, State: remit.AttemptProcessing, Since: now}
			}),
			madeInvoice(func(i *remit.Invoice) {
				i.Number, i.InFlight = "INV-102", &remit.InFlight{Attempt: 1, State: remit.AttemptConfirming, Since: now}
			}),
			madeInvoice(func(i *remit.Invoice) {
				i.Number, i.Status, i.Outstanding, i.Applied = "INV-097", remit.InvoicePaid, 0, 120000
			}),
		}
		change(&v)
		return v
	}
	return chapter{
		"staff/U13 invoices/all":      page.InvoicesPage(made(func(v *page.Invoices) { v.Next = "/invoices?after=abc" })),
		"staff/U13 invoices/narrowed": page.InvoicesPage(made(func(v *page.Invoices) { v.Status, v.Overdue, v.Rows = remit.InvoiceOpen, true, v.Rows[:1] })),
		"staff/U13 invoices/no fit":   page.InvoicesPage(made(func(v *page.Invoices) { v.Number, v.Rows = "X-1", nil })),
		"staff/U13 invoices/empty":    page.InvoicesPage(made(func(v *page.Invoices) { v.Rows, v.Counts = nil, nil })),
	}
}

// invoicePage is a made-up invoice with its tries, as staff see it.
func (b book) invoicePage(change func(*page.Invoice)) page.Invoice {
	v := page.Invoice{
		Shell: b.staffShell("INV-104", "/invoices/"+invoice.String(), "Invoices"), Invoice: madeInvoice(nil), Zone: newYork,
		Next:    remit.Next{What: "ask Stripe about attempt 2", At: at(5 * time.Minute)},
		MayEdit: true, MayLift: true, MayPay: true, MayRecord: true,
		LateFees: []remit.LateFee{{Stage: 1, Amount: 2400, ChargedAt: now}},
	}
	v.Payments = []remit.Payment{{
		ID: id(41), Source: "stripe", Currency: "USD", PaymentIntent: "pi_made_up", Charge: "ch_made_up", Amount: 120000, State: remit.AttemptConfirming, CreatedAt: now,
		Attempts: []remit.Attempt{
			*attempt(remit.AttemptFailed, func(a *remit.Attempt) {
				a.Decline = &remit.DeclineRecord{Class: "refused", Code: "lost_card", Rule: "new_method", Version: "1", Hard: true}
			}),
			*attempt(remit.AttemptConfirming, func(a *remit.Attempt) { a.Number, a.Kind, a.Method = 2, remit.AttemptCheckout, nil }),
		},
	}}
	v.Timeline = madeTimeline()
	if change != nil {
		change(&v)
	}
	return v
}

func (b book) invoice() chapter {
	made := b.invoicePage
	act := func(action string) page.InvoiceAction {
		return page.InvoiceAction{Shell: b.staffShell(action, "/invoices/"+invoice.String()+"/"+action, "Invoices"), Invoice: madeInvoice(nil), Action: action, Key: "made-up"}
	}
	wrong := act("record")
	wrong.Problems.Fields = []remit.FieldError{{Field: "amount", Message: "Enter an amount, like 250.00."}}
	return chapter{
		"staff/U14 invoice/open": page.InvoicePage(made(nil)),
		"staff/U14 invoice/promised": page.InvoicePage(made(func(v *page.Invoice) {
			v.Invoice.Promise = &remit.Promise{Until: remit.DateOf(now).AddDays(5), Note: "By telephone, Ana in accounts.", By: "Lee Park"}
		})),
		"staff/U14 invoice/promise broken": page.InvoicePage(made(func(v *page.Invoice) {
			v.Invoice.Promise = &remit.Promise{Until: remit.DateOf(now).AddDays(-5), By: "Lee Park", BrokenAt: at(0)}
		})),
		"staff/U14 promise/start": page.InvoiceActionPage(act("promise")),
		"staff/U14 invoice/draft": page.InvoicePage(made(func(v *page.Invoice) {
			v.Invoice.Status, v.Payments, v.Timeline, v.Next = remit.InvoiceDraft, nil, nil, remit.Next{}
		})),
		"staff/U14 invoice/paid": page.InvoicePage(made(func(v *page.Invoice) {
			v.Invoice.Status, v.Invoice.Applied, v.Invoice.Outstanding, v.Next = remit.InvoicePaid, 120000, 0, remit.Next{}
			v.Payments = append(v.Payments, remit.Payment{ID: id(43), Source: "bank_transfer", Currency: "USD", Amount: 20000, State: remit.AttemptSucceeded, Reference: "RF18 5390", CreatedAt: now})
		})),
		"staff/U14 invoice/paid from credit": page.InvoicePage(made(func(v *page.Invoice) {
			v.Invoice.Status, v.Invoice.Applied, v.Invoice.Outstanding, v.Payments, v.Next = remit.InvoicePaid, 120000, 0, nil, remit.Next{}
		})),
		"staff/U14 invoice/contested": page.InvoicePage(made(func(v *page.Invoice) {
			v.Invoice.Status, v.Disputes = remit.InvoiceContested, []page.Dispute{madeDispute(nil)}
			v.Invoice.Hold = &remit.Hold{Reason: "a bank took a payment back", Kind: remit.HoldDispute, Since: now}
			v.Next = remit.Next{What: "Evidence for the dispute of $1,200.00 is due", At: v.Disputes[0].RespondBy}
			v.Payments[0].State, v.Payments[0].Disputed = remit.AttemptSucceeded, true
			v.Payments[0].Attempts = []remit.Attempt{*attempt(remit.AttemptSucceeded, nil)}
		})),
		"staff/U14 invoice/returned": page.InvoicePage(made(func(v *page.Invoice) {
			v.Disputes, v.Next = []page.Dispute{madeDispute(returned)}, remit.Next{}
			v.Invoice.Hold = &remit.Hold{Reason: "the bank returned a payment", Kind: remit.HoldReturn, Since: now}
			v.Payments[0].State, v.Payments[0].Disputed, v.Payments[0].Returned = remit.AttemptSucceeded, true, true
			v.Payments[0].Attempts = []remit.Attempt{*attempt(remit.AttemptSucceeded, debited)}
		})),
		"staff/U14 invoice/on hold": page.InvoicePage(made(func(v *page.Invoice) {
			v.Invoice.Hold = &remit.Hold{Reason: "The bank returned the payment of 14 Mar.", Kind: remit.HoldReturn, Since: now}
			v.MayLift, v.MayPay = false, false
		})),
		"staff/U14 invoice/own words": page.InvoicePage(made(func(v *page.Invoice) {
			v.Invoice.Status, v.Invoice.Applied, v.Invoice.Outstanding, v.Next = remit.InvoicePaid, 120000, 0, remit.Next{}
			v.Invoice.Label, v.Invoice.Tags = "Settled", []string{"closed", "usd"}
			v.Invoice.Notes = []remit.Note{{Text: "$1,200.00 by card", By: script.Name, At: now}}
		})),
		"staff/U14 invoice/script failed": page.InvoicePage(made(func(v *page.Invoice) {
			v.Invoice.Status, v.Invoice.Applied, v.Invoice.Outstanding, v.Next = remit.InvoicePaid, 120000, 0, remit.Next{}
			v.ScriptFailed, v.MayScript = true, true
			v.Timeline = append(v.Timeline, remit.TimelineEntry{Kind: "script_failed", At: now, Actor: remit.System, Why: remit.Why{Rule: "a script writes words, never money", Version: "3 at /dev-v51"},
				What: script.Name + " failed. Line 3: struct has no .invoise attribute. The payment is recorded all the same; nothing was written."})
		})),
		"staff/U14 invoice/excess": page.InvoicePage(made(func(v *page.Invoice) {
			v.Invoice.Status, v.Invoice.Applied, v.Invoice.Outstanding = remit.InvoicePaid, 120000, 0
			v.Next, v.Excess = remit.Next{What: "$50.00 that could not be applied: refund by default", At: at(14 * 24 * time.Hour)}, []remit.Excess{madeExcess(nil)}
		})),
		"staff/U14 invoice/unknown state": page.InvoicePage(made(func(v *page.Invoice) { v.Invoice.Status = "from_the_future" })),
		"staff/U14 invoice/viewer":        page.InvoicePage(made(func(v *page.Invoice) { v.MayEdit, v.MayPay = false, false })),
		"staff/U14 void":                  page.InvoiceActionPage(act("void")),
		"staff/U14 hold":                  page.InvoiceActionPage(act("hold")),
		"staff/U14 record/start":          page.InvoiceActionPage(act("record")),
		"staff/U14 record/wrong":          page.InvoiceActionPage(wrong),
	}
}

func madeTimeline() []remit.TimelineEntry {
	lee, ana := remit.Actor{Kind: "user", Name: "Lee Park"}, remit.Actor{Kind: "user", Name: "Ana Ruiz"}
	why := func(rule string) remit.Why { return remit.Why{Rule: rule, Version: "1"} }
	return []remit.TimelineEntry{
		{Seq: 1, At: now.Add(-301 * time.Hour), Kind: "created", What: "Made as a draft of $1,200.00.", Actor: lee},
		{Seq: 2, At: now.Add(-300 * time.Hour), Kind: "sent", What: "Sent; due 1 Apr 2026.", Actor: lee, Why: why("sending bills"), Next: remit.Next{What: "overdue", At: at(444 * time.Hour)}},
		{Seq: 3, At: now.Add(-time.Hour), Kind: "attempt_started", What: "Ana Ruiz pays with Visa 4242: $1,200.00, attempt 1.", Actor: ana, StripeIDs: []string{"pi_made_up"}},
		{Seq: 4, At: now.Add(-time.Hour), Kind: "declined", What: "Attempt 1, $1,200.00 with Visa 4242, was declined. The card is reported lost (lost_card, rule new_method v1). No further try: another payment method is needed.",
			Actor: ana, Why: why("decline: new_method"), StripeIDs: []string{"pi_made_up", "ch_made_up"}},
		{Seq: 5, At: now, Kind: "unknown", What: "Whether attempt 2 went through is not known yet (no answer in time). Nothing else may start.", Actor: remit.System, Why: why("an unknown outcome blocks")},
	}
}

func (b book) editor() chapter {
	made := func(change func(*page.InvoiceForm)) page.InvoiceForm {
		v := page.InvoiceForm{
			Shell: b.staffShell("New invoice", "/invoices/new", "Invoices"), Customers: []remit.Customer{{ID: id(2), Name: "Riverside Apartments", Organisation: "/dev-v51/Branch A"}},
			Number: "INV-108", Currency: "USD", Issued: "2026-03-14", Due: "2026-04-14", Key: "made-up",
			Lines:       []page.LineFields{{Description: "Boiler service", Quantity: "1", UnitPrice: "850.00"}, {}, {}},
			Adjustments: []page.AdjustmentFields{{}},
		}
		if change != nil {
			change(&v)
		}
		return v
	}
	draft := madeInvoice(func(i *remit.Invoice) { i.Status = remit.InvoiceDraft })
	sent := madeInvoice(nil)
	return chapter{
		"staff/U13 editor/new": page.InvoiceFormPage(made(nil)),
		"staff/U13 editor/wrong": page.InvoiceFormPage(made(func(v *page.InvoiceForm) {
			v.Problems.Fields = []remit.FieldError{
				{Field: "customer_id", Message: "Choose a customer."}, {Field: "lines[0].quantity", Message: "Enter a decimal number, like 1.5."},
			}
		})),
		"staff/U13 editor/draft": page.InvoiceFormPage(made(func(v *page.InvoiceForm) { v.Existing, v.Title = &draft, "Edit INV-104" })),
		"staff/U13 editor/amend": page.InvoiceFormPage(made(func(v *page.InvoiceForm) {
			v.Existing, v.Title = &sent, "Amend INV-104"
			v.Problems.Fields = []remit.FieldError{{Field: "reason", Message: "Sent invoices are amended: say why."}}
		})),
	}
}

// deletions are the questions before a customer is deleted.
func (b book) deletions(riverside remit.Customer) chapter {
	return chapter{
		"staff/U12 delete/asks":           page.DeleteCustomerPage(page.DeleteCustomer{Shell: b.staffShell("Delete "+riverside.Name, "/customers", "Customers"), Customer: riverside, Ours: true}),
		"staff/U12 delete/made by others": page.DeleteCustomerPage(page.DeleteCustomer{Shell: b.staffShell("Delete "+riverside.Name, "/customers", "Customers"), Customer: riverside}),
		"staff/U12 delete/still needed": page.DeleteCustomerPage(func() page.DeleteCustomer {
			v := page.DeleteCustomer{Shell: b.staffShell("Delete "+riverside.Name, "/customers", "Customers"), Customer: riverside, Ours: true}
			v.Problems.Message = "This customer cannot be deleted yet: invoices are open. Collect them, or void them."
			return v
		}()),
	}
}

// mapping are the plan that brings customers together with Stripe's, and its report.
func (b book) mapping() chapter {
	return chapter{
		"staff/U18 customers at Stripe/plan": page.MappingPage(page.Mapping{
			Shell: b.staffShell("Customers at Stripe", "/customer-mapping", "Customers"), FreshAt: &now, Zone: newYork, Next: "/customer-mapping?after=x", Counts: &page.MappingCounts{Map: 1240, Create: 3, Ignore: 5, Conflicts: 7},
			Rows: []page.MappingRow{
				{ID: id(2).String(), Name: "Riverside Apartments", Email: "office@riverside.example", Action: remit.MappingMap, Stripe: "cus_made_up", Reason: "same e-mail address and name", Candidates: []page.Option{{Value: "cus_made_up", Label: "cus_made_up: Riverside Apartments, same e-mail address and name"}}},
				{ID: id(3).String(), Name: "Elm Street Lofts", Action: remit.MappingCreate, Reason: "nobody at Stripe has this e-mail address or name"},
				{ID: id(4).String(), Name: "Oak House", Email: "ap@oak.example", Action: remit.MappingIgnore, Reason: "a person has to decide", Conflicts: []string{"Several at Stripe have the same e-mail address.", "cus_made_up_3 (same name) belongs to Elm Street Lofts."}},
			},
		}),
		"staff/U18 customers at Stripe/being read": page.MappingPage(page.Mapping{Shell: b.staffShell("Customers at Stripe", "/customer-mapping", "Customers"), Zone: newYork}),
		"staff/U18 customers at Stripe/running":    page.MappingReportPage(page.MappingReport{Shell: b.staffShell("Customers at Stripe", "/customer-mapping", "Customers"), Poll: "/customer-mapping/" + id(9).String() + "?known=x", Import: page.Import{ID: id(9).String(), State: "running", Total: 353, New: 120, Same: 4}}),
		"staff/U18 customers at Stripe/stopped":    page.MappingReportPage(page.MappingReport{Shell: b.staffShell("Customers at Stripe", "/customer-mapping", "Customers"), Import: page.Import{ID: id(9).String(), State: "stopped", Total: 353, New: 120, Same: 4}}),
		"staff/U18 customers at Stripe/done": page.MappingReportPage(page.MappingReport{
			Shell: b.staffShell("Customers at Stripe", "/customer-mapping", "Customers"), Import: page.Import{ID: id(9).String(), State: "done", Total: 353, New: 340, Same: 12, Bad: 1, Errors: []page.ImportError{{Line: 7, Reason: "Oak House: cus_made_up_2 was deleted at Stripe."}}},
		}),
	}
}

func (b book) customers() chapter {
	riverside := remit.Customer{Reminders: true, ID: id(2), Name: "Riverside Apartments", Organisation: "/dev-v51/Branch A", Email: "office@riverside.example", Currency: "USD", StripeCustomer: "cus_made_up"}
	made := func(change func(*page.Customer)) page.Customer {
		v := page.Customer{
			Shell: b.staffShell(riverside.Name, "/customers/"+id(2).String(), "Customers"), Customer: riverside, Zone: newYork, Staff: true, MayEdit: true, MayPays: true,
			Wallet: wallet, Invoices: []remit.Invoice{madeInvoice(nil)}, More: true,
		}
		if change != nil {
			change(&v)
		}
		return v
	}
	form := page.CustomerForm{Shell: b.staffShell("New customer", "/customers/new", "Customers"), Places: []string{"/dev-v51", "/dev-v51/Branch A"}, Currency: "USD"}
	wrong := form
	wrong.Problems.Fields = []remit.FieldError{{Field: "email", Message: "Enter an address, like ana@example.com."}}
	edited := form
	edited.ID, edited.Name, edited.Email, edited.Reminders = id(2).String(), "Riverside Apartments", "ap@riverside.example", true
	kept := remit.CustomerDetails{
		LegalName: "Riverside Apartments LLC", ContactName: "Lena Ortiz", TaxStatus: "Reverse charge", Telephone: "+1 617 555 0134", URL: "https://riverside.example/",
		Address: &remit.CustomerAddress{Line1: "1 Quay", Town: "Boston", Postcode: "02110", Country: "US"}, BillingEmails: []string{"bills@riverside.example", "accounts@riverside.example"},
		Aliases: []string{"Riverside", "RA"}, ExternalIDs: []remit.ExternalID{{Key: "Xero", Value: "1234"}, {Key: "HubSpot", Value: "hs-88"}},
	}
	detailed := edited
	detailed.Details = page.DetailsOf(kept)
	detailed.Details.Country = "Britain"
	detailed.Problems.Fields = []remit.FieldError{{Field: "address.country", Message: "Give a country's two letters, like GB."}}
	list := page.Customers{Shell: b.staffShell("Customers", "/customers", "Customers"), MayEdit: true}
	filled := list
	filled.Rows = []remit.Customer{{ID: id(3), Name: "Elm Street Lofts", Organisation: "/dev-v51/Branch A", Currency: "USD"}, {ID: id(4), Name: "Oak House", Email: "ap@oak.example", Organisation: "/dev-v51/Branch A", Currency: "USD"}, riverside}
	filled.MayMap, filled.Linked = true, map[uuid.UUID]bool{id(3): true, id(2): true}
	unread := filled
	filled.PaysBy = map[uuid.UUID]*remit.PaymentMethod{id(2): &visa, id(3): &old, id(4): nil}
	filled.Owed = map[uuid.UUID][]remit.Owed{id(2): {{Currency: "EUR", Left: 45000}, {Currency: "USD", Left: 128450, Overdue: 8450}}}
	stories := chapter{
		"staff/U12 customers/no invoices to read": page.CustomersPage(unread),
		"staff/U12 customers/all":                 page.CustomersPage(filled),
		"staff/U12 customers/empty":               page.CustomersPage(list),
		"staff/U12 customer/full":                 page.CustomerPage(made(nil)),
		"staff/U12 customer/bare":                 page.CustomerPage(made(func(v *page.Customer) { v.Methods, v.Invoices = nil, nil })),
		"staff/U12 customer/linked": page.CustomerPage(made(func(v *page.Customer) {
			v.AtStripe = page.StripeLink{MayLink: true, URL: "https://dashboard.stripe.com/acct_made_up/customers/cus_made_up"}
		})),
		"staff/U12 customer/differs at Stripe": page.CustomerPage(made(func(v *page.Customer) {
			v.AtStripe = page.StripeLink{MayLink: true, MaySettle: true, Differences: []remit.ContactDifference{
				{Field: remit.ContactName, Here: "Riverside Apartments", AtStripe: "Riverside Apartments LLC"}, {Field: remit.ContactAddress, AtStripe: "1 Quay, Boston, 02110, US"},
			}}
		})),
		"staff/U12 customer/not taken by Stripe": page.CustomerPage(made(func(v *page.Customer) {
			v.AtStripe = page.StripeLink{MayLink: true, Waits: true, Failure: "Stripe does not answer. It is tried again."}
		})),
		"staff/U12 customer/not linked": page.CustomerPage(made(func(v *page.Customer) { v.Customer.StripeCustomer, v.AtStripe.MayLink = "", true })),
		"staff/U12 customer/deleted at Stripe": page.CustomerPage(made(func(v *page.Customer) {
			v.Customer.StripeCustomer, v.Customer.LinkNote, v.AtStripe.MayLink = "", "cus_made_up was deleted at Stripe on 3 Mar 2026. The payment methods saved there are gone.", true
		})),
		"staff/U12 link/asks": page.LinkCustomerPage(page.LinkCustomer{Shell: b.staffShell("Link "+riverside.Name, "/customers", "Customers"), Customer: riverside}),
		"staff/U12 link/taken": page.LinkCustomerPage(func() page.LinkCustomer {
			v := page.LinkCustomer{Shell: b.staffShell("Link "+riverside.Name, "/customers", "Customers"), Customer: riverside, StripeCustomer: "cus_made_up_2"}
			v.Problems.Message = "cus_made_up_2 belongs to Elm Street Lofts. Unlink that customer first: two of yours on one of Stripe's would share payment methods."
			return v
		}()),
		"staff/U12 customer/new":   page.CustomerFormPage(form),
		"staff/U12 customer/wrong": page.CustomerFormPage(wrong),
		"staff/U12 customer/edit":  page.CustomerFormPage(edited),

		"staff/U12 customer/edit details": page.CustomerFormPage(detailed),
		"staff/U12 customer/details":      page.CustomerPage(made(func(v *page.Customer) { v.Customer.Details = kept })),
		"staff/U12 customer/card saved": page.CustomerPage(made(func(v *page.Customer) {
			v.Done, v.Offer = "The payment method is saved.", offered(2)
		})),
		"payer/U6 method needed": page.AskPage(func() page.Ask {
			v := page.Ask{
				Shell: b.payerShell("Remove Visa 4242", "/customers/x"), Heading: "Remove Visa 4242?", Message: "It can no longer be used to pay. Stripe forgets it as well.",
				Action: "/customers/x/methods/y/remove", Button: "Remove Visa 4242", Back: page.Link{Label: "Keep it", Href: "/customers/x"}, Trail: []page.Link{{Label: "Riverside Apartments", Href: "/customers/x"}},
			}
			v.Problems.Message = "Due to pay INV-104 on 1 Apr 2026. Choose another first."
			return v
		}()),
		"payer/U6 automatic payment on": page.CustomerPage(made(func(v *page.Customer) {
			v.Shell, v.Staff, v.MayEdit, v.Automatic = b.payerShell("Your page", "/"), false, false, page.Automatic{On: true, MaySay: true}
		})),
		"payer/U6 automatic payment off": page.CustomerPage(made(func(v *page.Customer) {
			v.Shell, v.Staff, v.MayEdit, v.Automatic = b.payerShell("Your page", "/"), false, false, page.Automatic{MaySay: true}
		})),
		"payer/U12 own page": page.CustomerPage(made(func(v *page.Customer) { v.Shell, v.Staff, v.MayEdit = b.payerShell("Your page", "/"), false, false })),
		"staff/U12 customer/credit": page.CustomerPage(made(func(v *page.Customer) {
			v.Credits = []remit.Credit{{Currency: "USD", Amount: 3000}}
			v.Credited = []remit.CreditEntry{
				{At: now, Kind: "credit_used", Amount: -2000, Currency: "USD", InvoiceID: idp(1), InvoiceNumber: "INV-104"},
				{At: now.Add(-48 * time.Hour), Kind: "credit_note", Amount: 5000, Currency: "USD", CreditNote: "CN-12"},
			}
		})),
		"staff/U12 remove method/asks": page.AskPage(page.Ask{
			Shell: b.staffShell("Remove Visa 4242", "/customers", "Customers"), Heading: "Remove Visa 4242",
			Message: "It can no longer be used to pay. Stripe forgets it as well.", Action: "/customers/x/methods/y/remove", Button: "Remove Visa 4242",
			Back: page.Link{Label: "Keep it", Href: "/customers"}, Trail: []page.Link{{Label: "Customers", Href: "/customers"}},
		}),
	}
	maps.Copy(stories, b.deletions(riverside))
	maps.Copy(stories, b.mapping())
	return stories
}

func (b book) imports() chapter {
	running := page.Import{
		ID: id(60).String(), File: "march.csv", Place: "/dev-v51/Branch A", State: "running", Total: 1200, New: 431, Same: 12, Bad: 2, Amount: 51_720_000, Currency: "USD", Started: now,
	}
	done := running
	done.State, done.New, done.Same, done.Bad, done.Ignored, done.Held = "done", 1180, 17, 3, []string{"notes"}, 1250000
	done.Notes = []string{"Dates with slashes were read month first: 4/1/2026 on line 2 is 1 Apr 2026."}
	done.Errors = []page.ImportError{
		{Line: 14, Field: "due_date", Reason: "31/02/2013 is not a date."}, {Line: 88, Field: "total", Reason: "The lines come to $120.00, the total says $130.00."},
	}
	failed := running
	failed.State, failed.Failure = "failed", "the database did not answer"
	report := func(i page.Import, poll string) page.ImportReport {
		return page.ImportReport{Shell: b.staffShell("Import", "/imports/"+i.ID, "Import"), Import: i, Poll: poll, Zone: newYork}
	}
	start := page.Imports{Shell: b.staffShell("Import", "/imports", "Import"), Places: []string{"/dev-v51", "/dev-v51/Branch A"}, Zone: newYork}
	filled, wrong := start, start
	filled.Rows = []page.Import{running, done, failed}
	wrong.Problems.Fields = []remit.FieldError{{Field: "file", Message: "Choose a CSV file, or e-invoices."}}
	return chapter{
		"staff/U18 import/start":  page.ImportsPage(start),
		"staff/U18 import/list":   page.ImportsPage(filled),
		"staff/U18 import/wrong":  page.ImportsPage(wrong),
		"staff/U18 report/runs":   page.ImportPage(report(running, "/imports/x?known=445")),
		"staff/U18 report/done":   page.ImportPage(report(done, "")),
		"staff/U18 report/failed": page.ImportPage(report(failed, "")),
	}
}
