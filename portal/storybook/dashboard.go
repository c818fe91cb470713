package storybook

import (
	"time"

	"remit"
	"remit/portal/page"
)

func (b book) dashboard() chapter {
	day := remit.DateOf(now)
	bank := &remit.PayoutBank{ID: "ba_made_up", Kind: "bank_account", BankName: "Harbour Bank", Last4: "6789", Country: "US", Currency: "USD", Default: true, Status: "new"}
	zero, odd := int64(0), int64(-1250)
	payout := func(n byte, amount int64, status remit.PayoutStatus, unexplained *int64) remit.Payout {
		return remit.Payout{
			ID: "po_made_up_" + string('a'+rune(n)), Currency: "USD", Amount: amount, Status: status, Automatic: true, Listed: true, BankID: bank.ID, Bank: bank,
			OwnTransaction: "txn_own", Arrives: day.AddDays(1 - int(n)), Created: now.Add(-time.Duration(n) * 24 * time.Hour), Unexplained: unexplained,
		}
	}
	lines := []remit.StripeTransaction{
		{ID: "txn_1", Kind: remit.MovedCharge, Type: "charge", Currency: "USD", Amount: 120000, Fee: 3510, Net: 116490, Created: now.Add(-72 * time.Hour), Available: now, Payout: "po_made_up_b", InvoiceID: &invoice, InvoiceNumber: "INV-104", CustomerName: "Globex"},
		{ID: "txn_2", Kind: remit.MovedRefund, Type: "refund", Currency: "USD", Amount: -20000, Net: -20000, Created: now.Add(-48 * time.Hour), Available: now, Payout: "po_made_up_b", InvoiceID: &invoice, InvoiceNumber: "INV-104", CustomerName: "Globex"},
		{ID: "txn_3", Kind: remit.MovedAdjustment, Type: "adjustment", Currency: "USD", Amount: 500, Net: 500, Created: now.Add(-24 * time.Hour), Available: now, Description: "Correction by Stripe"},
	}
	connection := remit.Connection{ID: id(70), Mode: "api_keys", Account: "acct_made_up", Status: remit.ConnectionActive, ChargesEnabled: true, PayoutsEnabled: true, Country: "US", DefaultCurrency: "USD", BusinessName: "Acme Ltd", HasWebhookSecret: true}
	fresh := now.Add(-3 * time.Minute)
	base := page.Dashboard{
		Shell: b.staffShell("Dashboard", "/stripe", "Dashboard"), Connected: true, MayConnect: true, Connection: connection, State: remit.DashboardState{FreshAt: &fresh},
		Account:  &remit.AccountDescription{BusinessName: "Acme Ltd", Country: "US", DefaultCurrency: "USD", Schedule: remit.PayoutSchedule{Interval: "daily", DelayDays: 2}},
		Balances: []remit.BalanceFigure{{Currency: "EUR", Available: 4321, Pending: 0}, {Currency: "USD", Available: 96990, Pending: 250000}},
		Banks:    []remit.PayoutBank{*bank}, Zone: newYork, Address: "https://dashboard.stripe.com/acct_made_up/test", Now: now, Moved: lines,
		Payouts: []remit.Payout{payout(0, 96990, remit.PayoutInTransit, &zero), payout(1, 250000, remit.PayoutPaid, &zero), payout(2, 1200, remit.PayoutCanceled, nil)},
	}
	var moved []remit.DayFigure
	for n := range 30 {
		moved = append(moved, remit.DayFigure{Day: day.AddDays(n - 29), Currency: "USD", Collected: int64(50000 + n*4100%90000), Fees: int64(1500 + n*130), PaidOut: int64((n % 7) * 30000)})
	}
	base.Charts = page.Charts(moved, day.AddDays(-29), day)
	old := base
	longAgo := now.Add(-26 * time.Hour)
	old.State = remit.DashboardState{FreshAt: &longAgo, Failure: "Stripe did not answer."}
	negative := base
	negative.Balances = []remit.BalanceFigure{{Currency: "USD", Available: -120000, Pending: 5000}}
	failing := base
	broken := payout(1, 250000, remit.PayoutFailed, &zero)
	broken.FailureCode, broken.FailureMessage = "account_closed", "The bank account has been closed."
	failing.Payouts, failing.Odd = []remit.Payout{broken}, []remit.Payout{broken}
	failing.Banks = []remit.PayoutBank{*bank}
	failing.Banks[0].Status = "errored"
	failing.Connection.Status = remit.ConnectionRestricted
	unexplained := base
	wrong := payout(1, 95740, remit.PayoutPaid, &odd)
	unexplained.Payouts, unexplained.Odd = []remit.Payout{wrong}, []remit.Payout{wrong}
	coming := base
	asked := now
	coming.State.AskedAt, coming.Poll = &asked, "/stripe?known=x"
	empty := page.Dashboard{Shell: base.Shell, Connected: true, Connection: connection, Zone: newYork, Now: now}
	sums := []remit.PayoutSum{{Kind: remit.MovedCharge, Count: 1, Amount: 120000, Fee: 3510, ApplicationFees: 500}, {Kind: remit.MovedRefund, Count: 1, Amount: -20000}, {Kind: remit.MovedAdjustment, Count: 1, Amount: 500}}
	detail := page.PayoutDetail{Shell: b.staffShell("Payout", "/stripe/payouts/po_made_up_b", "Dashboard"), State: base.State, Payout: payout(1, 96990, remit.PayoutPaid, &zero), Sums: sums, Lines: lines, Zone: newYork}
	remainder := detail
	remainder.Payout = wrong
	failed := detail
	failed.Payout.Status, failed.Payout.FailureMessage = remit.PayoutFailed, broken.FailureMessage
	byHand := detail
	byHand.Payout.Automatic, byHand.Payout.Unexplained = false, nil
	list := page.Payouts{Shell: b.staffShell("Payouts", "/stripe/payouts", "Dashboard"), State: base.State, Rows: append(base.Payouts, broken, wrong), Zone: newYork, Next: "/stripe/payouts?after=x"}
	transactions := page.Transactions{Shell: b.staffShell("Transactions", "/stripe/transactions", "Dashboard"), State: base.State, Rows: lines, Zone: newYork, Export: "/stripe/transactions.csv", Next: "/stripe/transactions?after=x"}
	none := transactions
	none.Rows, none.Next = nil, ""
	customers := page.StripeCustomers{Shell: b.staffShell("Customers at Stripe", "/stripe/customers", "Dashboard"), State: base.State, Zone: newYork, Rows: []remit.StripeCustomer{
		{ID: "cus_made_up", Name: "Globex", Email: "pay@globex.example", Created: now, CustomerID: &invoice, Customer: "Globex"}, {ID: "cus_other", Created: now},
	}}
	return chapter{
		"staff/U29 dashboard/fresh":                 page.DashboardPage(base),
		"staff/U29 dashboard/newer on their way":    page.DashboardPage(coming),
		"staff/U29 dashboard/old figures":           page.DashboardPage(old),
		"staff/U29 dashboard/negative balance":      page.DashboardPage(negative),
		"staff/U29 dashboard/failed payout":         page.DashboardPage(failing),
		"staff/U29 dashboard/unexplained remainder": page.DashboardPage(unexplained),
		"staff/U29 dashboard/empty":                 page.DashboardPage(empty),
		"staff/U29 dashboard/not connected":         page.DashboardPage(page.Dashboard{Shell: base.Shell, MayConnect: true}),
		"staff/U29 payout/explained":                page.PayoutPage(detail),
		"staff/U29 payout/unexplained remainder":    page.PayoutPage(remainder),
		"staff/U29 payout/failed":                   page.PayoutPage(failed),
		"staff/U29 payout/by hand":                  page.PayoutPage(byHand),
		"staff/U29 payouts/all":                     page.PayoutsPage(list),
		"staff/U29 transactions/all":                page.TransactionsPage(transactions),
		"staff/U29 transactions/none":               page.TransactionsPage(none),
		"staff/U29 customers/all":                   page.StripeCustomersPage(customers),
	}
}
