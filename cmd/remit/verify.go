package main

import (
	"context"
	"fmt"

	"remit/commands"
)

type verifyCommand struct{}

func (verifyCommand) Run(ctx context.Context, s *surroundings) error {
	return s.operate(ctx, false, func(c *commands.Commands) error {
		report, err := c.Verify(ctx)
		if err != nil {
			return err
		}
		for _, wrong := range report.Wrong {
			fmt.Fprintln(s.out, wrong)
		}
		fmt.Fprintf(s.out, "Verified %d tenants, %d audit entries, %d invoices: %d things do not fit.\n",
			report.Tenants, report.AuditEntries, report.Invoices, len(report.Wrong))
		if len(report.Wrong) > 0 {
			return fmt.Errorf("%d things are not what was written", len(report.Wrong))
		}
		return nil
	})
}
