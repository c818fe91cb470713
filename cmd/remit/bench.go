package main

import (
	"context"

	"remit/bench"
)

type benchCommand struct {
	Rounds   int `default:"3"   help:"Of each measurement, in turns."`
	Payments int `default:"200" help:"Payments and journeys a round."`
}

// Help is shown by remit bench --help.
func (benchCommand) Help() string {
	return "Payments and journeys per second beside the floors of the same Temporal server, in a temporary folder. Figures are for comparison on one machine."
}

func (c *benchCommand) Run(ctx context.Context, s *surroundings) error {
	return bench.Run(ctx, s.out, bench.Options{Rounds: c.Rounds, Payments: c.Payments, Program: s.program})
}
