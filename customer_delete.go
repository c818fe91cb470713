package remit

// What becomes at Stripe of a customer who is deleted here.
const (
	StripeDelete = "delete" // he is deleted there, with all that is saved
	StripeKeep   = "keep"   // he stays; what is saved is taken from him
)

// CodeCustomerNeeded says that a customer cannot be deleted yet.
const CodeCustomerNeeded = "customer_needed"

// CustomerTies is what a customer is still needed for.
type CustomerTies struct {
	Invoices  int // not at rest, drafts included
	Payments  int // under way
	Refunds   int // under way
	Disputes  int // open
	Orders    int // of the store, paid, that are to be sent
	Excess    int // of his money that nobody has decided about
	Credits   int // currencies in which he has credit
	Schedules int // that make invoices
	Verifying int // bank accounts that are being verified
}

// Deletable says why a customer cannot be deleted, the first reason that a person can do
// something about, nil where nothing stands against it.
func (t CustomerTies) Deletable() error {
	because := func(why string) error {
		return Conflict(CodeCustomerNeeded, "This customer cannot be deleted yet: %s", why)
	}
	switch {
	case t.Payments > 0:
		return because("a payment is under way. Wait until it is settled.")
	case t.Refunds > 0:
		return because("a refund is under way. Wait until it has arrived.")
	case t.Disputes > 0:
		return because("a payment is disputed. Wait until the bank has decided.")
	case t.Invoices == 1:
		return because("an invoice is open. Collect it, or void it.")
	case t.Invoices > 1:
		return because("invoices are open. Collect them, or void them.")
	case t.Orders > 0:
		return because("an order is paid and has not been sent. Send it, or refund it.")
	case t.Excess > 0:
		return because("money of this customer could not be applied. Decide about it first.")
	case t.Credits > 0:
		return because("there is credit left. Pay it out or apply it first.")
	case t.Schedules > 0:
		return because("a billing schedule makes invoices. End it first.")
	case t.Verifying > 0:
		return because("a bank account is being verified. Wait for that, or remove it first.")
	}
	return nil
}

// Collectable says why nothing can be collected online of a customer, nil where something
// can: a payment of one who was deleted may come back, and is then settled outside Stripe.
func (c Customer) Collectable() error {
	if c.DeletedAt == nil {
		return nil
	}
	return CustomerGone()
}

// CustomerGone is the answer where something is to be collected of a deleted customer.
func CustomerGone() error {
	return Conflict(CodeNotPayable, "Online payment is not available: this customer's account was deleted. Pay by bank transfer.")
}

// Forgotten is what is kept of a customer who is deleted: the name, which his invoices
// carry, and where he belongs. What else is personal is not kept.
func (c Customer) Forgotten() Customer {
	no := false
	return Customer{
		ID: c.ID, OrganisationID: c.OrganisationID, Organisation: c.Organisation, Name: c.Name, Currency: c.Currency, AutoCharge: &no, CreatedAt: c.CreatedAt, DeletedAt: c.DeletedAt,
	}
}
