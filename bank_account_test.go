package remit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"remit"
)

func goodAccount() remit.BankAccountInput {
	return remit.BankAccountInput{Routing: "110000000", HolderName: "Jo Payer", HolderType: "individual", Country: "US", Currency: "USD", MandateAccepted: true}
}

// Each wrong field is named, none is quoted, and the account number is in no error.
func TestBankAccountInputNamesWhatIsWrong(t *testing.T) {
	const number = "000123456789"
	rows := map[string]struct {
		change func(in *remit.BankAccountInput, number *string)
		field  string
		words  string
	}{
		"routing number too short":   {func(in *remit.BankAccountInput, _ *string) { in.Routing = "11000000" }, "routing_number", "Enter the 9-digit routing number."},
		"routing number of letters":  {func(in *remit.BankAccountInput, _ *string) { in.Routing = "11000000a" }, "routing_number", "Enter the 9-digit routing number."},
		"routing number's digit":     {func(in *remit.BankAccountInput, _ *string) { in.Routing = "110000001" }, "routing_number", "That is not a US routing number."},
		"routing number of zeroes":   {func(in *remit.BankAccountInput, _ *string) { in.Routing = "000000000" }, "routing_number", "That is not a US routing number."},
		"account number of letters":  {func(_ *remit.BankAccountInput, n *string) { *n += "x" }, "account_number", "Enter the account number, digits only."},
		"account number too short":   {func(_ *remit.BankAccountInput, n *string) { *n = "123" }, "account_number", "Enter the account number, digits only."},
		"account number too long":    {func(_ *remit.BankAccountInput, n *string) { *n = strings.Repeat("1", 18) }, "account_number", "Enter the account number, digits only."},
		"no holder":                  {func(in *remit.BankAccountInput, _ *string) { in.HolderName = "  " }, "account_holder_name", "Enter the name of the account's holder."},
		"a holder's name of no end":  {func(in *remit.BankAccountInput, _ *string) { in.HolderName = strings.Repeat("a", 101) }, "account_holder_name", "A holder's name has at most 100 characters that can be seen."},
		"neither person nor company": {func(in *remit.BankAccountInput, _ *string) { in.HolderType = "trust" }, "account_holder_type", "Choose a person or a company."},
		"another country":            {func(in *remit.BankAccountInput, _ *string) { in.Country = "CA" }, "country", "Only accounts at banks in the United States can be debited: US."},
		"another currency":           {func(in *remit.BankAccountInput, _ *string) { in.Currency = "CAD" }, "currency", "Bank debits are in US dollars: USD."},
		"not agreed to":              {func(in *remit.BankAccountInput, _ *string) { in.MandateAccepted = false }, "mandate_accepted", "Agree to the authorisation first."},
	}
	for name, row := range rows {
		in, typed := goodAccount(), number
		row.change(&in, &typed)
		_, sent, err := in.Check(typed)
		e := remit.AsError(err)
		if err == nil || sent != "" || len(e.Fields) != 1 || e.Fields[0].Field != row.field || e.Fields[0].Message != row.words {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(e.Error(), "123456") {
			t.Errorf("%s: the error quotes the number: %v", name, err)
		}
	}
	in := goodAccount()
	in.Routing, in.HolderName = " 1100-00000 ", " Jo "
	checked, sent, err := in.Check("0001 2345-6789")
	if err != nil || sent != number || checked.Routing != "110000000" || checked.HolderName != "Jo" {
		t.Errorf("as people type it: %+v, %v", checked, err)
	}
}

// Of the ten last digits a routing number could have, one fits; and no two digits
// that stand side by side and differ by other than five can be swapped unseen.
func TestRoutingNumbersCheckDigit(t *testing.T) {
	takes := func(routing string) bool {
		in := goodAccount()
		in.Routing = routing
		_, _, err := in.Check("000123456789")
		return err == nil
	}
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.StringMatching(`[0-9]{7}[1-9]`).Draw(t, "first")
		fitting := ""
		for digit := range 10 {
			if routing := fmt.Sprintf("%s%d", first, digit); takes(routing) {
				if fitting != "" {
					t.Fatalf("%s and %s both fit", fitting, routing)
				}
				fitting = routing
			}
		}
		if fitting == "" {
			t.Fatalf("no digit fits %s", first)
		}
		at := rapid.IntRange(0, 7).Draw(t, "at")
		a, b := fitting[at], fitting[at+1]
		swapped := fitting[:at] + string(b) + string(a) + fitting[at+2:]
		if apart := (int(a) - int(b) + 10) % 10; apart != 0 && apart != 5 && takes(swapped) {
			t.Fatalf("%s fits as %s does", swapped, fitting)
		}
	})
}

