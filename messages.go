package remit

import (
	"strings"
	"time"

	"github.com/google/uuid"
)

// TaskQueue is where invoice workflows and their activities run.
const TaskQueue = "remit"

// InvoicePaymentWorkflow is the registered name of the workflow that alone
// starts a charge, mints a session, or changes what an invoice collected.
const InvoicePaymentWorkflow = "InvoicePayment"

// Messages of the InvoicePayment workflow.
const (
	// UpdateRequest carries the id of a row of invoice_requests and returns a
	// [RequestResult]. A message without such a row does nothing.
	UpdateRequest = "request"
	// UpdateRefresh looks at the live attempt and starts nothing. It returns the
	// [InvoiceState].
	UpdateRefresh = "refresh"
	// SignalWake says that something about the invoice may have changed: an
	// event arrived, the agenda or the clock moved. It carries a [Wake].
	SignalWake = "wake"
	// QueryState returns the workflow's [InvoiceState].
	QueryState = "state"
)

// Search attributes by which an operator finds a workflow. They are stored in
// clear, so they hold ids, states and dates, never names or amounts.
const (
	SearchOrganisation = "RemitOrganisation"
	SearchInvoice      = "RemitInvoice"
	SearchState        = "RemitState"
	SearchDueDate      = "RemitDueDate"
)

const invoiceWorkflowPrefix = "invoice-payment/"

// InvoiceWorkflowID is the id of the one workflow of an invoice.
func InvoiceWorkflowID(invoice uuid.UUID) string { return invoiceWorkflowPrefix + invoice.String() }

// InvoiceOfWorkflowID is its inverse.
func InvoiceOfWorkflowID(id string) (uuid.UUID, bool) {
	rest, found := strings.CutPrefix(id, invoiceWorkflowPrefix)
	if !found {
		return uuid.Nil, false
	}
	invoice, err := uuid.Parse(rest)
	return invoice, err == nil
}

// InvoiceRef is the workflow's whole input: everything else is read from the
// database when it starts.
type InvoiceRef struct {
	Tenant  uuid.UUID
	Invoice uuid.UUID
}

// RequestKind says what a person asks of an invoice.
type RequestKind string

// The kinds of request.
const (
	RequestPay           RequestKind = "pay"
	RequestCheckout      RequestKind = "checkout"
	RequestVoid          RequestKind = "void"
	RequestAmend         RequestKind = "amend"
	RequestRecordPayment RequestKind = "record_payment"
	RequestHold          RequestKind = "hold"
	RequestLiftHold      RequestKind = "lift_hold"
	RequestRunScript     RequestKind = "run_script"
)

// Collects reports whether the request starts an attempt, of which an invoice
// may have one at a time.
func (k RequestKind) Collects() bool { return k == RequestPay || k == RequestCheckout }

// Request is the argument of [UpdateRequest].
type Request struct {
	ID   uuid.UUID
	Kind RequestKind
}

// RequestResult is what became of a request. Refused carries the code and the
// words of a refusal, which is an answer and not a failure of the workflow.
type RequestResult struct {
	Attempt *uuid.UUID `json:",omitempty"`
	Payment *uuid.UUID `json:",omitempty"`
	Refused *Refusal   `json:",omitempty"`
}

// Refusal is a [KindConflict], [KindInvalid], [KindForbidden] or
// [KindDeclined] answer as data.
type Refusal struct {
	Kind    Kind
	Code    string
	Message string
	Fields  []FieldError `json:",omitempty"`
}

// AsError gives the refusal back as an error.
func (r *Refusal) AsError() error {
	return &Error{Kind: r.Kind, Code: r.Code, Message: r.Message, Fields: r.Fields}
}

// Refuse makes a refusal of an error that is an answer.
func Refuse(e *Error) *Refusal {
	return &Refusal{Kind: e.Kind, Code: e.Code, Message: e.Message, Fields: e.Fields}
}

// Wake says why a workflow is woken; it is for the history's reader, the
// workflow looks at the database either way.
type Wake struct {
	Why string
}

// InvoiceState is what the workflow knows between two steps: when it has to be
// woken next, and whether it may end. It is a copy; the database decides.
type InvoiceState struct {
	Status   InvoiceStatus
	InFlight AttemptState   `json:",omitempty"`
	Rest     bool           // nothing more happens by itself
	WakeIn   *time.Duration `json:",omitempty"` // real time until the next row of the agenda
	Script   bool           `json:",omitempty"` // an after-payment script is to be run, beside whatever else is done
	DueDate  string
}

// PayRequest is the payload of a request of kind pay or checkout: what was
// asked, and what the one who asked was permitted by, which is looked at again
// right before money moves.
type PayRequest struct {
	Amount int64 `json:"amount"`
	// Owed is what the invoice owed, in minor units, when this was asked; a
	// payment of a part is meant of that much. 0 is not looked at.
	Owed          int64      `json:"owed,omitempty"`
	PaymentMethod *uuid.UUID `json:"payment_method,omitempty"`
	Save          bool       `json:"save,omitempty"`
	SuccessURL    string     `json:"success_url,omitempty"`
	CancelURL     string     `json:"cancel_url,omitempty"`
	Permit        Permit     `json:"permit"`
}

// Permit is what a payer is permitted by: scopes at a path for somebody of the
// organisation, being the invoice's customer, or having its public link.
type Permit struct {
	Account     uuid.UUID `json:"account"`
	Path        string    `json:"path"`
	Scopes      []Scope   `json:"scopes"`
	TokenScopes *[]Scope  `json:"token_scopes,omitempty"`
	Customer    bool      `json:"customer,omitempty"`
	// Link is the version of the public link it was asked by; 0 if it was not.
	Link int `json:"link,omitempty"`
}

// ReasonRequest is the payload of void and hold.
type ReasonRequest struct {
	Reason string `json:"reason"`
}

// RecordRequest is the payload of record_payment.
type RecordRequest struct {
	Amount    int64  `json:"amount"`
	Method    string `json:"method"`
	Reference string `json:"reference"`
}

// AmendRequest is the payload of amend: a sent invoice's new content.
type AmendRequest struct {
	Reason      string       `json:"reason"`
	DueDate     Date         `json:"due_date"`
	Lines       []Line       `json:"lines"`
	Adjustments []Adjustment `json:"adjustments"`
	Total       int64        `json:"total"`
	Fingerprint []byte       `json:"fingerprint"`
}

// ImportInvoicesWorkflow is the registered name of the workflow that brings a
// file of invoices in.
const ImportInvoicesWorkflow = "ImportInvoices"

// ImportRef is its input.
type ImportRef struct {
	Tenant uuid.UUID
	Import uuid.UUID
}

// ImportWorkflowID is the id of the one workflow of an import.
func ImportWorkflowID(id uuid.UUID) string { return "import/" + id.String() }
