package prove

import (
	"strings"
	"testing"
	"time"
)

// sound is a world in which all is well: one invoice over 100.00, 70.00 of it
// charged, of that 10.00 refunded for good will, and 30.00 transferred.
func sound() facts {
	return facts{
		Books: books{
			Intents: []intent{{ID: "pi_1", Status: "succeeded", Received: 7000}, {ID: "pi_2", Status: "canceled"}},
			Charges: []charge{{ID: "ch_0", Intent: "pi_1"}, {ID: "ch_1", Intent: "pi_1", Captured: true, Status: "succeeded", Amount: 7000}},
			Refunds: []refund{{Intent: "pi_1", Amount: 1000, Status: "succeeded"}, {Intent: "pi_1", Amount: 500, Status: "failed"}},
		},
		Invoices: []invoiceFacts{{ID: "i", Number: "P-0", Status: "paid", Total: 10000, Billed: 10000, Applied: 10000, CameIn: 10000, Stripe: 6000, Bank: 3000, ToldApplied: 10000}},
		Payments: []paymentFacts{
			{ID: "p1", Invoice: "i", Source: "stripe", Intent: "pi_1", State: "succeeded", Captured: 7000, Amount: 7000, Entries: 1, Booked: 7000, Promised: 1000, Sent: 1000, Refunds: 1},
			{ID: "p2", Invoice: "i", Source: "checkout", Intent: "pi_2", State: "canceled"},
			{ID: "p3", Invoice: "i", Source: "bank_transfer", State: "succeeded", Reference: "T", Captured: 3000, Entries: 1, Booked: 3000},
		},
		Attempts: []attemptFacts{{Payment: "p1", Intent: "pi_1", Actor: "payer", State: "succeeded", ConfirmAt: at(10), Succeeded: true}},
		Claims:   []claim{{"i", "p1", "pi_1"}, {invoice: "i", payment: "p3"}},
		Banned:   []banned{{*at(0), *at(9)}, {*at(11), *at(20)}},
		Payer:    "payer",
		Connections: []connectionFacts{
			{ID: "c1", Account: "acct", Status: "disconnected", Told: []string{"active", "restricted", "disconnected"}, Sources: []string{"person", "event", "look"}, ToldOn: []string{"true true", "false true", "false false"}},
			{ID: "c2", Account: "acct", Status: "active", Live: true, Charges: true, Payouts: true, Told: []string{"active"}, Sources: []string{"person"}, ToldOn: []string{"true true"}},
		},
		Now: *at(59), Shelves: []shelf{{"fork", 4}}, Products: []productFacts{{"fork", 3}},
		Schedules: []scheduleFacts{{Number: "RENT", Versions: monthly(), Bills: []billFacts{{"RENT-2025-11-30", "open", 33}, {"RENT-2025-12-01", "paid", 1000}}}},
		Orders: []orderFacts{
			{ID: "i", Number: "ORD-1", Status: "paid", Total: 7500, Items: map[string]int64{"fork": 3}, FulfilledAt: at(20), BackAt: at(30)},
			{ID: "o", Number: "ORD-2", Status: "void", Total: 5000, Items: map[string]int64{"fork": 2}},
		},
		Above: 6000, Staff: []staffFacts{
			{Attempt: "a1", Number: "P-0", Actor: "payer", Amount: 7000, Method: "card", At: *at(9), Approval: "ap", State: "used", AskedBy: "payer", AnsweredBy: "admin", Approved: 7000, ApprovedMethod: "card", AnsweredAt: at(8), ExpiresAt: at(50)},
			{Attempt: "a2", Number: "P-0", Actor: "payer", Amount: 5000, At: *at(9), Became: "succeeded", Since: *at(10)},
			{Attempt: "a3", Number: "P-0", Actor: "payer", Amount: 1000, At: *at(20)},
		},
		LateOn: true, Late: []lateFacts{late(lateFee{1, 400, *at(30), false}, lateFee{2, 350, *at(59), true})},
		Cuts: []cut{{from: *at(5), until: *at(9), orderly: true}, {from: *at(12), until: *at(13), charged: []string{"ch_page"}}},
	}
}

