package remit

import "time"

// ConnectionSource says how a change of a connection came to be known.
type ConnectionSource string

// The sources.
const (
	SourcePerson ConnectionSource = "person" // somebody did it here
	SourceEvent  ConnectionSource = "event"  // Stripe reported something
	SourceLook   ConnectionSource = "look"   // Remit asked by itself
	SourceReturn ConnectionSource = "return" // somebody came back from Stripe's pages
)

// ConnectionChange is something that became of a connection.
type ConnectionChange struct {
	At      time.Time
	Account string
	Status  ConnectionStatus
	Charges bool
	Payouts bool
	What    string
	Source  ConnectionSource
	Actor   Actor
}

// ConnectionChanged says what a look at the account has changed, in a sentence;
// "" where nothing did that a person would care for.
func ConnectionChanged(before, after Connection) string {
	switch {
	case before.KeysRefused == nil && after.KeysRefused != nil:
		return "Stripe does not take the keys any more. Enter new ones."
	case before.KeysRefused != nil && after.KeysRefused == nil:
		return "Stripe takes the keys again."
	case before.Status != after.Status:
		return statusSentence(after)
	case before.ChargesEnabled != after.ChargesEnabled:
		return "Charges are " + onOff(after.ChargesEnabled) + "."
	case before.PayoutsEnabled != after.PayoutsEnabled:
		return "Payouts are " + onOff(after.PayoutsEnabled) + "."
	case before.BankDebits != after.BankDebits:
		return "Bank debits are " + onOff(after.BankDebits) + "."
	case after.Deadline != nil && (before.Deadline == nil || !before.Deadline.Equal(*after.Deadline)):
		return "Stripe wants something by " + DateOf(*after.Deadline).Words() + "."
	case before.Deadline != nil && after.Deadline == nil:
		return "Nothing is due by a day any more."
	}
	return ""
}

func statusSentence(c Connection) string {
	switch c.Status {
	case ConnectionOnboarding:
		return "Stripe's form is not finished."
	case ConnectionPending:
		return "Stripe is checking what was sent."
	case ConnectionActive:
		return "The account is active: charges and payouts are on."
	case ConnectionRestricted:
		return "Stripe restricts the account: charges are " + onOff(c.ChargesEnabled) + ", payouts are " + onOff(c.PayoutsEnabled) + "."
	case ConnectionDisconnected:
		return "The account is disconnected."
	}
	return "The account's status is not known."
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
