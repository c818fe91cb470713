package sandbox

// bankRefusal is a way in which a debit comes back from the payer's bank
// (docs.stripe.com/declines/network-codes, docs.stripe.com/error-codes).
type bankRefusal struct {
	message string
	days    int    // business days after the debit went out
	network string // the return code for which Stripe blocks the account, "" for none
	block   string // and the reason it gives for that
}

// bankRefusals are the codes that are known here; a fault may give another one.
var bankRefusals = map[string]bankRefusal{
	"account_closed":              {"The customer's bank account has been closed.", 2, "R02", "bank_account_closed"},
	"no_account":                  {"The customer's bank account could not be located.", 2, "R03", "bank_account_invalid_details"},
	"account_number_invalid":      {"The bank account number provided is invalid.", 2, "R04", "bank_account_invalid_details"},
	"insufficient_funds":          {"The customer's account has insufficient funds to cover this payment.", 2, "", ""},
	"debit_not_authorized":        {"The customer has notified their bank that this payment was unauthorized.", 3, "R10", "debit_not_authorized"},
	"account_frozen":              {"The customer's bank account has been frozen.", 2, "R16", "bank_account_frozen"},
	"bank_account_restricted":     {"The customer's bank account has restrictions on the type of payments it can make.", 2, "R20", "bank_account_restricted"},
	"invalid_currency":            {"The bank was unable to process this payment because of its currency.", 2, "", ""},
	"charge_exceeds_source_limit": {"This payment would cause you to exceed your rolling-window processing limit for this source type. Please retry the payment later, or contact us to request a higher processing limit.", 2, "", ""},
	"bank_account_declined":       {"The bank account provided can not be used to charge.", 2, "", ""},
	"bank_account_unusable":       {"The bank account provided cannot be used for payments. A different bank account must be used.", 2, "", ""},
}

// bankDecline is a refusal as charges and errors say it.
func bankDecline(code string) *decline {
	d := &decline{Code: code, Message: "The payment could not be processed by the customer's bank."}
	if known, ok := bankRefusals[code]; ok {
		d.Message = known.message
	}
	d.SellerMessage = "The bank returned the payment with the code `" + code + "`."
	return d
}

// days is how long the bank takes to return a debit with this refusal.
func (d *decline) days() int { return max(2, bankRefusals[d.Code].days) }

// asBank is a refusal that a fault chose, as a bank account has it: its most
// exact word is the code.
func (d *decline) asBank() *decline {
	if d == nil {
		return nil
	}
	if code := d.reason(); code != "generic_decline" {
		return bankDecline(code)
	}
	return bankDecline("bank_account_declined")
}
