package storybook

import (
	"encoding/json"
	"time"

	"remit"
	"remit/commands"
	"remit/portal/page"
	"remit/script"
)

var places = []string{"/dev-v51", "/dev-v51/Branch A", "/dev-v51/Branch B"}

func (b book) settings() chapter {
	fees := page.SurchargeForm{
		Mode: "add_on", Percent: "2.9", Fixed: "0.30", AddOn: "$100.00: payer pays $103.20, you get $99.91", GrossUp: "$100.00: payer pays $103.30, you get $100.00",
		Caps: []page.NetworkCap{{Network: "visa", Label: "Visa", Percent: "3"}, {Network: "mastercard", Label: "Mastercard"}},
	}
	payments := page.PaymentSettings{
		Shell: b.settingsShell("Payments", "/settings/payments"), Place: "/dev-v51/Branch A", Places: places, Online: true, Cards: true, BankAccounts: true, Partial: true, Minimum: "50.00", Links: true, Terms: "30",
		Bank: true, BankDetails: "Harbour Bank\nAccount 12345678\nRouting 110000000", Currency: "USD", SetAt: "/dev-v51", MayEdit: true,
		Seller: "Harbour Plumbing Inc", Contact: "billing@harbour.example",
		Fee: fees, Receipts: "remit", BelowMinimum: "ask",
		LateFees: page.LateFeesForm{CapPercent: "10", Stages: []page.LateFeeRow{{Days: "10", Percent: "2"}, {Days: "30", Fixed: "25.00"}, {}}},
		Charge:   page.ChargeSettings{On: true, At: "before", Days: "3", From: "09:00", To: "18:00", TooLate: "3", Announce: "3"},
	}
	low, viewer := payments, payments
	low.Problems.Fields = []remit.FieldError{{Field: "minimum_partial", Message: "Enter an amount, like 250.00."}}
	viewer.MayEdit = false
	nothing := payments
	nothing.Cards, nothing.BankAccounts = false, false
	nothing.Problems.Fields = []remit.FieldError{{Field: "methods", Message: remit.AsError(remit.AllowedMethods{}.Check()).Message}}
	high, badFee := payments, payments
	high.Fee.AddOn, high.Fee.GrossUp = "$100.00: payer pays $103.80, you get $99.87", "$100.00: payer pays $103.94, you get $100.00"
	high.Fee.Percent, high.Fee.Warning = "3.5", "3.5 % is above 3 %. Visa's rules allow a surcharge of at most 3 % in the United States, and of no more than the card costs you: set a cap for Visa, or a lower percentage."
	badFee.Fee.Percent = "two"
	badFee.Problems.Fields = []remit.FieldError{{Field: "surcharge.percent", Message: "Enter a percentage, like 2.9."}}
	odd := payments
	odd.Charge.Days, odd.Charge.To = "90", "09:30"
	odd.Problems.Fields = []remit.FieldError{
		{Field: "auto_charge_days", Message: "Charge at most 60 days before or after the due date."}, {Field: "charge_window", Message: "The window is at least an hour of one day, like 09:00 to 18:00."},
	}
	ask := payments
	ask.Contact = "call us"
	ask.Problems.Fields = []remit.FieldError{{Field: "contact", Message: "Enter one e-mail address or one telephone number, like pay@example.com or +1 415 555 0100."}}
	bank := payments
	bank.BankDetails = ""
	bank.Problems.Fields = []remit.FieldError{{Field: "bank_transfer.details", Message: "Enter the bank details that payers are to use."}}
	excess := page.ExcessSettings{
		Shell: b.settingsShell("Excess", "/settings/excess"), Place: "/dev-v51/Branch A", Places: places, Action: string(remit.ExcessRefund), Days: "14", MayEdit: true,
	}
	late, noEdit := excess, excess
	late.Days = "400"
	late.Problems.Fields = []remit.FieldError{{Field: "days", Message: "Enter a number of days from 0 to 365."}}
	noEdit.MayEdit = false
	return chapter{
		"staff/U22 excess/default":           page.ExcessSettingsPage(excess),
		"staff/U22 excess/wrong":             page.ExcessSettingsPage(late),
		"staff/U22 excess/viewer":            page.ExcessSettingsPage(noEdit),
		"staff/U22 payments/inherited":       page.PaymentSettingsPage(payments),
		"staff/U22 payments/charge wrong":    page.PaymentSettingsPage(odd),
		"staff/U22 payments/no method":       page.PaymentSettingsPage(nothing),
		"staff/U22 payments/wrong":           page.PaymentSettingsPage(low),
		"staff/U22 payments/no bank details": page.PaymentSettingsPage(bank),
		"staff/U22 payments/no contact":      page.PaymentSettingsPage(ask),
		"staff/U22 payments/fee above 3":     page.PaymentSettingsPage(high),
		"staff/U22 payments/fee wrong":       page.PaymentSettingsPage(badFee),
		"staff/U22 payments/viewer":          page.PaymentSettingsPage(viewer),
	}
}

