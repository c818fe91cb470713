package sandbox

// refund is money on its way back to the payer (docs.stripe.com/api/refunds).
type refund struct {
	ID                        string            `json:"id"`
	Object                    string            `json:"object"`
	Amount                    int64             `json:"amount"`
	BalanceTransaction        *string           `json:"balance_transaction"`
	Charge                    string            `json:"charge"`
	Created                   int64             `json:"created"`
	Currency                  string            `json:"currency"`
	DestinationDetails        refundDestination `json:"destination_details"`
	FailureBalanceTransaction *string           `json:"failure_balance_transaction,omitempty"`
	FailureReason             *string           `json:"failure_reason,omitempty"`
	Metadata                  map[string]string `json:"metadata"`
	NextAction                *refundAction     `json:"next_action,omitempty"`
	PaymentIntent             string            `json:"payment_intent"`
	Reason                    *string           `json:"reason"`
	ReceiptNumber             *string           `json:"receipt_number"`
	SourceTransferReversal    *string           `json:"source_transfer_reversal"`
	Status                    string            `json:"status"`
	TransferReversal          *string           `json:"transfer_reversal"`

	Kept struct {
		// Waits says that the balance fell short: the refund goes on once
		// there is money for it.
		Waits bool `json:"waits,omitempty"`
	} `json:"-"`
}

// refundAction is what the payer has to do for his money: say by a mailed form
// where it is to go. Cards never ask for it.
type refundAction struct {
	DisplayDetails refundDetails `json:"display_details"`
	Type           string        `json:"type"`
}

type refundDetails struct {
	EmailSent refundEmail `json:"email_sent"`
	ExpiresAt int64       `json:"expires_at"`
}

type refundEmail struct {
	At int64  `json:"email_sent_at"`
	To string `json:"email_sent_to"`
}

type refundDestination struct {
	Card           *refundedCard `json:"card,omitempty"`
	Type           string        `json:"type"`
	USBankTransfer *refundedBank `json:"us_bank_transfer,omitempty"`
}

// refundedBank is a refund on its way into a bank account, by the number that
// the payer's bank knows it by.
type refundedBank struct {
	Reference       *string `json:"reference"`
	ReferenceStatus string  `json:"reference_status"`
}

type refundedCard struct {
	ReferenceStatus string `json:"reference_status"`
	ReferenceType   string `json:"reference_type"`
	Type            string `json:"type"`
}

var refunds = register(&kind{
	name: "refund", prefix: "re", alias: "pyr", fresh: func() object { return &refund{} },
	expands: []string{
		"balance_transaction", "charge", "failure_balance_transaction", "payment_intent",
		"source_transfer_reversal", "transfer_reversal",
	},
})

func (*refund) kind() *kind   { return refunds }
func (r *refund) key() string { return r.ID }
func (r *refund) born() int64 { return r.Created }
func (r *refund) hidden() any { return &r.Kept }
func (r *refund) listedBy() []string {
	by := []string{"charge:" + r.Charge, "payment_intent:" + r.PaymentIntent}
	if r.Kept.Waits {
		by = append(by, "waiting:"+r.Currency)
	}
	return by
}

func init() {
	endpoint("GET", "/v1/refunds", listByCharge(refunds))
	endpoint("GET", "/v1/refunds/{refund}", retrieve(refunds, "refund", "refund"))
	endpoint("POST", "/v1/refunds/{refund}", updateRefund)
	endpoint("GET", "/v1/charges/{charge}/refunds", func(c *call) (any, error) {
		if _, err := named[charge](c, "charge", "id"); err != nil {
			return nil, err
		}
		return c.page(refunds, "charge:"+c.vars["charge"], nil)
	})
	endpoint("GET", "/v1/charges/{charge}/refunds/{refund}", func(c *call) (any, error) {
		if r, ok := get[refund](c.tx, c.vars["refund"]); ok && r.Charge != c.vars["charge"] {
			return nil, missingPath(refunds, "refund", r.ID)
		}
		return retrieve(refunds, "refund", "refund")(c)
	})
}

func updateRefund(c *call) (any, error) {
	r, err := named[refund](c, "refund", "refund")
	if err != nil {
		return nil, err
	}
	was := *r
	r.Metadata = c.p.metadata(r.Metadata)
	if err := c.p.done(); err != nil {
		return nil, err
	}
	c.put(r)
	c.emitChange("refund.updated", &was, r)
	return r, nil
}
