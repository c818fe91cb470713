package main

import (
	"context"
	"fmt"

	"remit"
	"remit/bench"
)

type benchCommand struct {
	Rounds  int    `default:"3" help:"Of each measurement, in turns."`
	Each    int    `default:"240" help:"Payments, journeys and bare workflows a round."`
	Only    string `enum:",payments,due,latency,scaling,schedules,waiting,mapping" default:"" help:"One measurement: payments, due, latency, scaling, schedules, waiting or mapping. All but the last four by default."`
	Beside  int    `default:"300" help:"Charges of the due-date run beside which payments are measured."`
	Scale   int    `default:"100000" help:"Open invoices in the larger of the two runs that are compared; schedules that are due at once."`
	Others  int    `help:"How many of those that are not due have their workflow; a fiftieth by default."`
	Waiting int    `default:"5000" help:"Waiting workflows that are started to tell what one costs."`
	Mapped  int    `default:"10000" help:"Customers that are brought together with as many of Stripe's."`
	Lists   bool   `help:"Measure how soon lists answer with 1,000 and with 100,000 rows behind them, instead of payments."`
	Profile string `type:"path" help:"Run Remit in this process and write its CPU profile to this file; the load generator is in it too."`
}

// Help is shown by remit bench --help.
func (benchCommand) Help() string {
	return "Payments and journeys a second beside the floors of the same Temporal server, in a temporary folder. Figures are for comparison on one machine and one day."
}

func (c *benchCommand) Run(ctx context.Context, s *surroundings) error {
	options := bench.Options{Rounds: c.Rounds, Each: c.Each, Program: s.program, Profile: c.Profile, Only: c.Only,
		Beside: c.Beside, Scale: c.Scale, Others: c.Others, Waiting: c.Waiting, Mapped: c.Mapped}
	if c.Lists {
		return bench.Lists(ctx, s.out, options)
	}
	return bench.Run(ctx, s.out, options)
}

type receivablesCommand struct {
	File     string  `arg:""       help:"Receivables as CSV."                                             type:"existingfile"`
	From     string  `default:"2012-01-01" help:"First day of the organisation's clock, on which the file is imported."`
	To       string  `default:"2014-06-30" help:"Day to which the clock runs."`
	Declines float64 `help:"Percent of the charges that banks decline, by a seeded mixture of codes."`
	Seed     int64   `default:"1"  help:"Of the mixture."`
}

// Help is shown by remit receivables --help.
func (receivablesCommand) Help() string {
	return "Imports the file as of a day, saves a card for each customer and runs the clock: each invoice is charged on its due date, what fails is tried again by its ladder. Prints what came of it and where the time went, and fails where a rule is broken."
}

func (c *receivablesCommand) Run(ctx context.Context, s *surroundings) error {
	from, err := remit.ParseDate(c.From)
	if err != nil {
		return usagef("--from: %w", err)
	}
	to, err := remit.ParseDate(c.To)
	if err != nil {
		return usagef("--to: %w", err)
	}
	return bench.Receivables(ctx, func(line string) { fmt.Fprintln(s.out, line) }, bench.ReceivablesOptions{
		Program: s.program, File: c.File, From: from, To: to, Declines: c.Declines, Seed: c.Seed,
	})
}
