package storybook

import (
	"time"

	"github.com/a-h/templ"
	"github.com/google/uuid"

	"remit"
	"remit/portal/page"
)

// The made-up business: a property manager with two branches, and what its
// branch in New York owes and is owed.

var (
	newYork = zone("America/New_York")
	now     = time.Date(2026, 3, 14, 13, 12, 0, 0, time.UTC)
	item    = id(10)
	invoice = id(1)
)

func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

func id(n byte) uuid.UUID {
	return uuid.UUID{0x01, 0x95, 0x9e, 0x3c, 0x5a, 0x00, 0x7c, 0x41, 0x9d, 0x22, 0, 0, 0, 0, 0, n}
}

func idp(n byte) *uuid.UUID { i := id(n); return &i }

func at(d time.Duration) *time.Time { t := now.Add(d); return &t }

func day(m, d int) remit.Date {
	date, _ := remit.NewDate(2026, m, d)
	return date
}

func path(s string) remit.Path {
	p, err := remit.ParsePath(s)
	if err != nil {
		panic(err)
	}
	return p
}

func (b book) payerShell(title, url string) page.Shell {
	return page.Shell{
		Title: title, Path: url, Theme: b.theme, Person: "Ana Ruiz", Width: "payer", TestMode: true, Organisation: "/dev-v51",
		Nav: []page.Link{{Label: "Inbox", Href: "/inbox", Current: true}, {Label: "Invoices", Href: "/invoices"}},
	}
}

func (b book) staffShell(title, url, current string) page.Shell {
	s := page.Shell{
		Title: title, Path: url, Theme: b.theme, Person: "Lee Park", TestMode: true, Organisation: "/dev-v51", Choices: []string{"/dev-v51", "/north-side"},
	}
	for _, l := range []page.Link{
		{Label: "Inbox", Href: "/inbox"}, {Label: "Invoices", Href: "/invoices"}, {Label: "Customers", Href: "/customers"},
		{Label: "Payments", Href: "/payments"}, {Label: "Disputes", Href: "/disputes"},
		{Label: "Excess", Href: "/excess"}, {Label: "Reconciliation", Href: "/reconciliation"}, {Label: "Dashboard", Href: "/stripe"}, {Label: "Due dates", Href: "/due-date-runs"}, {Label: "Import", Href: "/imports"}, {Label: "Settings", Href: "/settings"}, {Label: "Demo", Href: "/demo/mailbox"},
	} {
		l.Current = l.Label == current
		s.Nav = append(s.Nav, l)
	}
	return s
}

func (b book) settingsShell(title, url string) page.Shell {
	s := b.staffShell(title, url, "Settings")
	s.Side = &page.Side{Label: "Settings"}
	for _, l := range []page.Link{
		{Label: "Stripe", Href: "/settings/stripe"}, {Label: "Payments", Href: "/settings/payments"}, {Label: "Excess", Href: "/settings/excess"}, {Label: "Notices", Href: "/settings/notices"}, {Label: "Retries", Href: "/settings/retries"}, {Label: "Workflow", Href: "/settings/workflow"},
		{Label: "People", Href: "/settings/people"}, {Label: "Roles", Href: "/settings/roles"}, {Label: "Organisations", Href: "/settings/organisations"},
		{Label: "API tokens", Href: "/settings/tokens"}, {Label: "Webhooks", Href: "/settings/webhooks"}, {Label: "Audit", Href: "/settings/audit"},
	} {
		l.Current = l.Href == url
		s.Side.Links = append(s.Side.Links, l)
	}
	return s
}

