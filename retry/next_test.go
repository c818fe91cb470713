package retry

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"remit/decline"
)

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

func failed(when, code string) Try { return by("card", "fp_1", when, code) }

func by(kind, method, when, code string) Try {
	return Try{At: at(when), Method: method, Decline: decline.Classify("card_declined", code, "", kind)}
}

// office is open from nine to six.
func office(zone *time.Location) func(time.Time) time.Time {
	return func(t time.Time) time.Time {
		local := t.In(zone)
		year, month, day := local.Date()
		switch hour := local.Hour(); {
		case hour < 9:
			return time.Date(year, month, day, 9, 0, 0, 0, zone)
		case hour >= 18:
			return time.Date(year, month, day+1, 9, 0, 0, 0, zone)
		}
		return t
	}
}

// Protects R2, R3, R4 and R6: when the next try comes, or what is awaited, case
// by case.
func TestFailure33NextTryOrWhatIsAwaited(t *testing.T) {
	facts := Facts{Open: office(time.UTC)}
	for _, c := range []struct {
		name    string
		history []Try
		now     string // empty: when the last one failed
		facts   Facts
		at      string // empty: not again
		wait    Wait
		number  int
		of      int
	}{
		{"the first day after lacking money", []Try{failed("2026-03-02 10:00", "insufficient_funds")}, "", facts, "2026-03-03 09:00", "", 2, 5},
		{"the third day then", []Try{failed("2026-03-02 10:00", "insufficient_funds"), failed("2026-03-03 09:00", "insufficient_funds")}, "", facts, "2026-03-05 09:00", "", 3, 5},
		{"no fourth rung", []Try{
			failed("2026-03-02 10:00", "insufficient_funds"), failed("2026-03-03 09:00", "insufficient_funds"),
			failed("2026-03-05 09:00", "insufficient_funds"), failed("2026-03-07 09:00", "insufficient_funds"),
			failed("2026-03-09 09:00", "insufficient_funds"),
		}, "", facts, "", WaitEnded, 5, 5},
		{"few where the bank gives no reason", []Try{failed("2026-03-02 10:00", "do_not_honor")}, "", facts, "2026-03-05 09:00", "", 2, 3},
		{"an hour after a technical failure", []Try{failed("2026-03-02 10:00", "processing_error")}, "", facts, "2026-03-02 11:00", "", 2, 7},
		{"hours count from the failure before", []Try{failed("2026-03-02 10:00", "processing_error"), failed("2026-03-02 11:00", "processing_error")}, "", facts, "2026-03-02 15:00", "", 3, 7},
		{"in days when the hours are used up", []Try{
			failed("2026-03-02 10:00", "processing_error"), failed("2026-03-02 11:00", "processing_error"),
			failed("2026-03-02 15:00", "processing_error"), failed("2026-03-03 15:00", "processing_error"),
		}, "", facts, "2026-03-05 09:00", "", 5, 7},
		{"money after a technical failure starts the days", []Try{failed("2026-03-02 10:00", "processing_error"), failed("2026-03-02 11:00", "insufficient_funds")}, "", facts, "2026-03-03 09:00", "", 3, 6},
		{"what is late happens once", []Try{failed("2026-03-02 10:00", "insufficient_funds")}, "2026-03-08 11:00", facts, "2026-03-08 11:00", "", 2, 3},
		{"and not in a row", []Try{failed("2026-03-02 10:00", "insufficient_funds"), failed("2026-03-08 11:00", "insufficient_funds")}, "", facts, "2026-03-09 09:00", "", 3, 3},
		{"and not too late", []Try{failed("2026-03-02 10:00", "insufficient_funds")}, "2026-03-17 11:00", facts, "", WaitEnded, 1, 1},
		{"at the hour that worked, the earliest of several", []Try{failed("2026-03-02 10:00", "insufficient_funds")}, "",
			Facts{Open: office(time.UTC), Worked: []time.Time{at("2026-01-01 16:10"), at("2026-01-02 13:50"), at("2026-02-02 16:59"), at("2026-02-03 13:00")}}, "2026-03-03 13:00", "", 2, 5},
		{"when it opens if the hour that worked is outside", []Try{failed("2026-03-02 10:00", "insufficient_funds")}, "",
			Facts{Open: office(time.UTC), Worked: []time.Time{at("2026-01-01 23:10")}}, "2026-03-03 09:00", "", 2, 5},
		{"another card starts anew", []Try{
			by("card", "fp_0", "2026-02-01 10:00", "insufficient_funds"), by("card", "fp_0", "2026-02-02 10:00", "lost_card"), failed("2026-03-02 10:00", "insufficient_funds"),
		}, "", facts, "2026-03-03 09:00", "", 2, 5},
		{"a lost card", []Try{failed("2026-03-02 10:00", "lost_card")}, "", facts, "", WaitNewMethod, 1, 1},
		{"a lost card that said something else later", []Try{failed("2026-03-02 10:00", "lost_card"), failed("2026-03-02 11:00", "insufficient_funds")}, "", facts, "", WaitNewMethod, 2, 2},
		{"a code typed wrong, and then right", []Try{failed("2026-03-02 10:00", "incorrect_cvc"), failed("2026-03-02 11:00", "insufficient_funds")}, "", facts, "2026-03-03 09:00", "", 3, 6},
		{"a lost card that was found, and paid since", []Try{failed("2026-03-02 10:00", "lost_card"), failed("2026-03-03 11:00", "insufficient_funds")}, "",
			Facts{Worked: []time.Time{at("2026-03-02 15:00"), at("2026-02-01 15:00")}}, "2026-03-05 15:00", "", 3, 5},
		{"a lost card that paid before it was lost", []Try{failed("2026-03-02 10:00", "lost_card"), failed("2026-03-03 11:00", "insufficient_funds")}, "",
			Facts{Worked: []time.Time{at("2026-03-01 15:00")}}, "", WaitNewMethod, 2, 2},
		{"a card that paid and was lost then", []Try{failed("2026-03-02 10:00", "insufficient_funds"), failed("2026-03-03 11:00", "lost_card")}, "",
			Facts{Worked: []time.Time{at("2026-03-02 15:00")}}, "", WaitNewMethod, 2, 2},
		{"the payer has to confirm", []Try{failed("2026-03-02 10:00", "authentication_required")}, "", facts, "", WaitPayer, 1, 1},
		{"Stripe retries", []Try{failed("2026-03-02 10:00", "insufficient_funds")}, "", Facts{StripeRetries: true}, "", WaitNothing, 1, 1},
		{"the network's window", []Try{failed("2026-03-02 10:00", "network_cap")}, "", Facts{Open: office(time.UTC), FreeAt: at("2026-03-04 20:00")}, "2026-03-05 09:00", "", 2, 3},
		{"a network's window that nobody knows", []Try{failed("2026-03-02 10:00", "card_decline_rate_limit_exceeded")}, "", facts, "2026-03-03 09:00", "", 2, 3},
		{"a network's window that ends too late", []Try{failed("2026-03-02 10:00", "network_cap")}, "", Facts{FreeAt: at("2026-03-20 20:00")}, "", WaitEnded, 1, 1},
		{"a bank debit", []Try{by(decline.MethodBankAccount, "ba_1", "2026-03-02 10:00", "R01")}, "", facts, "2026-03-05 09:00", "", 2, 3},
		{"a bank debit that came back late", []Try{
			by(decline.MethodBankAccount, "ba_1", "2026-03-02 10:00", "R01"), by(decline.MethodBankAccount, "ba_1", "2026-03-11 10:00", "R09"),
		}, "", facts, "2026-03-12 09:00", "", 3, 3},
		{"two more and no third", []Try{
			by(decline.MethodBankAccount, "ba_1", "2026-03-02 10:00", "R01"), by(decline.MethodBankAccount, "ba_1", "2026-03-06 10:00", "R09"),
			by(decline.MethodBankAccount, "ba_1", "2026-03-10 10:00", "R09"),
		}, "", facts, "", WaitEnded, 3, 3},
		{"a debit that was not authorised", []Try{by(decline.MethodBankAccount, "ba_1", "2026-03-02 10:00", "R10")}, "", facts, "", WaitNewMethod, 1, 1},
		{"a debit over a limit", []Try{by(decline.MethodBankAccount, "ba_1", "2026-03-02 10:00", "charge_exceeds_source_limit")}, "", facts, "", WaitPayer, 1, 1},
	} {
		now := c.history[len(c.history)-1].At
		if c.now != "" {
			now = at(c.now)
		}
		got := Next(Default(), c.history, c.facts, now)
		when := ""
		if got.Again {
			when = got.At.Format("2006-01-02 15:04")
		}
		if when != c.at || got.Wait != c.wait || got.Number != c.number || got.Of != c.of {
			t.Errorf("%s: %q, waits %q, try %d of %d (%s); want %q, %q, %d of %d",
				c.name, when, got.Wait, got.Number, got.Of, got.Reason, c.at, c.wait, c.number, c.of)
		}
	}
}

