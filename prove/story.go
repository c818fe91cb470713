package prove

import (
	"math/rand/v2"
	"slices"
)

// Story is what happens in one world. It follows from its seed, and can be
// written down and run again, whole or in part.
type Story struct {
	Seed     uint64 `json:"seed"`
	Scripted bool   `json:"scripted,omitempty"` // an after-payment script of its own is in force
	Auto     string `json:"auto,omitempty"`     // when saved methods are charged by themselves; "" never
	Fees     string `json:"fees,omitempty"`     // how a card's fee is passed on; "" not at all
	Mode     string `json:"mode,omitempty"`     // how the account is connected; "" by keys
	Carries  bool   `json:"carries,omitempty"`  // what is too small to be charged is billed with the next invoice
	Above    int64  `json:"above,omitempty"`    // minor units, from which on a payment needs a second person; 0 none does
	Late     bool   `json:"late,omitempty"`     // who is late is charged for it
	// Stock is how many there are of what the store sells, -1 as many as are wanted;
	// without it there is no store.
	Stock    []int64 `json:"stock,omitempty"`
	Invoices []Bill  `json:"invoices"`
	Days     []Day   `json:"days"`
}

// Bill is an invoice as it is sent.
type Bill struct {
	Amount int64 `json:"amount"` // minor units
	Due    int   `json:"due"`    // days from the first day
}

// Day is what happens at about the same time, and the night after it.
type Day struct {
	Fault *Fault `json:"fault,omitempty"`
	Acts  []Act  `json:"acts"`
	Kills []Kill `json:"kills,omitempty"`
	Night Night  `json:"night"`
}

// Act is one thing that somebody does.
type Act struct {
	Kind    string `json:"kind"`
	Invoice int    `json:"invoice"`          // which one, from 0
	After   int    `json:"after"`            // milliseconds into the day
	Amount  int64  `json:"amount,omitempty"` // minor units; 0 is what is owed
	Card    string `json:"card,omitempty"`
	Times   int    `json:"times,omitempty"`  // presses of the button
	Later   int    `json:"later,omitempty"`  // milliseconds until a second step
	Choice  string `json:"choice,omitempty"` // what becomes of an invoice that is refunded
	Under   bool   `json:"under,omitempty"`  // waits until a payment of the invoice is under way
	Quit    bool   `json:"quit,omitempty"`   // goes away before the end
	Leave   bool   `json:"leave,omitempty"`  // does not ask again where there was no answer
}

// Kill ends a part on the spot: at an instant, or when it passes a boundary.
type Kill struct {
	Part     string `json:"part"`               // one of the parts, or "all"
	After    int    `json:"after,omitempty"`    // milliseconds into the day
	Boundary string `json:"boundary,omitempty"` // instead of an instant
	Passing  int    `json:"passing,omitempty"`  // of the boundary, from 1
	Down     int    `json:"down,omitempty"`     // milliseconds
}

// Night is how far the clocks go before the next day.
type Night struct {
	Hours int `json:"hours"`
	// Asleep: the worker is down while the clocks move, and finds all of it done.
	Asleep bool `json:"asleep,omitempty"`
}

// cards by the word a story has for them.
var cards = map[string]string{
	"good": "4242424242424242", "broke": "4000000000009995", "asks": "4000002760003184",
	"disputes": "4000000000000259", "inquires": "4000000000001976",
	"saved": "4242424242424242", "saved-broke": "4000000000000341",
}

const partAll = "all"

// everyPart is what may be killed at an instant; the worker does the most, so it
// is killed the most.
var everyPart = []string{partWorker, partWorker, partWorker, partAPI, partAPI, partPostgres, partTemporal, partStandin, partAll}

// NewStory makes a story of a seed.
func NewStory(seed uint64) Story {
	r := rand.New(rand.NewPCG(seed, 0x52656d6974)) //nolint:gosec // a story has to be the same each time
	s := Story{Seed: seed, Scripted: r.IntN(3) == 0, Auto: autoCharge(r), Fees: feesOf(seed), Mode: modeOf(r)}
	for range 14 + r.IntN(4) {
		s.Invoices = append(s.Invoices, Bill{Amount: 1000 + int64(r.IntN(40))*500 + int64(r.IntN(100)), Due: r.IntN(40)})
	}
	s.carry()
	s.agree()
	for range 4 + r.IntN(2) {
		s.Days = append(s.Days, newDay(r, &s, dailyPayments*len(s.Days)))
	}
	if r.IntN(2) == 0 { // somebody is always paid back in the end
		last := &s.Days[len(s.Days)-1]
		a := Act{Kind: "refund", Invoice: r.IntN(len(s.Invoices)), After: r.IntN(600)}
		writeRefund(r, &s, &a)
		last.Acts = append(last.Acts, a)
	}
	s.trade(r)
	s.inParts()
	s.addKills(r)
	scene := scenes[seed%uint64(len(scenes))]
	if scene.next != nil {
		scene.next(r, &s.Days[0])
	}
	first := scene.day(r)
	if first.Fault == nil {
		first.Fault = &Fault{Webhooks: mishaps(r)}
	}
	s.Days = slices.Insert(s.Days, 0, first)
	return s
}

