// Command temporald is a Temporal server in one process: its four services on
// loopback, its history and visibility in PostgreSQL.
//
// It owns the databases temporal and temporal_visibility and one namespace
// with Remit's search attributes; all are made at start where they are absent.
// It does not own PostgreSQL itself, TLS or authorisation, and therefore
// listens on a loopback address only: for a deployment run Temporal's own
// server image.
//
// It says it is usable by one line of JSON on standard output,
//
//	{"ready":true,"addr":"127.0.0.1:7233","namespace":"remit","pid":4711}
//
// and logs to a file. SIGTERM and SIGINT stop it within 15 seconds. A lost
// database is waited for while it runs; at start it is waited for up to 30
// seconds.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/temporal"
)

// stopWithin bounds a stop: the database may be gone by then, and nothing is
// lost by dying, since every transition is committed before it is answered.
const stopWithin = 15 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "temporald: %v\n", err)
		os.Exit(1)
	}
}

// run starts the server and blocks until ctx is done and it has stopped.
func run(ctx context.Context, args []string) error {
	opts, err := parseOptions(args, os.Getenv)
	if err != nil {
		return err
	}
	release, err := claimPIDFile(opts.pidFile)
	if err != nil {
		return err
	}
	defer release()
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Level: opts.logLevel, OutputFile: opts.logFile}))

	if err := prepareDatabases(ctx, opts, logger); err != nil {
		return err
	}
	server, err := start(opts, logger)
	if err != nil {
		return err
	}
	if err := prepareNamespace(ctx, opts); err != nil {
		return errors.Join(err, stopServer(server))
	}
	ready := map[string]any{"ready": true, "addr": opts.address, "namespace": opts.namespace, "pid": os.Getpid()}
	if err := json.NewEncoder(os.Stdout).Encode(ready); err != nil {
		return errors.Join(err, stopServer(server))
	}
	<-ctx.Done()
	return stopServer(server)
}

func start(opts options, logger log.Logger) (temporal.Server, error) {
	cfg, hosts, err := serverConfig(opts)
	if err != nil {
		return nil, err
	}
	server, err := temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
		temporal.WithDynamicConfigClient(dynamicConfig(opts)),
	)
	if err != nil {
		return nil, fmt.Errorf("assemble the server: %w", err)
	}
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	return server, nil
}

func stopServer(server temporal.Server) error {
	stopped := make(chan error, 1)
	go func() { stopped <- server.Stop() }()
	select {
	case err := <-stopped:
		return err
	case <-time.After(stopWithin):
		return fmt.Errorf("not stopped within %s", stopWithin)
	}
}