// A ladder begins with the charge that was planned by a date: what failed on another date,
// as of a deposit, is not counted in it. What bars a method bars it all the same.
func TestADateBeginsALadder(t *testing.T) {
	facts := Facts{Open: office(time.UTC)}
	first := func(t Try) Try { t.First = true; return t }
	deposit := []Try{first(failed("2026-03-02 10:00", "insufficient_funds")), failed("2026-03-03 09:00", "insufficient_funds")}
	rest := first(failed("2026-04-06 10:00", "insufficient_funds"))
	got := Next(Default(), append(deposit, rest), facts, rest.At)
	if !got.Again || got.Number != 2 || got.Of != 5 || !got.At.Equal(at("2026-04-07 09:00")) {
		t.Errorf("after the first failure on another date: %+v", got)
	}
	barred := []Try{first(failed("2026-03-02 10:00", "lost_card"))}
	if got := Next(Default(), append(barred, rest), facts, rest.At); got.Again || got.Wait != WaitNewMethod {
		t.Errorf("of a card that was lost before: %+v", got)
	}
}

// Protects M10: what follows a code's first failure is what its rule says, for
// every code of the tables, and is explained in words.
func TestNextOfEveryCode(t *testing.T) {
	for _, kind := range []string{"card", decline.MethodBankAccount} {
		for _, code := range decline.Codes(kind) {
			try := by(kind, "fp_1", "2026-03-02 10:00", code)
			got := Next(Default(), []Try{try}, Facts{Open: office(time.UTC)}, try.At)
			if again := try.Decline.Rule.Automatic() && !try.Decline.Hard; got.Again != again || again && got.Wait != WaitNothing {
				t.Errorf("%s of a %s by rule %s: again %v, waits %q", code, kind, try.Decline.Rule, got.Again, got.Wait)
			}
			if got.Wait == WaitNewMethod && (!try.Decline.Hard || got.Reason != "not retried: "+try.Decline.Code+" is a hard decline") {
				t.Errorf("%s of a %s: %s", code, kind, got.Reason)
			}
			if got.Rule != string(try.Decline.Rule) || got.Version != decline.Version+".0" || got.Reason == "" {
				t.Errorf("%s of a %s: rule %q, version %q, reason %q", code, kind, got.Rule, got.Version, got.Reason)
			}
		}
	}
}

