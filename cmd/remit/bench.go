package main

import (
	"context"

	"remit/bench"
)

type benchCommand struct {
	Rounds  int    `default:"3" help:"Of each measurement, in turns."`
	Each    int    `default:"240" help:"Payments, journeys and bare workflows a round."`
	Profile string `type:"path" help:"Run Remit in this process and write its CPU profile to this file; the load generator is in it too."`
}

// Help is shown by remit bench --help.
func (benchCommand) Help() string {
	return "Payments and journeys a second beside the floors of the same Temporal server, in a temporary folder. Figures are for comparison on one machine and one day."
}

func (c *benchCommand) Run(ctx context.Context, s *surroundings) error {
	return bench.Run(ctx, s.out, bench.Options{Rounds: c.Rounds, Each: c.Each, Program: s.program, Profile: c.Profile})
}
