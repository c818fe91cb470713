package sandbox

import "net/http"

// The acts on an account's money and on its way to the bank.
func init() {
	dashboard("/balance", moveBalance)
	dashboard("/payout_schedule", changeSchedule)
	dashboard("/bank_account", changeBank)
	dashboard("/payouts/{id}/fail", failByHand)
}

// moveBalance tops the balance up, or drains it.
func moveBalance(t *tx, _ string, r *http.Request) (any, *apiError) {
	wish := struct {
		Amount      int64  `json:"amount"`
		Currency    string `json:"currency"`
		Description string `json:"description"`
	}{Currency: "usd", Description: "Adjustment by the sandbox"}
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	if !known(currencies, wish.Currency) {
		return nil, invalidParam("", "currency", "Invalid currency: %s", wish.Currency)
	}
	const most = 1_000_000_000_000
	switch {
	case wish.Amount == 0 || wish.Amount > most || wish.Amount < -most:
		return nil, invalidParam("", "amount", "amount must be from -%d to %d and not 0.", most, most)
	case wish.Amount > 0:
		return must[balanceTransaction](t, *t.topUp(wish.Amount, wish.Currency).BalanceTransaction), nil
	}
	return t.bookTransaction(movement{
		kind: "adjustment", category: "other_adjustment", currency: wish.Currency, amount: wish.Amount, description: &wish.Description,
	}), nil
}

// changeSchedule changes when payouts are made; what is left out stays.
func changeSchedule(t *tx, _ string, r *http.Request) (any, *apiError) {
	a := must[account](t, t.world.id)
	was := *a
	schedule := a.Settings.Payouts.Schedule
	wish := struct {
		*payoutSchedule
		DebitNegativeBalances *bool `json:"debit_negative_balances"`
	}{payoutSchedule: &schedule}
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	if schedule.Interval != "weekly" {
		schedule.WeeklyAnchor = nil
	}
	if schedule.Interval != "monthly" {
		schedule.MonthlyAnchor = nil
	}
	if failed := schedule.check(); failed != nil {
		return nil, failed
	}
	a.Settings.Payouts.Schedule = schedule
	if wish.DebitNegativeBalances != nil {
		a.Settings.Payouts.DebitNegativeBalances = *wish.DebitNegativeBalances
	}
	t.put(a)
	t.emitChange("account.updated", &was, a)
	t.planPayoutsAgain()
	return a.Settings.Payouts, nil
}

// planPayoutsAgain plans for all money that was not paid out so far.
func (t *tx) planPayoutsAgain() {
	t.planPayouts(t.at)
	for _, currency := range sortedKeys(t.book.byCurrency) {
		for _, o := range t.table(balanceTransactions).all("unpaid:" + currency) {
			if b := o.(*balanceTransaction); b.AvailableOn > t.seconds() {
				t.planPayouts(b.available())
			}
		}
	}
}

// changeBank gives the account another bank account for its payouts, by one of
// Stripe's test numbers, or takes it away.
func changeBank(t *tx, _ string, r *http.Request) (any, *apiError) {
	var wish struct {
		Number string `json:"account_number"` // "" takes it away
	}
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	if wish.Number != "" && !known(testBanks, wish.Number) {
		return nil, invalidParam("account_number_invalid", "account_number", "account_number must be one of Stripe's test numbers for payouts.")
	}
	for _, o := range t.table(bankAccounts).all("") {
		was := o.(*bankAccount)
		was = must[bankAccount](t, was.ID)
		was.DefaultForCurrency, was.Status = false, "errored"
		t.put(was)
	}
	if wish.Number == "" {
		return map[string]any{"account": t.world.id}, nil
	}
	b := t.newBankAccount(wish.Number)
	t.put(b)
	t.emit("account.external_account.created", b)
	t.planPayoutsAgain()
	return b, nil
}

// failByHand lets a payout come back, even one that was paid.
func failByHand(t *tx, id string, r *http.Request) (any, *apiError) {
	wish := struct {
		Code string `json:"code"`
	}{"could_not_process"}
	if failed := readControl(r, &wish); failed != nil {
		return nil, failed
	}
	p, ok := get[payout](t, id)
	switch {
	case !ok:
		return nil, missingPath(payouts, "id", id)
	case !known(payoutFailures, wish.Code):
		return nil, invalidParam("", "code", "code must be one of %s.", orList(sortedKeys(payoutFailures)))
	case p.Status == "failed" || p.Status == canceled:
		return nil, refuse("", "id", "Payout %s has ended: it is %s.", id, p.Status)
	}
	t.failPayout(p, wish.Code)
	return p, nil
}
