package retell

import (
	"github.com/google/uuid"

	"remit"
)

// tellings say what each kind of entry does to what is told: nil is nothing.
var tellings = map[string]func(*State, *reading, remit.TimelineEntry){
	"created": created,
	"changed": func(s *State, d *reading, _ remit.TimelineEntry) {
		s.Total, s.DueDate = d.number("total"), d.text("due_date")
	},
	"sent":    sent,
	"amended": amended,
	"voided": func(s *State, d *reading, _ remit.TimelineEntry) {
		s.void, s.Billed = true, s.Billed-d.number("amount")
	},
	"hold": func(s *State, d *reading, _ remit.TimelineEntry) {
		s.hold(holdOf(string(remit.HoldPerson), d.text("reason")))
	},
	"hold_lifted":     func(s *State, _ *reading, _ remit.TimelineEntry) { s.hold("") },
	"overdue":         func(s *State, _ *reading, _ remit.TimelineEntry) { s.Overdue = true },
	"credit_used":     func(s *State, d *reading, _ remit.TimelineEntry) { s.Applied += d.number("amount") },
	"credit_returned": func(s *State, d *reading, _ remit.TimelineEntry) { s.Applied -= d.number("amount") },
	"transfer":        transfer,
	"script":          scripted,

	"attempt_started": started,
	"charge_found":    found,
	"checkout_opened": func(s *State, d *reading, _ remit.TimelineEntry) { s.climb(d, remit.AttemptRequiresAction) },
	"unknown":         waits,
	"processing":      waits,
	"requires_action": waits,
	"confirming":      waits, // of kinds that are an attempt's state
	"paid":            paid,
	"excess":          excess,
	"declined":        func(s *State, d *reading, _ remit.TimelineEntry) { s.climb(d, remit.AttemptFailed) },
	"canceled":        func(s *State, d *reading, _ remit.TimelineEntry) { s.climb(d, remit.AttemptCanceled) },
	"intent_canceled": intentCanceled,
	"settled":         waits, // by hand: the attempt's state

	"refund":                 refunds,
	"refund_pending":         refundMoved,
	"refund_requires_action": refundMoved,
	"refund_succeeded":       refundMoved,
	"refund_failed":          refundUndone,
	"refund_canceled":        refundUndone,

	"dispute":            disputed,
	"dispute_unanswered": disputed,
	"dispute_wanted":     disputed,
	"dispute_withdrawn":  withdrawn,
	"dispute_reinstated": reinstated,

	// These are about other things than what an invoice owes and collected.
	"work_item":        nil,
	"look":             nil,
	"mail":             nil,
	"mail_missing":     nil,
	"mail_delivery":    nil,
	"promise":          nil,
	"promise_broken":   nil,
	"bank_account":     nil,
	"link_reset":       nil,
	"script_failed":    nil,
	"script_again":     nil,
	"excess_resolved":  nil,
	"excess_waits":     nil,
	"charge_skipped":   nil,
	"charge_delayed":   nil,
	"charge_asked":     nil,
	"collection":       nil,
	"auto_charge":      nil,
	"disconnected":     nil,
	"late_fee_skipped": nil,
	"late_fee": func(s *State, d *reading, _ remit.TimelineEntry) {
		amount := d.number("amount")
		s.Total, s.Billed = s.Total+amount, s.Billed+amount
	},
	"late_fee_reversed": func(s *State, d *reading, _ remit.TimelineEntry) {
		amount := d.number("amount")
		s.Total, s.Billed = s.Total-amount, s.Billed-amount
	},
	"order_ready":     nil,
	"order_fulfilled": nil,
	"written_off": func(s *State, d *reading, _ remit.TimelineEntry) {
		s.gaveUp, s.Billed = true, s.Billed-d.number("amount")
	},

	"approval_asked":     approval(remit.ApprovalAsked),
	"approval_escalated": nil,
	"approval_given":     approval(remit.ApprovalApproved),
	"approval_used":      approval(remit.ApprovalUsed),
	"approval_declined":  approval(remit.ApprovalDeclined),
	"approval_lapsed":    approval(remit.ApprovalLapsed),

	// Between two invoices of a customer.
	"carried_out": func(s *State, d *reading, _ remit.TimelineEntry) {
		amount := d.number("amount")
		s.Billed, s.carried = s.Billed-amount, s.carried+amount
	},
	"carried_back": func(s *State, d *reading, _ remit.TimelineEntry) {
		amount := d.number("amount")
		s.Billed, s.carried, s.gaveUp = s.Billed+amount, s.carried-amount, false
	},
	"carried_in": func(s *State, d *reading, _ remit.TimelineEntry) {
		amount := d.number("amount")
		s.Total, s.Billed = s.Total+amount, s.Billed+amount
	},
	"carry_undone": func(s *State, d *reading, _ remit.TimelineEntry) { s.Billed -= d.number("amount") },
}