func (b book) workflow() chapter {
	made := func(change func(*page.Workflow)) page.Workflow {
		v := page.Workflow{
			Shell: b.settingsShell("Workflow", "/settings/workflow"), Place: "/dev-v51/Branch A", Places: places, SetAt: "/dev-v51/Branch A", Reaches: 4,
			XML:    `<Assignee name="Invoice payers" path="/dev-v51/Branch A" type="UNIT" scope="workflow=role('Invoice Payers')">`,
			Fields: page.AssigneeFields{Name: "Invoice payers", Path: "/dev-v51/Branch A", Scope: "workflow=role('Invoice Payers')"},
			Script: page.Script{Source: script.Shipped},
		}
		if change != nil {
			change(&v)
		}
		return v
	}
	return chapter{
		"staff/U23 workflow/reaches": page.WorkflowPage(made(nil)),
		"staff/U23 workflow/nobody": page.WorkflowPage(made(func(v *page.Workflow) {
			v.Reaches, v.SetAt, v.Warnings = 0, "", []string{"Nobody was given the role Invoice Payers at /dev-v51/Branch A. Until somebody is, no invoice here reaches an inbox."}
		})),
		"staff/U23 workflow/wrong": page.WorkflowPage(made(func(v *page.Workflow) {
			v.Problems.Fields = []remit.FieldError{{Field: "xml", Message: "The attribute colour is unknown."}}
		})),
		"staff/U23 workflow/script passed": page.WorkflowPage(made(func(v *page.Workflow) {
			v.Script.Trial = &page.ScriptTrial{Number: "INV-104", Printed: "lines 2\n", Effects: []string{`label "Paid"`, `tag "closed"`}}
		})),
		"staff/U23 workflow/script tried on nothing": page.WorkflowPage(made(func(v *page.Workflow) { v.Script.Trial = &page.ScriptTrial{} })),
		"staff/U23 workflow/script wrong": page.WorkflowPage(made(func(v *page.Workflow) {
			v.Problems.Fields = []remit.FieldError{{Field: "source", Message: "Line 3: `invoise` is unknown."}}
		})),
		"staff/U23 workflow/script failed": page.WorkflowPage(made(func(v *page.Workflow) {
			v.Script.SetAt, v.Script.Failed = v.Place, 2
			v.Script.Trial = &page.ScriptTrial{Failure: "It asked for more memory than it may have."}
			v.Script.Versions = []page.ScriptVersion{{Version: 2, Source: script.Shipped, SavedAt: now, SavedBy: "Ana Ruiz"}, {Version: 1, Source: "def after_payment(invoice, payment):\n    return []\n", SavedAt: now, SavedBy: "Lee Park"}}
			v.Script.Failures = []page.ScriptFailure{{ID: id(1).String(), Number: "INV-104", Message: "Line 2: fail: no such customer", RanAt: now}}
		})),
		"staff/U23 workflow/script removed": page.WorkflowPage(made(func(v *page.Workflow) {
			v.Done = "Removed."
			v.Script.Versions = []page.ScriptVersion{{Version: 1, Source: script.Shipped, SavedAt: now, SavedBy: "Ana Ruiz"}}
		})),
		"staff/U23 workflow/script remove": page.AskPage(page.Ask{
			Shell: b.settingsShell("Remove the script", "/settings/workflow"), Heading: "Remove the script saved at /dev-v51/Branch A?",
			Message: "The one above holds again for payments recorded from now on, or the one that Remit ships with. What was saved here stays readable.",
			Action:  "/settings/workflow/script/remove", Button: "Remove the script", Back: page.Link{Label: "Keep it", Href: "/settings/workflow"},
		}),
		"staff/U23 workflow/file wrong": page.WorkflowPage(made(func(v *page.Workflow) {
			v.Problems.Fields = []remit.FieldError{{Field: "file", Message: "This Remit reads remit-workflow/1."}}
		})),
	}
}

