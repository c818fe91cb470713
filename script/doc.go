// Package script runs the after-payment script WF_Update_Invoice_After_Payment:
// a few lines of Starlark with which a business writes its own words on an
// invoice once money for it is recorded.
//
// It owns the language a script sees, the process it runs in and the list of
// what it may ask for. It does not own when a script runs nor what its effects
// are applied to.
//
// Invariants: a script cannot reach anything but its two arguments; whatever it
// costs is lost with its process, never this one; what it gives back is data,
// and of that only the effects listed here pass. None of them is about money.
package script

// Name is what people call the script.
const Name = "WF_Update_Invoice_After_Payment"

// Function is what a script has to define.
const Function = "after_payment"