// approval is what becomes of a request for one.
func approval(state remit.ApprovalState) func(*State, *reading, remit.TimelineEntry) {
	return func(s *State, d *reading, _ remit.TimelineEntry) { s.Approvals[d.id("approval")] = state }
}

func created(s *State, d *reading, _ remit.TimelineEntry) {
	s.Total = d.number("total")
	if s.DueDate = d.optional("due_date"); s.DueDate == "" {
		s.untold["due date"] = true
	}
	if reason := d.optional("hold"); reason != "" && !d.held(s) {
		s.hold(holdOf(string(remit.HoldImport), reason))
	}
}

func sent(s *State, d *reading, _ remit.TimelineEntry) {
	s.sent, s.Total, s.DueDate = true, d.number("total"), d.text("due_date")
	s.Billed = s.Total
	delete(s.untold, "due date")
}

func amended(s *State, d *reading, _ remit.TimelineEntry) {
	s.Total = d.number("total")
	s.Billed += s.Total - d.number("before")
	if due := d.text("due_date"); due != s.DueDate {
		s.DueDate, s.Overdue = due, false
	}
}

func transfer(s *State, d *reading, _ remit.TimelineEntry) {
	amount := d.number("amount")
	s.Applied += amount
	s.Payments[d.id("payment")] = Payment{State: remit.AttemptSucceeded, Captured: amount}
}

func scripted(s *State, d *reading, _ remit.TimelineEntry) {
	for _, effect := range d.list("effects") {
		if label, set := effect["set_label"].(string); set {
			s.Label = label
		}
	}
}

func started(s *State, d *reading, _ remit.TimelineEntry) {
	number := int(d.number("attempt"))
	s.Attempts[number] = remit.AttemptCreated
	if d.optional("payment") == "" {
		s.untold["payments"] = true
		return
	}
	id := d.id("payment")
	p := s.Payments[id]
	p.State = remit.AttemptCreated
	s.of[number], s.Payments[id] = id, p
}

// found is a charge of ours at Stripe that this record did not have, as it is
// after it was restored from a backup. What it brought in is told by an entry of
// its own.
func found(s *State, d *reading, _ remit.TimelineEntry) {
	number, id := int(d.number("attempt")), d.id("payment")
	s.Attempts[number], s.of[number] = remit.AttemptCanceled, id
	s.Payments[id] = Payment{State: remit.AttemptCanceled}
}

func waits(s *State, d *reading, _ remit.TimelineEntry) {
	s.climb(d, remit.AttemptState(d.text("state")))
}

func paid(s *State, d *reading, _ remit.TimelineEntry) {
	s.Applied += d.number("amount")
	s.climb(d, remit.AttemptSucceeded)
	s.captured(d.id("payment"), d.number("captured"))
}

// excess came in with a payment, or with money that a bank gave back.
func excess(s *State, d *reading, _ remit.TimelineEntry) {
	if d.has("attempt") {
		s.climb(d, remit.AttemptSucceeded)
		amount := d.number("amount")
		if d.has("captured") {
			amount = d.number("captured")
		}
		if id := d.id("payment"); s.Payments[id].Captured < amount {
			s.captured(id, amount)
		}
	}
}

