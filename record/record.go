package record

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"remit"
)

// Format is the first thing a record says, and nothing else that a key signs begins so.
const Format = "remit payment record 1"

// Record is the file: what is signed, and the signature over its bytes as they stand
// between the two names.
type Record struct {
	Signed    json.RawMessage `json:"signed"`
	Signature string          `json:"signature"` // 64 bytes in lower-case hexadecimal
}

// Signed is what the organisation answers for. Amounts are minor units of Currency.
type Signed struct {
	Format       string     `json:"format"`
	Key          string     `json:"key"` // id of the key that signs
	MadeAt       time.Time  `json:"made_at"`
	Organisation string     `json:"organisation"` // path
	Invoice      Invoice    `json:"invoice"`
	Figures      Figures    `json:"figures"`
	Payments     []Payment  `json:"payments"`
	Refunds      []Refund   `json:"refunds"`
	Timeline     []Entry    `json:"timeline"`
	Chain        ChainOfAll `json:"chain"`
}

// Invoice is what was billed, to whom and by whom.
type Invoice struct {
	ID          uuid.UUID           `json:"id"`
	Number      string              `json:"number"`
	Seller      string              `json:"seller"`
	Customer    string              `json:"customer"`
	Currency    string              `json:"currency"`
	IssueDate   remit.Date          `json:"issue_date"`
	DueDate     remit.Date          `json:"due_date"`
	PaidAt      *time.Time          `json:"paid_at"`
	Lines       []remit.Line        `json:"lines"`
	Adjustments []remit.Adjustment  `json:"adjustments"`
	Status      remit.InvoiceStatus `json:"status"`
}

// Figures are those of the receipt. Money that came in another currency than the
// invoice's pays nothing on it, and is in none of them.
type Figures struct {
	Total     int64 `json:"total"`     // lines and adjustments
	Billed    int64 `json:"billed"`    // of it, what was not voided, given up or billed elsewhere
	Applied   int64 `json:"applied"`   // paid on the invoice and not gone back, credit included
	Collected int64 `json:"collected"` // came in by payments, surcharges included
	Surcharge int64 `json:"surcharge"` // of what was collected
	Refunded  int64 `json:"refunded"`  // of what was collected, went back or is promised back
}

// Payment is one that came in, or was tried, and where Stripe has it.
type Payment struct {
	ID            uuid.UUID          `json:"id"`
	Source        string             `json:"source"`
	State         remit.AttemptState `json:"state"`
	Amount        int64              `json:"amount"`
	Surcharge     int64              `json:"surcharge"`
	Captured      int64              `json:"captured"`
	Refunded      int64              `json:"refunded"`
	Account       string             `json:"account"`
	Livemode      bool               `json:"livemode"`
	PaymentIntent string             `json:"payment_intent"`
	Charge        string             `json:"charge"`
	SettledAt     *time.Time         `json:"settled_at"`
	// Currency is that of what came in by it, and of its refunds, where it is another than
	// the invoice's; "" where it is the invoice's.
	Currency string `json:"currency,omitempty"`
}

// add counts a payment of the invoice's currency in.
func (f *Figures) add(p Payment) {
	if p.Currency != "" {
		return
	}
	f.Collected, f.Refunded = f.Collected+p.Captured, f.Refunded+p.Refunded
	if p.Captured > 0 {
		f.Surcharge += p.Surcharge
	}
}

// FiguresOf are the figures of an invoice with its payments.
func FiguresOf(total, billed, applied int64, payments []Payment) Figures {
	f := Figures{Total: total, Billed: billed, Applied: applied}
	for _, p := range payments {
		f.add(p)
	}
	return f
}

// Refund is one that was asked for, and where Stripe has it.
type Refund struct {
	ID           uuid.UUID         `json:"id"`
	Payment      uuid.UUID         `json:"payment"`
	State        remit.RefundState `json:"state"`
	Amount       int64             `json:"amount"` // the surcharge that goes back included
	StripeRefund string            `json:"stripe_refund"`
}

// Entry is one entry of the timeline: the text that is hashed, and its hash, which is
// over the hash before it too.
type Entry struct {
	Text json.RawMessage `json:"entry"`
	Hash string          `json:"hash"` // 32 bytes in lower-case hexadecimal
}

// ChainOfAll is where the timeline ends: how many entries it has and the last hash.
type ChainOfAll struct {
	Entries int    `json:"entries"`
	End     string `json:"end"`
}

// Chain gives a timeline as a record holds it, and its end.
func Chain(invoice uuid.UUID, entries []remit.TimelineEntry) ([]Entry, ChainOfAll, error) {
	list := make([]Entry, len(entries))
	var previous []byte
	for n, e := range entries {
		text, err := e.Chained(invoice)
		if err != nil {
			return nil, ChainOfAll{}, err
		}
		previous = remit.ChainHash(previous, text)
		list[n] = Entry{Text: text, Hash: hex.EncodeToString(previous)}
	}
	return list, ChainOfAll{Entries: len(list), End: hex.EncodeToString(previous)}, nil
}

// Sign writes the record that says s, signed by a key.
func Sign(s Signed, private ed25519.PrivateKey) ([]byte, error) {
	public, ok := private.Public().(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("sign a record: not an Ed25519 key")
	}
	s.Format, s.Key, s.MadeAt = Format, KeyID(public), s.MadeAt.UTC().Truncate(time.Second)
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("write a record: %w", err)
	}
	return written(Record{Signed: text, Signature: hex.EncodeToString(ed25519.Sign(private, text))})
}

// written is a record's file: one line of JSON.
func written(r Record) ([]byte, error) {
	file, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write a record: %w", err)
	}
	return append(file, '\n'), nil
}
