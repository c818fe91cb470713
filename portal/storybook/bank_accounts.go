package storybook

import (
	"time"

	"remit"
	"remit/portal/page"
)

// wallet is what a made-up customer can pay with: a card, a bank account whose
// deposits wait to be entered, and a card that has expired.
var wallet = page.Wallet{
	Methods: []remit.PaymentMethod{visa, bank, old}, Accounts: []remit.BankAccount{account(31, remit.BankAccountAwaitingEntry, nil)},
	AddBank: "/customers/" + id(2).String() + "/bank-accounts/new",
}

// refusals are why bank accounts are not offered (D5).
var refusals = map[string]remit.DebitOffer{
	"not in dollars":       remit.OfferDebits("EUR", "US", true),
	"not a US account":     remit.OfferDebits("USD", "DE", true),
	"debits not turned on": remit.OfferDebits("USD", "US", false),
}

func offered(n byte) page.Offer {
	offer := page.Offer{Action: "/portal/pay", Back: "/customers/" + id(2).String()}
	for i := range n {
		offer.Invoices = append(offer.Invoices, madeInvoice(func(invoice *remit.Invoice) { invoice.ID = id(77 + i) }))
	}
	return offer
}

// account is a made-up bank account in a state.
func account(n byte, state remit.BankAccountState, change func(*remit.BankAccount)) remit.BankAccount {
	tries := 3
	b := remit.BankAccount{
		ID: id(n), CustomerID: id(2), CustomerName: "Riverside Apartments", Organisation: "/dev-v51/Branch A", State: state, Deposit: remit.DepositAmounts,
		BankName: "Test Bank", Last4: "6789", TriesLeft: &tries, CreatedAt: now.Add(-72 * time.Hour), ArrivesAt: at(-24 * time.Hour), VerifyBy: at(168 * time.Hour),
		HostedURL: "https://payments.example.com/microdeposit/made-up",
	}
	if state == remit.BankAccountAwaitingDeposit {
		b.CreatedAt, b.ArrivesAt, b.VerifyBy = now, at(48*time.Hour), at(240*time.Hour)
	}
	if !state.Waits() {
		b.TriesLeft, b.HostedURL, b.EndedAt = nil, "", at(0)
	}
	if change != nil {
		change(&b)
	}
	return b
}

func ended(state remit.BankAccountState, reason string) remit.BankAccount {
	return account(31, state, func(b *remit.BankAccount) { b.Reason = reason })
}

func coded(b *remit.BankAccount) {
	tries := 10
	b.Deposit, b.TriesLeft = remit.DepositCode, &tries
}

// requested is one that Stripe has or has not.
func requested(b *remit.BankAccount) {
	b.BankName, b.Last4, b.Deposit, b.TriesLeft, b.ArrivesAt, b.VerifyBy, b.HostedURL = "", "", "", nil, nil, nil, ""
}

// bankShell is that of a customer's own user.
func (b book) bankShell(title, path string) page.Shell {
	s := b.payerShell(title, path)
	s.Person = "Nina Torres"
	s.Nav = []page.Link{{Label: "Invoices", Href: "/portal"}, {Label: "Payment settings", Href: "/customers/made-up", Current: true}}
	return s
}

