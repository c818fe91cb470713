package activities_test

import (
	"testing"

	"pgregory.net/rapid"

	"remit"
	"remit/postgres"
)

// late makes a sent invoice that is due today and has late fees.
func (s *shop) late(amount int64, fees remit.LateFeeSettings) remit.InvoiceRef {
	s.t.Helper()
	fees, err := fees.Check()
	must(s.t, err)
	due := s.in(0)
	return s.sentAs(amount, func(n *postgres.NewInvoice) {
		n.DueDate, n.IssueDate, n.Settings.LateFees = due, due.AddDays(-30), fees
	})
}

// addsUp holds an invoice to the law of late fees: its total is its lines and adjustments,
// and what stands of fees is within the cap and told by its books.
func (s *shop) addsUp(ref remit.InvoiceRef, own, most int64) (standing int64) {
	s.t.Helper()
	i, _ := s.read(ref)
	sum := int64(0)
	for _, line := range i.Lines {
		sum += line.Amount
	}
	for _, a := range i.Adjustments {
		sum += a.Amount
	}
	if sum != i.Total || i.AsItCame().Total != own {
		s.t.Errorf("lines and adjustments make %d, the total is %d, of which %d are its own, not %d", sum, i.Total, i.AsItCame().Total, own)
	}
	if standing = i.Total - own; standing > most {
		s.t.Errorf("late fees of %d stand, and %d is the most", standing, most)
	}
	s.soundly(ref)
	return standing
}

func (s *shop) takesBack(ref remit.InvoiceRef, stage int) *remit.Refusal {
	s.t.Helper()
	done, err := s.payments.Perform(s.t.Context(), ref, s.request(ref, remit.RequestReverseLateFee, remit.LateFeeRequest{Stage: stage, Reason: "a good customer"}))
	must(s.t, err)
	return done.Result.Refused
}

// P2: late fees come by stage on the organisation's clock, each once however often it is
// looked at, up to the cap; each is billed, told and booked; a person takes one back that
// is still owed, and it does not come again.
func TestLateFeesComeByStage(t *testing.T) {
	s := openShop(t)
	ref := s.late(100_00, remit.LateFeeSettings{Stages: []remit.LateFeeStage{{Days: 2, Percent: 5_000}, {Days: 4, Fixed: 10_00}, {Days: 6, Fixed: 10_00}}, CapPercent: 20_000, CapFixed: 18_00})
	for day, want := range []int64{100_00, 100_00, 105_00, 105_00, 115_00, 115_00, 118_00, 118_00} {
		if day > 0 {
			s.wait(ref, aDay)
		}
		s.advance(ref)
		if i, _ := s.read(ref); i.Outstanding != want {
			t.Errorf("%d days late %d is owed, want %d", day, i.Outstanding, want)
		}
		s.addsUp(ref, 100_00, 18_00)
	}
	if told := s.told(ref, "late_fee"); len(told) != 3 {
		t.Errorf("%d late fees are told", len(told))
	}
	if refused := s.takesBack(ref, 2); refused != nil {
		t.Fatal(refused)
	}
	s.owes(ref, remit.InvoiceOpen, 108_00)
	s.addsUp(ref, 100_00, 18_00)
	for stage, code := range map[int]remit.Kind{2: remit.KindConflict, 9: remit.KindInvalid} {
		if refused := s.takesBack(ref, stage); refused == nil || refused.Kind != code {
			t.Errorf("stage %d: %+v", stage, refused)
		}
	}
	s.wait(ref, 3*aDay)
	s.owes(ref, remit.InvoiceOpen, 108_00)
	_, err := s.payments.Perform(t.Context(), ref, s.request(ref, remit.RequestAmend, amendTo(t, 90_00, s.in(1).String())))
	must(t, err)
	s.owes(ref, remit.InvoiceOpen, 98_00)
	s.addsUp(ref, 90_00, 18_00)
	s.byTransfer(ref, 98_00)
	s.owes(ref, remit.InvoicePaid, 0)
	if refused := s.takesBack(ref, 1); refused == nil || refused.Kind != remit.KindConflict {
		t.Errorf("of a paid one: %+v", refused)
	}
}

