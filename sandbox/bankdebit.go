package sandbox

import (
	"slices"
	"time"
)

// settleDays is how many business days after it went out a debit has succeeded,
// if the bank has not returned it.
const settleDays = 4

// chargePending is a debit that is on its way.
const chargePending = "pending"

func init() {
	runners["debit.settle"] = settleDebit
	runners["debit.fail"] = failDebit
}

// confirmBank makes an attempt to debit a bank account: at once where it is
// verified, else once its owner has found the micro-deposits.
func (c *call) confirmBank(pi *paymentIntent, m *paymentMethod, o confirmOptions) error {
	if failed := c.bankReady(m); failed != nil {
		return failed
	}
	if !c.platformDebits() {
		return noPlatformDebits()
	}
	if pi.Currency != "usd" {
		return refuse("payment_intent_invalid_parameter", "currency", "The currency provided (%s) is invalid. Payments with us_bank_account support the following currencies: usd.", pi.Currency)
	}
	pi.NextAction, pi.Kept.Page, pi.Kept.ReturnURL = nil, "", o.returnURL
	if usage := bankUsage(pi.PaymentMethodOptions); usage != "" {
		pi.SetupFutureUsage = &usage
	}
	if m.block() != nil {
		return c.declineIntent(pi, m, bankDecline("bank_account_unusable"))
	}
	if failed := c.chooseMandate(pi, m, o); failed != nil {
		return failed
	}
	switch {
	case m.Kept.Verified:
		return c.debitVerified(pi)
	case onlyInstant(pi.PaymentMethodOptions):
		return notInstant()
	case o.offSession:
		return refuse("bank_account_unverified", "payment_method", "The bank account of PaymentMethod %s is not verified: its owner has to be asked.", m.ID)
	case o.errorOnAction:
		return c.failIntent(pi, m, refuse("payment_intent_action_required", "", "This payment required a verification of the bank account to complete, but `error_on_requires_action` was set."))
	}
	pi.Status, pi.LastPaymentError = needsAction, nil
	pi.Kept.Page, pi.NextAction = c.sendDeposits(pi.ID, m)
	c.put(pi)
	c.emit("payment_intent.requires_action", pi)
	c.completeSession(pi.Kept.Session)
	return nil
}

// bankUsage is what payment_method_options say the account is kept for.
func bankUsage(options map[string]any) string {
	bank, _ := options[usBankAccount].(map[string]any)
	usage, _ := bank["setup_future_usage"].(string)
	if usage == "none" {
		return ""
	}
	return usage
}

// chooseMandate finds the permission for a debit: one that comes with it, the
// one it names, or the one that stands. Without any the intent waits for it.
func (c *call) chooseMandate(pi *paymentIntent, m *paymentMethod, o confirmOptions) *apiError {
	switch {
	case o.acceptance != nil:
		c.dropMandate(pi.Kept.Mandate)
		single := &mandateSingle{Amount: pi.Amount, Currency: pi.Currency}
		if pi.SetupFutureUsage != nil || m.Customer != nil {
			single = nil
		}
		pi.Kept.Mandate = c.newMandate(m, o.acceptance, pi.PaymentMethodOptions, single).ID
		return nil
	case o.mandate != "":
		n, ok := get[mandate](c.tx, o.mandate)
		if !ok {
			return missing(mandates, "mandate", o.mandate)
		}
		if n.PaymentMethod == m.ID && n.Status == mandateActive {
			pi.Kept.Mandate = n.ID
			return nil
		}
	default:
		if pi.Kept.Mandate = c.standing(m); pi.Kept.Mandate != "" {
			return nil
		}
	}
	pi.Status = needsConfirm
	c.put(pi)
	e := pi.unexpected(noMandate, "PaymentIntent")
	e.Code, e.commits = "payment_intent_mandate_invalid", true
	return e
}

// debitVerified debits an account that is known to be its owner's.
func (t *tx) debitVerified(pi *paymentIntent) error {
	m := must[paymentMethod](t, *pi.PaymentMethod)
	t.moveMandate(pi.Kept.Mandate, mandateActive)
	n := must[mandate](t, pi.Kept.Mandate)
	m.Kept.Verified = true
	if n.Type == "multi_use" {
		m.Kept.Mandate = n.ID
	}
	t.put(m)
	return t.debit(pi, m)
}

// debit sends the intent's amount for collection. It returns the 402 of a
// refusal before that, and nil if the debit is under way.
func (t *tx) debit(pi *paymentIntent, m *paymentMethod) error {
	switch {
	case m.block() != nil:
		return t.declineIntent(pi, m, bankDecline("bank_account_unusable"))
	case m.bank().blocked:
		d := bankDecline("bank_account_declined")
		d.Blocked, d.SellerMessage = true, "Stripe blocked this payment as too risky."
		return t.declineIntent(pi, m, d)
	}
	ch := t.newCharge(pi, m)
	ch.Paid, ch.Status = false, chargePending
	ch.PaymentMethodDetails.USBankAccount.Mandate = pi.Kept.Mandate
	t.planDebit(ch, m)
	t.put(ch)
	pi.Status, pi.LatestCharge = processing, &ch.ID
	pi.NextAction, pi.LastPaymentError, pi.Kept.Page = nil, nil, ""
	t.keepMethod(pi, m, false)
	if n, ok := get[mandate](t, pi.Kept.Mandate); ok && n.SingleUse != nil {
		t.moveMandate(n.ID, mandateInactive)
	}
	t.put(pi)
	t.emit("charge.pending", ch)
	t.emit("payment_intent.processing", pi)
	t.completeSession(pi.Kept.Session)
	return nil
}