// Debits are offered in US dollars, through an account in the United States, with
// the capability; else the first condition that fails is named (D5).
func TestD5DebitsAreOffered(t *testing.T) {
	for _, row := range []struct {
		currency, country string
		capable           bool
		why               string
	}{
		{"USD", "US", true, ""},
		{"EUR", "US", true, "in EUR"},
		{"USD", "DE", true, "in the United States"},
		{"USD", "", true, "in the United States"},
		{"USD", "US", false, "not switched on"},
	} {
		offer := remit.OfferDebits(row.currency, row.country, row.capable)
		if offer.Offered != (row.why == "") || !strings.Contains(offer.Why, row.why) {
			t.Errorf("%+v: %+v", row, offer)
		}
	}
}

// seen are the views that Stripe may give of one account's verification.
func seen(arrives time.Time) []remit.SetupFacts {
	waits := remit.SetupFacts{Status: "requires_action", Deposit: remit.DepositAmounts, ArrivesAt: &arrives, HostedURL: "https://stripe.test/verify"}
	failed := func(code string) remit.SetupFacts {
		return remit.SetupFacts{Status: "requires_payment_method", ErrorCode: code}
	}
	return []remit.SetupFacts{
		{Status: "requires_payment_method"}, waits, waits,
		failed("payment_method_microdeposit_failed"), failed("payment_method_microdeposit_verification_timeout"),
		failed("payment_method_microdeposit_verification_attempts_exceeded"), failed("bank_account_unusable"),
		{Status: "canceled"}, {Status: "succeeded", Mandate: "mandate_1"},
	}
}

// Whatever order Stripe's views are heard in, however often, an account's state
// only climbs; one that can be used has no reason why not, and one that cannot has.
func TestBankAccountStatesOnlyClimb(t *testing.T) {
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	states := remit.BankAccountStates()
	rapid.Check(t, func(t *rapid.T) {
		b := remit.BankAccount{ID: uuid.New(), State: remit.BankAccountRequested, CreatedAt: start}
		views := rapid.SliceOfN(rapid.SampledFrom(seen(start.Add(48*time.Hour))), 1, 12).Draw(t, "views")
		hours := rapid.SliceOfN(rapid.IntRange(0, 300), len(views), len(views)).Draw(t, "hours")
		slices.Sort(hours)
		for n, view := range views {
			was, now := b.State, start.Add(time.Duration(hours[n])*time.Hour)
			next, changed := b.Take(view, now)
			if changed != (next.State != was) || changed && !was.Climbs(next.State) {
				t.Fatalf("from %s to %s, changed: %v", was, next.State, changed)
			}
			if slices.Index(states, next.State) < 3 && !next.State.Waits() || (next.EndedAt == nil) != next.State.Waits() {
				t.Fatalf("%s, ended %v", next.State, next.EndedAt)
			}
			if waits, usable := next.State.Waits(), next.State == remit.BankAccountUsable; (next.Reason == "") != (waits || usable) {
				t.Fatalf("%s for the reason %q", next.State, next.Reason)
			}
			b = next
		}
		if again, changed := b.Take(views[len(views)-1], start.Add(300*time.Hour)); changed && again.State != remit.BankAccountAwaitingEntry {
			t.Fatalf("the same view again leads from %s to %s", b.State, again.State)
		}
	})
}

