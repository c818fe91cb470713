package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"remit/commands"
	"remit/program"
)

// operate opens Remit's commands for something an operator does, and closes
// them after. Nothing is served and nothing is collected meanwhile.
func (s *surroundings) operate(ctx context.Context, withTemporal bool, do func(*commands.Commands) error) (err error) {
	c, err := localConfig(s.environ)
	if err != nil {
		return err
	}
	if err := c.check(need{database: true, masterKey: true, temporal: withTemporal}); err != nil {
		if c.DatabaseURL.IsZero() {
			return noneHere(c, fmt.Sprintf("set what is missing:\n%s", err))
		}
		return err
	}
	settings := program.Config{
		DatabaseURL: c.DatabaseURL.Reveal(), StripeURL: c.StripeURL, StripeRate: c.StripeRate, KEKFile: c.MasterKeyFile, Seals: c.AuditSeals, PublicURL: c.PublicURL,
		PlatformKey: c.PlatformKey, ClientID: c.ClientID, ConnectSecret: c.ConnectSecret,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if withTemporal {
		settings.TemporalAddress, settings.Namespace = c.TemporalAddress, c.TemporalNamespace
		if settings.TemporalTLS, err = c.temporalTLS(); err != nil {
			return err
		}
	}
	p, err := program.Start(ctx, settings)
	if err != nil {
		return err
	}
	defer func() {
		if closing := p.Close(context.WithoutCancel(ctx)); err == nil {
			err = closing
		}
	}()
	return do(p.Commands)
}