// planDebit decides how the debit will end, as the account or a fault wants it,
// and when.
func (t *tx) planDebit(ch *charge, m *paymentMethod) {
	sent := sendingDay(t.at)
	ch.Kept.Sent = midnight(sent, cutOff).Unix()
	if code := m.bank().fails; code != "" {
		ch.Kept.Fails = bankDecline(code)
	} else {
		ch.Kept.Fails = t.faults.decline(m.ID).asBank()
	}
	switch {
	case ch.Kept.Fails != nil:
		t.schedule(midnight(addBusinessDays(sent, ch.Kept.Fails.days()), 0), "debit.fail", ch.ID)
	case m.bank().stays:
		ch.Kept.Stays = true
	default:
		t.schedule(midnight(addBusinessDays(sent, settleDays), 0), "debit.settle", ch.ID)
	}
}

// settleDebit is the money's arrival. It is available at once: it has been on
// its way for days.
func settleDebit(t *tx, id string) {
	ch := must[charge](t, id)
	if ch.Status != chargePending {
		return
	}
	reference := "09100001" + digits(t.server.digest(12, "payment reference", ch.ID), 7)
	bank := *ch.PaymentMethodDetails.USBankAccount
	bank.PaymentReference = &reference
	ch.PaymentMethodDetails.USBankAccount = &bank
	ch.Paid, ch.Status = true, succeeded
	money := movement{
		kind: "payment", category: "charge", source: ch.ID, currency: ch.Currency, amount: ch.Amount,
		fee: bankFee(ch.Amount), feeWords: "Stripe processing fees", description: ch.Description,
	}
	t.share(ch, &money)
	ch.BalanceTransaction = &t.bookTransaction(money).ID
	t.mailReceipt(ch, "payment", ch.Amount)
	t.put(ch)
	pi := must[paymentIntent](t, ch.PaymentIntent)
	pi.Status, pi.AmountReceived = succeeded, pi.Amount
	t.put(pi)
	t.emit("charge.succeeded", ch)
	t.emit("payment_intent.succeeded", pi)
	t.settleSession(pi.Kept.Session, true)
	if must[paymentMethod](t, ch.PaymentMethod).bank().disputed {
		t.schedule(midnight(addBusinessDays(sendingDay(t.at), returnDays), 0), "debit.return", ch.ID)
	}
}

// bankFee is 0.8 %, half a cent rounded up and 5.00 at most (stripe.com/pricing,
// United States).
func bankFee(amount int64) int64 { return min((amount*8+500)/1000, 500) }

// digits makes a number of n digits of a name.
func digits(name string, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = '0' + name[i%len(name)]%10
	}
	return string(out)
}

// failDebit is the bank's return of a debit within the days that it has.
func failDebit(t *tx, id string) {
	ch := must[charge](t, id)
	if ch.Status != chargePending {
		return
	}
	d := ch.Kept.Fails
	ch.fail(d)
	t.put(ch)
	t.emit("charge.failed", ch)
	m := must[paymentMethod](t, ch.PaymentMethod)
	if refusal := bankRefusals[d.Code]; refusal.block != "" {
		t.blockBank(m, refusal.network, refusal.block)
	}
	if d.Code == "debit_not_authorized" {
		t.endMandates(m)
	}
	pi := must[paymentIntent](t, ch.PaymentIntent)
	e := cardError(d)
	e.Charge = ch.ID
	_ = t.failIntent(pi, m, e) // there is no request to answer with it
	t.settleSession(pi.Kept.Session, false)
}

// blockBank keeps the account from being debited ever again. It is this method
// that is blocked: another one with the same test number is not.
func (t *tx) blockBank(m *paymentMethod, network, reason string) {
	was := *m
	bank := *m.USBankAccount
	bank.StatusDetails = &bankStatusDetails{Blocked: &bankBlock{Reason: &reason}}
	if network != "" {
		bank.StatusDetails.Blocked.NetworkCode = &network
	}
	m.USBankAccount = &bank
	t.put(m)
	t.emitChange("payment_method.automatically_updated", &was, m)
}

// cancelable says whether an intent can still be canceled: a debit only until
// it has gone to the bank, or if the bank never answers.
func (t *tx) cancelable(pi *paymentIntent) bool {
	if slices.Contains(updatable, pi.Status) {
		return true
	}
	if pi.Status != processing {
		return false
	}
	ch := must[charge](t, *pi.LatestCharge)
	return ch.Kept.Stays || t.at.Before(time.Unix(ch.Kept.Sent, 0))
}

// cancelDebit calls a debit back.
func (t *tx) cancelDebit(ch *charge) {
	code, words := "canceled", "The payment was canceled before it was sent to the customer's bank."
	ch.AmountCaptured, ch.Captured, ch.Paid, ch.Status = 0, false, false, "failed"
	ch.FailureCode, ch.FailureMessage = &code, &words
	t.put(ch)
	t.emit("charge.failed", ch)
}
