package remit

import (
	"time"

	"github.com/google/uuid"
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
	AutoCharge           *bool // nil: as the organisation has it
	CreatedAt            time.Time
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
	CreatedAt    time.Time
}

// Summary is the method as an attempt remembers it.
func (m PaymentMethod) Summary() *MethodSummary {
	return &MethodSummary{ID: m.ID.String(), Type: m.Type, Brand: m.Brand, Last4: m.Last4}
}
