package main

import (
	"log/slog"

	"remit/commands"
	"remit/program"
)

// pages makes the portal; nil serves the API alone.
var pages func(*commands.Commands, *slog.Logger) (program.Portal, error)
