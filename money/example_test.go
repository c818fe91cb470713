package money_test

import (
	"fmt"

	"github.com/shopspring/decimal"

	"remit/money"
)

func ExampleParseDecimal() {
	for _, typed := range []string{"$1,200", "1,200.505", "12,50"} {
		amount, err := money.ParseDecimal(typed, "USD")
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(amount.Minor, amount, amount.FormatISO())
	}
	// Output:
	// 120000 $1,200.00 USD 1,200.00
	// Enter at most 2 decimals, like 250.00.
	// Use a point before the decimals, like 250.00.
}

func ExampleAmount_Mul() {
	fee, err := money.Of(10050, "USD").Mul(decimal.RequireFromString("0.029")) // 291.45 cents
	fmt.Println(fee, err)
	// Output: $2.91 <nil>
}

func ExampleAmount_Stripe() {
	for _, amount := range []money.Amount{money.Of(500, "JPY"), money.Of(500, "ISK"), money.Of(500, "MGA"), money.Of(5124, "KWD")} {
		fmt.Println(amount.Stripe())
	}
	// Output:
	// 500 <nil>
	// 50000 <nil>
	// 5 <nil>
	// 0 Stripe takes KWD only in steps of KWD 0.010.
}
