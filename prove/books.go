package prove

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// books are what the stand-in holds to be true of an account.
type books struct {
	Intents  []intent  `json:"payment_intents"`
	Charges  []charge  `json:"charges"`
	Refunds  []refund  `json:"refunds"`
	Disputes []dispute `json:"disputes"`

	Deliveries []struct{} `json:"deliveries"`
	Requests   struct {
		Total int `json:"total"`
	} `json:"requests"`
}

type refund struct {
	Intent   string `json:"payment_intent"`
	Amount   int64
	Status   string
	Metadata struct {
		Refund string `json:"remit_refund"`
	}
}

// stands reports whether a refund's money is gone.
func (r refund) stands() bool { return r.Status != "failed" && r.Status != "canceled" }

// dispute is a bank's objection to a charge.
type dispute struct {
	ID                  string
	Intent              string `json:"payment_intent"`
	Amount              int64
	Status              string
	BalanceTransactions []struct{ Amount int64 } `json:"balance_transactions"`
}

// taken is what the bank has taken and not given back.
func (d dispute) taken() (amount int64) {
	for _, moved := range d.BalanceTransactions {
		amount -= moved.Amount
	}
	return amount
}

// won is what it took once and gave back: by then the invoice may have been paid
// again.
func (d dispute) won() int64 {
	if len(d.BalanceTransactions) > 1 {
		return d.Amount
	}
	return 0
}

type intent struct {
	ID       string
	Status   string
	Received int64 `json:"amount_received"`
	Currency string
	Metadata struct {
		Invoice string `json:"remit_invoice"`
	}
}

// elsewhere reports that money went back by somebody else's doing than Remit's.
func (b books) elsewhere() bool {
	return len(b.Disputes) > 0 || slices.ContainsFunc(b.Refunds, func(r refund) bool { return r.Metadata.Refund == "" })
}

type charge struct {
	ID       string
	Intent   string `json:"payment_intent"`
	Captured bool
	Status   string
	Amount   int64 `json:"amount_captured"`
	Platform int64 `json:"application_fee_amount"`
	Method   struct {
		Card *struct{ Funding string }
	} `json:"payment_method_details"`
}

// debit reports that a bank account was charged, whose money is on its way while
// the charge is pending.
func (c charge) debit() bool { return strings.HasPrefix(c.ID, "py_") }

// captured is what the charge has brought in: nothing while it is pending.
func (c charge) captured() int64 {
	if c.Status != "succeeded" {
		return 0
	}
	return c.Amount
}

// books reads the stand-in's own books.
func (w *world) books(ctx context.Context) (books, error) {
	var b books
	got, err := w.account.insist(ctx, 30*time.Second, http.MethodGet, "/_sandbox/books", "", nil)
	if err != nil {
		return b, fmt.Errorf("read the stand-in's books: %w", err)
	}
	return b, got.into(&b)
}
