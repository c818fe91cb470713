package commands

import (
	"time"

	"github.com/google/uuid"

	"remit"
	"remit/invoicefile"
	"remit/postgres"
)

// PayInput is how a payer wants to pay: a saved method, or a hosted checkout.
type PayInput struct {
	Amount        int64      // minor units of the invoice's currency
	PaymentMethod *uuid.UUID // a saved, usable method of the invoice's customer
	Checkout      bool       // a hosted page instead
	Save          bool       // offer to keep the method entered on the hosted page
	BankOnly      bool       // the hosted page takes bank accounts alone
	Surcharge     *int64     // the fee that the payer was shown; nil: whatever it comes to
	Keyed         bool       // sent with an idempotency key, so that a repetition is recognised before it gets here
	ReturnPath    string     // local path to come back to from the hosted page; "" for the public one
}

// PayOutcome is how far a payment came within the time a payer waits.
type PayOutcome struct {
	Payment    remit.Payment // without an id where a page only collects a card that is then paid with
	Invoice    remit.Invoice
	Attempt    remit.Attempt
	Checkout   *CheckoutPage
	NextAction string // where the payer has to go to confirm, if anywhere
	Done       bool   // false: processing, confirming, a page to visit, or time was up
}

// CheckoutPage is Stripe's hosted page for an attempt.
type CheckoutPage struct {
	URL       string
	ExpiresAt time.Time
}

// WorkItemFilter narrows the inbox. States empty: the live ones.
type WorkItemFilter struct {
	States       []remit.WorkItemState
	Ready        *bool // only those of which one may pay now, or only the others: see [postgres.WorkItemQuery]
	Organisation string
}

// InvoiceFilter narrows the list of invoices; zero fields do not narrow.
type InvoiceFilter struct {
	Organisation string // at this path and below
	Status       remit.InvoiceStatus
	Overdue      *bool
	Held         *bool
	Attention    *bool                 // a person has to do something before it is collected
	Collection   remit.CollectionState // what collecting it has come to; "" does not narrow
	Customer     *uuid.UUID
	Number       string
}

// InvoiceInput is an invoice as it arrives.
type InvoiceInput = remit.InvoiceInput

// CustomerInput is a customer as it arrives.
type CustomerInput struct {
	Organisation string
	Name         string
	Email        string
	Currency     string
	ExternalID   string
	AutoCharge   *bool
	KeepWord     bool  // AutoCharge is not said: his word stays
	Reminders    *bool // nil: as it is; true for a new one

	Details *remit.CustomerDetails // nil: as they are
	Change  *CustomerChange        // set: what is not in it stays as it is
	Shown   *CustomerShown         // set: what is as it was shown stays as it is
	Stripe  *string                // the customer at Stripe that he is to be linked with; nil: as it is
}

// CustomerShown is what a form showed of a customer when somebody began to fill it in.
type CustomerShown struct {
	Name, Email, Currency, ExternalID string

	Reminders bool
	Details   remit.CustomerDetails
}

// CustomerChange is a change of a customer in the form of other billing systems,
// which say what they know; what is nil stays as it is.
type CustomerChange struct {
	LegalName, Label, ContactName, Email, TaxStatus, Telephone, URL *string

	Address       *remit.CustomerAddress
	BillingEmails []string // nil: as they are; so are the others
	Aliases       []string
	ExternalIDs   []remit.ExternalID
}

// RecordInput is money received outside Stripe.
type RecordInput struct {
	Amount    int64
	Method    string // bank_transfer
	Reference string
}

// KeysInput are the API keys of a Stripe account. They are checked against
// Stripe before they are saved and are never shown again.
type KeysInput struct {
	SecretKey      string
	PublishableKey string
	WebhookSecret  string
}

// ImportInput is a CSV file of invoices for an organisation, or e-invoices.
type ImportInput struct {
	Organisation string
	Files        []invoicefile.File
}

// Import is how far an import has come. Amounts are minor units of Currency.
type Import struct {
	ID             uuid.UUID
	Organisation   string
	FileName       string
	Format         string
	State          string // running, done or failed
	RowsTotal      int
	RowsNew        int
	RowsSame       int
	RowsBad        int
	AmountNew      int64
	AmountHeld     int64
	Currency       string
	Others         []postgres.ImportSum // what came in in other currencies; one import is read with it, a list is not
	IgnoredColumns []string
	Failure        string
	Errors         []ImportError
	Notes          []string // how the file as a whole was read
	CreatedAt      time.Time
	EndedAt        *time.Time
}

// ImportError is a row that did not go in.
type ImportError struct {
	Line   int
	Field  string
	Reason string
}

// PaymentSettings is the setting "payments" at a path: what holds there and
// where it comes from.
type PaymentSettings struct {
	OnlinePayments  bool
	Methods         remit.AllowedMethods
	PartialPayments bool
	MinimumPartial  int64
	BankTransfer    remit.BankTransfer
	PaymentLinks    bool
	PaymentTerms    int // days
	Seller          string
	Contact         string
	AutoCharge      remit.AutoCharge
	Surcharge       remit.SurchargeSettings
	Receipts        remit.ReceiptsBy
	Remainders      remit.RemainderRule
	LateFees        remit.LateFeeSettings
	PlatformTakes   remit.Percent // of each payment; only shown
	RequireMethod   bool          // in the portal a customer has to have saved a method before he opens an invoice
	Currency        string
	SetAt           string // the path whose setting holds; "" for the default
	Version         int64
}

// WorkItemStep is the assignee line that holds at a path.
type WorkItemStep struct {
	Assignee remit.Assignee
	XML      string
	SetAt    string // the path whose line holds; "" for the default
	Reaches  int    // how many people the line reaches now
	Warnings []string
}
