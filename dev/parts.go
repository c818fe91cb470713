package dev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"remit/embedded"
	"remit/postgres"
	"remit/program"
	"remit/script"
	"remit/secrets"
)

// database is the name of Remit's database on a PostgreSQL of its own.
const database = "remit"

// startDatabase starts PostgreSQL, unless an address was given, and migrates.
func (r *running) startDatabase(ctx context.Context) error {
	if r.DatabaseURL.IsZero() {
		server, err := r.startPostgres(ctx)
		if err != nil {
			return err
		}
		if err := server.CreateDatabase(ctx, database); err != nil {
			return err
		}
		r.admin = server.URL(database)
	} else {
		r.admin = r.DatabaseURL.Reveal()
	}
	r.say.line("Bringing the database up to date")
	if err := postgres.Migrate(ctx, r.admin); err != nil {
		return err
	}
	r.database = r.admin
	if !r.DatabaseURL.IsZero() {
		return nil
	}
	password, err := r.secret("login.password", newPassword)
	if err != nil {
		return err
	}
	r.database, err = postgres.Provision(ctx, r.admin, password.Reveal())
	return err
}

// startPostgres also keeps the server up: at the same port, or not at all,
// since others have its address.
func (r *running) startPostgres(ctx context.Context) (*embedded.Postgres, error) {
	first := ""
	p, err := r.keep(ctx, "PostgreSQL", func(ctx context.Context) (process, error) {
		server, err := embedded.StartPostgres(ctx, r.folder, embedded.Durable, r.say.line)
		if err != nil {
			return nil, err
		}
		return server, sameAddress(&first, server.URL(database), func() error { return server.Stop(ctx) })
	})
	if err != nil {
		return nil, err
	}
	return p.(*embedded.Postgres), nil //nolint:forcetypeassert // as it was made above
}

// startTemporal starts Temporal, unless an address was given. It keeps its
// databases on Remit's PostgreSQL; where that is somebody else's, on one of its
// own.
func (r *running) startTemporal(ctx context.Context) error {
	if r.TemporalAddress != "" {
		return nil
	}
	server := r.admin
	if !r.DatabaseURL.IsZero() {
		own, err := r.startPostgres(ctx)
		if err != nil {
			return err
		}
		server = own.URL("postgres")
	}
	_, err := r.keep(ctx, "Temporal", func(ctx context.Context) (process, error) {
		t, err := embedded.StartTemporal(ctx, r.folder, embedded.TemporalOptions{Postgres: server, Namespace: r.Namespace}, r.say.line)
		if err != nil {
			return nil, err
		}
		return t, sameAddress(&r.TemporalAddress, t.Address, func() error { return t.Stop(ctx) })
	})
	return err
}

// startStandin starts the stand-in for Stripe, unless an address was given.
func (r *running) startStandin(ctx context.Context) error {
	if r.StripeURL != "" {
		r.standin = strings.TrimSuffix(r.StripeURL, "/")
		r.judgeStripe(ctx)
		return nil
	}
	_, err := r.keep(ctx, "the stand-in for Stripe", func(ctx context.Context) (process, error) {
		s, err := embedded.StartStandin(ctx, r.folder, embedded.StandinOptions{Program: r.Program, Env: r.ProgramEnv}, r.say.line)
		if err != nil {
			return nil, err
		}
		return s, sameAddress(&r.standin, s.URL, func() error { return s.Stop(ctx) })
	})
	return err
}

// sameAddress notes where a part is, and refuses one that came back elsewhere.
func sameAddress(first *string, now string, stop func() error) error {
	if *first == "" {
		*first = now
	}
	if *first != now {
		return errors.Join(errors.New("it came back on another port, because its own was taken meanwhile; stop and start again"), stop())
	}
	return nil
}

// startProgram starts API, portal and worker in this process.
func (r *running) startProgram(ctx context.Context) error {
	kek := r.folder.Path("master.key")
	if err := secrets.CreateKEK(kek); err != nil {
		return err
	}
	if err := r.chooseAddress(ctx); err != nil {
		return err
	}
	metrics, err := r.folder.Port("metrics")
	if err != nil {
		return err
	}
	platform, err := r.openPlatform(ctx, r.address())
	if err != nil {
		return err
	}
	preparing := ""
	if r.isDemo {
		preparing = "the demo is being made"
	}
	r.preparing.Store(&preparing)
	r.say.line("Starting Remit")
	r.program, err = program.Start(ctx, program.Config{
		DatabaseURL: r.database, TemporalAddress: r.TemporalAddress, Namespace: r.Namespace, StripeURL: r.standin, StripeRate: r.StripeRate, KEKFile: kek,
		PlatformKey: platform.key, ClientID: platform.clientID, ConnectSecret: platform.connectSecret, ApplicationFee: r.ApplicationFee,
		Seals: r.folder.Path(SealsFile), Listen: r.Address, PublicURL: r.PublicURL, Proxies: r.Proxies, Work: true, Sandbox: r.isSandbox(), LoopbackWebhooks: r.LoopbackWebhooks,
		OpsListen: net.JoinHostPort("127.0.0.1", strconv.Itoa(metrics)), Logger: r.log, Portal: r.Portal,
		ScriptRunner: []string{r.Program, script.Subcommand}, DashboardEvery: program.DashboardEvery,
		Preparing: func() string { return *r.preparing.Load() },
	})
	if err != nil {
		return err
	}
	return r.writeEnvironment(kek)
}

// chooseAddress takes the default address where it is free, else a port of the
// folder's. An address that was asked for is taken as it is.
func (r *running) chooseAddress(ctx context.Context) error {
	if r.Address != "" {
		return nil
	}
	r.Address = DefaultAddress
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", DefaultAddress)
	if err == nil {
		return listener.Close()
	}
	port, err := r.folder.Port("http")
	if err != nil {
		return err
	}
	r.Address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	r.say.line(fmt.Sprintf("%s is taken by another program; using %s (set REMIT_ADDR to choose)", DefaultAddress, r.Address))
	return nil
}

// redacted is an address without its password.
func redacted(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return "(not an address)"
	}
	return parsed.Redacted()
}