// A status that is not known here is no blank: the account stays what it is, is
// asked about on, and ends in words two days after the time in which it could be
// verified.
func TestFailure26UnknownStatusEndsInWords(t *testing.T) {
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	b := remit.BankAccount{State: remit.BankAccountRequested, CreatedAt: start}
	b, _ = b.Take(seen(start.Add(48 * time.Hour))[1], start)
	b.Told = remit.ToldLastDay
	for day := range 12 {
		now := start.Add(time.Duration(day) * 24 * time.Hour)
		next, changed := b.Take(remit.SetupFacts{Status: "requires_source_action"}, now)
		if changed || next.State != remit.BankAccountAwaitingDeposit || next.Overripe(now) {
			t.Fatalf("on day %d it is %s, changed: %v, over: %v", day, next.State, changed, next.Overripe(now))
		}
		if at, what := next.NextLook(now); !at.After(now) || what == "" {
			t.Fatalf("on day %d it is looked at next at %s for %q", day, at, what)
		}
	}
	if !b.Overripe(start.Add(remit.VerificationTime + 49*time.Hour)) {
		t.Error("it waits for ever")
	}
}

// Each notice is told once, in order, at its time or later, and one that a later one
// has overtaken is left out; the next look never lies in the past.
func TestDepositNoticesComeInOrder(t *testing.T) {
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		arrives := start.Add(time.Duration(rapid.IntRange(0, 6*24).Draw(t, "arrives")) * time.Hour)
		by := start.Add(remit.VerificationTime)
		b := remit.BankAccount{State: remit.BankAccountAwaitingDeposit, CreatedAt: start, ArrivesAt: &arrives, VerifyBy: &by}
		now, looks := start, 0
		for now.Before(by) {
			if notice, at := b.NoticeAt(now); notice != remit.ToldNothing && !at.After(now) {
				if notice <= b.Told {
					t.Fatalf("%v after %v", notice, b.Told)
				}
				b.Told = notice
			}
			next, what := b.NextLook(now)
			if !next.After(now) || what == "" {
				t.Fatalf("at %s the next look is at %s, for %q", now, next, what)
			}
			now = next.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "late")) * time.Hour)
			looks++
		}
		if looks > 40 {
			t.Fatalf("%d looks", looks)
		}
	})
}

// What is entered has to be what Stripe asked for; a code is taken as people type
// it.
func TestDepositEntries(t *testing.T) {
	for name, row := range map[string]struct {
		kind  remit.DepositKind
		entry remit.DepositEntry
		field string
	}{
		"two amounts":               {remit.DepositAmounts, remit.DepositEntry{Amounts: []int64{32, 45}}, ""},
		"one amount":                {remit.DepositAmounts, remit.DepositEntry{Amounts: []int64{32}}, "amounts"},
		"three amounts":             {remit.DepositAmounts, remit.DepositEntry{Amounts: []int64{1, 2, 3}}, "amounts"},
		"nothing":                   {remit.DepositAmounts, remit.DepositEntry{}, "amounts"},
		"an amount of nothing":      {remit.DepositAmounts, remit.DepositEntry{Amounts: []int64{0, 45}}, "amounts"},
		"an amount of a dollar":     {remit.DepositAmounts, remit.DepositEntry{Amounts: []int64{100, 45}}, "amounts"},
		"a code for amounts":        {remit.DepositAmounts, remit.DepositEntry{Code: "SM11AA"}, "amounts"},
		"a code":                    {remit.DepositCode, remit.DepositEntry{Code: "sm 11-aa"}, ""},
		"a code that begins wrong":  {remit.DepositCode, remit.DepositEntry{Code: "XM11AA"}, "descriptor_code"},
		"a code that is too long":   {remit.DepositCode, remit.DepositEntry{Code: "SM11AAA"}, "descriptor_code"},
		"a code of other signs":     {remit.DepositCode, remit.DepositEntry{Code: "SM11A!"}, "descriptor_code"},
		"amounts for a code":        {remit.DepositCode, remit.DepositEntry{Amounts: []int64{32, 45}}, "descriptor_code"},
		"nothing where a code goes": {remit.DepositCode, remit.DepositEntry{}, "descriptor_code"},
	} {
		checked, err := row.entry.Check(row.kind)
		switch {
		case row.field == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case row.field != "" && (err == nil || remit.AsError(err).Fields[0].Field != row.field):
			t.Errorf("%s: %v", name, err)
		case checked.Code != "" && err == nil && checked.Code != "SM11AA":
			t.Errorf("%s: %q", name, checked.Code)
		}
	}
}
