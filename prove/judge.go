package prove

import "fmt"

// judge says what of the facts cannot be, one sentence each. It knows nothing of
// how Remit works: only what was captured, what is said to have been, and that
// both have to be the same.
func judge(f facts) (wrong []string) {
	j := newJudgement(f)
	j.capturedWithinTotal()
	j.feesAreRight()
	j.everyCentOnce()
	j.refundedOnce()
	j.threeAgree()
	j.answersTrue()
	j.nobodyBannedPaid()
	j.nothingWhileCut()
	j.connectionsTold()
	j.billedOnce()
	j.soldOnce()
	j.secondPerson()
	j.lateOnce()
	for _, mail := range f.Mails {
		j.sayf("%s", mail)
	}
	return j.wrong
}

// judgeCharges says what of the charges cannot be: for those nobody waits for a
// night.
func judgeCharges(f facts) []string {
	j := newJudgement(f)
	j.everyCentOnce()
	return j.wrong
}

type judgement struct {
	facts
	payments map[string]paymentFacts // by intent
	wrong    []string
}

func newJudgement(f facts) *judgement {
	j := &judgement{facts: f, payments: map[string]paymentFacts{}}
	for _, p := range f.Payments {
		if p.Intent != "" {
			j.payments[p.Intent] = p
		}
	}
	return j
}

func (j *judgement) sayf(format string, args ...any) {
	j.wrong = append(j.wrong, fmt.Sprintf(format, args...))
}

// capturedWithinTotal: what was captured for an invoice and neither refunded nor
// taken by a bank, and what came otherwise, is not more than it bills; unless a
// bank gave back what it had taken.
func (j *judgement) capturedWithinTotal() {
	captured := map[string]int64{}
	byIntent := map[string]string{}
	for _, in := range j.Books.Intents {
		captured[in.Metadata.Invoice] += in.Received
		byIntent[in.ID] = in.Metadata.Invoice
	}
	for _, r := range j.Books.Refunds {
		if r.stands() {
			captured[byIntent[r.Intent]] -= r.Amount
		}
	}
	allowed := map[string]int64{}
	for _, c := range j.Books.Charges { // which fee that may be, [judgement.feesAreRight] knows
		if p, known := j.payments[c.Intent]; known && p.State == "succeeded" && c.captured() > 0 {
			allowed[byIntent[c.Intent]] += p.Fee
		}
	}
	for _, d := range j.Books.Disputes {
		captured[byIntent[d.Intent]] -= d.taken()
		allowed[byIntent[d.Intent]] += d.won()
	}
	for _, i := range j.Invoices {
		if kept := captured[i.ID] + i.Bank; kept > i.Billed+allowed[i.ID] {
			j.sayf("%s bills %d, and %d was captured and kept, %d of it at the bank", i.Number, i.Billed, kept, i.Bank)
		}
	}
}

// feesAreRight: what was captured is amount and fee; only a credit card has a fee,
// and that is what 2.9 % and 0.30 come to. The platform takes 1.5 % of both, where the
// account is connected in its name.
func (j *judgement) feesAreRight() {
	ordered := map[string]bool{} // what is sold in the store has its price
	for _, i := range j.Invoices {
		ordered[i.ID] = i.Order
	}
	for _, c := range j.Books.Charges {
		p, known := j.payments[c.Intent]
		if !known || p.State != "succeeded" || c.captured() == 0 {
			continue
		}
		if c.captured() != p.Amount+p.Fee {
			j.sayf("%s captured %d of %d and a fee of %d", c.Intent, c.captured(), p.Amount, p.Fee)
		}
		want := int64(0)
		if card := c.Method.Card; j.Fees != "" && card != nil && card.Funding == "credit" && p.Source == "stripe" && !ordered[p.Invoice] {
			want = feeOf(j.Fees, p.Amount)
		}
		if p.Fee != want {
			j.sayf("the fee of %s over %d is %d, and should be %d", c.Intent, p.Amount, p.Fee, want)
		}
		share := int64(0)
		if j.Mode != byKeys {
			share = c.Amount * 15 / 1000
		}
		if c.Platform != share || p.Platform != share {
			j.sayf("the platform took %d of %s over %d, Remit says %d, and it should be %d", c.Platform, c.Intent, c.Amount, p.Platform, share)
		}
	}
}

// feeOf is the fee by the defaults, found by trying one cent after the other.
func feeOf(mode string, amount int64) int64 {
	share := func(of int64) int64 { return (of*29+500)/1000 + 30 }
	if mode == "add_on" {
		return share(amount)
	}
	fee := int64(0)
	for amount+fee-share(amount+fee) < amount {
		fee++
	}
	return fee
}

// everyCentOnce: each intent that captured anything is one payment, booked once
// and in full; nothing is booked that was not captured.
func (j *judgement) everyCentOnce() {
	received := map[string]int64{}
	for _, in := range j.Books.Intents {
		received[in.ID] = in.Received
		if in.Received == 0 {
			continue
		}
		p, known := j.payments[in.ID]
		switch {
		case !known:
			j.sayf("%s captured %d and is no payment here", in.ID, in.Received)
		case p.Entries != 1 || p.Booked != in.Received:
			j.sayf("%s captured %d; %d is booked of it, in %d entries", in.ID, in.Received, p.Booked, p.Entries)
		case p.State != "succeeded" || p.Captured != in.Received:
			j.sayf("%s captured %d; its payment says %s and %d", in.ID, in.Received, p.State, p.Captured)
		}
	}
	charged := map[string]int64{}
	for _, c := range j.Books.Charges {
		charged[c.Intent] += c.captured()
	}
	for id, amount := range received {
		if charged[id] != amount {
			j.sayf("%s received %d by charges of %d", id, amount, charged[id])
		}
	}
	references := map[string]int{}
	for _, p := range j.Payments {
		switch {
		case p.Source == "bank_transfer":
			references[p.Reference]++
			if p.Entries != 1 || p.Booked != p.Captured {
				j.sayf("the transfer %s over %d is booked as %d in %d entries", p.Reference, p.Captured, p.Booked, p.Entries)
			}
		case p.Booked != received[p.Intent]:
			j.sayf("%d is booked of payment %s, whose intent %q captured %d", p.Booked, p.ID, p.Intent, received[p.Intent])
		}
	}
	for reference, times := range references {
		if times > 1 {
			j.sayf("the transfer %s was recorded %d times", reference, times)
		}
	}
}

