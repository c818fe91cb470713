package prove

import "math/rand/v2"

// scene is a day in which what is known to break such systems comes together:
// chance alone would bring it about now and then. Each seed has one for its first
// day, in turn.
type scene struct {
	name string
	day  func(r *rand.Rand) Day
	// next changes the day after it, where the scene goes on.
	next func(r *rand.Rand, d *Day)
}

var scenes = []scene{
	{"killed right after the charge, and awake a day later", func(r *rand.Rand) Day {
		return Day{
			Acts:  []Act{{Kind: "pay", Card: "saved", Times: 1}, {Kind: "pay", Invoice: 1, Card: "saved", Times: 1, After: 200}},
			Kills: []Kill{{Part: partWorker, Boundary: "confirm answered", Passing: 1, Down: 3000}},
			Night: Night{Hours: 25 + r.IntN(10), Asleep: true},
		}
	}, nil},
	{"killed right after the charge, and awake at once", func(r *rand.Rand) Day {
		return Day{
			Acts:  []Act{{Kind: "pay", Card: "saved", Times: 1}, {Kind: "pay", Invoice: 1, Card: "saved", Times: 2, Later: r.IntN(300), Quit: true}},
			Kills: []Kill{{Part: partWorker, Boundary: "confirm answered", Passing: 1}},
			Night: Night{Hours: 1},
		}
	}, nil},
	{"the answer of a charge and all events are lost", func(r *rand.Rand) Day {
		return Day{
			Fault: silence(r),
			Acts:  []Act{{Kind: "pay", Card: "saved", Times: 1}, {Kind: "pay", Invoice: 1, Card: "saved", Times: 1, After: 300}},
			Night: Night{Hours: 26},
		}
	}, nil},
	{"a declined card, another one, and only the first one's event arrives", func(r *rand.Rand) Day {
		f := silence(r)
		f.Rules[0].Match.Times, f.Rules[0].Match.Nth = 0, []int{2}
		f.Webhooks = &WebhookFaults{Drop: 0.5, Seed: r.Int64N(1 << 30)}
		return Day{
			Fault: f,
			Acts:  []Act{{Kind: "pay", Card: "saved-broke", Times: 1}},
			Night: Night{Hours: 2},
		}
	}, nil},
	{"the payer's role is taken away while the intent is being made", func(r *rand.Rand) Day {
		f := &Fault{Rules: []FaultRule{{Effect: "delay", MS: 2300}}}
		f.Rules[0].Match.Method, f.Rules[0].Match.Path, f.Rules[0].Match.Times = "POST", "/v1/payment_intents", 1
		return Day{
			Fault: f,
			Acts:  []Act{{Kind: "pay", Card: "saved", Times: 1}, {Kind: "rights", Under: true, Later: 4000 + r.IntN(1000)}},
			Night: Night{Hours: 1},
		}
	}, nil},
	{"a hosted checkout is paid while two people press Pay", func(r *rand.Rand) Day {
		return Day{
			Acts: []Act{
				{Kind: "checkout", Card: "good", Times: 1, Later: 200 + r.IntN(400)},
				{Kind: "pay", Card: "saved", Times: 2, After: 500 + r.IntN(500), Later: r.IntN(50), Quit: true},
				{Kind: "transfer", After: 500 + r.IntN(700)},
			},
			Night: Night{Hours: 26},
		}
	}, nil},
	{"the page was made, its answer was lost, and somebody pays otherwise", func(r *rand.Rand) Day {
		f := &Fault{Rules: []FaultRule{{Effect: "drop_after"}}}
		f.Rules[0].Match.Method, f.Rules[0].Match.Path, f.Rules[0].Match.Times = "POST", "/v1/checkout/sessions", 1+r.IntN(2)
		return Day{
			Fault: f,
			Acts: []Act{
				{Kind: "link", Card: "good", Times: 2, Later: r.IntN(800)},
				{Kind: "pay", Card: "saved", Times: 1, After: 300 + r.IntN(900)},
				{Kind: "void", Invoice: 1, After: 900}, {Kind: "link", Invoice: 1, Card: "good", Times: 1, Later: r.IntN(800)},
			},
			Night: Night{Hours: 26},
		}
	}, nil},
	{"Stripe says nothing for days, and somebody looks there", func(r *rand.Rand) Day {
		return Day{
			Fault: muteAboutIntents(r.IntN(2) == 0),
			Acts:  []Act{{Kind: "pay", Card: "saved", Times: 1}, {Kind: "pay", Invoice: 1, Card: "saved", Times: 1, After: 300}},
			Night: Night{Hours: 80},
		}
	}, func(r *rand.Rand, d *Day) {
		d.Fault = muteAboutIntents(true)
		d.Acts = append(d.Acts, Act{Kind: "look", After: 300}, Act{Kind: "look", After: 600 + r.IntN(600)})
		d.Kills = append(d.Kills, Kill{Part: partWorker, Boundary: []string{"asked once more", "settled by hand"}[r.IntN(2)], Passing: 1})
	}},
	{"a refund whose answer is lost, and a worker that dies over another", func(r *rand.Rand) Day {
		f := &Fault{Rules: []FaultRule{{Effect: []string{"drop_after", "error_after", "delay"}[r.IntN(3)]}}}
		if f.Rules[0].Effect == "delay" {
			f.Rules[0].MS = 4000
		}
		f.Rules[0].Match.Method, f.Rules[0].Match.Path, f.Rules[0].Match.Times = "POST", "/v1/refunds", 1+r.IntN(2)
		return Day{
			Fault: f,
			Acts: []Act{
				{Kind: "pay", Card: "saved", Times: 1}, {Kind: "pay", Invoice: 1, Card: "saved", Times: 1},
				{Kind: "refund", After: 2500, Amount: 400, Times: 2, Choice: "settle"}, {Kind: "refund", Invoice: 1, After: 3500, Amount: 300, Times: 1, Choice: "reopen"},
			},
			Kills: []Kill{{Part: partWorker, Boundary: "refund answered", Passing: 1 + r.IntN(2)}},
			Night: Night{Hours: 2},
		}
	}, nil},
	{"a bank debit that was paid comes back while it is refunded", func(r *rand.Rand) Day {
		return Day{
			Acts: []Act{
				{Kind: "debit", Card: "bank", Times: 1}, {Kind: "debit", Invoice: 1, Card: "bank", Times: 2, Later: r.IntN(200)},
				{Kind: "debit", Invoice: 2, Card: "bank-returns", Times: 1},
			},
			Night: Night{Hours: 24 * 9},
		}
	}, func(r *rand.Rand, d *Day) {
		d.Acts = append(d.Acts,
			Act{Kind: "refund", After: 300 + r.IntN(300), Times: 1, Choice: "settle"}, Act{Kind: "return", After: 300 + r.IntN(300), Choice: "insufficient_funds"},
			Act{Kind: "return", Invoice: 1, After: 300 + r.IntN(300), Choice: "debit_not_authorized"}, Act{Kind: "refund", Invoice: 1, After: 400 + r.IntN(400), Times: 2, Choice: "reopen"})
		d.Kills = append(d.Kills, Kill{Part: partWorker, Boundary: []string{"refund answered", "changed"}[r.IntN(2)], Passing: 1})
	}},
	{"a bank debit is cancelled while it settles", func(r *rand.Rand) Day {
		return Day{
			Acts: []Act{
				{Kind: "debit", Card: "bank", Times: 1}, {Kind: "cancel", Under: true, Times: 2, After: 300, Choice: "settle", Later: r.IntN(200)},
				{Kind: "debit", Invoice: 1, Card: "bank", Times: 1}, {Kind: "cancel", Invoice: 1, Under: true, Times: 1, After: 300},
				{Kind: "debit", Invoice: 2, Card: "bank-broke", Times: 1}, {Kind: "pay", Invoice: 2, Card: "saved", Times: 1, After: 1500},
			},
			Kills: []Kill{{Part: partWorker, Boundary: "intent canceled", Passing: 1}},
			Night: Night{Hours: 24 * 8, Asleep: r.IntN(2) == 0},
		}
	}, nil},
	{"the account is disconnected while a checkout is open and a debit on its way", func(r *rand.Rand) Day {
		d := Day{
			Fault: &Fault{},
			Acts: []Act{
				{Kind: "checkout", Card: "good", Times: 1, Later: 7000 + r.IntN(1000)},
				{Kind: "link", Invoice: 1, Card: "good", Times: 1, Later: 7000 + r.IntN(1000)},
				{Kind: "disconnect", After: 1500 + r.IntN(1000), Later: 9000, Times: 1 + r.IntN(2), Leave: r.IntN(2) == 0},
			},
			Night: Night{Hours: 24 * 8},
		}
		if r.IntN(2) == 0 { // which keeps the account connected until it has settled
			d.Acts = append(d.Acts, Act{Kind: "debit", Invoice: 2, Card: "bank", Times: 1, After: r.IntN(1000)})
		}
		if r.IntN(2) == 0 {
			d.Kills = []Kill{{Part: partWorker, Boundary: []string{"wound down", "session expired"}[r.IntN(2)], Passing: 1}}
		}
		return d
	}, nil},
	{"access is given up at once while nobody knows what a card was charged", func(r *rand.Rand) Day {
		return Day{
			Fault: silence(r),
			Acts: []Act{
				{Kind: "pay", Card: "saved", Times: 1}, {Kind: "pay", Invoice: 1, Card: "saved", Times: 1, After: 300},
				{Kind: "disconnect", Choice: []string{"force", "revoke"}[r.IntN(2)], After: 400 + r.IntN(800), Later: r.IntN(2000), Times: 1, Leave: r.IntN(2) == 0},
			},
			Night: Night{Hours: 26},
		}
	}, nil},
	lastPieces,
	lateSchedules,
}

// muteAboutIntents is a Stripe that charges, and tells nothing of it: neither by
// an answer nor by an event, nor to who asks.
func muteAboutIntents(drops bool) *Fault {
	silent := &Fault{Webhooks: &WebhookFaults{Drop: 1}}
	for _, path := range []string{"/v1/payment_intents/*/confirm", "/v1/payment_intents/*"} {
		rule := FaultRule{Effect: "error_after", Status: 502}
		if drops {
			rule.Effect, rule.Status = "drop_after", 0
		}
		rule.Match.Path = path
		if path == "/v1/payment_intents/*" {
			rule.Match.Method = "GET"
		}
		silent.Rules = append(silent.Rules, rule)
	}
	return silent
}
