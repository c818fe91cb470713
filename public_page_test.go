package remit_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"remit"
)

// Protects payers from being asked for money that is not owed now: of what an
// invoice may be, the first row that fits is shown, in the order of the page.
func TestPublicStateOf(t *testing.T) {
	at := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	sent := remit.Invoice{
		Status: remit.InvoiceOpen, Total: 120000, Outstanding: 120000, Currency: "USD",
		Settings: remit.InvoiceSettings{OnlinePayments: true},
	}
	with := func(change func(*remit.Invoice)) remit.Invoice {
		i := sent
		change(&i)
		return i
	}
	inFlight := func(s remit.AttemptState) remit.Invoice {
		return with(func(i *remit.Invoice) { i.InFlight = &remit.InFlight{State: s} })
	}
	status := func(s remit.InvoiceStatus) remit.Invoice { return with(func(i *remit.Invoice) { i.Status = s }) }
	for name, tt := range map[string]struct {
		facts remit.PublicFacts
		want  remit.PublicState
	}{
		"sent":               {remit.PublicFacts{Invoice: sent, Collecting: true}, remit.PublicSent},
		"an open checkout":   {remit.PublicFacts{Invoice: inFlight(remit.AttemptRequiresAction), Collecting: true}, remit.PublicSent},
		"outcome unknown":    {remit.PublicFacts{Invoice: inFlight(remit.AttemptConfirming), Collecting: true}, remit.PublicConfirming},
		"unknown, no keys":   {remit.PublicFacts{Invoice: inFlight(remit.AttemptConfirming)}, remit.PublicConfirming},
		"a bank has it":      {remit.PublicFacts{Invoice: status(remit.InvoiceProcessing), Collecting: true}, remit.PublicProcessing},
		"deposits awaited":   {remit.PublicFacts{Invoice: inFlight(remit.AttemptRequiresAction), Collecting: true, Deposits: true}, remit.PublicDeposits},
		"contested":          {remit.PublicFacts{Invoice: status(remit.InvoiceContested), Collecting: true}, remit.PublicContested},
		"void":               {remit.PublicFacts{Invoice: status(remit.InvoiceVoid), Collecting: true}, remit.PublicVoid},
		"written off":        {remit.PublicFacts{Invoice: status(remit.InvoiceUncollectible), Collecting: true}, remit.PublicClosed},
		"carried":            {remit.PublicFacts{Invoice: status(remit.InvoiceCarried), Collecting: true}, remit.PublicCarried},
		"paid, later no key": {remit.PublicFacts{Invoice: status(remit.InvoicePaid)}, remit.PublicPaid},
		"refunded":           {remit.PublicFacts{Invoice: status(remit.InvoicePaid), Captured: 2, Refunded: 2}, remit.PublicRefunded},
		"a part refunded":    {remit.PublicFacts{Invoice: status(remit.InvoicePaid), Captured: 2, Refunded: 1}, remit.PublicPaid},
		"not connected":      {remit.PublicFacts{Invoice: sent}, remit.PublicUnavailable},
		"last try failed":    {remit.PublicFacts{Invoice: sent, Collecting: true, FailedAt: &at}, remit.PublicFailed},
		"payments off": {remit.PublicFacts{Invoice: with(func(i *remit.Invoice) { i.Settings.OnlinePayments = false }), Collecting: true},
			remit.PublicUnavailable},
		"below the minimum": {remit.PublicFacts{Invoice: with(func(i *remit.Invoice) { i.Outstanding = 49 }), Collecting: true}, remit.PublicTooSmall},
		"the bank returned it": {remit.PublicFacts{Invoice: with(func(i *remit.Invoice) { i.Hold = &remit.Hold{Kind: remit.HoldReturn} }), Collecting: true, FailedAt: &at},
			remit.PublicReturned},
		"overdue":                    {remit.PublicFacts{Invoice: with(func(i *remit.Invoice) { i.Overdue = true }), Collecting: true}, remit.PublicOverdue},
		"charge set":                 {remit.PublicFacts{Invoice: with(func(i *remit.Invoice) { i.Overdue = true }), Collecting: true, ChargeSet: true}, remit.PublicChargeSet},
		"charge set, no keys":        {remit.PublicFacts{Invoice: sent, ChargeSet: true}, remit.PublicUnavailable},
		"charge set after a failure": {remit.PublicFacts{Invoice: sent, Collecting: true, ChargeSet: true, FailedAt: &at}, remit.PublicFailed},
		"paid by itself":             {remit.PublicFacts{Invoice: status(remit.InvoicePaid), Collecting: true, ChargeSet: true}, remit.PublicPaid},
		"deposit due":                {remit.PublicFacts{Invoice: with(func(i *remit.Invoice) { i.Deposit = &remit.Deposit{Amount: 20000} }), Collecting: true}, remit.PublicDeposit},
		"deposit paid": {remit.PublicFacts{Invoice: with(func(i *remit.Invoice) {
			i.Deposit, i.Applied, i.Outstanding = &remit.Deposit{Amount: 20000}, 20000, 100000
		}), Collecting: true},
			remit.PublicPartlyPaid},
		"deposit due, overdue": {remit.PublicFacts{Invoice: with(func(i *remit.Invoice) { i.Deposit, i.Overdue = &remit.Deposit{Amount: 20000}, true }), Collecting: true},
			remit.PublicOverdue},
		"partly paid": {remit.PublicFacts{Invoice: with(func(i *remit.Invoice) { i.Applied, i.Outstanding = 1000, 119000 }), Collecting: true},
			remit.PublicPartlyPaid},
	} {
		if got := remit.PublicStateOf(tt.facts); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// A page that offers to pay is of an invoice that can be paid now, and one that
// can be paid is offered.
func TestPublicPageOffersWhatCanBePaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := remit.Invoice{
			Total: 120000, Currency: "USD", Overdue: rapid.Bool().Draw(t, "overdue"),
			Status: rapid.SampledFrom([]remit.InvoiceStatus{
				remit.InvoiceOpen, remit.InvoicePartiallyPaid, remit.InvoicePaid, remit.InvoiceVoid, remit.InvoiceProcessing, remit.InvoiceContested, remit.InvoiceUncollectible,
			}).Draw(t, "status"),
			Outstanding: rapid.Int64Range(0, 120000).Draw(t, "outstanding"),
			Settings:    remit.InvoiceSettings{OnlinePayments: rapid.Bool().Draw(t, "online")},
		}
		if state := rapid.SampledFrom([]remit.AttemptState{"", remit.AttemptConfirming, remit.AttemptProcessing, remit.AttemptRequiresAction}).Draw(t, "in flight"); state != "" {
			i.InFlight = &remit.InFlight{State: state}
		}
		collecting := rapid.Bool().Draw(t, "collecting")
		offers := remit.PublicStateOf(remit.PublicFacts{Invoice: i, Collecting: collecting}).Payable()
		blocked := i.InFlight != nil && i.InFlight.State != remit.AttemptRequiresAction
		can := collecting && !blocked && remit.CollectableNow(i) == nil && remit.AmountPayable(i, i.Outstanding) == nil
		if offers != can {
			t.Fatalf("offers %t, can %t: %+v", offers, can, i)
		}
	})
}
