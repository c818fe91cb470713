package remit

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever is paid, taken back and held meanwhile, and however often it is asked: late
// fees that stand never exceed the cap, no stage is charged twice, and no fee is charged
// on what is held, contested, in flight or paid (P2).
func TestLateFeesNeverExceedTheirCap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := LateFeeSettings{CapPercent: Percent(rapid.IntRange(0, 100_000).Draw(t, "cap")), CapFixed: rapid.Int64Range(0, 5000).Draw(t, "fixed cap")}
		days := 0
		for range rapid.IntRange(1, MaxLateFeeStages).Draw(t, "stages") {
			days += rapid.IntRange(1, 20).Draw(t, "days")
			stage := LateFeeStage{Days: days, Fixed: rapid.Int64Range(1, 3000).Draw(t, "fee")}
			if rapid.Bool().Draw(t, "percentage") {
				stage = LateFeeStage{Days: days, Percent: Percent(rapid.IntRange(1, 30_000).Draw(t, "rate"))}
			}
			s.Stages = append(s.Stages, stage)
		}
		s, err := s.Check()
		if err != nil {
			return // without any cap
		}
		own := rapid.Int64Range(1, 1<<40).Draw(t, "billed")
		due, sent := Date{Year: 2030, Month: time.April, Day: 1}, time.Date(2030, 3, 1, 0, 0, 0, 0, time.UTC)
		i := Invoice{Total: own, Outstanding: own, Currency: rapid.SampledFrom([]string{"USD", "JPY", "HUF"}).Draw(t, "currency"), DueDate: due, SentAt: &sent, Status: InvoiceOpen}
		i.Settings.LateFees = s
		var fees []LateFee
		now := due.StartIn(time.UTC)
		for range rapid.IntRange(1, 60).Draw(t, "days that pass") {
			now = now.Add(time.Duration(rapid.IntRange(0, 48).Draw(t, "hours")) * time.Hour)
			switch rapid.SampledFrom([]string{"", "", "pay", "take back", "hold"}).Draw(t, "event") {
			case "pay":
				i.Outstanding -= rapid.Int64Range(0, i.Outstanding).Draw(t, "paid")
			case "take back":
				for n := range fees {
					if fees[n].ReversedAt == nil && fees[n].Amount <= i.Outstanding {
						fees[n].ReversedAt = &now
						i.Total, i.Outstanding = i.Total-fees[n].Amount, i.Outstanding-fees[n].Amount
						break
					}
				}
			case "hold":
				i.Hold = &Hold{Reason: "asked"}
				if rapid.Bool().Draw(t, "lifted") {
					i.Hold = nil
				}
			}
			f := LateFeeFacts{Invoice: i, Zone: time.UTC, Fees: fees, InFlight: rapid.Bool().Draw(t, "in flight"), Contests: rapid.Bool().Draw(t, "contested")}
			d := DecideLateFee(f, now)
			if d.Verdict == LateFeeWaits && !d.Until.After(now) {
				t.Fatalf("it waits until %s, which is past", d.Until)
			}
			if d.Verdict != LateFeeCharged {
				continue
			}
			if f.InFlight || f.Contests || i.Hold != nil || i.Outstanding <= 0 || d.Amount <= 0 || charged(fees, d.Stage) {
				t.Fatalf("%+v is charged of %+v", d, f)
			}
			fees = append(fees, LateFee{Stage: d.Stage, Amount: d.Amount, ChargedAt: now})
			i.Total, i.Outstanding = i.Total+d.Amount, i.Outstanding+d.Amount
			if standing := StandingFees(fees); standing > s.cap(own) || s.CapFixed > 0 && standing > s.CapFixed {
				t.Fatalf("fees of %d stand, the cap of %d is %d", standing, own, s.cap(own))
			}
		}
	})
}

// Of stages that came while Remit slept only the last is charged; what had passed when an
// invoice was sent is not made up for; a promise is waited for (M11).
func TestLateFeesComeOnce(t *testing.T) {
	s := LateFeeSettings{Stages: []LateFeeStage{{Days: 1, Fixed: 100}, {Days: 5, Fixed: 200}, {Days: 9, Percent: 10_000}}, CapFixed: 10_000}
	due, sent := Date{Year: 2030, Month: time.April, Day: 1}, time.Date(2030, 3, 1, 0, 0, 0, 0, time.UTC)
	i := Invoice{Total: 5000, Outstanding: 5000, Currency: "USD", DueDate: due, SentAt: &sent, Status: InvoiceOpen}
	i.Settings.LateFees = s
	day := func(n int) time.Time { return due.AddDays(n).StartIn(time.UTC) }
	if stage, at, ok := NextLateFee(s, due, time.UTC, nil, day(3)); !ok || stage != 2 || !at.Equal(day(5)) {
		t.Errorf("next is %d at %s", stage, at)
	}
	if d := DecideLateFee(LateFeeFacts{Invoice: i, Zone: time.UTC}, day(7)); d.Verdict != LateFeeCharged || d.Stage != 2 || d.Amount != 200 {
		t.Errorf("after a week: %+v", d)
	}
	i.Promise = &Promise{Until: due.AddDays(8)}
	if d := DecideLateFee(LateFeeFacts{Invoice: i, Zone: time.UTC}, day(7)); d.Verdict != LateFeeWaits || !d.Until.Equal(day(9)) {
		t.Errorf("within a promise: %+v", d)
	}
	i.Total, i.Outstanding = 5200, 5200
	if d := DecideLateFee(LateFeeFacts{Invoice: i, Zone: time.UTC, Fees: []LateFee{{Stage: 2, Amount: 200}}}, day(9)); d.Amount != 500 {
		t.Errorf("a percentage is of what is owed without fees: %+v", d)
	}
}

// P2: no stage comes before, or on the day of, the charge that a customer waits for; stages
// that come later are taken as they are, and where a charge is made on sending, any.
func TestLateFeesFollowTheCharge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		charge := DefaultAutoCharge()
		charge.On, charge.Days = rapid.Bool().Draw(t, "on"), rapid.IntRange(-MaxChargeDays, MaxChargeDays).Draw(t, "charge after")
		s, day, first := LateFeeSettings{CapFixed: 1}, 0, -1
		for n := range rapid.IntRange(0, MaxLateFeeStages).Draw(t, "stages") {
			day += rapid.IntRange(1, 40).Draw(t, "later")
			s.Stages = append(s.Stages, LateFeeStage{Days: day, Fixed: 1})
			if day <= charge.Days && first < 0 {
				first = n
			}
		}
		err := s.FollowCharge(charge)
		if (err == nil) != (first < 0) || err != nil && AsError(err).Fields[0].Field != fmt.Sprintf("late_fees.stages[%d].after_due_days", first) {
			t.Fatalf("charged after %d days, with %+v: %v", charge.Days, s.Stages, err)
		}
		charge.At = ChargeOnSend
		if err := s.FollowCharge(charge); err != nil {
			t.Fatal(err)
		}
	})
}