// atStripe is what Stripe holds of an invoice: captured and not refunded.
func (j *judgement) atStripe(invoice string) (held int64) {
	of := map[string]bool{}
	for _, in := range j.Books.Intents {
		if in.Metadata.Invoice == invoice {
			of[in.ID] = true
			held += in.Received
		}
	}
	for _, r := range j.Books.Refunds {
		if of[r.Intent] && r.stands() {
			held -= r.Amount
		}
	}
	for _, d := range j.Books.Disputes {
		if of[d.Intent] {
			held -= d.taken()
		}
	}
	return held
}

// refundedOnce: Stripe has paid back what was promised, in as many refunds, each
// of Remit's own once, and not more than it had captured.
func (j *judgement) refundedOnce() {
	amounts, times, ours := map[string]int64{}, map[string]int{}, map[string]int{}
	for _, r := range j.Books.Refunds {
		if r.stands() {
			amounts[r.Intent] += r.Amount
			times[r.Intent]++
			ours[r.Metadata.Refund]++
		}
	}
	for refund, n := range ours {
		if refund != "" && n > 1 { // booking the second as well does not undo it
			j.sayf("the refund %s was made %d times at Stripe", refund, n)
		}
	}
	for intent, amount := range amounts {
		p, known := j.payments[intent]
		switch {
		case !known:
			j.sayf("%s was refunded %d and is no payment here", intent, amount)
		case amount > p.Captured:
			j.sayf("%s captured %d and was refunded %d", intent, p.Captured, amount)
		}
	}
	for intent, p := range j.payments {
		if p.Promised != amounts[intent] || p.Sent != amounts[intent] || p.Refunds != times[intent] {
			j.sayf("%s was refunded %d in %d refunds at Stripe; promised are %d in %d, booked %d", intent, amounts[intent], times[intent], p.Promised, p.Refunds, p.Sent)
		}
	}
}

// threeAgree: ledger, invoice and timeline say the same.
func (j *judgement) threeAgree() {
	between := int64(0)
	for _, i := range j.Invoices {
		if i.Status == "draft" { // nothing is owed of it, and it says what will be
			continue
		}
		if i.Outstanding != i.Billed-i.Applied {
			j.sayf("%s shows %d as owed; its ledger bills %d and applies %d", i.Number, i.Outstanding, i.Billed, i.Applied)
		}
		if at := j.atStripe(i.ID); i.Stripe != at {
			j.sayf("of %s the ledger has %d at Stripe, and Stripe has %d", i.Number, i.Stripe, at)
		}
		if i.ToldApplied != i.CameIn || i.ToldExcess != i.Excess {
			j.sayf("the timeline of %s tells of %d paid and %d too much, its ledger of %d and %d", i.Number, i.ToldApplied, i.ToldExcess, i.CameIn, i.Excess)
		}
		if paid := i.Status == "paid"; i.Status != "uncollectible" && i.Status != "contested" && paid != (i.Billed > 0 && i.Outstanding == 0) {
			j.sayf("%s is %s and owes %d of %d", i.Number, i.Status, i.Outstanding, i.Billed)
		}
		if i.Status != "void" && i.Billed != i.Total-i.GivenUp-i.CarriedOut {
			j.sayf("%s has a total of %d, of which %d is given up and %d carried away, and bills %d", i.Number, i.Total, i.GivenUp, i.CarriedOut, i.Billed)
		}
		between += i.Carried
	}
	if between != 0 {
		j.sayf("%d is carried between invoices and billed by none, or by two", between)
	}
}

// answersTrue: whoever was told that he has paid has paid.
func (j *judgement) answersTrue() {
	received := map[string]int64{}
	for _, in := range j.Books.Intents {
		received[in.ID] = in.Received
	}
	booked := map[string]int64{}
	for _, p := range j.Payments {
		booked[p.ID] = p.Booked
	}
	for _, c := range j.Claims {
		if c.intent != "" && received[c.intent] == 0 {
			j.sayf("an answer said that %s was paid, and it captured nothing", c.intent)
		}
		if booked[c.payment] == 0 {
			j.sayf("an answer said that payment %s was made, and it is not booked", c.payment)
		}
	}
}

// nobodyBannedPaid: no confirm began for somebody who might not pay at the time.
func (j *judgement) nobodyBannedPaid() {
	for _, a := range j.Attempts {
		if a.Actor != j.Payer || a.ConfirmAt == nil || !a.Succeeded {
			continue
		}
		for _, b := range j.Banned {
			if a.ConfirmAt.After(b.from) && a.ConfirmAt.Before(b.until) {
				j.sayf("the payer was charged by %s at %s, and might not pay from %s to %s", a.Intent, a.ConfirmAt, b.from, b.until)
			}
		}
	}
}
