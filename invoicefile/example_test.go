package invoicefile_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"remit/invoicefile"
)

func Example() {
	file := strings.NewReader("number,customer,issue_date,due_date,amount,disputed\n" +
		"INV-1,Acme,2026-03-01,4/1/2026,\"$1,200.00\",Yes\n" +
		"INV-2,Acme,2026-03-01,31/02/2013,5.00,No\n")
	reader, err := invoicefile.NewReader(file, invoicefile.Options{Currency: "USD"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for {
		draft, problems, err := reader.Next()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			fmt.Println(err)
			return
		case len(problems) > 0:
			fmt.Println(problems[0])
		default:
			fmt.Printf("%s: %s, due %s, %s\n", draft.Number, draft.Amount, draft.DueDate, draft.Hold())
		}
	}
	// Output:
	// INV-1: $1,200.00, due 2026-04-01, disputed by the customer
	// Row 3: 31/02/2013 is not a date.
}
