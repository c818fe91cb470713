package retell_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"

	"remit"
	"remit/retell"
)

type entry struct {
	kind string
	data string // as it is stored
}

func told(t *testing.T, entries ...entry) *retell.State {
	t.Helper()
	s := retell.New()
	for _, e := range entries {
		if err := tell(s, e); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func tell(s *retell.State, e entry) error {
	var data map[string]any
	read := json.NewDecoder(strings.NewReader(e.data))
	read.UseNumber() // as the store reads them
	if err := read.Decode(&data); err != nil {
		return err
	}
	return s.Tell(remit.TimelineEntry{Kind: e.kind, Data: data})
}

const payment = "01a20882-91fd-7c84-b7a4-8efd01e642f8"

var (
	created = entry{"created", `{"total": 12000, "due_date": "2030-04-01"}`}
	sent    = entry{"sent", `{"total": 12000, "due_date": "2030-04-01"}`}
	started = entry{"attempt_started", `{"attempt": 1, "payment": "` + payment + `"}`}
	paid    = entry{"paid", `{"attempt": 1, "payment": "` + payment + `", "amount": 12000, "captured": 12000}`}
	givenUp = entry{"refund", `{"refund": "` + uuid.Nil.String() + `", "payment": "` + payment + `", "amount": 12000, "surcharge": 0, "then": "write_off", "state": "requested", "held": null}`}
	undone  = entry{"refund_failed", `{"refund": "` + uuid.Nil.String() + `", "state": "failed", "applied": 12000, "billed": 12000, "held": null}`}
)

// Entries alone tell where an invoice stands, at every moment of its life (Z2).
func TestEntriesTellTheStatus(t *testing.T) {
	for _, each := range []struct {
		status  remit.InvoiceStatus
		live    int
		entries []entry
	}{
		{remit.InvoiceDraft, 0, []entry{created}},
		{remit.InvoiceOpen, 0, []entry{created, sent}},
		{remit.InvoiceOpen, 1, []entry{created, sent, started}},
		{remit.InvoiceProcessing, 1, []entry{created, sent, started, {"processing", `{"attempt": 1, "state": "processing"}`}}},
		{remit.InvoiceOpen, 0, []entry{created, sent, started, {"declined", `{"attempt": 1}`}}},
		{remit.InvoicePaid, 0, []entry{created, sent, started, paid}},
		{remit.InvoiceUncollectible, 0, []entry{created, sent, started, paid, givenUp}},
		{remit.InvoicePaid, 0, []entry{created, sent, started, paid, givenUp, undone}},
		{remit.InvoiceVoid, 0, []entry{created, sent, {"voided", `{"amount": 12000}`}}},
		{remit.InvoiceCarried, 0, []entry{created, sent, {"carried_out", `{"amount": 12000}`}}},
		{remit.InvoiceOpen, 0, []entry{created, sent, {"carried_out", `{"amount": 12000}`}, {"carried_back", `{"amount": 30}`}}},
		{remit.InvoicePartiallyPaid, 2, []entry{created, sent, {"carried_in", `{"amount": 1}`}, started, paid, {"attempt_started", `{"attempt": 2, "payment": "` + payment + `"}`}}},
		{remit.InvoiceVoid, 0, []entry{created, sent, {"carried_in", `{"amount": 1}`}, {"carry_undone", `{"amount": 1}`}, {"voided", `{"amount": 12000}`}}},
	} {
		s := told(t, each.entries...)
		if s.Status != each.status || s.Live() != each.live {
			t.Errorf("%v tell %s with try %d live, want %s with %d", each.entries, s.Status, s.Live(), each.status, each.live)
		}
	}
}

// What an entry of an older Remit did not carry is compared with nothing, and all
// else is.
func TestWhatOldEntriesLackIsNotCompared(t *testing.T) {
	s := told(t, entry{"created", `{"total": 12000}`}, sent, entry{"attempt_started", `{"attempt": 1}`}, entry{"declined", `{"attempt": 1}`})
	stored := told(t, created, sent, started, entry{"declined", `{"attempt": 1}`})
	if d := s.Differ(stored); len(d) > 0 {
		t.Errorf("differs by %+v", d)
	}
	stored.Total++
	if d := s.Differ(stored); len(d) != 1 || d[0] != (retell.Difference{Field: "total", Told: "12000", Stored: "12001"}) {
		t.Errorf("differs by %+v", d)
	}
}

// An entry that nobody can tell the meaning of is an error, and so is one without
// what its kind has always carried.
func TestUntellableEntriesAreErrors(t *testing.T) {
	for said, e := range map[string]entry{`"wished" means is not known`: {"wished", `{}`}, `"paid" has no amount`: {"paid", `{}`}, `"voided" has no amount`: {"voided", `{"amount": "12000"}`}} {
		if err := tell(retell.New(), e); err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%v: %v", e, err)
		}
	}
}