// Protects M10 and M11: whatever fails and wherever, tries strictly follow each
// other, lie inside the charge window, are within the policy's number and days,
// never follow a hard decline of their method, and come to an end.
func TestFailure32EveryLadderEnds(t *testing.T) {
	zones := []string{
		"UTC", "America/New_York", "Pacific/Niue", "Pacific/Kiritimati", "Pacific/Chatham", "Asia/Kathmandu",
		"America/Santiago", "Africa/Cairo", "Australia/Lord_Howe",
	}
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		policy := aPolicy(t)
		kind := rapid.SampledFrom([]string{"card", decline.MethodBankAccount}).Draw(t, "kind")
		now := at("2026-01-01 00:00").Add(time.Duration(rapid.IntRange(0, 365*24*60).Draw(t, "minute")) * time.Minute)
		f := Facts{Zone: zone, Open: office(zone)}
		for range rapid.IntRange(0, 3).Draw(t, "successes") {
			f.Worked = append(f.Worked, now.Add(-time.Duration(rapid.IntRange(1, 9999).Draw(t, "ago"))*time.Hour))
		}
		history := []Try{{At: now, Method: "fp_1", Decline: drawDecline(t, kind)}}
		for range 3 * MostTries {
			f.FreeAt = time.Time{}
			if rapid.IntRange(0, 3).Draw(t, "capped") == 0 {
				f.FreeAt = now.Add(time.Duration(rapid.IntRange(-48, 400).Draw(t, "free")) * time.Hour)
			}
			last := history[len(history)-1]
			got := Next(policy, history, f, now)
			if !got.Again {
				if got.Wait == WaitNothing || got.Reason == "" || !got.At.IsZero() {
					t.Fatalf("ends without a word: %+v", got)
				}
				return
			}
			firstDay, day := history[0].At.In(zone), got.At.In(zone)
			limit := time.Date(firstDay.Year(), firstDay.Month(), firstDay.Day()+int(policy.Within), 23, 59, 59, 0, zone)
			switch {
			case last.Decline.Hard || !last.Decline.Rule.Automatic():
				t.Fatalf("again after %+v", last.Decline)
			case got.At.Before(now) || !got.At.After(last.At) || got.At.Before(f.FreeAt):
				t.Fatalf("at %s after %s, now %s, free %s", got.At, last.At, now, f.FreeAt)
			case day.Hour() < 9 || day.Hour() >= 18:
				t.Fatalf("at %s, outside the window", day)
			case day.After(limit):
				t.Fatalf("at %s, more than %d days after %s", day, policy.Within, firstDay)
			case got.Number != len(history)+1 || got.Number > policy.MaxTries || got.Of < got.Number || got.Of > policy.MaxTries:
				t.Fatalf("try %d of %d after %d", got.Number, got.Of, len(history))
			}
			late := rapid.SampledFrom([]time.Duration{0, 0, time.Minute, 50 * time.Hour}).Draw(t, "late")
			history = append(history, Try{At: got.At.Add(late), Method: "fp_1", Decline: drawDecline(t, kind)})
			now = got.At.Add(late)
		}
		t.Fatal("no end")
	})
}

