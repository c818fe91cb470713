package activities_test

import (
	"github.com/stripe/stripe-go/v79"
)

// What may happen to a bank debit, of which only events tell; see histories.

// debitHistories are those of histories that are about debits.
var debitHistories = map[string][]func(*shop, *story){
	"debited":                           {debits(bankPays), settlesIt},
	"debited, which its bank has still": {debits(bankPays)},
	"debited, which comes to nought":    {debits(bankClosed), settlesIt},
	"debited, then by another account":  {debits(bankEmpty), settlesIt, debits(bankPays), settlesIt},
	"debited and called back there":     {debits(bankPays), callsItBack},
	"debited and taken back":            {debits(bankPays), settlesIt, returnsIt},
	"the answer of a debit was lost":    {loses(debits(bankPays)), settlesIt, returnsIt},
	"debited on the page":               {opensCheckout, signsIn("success"), settlesIt},
	"debited on the page, for nought":   {opensCheckout, signsIn("no_account"), settlesIt},
}

// debits pays the invoice from an account that has just been verified.
func debits(number string) func(*shop, *story) {
	return func(s *shop, v *story) {
		if refused := s.debited(v.ref, 12000, s.bank(number)); refused != nil {
			s.t.Fatalf("the debit was refused: %+v", refused)
		}
	}
}

// signsIn pays on the open page, by signing in at the bank.
func signsIn(account string) func(*shop, *story) {
	return func(s *shop, v *story) {
		s.signIn(v.page, account, false)
	}
}

// settlesIt is the bank's answer to the debit, which comes days later elsewhere.
func settlesIt(s *shop, v *story) { s.act("/charges/"+s.debitOf(v)+"/settle", map[string]any{}) }

func returnsIt(s *shop, v *story) {
	s.act("/charges/"+s.debitOf(v)+"/return", map[string]any{"reason": "debit_not_authorized"})
}

func callsItBack(s *shop, v *story) {
	_, err := s.stripe.PaymentIntents.Cancel(s.intentOf(v), nil)
	must(s.t, err)
}

// debitOf is the invoice's latest charge, as Stripe has it.
func (s *shop) debitOf(v *story) string {
	s.t.Helper()
	intent, err := s.stripe.PaymentIntents.Get(s.intentOf(v), nil)
	must(s.t, err)
	return intent.LatestCharge.ID
}

// intentOf is the invoice's latest intent, whether it was heard of here or not.
func (s *shop) intentOf(v *story) (id string) {
	s.t.Helper()
	list := s.stripe.PaymentIntents.List(&stripe.PaymentIntentListParams{})
	for list.Next() { // the newest first
		if pi := list.PaymentIntent(); pi.Metadata["remit_invoice"] == v.ref.Invoice.String() {
			return pi.ID
		}
	}
	must(s.t, list.Err())
	s.t.Fatal("the invoice has no intent at Stripe")
	return ""
}
