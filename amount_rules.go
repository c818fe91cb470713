package remit

import (
	"remit/money"
)

// Codes of a refused amount. They are stable: callers may branch on them.
const (
	CodeAmountMissing     = "amount_missing"           // not more than nothing, or in another currency
	CodeAmountTooHigh     = "amount_above_outstanding" // more than is owed
	CodeAmountTooLow      = "amount_below_minimum"     // below the floor of a partial payment
	CodeAmountNotExact    = "amount_not_exact"         // only the exact outstanding may be paid
	CodeRemainderTooSmall = "remainder_below_minimum"  // would leave what Stripe could not collect
)

// AllowedAmount reports whether a payer may pay requested on an invoice (D3):
//
//   - the exact outstanding, always, also where it is below minimumPartial;
//   - with partial payments, from minimumPartial (or Stripe's minimum, if that
//     is higher) up to what leaves at least stripeMinimum to be paid;
//   - nothing else, and never more than outstanding.
//
// All amounts are in the invoice's currency. A minimumPartial or stripeMinimum
// of zero is none. Whether outstanding itself can be charged online is
// [OnlineMinimum]'s question.
//
// The error is an [Error] of kind [KindInvalid] about the field "amount", with
// one of the codes above; of kind [KindConflict] and [CodeNotPayable] where
// nothing is outstanding.
func AllowedAmount(outstanding, minimumPartial money.Amount, partialsAllowed bool, stripeMinimum, requested money.Amount) error {
	switch {
	case outstanding.Minor <= 0:
		return Conflict(CodeNotPayable, "Nothing to pay.")
	case requested.Currency != outstanding.Currency:
		return invalidAmount(CodeAmountMissing, "This invoice is paid in %s.", outstanding.Currency)
	case requested.Minor <= 0:
		return invalidAmount(CodeAmountMissing, "Enter an amount, like %s.", exampleAmount(outstanding))
	case requested.Minor == outstanding.Minor:
		return nil
	case requested.Minor > outstanding.Minor:
		return invalidAmount(CodeAmountTooHigh, "The most you can pay is %s.", outstanding)
	}

	floor := money.Of(max(minimumPartial.Minor, stripeMinimum.Minor, 1), outstanding.Currency)
	ceiling := money.Of(outstanding.Minor-max(stripeMinimum.Minor, 1), outstanding.Currency)
	switch {
	case !partialsAllowed || floor.Minor > ceiling.Minor:
		return invalidAmount(CodeAmountNotExact, "Pay all %s.", outstanding)
	case requested.Minor < floor.Minor:
		return invalidAmount(CodeAmountTooLow, "Pay at least %s, or all %s.", floor, outstanding)
	case requested.Minor > ceiling.Minor:
		return invalidAmount(CodeRemainderTooSmall,
			"The rest would be below the online minimum, %s. Pay at most %s, or all %s.", stripeMinimum, ceiling, outstanding)
	}
	return nil
}

// OnlineMinimum reports that an outstanding amount is too small for Stripe
// (C10), as a [KindConflict] with [CodeNotPayable]: no amount the payer could
// enter would mend it.
func OnlineMinimum(outstanding money.Amount) error {
	minimum, known := money.MinimumCharge(outstanding.Currency)
	if known && outstanding.Minor > 0 && outstanding.Minor < minimum.Minor {
		return Conflict(CodeNotPayable, "%s is below the online minimum, %s. Pay by bank transfer.", outstanding, minimum)
	}
	return nil
}

func invalidAmount(code, format string, args ...any) *Error {
	err := Invalid("amount", format, args...)
	err.Code = code
	return err
}

// exampleAmount is 250 in the decimals of a's currency, as a payer would type it.
func exampleAmount(a money.Amount) string {
	example, err := money.ParseStrict("250", a.Currency)
	if err != nil {
		return "250"
	}
	return example.Decimal()
}

// AmountPayable reports whether an invoice's payer may pay amount (minor units)
// now, under the settings that were copied onto it: what [AllowedAmount] says, and
// exactly what is left of its deposit, also where no other part may be paid.
func AmountPayable(i Invoice, amount int64) error {
	currency := money.Currency(i.Currency)
	outstanding := money.Of(i.Outstanding, currency)
	if err := OnlineMinimum(outstanding); err != nil {
		return err
	}
	minimum, _ := money.MinimumCharge(currency)
	minimum.Currency = currency
	floor := money.Of(i.Settings.MinimumPartial, currency)
	requested := money.Of(amount, currency)
	deposit := i.DepositLeft()
	err := AllowedAmount(outstanding, floor, i.Settings.PartialPayments, minimum, requested)
	if err != nil && (deposit == 0 || amount != deposit) {
		return err
	}
	if err != nil && OnlineMinimum(requested) != nil {
		return OnlineMinimum(requested)
	}
	if err := money.CheckCharge(requested); err != nil {
		return invalidAmount(CodeAmountTooHigh, "%s", err)
	}
	return nil
}

// CollectableNow says why nothing can be collected for an invoice, whatever the
// amount, or nil. It does not look at a live attempt: whether that one stands in
// the way depends on whose it is.
func CollectableNow(i Invoice) error {
	switch {
	case i.Status == InvoiceDraft:
		return Conflict(CodeNotPayable, "This invoice has not been sent yet.")
	case i.Status == InvoicePaid:
		return Conflict(CodeNotPayable, "This invoice is paid. Nothing more was charged.")
	case i.Status == InvoiceVoid:
		return Conflict(CodeNotPayable, "This invoice was cancelled. Nothing to pay.")
	case i.Status == InvoiceUncollectible:
		return Conflict(CodeNotPayable, "This invoice is closed.")
	case i.Status == InvoiceCarried:
		return Conflict(CodeNotPayable, "What was owed on this invoice is billed with a newer one. Nothing to pay here.")
	case i.Status == InvoiceContested:
		return Conflict(CodeNotPayable, "A bank is reviewing a payment of this invoice. Nothing to do now.")
	case i.Status == InvoiceProcessing:
		return Conflict(CodeInFlight, "A payment is already under way. Nothing more was charged.")
	case !i.Settings.OnlinePayments:
		return Conflict(CodeNotPayable, "Online payment is not available for this invoice. Pay by bank transfer.")
	}
	return nil
}

// TransferFits reports whether money that came outside Stripe may be recorded
// on an invoice: on one that is owed, and no more than is.
func TransferFits(i Invoice, amount int64) error {
	if !i.Status.Payable() {
		return CollectableNow(i)
	}
	if amount <= 0 {
		return Invalid("amount", "Enter an amount above zero.")
	}
	if i.Order() && amount < i.Outstanding {
		return Invalid("amount", "An order of the store is paid whole: %s.", money.Of(i.Outstanding, money.Currency(i.Currency)))
	}
	if amount > i.Outstanding {
		return Invalid("amount", "Enter at most what is owed, %s. Record what came beyond it as a transfer under Excess.", money.Of(i.Outstanding, money.Currency(i.Currency)))
	}
	return nil
}
