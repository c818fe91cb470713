package retell

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"remit"
)

// Difference is a field of which the entries tell something else than is stored.
type Difference struct {
	Field        string
	Told, Stored string
}

// Differ compares what was told with what is stored, field by field. What old
// entries do not tell is left out.
func (s *State) Differ(stored *State) []Difference {
	c := comparison{untold: s.untold}
	c.field("status", s.Status, stored.Status)
	c.field("overdue", s.Overdue, stored.Overdue)
	c.field("total", s.Total, stored.Total)
	c.field("billed", s.Billed, stored.Billed)
	c.field("applied", s.Applied, stored.Applied)
	c.field("contested", s.Contested, stored.Contested)
	c.field("hold", s.Hold, stored.Hold)
	c.field("due date", s.DueDate, stored.DueDate)
	c.field("label", s.Label, stored.Label)
	c.field("live attempt", s.Live(), stored.Live())
	each(s.Attempts, stored.Attempts, func(number int) {
		c.field(fmt.Sprintf("attempt %d", number), underWay(s.Attempts[number]), underWay(stored.Attempts[number]))
	})
	if !s.untold["payments"] {
		c.field("collected", s.Collected(), stored.Collected())
		c.field("refunded", s.Refunded(), stored.Refunded())
		byID(s.Payments, stored.Payments, func(id uuid.UUID) {
			told, row := s.Payments[id], stored.Payments[id]
			c.field(fmt.Sprintf("state of payment %s", id), onTheWay(told.State), onTheWay(row.State))
			c.field(fmt.Sprintf("captured by payment %s", id), told.Captured, row.Captured)
			c.field(fmt.Sprintf("refunded of payment %s", id), told.Refunded, row.Refunded)
		})
	}
	if !s.untold["refunds"] {
		byID(s.Refunds, stored.Refunds, func(id uuid.UUID) {
			c.field(fmt.Sprintf("refund %s", id), promised(s.Refunds[id]), promised(stored.Refunds[id]))
		})
	}
	byID(s.Disputes, stored.Disputes, func(id uuid.UUID) {
		c.field(fmt.Sprintf("dispute %s", id), s.Disputes[id], stored.Disputes[id])
	})
	byID(s.Approvals, stored.Approvals, func(id uuid.UUID) {
		c.field(fmt.Sprintf("approval %s", id), cmp.Or(s.Approvals[id], "none"), cmp.Or(stored.Approvals[id], "none"))
	})
	return c.differences
}

type comparison struct {
	untold      map[string]bool
	differences []Difference
}

func (c *comparison) field(name string, told, stored any) {
	if told != stored && !c.untold[name] {
		c.differences = append(c.differences, Difference{Field: name, Told: fmt.Sprint(told), Stored: fmt.Sprint(stored)})
	}
}

// String is a dispute in words.
func (d Dispute) String() string {
	words := cmp.Or(string(d.State), "none")
	if d.Withdrawn {
		words += ", money withdrawn"
	}
	if d.Reinstated {
		words += ", money reinstated"
	}
	return words
}

// underWay is an attempt's state as far as entries tell it: that a confirm is
// about to be sent is no entry of its own, its answer is.
func underWay(s remit.AttemptState) string {
	if s == remit.AttemptCreated || s == remit.AttemptConfirming {
		return "under way"
	}
	return cmp.Or(string(s), "none")
}

// onTheWay is a payment's state: where it is alive, its attempt tells more.
func onTheWay(s remit.AttemptState) string {
	if s != "" && s.Live() {
		return "under way"
	}
	return cmp.Or(string(s), "none")
}

// promised is a refund's state: that it is about to be sent is no entry.
func promised(s remit.RefundState) string {
	if s == remit.RefundRequested || s == remit.RefundSent {
		return "under way"
	}
	return cmp.Or(string(s), "none")
}

func each[V any](told, stored map[int]V, compare func(int)) {
	both := maps.Clone(told)
	maps.Copy(both, stored)
	for _, key := range slices.Sorted(maps.Keys(both)) {
		compare(key)
	}
}

func byID[V any](told, stored map[uuid.UUID]V, compare func(uuid.UUID)) {
	both := maps.Clone(told)
	maps.Copy(both, stored)
	for _, key := range slices.SortedFunc(maps.Keys(both), func(a, b uuid.UUID) int { return cmp.Compare(a.String(), b.String()) }) {
		compare(key)
	}
}
