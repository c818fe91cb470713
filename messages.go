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
	// UpdateAdvance brings the invoice up to date and returns the [InvoiceState] when
	// that is done: by it a due-date run has what is due carried out.
	UpdateAdvance = "advance"
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

// RefundWorkflow is the registered name of the workflow that brings one refund
// to its end, once the invoice's workflow has reserved it.
const RefundWorkflow = "Refund"

// RefundWorkflowID is the id of the one workflow of a refund.
func RefundWorkflowID(refund uuid.UUID) string { return "refund/" + refund.String() }

// RefundRef is the whole input of a refund's workflow.
type RefundRef struct {
	Tenant  uuid.UUID
	Invoice uuid.UUID
	Refund  uuid.UUID
}

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
	RequestPay            RequestKind = "pay"
	RequestCheckout       RequestKind = "checkout"
	RequestVoid           RequestKind = "void"
	RequestAmend          RequestKind = "amend"
	RequestRecordPayment  RequestKind = "record_payment"
	RequestHold           RequestKind = "hold"
	RequestLiftHold       RequestKind = "lift_hold"
	RequestRunScript      RequestKind = "run_script"
	RequestRefund         RequestKind = "refund"
	RequestResolveExcess  RequestKind = "resolve_excess"
	RequestUseCredit      RequestKind = "use_credit"
	RequestSettle         RequestKind = "settle"      // a person says what became of an unknown outcome
	RequestCancel         RequestKind = "cancel"      // of a bank debit that its bank does not have yet
	RequestAutoCharge     RequestKind = "auto_charge" // whether the invoice is charged by itself
	RequestCharge         RequestKind = "charge"      // to be charged by itself now, whatever put it off
	RequestReverseLateFee RequestKind = "reverse_late_fee"
	RequestWindDown       RequestKind = "wind_down" // the account it is collected through is being disconnected
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
	Refund  *uuid.UUID `json:",omitempty"`
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
	Refunds  []uuid.UUID    `json:",omitempty"` // reserved and not yet in the hands of their own workflows
	DueDate  string
}

// PayRequest is the payload of a request of kind pay or checkout: what was
// asked, and what the one who asked was permitted by, which is looked at again
// right before money moves.
type PayRequest struct {
	Amount int64 `json:"amount"`
	// Owed is what the invoice owed, in minor units, when this was asked; a
	// payment of a part is meant of that much. 0 is not looked at.
	Owed int64 `json:"owed,omitempty"`
	// Surcharge is the fee that the payer was shown and agreed to, in minor units;
	// nil where he leaves it to what it comes to. Another one is not charged.
	Surcharge     *int64     `json:"surcharge,omitempty"`
	PaymentMethod *uuid.UUID `json:"payment_method,omitempty"`
	Save          bool       `json:"save,omitempty"`
	BankOnly      bool       `json:"bank_only,omitempty"` // the hosted page takes no card
	SuccessURL    string     `json:"success_url,omitempty"`
	CancelURL     string     `json:"cancel_url,omitempty"`
	Permit        Permit     `json:"permit"`
	// Approval is a second person's, where the sum needs one.
	Approval *uuid.UUID `json:"approval,omitempty"`
	// Typed says that the method was typed for this payment on a page that was opened
	// for it, so that nobody could name it when it was approved.
	Typed bool `json:"typed,omitempty"`
}

// Permit is what a payer is permitted by: scopes at a path for somebody of the
// organisation, being the invoice's customer, or having its public link.
type Permit struct {
	Account uuid.UUID `json:"account"`
	Path    string    `json:"path"`
	Scopes  []Scope   `json:"scopes"`
	// Token is the API token it was asked with, if any; a revoked one permits
	// nothing. TokenScopes are its narrower scopes.
	Token       *uuid.UUID `json:"token,omitempty"`
	TokenScopes *[]Scope   `json:"token_scopes,omitempty"`
	Customer    bool       `json:"customer,omitempty"`
	// Link is the version of the public link it was asked by; 0 if it was not.
	Link int `json:"link,omitempty"`
	// Charge is the row of the agenda by which an invoice is charged by itself; the
	// invoice's settings and its customer's word permit that, and nobody else.
	Charge *uuid.UUID `json:"charge,omitempty"`
	// By is whose act had it charged by itself, where no date that settings gave did.
	By *Actor `json:"by,omitempty"`
}

// ByStaff reports that somebody of the organisation asked, who pays with money that
// is not his own.
func (p Permit) ByStaff() bool { return !p.Customer && p.Link == 0 && !p.Itself() }

// Itself reports that nobody asked: the invoice is charged by itself.
func (p Permit) Itself() bool { return p.Charge != nil }