func (b book) people() chapter {
	ana := remit.User{ID: id(20), Name: "Ana Ruiz", Email: "ana@example.com", Status: remit.UserActive}
	people := page.People{
		Shell: b.settingsShell("People", "/settings/people"), Places: places, Roles: []string{"Owner", "Invoice Payers", "Clerks"}, MayInvite: true,
		Rows: []remit.User{ana, {ID: id(21), Name: "Lee Park", Email: "lee@example.com", Status: remit.UserActive, MFA: true},
			{ID: id(22), Email: "kim@example.com", Status: remit.UserInvited}, {ID: id(23), Name: "Sam Doe", Email: "sam@example.com", Status: remit.UserDisabled, CustomerID: idp(2)}},
	}
	invited, wrong := people, people
	invited.Link = "https://pay.example.com/invitation?token=made-up"
	wrong.Problems.Fields = []remit.FieldError{{Field: "email", Message: "Enter an address, like ana@example.com."}}
	made := func(change func(*page.Person)) page.Person {
		v := page.Person{
			Shell: b.settingsShell("Ana Ruiz", "/settings/people"), User: ana, Places: places, Roles: []string{"Invoice Payers", "Clerks"}, Zone: newYork, MayAdmin: true, MayGrant: true,
			Grants: []remit.RoleGrant{{ID: id(50), Role: "Invoice Payers", Path: "/dev-v51/Branch A", CreatedAt: now}},
		}
		if change != nil {
			change(&v)
		}
		return v
	}
	roles := page.Roles{Shell: b.settingsShell("Roles", "/settings/roles"), MayEdit: true, Rows: []page.RoleRow{
		{Name: "Owner", Permissions: []string{"*=*"}, Shipped: true, Protected: true, Grants: 1},
		{Name: "Invoice Payers", Permissions: []string{"workflow=role('Invoice Payers')", "stripe=pay", "invoice=read"}, Shipped: true, Grants: 4},
		{Name: "Frozen", Permissions: []string{"*=*"}, Shipped: true, Protected: true, Deny: true},
		{Name: "Holiday cover", Permissions: []string{"workflow=role('Invoice Payers')"}, Grants: 1},
	}}
	form := page.RoleForm{Shell: b.settingsShell("Role Holiday cover", "/settings/roles"), Existing: true, Name: "Holiday cover", Permissions: "workflow=role('Invoice Payers')\nstripe=pay"}
	shown, badRole := form, form
	shown.Shown, shown.Total, shown.Effects = true, 12, []page.Effect{{Person: "Kim Lo", Path: "/dev-v51/Branch B", Gains: []string{"stripe=pay"}, Loses: []string{"invoice=read"}}}
	badRole.Existing, badRole.Problems.Fields = false, []remit.FieldError{{Field: "permissions", Message: `"stripe" is not a permission: it has no "=", write object=action.`}}
	return chapter{
		"staff/U24 people/list":    page.PeoplePage(people),
		"staff/U24 people/invited": page.PeoplePage(invited),
		"staff/U24 people/wrong":   page.PeoplePage(wrong),
		"staff/U24 person/start":   page.PersonPage(made(nil)),
		"staff/U24 person/why": page.PersonPage(made(func(v *page.Person) {
			v.Ask, v.Answer = page.WhyFields{Scope: "stripe=pay", Path: "/dev-v51/Branch A"}, "The role Invoice Payers, given at /dev-v51/Branch A, permits stripe=pay."
		})),
		"staff/U24 person/disabled": page.PersonPage(made(func(v *page.Person) { v.User.Status, v.Grants = remit.UserDisabled, nil })),
		"staff/U24 grant/asks": page.AskPage(page.Ask{
			Shell: b.settingsShell("Give Clerks", "/settings/people"), Heading: "Give Clerks to Ana Ruiz?", Message: "At /dev-v51/Branch B and below.",
			Details: []string{"Ana Ruiz at /dev-v51/Branch B gains invoice=read."}, Action: "/settings/people/x/grant", Button: "Give Clerks", Calm: true, Back: page.Link{Label: "Back", Href: "/settings/people"},
		}),
		"staff/U24 roles/list":   page.RolesPage(roles),
		"staff/U24 role/edit":    page.RoleFormPage(form),
		"staff/U24 role/changes": page.RoleFormPage(shown),
		"staff/U24 role/wrong":   page.RoleFormPage(badRole),
	}
}

