package activities_test

import (
	"fmt"

	"remit"
)

// told is what a timeline alone tells of its invoice.
type told struct {
	status          remit.InvoiceStatus
	overdue         bool
	billed, applied int64
	due, hold       string
	label           string
	live            int // number of the live attempt, 0 is none
}

// retold is what the rows say of the same.
func (f facts) retold() told {
	live := 0
	if len(f.live) > 0 {
		live = f.live[0]
	}
	return told{f.status, f.overdue, f.billed, f.applied, f.due, f.hold, f.label, live}
}

// retell builds an invoice's state from the data of its timeline, as somebody
// would who has nothing else.
func retell(entries []remit.TimelineEntry) (told, error) {
	var r told
	facts := remit.InvoiceFacts{}
	for _, entry := range entries {
		data := reading{data: entry.Data}
		switch entry.Kind {
		case "created":
			r.hold = data.optional("hold")
		case "sent":
			facts.Sent, facts.Billed, r.due = true, data.number("total"), data.text("due_date")
		case "amended":
			facts.Billed += data.number("total") - data.number("before")
			if due := data.text("due_date"); due != r.due {
				r.due, r.overdue = due, false
			}
		case "voided":
			facts.Void, facts.Billed = true, facts.Billed-data.number("amount")
		case "hold":
			r.hold = data.text("reason")
		case "hold_lifted":
			r.hold = ""
		case "overdue":
			r.overdue = true
		case "transfer":
			facts.Applied += data.number("amount")
		case "attempt_started", "checkout_opened":
			r.live = int(data.number("attempt"))
		case "unknown", "processing", "requires_action", "confirming":
			facts.Processing = data.text("state") == string(remit.AttemptProcessing)
		case "paid":
			facts.Applied += data.number("amount")
			data.end(&r.live, &facts)
		case "declined", "canceled", "excess":
			data.end(&r.live, &facts)
		case "script":
			for _, effect := range data.list("effects") {
				if label, set := effect["set_label"].(string); set {
					r.label = label
				}
			}
		case "work_item", "intent_canceled", "mail", "mail_missing":
		default:
			return r, fmt.Errorf("nobody can tell what %q means", entry.Kind)
		}
		if data.missing != "" {
			return r, fmt.Errorf("the data of %q has no %s: %v", entry.Kind, data.missing, entry.Data)
		}
		r.status = remit.StatusOf(facts)
		if r.status.AtRest() || r.status == remit.InvoiceProcessing {
			r.overdue = false
		}
	}
	r.billed, r.applied = facts.Billed, facts.Applied
	return r, nil
}

// reading reads an entry's data and notes what is missing in it.
type reading struct {
	data    map[string]any
	missing string
}

func (r *reading) number(name string) int64 {
	value, ok := r.data[name].(float64)
	if !ok {
		r.missing = name
	}
	return int64(value)
}

func (r *reading) text(name string) string {
	value, ok := r.data[name].(string)
	if !ok {
		r.missing = name
	}
	return value
}

func (r *reading) list(name string) (list []map[string]any) {
	values, ok := r.data[name].([]any)
	if !ok {
		r.missing = name
	}
	for _, value := range values {
		each, _ := value.(map[string]any)
		list = append(list, each)
	}
	return list
}

func (r *reading) optional(name string) string {
	value, _ := r.data[name].(string)
	return value
}

// end takes the live attempt away if it is the entry's.
func (r *reading) end(live *int, facts *remit.InvoiceFacts) {
	if int(r.number("attempt")) == *live {
		*live, facts.Processing = 0, false
	}
}