func madeInvoice(change func(*remit.Invoice)) remit.Invoice {
	i := remit.Invoice{
		ID: invoice, Organisation: "/dev-v51/Branch A", CustomerID: id(2), CustomerName: "Riverside Apartments", Number: "INV-104",
		Seller: remit.Seller{Name: "Harbour Plumbing Inc", TaxID: "94-3141592"}, Status: remit.InvoiceOpen, Total: 120000, Outstanding: 120000, Currency: "USD",
		IssueDate: day(3, 1), DueDate: day(4, 1), SentAt: at(-300 * time.Hour), CreatedAt: now.Add(-301 * time.Hour), WorkItemID: &item,
		Lines: []remit.Line{
			{Description: "Boiler service, March", Quantity: "1", UnitPrice: "850.00", Amount: 85000},
			{Description: "Replacement valves", Quantity: "4", UnitPrice: "62.50", Amount: 25000},
		},
		Adjustments: []remit.Adjustment{{Kind: "tax", Description: "Sales tax", Amount: 10000}},
		Settings:    remit.InvoiceSettings{OnlinePayments: true, PartialPayments: true, MinimumPartial: 5000, PaymentLinks: true, BankTransfer: transfer, PaymentTerms: 30, Contact: "billing@harbour.example", Version: 3},
	}
	if change != nil {
		change(&i)
	}
	return i
}

func madeItem(change func(*remit.WorkItem)) remit.WorkItem {
	w := remit.WorkItem{
		ID: item, InvoiceID: invoice, State: remit.WorkItemClaimed, ClaimedBy: idp(20), ClaimedByName: "Ana Ruiz", ClaimedAt: at(0), CreatedAt: now.Add(-299 * time.Hour),
		Assignee: remit.Assignee{Name: "Invoice payers", Path: path("/dev-v51/Branch A"), Type: remit.AssigneeUnit, Scope: remit.RoleScope("Invoice Payers")},
		Invoice:  madeInvoice(nil),
	}
	if change != nil {
		change(&w)
	}
	return w
}

var (
	transfer = remit.BankTransfer{Enabled: true, Details: "Harbour Bank\nAccount 12345678\nRouting 110000000"}

	visa = remit.PaymentMethod{ID: id(30), CustomerID: id(2), StripeID: "pm_made_up_1", Type: "card", Brand: "visa", Last4: "4242", ExpMonth: 8, ExpYear: 2028, Status: remit.MethodUsable, Default: true}
	bank = remit.PaymentMethod{ID: id(31), CustomerID: id(2), StripeID: "pm_made_up_2", Type: "us_bank_account", BankName: "Test Bank", Last4: "6789", Status: remit.MethodAwaitingEntry}
	old  = remit.PaymentMethod{ID: id(32), CustomerID: id(2), StripeID: "pm_made_up_3", Type: "card", Brand: "mastercard", Last4: "4444", ExpMonth: 1, ExpYear: 2026, Status: remit.MethodExpired}
)

func attempt(state remit.AttemptState, change func(*remit.Attempt)) *remit.Attempt {
	a := remit.Attempt{
		ID: id(40), InvoiceID: invoice, PaymentID: id(41), Number: 1, Kind: remit.AttemptCharge, State: state, Amount: 120000, Method: visa.Summary(),
		CreatedAt: now, Since: now, Actor: remit.Actor{Kind: "user", Name: "Ana Ruiz"},
	}
	if change != nil {
		change(&a)
	}
	return &a
}

// book makes the stories of one theme.
type book struct{ theme string }

func (b book) chapters() []chapter {
	return []chapter{
		b.inbox(), b.pay(), b.results(), b.signIn(), b.failures(), b.account(), b.invoices(), b.invoice(), b.refunds(), b.looking(), b.approvals(), b.disputes(), b.editor(), b.customers(), b.excess(), b.notices(),
		b.reconciliation(), b.dashboard(), b.imports(), b.dueDates(), b.schedules(), b.charges(), b.settings(), b.stripe(), b.workflow(), b.people(), b.administration(), b.demo(), b.publicPay(), b.store(), b.client(), b.paymentSettings(), b.addBankAccount(), b.verify(), b.waiting(), b.debits(), b.webhooks(), b.retries(),
	}
}

type chapter = map[string]templ.Component
