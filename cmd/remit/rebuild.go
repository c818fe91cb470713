package main

import (
	"context"
	"fmt"

	"remit/commands"
)

type rebuildCommand struct{}

func (rebuildCommand) Run(ctx context.Context, s *surroundings) error {
	return s.operate(ctx, true, func(c *commands.Commands) error {
		report, err := c.Rebuild(ctx)
		fmt.Fprintf(s.out, "Looked at %d, started %d.\n", report.Looked, report.Started)
		return err
	})
}
