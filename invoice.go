package remit

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"remit/money"
)

// InvoiceStatus is the ledger's word on an invoice. It is derived by
// [StatusOf] and stored beside the invoice so that lists can filter by it.
type InvoiceStatus string

// The statuses of an invoice.
const (
	InvoiceDraft         InvoiceStatus = "draft"
	InvoiceOpen          InvoiceStatus = "open"
	InvoiceProcessing    InvoiceStatus = "processing" // a bank debit is on its way: neither paid nor overdue
	InvoicePartiallyPaid InvoiceStatus = "partially_paid"
	InvoicePaid          InvoiceStatus = "paid"
	InvoiceContested     InvoiceStatus = "contested"
	InvoiceVoid          InvoiceStatus = "void"
	InvoiceUncollectible InvoiceStatus = "uncollectible"
	InvoiceCarried       InvoiceStatus = "carried" // nothing was paid, and another invoice bills all of it
)

// Payable reports whether money may be collected for an invoice in this status.
func (s InvoiceStatus) Payable() bool {
	return s == InvoiceOpen || s == InvoicePartiallyPaid
}

// InvoiceStatuses lists them in the order an invoice goes through them.
func InvoiceStatuses() []InvoiceStatus {
	return []InvoiceStatus{
		InvoiceDraft, InvoiceOpen, InvoicePartiallyPaid, InvoiceProcessing, InvoicePaid, InvoiceContested, InvoiceVoid, InvoiceUncollectible, InvoiceCarried,
	}
}

// CountedAtMost is how far invoices of one status are counted: nobody needs to
// know whether 31,405 or 31,406 are paid, and counting them all would read them
// all. A count above it stands for any number above it.
const CountedAtMost = 10_000

// AtRest reports that nothing more will happen to the invoice by itself.
func (s InvoiceStatus) AtRest() bool {
	switch s {
	case InvoiceDraft, InvoicePaid, InvoiceVoid, InvoiceUncollectible, InvoiceCarried:
		return true
	case InvoiceOpen, InvoiceProcessing, InvoicePartiallyPaid, InvoiceContested:
		return false
	}
	return false
}

// Invoice is a demand for money and how far it has been met.
// Amounts are minor units of Currency.
type Invoice struct {
	ID             uuid.UUID
	OrganisationID uuid.UUID
	Organisation   string // path
	CustomerID     uuid.UUID
	CustomerName   string
	CustomerEmail  string        // "" where none is known
	CustomerWord   *CustomerWord // who of the organisation gave CustomerAuto
	CustomerAuto   *bool         // the customer's own word on charges by themselves; nil: as the settings have it
	// ChargedBy is who of the organisation decided that it is charged by itself, or now,
	// where its settings alone would not; nil where they do. Above the sum of its approvals
	// one person does not decide that.
	ChargedBy   *Actor
	Number      string
	Seller      Seller
	Status      InvoiceStatus
	Label       string // the business's own word, never the ledger's
	Tags        []string
	Notes       []Note
	Overdue     bool
	Total       int64
	Outstanding int64
	Applied     int64
	Currency    string
	IssueDate   Date
	DueDate     Date
	DueVersion  int
	Lines       []Line
	Adjustments []Adjustment
	CarriedTo   []Carried // what of it other invoices bill
	Hold        *Hold
	Deposit     *Deposit
	Collection  Collection
	NextCharge  *NextCharge // read for who is told of it, never stored
	Promise     *Promise    // to pay; nil where there is none
	Settings    InvoiceSettings
	Source      string
	SentAt      *time.Time
	PaidAt      *time.Time
	VoidedAt    *time.Time
	ReplacedBy  *uuid.UUID
	CreatedAt   time.Time
	WorkItemID  *uuid.UUID // the live item, else the last one
	InFlight    *InFlight
	Tenant      uuid.UUID
	LinkVersion int    // of the public link; a reset raises it
	PayLink     string // address of the public page, for who may have it
}

func (i Invoice) outstanding() money.Amount {
	return money.Of(i.Outstanding, money.Currency(i.Currency))
}

// ForPayers is the invoice without what staff keep to themselves.
func (i Invoice) ForPayers() Invoice {
	i.Tags, i.Notes, i.Promise = nil, nil, nil
	i.Settings.Approvals = DefaultApprovals()
	return i.WithoutReason()
}