func drawDecline(t *rapid.T, kind string) decline.Decline {
	soft := []string{"insufficient_funds", "processing_error", "do_not_honor", "network_cap", "R01", "try_again_later"}
	code := rapid.OneOf(rapid.SampledFrom(soft), rapid.SampledFrom(soft), rapid.SampledFrom(decline.Codes(kind))).Draw(t, "code")
	advice := rapid.SampledFrom([]string{"", "", "", "try_again_later", "do_not_try_again"}).Draw(t, "advice")
	return decline.Classify("card_declined", code, advice, kind)
}

func aPolicy(t *rapid.T) Policy {
	p := Default()
	p.MaxTries = rapid.IntRange(6, MostTries).Draw(t, "tries")
	p.Within = Days(rapid.IntRange(7, MostDays).Draw(t, "within"))
	days := rapid.SliceOfNDistinct(rapid.IntRange(1, int(p.Within)), 0, 5, rapid.ID[int]).Draw(t, "days")
	ladder := Ladder{}
	for day := range int(p.Within) + 1 {
		for _, d := range days {
			if d == day {
				ladder.Days = append(ladder.Days, Days(day))
			}
		}
	}
	p.Ladders[rapid.SampledFrom([]decline.Rule{decline.RuleLater, decline.RuleFew}).Draw(t, "rule")] = ladder
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	return p
}

// Protects R5 and R6: a policy cannot ask for more than networks and banks allow,
// and the field that does is named.
func TestCheck(t *testing.T) {
	for field, change := range map[string]func(*Policy){
		"":                  func(*Policy) {},
		"max_tries":         func(p *Policy) { p.MaxTries = 9 },
		"within":            func(p *Policy) { p.Within = 15 },
		"final":             func(p *Policy) { p.Final = "" },
		"ladders.few":       func(p *Policy) { p.Ladders["few"] = Ladder{Days: []Days{3, 3}} },
		"ladders.later":     func(p *Policy) { p.Ladders["later"] = Ladder{Days: []Days{1, 15}} },
		"ladders.soon":      func(p *Policy) { p.Ladders["soon"] = Ladder{Hours: []int{0}} },
		"ladders.window":    func(p *Policy) { p.Ladders["window"] = Ladder{Hours: []int{1}} },
		"ladders.represent": func(p *Policy) { p.Ladders["represent"] = Ladder{Days: []Days{1, 2, 3}} },
		"ladders.new_method": func(p *Policy) {
			p.Ladders["new_method"] = Ladder{Days: []Days{1}}
		},
	} {
		p := Default()
		change(&p)
		err := p.Check()
		wrong, _ := errors.AsType[FieldError](err)
		if wrong.Field != field || (err == nil) != (field == "") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// Protects R5: at its network's limit a card is refused until the oldest try that
// counts has left the window.
func TestCap(t *testing.T) {
	now := at("2026-03-31 12:00")
	every := func(n int, gap time.Duration) (tries []time.Time) {
		for i := range n {
			tries = append(tries, now.Add(-time.Duration(i)*gap))
		}
		return tries
	}
	for _, c := range []struct {
		name    string
		network string
		failed  []time.Time
		free    string // empty: it may
	}{
		{"visa below", "visa", every(14, time.Hour), ""},
		{"visa at", "visa", every(15, time.Hour), "2026-04-29 22:00"},
		{"visa beyond", "visa", every(17, time.Hour), "2026-04-29 22:00"},
		{"visa a month ago", "visa", append(every(14, time.Hour), now.Add(-month)), ""},
		{"unknown", "", every(15, time.Hour), "2026-04-29 22:00"},
		{"mastercard, a day", "mastercard", every(10, time.Hour), "2026-04-01 03:00"},
		{"mastercard, below", "mastercard", every(34, 3*time.Hour), ""},
		{"mastercard, a month", "Mastercard", every(35, 3*time.Hour), "2026-04-26 06:00"},
	} {
		refused, free := Cap(c.network, c.failed, now)
		got := ""
		if refused != nil {
			got = free.Format("2006-01-02 15:04")
			if refused.Code != decline.CodeNetworkCap || refused.Class != decline.Cap || refused.Hard {
				t.Errorf("%s: %+v", c.name, refused)
			}
		}
		if got != c.free {
			t.Errorf("%s: free at %q, want %q", c.name, got, c.free)
		}
	}
}
