package retry

import (
	"slices"
	"testing"
	"time"
)

// Protects Z6: a replay says which tries another ladder would have made and
// saved, never tries a hard decline again, and claims a yes only where the bank
// had said one by then.
func TestSimulate(t *testing.T) {
	week := Default()
	week.Ladders["later"] = Ladder{Days: []Days{7}}
	broke := Episode{Name: "A-1", Tries: []Try{
		failed("2026-03-02 10:00", "insufficient_funds"), failed("2026-03-03 09:00", "insufficient_funds"), failed("2026-03-04 09:00", "insufficient_funds"),
	}, Paid: at("2026-03-05 09:00"), Facts: Facts{Open: office(time.UTC)}}
	lost := Episode{Name: "A-2", Tries: []Try{failed("2026-03-02 10:00", "lost_card"), failed("2026-03-03 09:00", "lost_card")}}
	never := Episode{Name: "A-3", Tries: []Try{failed("2026-03-02 10:00", "do_not_honor")}, Facts: Facts{Open: office(time.UTC)}}
	turned := Episode{Name: "A-4", Tries: []Try{failed("2026-03-02 10:00", "do_not_honor"), failed("2026-03-05 08:00", "expired_card")}, Facts: Facts{Open: office(time.UTC)}}
	past := []Episode{broke, lost, never, turned, {Name: "nothing failed"}}

	got := Simulate(week, past)
	if got.Was != 3+1+0+1 || got.Would != 1+0+2+1 || got.Saved != 2+1 || got.HardAgain != 1 || got.Hard != 2 || got.Paid != 1 || got.Yes != 1 || len(got.Episodes) != 4 {
		t.Errorf("in a week: %+v", got)
	}
	if one := got.Episodes[0]; len(one.Would) != 1 || !one.YesAt.Equal(at("2026-03-09 09:00")) || one.Would[0].Number != 2 || one.Would[0].Of != 2 {
		t.Errorf("in a week: %+v", one)
	}
	if one := got.Episodes[1]; one.Wait != WaitNewMethod || len(one.Would) != 0 || one.HardAgain != 1 {
		t.Errorf("a lost card: %+v", one)
	}
	if one := got.Episodes[2]; one.Wait != WaitEnded || !one.YesAt.IsZero() || len(one.Would) != 2 {
		t.Errorf("what the past does not know is claimed: %+v", one)
	}
	// The card had expired by the day that was planned.
	if one := got.Episodes[3]; one.Wait != WaitNewMethod || !one.HardDecline || len(one.Would) != 1 {
		t.Errorf("a card that expired: %+v", one)
	}

	quick := Default()
	quick.Ladders["later"] = Ladder{Days: []Days{1, 2}}
	one := Simulate(quick, past).Episodes[0]
	if !one.YesAt.IsZero() || one.Wait != WaitEnded || !slices.ContainsFunc(one.Would, func(p Planned) bool { return !p.Yes }) {
		t.Errorf("a ladder that ended before the bank's yes claims it: %+v", one)
	}
}
