package ubl_test

import (
	"fmt"
	"os"

	"remit/invoicefile/ubl"
)

func Example() {
	file, err := os.Open("testdata/reverse.xml")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	invoice, err := ubl.Read(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	in := invoice.Input()
	fmt.Printf("%s: %s owes %s by %s\n", in.Number, invoice.Buyer.Name, invoice.Payable, in.DueDate)
	for _, line := range in.Lines {
		fmt.Println(line.Quantity, "×", line.UnitPrice, line.Description)
	}
	for _, adjustment := range in.Adjustments {
		fmt.Println(adjustment.Kind, adjustment.Description)
	}
	// Output:
	// REVERSE-1: Buyer & Filles owes €120.50 by 2026-05-04
	// 1.5 × 80.333 Service
	// tax VAT 0%: Reverse charge
}
