package main

import (
	"context"
	"fmt"

	"remit/commands"
)

type resumeCommand struct {
	Organisation string `arg:"" help:"Top-level path, such as /acme."`
	Reason       string `required:"" help:"What you have found out; the audit trail keeps it."`
}

// Help is shown by remit resume --help.
func (resumeCommand) Help() string {
	return "Remit moves no money of an organisation whose database lacks what was sealed of it: it is an older one that was restored, or its audit trail was rewritten. Look at remit verify first. This asks Stripe what was charged since, books it, and goes on."
}

func (r *resumeCommand) Run(ctx context.Context, s *surroundings) error {
	return s.operate(ctx, false, func(c *commands.Commands) error {
		done, err := c.ResumeMoney(ctx, r.Organisation, r.Reason)
		for _, found := range done.Found {
			fmt.Fprintln(s.out, found)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "Money is on again for %s. Its audit trail is as it was sealed up to entry %d.\n", done.Path, done.After)
		return nil
	})
}
