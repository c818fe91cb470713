package remit_test

import (
	"strings"
	"testing"
	"time"

	"remit"
)

// Protects banks' words to the merchant: whoever runs due dates without reading
// Stripe's data learns what came of each charge, and no decline code.
func TestRunsHideDeclineCodes(t *testing.T) {
	d := remit.DecideCharge(remit.ChargeFacts{
		Invoice: remit.Invoice{Status: remit.InvoiceOpen, Outstanding: 5000, Currency: "USD", Settings: remit.InvoiceSettings{OnlinePayments: true, AutoCharge: remit.AutoCharge{On: true}}},
		Plan:    remit.ChargePlan{Asked: true}, Method: &remit.PaymentMethod{}, Refused: &remit.DeclineRecord{Code: "lost_card"}, Zone: time.UTC,
	}, time.Now())
	for _, e := range []remit.DueDateEntry{
		{Outcome: remit.OutcomeDeclined, Reason: "lost_card", Forecast: remit.OutcomeCharged},
		{Outcome: remit.OutcomeSkipped, Reason: d.Reason, Forecast: remit.OutcomeSkipped, ForecastReason: d.Reason},
	} {
		if !strings.Contains(e.Reason, "lost_card") {
			t.Fatalf("%q names no code, so that nothing is protected", e.Reason)
		}
		if got := e.WithoutCodes(); strings.Contains(got.Reason+got.ForecastReason, "lost_card") {
			t.Errorf("%+v tells the code", got)
		}
	}
}