// monthly bills 10.00 on the first of each month from the last day of November on, whose
// part is billed by its days.
func monthly() []terms {
	v := terms{From: "2025-11-30", Prorate: true, Lines: []struct{ Amount int64 }{{1000}}}
	v.Cadence.Start, v.Cadence.Unit, v.Cadence.Count, v.Cadence.Anchor = "2025-11-30", "month", 1, 1
	return []terms{v}
}

func late(fees ...lateFee) lateFacts {
	l := lateFacts{Number: "P-0", Due: time.Date(2025, 12, 20, 0, 0, 0, 0, time.UTC), Fees: fees}
	for _, fee := range fees {
		if !fee.Reversed {
			l.Booked += fee.Amount
		}
	}
	l.Told, l.Billed = l.Booked, l.Booked
	return l
}

func at(minute int) *time.Time {
	t := time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC)
	return &t
}

// Nothing is wrong where all is well, and one wrong figure anywhere is found: in
// the stand-in's books, in the ledger, on the invoice, in the timeline, or in
// what somebody was told.
func TestJudge(t *testing.T) {
	f := sound()
	f.Books.Intents[0].Metadata.Invoice = "i"
	if wrong := judge(f); len(wrong) > 0 {
		t.Fatalf("all is well, and it says %q", wrong)
	}
	for name, c := range map[string]struct {
		plant func(*facts)
		want  string
	}{
		"captured twice": {func(f *facts) {
			f.Books.Intents = append(f.Books.Intents, intent{ID: "pi_3", Received: 7000})
			f.Books.Intents[2].Metadata.Invoice = "i"
		}, "P-0 bills 10000, and 16000 was captured"},
		"a bank's money is still ours": {func(f *facts) {
			f.Books.Disputes = []dispute{{ID: "dp_1", Intent: "pi_1", Amount: 7000, BalanceTransactions: []struct{ Amount int64 }{{-7000}}}}
		}, "the ledger has 6000 at Stripe, and Stripe has -1000"},
		"a capture nobody knows":          {func(f *facts) { f.Books.Intents = append(f.Books.Intents, intent{ID: "pi_3", Received: 1}) }, "pi_3 captured 1 and is no payment here"},
		"captured after void":             {func(f *facts) { f.Invoices[0].Billed, f.Invoices[0].Status = 0, "void" }, "P-0 bills 0, and 9000 was captured"},
		"a fee besides what was captured": {func(f *facts) { f.Payments[0].Fee = 230 }, "pi_1 captured 7000 of 7000 and a fee of 230"},
		"a fee that nobody passes on":     {func(f *facts) { f.Payments[0].Amount, f.Payments[0].Fee = 6770, 230 }, "the fee of pi_1 over 6770 is 230, and should be 0"},
		"a fee on a debit card": {func(f *facts) {
			f.Fees, f.Payments[0].Amount, f.Payments[0].Fee = "add_on", 6774, 226
			f.Books.Charges[1].Method.Card = &struct{ Funding string }{"debit"}
		}, "the fee of pi_1 over 6774 is 226, and should be 0"},
		"no fee on a credit card": {func(f *facts) {
			f.Fees = "add_on"
			f.Books.Charges[1].Method.Card = &struct{ Funding string }{"credit"}
		}, "the fee of pi_1 over 7000 is 0, and should be 233"},
		"booked twice":              {func(f *facts) { f.Payments[0].Entries = 2 }, "in 2 entries"},
		"booked a cent less":        {func(f *facts) { f.Payments[0].Booked-- }, "6999 is booked of it"},
		"booked and not captured":   {func(f *facts) { f.Payments[1].Booked = 5 }, `whose intent "pi_2" captured 0`},
		"captured and said to fail": {func(f *facts) { f.Payments[0].State = "failed" }, "its payment says failed"},
		"a charge less":             {func(f *facts) { f.Books.Charges = nil }, "received 7000 by charges of 0"},
		"a transfer twice":          {func(f *facts) { f.Payments = append(f.Payments, f.Payments[2]) }, "the transfer T was recorded 2 times"},
		"owed and paid":             {func(f *facts) { f.Invoices[0].Outstanding = 1 }, "shows 1 as owed"},
		"paid and open":             {func(f *facts) { f.Invoices[0].Status = "open" }, "P-0 is open and owes 0"},
		"a cent too much at Stripe": {func(f *facts) { f.Invoices[0].Stripe++ }, "the ledger has 6001 at Stripe, and Stripe has 6000"},
		"refunded twice":            {func(f *facts) { f.Books.Refunds = append(f.Books.Refunds, f.Books.Refunds[0]) }, "refunded 2000 in 2 refunds at Stripe; promised are 1000 in 1"},
		"one refund made twice": {func(f *facts) {
			f.Books.Refunds[0].Metadata.Refund = "r1"
			f.Books.Refunds = append(f.Books.Refunds, f.Books.Refunds[0])
			f.Payments[0].Promised, f.Payments[0].Sent, f.Payments[0].Refunds = 2000, 2000, 2
		}, "the refund r1 was made 2 times at Stripe"},
		"refunded more than captured":  {func(f *facts) { f.Books.Refunds[0].Amount = 7001 }, "captured 7000 and was refunded 7001"},
		"promised and not refunded":    {func(f *facts) { f.Books.Refunds = nil }, "refunded 0 in 0 refunds at Stripe; promised are 1000 in 1"},
		"a timeline that is silent":    {func(f *facts) { f.Invoices[0].ToldApplied = 0 }, "the timeline of P-0 tells of 0 paid"},
		"carried, billed by nobody":    {func(f *facts) { f.Invoices[0].Carried = 30 }, "30 is carried between invoices"},
		"carried and billed still":     {func(f *facts) { f.Invoices[0].CarriedOut = 30 }, "30 carried away, and bills 10000"},
		"a total that is not billed":   {func(f *facts) { f.Invoices[0].Total = 1 }, "has a total of 1"},
		"an answer that was not true":  {func(f *facts) { f.Claims[0] = claim{"i", "p2", "pi_2"} }, "an answer said that pi_2 was paid"},
		"a transfer that is lost":      {func(f *facts) { f.Claims[1].payment = "p9" }, "payment p9 was made"},
		"a payer who might not":        {func(f *facts) { f.Attempts[0].ConfirmAt = at(12) }, "the payer was charged by pi_1"},
		"charged while disconnected":   {func(f *facts) { f.Cuts[0].charged = []string{"ch_1"} }, "in good order"},
		"confirmed while disconnected": {func(f *facts) { f.Cuts[1].from = *at(9) }, "pi_1 was charged at"},
		"nothing is connected":         {func(f *facts) { f.Connections[1].Live = false }, "0 connections are in force"},
		"another account":              {func(f *facts) { f.Connections[1].Account = "acct_2" }, "two accounts were connected"},
		"an end that nobody tells":     {func(f *facts) { f.Connections[0].Told[2] = "restricted" }, "connection c1 is disconnected"},
		"an end told of what is live":  {func(f *facts) { f.Connections[1].Told[0] = "disconnected" }, "connection c2 is active"},
		"charges on that are off":      {func(f *facts) { f.Connections[1].ToldOn[0] = "false true" }, "connection c2 has charges"},
		"a beginning nobody tells":     {func(f *facts) { f.Connections[1].Sources[0] = "look" }, "does not tell how it began"},
		"an account made twice":        {func(f *facts) { f.Founded = []string{"made for it were two"} }, "made for it were two"},
		"a period twice":               {func(f *facts) { f.Schedules[0].Bills = append(f.Schedules[0].Bills, f.Schedules[0].Bills[1]) }, "RENT-2025-12-01 was billed 2 times"},
		"a period not billed":          {func(f *facts) { f.Schedules[0].Bills = f.Schedules[0].Bills[:1] }, "RENT-2025-12-01 was not billed, over 1000"},
		"a part billed whole":          {func(f *facts) { f.Schedules[0].Bills[0].Issued = 1000 }, "RENT-2025-11-30 bills 1000, and the calendar says 33"},
		"billed ahead": {func(f *facts) {
			f.Schedules[0].Bills = append(f.Schedules[0].Bills, billFacts{"RENT-2026-01-01", "open", 1000})
		}, "RENT-2026-01-01 is open before its day"},
		"billed besides": {func(f *facts) {
			f.Schedules[0].Bills = append(f.Schedules[0].Bills, billFacts{"RENT-2025-12-02", "open", 1000})
		}, "RENT-2025-12-02 is open, and is no period"},
		"billed in a pause": {func(f *facts) {
			f.Schedules[0].Pauses = append(f.Schedules[0].Pauses, pauseFacts{From: time.Date(2025, 11, 30, 20, 0, 0, 0, time.UTC)})
		}, "RENT-2025-12-01 is paid over 1000, and began in a pause"},
		"billed after the end": {func(f *facts) {
			ended := time.Date(2025, 11, 30, 20, 0, 0, 0, time.UTC)
			f.Schedules[0].EndedAt = &ended
		}, "RENT-2025-12-01 is paid over 1000, and began in a pause or after the end"},
		"oversold":                   {func(f *facts) { f.Shelves[0].stock = 0 }, "of Fork there are 0, and 3 are in orders"},
		"stock that is lost":         {func(f *facts) { f.Products[0].Sold = 5 }, "of Fork 5 count as sold, and 3 are in orders"},
		"another price":              {func(f *facts) { f.Orders[0].Total = 1 }, "ORD-1 costs 1, and its things 7500"},
		"sent unpaid":                {func(f *facts) { f.Orders[1].FulfilledAt = at(1) }, "ORD-2 was sent and never paid"},
		"sent while the bank has it": {func(f *facts) { f.SentUnpaid = []string{"i"} }, "the order i was sent while no bank had paid it"},
		"sent and paid back":         {func(f *facts) { f.Orders[0].BackAt = at(19) }, "ORD-1 was sent at"},
		"nobody approved":            {func(f *facts) { f.Staff[0].Approval = "" }, "a try of P-0 over 7000 had no approval"},
		"approved by himself":        {func(f *facts) { f.Staff[0].AnsweredBy = "payer" }, "was approved by who made it"},
		"approved by his right":      {func(f *facts) { f.Staff[0].InPlaceOf = "payer" }, "was approved by who made it"},
		"another sum approved":       {func(f *facts) { f.Staff[0].Approved = 6500 }, "approved are 6500"},
		"another card approved":      {func(f *facts) { f.Staff[0].Method = "other" }, "with another method"},
		"approved afterwards":        {func(f *facts) { f.Staff[0].AnsweredAt = at(10) }, "approved it was from"},
		"somebody else's approval":   {func(f *facts) { f.Staff[0].AskedBy = "clerk" }, "of somebody else's"},
		"nobody approved the parts":  {func(f *facts) { f.Staff[2].Amount++ }, "a try of P-0 over 1001 had no approval"},
		"two approvals":              {func(f *facts) { f.Staff = append(f.Staff, f.Staff[0]) }, "has two approvals"},
		"a stage twice": {func(f *facts) {
			f.Late = []lateFacts{late(lateFee{1, 400, *at(30), false}, lateFee{1, 400, *at(30), false})}
		}, "was charged late fee 1 2 times"},
		"fees beyond the cap": {func(f *facts) {
			f.Late = []lateFacts{late(lateFee{1, 400, *at(30), false}, lateFee{2, 600, *at(30), false})}
		}, "late fees of 1000, and 900 is the most"},
		"a fee too early":           {func(f *facts) { f.Late = []lateFacts{late(lateFee{3, 400, *at(30), false})} }, "was not late enough"},
		"a fee not booked":          {func(f *facts) { f.Late[0].Booked = 0 }, "late fees of P-0 stand at 400; booked are 0"},
		"a fee that nobody charges": {func(f *facts) { f.LateOn = false }, "nobody charges any"},
		"a mail twice":              {func(f *facts) { f.Mails = []string{"2 mails of P-0"} }, "2 mails of P-0"},
	} {
		f := sound()
		f.Books.Intents[0].Metadata.Invoice = "i"
		c.plant(&f)
		if wrong := judge(f); !strings.Contains(strings.Join(wrong, "\n"), c.want) {
			t.Errorf("%s: it says %q, want %q", name, wrong, c.want)
		}
	}
}
