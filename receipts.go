package remit

// ReceiptsBy says who sends a receipt for a payment (C13).
type ReceiptsBy string

// Who sends it.
const (
	ReceiptsByRemit  ReceiptsBy = "remit"  // a mail of ours, with the organisation's text
	ReceiptsByStripe ReceiptsBy = "stripe" // Stripe's own, to the customer's address
	ReceiptsByNobody ReceiptsBy = "none"
)

// Ours reports that the receipt is a mail of ours, as it is where nothing was chosen.
func (r ReceiptsBy) Ours() bool { return r != ReceiptsByStripe && r != ReceiptsByNobody }

// Check names the field "receipts" where it is none of them.
func (r ReceiptsBy) Check() error {
	switch r {
	case ReceiptsByRemit, ReceiptsByStripe, ReceiptsByNobody:
		return nil
	}
	return Invalid("receipts", "Choose remit, stripe or none.")
}

// ReceiptTo is whom Stripe sends its receipt of a payment to; "" for nobody.
func (i Invoice) ReceiptTo() string {
	if i.Settings.Receipts != ReceiptsByStripe {
		return ""
	}
	to, err := i.mailTo()
	if err != nil {
		return ""
	}
	return to
}
