package remit

// RemainderRule says what becomes of an invoice that owes less than Stripe takes (C10).
type RemainderRule string

// The rules.
const (
	RemainderAsk   RemainderRule = "ask"           // it is left open, and says why it cannot be paid online
	RemainderWaive RemainderRule = "waive"         // it is given up
	RemainderCarry RemainderRule = "carry_forward" // the customer's next invoice asks for it
)

// Check names the field "below_minimum" where it is none of them.
func (r RemainderRule) Check() error {
	switch r {
	case RemainderAsk, RemainderWaive, RemainderCarry:
		return nil
	}
	return Invalid("below_minimum", "Choose ask, waive or carry_forward.")
}
