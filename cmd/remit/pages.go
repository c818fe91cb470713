package main

import (
	"log/slog"

	"remit/commands"
	"remit/portal"
	"remit/program"
)

// pages makes the portal.
func pages(c *commands.Commands, logger *slog.Logger) (program.Portal, error) {
	return portal.New(portal.Options{Commands: c, Logger: logger}), nil
}
