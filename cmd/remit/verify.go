package main

import (
	"context"
	"fmt"

	"remit/commands"
	"remit/seals"
)

type verifyCommand struct {
	Seals string `placeholder:"FILE" help:"A file of audit seals, or a copy of one; that of REMIT_AUDIT_SEALS by default."`
}

func (v *verifyCommand) Run(ctx context.Context, s *surroundings) error {
	return s.operate(ctx, false, func(c *commands.Commands) error {
		book, err := v.book(c)
		if err != nil {
			return err
		}
		report, err := c.Verify(ctx, book)
		if err != nil {
			return err
		}
		for _, said := range append(report.Resumed, report.Wrong...) {
			fmt.Fprintln(s.out, said)
		}
		if report.Seals == 0 {
			fmt.Fprintln(s.out, "There are no seals of audit trails: one that was rewritten with all its hashes would not be noticed.")
		}
		fmt.Fprintf(s.out, "Verified %d tenants, %d audit entries, %d seals, %d invoices: %d things do not fit.\n",
			report.Tenants, report.AuditEntries, report.Seals, report.Invoices, len(report.Wrong))
		if len(report.Wrong) > 0 {
			return fmt.Errorf("%d things are not what was written", len(report.Wrong))
		}
		return nil
	})
}

func (v *verifyCommand) book(c *commands.Commands) (*seals.Book, error) {
	if v.Seals != "" {
		return seals.ReadBook(v.Seals, c.Secrets)
	}
	return c.Seals.Book()
}
