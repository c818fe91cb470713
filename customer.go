package remit

import (
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
)

// Customer is who owes. It belongs to one organisation path.
type Customer struct {
	ID                   uuid.UUID
	OrganisationID       uuid.UUID
	Organisation         string // path
	Name                 string
	Email                string
	Currency             string
	ExternalID           string
	StripeCustomer       string // at the connected account, "" until one was needed
	DefaultPaymentMethod *uuid.UUID
	AutoCharge           *bool         // nil: as the organisation has it
	WordBy               *CustomerWord // who gave AutoCharge; nil: he himself, or nobody
	Reminders            bool          // of what he owes, where the organisation has them written
	Details              CustomerDetails
	LinkNote             string // why he is not linked at Stripe any more, where Stripe said so
	CreatedAt            time.Time
	DeletedAt            *time.Time // his invoices stay; on the organisation's clock
}

// IsBuyer reports whether a document's buyer, found by an id, is this customer:
// their names are the same but for case and space, or both have the same e-mail
// address, or the id that was looked for is the buyer's VAT number (empty where
// it is not). An id alone says nothing: it is the number that some seller has
// given his buyer, and another buyer may have it here.
func (c Customer) IsBuyer(name, email, vat string) bool {
	words := func(s string) string { return strings.Join(strings.Fields(norm.NFC.String(s)), " ") }
	return strings.EqualFold(words(c.Name), words(name)) ||
		email != "" && strings.EqualFold(c.Email, email) ||
		vat != "" && strings.EqualFold(c.ExternalID, vat)
}

// MethodStatus says whether a payment method can be used, and if not why.
type MethodStatus string

// The statuses of a payment method.
const (
	MethodUsable          MethodStatus = "usable"
	MethodAwaitingDeposit MethodStatus = "awaiting_deposit"
	MethodAwaitingEntry   MethodStatus = "awaiting_entry"
	MethodFailed          MethodStatus = "failed"
	MethodLocked          MethodStatus = "locked"
	MethodExpired         MethodStatus = "expired"
	MethodDetached        MethodStatus = "detached"
)

// PaymentMethod is a saved card or bank account, as Stripe describes it. Its
// number is at Stripe and nowhere here.
type PaymentMethod struct {
	ID           uuid.UUID
	CustomerID   uuid.UUID
	Account      string
	Livemode     bool
	StripeID     string
	Type         string
	Brand        string
	BankName     string
	Last4        string
	ExpMonth     int
	ExpYear      int
	Funding      string
	Fingerprint  string
	Status       MethodStatus
	AttemptsLeft *int
	Default      bool
	OnlyFor      *uuid.UUID // the one invoice that it was typed for; nil where it is kept
	CreatedAt    time.Time
}

// Summary is the method as an attempt remembers it.
func (m PaymentMethod) Summary() *MethodSummary {
	brand := m.Brand
	if brand == "" {
		brand = m.BankName
	}
	return &MethodSummary{ID: m.ID.String(), Type: m.Type, Brand: brand, Last4: m.Last4, Funding: m.Funding, Fingerprint: m.Fingerprint}
}

// Owed is what is left of a customer's invoices in one currency, in minor units.
type Owed struct {
	Currency string
	Left     int64
	Overdue  int64 // part of Left
}