// feesOf has fees passed on in every third world, in one of the two ways. It is of the
// seed alone, so that a story goes on as it did without.
func feesOf(seed uint64) string {
	switch seed % 6 {
	case 1:
		return "add_on"
	case 4:
		return "gross_up"
	}
	return ""
}

// carry has what is too small to be charged carried in every third world, and some
// invoices be so. It is of the seed alone too.
func (s *Story) carry() {
	if s.Carries = s.Seed%3 == 2; s.Carries {
		for _, n := range []int{1, 4, 5, 9} {
			s.Invoices[n].Amount = int64(9 + n)
		}
	}
}

// agree has payments need a second person in two worlds of five, and late fees be charged
// in three of seven, and gives every world a store. It is of the seed alone too.
func (s *Story) agree() {
	if s.Seed%5 == 0 || s.Seed%5 == 3 {
		s.Above = above
	}
	s.Late = slices.Contains([]uint64{0, 2, 5}, s.Seed%7)
	s.Stock = []int64{3 + int64(s.Seed%3), 2, -1}
}

// trade has every story bill a schedule and sell something, whatever else is chance.
func (s *Story) trade(r *rand.Rand) {
	for n, name := range []string{"schedule", "order", "fulfil", "reschedule"} {
		k, _ := kindOf(name)
		a := Act{Kind: name, Invoice: r.IntN(len(s.Invoices)), After: r.IntN(600)}
		k.write(r, s, &a)
		day := &s.Days[min(n/2+r.IntN(2), len(s.Days)-1)]
		day.Acts = append(day.Acts, a)
	}
}

// inParts has somebody pay an invoice in two parts where payments above a sum need a second
// person: each is below it, and together they are not.
func (s *Story) inParts() {
	if s.Above == 0 {
		return
	}
	const n = 7
	s.Invoices[n].Amount = 2 * s.Above
	for _, after := range []int{0, 2500} {
		s.Days[0].Acts = append(s.Days[0].Acts, Act{Kind: "pay", Invoice: n, Amount: s.Above * 3 / 4, Card: "saved", Times: 1, After: after})
	}
}

// dailyPayments are how many invoices are paid in their turn each day.
const dailyPayments = 4

// newDay has some invoices paid in their turn, from the one given, as on any day;
// the rest is chance.
func newDay(r *rand.Rand, s *Story, from int) Day {
	var d Day
	for n := range dailyPayments {
		d.Acts = append(d.Acts, Act{Kind: "pay", Invoice: (from + n) % len(s.Invoices), After: r.IntN(900), Card: "saved", Times: 1})
	}
	if r.IntN(8) > 0 {
		d.Fault = newFault(r)
	}
	for range 4 + r.IntN(4) {
		k := pickKind(r, s)
		a := Act{Kind: k.name, Invoice: r.IntN(len(s.Invoices)), After: r.IntN(600)}
		k.write(r, s, &a)
		d.Acts = append(d.Acts, a)
	}
	d.Night.Hours = []int{1, 2, 20, 25, 26, 50, 24 * 7, 24 * 30}[r.IntN(8)]
	return d
}

// addKills gives each story a kill at a boundary that one of its acts may pass,
// and to every other one at an instant. Worlds share the processes, so that the
// others' strike it besides; with more of them little is done in between.
func (s *Story) addKills(r *rand.Rand) {
	at := func() *Day { return &s.Days[r.IntN(len(s.Days))] }
	first := at()
	k, _ := kindOf(first.Acts[r.IntN(len(first.Acts))].Kind)
	passes := k.passes
	if s.Scripted && slices.Contains(passes, "recorded") {
		passes = append(slices.Clone(passes), "script ran")
	}
	passing := 1
	if r.IntN(4) == 0 {
		passing = 2
	}
	first.Kills = append(first.Kills, Kill{Part: partWorker, Boundary: passes[r.IntN(len(passes))], Passing: passing, Down: r.IntN(1500)})
	if r.IntN(2) > 0 {
		day := at()
		day.Kills = append(day.Kills, Kill{Part: everyPart[r.IntN(len(everyPart))], After: r.IntN(1500), Down: r.IntN(1500)})
	}
	if r.IntN(3) == 0 { // whoever died stays dead until after a night
		day := at()
		day.Night.Asleep, day.Night.Hours = true, max(day.Night.Hours, 25)
	}
}

// copy is a story that can be changed without changing s.
func (s Story) copy() Story {
	s.Invoices = slices.Clone(s.Invoices)
	s.Days = slices.Clone(s.Days)
	for n := range s.Days {
		s.Days[n].Acts, s.Days[n].Kills = slices.Clone(s.Days[n].Acts), slices.Clone(s.Days[n].Kills)
	}
	return s
}
