package prove

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"remit"
)

// accounts are Stripe's test accounts by the word a story has for them.
var accounts = map[string]string{
	"bank": "000123456789", "bank-broke": "000222222227", "bank-returns": "000555555559",
}

// saveAccounts adds the customer's bank accounts and verifies them.
func (w *world) saveAccounts(ctx context.Context) error {
	if _, err := w.account.insist(ctx, patience, http.MethodPost, "/_sandbox/settings", "", map[string]any{"microdeposits": "amounts"}); err != nil {
		return err
	}
	for word, number := range accounts {
		var made struct{ ID, Status string }
		if err := w.admin.must(ctx, http.MethodPost, "/v1/customers/"+w.customer+"/bank-accounts", bankAccount(number), &made); err != nil {
			return err
		}
		// Its answer may be lost on a busy machine, and sent again it is refused: what
		// became of it is asked.
		account := "/v1/bank-accounts/" + made.ID
		if _, err := w.admin.insist(ctx, patience, http.MethodPost, account+"/verification", "", map[string]any{"amounts": []int{32, 45}}); err != nil {
			return err
		}
		if err := w.admin.must(ctx, http.MethodGet, account, nil, &made); err != nil {
			return err
		}
		if made.Status != "usable" {
			return fmt.Errorf("the account %s is %s", word, made.Status)
		}
		w.saved[word] = made.ID
	}
	return nil
}

func bankAccount(number string) map[string]any {
	return map[string]any{
		"account_number": number, "routing_number": "110000000", "account_holder_name": "Pat Payer", "account_holder_type": "individual",
		"country": "US", "currency": "USD", "mandate_accepted": true,
	}
}

// Somebody pays by bank, of which nothing is known for days; the debit may fail
// then, or come back later still.
func writeDebit(r *rand.Rand, s *Story, a *Act) {
	writePay(r, s, a)
	a.Card = []string{"bank", "bank", "bank", "bank-broke", "bank-returns"}[r.IntN(5)]
}

// A debit on its way is cancelled while the bank settles it, or not at all. Choice
// "settle" has the bank do so now.
func writeCancel(r *rand.Rand, _ *Story, a *Act) {
	a.Under = r.IntN(2) == 0
	a.Times = 1 + r.IntN(2)
	a.Choice = []string{"", "settle"}[r.IntN(2)]
	a.Later = r.IntN(200)
}

func doCancel(ctx context.Context, w *world, a Act) {
	invoice := w.invoices[a.Invoice]
	payment, found := w.paymentOf(ctx, invoice, remit.AttemptProcessing, a.Under)
	if !found {
		return
	}
	if a.Choice == "settle" {
		w.atTheBank(ctx, invoice, "/settle", "pending", nil)
	}
	for range a.Times {
		got, err := w.payer.insist(ctx, patience, http.MethodPost, "/v1/payments/"+payment+"/cancel", w.key(), nil)
		w.answered(a.Kind, got, err)
		pause(ctx, time.Duration(a.Later)*time.Millisecond)
	}
}

// A debit that was paid comes back from the bank, and the money may be on its way
// back already by a refund.
func writeReturn(r *rand.Rand, _ *Story, a *Act) {
	a.Choice = []string{"insufficient_funds", "incorrect_account_details", "bank_cannot_process", "debit_not_authorized"}[r.IntN(4)]
}

func doReturn(ctx context.Context, w *world, a Act) {
	w.atTheBank(ctx, w.invoices[a.Invoice], "/return", "succeeded", map[string]any{"reason": a.Choice})
}

// atTheBank has the stand-in's bank do something to a debit of an invoice's that is
// in a state.
func (w *world) atTheBank(ctx context.Context, invoice *bill, what, state string, body any) {
	b, err := w.books(ctx)
	if err != nil {
		return
	}
	of := map[string]bool{}
	for _, in := range b.Intents {
		of[in.ID] = in.Metadata.Invoice == invoice.id
	}
	for _, c := range b.Charges {
		if of[c.Intent] && c.debit() && c.Status == state {
			got, err := w.account.insist(ctx, patience, http.MethodPost, "/_sandbox/charges/"+c.ID+what, "", body)
			w.answered("at the bank"+what, got, err)
			return
		}
	}
}

// paymentOf is the invoice's payment in a state; waits says to wait until there is
// one.
func (w *world) paymentOf(ctx context.Context, invoice *bill, state remit.AttemptState, waits bool) (id string, found bool) {
	for range 20 {
		var made struct {
			Data []struct {
				ID    string
				State remit.AttemptState
			}
		}
		got, err := w.admin.insist(ctx, patience, http.MethodGet, "/v1/invoices/"+invoice.id+"/payments", "", nil)
		if err != nil || got.into(&made) != nil {
			return "", false
		}
		for _, payment := range made.Data {
			if payment.State == state {
				return payment.ID, true
			}
		}
		if !waits || !pause(ctx, 200*time.Millisecond) {
			break
		}
	}
	return "", false
}
