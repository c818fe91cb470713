package sandbox

import "net/http"

// A debit can come back after it has succeeded. Stripe tells of it by a dispute
// that is lost from the beginning: nobody can answer it. A consumer's bank has
// 60 days for an unauthorised debit and a company's two business days; that is
// not held to here.

// returnDays is how many business days after its success a test account's debit
// comes back.
const returnDays = 3

// returnFee is for a debit that came back for want of money or a wrong account;
// one that the payer objects to costs disputeFee.
const returnFee = 400

// returnReasons are the reasons of a late return, with the reason for which a
// second one blocks the account.
var returnReasons = map[string]string{
	"insufficient_funds":        "bank_account_unusable",
	"incorrect_account_details": "bank_account_invalid_details",
	"bank_cannot_process":       "bank_account_restricted",
	"debit_not_authorized":      "debit_not_authorized",
}

func init() {
	runners["debit.return"] = func(t *tx, id string) {
		if ch := must[charge](t, id); !ch.Disputed {
			t.returnDebit(ch, "insufficient_funds")
		}
	}
	dashboard("/charges/{id}/settle", settleByHand)
	dashboard("/charges/{id}/return", returnByHand)
}

// returnDebit takes a debit's whole amount back, whatever of it was refunded:
// a bank knows nothing of refunds. It ends the permission, and the second time
// the account is blocked.
func (t *tx) returnDebit(ch *charge, reason string) *dispute {
	d := t.newDispute(ch, ch.Amount, reason)
	fee, words := int64(returnFee), "ACH return fee"
	if reason == "debit_not_authorized" {
		fee, words = disputeFee, "Dispute fee"
	}
	what := "Return of " + ch.ID
	b := t.bookTransaction(movement{
		kind: "adjustment", category: "dispute", source: d.ID, currency: d.Currency,
		amount: -d.Amount, fee: fee, feeWords: words, description: &what,
	})
	d.Kept.Transactions, d.Status = []string{b.ID}, disputeLost
	ch.Disputed = true
	t.put(ch)
	t.put(d)
	t.emit("charge.dispute.created", d)
	t.emit("charge.dispute.funds_withdrawn", d)
	t.emit("charge.dispute.closed", d)
	m := must[paymentMethod](t, ch.PaymentMethod)
	m.Kept.Returns++
	t.put(m)
	t.endMandates(m)
	if m.Kept.Returns > 1 && m.block() == nil {
		t.blockBank(m, "", returnReasons[reason])
	}
	return d
}

// returnByHand is the payer's bank sending a debit back late.
func returnByHand(t *tx, id string, r *http.Request) (any, *apiError) {
	wish := struct {
		Reason string `json:"reason"`
	}{"insufficient_funds"}
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	ch, failed := t.chargeByHand(id)
	switch {
	case failed != nil:
		return nil, failed
	case ch.PaymentMethodDetails.USBankAccount == nil:
		return nil, refuse("", "id", "Charge %s is not a bank debit: dispute it instead.", id)
	case !known(returnReasons, wish.Reason):
		return nil, invalidParam("", "reason", "reason must be one of %s.", orList(sortedKeys(returnReasons)))
	case ch.Disputed:
		return nil, refuse("", "id", "Charge %s has come back already.", id)
	}
	return t.returnDebit(ch, wish.Reason), nil
}

// settleByHand does not wait for the bank: the debit ends as it would.
func settleByHand(t *tx, id string, _ *http.Request) (any, *apiError) {
	ch, ok := get[charge](t, id)
	switch {
	case !ok:
		return nil, missingPath(charges, "id", id)
	case ch.Status != chargePending:
		return nil, refuse("", "id", "Charge %s has a status of %s.", id, ch.Status)
	case ch.Kept.Fails != nil:
		failDebit(t, id)
	default:
		settleDebit(t, id)
	}
	return must[charge](t, id), nil
}
