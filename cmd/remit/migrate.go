package main

import (
	"context"
	"fmt"

	"remit/postgres"
)

type migrateCommand struct{}

func (migrateCommand) Run(ctx context.Context, s *surroundings) error {
	c, err := readConfig(s.environ)
	if err != nil {
		return err
	}
	if err := c.check(need{database: true}); err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, c.DatabaseURL.Reveal()); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "The database is at this program's version.")
	return nil
}
