package remit_test

import (
	"errors"
	"math"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"remit"
	"remit/money"
)

// Protects M8: lines are rounded once each, half up, and adjustments added.
func TestInvoiceTotal(t *testing.T) {
	ten, total := int64(1000), int64(3219)
	lines, sum, err := remit.InvoiceTotal("USD",
		[]remit.LineInput{
			{Description: "Hours", Quantity: "2.5", UnitPrice: "4.999"}, // 12.4975
			{Description: "Given", Quantity: "3", UnitPrice: "3.3333", Amount: &ten},
			{Description: "Flat", Amount: &ten},
		},
		[]remit.Adjustment{{Kind: "tax", Amount: 69}, {Kind: "allowance", Amount: -100}}, &total)
	if err != nil {
		t.Fatal(err)
	}
	if sum != money.Of(3219, "USD") {
		t.Errorf("the total is %v", sum)
	}
	want := []remit.Line{
		{Description: "Hours", Quantity: "2.5", UnitPrice: "4.999", Amount: 1250},
		{Description: "Given", Quantity: "3", UnitPrice: "3.3333", Amount: 1000},
		{Description: "Flat", Quantity: "1", UnitPrice: "10.00", Amount: 1000},
	}
	if difference := cmp.Diff(want, lines); difference != "" {
		t.Error(difference)
	}
}

// Protects against billing figures that do not add up: each wrong input is
// refused by its field, a mismatch with both figures.
func TestInvoiceTotalRefuses(t *testing.T) {
	ten, most := int64(1000), int64(math.MaxInt64)
	for _, c := range []struct {
		lines       []remit.LineInput
		adjustments []remit.Adjustment
		given       *int64
		field       string
		message     string
	}{
		{[]remit.LineInput{{Quantity: "3", UnitPrice: "3.33", Amount: &ten}}, nil, nil,
			"lines[0].amount", "The amount is given as $10.00, but 3 × 3.33 makes $9.99."},
		{[]remit.LineInput{{Amount: &ten}}, []remit.Adjustment{{Amount: 1}}, &ten,
			"total", "The total is given as $10.00, but lines and adjustments make $10.01."},
		{[]remit.LineInput{{Amount: &ten}, {}}, nil, nil,
			"lines[1].amount", "Give a quantity and a unit price, or an amount."},
		{[]remit.LineInput{{UnitPrice: "1"}}, nil, nil,
			"lines[0].quantity", "Enter a decimal number, like 1.5, of at most 15 digits and 12 decimals."},
		{[]remit.LineInput{{Quantity: "1", UnitPrice: "1e9"}}, nil, nil,
			"lines[0].unit_price", "A unit price is a decimal number in major units, like 12.50 in US dollars, of at most 15 digits and 12 decimals."},
		{[]remit.LineInput{{Quantity: "1", UnitPrice: "1000", Amount: &ten}}, nil, nil,
			"lines[0].amount", "The amount is given as $10.00, but 1 × 1000 makes $1,000.00. Is the unit price in minor units? It is in major ones, like 12.50 in US dollars."},
		{[]remit.LineInput{{Quantity: "999999999999999", UnitPrice: "999999999999999"}}, nil, nil,
			"lines[0].amount", "999999999999999 × 999999999999999 is too large."},
		{[]remit.LineInput{{Amount: &most}, {Amount: &ten}}, nil, nil,
			"lines[1].amount", "The total becomes too large."},
		{[]remit.LineInput{{Amount: &most}}, []remit.Adjustment{{Amount: 1}}, nil,
			"adjustments[0].amount", "The total becomes too large."},
	} {
		_, _, err := remit.InvoiceTotal("USD", c.lines, c.adjustments, c.given)
		var problem *remit.Error
		if !errors.As(err, &problem) || problem.Kind != remit.KindInvalid || len(problem.Fields) != 1 ||
			problem.Fields[0] != (remit.FieldError{Field: c.field, Message: c.message}) {
			t.Errorf("%v, want %s: %s", err, c.field, c.message)
		}
	}
}

// Protects the sum: for any lines and adjustments the total is theirs exactly,
// and a total given right is taken while one off by a cent is not.
func TestInvoiceTotalIsTheSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cents := rapid.Int64Range(-1e9, 1e9)
		var inputs []remit.LineInput
		var adjustments []remit.Adjustment
		var want int64
		for _, minor := range rapid.SliceOfN(cents, 0, 20).Draw(t, "lines") {
			quantity := rapid.Int64Range(1, 50).Draw(t, "quantity")
			inputs = append(inputs, remit.LineInput{Quantity: strconv.FormatInt(quantity, 10), UnitPrice: money.Of(minor, "USD").Decimal()})
			want += quantity * minor
		}
		for _, minor := range rapid.SliceOfN(cents, 0, 5).Draw(t, "adjustments") {
			adjustments = append(adjustments, remit.Adjustment{Kind: "rounding", Amount: minor})
			want += minor
		}
		if _, total, err := remit.InvoiceTotal("USD", inputs, adjustments, &want); err != nil || total.Minor != want {
			t.Fatalf("%v, %v, want %d", total.Minor, err, want)
		}
		off := want + 1
		if _, _, err := remit.InvoiceTotal("USD", inputs, adjustments, &off); err == nil {
			t.Fatalf("a total of %d is taken for %d", off, want)
		}
	})
}
