package remit

import (
	"fmt"
	"slices"
	"strconv"

	"remit/money"
)

// Differences says, a phrase each, in which of the fields that make up an
// invoice's fingerprint the one that stands differs from one that came: what is
// there, and what is here.
func Differences(there, here Invoice) []string {
	var list []string
	add := func(field, there, here string) {
		if there != here {
			list = append(list, fmt.Sprintf("%s %s there, %s here", field, orNothing(there), orNothing(here)))
		}
	}
	sum := func(i Invoice, minor int64) string { return money.Of(minor, money.Currency(i.Currency)).FormatISO() }
	add("total", sum(there, there.Total), sum(here, here.Total))
	add("due", there.DueDate.Words(), here.DueDate.Words())
	add("issued", there.IssueDate.Words(), here.IssueDate.Words())
	add("seller", there.Seller.Name, here.Seller.Name)
	add("seller's tax id", there.Seller.TaxID, here.Seller.TaxID)
	add("deposit", deposited(there), deposited(here))
	if len(there.Lines) != len(here.Lines) {
		add("number of lines", strconv.Itoa(len(there.Lines)), strconv.Itoa(len(here.Lines)))
	} else {
		for n := range here.Lines {
			a, b := there.Lines[n], here.Lines[n]
			line := fmt.Sprintf("line %d: ", n+1)
			add(line+"description", fmt.Sprintf("%q", a.Description), fmt.Sprintf("%q", b.Description))
			add(line+"quantity", a.Quantity, b.Quantity)
			add(line+"unit price", a.UnitPrice, b.UnitPrice)
			add(line+"amount", sum(there, a.Amount), sum(here, b.Amount))
		}
	}
	if !slices.Equal(there.Adjustments, here.Adjustments) {
		add("tax and other adjustments", adjusted(there), adjusted(here))
	}
	if len(list) == 0 {
		list = append(list, "the same figures, written differently")
	}
	const shown = 5
	if more := len(list) - shown; more > 0 {
		list = append(list[:shown], fmt.Sprintf("and %d more", more))
	}
	return list
}

func deposited(i Invoice) string {
	if i.Deposit == nil {
		return ""
	}
	return money.Of(i.Deposit.Amount, money.Currency(i.Currency)).FormatISO() + " by " + i.Deposit.DueDate.Words()
}

func adjusted(i Invoice) string {
	text := ""
	for n, a := range i.Adjustments {
		if n > 0 {
			text += ", "
		}
		text += a.Kind + " " + money.Of(a.Amount, money.Currency(i.Currency)).FormatISO()
	}
	return text
}

func orNothing(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
