package storybook

import (
	"time"

	"remit"
	"remit/commands"
	"remit/portal/page"
)

func (b book) stripe() chapter {
	made := func(change func(*page.Stripe)) page.Stripe {
		v := page.Stripe{Shell: b.settingsShell("Stripe", "/settings/stripe"), MayEdit: true, Zone: newYork, Connection: remit.Connection{
			Mode: remit.ModeKeys, Account: "acct_made_up", Status: remit.ConnectionActive, ChargesEnabled: true, PayoutsEnabled: true, Country: "US", DefaultCurrency: "USD",
			BusinessName: "Harbour Plumbing Inc", PublishableKey: "pk_test_made_up", HasWebhookSecret: true, CheckedAt: at(-time.Minute), LastEventAt: at(-time.Hour),
		}}
		if change != nil {
			change(&v)
		}
		return v
	}
	return chapter{
		"staff/U21 stripe/active": page.StripePage(made(nil)),
		"staff/U21 stripe/onboarding": page.StripePage(made(func(v *page.Stripe) {
			v.Connection.Mode, v.Connection.Status, v.Connection.ChargesEnabled, v.Connection.PayoutsEnabled = remit.ModeExpress, remit.ConnectionOnboarding, false, false
			v.Connection.PublishableKey, v.Connection.HasWebhookSecret, v.Connection.Reported = "", false, true
			v.Connection.Requirements = remit.AccountFacts{CurrentlyDue: []string{"external_account", "individual.dob.day", "tos_acceptance.date"}}.Requirements()
			v.History = []remit.ConnectionChange{{At: *at(-time.Hour), What: "An account was made for this organisation (Express).", Actor: remit.Actor{Name: "Ana"}}}
		})),
		"staff/U21 stripe/pending": page.StripePage(made(func(v *page.Stripe) {
			v.Connection.Mode, v.Connection.Status, v.Connection.ChargesEnabled, v.Connection.PayoutsEnabled = remit.ModeExpress, remit.ConnectionPending, false, false
			v.Connection.DisabledReason = "requirements.pending_verification"
			v.Connection.Requirements = remit.AccountFacts{PendingVerification: []string{"individual.verification.document"}}.Requirements()
		})),
		"staff/U21 stripe/due by a day": page.StripePage(made(func(v *page.Stripe) {
			v.Connection.Mode, v.Connection.Deadline = remit.ModeStandard, at(6*24*time.Hour)
			v.Connection.Requirements = remit.AccountFacts{
				CurrentlyDue: []string{"individual.verification.document"}, Deadline: at(6 * 24 * time.Hour),
				Errors: []remit.RequirementError{{Field: "individual.verification.document", Reason: "The document cannot be read."}},
			}.Requirements()
		})),
		"staff/U21 stripe/disconnecting": page.StripePage(made(func(v *page.Stripe) { v.Connection.DisconnectingSince = at(-time.Hour) })),
		"staff/U21 stripe/keys refused":  page.StripePage(made(func(v *page.Stripe) { v.Connection.KeysRefused = at(-time.Hour) })),
		"staff/U21 stripe/drill": page.DisconnectPage(page.Disconnect{
			Shell: b.settingsShell("Disconnect", "/settings/stripe"), Zone: newYork, Connection: remit.Connection{Mode: remit.ModeStandard, BusinessName: "Harbour Plumbing Inc", Status: remit.ConnectionActive},
			Impact: remit.Impact{
				Links: remit.Touched{Count: 14, Sums: []remit.Sum{{Currency: "EUR", Amount: 120000}, {Currency: "USD", Amount: 2310050}}}, Checkouts: remit.Touched{Count: 1, Sums: []remit.Sum{{Currency: "USD", Amount: 4200}}},
				Charges: remit.Touched{Count: 3, Sums: []remit.Sum{{Currency: "USD", Amount: 99000}}}, BankDebits: remit.Touched{Count: 2, Sums: []remit.Sum{{Currency: "USD", Amount: 50000}}},
				Returnable: remit.Touched{Count: 5, Sums: []remit.Sum{{Currency: "USD", Amount: 410000}}}, Until: *at(30 * 24 * time.Hour),
			},
		}),
		"staff/U21 stripe/not connected": page.StripePage(made(func(v *page.Stripe) {
			v.Connection, v.Ways = remit.Connection{Status: remit.ConnectionDisconnected}, commands.Ways{Express: true, Standard: true}
		})),
		"staff/U21 stripe/restricted": page.StripePage(made(func(v *page.Stripe) {
			v.Connection.Status, v.Connection.PayoutsEnabled, v.Connection.HasWebhookSecret = remit.ConnectionRestricted, false, false
			v.Connection.DisabledReason = "requirements.past_due"
			v.Connection.Requirements = remit.AccountFacts{PastDue: []string{"company.tax_id"}, PendingVerification: []string{"individual.id_number"}}.Requirements()
		})),
		"staff/U21 stripe/events missing": page.StripePage(made(func(v *page.Stripe) {
			v.Connection.EventsMissing, v.Connection.LastEventAt, v.Connection.UnheardSince = true, nil, at(-5*time.Hour)
		})),
		"staff/U21 stripe/no answer": page.StripePage(made(func(v *page.Stripe) { v.Done = "Stripe does not answer. These are the figures stored last." })),
		"staff/U21 stripe/refused": page.StripePage(made(func(v *page.Stripe) {
			v.Problems.Fields = []remit.FieldError{{Field: "secret_key", Message: "Stripe refused this key."}}
			v.Publishes = "pk_test_made_up"
		})),
		"staff/U21 stripe/unproved": page.StripePage(made(func(v *page.Stripe) { v.Unproved = true })),
		"staff/U21 stripe/viewer":   page.StripePage(made(func(v *page.Stripe) { v.MayEdit = false })),
	}
}
