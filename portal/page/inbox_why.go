package page

import (
	"strings"
	"unicode/utf8"

	"remit"
)

// longestReason is how much of a hold's reason a tag has room for, in characters.
const longestReason = 60

// whyHere says in a few words why a live item is somebody's to pay, where its invoice
// is on hold, or collecting it by itself has come to something: without the bank's own
// reason, which is not a payer's to read.
func whyHere(w remit.WorkItem) word {
	i := w.Invoice
	switch {
	case !w.State.Live():
		return word{}
	case i.Hold != nil:
		reason := strings.TrimSuffix(strings.TrimSpace(i.Hold.Reason), ".")
		if utf8.RuneCountInString(reason) > longestReason {
			reason = strings.TrimSpace(string([]rune(reason)[:longestReason-1])) + "…"
		}
		if reason == "" {
			return word{"On hold", ""}
		}
		return word{"On hold: " + reason, "long"}
	}
	switch i.Collection.State {
	case remit.CollectionRetries:
		return word{"Tried again by itself", "info"}
	case remit.CollectionMethod:
		return word{"Waits for another payment method", "warn"}
	case remit.CollectionPayer:
		return word{"Waits for the payer to confirm", "warn"}
	case remit.CollectionAsks:
		return word{"Waits for a word: charge or leave", "warn"}
	case remit.CollectionEnded:
		if w.Tries == 0 {
			return word{"Charging ended", "bad"}
		}
		return word{"Charging ended after " + Count(w.Tries, "try", "tries"), "bad"}
	case remit.CollectionNone:
	}
	return word{}
}
