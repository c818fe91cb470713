package remit

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func drawApproval(t *rapid.T) (Approval, Invoice, time.Time) {
	asker, approver, method := uuid.New(), uuid.New(), uuid.New()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	amount := rapid.Int64Range(1, 1_000_000).Draw(t, "amount")
	total := amount + rapid.Int64Range(0, 1_000_000).Draw(t, "more")
	ends := now.Add(time.Hour)
	a := Approval{
		ID: uuid.New(), InvoiceID: uuid.New(), Currency: "USD", Total: total, State: ApprovalApproved,
		ToPay:   ToPay{Amount: amount, Surcharge: rapid.Int64Range(0, 5000).Draw(t, "fee"), AtMost: rapid.Bool().Draw(t, "at most")},
		AskedBy: Person{ID: asker, Name: "Ana"}, AnsweredBy: &Person{ID: approver, Name: "Lee"}, ExpiresAt: &ends,
	}
	if rapid.Bool().Draw(t, "saved") {
		a.Method = &method
	}
	i := Invoice{ID: a.InvoiceID, Status: InvoiceOpen, Total: total, Outstanding: total, Currency: "USD"}
	return a, i, now
}

// paid is the payment that an approval was given for.
func paid(a Approval) ToPay { p := a.ToPay; p.AtMost = false; return p }

// Z9: an approval lets exactly the payment be made that was approved. One cent
// more or less, a higher fee, another method or another asker and it lets nothing.
func TestAnApprovalPermitsExactlyWhatWasApproved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, i, now := drawApproval(t)
		p, asker := paid(a), a.AskedBy.ID
		if err := a.Permits(p, asker, i, now); err != nil {
			t.Fatalf("what was approved: %v", err)
		}
		if a.Permits(p, uuid.New(), i, now) == nil {
			t.Fatal("somebody else paid with it")
		}
		for name, change := range map[string]func(*ToPay){
			"more": func(p *ToPay) { p.Amount++ }, "less": func(p *ToPay) { p.Amount-- }, "a higher fee": func(p *ToPay) { p.Surcharge++ },
			"another method": func(p *ToPay) {
				other := uuid.New()
				p.Method = &other
			},
		} {
			changed := p
			change(&changed)
			if a.Permits(changed, asker, i, now) == nil {
				t.Fatalf("%s was paid with it", name)
			}
		}
		if !a.AtMost && p.Surcharge > 0 {
			p.Surcharge--
			if a.Permits(p, asker, i, now) == nil {
				t.Fatal("another fee than the one that was known")
			}
		}
	})
}

// Z9: an approval lapses when the invoice's amount changes, less is owed than was
// approved, it is paid otherwise, cancelled or contested, or its time is over; and
// what lapsed permits nothing, neither before nor during an attempt.
func TestAnApprovalLapsesWithWhatItWasGivenFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, i, now := drawApproval(t)
		change := rapid.SampledFrom([]func(){
			func() { i.Total++; i.Outstanding++ },
			func() { i.Total--; i.Outstanding = min(i.Outstanding, i.Total) },
			func() { i.Outstanding = a.Amount - 1; i.Status = InvoicePartiallyPaid },
			func() { i.Outstanding, i.Status = 0, InvoicePaid },
			func() { i.VoidedAt, i.Status = &now, InvoiceVoid },
			func() { i.Status = InvoiceContested },
			func() { i.Status = InvoiceUncollectible },
			func() { now = *a.ExpiresAt },
		}).Draw(t, "change")
		change()
		if a.Lapses(i, now) == "" {
			t.Fatal("it still holds")
		}
		if a.Permits(paid(a), a.AskedBy.ID, i, now) == nil {
			t.Fatal("it still permits")
		}
		a.State = ApprovalUsed
		if a.StillPermits(paid(a), i, now) == nil {
			t.Fatal("an attempt went on with it")
		}
	})
}

// Z9: a part that somebody else paid leaves an approval alone while what was
// approved is still owed, and money that is on its way decides nothing yet (M7).
func TestAnApprovalOutlivesWhatDoesNotTouchIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, i, now := drawApproval(t)
		i.Outstanding = rapid.Int64Range(a.Amount, i.Total).Draw(t, "owed")
		i.Status = rapid.SampledFrom([]InvoiceStatus{InvoiceOpen, InvoicePartiallyPaid, InvoiceProcessing}).Draw(t, "status")
		if why := a.Lapses(i, now); why != "" {
			t.Fatal(why)
		}
	})
}

// Z9: only an approval that was given permits, once: not one that is asked, was
// used, declined, or lapsed; and nobody approves for himself, nor by a right of his
// own that he handed to somebody else.
func TestOnlyASecondPersonsLiveApprovalPermits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, i, now := drawApproval(t)
		own := a
		own.AnsweredBy = &a.AskedBy
		handed := a
		handed.InPlaceOf = &a.AskedBy
		for _, never := range []Approval{own, handed} {
			if never.Permits(paid(a), a.AskedBy.ID, i, now) == nil {
				t.Fatal("one person paid and approved")
			}
		}
		asked := a
		asked.State = ApprovalAsked
		if asked.MayAnswer(a.AskedBy.ID, nil) == nil || asked.MayAnswer(uuid.New(), &a.AskedBy.ID) == nil {
			t.Fatal("the asker may answer")
		}
		if err := asked.MayAnswer(a.AnsweredBy.ID, nil); err != nil {
			t.Fatal(err)
		}
		for _, state := range ApprovalStates() {
			a.State = state
			if permits := a.Permits(paid(a), a.AskedBy.ID, i, now) == nil; permits != (state == ApprovalApproved) {
				t.Fatalf("one that is %s permits: %t", state, permits)
			}
		}
		var none *Approval
		if none.Permits(ToPay{}, a.AskedBy.ID, i, now) == nil || none.StillPermits(ToPay{}, i, now) == nil {
			t.Fatal("no approval permits")
		}
	})
}