// paymentSettings are a customer's methods as his user sees them (U6).
func (b book) paymentSettings() chapter {
	made := func(change func(*page.Customer)) page.Customer {
		v := page.Customer{
			Shell:    b.bankShell("Riverside Apartments", "/customers/"+id(2).String()),
			Customer: remit.Customer{ID: id(2), Name: "Riverside Apartments", Organisation: "/dev-v51/Branch A", Email: "office@riverside.example", Currency: "USD"},
			Zone:     newYork, MayPays: true, Wallet: wallet,
		}
		v.Width = ""
		change(&v)
		return v
	}
	bankIn := func(n byte, b remit.BankAccount) (remit.PaymentMethod, remit.BankAccount) {
		m := bank
		m.ID, m.Status = id(n), remit.MethodStatus(b.State)
		b.ID = m.ID
		return m, b
	}
	every := page.Wallet{Methods: []remit.PaymentMethod{visa}, AddBank: wallet.AddBank}
	for n, b := range []remit.BankAccount{
		account(0, remit.BankAccountUsable, nil), account(0, remit.BankAccountAwaitingDeposit, nil), account(0, remit.BankAccountAwaitingEntry, nil),
		account(0, remit.BankAccountAwaitingEntry, coded), ended(remit.BankAccountFailed, "The deposits failed. Contact your bank."),
		ended(remit.BankAccountLocked, "No tries left. Contact your bank or add it again."), ended(remit.BankAccountExpired, "10 days have passed. Add it again."),
	} {
		method, known := bankIn(100+byte(n), b)
		every.Methods, every.Accounts = append(every.Methods, method), append(every.Accounts, known)
	}
	every.Accounts = append(every.Accounts, account(120, remit.BankAccountRequested, requested))
	all := chapter{
		"payer/U6 payment settings/every state": page.CustomerPage(made(func(v *page.Customer) { v.Wallet = every })),
		"payer/U6 payment settings/none":        page.CustomerPage(made(func(v *page.Customer) { v.Methods, v.Accounts = nil, nil })),
		"payer/U6 payment settings/add one first": page.CustomerPage(made(func(v *page.Customer) {
			v.Methods, v.Accounts, v.First = nil, nil, true
		})),
		"payer/U6 payment settings/pay now": page.CustomerPage(made(func(v *page.Customer) {
			v.Done, v.Offer = "The payment method is saved.", offered(2)
		})),
		"payer/U6 payment settings/did not reach Stripe": page.CustomerPage(made(func(v *page.Customer) {
			v.Methods, v.Accounts = v.Methods[:1], []remit.BankAccount{account(31, remit.BankAccountFailed, func(b *remit.BankAccount) { requested(b); b.Reason = remit.NotSent })}
		})),
		"staff/U12 customer/bank accounts": page.CustomerPage(made(func(v *page.Customer) {
			v.Shell, v.Staff, v.MayEdit = b.staffShell("Riverside Apartments", "/customers/"+id(2).String(), "Customers"), true, true
			v.Wallet = every
		})),
	}
	for why, offer := range refusals {
		all["payer/U6 payment settings/"+why] = page.CustomerPage(made(func(v *page.Customer) {
			v.Methods, v.Accounts, v.AddBank, v.NoBank = v.Methods[:1], nil, "", offer.Why
		}))
	}
	return all
}

// addBankAccount is the form that adds one (U7).
func (b book) addBankAccount() chapter {
	made := func(change func(*page.BankAccountForm)) page.BankAccountForm {
		v := page.BankAccountForm{
			Shell:    b.bankShell("Add a bank account", "/customers/"+id(2).String()+"/bank-accounts/new"),
			Customer: remit.Customer{ID: id(2), Name: "Riverside Apartments", Currency: "USD"}, Seller: "Harbour Plumbing Inc", Key: "made-up-key", Own: true,
			Back: page.Link{Label: "Payment settings", Href: "/customers/made-up"},
		}
		change(&v)
		return v
	}
	wrong := func(fields ...remit.FieldError) func(*page.BankAccountForm) {
		return func(v *page.BankAccountForm) {
			v.HolderName, v.HolderType, v.Routing, v.Agreed = "Nina Torres", "individual", "110000000", true
			v.Problems.Fields = fields
		}
	}
	routing := func(message string) page.BankAccountForm {
		return made(wrong(remit.FieldError{Field: "routing_number", Message: message}))
	}
	_, _, empty := remit.BankAccountInput{Country: "US", Currency: "USD"}.Check("")
	all := chapter{
		"payer/U7 add bank account/start": page.BankAccountFormPage(made(func(*page.BankAccountForm) {})),
		"payer/U7 add bank account/all wrong": page.BankAccountFormPage(made(func(v *page.BankAccountForm) {
			v.Problems.Fields = remit.AsError(empty).Fields
		})),
		"payer/U7 add bank account/routing too short": page.BankAccountFormPage(routing("Enter the 9-digit routing number.")),
		"payer/U7 add bank account/routing wrong":     page.BankAccountFormPage(routing("That is not a US routing number.")),
		"payer/U7 add bank account/cannot be used": page.BankAccountFormPage(made(wrong(
			remit.FieldError{Field: "account_number", Message: "This account cannot be used. Add another."}))),
		"payer/U7 add bank account/too many": page.BankAccountFormPage(made(func(v *page.BankAccountForm) {
			wrong()(v)
			v.Problems.Message = "5 bank accounts wait to be verified already. Verify or remove one first."
		})),
		"payer/U7 add bank account/no answer": page.BankAccountFormPage(made(func(v *page.BankAccountForm) {
			wrong()(v)
			v.Problems.Message = "Stripe does not answer. Nothing was changed. Try again soon."
		})),
		"staff/U7 add bank account/for a customer": page.BankAccountFormPage(made(func(v *page.BankAccountForm) {
			v.Shell, v.Own = b.staffShell("Add a bank account", "/customers/"+id(2).String()+"/bank-accounts/new", "Customers"), false
			v.Width, v.Back = "payer", page.Link{Label: "Riverside Apartments", Href: "/customers/made-up"}
		})),
	}
	for why, offer := range refusals {
		all["payer/U7 add bank account/"+why] = page.BankAccountFormPage(made(func(v *page.BankAccountForm) { v.NoBank = offer.Why }))
		all["payer/U3 pay form/bank "+why] = page.PayPage(b.payForm(func(v *page.Pay) { v.NoBank, v.AddBank = offer.Why, "" }))
	}
	return all
}

