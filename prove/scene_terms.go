package prove

import "math/rand/v2"

var lastPieces = scene{"the last pieces are ordered by many at once, and sent while a bank has yet to pay", func(r *rand.Rand) Day {
	return Day{
		Acts: []Act{
			{Kind: "order", Amount: 2, Card: "good", Times: 2, Later: r.IntN(400)}, {Kind: "order", Amount: 2, Card: "bank", Times: 1, After: r.IntN(300)},
			{Kind: "order", Invoice: 3, Amount: 2, Times: 2, After: r.IntN(300)}, {Kind: "order", Invoice: 1, Amount: 1, Card: "bank-broke", Times: 1},
			{Kind: "fulfil", After: 2500 + r.IntN(1000)},
		},
		Kills: []Kill{{Part: partWorker, Boundary: []string{"stock taken", "order made", "session created"}[r.IntN(3)], Passing: 1 + r.IntN(2), Down: 300}},
		Night: Night{Hours: 3},
	}
}, func(r *rand.Rand, d *Day) {
	d.Acts = append(d.Acts, Act{Kind: "fulfil", After: 300 + r.IntN(300)}, Act{Kind: "give back", After: 300 + r.IntN(300), Times: 1, Choice: "settle"},
		Act{Kind: "order", Amount: 1, Card: "good", Times: 1}, Act{Kind: "fulfil", After: 2500})
	d.Kills = append(d.Kills, Kill{Part: partWorker, Boundary: "order over", Passing: 1})
}}

var lateSchedules = scene{"schedules are made and paused, and nobody works while their periods begin", func(r *rand.Rand) Day {
	return Day{
		Acts: []Act{
			{Kind: "schedule", Choice: "day", Times: 1, Later: -3, Amount: 3000}, {Kind: "schedule", Choice: "week", Times: 1, Later: -30, Amount: 2000, Quit: true, After: 300},
			{Kind: "reschedule", Choice: "pause", After: 2000 + r.IntN(1000), Leave: true},
		},
		Kills: []Kill{{Part: partWorker, Boundary: []string{"bill drafted", "period through", "bills made"}[r.IntN(3)], Passing: 1 + r.IntN(4)}},
		Night: Night{Hours: 80, Asleep: true},
	}
}, func(r *rand.Rand, d *Day) {
	d.Acts = append(d.Acts, Act{Kind: "reschedule", Choice: "resume", After: r.IntN(600)}, Act{Kind: "reschedule", Invoice: 1, Choice: "amount", Amount: 4000, After: r.IntN(600)})
	d.Kills = append(d.Kills, Kill{Part: partWorker, Boundary: "period through", Passing: 1 + r.IntN(3)})
}}
