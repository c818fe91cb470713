package storybook

import (
	"remit"
	"remit/portal/page"
)

func (b book) outside(title, url string) page.Shell {
	return page.Shell{Title: title, Path: url, Width: "narrow", TestMode: true, Theme: b.theme}
}

func (b book) signIn() chapter {
	wrong := b.outside("Sign in", "/sign-in")
	wrong.Problems.Message = "E-mail or password is wrong."
	code := b.outside("Enter your code", "/sign-in/code")
	code.Problems.Fields = []remit.FieldError{{Field: "code", Message: "This code is not right. Wait for the next one."}}
	confirm := b.outside("Confirm that it is you", "/confirm")
	confirm.Person = "Lee Park"
	kept := []page.Option{{Value: "kept.amount", Label: "250.00"}}
	confirmed := page.Confirm{Shell: confirm, Next: "/settings/roles", HasPassword: true, MFA: true}
	invited := page.NewPassword{Shell: b.outside("Invitation", "/invitation"), Action: "/invitation", Invitation: true, Place: "/dev-v51", Provider: "Acme"}
	invitedKnown := invited
	invitedKnown.Linked = true
	invitedAway := page.NewPassword{Shell: invited.Shell, Action: "/invitation", Invitation: true, Linked: true, Email: "ana@example.com"}
	refused := b.outside("Sign in", "/sign-in")
	refused.Problems.Message = "Signing in at Acme did not work. Start again."
	otherFee := b.collected(3510)
	otherFee.Problems.Message = "A card fee of $35.10 is added to this payment: $1,235.10 in all. Nothing was charged. Check and pay again."
	keptOncePaid := b.collected(3510)
	keptOncePaid.Saved, keptOncePaid.OncePaid = true, true
	return chapter{
		"public/U1 sign in/provider":         page.SignInPage(page.SignIn{Shell: b.outside("Sign in", "/sign-in"), Provider: "Acme"}),
		"public/U1 sign in/provider kept":    page.SignInPage(page.SignIn{Shell: b.outside("Sign in", "/sign-in"), Provider: "Acme", Kept: kept}),
		"public/U1 sign in/provider refused": page.SignInPage(page.SignIn{Shell: refused, Provider: "Acme"}),
		"public/U1 invitation/provider":      page.NewPasswordPage(invited),
		"public/U1 invitation/provider only": page.NewPasswordPage(invitedKnown),
		"public/U1 invitation/provider gone": page.NewPasswordPage(invitedAway),
		"public/U1 confirm/provider":         page.ConfirmPage(page.Confirm{Shell: confirm, Next: "/settings/roles", Provider: "Acme"}),
		"public/U1 sign in/start":            page.SignInPage(page.SignIn{Shell: b.outside("Sign in", "/sign-in")}),
		"public/U1 sign in/wrong":            page.SignInPage(page.SignIn{Shell: wrong, Email: "ana@example.com"}),
		"public/U1 sign in/signed out":       page.SignInPage(page.SignIn{Shell: b.outside("Sign in", "/sign-in"), Next: "/inbox", Kept: kept}),
		"public/U1 code/start":               page.CodePage(page.Code{Shell: b.outside("Enter your code", "/sign-in/code")}),
		"public/U1 code/wrong":               page.CodePage(page.Code{Shell: code}),
		"public/U1 forgotten/start":          page.ForgottenPage(page.Forgotten{Shell: b.outside("Forgotten password", "/forgotten")}),
		"public/U1 forgotten/sent":           page.ForgottenPage(page.Forgotten{Shell: b.outside("Forgotten password", "/forgotten"), Sent: true}),
		"public/U1 reset":                    page.NewPasswordPage(page.NewPassword{Shell: b.outside("New password", "/reset"), Action: "/reset"}),
		"public/U1 invitation/new":           page.NewPasswordPage(page.NewPassword{Shell: b.outside("Invitation", "/invitation"), Action: "/invitation", Invitation: true, Place: "/dev-v51"}),
		"public/U1 invitation/known":         page.NewPasswordPage(page.NewPassword{Shell: b.outside("Invitation", "/invitation"), Action: "/invitation", Invitation: true, Existing: true, Email: "ana@example.com"}),
		"public/U1 confirm":                  page.ConfirmPage(confirmed),
		"public/U1 resume":                   page.ResumePage(page.Resume{Shell: confirm, Action: "/settings/roles/edit", Fields: kept}),
		"public/U9 returned/paid": page.ReturnedPage(page.Returned{Shell: b.outside("Payment", "/pay/return"),
			Heading: "Payment successful", Message: "$1,200.00 of INV-104 is paid.", Look: "good"}),
		"public/U9 returned/check and pay":            page.CollectedPage(b.collected(3510)),
		"public/U9 returned/check and pay, no fee":    page.CollectedPage(b.collected(0)),
		"public/U9 returned/check and pay, kept":      page.CollectedPage(keptOncePaid),
		"public/U9 returned/check and pay, other fee": page.CollectedPage(otherFee),
		"public/U9 returned/confirming": page.ReturnedPage(page.Returned{Shell: b.outside("Payment", "/pay/return"),
			Heading: "Confirming your payment", Message: "Do not pay again.", Look: "info", Poll: "/pay/return?session_id=made-up&poll=1"}),
		"public/U9 returned/not paid": page.ReturnedPage(page.Returned{Shell: b.outside("Payment", "/pay/return"),
			Heading: "No payment was made", Message: "Nothing was charged.", Onward: &page.Link{Label: "Back to INV-104", Href: "/inbox"}}),
	}
}