func intentCanceled(s *State, d *reading, _ remit.TimelineEntry) {
	id := d.id("payment")
	if p := s.Payments[id]; p.State != remit.AttemptFailed {
		p.State = remit.AttemptCanceled
		s.Payments[id] = p
	}
}

func refunds(s *State, d *reading, e remit.TimelineEntry) {
	id, amount := d.id("refund"), d.number("amount")
	r := refund{payment: d.id("payment"), amount: amount + d.number0("surcharge")}
	s.refunds[id] = r
	s.back(r.payment, r.amount)
	state := remit.RefundState(d.optional("state"))
	if state == "" {
		state = remit.RefundRequested
		if e.Actor.Kind == remit.Stripe.Kind { // how far it had come was not told once
			s.untold["refunds"] = true
		}
	}
	s.Refunds[id] = state
	switch remit.RefundChoice(d.text("then")) {
	case remit.RefundReopens:
		s.Applied, s.gaveUp = s.Applied-amount, false
		if !d.held(s) {
			s.untold["hold"] = true
		}
	case remit.RefundWritesOff:
		s.Applied -= amount
		s.Billed -= amount
		s.gaveUp = s.Billed == s.Applied // of an invoice that still owes the rest only this much is given up
	case remit.RefundSettles, remit.RefundExcess:
	}
}

func refundMoved(s *State, d *reading, _ remit.TimelineEntry) {
	s.Refunds[d.id("refund")] = remit.RefundState(d.text("state"))
}

func refundUndone(s *State, d *reading, e remit.TimelineEntry) {
	refundMoved(s, d, e)
	r := s.refunds[d.id("refund")]
	s.back(r.payment, -r.amount)
	if !d.has("applied") {
		s.untold["billed"], s.untold["applied"], s.untold["status"], s.untold["overdue"], s.untold["hold"] = true, true, true, true, true
		return
	}
	s.Applied += d.number("applied")
	if billed := d.number("billed"); billed != 0 {
		s.Billed, s.gaveUp = s.Billed+billed, false
	}
	d.held(s)
}

func disputed(s *State, d *reading, _ remit.TimelineEntry) {
	id := d.id("dispute")
	of := s.Disputes[id]
	of.State = remit.DisputeState(d.text("state"))
	s.Disputes[id] = of
}

func withdrawn(s *State, d *reading, e remit.TimelineEntry) {
	disputed(s, d, e)
	id, owed := d.id("dispute"), d.number("owed")
	of := s.Disputes[id]
	of.Withdrawn, of.Reinstated = true, false // where a person's word for that was wrong
	s.Disputes[id] = of
	s.Applied -= owed
	if !d.held(s) && owed > 0 {
		s.untold["hold"] = true
	}
}

func reinstated(s *State, d *reading, e remit.TimelineEntry) {
	disputed(s, d, e)
	id := d.id("dispute")
	of := s.Disputes[id]
	of.Reinstated = true
	s.Disputes[id] = of
	if !d.has("paid") {
		s.untold["applied"], s.untold["status"], s.untold["overdue"], s.untold["hold"] = true, true, true, true
		return
	}
	s.Applied += d.number("paid")
	d.held(s)
}

// climb brings an attempt and its payment to a state.
func (s *State) climb(d *reading, to remit.AttemptState) {
	number := int(d.number("attempt"))
	s.Attempts[number] = to
	if id, told := s.of[number]; told {
		p := s.Payments[id]
		p.State = to
		s.Payments[id] = p
	}
}

func (s *State) captured(id uuid.UUID, amount int64) {
	p := s.Payments[id]
	p.State, p.Captured = remit.AttemptSucceeded, amount
	s.Payments[id] = p
}

func (s *State) back(id uuid.UUID, amount int64) {
	p := s.Payments[id]
	p.Refunded += amount
	s.Payments[id] = p
}

func (s *State) hold(words string) {
	s.Hold = words
	delete(s.untold, "hold")
}