// verify is every state of a verification, and each of its endings (U8).
func (b book) verify() chapter {
	made := func(account remit.BankAccount, change func(*page.BankAccount)) page.BankAccount {
		v := page.BankAccount{
			Shell: b.bankShell("Bank account", "/bank-accounts/"+id(31).String()), Account: account, Zone: newYork, Key: "made-up-key",
			Back: page.Link{Label: "Payment settings", Href: "/customers/made-up"},
		}
		if change != nil {
			change(&v)
		}
		return v
	}
	plain := func(account remit.BankAccount) page.BankAccount { return made(account, nil) }
	entry := account(31, remit.BankAccountAwaitingEntry, nil)
	code := account(31, remit.BankAccountAwaitingEntry, coded)
	wrongAmounts := func(message string, left int, typed ...string) page.BankAccount {
		return made(entry, func(v *page.BankAccount) {
			v.Account.TriesLeft, v.Amounts = &left, typed
			v.Problems.Fields = []remit.FieldError{{Field: "amounts", Message: message}}
		})
	}
	wrongCode := func(message, typed string, left int) page.BankAccount {
		return made(code, func(v *page.BankAccount) {
			v.Account.TriesLeft, v.Code = &left, typed
			v.Problems.Fields = []remit.FieldError{{Field: "descriptor_code", Message: message}}
		})
	}
	pages := map[string]page.BankAccount{
		"on its way to Stripe":  made(account(31, remit.BankAccountRequested, requested), func(v *page.BankAccount) { v.Poll, v.Refresh = "/bank-accounts/made-up?known=requested", 5 }),
		"not told what is sent": plain(account(31, remit.BankAccountAwaitingDeposit, func(b *remit.BankAccount) { b.Deposit, b.TriesLeft, b.HostedURL = "", nil, "" })),
		"amounts on their way":  plain(account(31, remit.BankAccountAwaitingDeposit, nil)),
		"code on its way":       plain(account(31, remit.BankAccountAwaitingDeposit, coded)),
		"amounts":               plain(entry),
		"code":                  plain(code),
		"amounts in the demo":   made(entry, func(v *page.BankAccount) { v.Sandbox = true }),
		"amounts for an invoice": made(entry, func(v *page.BankAccount) {
			v.Account.ForInvoice, v.Invoice = idp(1), &page.Link{Label: "INV-104", Href: "/portal/invoices/made-up"}
		}),
		"amounts do not match":    wrongAmounts("Those amounts do not match. 2 tries left.", 2, "32", "45"),
		"amounts, one try left":   wrongAmounts("Those amounts do not match. 1 try left.", 1, "0.32", "$0.44"),
		"an amount is missing":    wrongAmounts("Enter both amounts, like 32 and 45.", 3, "32", ""),
		"code does not match":     wrongCode("That code does not match. 9 tries left.", "SM11AB", 9),
		"no code":                 wrongCode("The code has six characters and begins with SM.", "11AA", 10),
		"ended, ready":            plain(ended(remit.BankAccountUsable, "")),
		"ended, ready to pay":     made(ended(remit.BankAccountUsable, ""), func(v *page.BankAccount) { v.Offer = offered(2) }),
		"ended, no tries left":    plain(ended(remit.BankAccountLocked, "No tries left. Contact your bank or add it again.")),
		"ended, blocked":          plain(ended(remit.BankAccountLocked, "This account cannot be used. Contact your bank, or add another.")),
		"ended, permission ended": plain(ended(remit.BankAccountLocked, remit.MandateOver)),
		"ended, time is over":     plain(ended(remit.BankAccountExpired, "10 days have passed. Add it again.")),
		"ended, cancelled":        plain(ended(remit.BankAccountExpired, "It was not verified in time. Add it again.")),
		"ended, deposits failed":  plain(ended(remit.BankAccountFailed, "The deposits failed. Contact your bank.")),
		"ended, cannot be used":   plain(ended(remit.BankAccountFailed, "This account cannot be used. Add another.")),
		"ended, did not arrive":   plain(account(31, remit.BankAccountFailed, func(b *remit.BankAccount) { requested(b); b.Reason = remit.NotSent })),
		"ended, removed":          plain(ended(remit.BankAccountDetached, "It was removed.")),
	}
	all := chapter{
		"staff/U8 verify deposits/amounts": page.BankAccountPage(made(entry, func(v *page.BankAccount) {
			v.Shell, v.Staff = b.staffShell("Bank account", "/bank-accounts/made-up", "Customers"), true
			v.Width, v.Back = "payer", page.Link{Label: "Riverside Apartments", Href: "/customers/made-up"}
		})),
	}
	for name, v := range pages {
		all["payer/U8 verify deposits/"+name] = page.BankAccountPage(v)
	}
	return all
}