// collected is the question after a card was read on Stripe's page.
func (b book) collected(fee int64) page.Collected {
	return page.Collected{
		Shell: b.outside("Check and pay", "/pay/return"), Session: "cs_made_up", Number: "INV-104", Seller: "Harbour Plumbing Inc", Currency: "USD",
		Amount: 120000, Surcharge: fee, Method: "Visa 4242", Back: &page.Link{Label: "Do not pay now", Href: "/pay/made-up?abandoned=1"},
	}
}

func (b book) failures() chapter {
	failure := func(status int, message string, money bool) page.Failure {
		s := b.payerShell("Problem", "/inbox")
		s.Width = "narrow"
		return page.Failure{Shell: s, Status: status, Message: message, Reference: "0195-9e3c", Money: money, Back: &page.Link{Label: "Back to the inbox", Href: "/inbox"}}
	}
	return chapter{
		"payer/failure/403":   page.FailurePage(failure(403, "You may see this but not do it. It needs stripe=pay at /dev-v51/Branch A; ask an administrator.", false)),
		"payer/failure/404":   page.FailurePage(failure(404, "", false)),
		"payer/failure/409":   page.FailurePage(failure(409, "", false)),
		"payer/failure/429":   page.FailurePage(failure(429, "", false)),
		"payer/failure/500":   page.FailurePage(failure(500, "", false)),
		"payer/failure/money": page.FailurePage(failure(500, "", true)),
		"payer/help":          page.HelpPage(page.Help{Shell: b.payerShell("Help", "/help")}),
	}
}

func (b book) account() chapter {
	made := func(change func(*page.Account)) page.Account {
		v := page.Account{Shell: b.payerShell("Account", "/account"), Name: "Ana Ruiz", Email: "ana@example.com", HasPassword: true,
			Grants: []remit.RoleGrant{{Role: "Invoice Payers", Path: "/dev-v51/Branch A"}}}
		if change != nil {
			change(&v)
		}
		return v
	}
	return chapter{
		"payer/account/start": page.AccountPage(made(nil)),
		"payer/account/wrong": page.AccountPage(made(func(v *page.Account) {
			v.Problems.Fields = []remit.FieldError{{Field: "password", Message: "This password is too easy to guess."}}
		})),
		"payer/account/not linked": page.AccountPage(made(func(v *page.Account) { v.Provider = "Acme" })),
		"payer/account/linked":     page.AccountPage(made(func(v *page.Account) { v.Provider, v.Linked = "Acme", true })),
		"payer/account/linked only": page.AccountPage(made(func(v *page.Account) {
			v.Provider, v.Linked, v.HasPassword = "Acme", true, false
		})),
		"payer/account/setting up": page.AccountPage(made(func(v *page.Account) {
			v.Setup = &page.Setup{ //nolint:gosec // made up
				Secret: "JBSWY3DPEHPK3PXP", Link: "otpauth://totp/Remit:ana@example.com?secret=JBSWY3DPEHPK3PXP&issuer=Remit",
			}
		})),
		"payer/account/second factor": page.AccountPage(made(func(v *page.Account) {
			v.MFA, v.Codes = true, []string{"made-up-code-1", "made-up-code-2", "made-up-code-3"}
		})),
	}
}