// ReasonRequest is the payload of void and hold.
type ReasonRequest struct {
	Reason string `json:"reason"`
}

// AutoChargeRequest is the payload of auto_charge.
type AutoChargeRequest struct {
	On bool `json:"on"`
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
	Deposit     *Deposit     `json:"deposit,omitempty"`
	Fingerprint []byte       `json:"fingerprint"`
}

// BankAccountWorkflow is the registered name of the workflow that brings a bank
// account to being a payment method.
const BankAccountWorkflow = "BankAccountVerification"

// UpdateVerify is the message that enters an account's deposits; its argument is a
// [DepositEntry], its result a [DepositsEntered].
const UpdateVerify = "verify"

// BankAccountRef is the workflow's whole input.
type BankAccountRef struct {
	Tenant      uuid.UUID
	BankAccount uuid.UUID
}

// BankAccountWorkflowID is the id of the one workflow of a bank account.
func BankAccountWorkflowID(id uuid.UUID) string { return "bank-account/" + id.String() }

// DepositsEntered is what became of an entry. Refused says why it did not verify
// the account, as an answer.
type DepositsEntered struct {
	Refused *Refusal `json:",omitempty"`
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

// BatchQueue is where what goes through many invoices runs, so that it never stands
// in a payer's way.
const BatchQueue = "remit-batch"

// DueDateRunWorkflow is the registered name of the workflow that carries out what is
// due on a date.
const DueDateRunWorkflow = "DueDateRun"

// DueDateRunRef is its input. Without a run, one is begun by the workflow, if
// anything is due: so a schedule starts it.
type DueDateRunRef struct {
	Tenant uuid.UUID
	Run    *uuid.UUID `json:",omitempty"`
	// Failure is, for the step that ends a run, why it could not go on.
	Failure string `json:",omitempty"`
}

// DueDateRunWorkflowID is the id of the one workflow of a run.
func DueDateRunWorkflowID(run uuid.UUID) string { return "due-date-run/" + run.String() }

// DueDateSchedule is the id of an organisation's schedule of due-date runs.
func DueDateSchedule(tenant uuid.UUID) string { return "due-dates/" + tenant.String() }

// ScheduledDueDateRun is the id of the run that a workflow begins, however often it
// does.
func ScheduledDueDateRun(tenant uuid.UUID, workflow string) uuid.UUID {
	return uuid.NewSHA1(tenant, []byte("due-date-run/"+workflow))
}

// BillingWorkflow is the registered name of the workflow that carries out what an
// organisation's billing schedules have due.
const BillingWorkflow = "Billing"

// BillingRef is its input.
type BillingRef struct{ Tenant uuid.UUID }

// BillingWorkflowID is the id of the one billing workflow of an organisation.
func BillingWorkflowID(tenant uuid.UUID) string { return "billing/" + tenant.String() }

// ReconciliationWorkflow is the registered name of the workflow that compares an
// organisation's ledger with its account at Stripe.
const ReconciliationWorkflow = "Reconciliation"

// ReconciliationRef is its input.
type ReconciliationRef struct {
	Tenant uuid.UUID
	Run    uuid.UUID
}

// ReconciliationWorkflowID is the id of the one workflow of a run.
func ReconciliationWorkflowID(run uuid.UUID) string { return "reconciliation/" + run.String() }

// NightlyReconciliation is the id of a night's run: however often it is begun,
// there is one.
func NightlyReconciliation(organisation uuid.UUID, night time.Time) uuid.UUID {
	return uuid.NewSHA1(organisation, []byte("reconciliation/"+night.UTC().Format(time.RFC3339)))
}

// OnboardingWorkflow is the registered name of the workflow that follows one
// connection from its first form to its end, over years.
const OnboardingWorkflow = "Onboarding"

// UpdateLook has a connection's workflow look at the account now; it answers when
// what Stripe said is recorded.
const UpdateLook = "look"

// ConnectionRef is the workflow's whole input.
type ConnectionRef struct {
	Tenant     uuid.UUID
	Connection uuid.UUID
}

// OnboardingWorkflowID is the id of the one workflow of a connection.
func OnboardingWorkflowID(connection uuid.UUID) string { return "onboarding/" + connection.String() }

// WindDownRequest is the payload of wind_down: which account comes to its end,
// whether its owner took access away at Stripe, and whether the invoice was told before
// and has only to close what is open of it still.
type WindDownRequest struct {
	Account  string `json:"account"`
	Livemode bool   `json:"livemode"`
	Gone     bool   `json:"gone,omitempty"`
	Again    bool   `json:"again,omitempty"`
}
