package storybook

import (
	"time"

	"remit"
	"remit/portal/page"
)

func (b book) reconciliation() chapter {
	made := func(state remit.RunState, latest ...remit.Reconciliation) page.Reconciliation {
		run := &remit.ReconciliationRun{ID: id(80), State: state, At: now, Currency: "USD"}
		return page.Reconciliation{Shell: b.staffShell("Reconciliation", "/reconciliation", "Reconciliation"), Run: run, Latest: latest, Zone: newYork}
	}
	balanced := remit.Reconciliation{
		ID: id(80), Run: id(80), Organisation: "/dev-v51", State: remit.RunDone, Since: now.Add(-48 * time.Hour), At: now, Currency: "USD",
		Totals: remit.ReconciliationTotals{
			Charges: remit.BothSides{Ledger: 1250000, Stripe: 1250000}, Refunds: remit.BothSides{Ledger: -30000, Stripe: -30000},
			Disputes: remit.BothSides{}, Fees: 36280, PaidOut: 900000, Payouts: 900000,
		},
	}
	open := balanced
	open.Totals.Refunds.Stripe, open.Totals.Disputes.Stripe, open.Totals.Foreign = -35000, -120000, 7700
	open.Unexplained = 125000
	open.Differences = []remit.Difference{
		{Kind: remit.MovedRefund, StripeID: "re_made_up", Currency: "USD", Amount: -5000, Cause: remit.CauseRefundAtStripe, Intent: "pi_made_up", InvoiceID: &invoice, At: now},
		{Kind: remit.MovedDispute, StripeID: "dp_made_up", Currency: "USD", Amount: -120000, Cause: remit.CauseDisputeWithdrawn, Intent: "pi_made_up", InvoiceID: &invoice, At: now},
		{Kind: remit.MovedCharge, StripeID: "ch_made_up", Currency: "USD", Amount: 7700, Cause: remit.CauseForeign, At: now},
	}
	yen := remit.Reconciliation{ID: id(81), Run: id(80), Organisation: "/dev-v51", State: remit.RunDone, At: now, Currency: "JPY", Totals: remit.ReconciliationTotals{Charges: remit.BothSides{Ledger: 5000, Stripe: 5000}}}
	running := made(remit.RunRunning, balanced)
	running.Poll = "/reconciliation?known=x"
	failed := made(remit.RunFailed, balanced)
	failed.Run.Failure = "Stripe did not answer."
	none := made(remit.RunDone)
	none.Run = nil
	tries := page.Tries{Shell: b.staffShell("Payments", "/payments", "Payments"), Tab: "all"}
	noTries := tries
	for n, state := range []remit.AttemptState{remit.AttemptSucceeded, remit.AttemptFailed, remit.AttemptProcessing} {
		t := remit.Try{
			Attempt:  remit.Attempt{ID: id(byte(90 + n)), InvoiceID: invoice, Number: n + 1, State: state, Amount: 120000, CreatedAt: now},
			Currency: "USD", InvoiceNumber: "INV-104", Organisation: "/dev-v51/Branch A", CustomerName: "Globex",
		}
		if state == remit.AttemptFailed {
			t.Decline = &remit.DeclineRecord{Class: "refused", Code: "lost_card", Rule: "new_method", Version: "1", Hard: true}
		}
		tries.Rows = append(tries.Rows, page.TryRow{Try: t, Zone: newYork})
	}
	tries.Next = "/payments?after=abc"
	return chapter{
		"staff/U20 payments/all":                       page.TriesPage(tries),
		"staff/U20 payments/none":                      page.TriesPage(noTries),
		"staff/U20 reconciliation/nothing unexplained": page.ReconciliationPage(made(remit.RunDone, balanced, yen)),
		"staff/U20 reconciliation/unexplained":         page.ReconciliationPage(made(remit.RunDone, open)),
		"staff/U20 reconciliation/running":             page.ReconciliationPage(running),
		"staff/U20 reconciliation/failed":              page.ReconciliationPage(failed),
		"staff/U20 reconciliation/none yet":            page.ReconciliationPage(none),
	}
}