// WithoutReason is the invoice without why collecting it came to nothing: that may
// be a decline code, which is the merchant's alone.
func (i Invoice) WithoutReason() Invoice {
	i.Collection.Why = ""
	return i
}

// Note is a remark on an invoice, for staff.
type Note struct {
	Text string    `json:"text"`
	By   string    `json:"by"`
	At   time.Time `json:"at"` // on the organisation's clock
}

// Seller is who issued the invoice, where that is not the organisation itself.
type Seller struct {
	Name  string `json:"name"`
	TaxID string `json:"tax_id"`
}

// SellerName is who issued the invoice, as its payer knows him.
func (i Invoice) SellerName() string {
	if i.Seller.Name != "" {
		return i.Seller.Name
	}
	if i.Settings.Seller != "" {
		return i.Settings.Seller
	}
	return i.Organisation[strings.LastIndexByte(i.Organisation, '/')+1:]
}

// Line is one thing billed. Quantity and UnitPrice are decimal strings;
// Amount, in minor units, is what counts.
type Line struct {
	Description string `json:"description"`
	Quantity    string `json:"quantity"`
	UnitPrice   string `json:"unit_price"`
	Amount      int64  `json:"amount"`
}

// Adjustment is what is added to the lines to make the total: tax, allowance,
// charge, prepaid, rounding, or carried from another invoice. Allowances and
// prepayments are negative.
type Adjustment struct {
	Kind        string `json:"kind"`
	Description string `json:"description"`
	Amount      int64  `json:"amount"`
}

// HoldKind says who may lift a hold: one set by a person or an import needs
// invoice=edit; one set by a refund, a dispute or a return needs stripe=pay.
type HoldKind string

// The kinds of hold.
const (
	HoldPerson  HoldKind = "person"
	HoldImport  HoldKind = "import"
	HoldRefund  HoldKind = "refund"
	HoldDispute HoldKind = "dispute"
	HoldReturn  HoldKind = "return"
)

// Money reports whether money that came back set the hold.
func (k HoldKind) Money() bool {
	return k == HoldRefund || k == HoldDispute || k == HoldReturn
}

// Hold keeps automatic charges off an invoice. A person may still pay it.
type Hold struct {
	Reason string    `json:"reason"`
	Kind   HoldKind  `json:"kind"`
	Since  time.Time `json:"since"`
	// Prior is the hold of a person or an import whose place one for money took:
	// it stands again when the money is back.
	Prior *Hold `json:"prior,omitempty"`
}

// Over is the hold as it takes the place of the one before, if there is one.
func (h Hold) Over(before *Hold) *Hold {
	if h.Prior = before; before != nil && before.Kind.Money() {
		h.Prior = before.Prior
	}
	return &h
}

// InFlight is the invoice's one live attempt, as everyone may see it.
type InFlight struct {
	Attempt int          `json:"attempt"`
	Kind    AttemptKind  `json:"kind,omitempty"`
	State   AttemptState `json:"state"`
	Since   time.Time    `json:"since"`
}

// OpenCheckout reports a hosted checkout that nobody has paid yet.
func (f *InFlight) OpenCheckout() bool { return f != nil && OpenCheckout(f.Kind, f.State) }

// InvoiceFacts is what an invoice's status is derived from.
type InvoiceFacts struct {
	Sent          bool
	Void          bool
	Uncollectible bool
	Carried       bool // another invoice bills what this one owed
	Contested     bool
	Processing    bool  // a live attempt's money is on its way
	Billed        int64 // what the ledger has billed
	Applied       int64 // what the ledger has applied to it
}

// StatusOf derives the status. The order says what outranks what: an invoice
// that is void stays void whatever arrives later (what arrives is excess).
func StatusOf(f InvoiceFacts) InvoiceStatus {
	switch {
	case f.Void:
		return InvoiceVoid
	case !f.Sent:
		return InvoiceDraft
	case f.Contested:
		return InvoiceContested
	case f.Uncollectible && f.Applied == 0: // nothing is owed because it was given up
		return InvoiceUncollectible
	case f.Carried && f.Billed == 0:
		return InvoiceCarried
	case f.Applied >= f.Billed:
		return InvoicePaid
	case f.Uncollectible:
		return InvoiceUncollectible
	case f.Processing:
		return InvoiceProcessing
	case f.Applied > 0:
		return InvoicePartiallyPaid
	default:
		return InvoiceOpen
	}
}