// No late fee is charged on an invoice without them, on one that is held, which then has
// lost that stage, or while somebody has a payment page open, who is waited for.
func TestNoLateFeeWhileItIsHeldOrBeingPaid(t *testing.T) {
	s := openShop(t)
	fees := remit.LateFeeSettings{Stages: []remit.LateFeeStage{{Days: 1, Fixed: 10_00}, {Days: 3, Fixed: 20_00}}, CapFixed: 50_00}
	off, held, open := s.late(50_00, remit.LateFeeSettings{}), s.late(50_00, fees), s.late(50_00, fees)
	_, err := s.payments.Perform(t.Context(), held, s.request(held, remit.RequestHold, remit.ReasonRequest{Reason: "asked about"}))
	must(t, err)
	s.wait(off, aDay)
	s.checkout(open, 50_00, false)
	for _, ref := range []remit.InvoiceRef{off, held, open} {
		s.advance(ref)
		s.owes(ref, remit.InvoiceOpen, 50_00)
	}
	if told := s.told(held, "late_fee_skipped"); len(told) != 1 {
		t.Errorf("of the held one %d stages are told to be skipped", len(told))
	}
	_, err = s.payments.Perform(t.Context(), held, s.request(held, remit.RequestLiftHold, struct{}{}))
	must(t, err)
	s.wait(held, aDay)
	s.advance(open) // its page has expired
	s.advance(open)
	s.owes(off, remit.InvoiceOpen, 50_00)
	s.owes(held, remit.InvoiceOpen, 50_00)
	s.owes(open, remit.InvoiceOpen, 60_00)
	s.wait(held, aDay)
	s.owes(held, remit.InvoiceOpen, 70_00)
}

// Whatever happens in between and however often it is looked at, late fees keep their law
// in the books: within the cap, no stage twice, the total is lines and adjustments.
func TestLateFeesKeepTheirLaw(t *testing.T) {
	s := openShop(t)
	rapid.Check(t, func(t *rapid.T) {
		own, most := rapid.Int64Range(10_00, 500_00).Draw(t, "billed"), rapid.Int64Range(1, 40_00).Draw(t, "cap")
		ref := s.late(own, remit.LateFeeSettings{CapFixed: most, Stages: []remit.LateFeeStage{
			{Days: 1, Fixed: rapid.Int64Range(1, 20_00).Draw(t, "first")}, {Days: 2, Percent: remit.Percent(rapid.IntRange(1, 30_000).Draw(t, "second"))}, {Days: 4, Fixed: rapid.Int64Range(1, 20_00).Draw(t, "third")},
		}})
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			step := rapid.SampledFrom([]string{"day", "day", "look", "hold", "lift", "pay", "page", "take back", "void"}).Draw(t, "step")
			i, _ := s.read(ref)
			var request *remit.Request
			ask := func(r remit.Request) { request = &r }
			switch step {
			case "day":
				s.wait(ref, aDay)
			case "hold":
				ask(s.request(ref, remit.RequestHold, remit.ReasonRequest{Reason: "asked about"}))
			case "lift":
				ask(s.request(ref, remit.RequestLiftHold, struct{}{}))
			case "pay":
				ask(s.pay(ref, max(i.Outstanding/2, 1), s.card))
			case "page":
				ask(s.ask(ref, remit.RequestCheckout, remit.PayRequest{Amount: i.Outstanding}))
			case "take back":
				ask(s.request(ref, remit.RequestReverseLateFee, remit.LateFeeRequest{Stage: rapid.IntRange(1, 3).Draw(t, "stage"), Reason: "a mistake"}))
			case "void":
				ask(s.request(ref, remit.RequestVoid, remit.ReasonRequest{Reason: "a mistake"}))
			}
			if request != nil {
				_, err := s.payments.Perform(s.t.Context(), ref, *request)
				must(s.t, err)
			}
			s.advance(ref)
			stages := map[string]bool{}
			for _, e := range s.told(ref, "late_fee") {
				stage := e.Data["stage"].(interface{ String() string }).String()
				if stages[stage] {
					t.Fatalf("stage %s is charged twice", stage)
				}
				stages[stage] = true
			}
			if s.addsUp(ref, own, most); s.t.Failed() {
				t.Fatalf("after %s", step)
			}
		}
	})
}
