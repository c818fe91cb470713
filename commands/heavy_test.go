package commands

import (
	"testing"

	"github.com/google/uuid"

	"remit"
)

// Of heavy work a tenant has four pieces at once; the fifth is told to wait, and
// nobody else is.
func TestHeavyWorkIsBoundedByTenant(t *testing.T) {
	h, busy, other := NewHeavy(HeavyAtOnce), uuid.New(), uuid.New()
	var ends []func()
	for range 4 {
		end, err := h.begin(busy)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end)
	}
	if _, err := h.begin(busy); remit.AsError(err).Kind != remit.KindLimited {
		t.Fatalf("the fifth: %v", err)
	}
	end, err := h.begin(other)
	if err != nil {
		t.Fatalf("another's first: %v", err)
	}
	end()
	ends[0]()
	if end, err = h.begin(busy); err != nil {
		t.Fatalf("after one has ended: %v", err)
	}
	for _, each := range append(ends[1:], end) {
		each()
	}
	if len(h.running) > 0 {
		t.Errorf("nothing runs, and counted is %v", h.running)
	}
}