// Z9: what is asked about is the whole sum, the fee and what was paid alone before
// included, and what cannot be
// compared with the limit is always asked about.
func TestTheLimitCountsTheFee(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		above := rapid.Int64Range(0, 1_000_000).Draw(t, "above")
		p := ToPay{Amount: rapid.Int64Range(1, 2_000_000).Draw(t, "amount"), Surcharge: rapid.Int64Range(0, 100_000).Draw(t, "fee")}
		alone := rapid.Int64Range(0, 1_000_000).Draw(t, "paid alone before")
		s := ApprovalSettings{Above: &above, Currency: "USD"}
		if s.Asks(p, alone, "USD") != (alone+p.Amount+p.Surcharge > above) {
			t.Fatal("the limit is wrong")
		}
		if !s.Asks(p, alone, "EUR") || DefaultApprovals().Asks(p, alone, "USD") {
			t.Fatal("another currency is not asked about, or the default asks")
		}
	})
}

// Z9: who is asked holds the right at the level, never is the asker, and is
// nobody who would be asked a level higher; somebody is found if anybody may.
func TestWhoIsAskedIsNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, err := ParsePath("/t/a/b")
		if err != nil {
			t.Fatal(err)
		}
		people := []uuid.UUID{uuid.New(), uuid.New(), uuid.New(), uuid.New()}
		asker := people[0]
		granted := map[uuid.UUID]Path{}
		for _, person := range people {
			if at := rapid.IntRange(0, 3).Draw(t, "at"); at < 3 {
				granted[person] = from.Ancestors()[at]
			}
		}
		holders := func(at Path) (list []uuid.UUID) {
			for person, path := range granted {
				if path.Contains(at) {
					list = append(list, person)
				}
			}
			return list
		}
		level, asked, found := AskedAtLevel(from, asker, holders)
		others := 0
		for person, path := range granted {
			if person != asker {
				others++
				if slices.Contains(asked, person) != (path == level) {
					t.Fatalf("at %s, of %s", level, path)
				}
			}
		}
		if found != (others > 0) || slices.Contains(asked, asker) {
			t.Fatal("the asker is asked, or nobody is")
		}
	})
}

// Z9: an approval never outlives the right it is given by.
func TestAnApprovalEndsWithTheRight(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	soon := now.Add(time.Hour)
	late := now.Add(2 * ApprovalLife)
	if got := (Approval{}).Until(now, &soon); !got.Equal(soon) {
		t.Error(got)
	}
	for _, ends := range []*time.Time{nil, &late} {
		if got := (Approval{}).Until(now, ends); !got.Equal(now.Add(ApprovalLife)) {
			t.Error(got)
		}
	}
}

// Z9: what is charged by itself needs nobody, unless the setting says so; then it
// is left to people above the limit, and charged below it.
func TestChargesByThemselvesAreLeftToPeopleWhereTheSettingSaysSo(t *testing.T) {
	above := int64(50_000)
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		automatic bool
		owed      int64
		want      ChargeVerdict
	}{{false, 90_000, ChargeNow}, {true, 90_000, ChargeSkip}, {true, 50_000, ChargeNow}} {
		i := Invoice{Status: InvoiceOpen, Total: c.owed, Outstanding: c.owed, Currency: "USD", Settings: DefaultInvoiceSettings()}
		i.Settings.AutoCharge.On = true
		i.Settings.Approvals = ApprovalSettings{Above: &above, Currency: "USD", Automatic: c.automatic}
		d := DecideCharge(ChargeFacts{Invoice: i, Plan: ChargePlan{Planned: now}, Method: &PaymentMethod{Type: "card"}, Zone: time.UTC}, now)
		if d.Verdict != c.want {
			t.Errorf("%+v: %s, %s", c, d.Verdict, d.Reason)
		}
	}
}

// Z9: what one person's act has charged by itself is asked about above the limit, in
// whatever currency, the fee included, and charged up to it.
func TestWhatOnePersonHasChargedIsAskedAboutAboveTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		above, owed := rapid.Int64Range(0, 100_000).Draw(t, "above"), rapid.Int64Range(100, 100_000).Draw(t, "owed")
		i := Invoice{Status: InvoiceOpen, Total: owed, Outstanding: owed, Currency: rapid.SampledFrom([]string{"USD", "EUR"}).Draw(t, "currency"), Settings: DefaultInvoiceSettings()}
		i.Settings.AutoCharge.On = true
		i.Settings.Approvals = ApprovalSettings{Above: &above, Currency: "USD"}
		f := ChargeFacts{Invoice: i, Plan: ChargePlan{Planned: now}, Method: &PaymentMethod{Type: "card"}, Zone: time.UTC}
		if d := DecideCharge(f, now); d.Verdict != ChargeNow {
			t.Fatalf("by its date it is %s: %s", d.Verdict, d.Reason)
		}
		f.Plan.By, f.Alone = &Actor{Kind: "user", Name: "Ana"}, rapid.Int64Range(0, 100_000).Draw(t, "paid alone before")
		d, asks := DecideCharge(f, now), i.Settings.Approvals.Asks(ToPay{Amount: owed}, f.Alone, i.Currency)
		if asks != (d.Verdict == ChargeSkip && d.Collection == CollectionAsks && strings.Contains(d.Reason, "approval")) || !asks && d.Verdict != ChargeNow {
			t.Fatalf("%d above %d: %s, %s", owed, above, d.Verdict, d.Reason)
		}
	})
}