// waiting is the staff's list of those to be verified.
func (b book) waiting() chapter {
	list := page.BankAccounts{Shell: b.staffShell("Bank accounts to verify", "/bank-accounts", "Customers")}
	none := list
	for n, account := range []remit.BankAccount{
		account(31, remit.BankAccountRequested, requested), account(32, remit.BankAccountAwaitingDeposit, coded), account(33, remit.BankAccountAwaitingEntry, nil),
	} {
		list.Rows = append(list.Rows, page.BankAccountRow{Account: account, Zone: newYork, May: n > 0})
	}
	list.Next = "/bank-accounts?after=abc"
	return chapter{
		"staff/U12 bank accounts/waiting": page.BankAccountsPage(list),
		"staff/U12 bank accounts/none":    page.BankAccountsPage(none),
	}
}

// bankWallet is a wallet whose bank account can pay and is the default.
func bankWallet() page.Wallet {
	ready, card := bank, visa
	ready.Status, ready.Default, card.Default = remit.MethodUsable, true, false
	return page.Wallet{Methods: []remit.PaymentMethod{ready, card}, Accounts: []remit.BankAccount{ended(remit.BankAccountUsable, "")}, AddBank: wallet.AddBank}
}

// debited is an attempt with the bank account.
func debited(a *remit.Attempt) { a.Method = bank.Summary() }

// debits are the pages of a payment by bank account.
func (b book) debits() chapter {
	ready := bankWallet()
	return chapter{
		"payer/U3 pay form/bank accounts only": page.PayPage(b.payForm(func(v *page.Pay) {
			v.Item.Invoice.Settings.Methods = remit.AllowedMethods{BankAccounts: true}
			v.Wallet = ready.For(v.Item.Invoice)
			v.Method = v.Choose("USD")
		})),
		"payer/U3 pay form/cards only": page.PayPage(b.payForm(func(v *page.Pay) {
			v.Item.Invoice.Settings.Methods = remit.AllowedMethods{Cards: true}
			v.Wallet = ready.For(v.Item.Invoice)
			v.Method = v.Choose("USD")
		})),
		"payer/U3 pay form/bank account": page.PayPage(b.payForm(func(v *page.Pay) { v.Wallet, v.Method = ready, ready.Choose("USD") })),
		"payer/U3 pay form/bank deposit on its way": page.PayPage(b.payForm(func(v *page.Pay) {
			coming := bank
			coming.Status = remit.MethodAwaitingDeposit
			v.Wallet = page.Wallet{Methods: []remit.PaymentMethod{coming}, Accounts: []remit.BankAccount{account(31, remit.BankAccountAwaitingDeposit, nil)}, AddBank: wallet.AddBank}
			v.Method = "once"
		})),
	}
}
