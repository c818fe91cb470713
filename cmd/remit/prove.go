package main

import (
	"context"
	"log/slog"
	"time"

	"remit/prove"
	"remit/script"
)

type proveCommand struct {
	Runs   int           `help:"How many runs, each a seed of its own; 20 by default."                                xor:"long"`
	For    time.Duration `help:"How long instead, such as 8h."                                                        xor:"long"`
	Seed   uint64        `help:"Seed of the first run; alone, of the only one."`
	Worlds int           `default:"10"                                                                                 help:"Runs at a time; they share the processes and their kills."`
	Mutant string        `help:"Prove a Remit with this fault planted in it, a to j: it must be found. Needs the sources." placeholder:"LETTER"`
	Story  string        `help:"Run the story of a file, such as one that failed."                                    placeholder:"FILE" type:"path"`
	Shrink time.Duration `default:"4m"                                                                                help:"How long a story that failed is made smaller; below 0 not at all."`
	Keep   bool          `help:"Leave databases and logs behind."`
}

// Help is shown by remit prove --help.
func (proveCommand) Help() string {
	return "Runs all of Remit through made-up days of business while everything is killed and lied to, and asks the stand-in's own books afterwards whether each cent is where it should be. docs/prove.md says what is proved."
}

func (c *proveCommand) Run(ctx context.Context, s *surroundings) error {
	return prove.Run(ctx, s.out, prove.Options{
		Runs: c.Runs, For: c.For, Seed: c.Seed, Worlds: c.Worlds, Mutant: c.Mutant, Story: c.Story, Shrink: c.Shrink, Keep: c.Keep, Program: s.program,
	})
}

// provePartCommand is a process that remit prove starts and kills.
type provePartCommand struct {
	Listen  string `help:"Of the API; without it, the worker."`
	Ops     string `required:""`
	Crashes string `required:"" type:"path"`
}

func (c *provePartCommand) Run(ctx context.Context, s *surroundings) error {
	settings, err := readConfig(s.environ)
	if err != nil {
		return err
	}
	if err := settings.check(need{database: true, temporal: true, masterKey: true}); err != nil {
		return err
	}
	fee, err := settings.applicationFee()
	if err != nil {
		return err
	}
	return prove.Part(ctx, prove.PartOptions{
		DatabaseURL: settings.DatabaseURL.Reveal(), TemporalAddress: settings.TemporalAddress, Namespace: settings.TemporalNamespace,
		StripeURL: settings.StripeURL, KEKFile: settings.MasterKeyFile,
		PlatformKey: settings.PlatformKey, ClientID: settings.ClientID, ConnectSecret: settings.ConnectSecret, ApplicationFee: fee, Listen: c.Listen, OpsListen: c.Ops, Crashes: c.Crashes,
		Logger:       slog.New(slog.NewJSONHandler(s.out, &slog.HandlerOptions{Level: settings.LogLevel})),
		ScriptRunner: []string{s.program, script.Subcommand}, Portal: pages,
	})
}
