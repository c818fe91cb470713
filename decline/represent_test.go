package decline

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var monday = time.Date(2026, 3, 16, 15, 0, 0, 0, time.UTC)

func returned(code string, after time.Duration) Returned {
	return Returned{At: monday.Add(after), Code: code, Rule: Classify(code, "", "", MethodBankAccount).Rule}
}

// Protects payers' accounts and the business's standing with the banks: only a
// debit that lacked money is presented again, twice at most, within 180 days.
func TestFailure30OnlyALackOfMoneyIsPresentedAgain(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		past       []Returned
		authorised time.Duration
		now        time.Duration
		may        bool
	}{
		"nothing before":                   {nil, 0, day, true},
		"once R01":                         {[]Returned{returned("R01", 0)}, -day, day, true},
		"R01 and R09":                      {[]Returned{returned("R01", 0), returned("R09", day)}, -day, 2 * day, true},
		"three times":                      {[]Returned{returned("R01", 0), returned("R09", day), returned("insufficient_funds", 2*day)}, -day, 3 * day, false},
		"once, on the last day":            {[]Returned{returned("R01", 0)}, -day, 180 * day, true},
		"once, too long ago":               {[]Returned{returned("R01", 0)}, -day, 181 * day, false},
		"once, too long ago, agreed anew":  {[]Returned{returned("R01", 0)}, 180 * day, 181 * day, false},
		"R02":                              {[]Returned{returned("R02", 0)}, -day, day, false},
		"R03, agreed anew":                 {[]Returned{returned("R03", 0)}, day, 2 * day, false},
		"R04":                              {[]Returned{returned("R04", 0)}, -day, day, false},
		"R10":                              {[]Returned{returned("R10", 0)}, -day, day, false},
		"R10, agreed anew":                 {[]Returned{returned("R10", 0)}, day, 2 * day, true},
		"R29":                              {[]Returned{returned("R29", 0)}, -day, day, false},
		"R07 after the new agreement":      {[]Returned{returned("R07", 3*day)}, day, 4 * day, false},
		"R01, then R07 and agreed anew":    {[]Returned{returned("R01", 0), returned("R07", day)}, 2 * day, 3 * day, true},
		"unknown":                          {[]Returned{returned("of tomorrow", 0)}, -day, day, false},
		"over a limit, which no bank saw":  {[]Returned{returned("charge_exceeds_source_limit", 0), returned("processing_error", 0)}, -day, day, true},
		"not sent, which no bank saw":      {[]Returned{{At: monday, Code: CodeRepresentCap, Rule: RuleOtherAccount}}, -day, day, true},
		"came back late for want of money": {[]Returned{returned("insufficient_funds", 0)}, day, 2 * day, true},
	} {
		if d := MayPresent(c.past, monday.Add(c.authorised), monday.Add(c.now)); (d == nil) != c.may {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// Protects the law behind the table, for any history: more returns never allow
// what fewer forbade, order does not matter, and what is refused is told so.
func TestMoreReturnsNeverAllowMore(t *testing.T) {
	codes := []string{"R01", "R02", "R07", "R09", "R10", "insufficient_funds", "account_closed", "processing_error", CodeRepresentCap, "?"}
	rapid.Check(t, func(t *rapid.T) {
		past := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Returned {
			return returned(rapid.SampledFrom(codes).Draw(t, "code"), time.Duration(rapid.IntRange(0, 200).Draw(t, "day"))*24*time.Hour)
		}), 1, 6).Draw(t, "past")
		authorised := monday.Add(time.Duration(rapid.IntRange(-10, 210).Draw(t, "authorised")) * 24 * time.Hour)
		now := monday.Add(time.Duration(rapid.IntRange(200, 400).Draw(t, "now")) * 24 * time.Hour)
		whole := MayPresent(past, authorised, now)
		if fewer := MayPresent(past[1:], authorised, now); fewer != nil && whole == nil {
			t.Fatalf("%+v forbids, and with %+v it may", past[1:], past[0])
		}
		turned := append(append([]Returned{}, past[1:]...), past[0])
		if (MayPresent(turned, authorised, now) == nil) != (whole == nil) {
			t.Fatalf("the order of %+v matters", past)
		}
		sent := 0
		for _, r := range past {
			if r.Rule == RuleRepresent {
				sent++
			}
		}
		if sent >= 3 && whole == nil {
			t.Fatalf("%d debits were returned, and another may be sent", sent)
		}
		if whole != nil && (whole.Class != Cap || whole.Rule.Automatic() || whole.PayerMessage() != "Nothing was charged. Too many tries with this account. Use another.") {
			t.Fatalf("refused as %+v", whole)
		}
	})
}
