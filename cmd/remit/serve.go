package main

import (
	"context"
	"fmt"
	"log/slog"

	"remit/api/httpsec"
	"remit/dev"
	"remit/program"
	"remit/script"
)

type serveCommand struct {
	Work bool `help:"Run the worker in the same process."`
}

// Help is shown by remit serve --help.
func (serveCommand) Help() string {
	return "Settings are environment variables: docs/operations.md lists them, remit config prints them."
}

func (v *serveCommand) Run(ctx context.Context, s *surroundings) error {
	c, err := readConfig(s.environ)
	if err != nil {
		return err
	}
	if c.Addr == "" {
		c.Addr = dev.DefaultAddress
	}
	return s.runProgram(ctx, c, c.Addr, v.Work)
}

// defaultOpsAddress is where the operator's port is unless REMIT_OPS_ADDR says
// otherwise.
const defaultOpsAddress = "127.0.0.1:9090"

// runProgram runs Remit's parts in earnest until ctx ends. It logs to standard
// output.
func (s *surroundings) runProgram(ctx context.Context, c config, listen string, work bool) error {
	if err := c.check(need{database: true, temporal: true, masterKey: true}); err != nil {
		return err
	}
	proxies, err := httpsec.ParseProxies(c.Proxies)
	if err != nil {
		return fmt.Errorf("REMIT_PROXIES: %w", err)
	}
	security, err := c.temporalTLS()
	if err != nil {
		return err
	}
	provider, err := c.identityProvider()
	if err != nil {
		return err
	}
	fee, err := c.applicationFee()
	if err != nil {
		return err
	}
	postman, err := c.postman()
	if err != nil {
		return err
	}
	if c.OpsAddr == "" {
		c.OpsAddr = defaultOpsAddress
	}
	logger := slog.New(slog.NewJSONHandler(s.out, &slog.HandlerOptions{Level: c.LogLevel}))
	p, err := program.Start(ctx, program.Config{
		DatabaseURL: c.DatabaseURL.Reveal(), TemporalAddress: c.TemporalAddress, Namespace: c.TemporalNamespace, TemporalTLS: security,
		StripeURL: c.StripeURL, StripeRate: c.StripeRate, KEKFile: c.MasterKeyFile, Seals: c.AuditSeals,
		PlatformKey: c.PlatformKey, ClientID: c.ClientID, ConnectSecret: c.ConnectSecret, ApplicationFee: fee,
		Listen: listen, PublicURL: c.PublicURL, Proxies: proxies, FormTargets: c.FormTargets, Identity: provider,
		Work: work, OpsListen: c.OpsAddr, Logger: logger, Portal: pages, ScriptRunner: []string{s.program, script.Subcommand},
		Postman: postman, DashboardEvery: program.DashboardEvery,
	})
	if err != nil {
		return err
	}
	logger.InfoContext(ctx, "started", "url", p.URL, "operations", p.OpsURL, "worker", work, "version", version())
	select {
	case <-ctx.Done():
		logger.InfoContext(ctx, "stopping")
		return p.Close(context.WithoutCancel(ctx))
	case err := <-p.Failed():
		logger.ErrorContext(ctx, "a part failed", "error", err)
		return err
	}
}