func (b book) administration() chapter {
	offset := time.Hour
	tree := page.Organisations{Shell: b.settingsShell("Organisations", "/settings/organisations"), MayEdit: true, Rows: []remit.Organisation{
		{ID: id(70), Path: "/dev-v51", Name: "Developers", TimeZone: "America/New_York", Currency: "USD", ClockOffset: &offset},
		{ID: id(71), Path: "/dev-v51/Branch A", Name: "Branch A", TimeZone: "America/New_York", Currency: "USD"},
		{ID: id(72), Path: "/dev-v51/Branch A/Harbour", Name: "Harbour", TimeZone: "America/New_York", Currency: "USD"},
		{ID: id(73), Path: "/dev-v51/Branch B", Name: "Branch B", TimeZone: "Asia/Tokyo", Currency: "JPY"},
	}}
	badTree := tree
	badTree.Problems.Fields = []remit.FieldError{{Field: "time_zone", Message: "There is no time zone of this name. Names are like Europe/Berlin."}}
	tokens := page.Tokens{Shell: b.settingsShell("API tokens", "/settings/tokens"), Zone: newYork, Now: now}
	filled := tokens
	filled.Rows = []remit.APIToken{
		{ID: id(80), Owner: "Lee Park", Name: "Nightly export", Scopes: []remit.Scope{remit.InvoiceRead}, CreatedAt: now, LastUsedAt: at(-time.Hour), ExpiresAt: at(999 * time.Hour)},
		{ID: id(81), Owner: "Lee Park", Name: "Old script", CreatedAt: now, RevokedAt: at(-time.Hour)},
	}
	made := filled
	made.Secret = "remit_made_up_made_up_made_up"
	audit := page.Audit{Shell: b.settingsShell("Audit", "/settings/audit"), Zone: newYork, Next: "/settings/audit?after=x", Rows: []remit.AuditEntry{
		{Seq: 812, At: now, Actor: remit.Actor{Kind: "user", Name: "Lee Park"}, Address: "192.0.2.7", Action: "grant.create", Object: "user " + id(20).String(), Path: "/dev-v51/Branch A",
			Scope: "admin=roles", Outcome: remit.AuditDone, Change: json.RawMessage(`{"after":{"role":"Invoice Payers"}}`)},
		{Seq: 811, At: now, Actor: remit.Actor{Kind: "token", Name: "Lee Park"}, Address: "192.0.2.9", Action: "permission", Path: "/dev-v51", Scope: "stripe=*", Outcome: remit.AuditDenied, Change: json.RawMessage(`{}`)},
	}}
	noAudit := audit
	noAudit.Rows, noAudit.Next = nil, ""
	return chapter{
		"staff/U24 organisations/tree":  page.OrganisationsPage(tree),
		"staff/U24 organisations/wrong": page.OrganisationsPage(badTree),
		"staff/U27 tokens/none":         page.TokensPage(tokens),
		"staff/U27 tokens/list":         page.TokensPage(filled),
		"staff/U27 tokens/made":         page.TokensPage(made),
		"staff/U28 audit/list":          page.AuditPage(audit),
		"staff/U28 audit/none":          page.AuditPage(noAudit),
	}
}

