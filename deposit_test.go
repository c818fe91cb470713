package remit_test

import (
	"testing"

	"pgregory.net/rapid"

	"remit"
	"remit/money"
)

func onDay(month, d int) remit.Date {
	return remit.Date{Year: 2026, Month: 1, Day: 1}.AddDays((month-1)*31 + d - 1)
}

// Protects AC9 and D3: exactly what is left of a deposit may be paid, also where no
// other part may be, and the deposit's rest shrinks with what was paid.
func TestADepositMayBePaidAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Int64Range(10000, 900000).Draw(t, "total")
		deposit := rapid.Int64Range(1000, total-1000).Draw(t, "deposit")
		paid := rapid.Int64Range(0, total-1000).Draw(t, "paid")
		i := remit.Invoice{
			Total: total, Outstanding: total - paid, Applied: paid, Currency: "USD", Deposit: &remit.Deposit{Amount: deposit, DueDate: onDay(1, 2)},
			Settings: remit.InvoiceSettings{OnlinePayments: true, PartialPayments: rapid.Bool().Draw(t, "partials"), MinimumPartial: total},
		}
		left := i.DepositLeft()
		if want := max(deposit-paid, 0); left != want {
			t.Fatalf("%d of the deposit are left, want %d", left, want)
		}
		if left >= 50 && remit.AmountPayable(i, left) != nil {
			t.Errorf("the deposit is refused: %v", remit.AmountPayable(i, left))
		}
		if remit.AmountPayable(i, i.Outstanding) != nil {
			t.Errorf("all is refused: %v", remit.AmountPayable(i, i.Outstanding))
		}
		if other := rapid.Int64Range(1, total-paid-1).Draw(t, "other"); other != left && remit.AmountPayable(i, other) == nil {
			t.Errorf("%d is taken, which is neither the deposit nor all", other)
		}
		if left > 0 && left < 50 && remit.AmountPayable(i, left) == nil {
			t.Error("less than Stripe's minimum is taken")
		}
	})
}

// Protects AC9: a deposit is a part of the total, due within the invoice's time.
func TestADepositIsAPartDueBeforeTheRest(t *testing.T) {
	cases := map[string]struct {
		deposit remit.Deposit
		field   string
	}{
		"a part in time":        {remit.Deposit{Amount: 200, DueDate: onDay(1, 10)}, ""},
		"on the day of issue":   {remit.Deposit{Amount: 200, DueDate: onDay(1, 1)}, ""},
		"nothing":               {remit.Deposit{DueDate: onDay(1, 10)}, "deposit.amount"},
		"all of it":             {remit.Deposit{Amount: 1000, DueDate: onDay(1, 10)}, "deposit.amount"},
		"no date":               {remit.Deposit{Amount: 200}, "deposit.due_date"},
		"before it is issued":   {remit.Deposit{Amount: 200, DueDate: onDay(1, 1).AddDays(-1)}, "deposit.due_date"},
		"not before the rest":   {remit.Deposit{Amount: 200, DueDate: onDay(1, 31)}, "deposit.due_date"},
		"after all of it is up": {remit.Deposit{Amount: 200, DueDate: onDay(2, 10)}, "deposit.due_date"},
	}
	for name, c := range cases {
		err := c.deposit.Check(money.Of(1000, "USD"), onDay(1, 1), onDay(1, 31))
		field := ""
		if err != nil {
			field = remit.AsError(err).Fields[0].Field
		}
		if field != c.field {
			t.Errorf("%s: %v, want an error about %q", name, err, c.field)
		}
	}
}

// Protects D7: the invoice's own word on automatic charge goes before its
// customer's, and his before the organisation's.
func TestWhoseWordOnAutomaticChargeHolds(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		invoice, customer *bool
		organisation      bool
		want              bool
	}{
		{nil, nil, false, false}, {nil, nil, true, true},
		{nil, &no, true, false}, {nil, &yes, false, true},
		{&yes, &no, false, true}, {&no, &yes, true, false}, {&yes, nil, false, true}, {&no, nil, true, false},
	} {
		if got := remit.AutoChargeFor(c.invoice, c.customer, c.organisation); got != c.want {
			t.Errorf("%v, %v, %v: %v", c.invoice, c.customer, c.organisation, got)
		}
	}
}
