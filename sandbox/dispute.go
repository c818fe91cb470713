package sandbox

import (
	"slices"
	"strings"
)

// The states of a dispute; those of an inquiry, in which no money has moved
// yet, begin with "warning_".
const (
	needsResponse  = "needs_response"
	underReview    = "under_review"
	disputeWon     = "won"
	disputeLost    = "lost"
	warningPrefix  = "warning_"
	warningNeeds   = warningPrefix + needsResponse
	warningReview  = warningPrefix + underReview
	warningClosed  = warningPrefix + "closed"
	caseChargeback = "chargeback"
	caseInquiry    = "inquiry"
)

// dispute is a payer's objection to a charge with his bank
// (docs.stripe.com/api/disputes, docs.stripe.com/disputes/how-disputes-work).
type dispute struct {
	ID                   string                `json:"id"`
	Object               string                `json:"object"`
	Amount               int64                 `json:"amount"`
	BalanceTransactions  []any                 `json:"balance_transactions"`
	Charge               string                `json:"charge"`
	Created              int64                 `json:"created"`
	Currency             string                `json:"currency"`
	Evidence             evidence              `json:"evidence"`
	EvidenceDetails      evidenceDetails       `json:"evidence_details"`
	IsChargeRefundable   bool                  `json:"is_charge_refundable"`
	Livemode             bool                  `json:"livemode"`
	Metadata             map[string]string     `json:"metadata"`
	PaymentIntent        string                `json:"payment_intent"`
	PaymentMethodDetails *disputeMethodDetails `json:"payment_method_details,omitempty"`
	Reason               string                `json:"reason"`
	Status               string                `json:"status"`

	Kept struct {
		// Transactions are what the dispute took and gave back.
		Transactions []string `json:"transactions,omitempty"`
	} `json:"-"`
}

type evidenceDetails struct {
	DueBy           int64 `json:"due_by"` // 0 where nobody can answer
	HasEvidence     bool  `json:"has_evidence"`
	PastDue         bool  `json:"past_due"`
	SubmissionCount int64 `json:"submission_count"`
}

type disputeMethodDetails struct {
	Card disputedCard `json:"card"`
	Type string       `json:"type"`
}

type disputedCard struct {
	Brand             string  `json:"brand"`
	CaseType          string  `json:"case_type"`
	NetworkReasonCode *string `json:"network_reason_code"`
}

var disputes = register(&kind{
	name: "dispute", prefix: "dp", fresh: func() object { return &dispute{} },
	expands: []string{"charge", "payment_intent"},
})

func (*dispute) kind() *kind   { return disputes }
func (d *dispute) key() string { return d.ID }
func (d *dispute) born() int64 { return d.Created }
func (d *dispute) hidden() any { return &d.Kept }
func (d *dispute) listedBy() []string {
	return []string{"charge:" + d.Charge, "payment_intent:" + d.PaymentIntent}
}

func init() {
	disputes.renders = renderDispute
	endpoint("GET", "/v1/disputes", listByCharge(disputes))
	endpoint("GET", "/v1/disputes/{dispute}", retrieve(disputes, "dispute", "dispute"))
}

// renderDispute completes a dispute with its movements, which are always
// answered whole, and with what follows from the time and the charge.
func renderDispute(t *tx, o object) any {
	d := *o.(*dispute)
	d.BalanceTransactions = []any{}
	for _, id := range d.Kept.Transactions {
		d.BalanceTransactions = append(d.BalanceTransactions, t.wire(must[balanceTransaction](t, id)))
	}
	d.EvidenceDetails.PastDue = d.EvidenceDetails.DueBy != 0 && d.EvidenceDetails.DueBy < t.seconds()
	d.IsChargeRefundable = !d.bars() && !must[charge](t, d.Charge).Refunded
	return &d
}

// inquiry says that the bank asks before it takes the money.
func (d *dispute) inquiry() bool { return strings.HasPrefix(d.Status, warningPrefix) }

// open says that the bank has not decided.
func (d *dispute) open() bool {
	return slices.Contains([]string{needsResponse, underReview, warningNeeds, warningReview}, d.Status)
}

// bars says that the charge cannot be refunded: its money is with the bank.
func (d *dispute) bars() bool {
	return d.Status == needsResponse || d.Status == underReview || d.Status == disputeLost
}

// chargedBack reports whether the bank holds or has the charge's money.
func (t *tx) chargedBack(ch *charge) bool {
	return slices.ContainsFunc(t.table(disputes).all("charge:"+ch.ID), func(o object) bool {
		return o.(*dispute).bars()
	})
}