func (b book) demo() chapter {
	mailbox := page.Mailbox{Shell: b.staffShell("Mailbox", "/demo/mailbox", "Demo"), Zone: newYork}
	filled := mailbox
	filled.Rows = []remit.Mail{{ID: id(90), To: "kim@example.com", Subject: "You are invited to Remit", CreatedAt: now,
		Body: "Lee Park invites you to /dev-v51.\nAccept within 24 hours:\n\nhttps://pay.example.com/invitation?token=made-up\n"}}
	filled.Rows = append(filled.Rows, remit.Mail{
		ID: id(91), To: "ap@acme.example", Subject: "Invoice INV-104 from Harbour Plumbing: $1,200.00, due 1 Apr 2026", CreatedAt: now,
		Body:    "Harbour Plumbing sends you invoice INV-104.\n\n$1,200.00 USD is due on 1 Apr 2026.\n\nThe invoice is attached as a PDF.\n",
		Invoice: &remit.MailedInvoice{ID: invoice, Stage: remit.MailSent, DueVersion: 1, Number: "INV-104", Link: "https://pay.example.com/pay/made-up"},
	})
	filled.Rows = append(filled.Rows, remit.Mail{
		ID: id(92), To: "office@riverside.example", Subject: "Verify your Test Bank account ending in 6789 - Harbour Plumbing", CreatedAt: now,
		Body:        "The deposits to your Test Bank account ending in 6789 should have arrived: two amounts below a dollar. Enter what the statement says by 21 Mar 2026.\n",
		BankAccount: &remit.MailedBankAccount{ID: id(31), Stage: "deposits_arrived", Link: "https://pay.example.com/bank-accounts/made-up", Stripe: "https://payments.example.com/microdeposit/made-up"},
	})
	clock := page.TestClock{Shell: b.staffShell("Clock", "/demo/clock", "Demo"), Now: now, Zone: newYork, Has: true}
	fired, none, wrong := clock, clock, clock
	fired.Ran, fired.More, fired.Until = true, true, "2026-04-28T12:00:00Z"
	fired.Story = commands.ClockStory{Looks: 31, Reconciliations: 20, Lines: []remit.StoryLine{
		{At: now.Add(200 * time.Hour), About: "INV-102", InvoiceID: id(93), What: "Attempt 1, $420.00 with Visa 0341, was declined. Not enough money (insufficient_funds, rule later v1). Another try follows. It is tried again by itself on 27 Mar 2026, 09:00 EDT: try 2 of 4."},
		{At: now.Add(300 * time.Hour), About: "RENT", What: "27 Mar 2026 – 26 Apr 2026 is not billed: the schedule was paused when it began."},
		{At: now.Add(444 * time.Hour), About: "INV-104", InvoiceID: invoice, What: "$1,200.00 is overdue: it was due on 1 Apr 2026."},
	}}
	none.Has = false
	wrong.Problems.Fields = []remit.FieldError{{Field: "to", Message: "The clock shows 14 Mar 2026; it only goes forward."}}
	return chapter{
		"staff/U30 mailbox/mails": page.MailboxPage(filled),
		"staff/U30 mailbox/empty": page.MailboxPage(mailbox),
		"staff/U30 clock/start":   page.ClockPage(clock),
		"staff/U30 clock/fired":   page.ClockPage(fired),
		"staff/U30 clock/wrong":   page.ClockPage(wrong),
		"staff/U30 clock/none":    page.ClockPage(none),
	}
}
