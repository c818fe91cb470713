// Package program puts Remit together: API, portal and worker in one process or
// apart, on parts that are given. The command line runs it, and whole-program
// tests start it on a free port.
//
// It owns what is started in which order and what is stopped in which. It does
// not own how the parts it is given (PostgreSQL, Temporal, Stripe) come to be.
package program

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"go.temporal.io/sdk/client"
	temporallog "go.temporal.io/sdk/log"

	"remit"
	"remit/activities"
	"remit/api"
	"remit/api/httpsec"
	"remit/commands"
	"remit/gateway"
	"remit/identity"
	"remit/outbound"
	"remit/policies"
	"remit/postgres"
	"remit/script"
	"remit/seals"
	"remit/secrets"
	"remit/webhooks"
	"remit/worker"
	"remit/workflows"
)

// Config says what is started and on which parts.
type Config struct {
	DatabaseURL     string // migrated already
	TemporalAddress string // "" for work on the database alone
	Namespace       string // "" is remit
	TemporalTLS     *tls.Config
	StripeURL       string // "" is Stripe itself
	StripeRate      string // calls a second to each account, see [gateway.ParseLimits]
	StripeTimeout   time.Duration
	StripeTransport http.RoundTripper // for tests that watch requests
	// PlatformKey, ClientID and ConnectSecret are of Remit's own Stripe account, in
	// whose name others' are connected; empty where they connect by their own keys.
	PlatformKey    secrets.Secret
	ClientID       string
	ConnectSecret  secrets.Secret
	ApplicationFee remit.ApplicationFee // of payments to accounts connected to it
	KEKFile        string               // the key that seals all others
	Listen         string               // host:port of API and portal; "" does not serve
	PublicURL      string               // as people reach it; "" is http://Listen
	Proxies        httpsec.Proxies      // whose forwarded headers are believed
	FormTargets    []string             // further origins a form may lead to
	Identity       *identity.Provider   // where people may sign in besides; nil is nowhere
	Work           bool                 // run the worker
	Sandbox        bool                 // beside the stand-in on loopback: test clocks and demo sign-ins
	Answer         time.Duration        // how long a payer waits; 0 is the default
	Times          workflows.Times      // zero is the default
	SweepEvery     time.Duration        // 0 is 5 s
	DashboardEvery time.Duration        // how old figures of Stripe's accounts may get; 0: they are read when somebody asks
	// LoopbackWebhooks lets webhooks be sent to this machine itself; beside the
	// stand-in only.
	LoopbackWebhooks bool
	Seals            string        // file of the audit trails' seals; "" is none
	SealEvery        time.Duration // 0 is a minute
	Logger           *slog.Logger
	OpsListen        string // host:port on loopback of /metrics and /readyz for the operator; "" is none
	// ScriptRunner is the command whose process runs an after-payment script, see
	// script.Main; nil runs none but the shipped one.
	ScriptRunner []string
	// Postman hands mails to a mail server; nil leaves them in the outbox.
	Postman commands.Postman
	// DeliverEvery is how often the outbox is looked at; 0 is 5 s.
	DeliverEvery time.Duration
	// Preparing says what is still being done before Remit is ready, "" when
	// nothing is; nil is nothing.
	Preparing func() string
	// Portal mounts the web pages; nil serves the API alone.
	Portal func(*commands.Commands, *slog.Logger) (Portal, error)
	// Crash is called at the boundaries of money steps; tests kill there.
	Crash func(boundary string)
}

// Portal is the web pages, as they are mounted beside the API.
type Portal interface {
	Mount(router gin.IRouter, auth *api.Auth)
	NotFound(ctx *gin.Context)
	BodyLimit(request *http.Request) int64
}

// Program is a running Remit.
type Program struct {
	Commands *commands.Commands
	// URL is where it is served, without a trailing slash; "" if it is not.
	URL string
	// OpsURL is where the operator's port is, "" if there is none.
	OpsURL string

	config     Config
	db         *postgres.DB
	temporal   client.Client
	server     *http.Server
	operations *operations
	stop       context.CancelFunc
	running    sync.WaitGroup
	failed     chan error
}

// Start brings everything up and returns once it serves. What was started is
// stopped again where something cannot be.
func Start(ctx context.Context, config Config) (_ *Program, err error) {
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	if err := refuseExposedDemo(config); err != nil {
		return nil, err
	}
	p := &Program{config: config, operations: newOperations(), failed: make(chan error, 4)}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.stop = stop
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close(ctx))
		}
	}()
	if err := p.open(ctx); err != nil {
		return nil, err
	}
	p.running.Go(func() { p.db.ListenPolicies(background, p.Commands.Authority, config.Logger) })
	if config.Listen != "" || config.Work {
		if err := p.seal(background); err != nil {
			return nil, err
		}
	}
	if config.Listen != "" {
		if err := p.serve(ctx); err != nil {
			return nil, err
		}
	}
	if config.Work {
		p.work(background)
	}
	if config.OpsListen != "" {
		if err := p.serveOperations(ctx); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Failed tells that a part ended that should not have.
func (p *Program) Failed() <-chan error { return p.failed }

// Close stops in order: no new requests, running ones answered, steps ended,
// then the connections.
func (p *Program) Close(ctx context.Context) error {
	var errs []error
	if p.server != nil {
		waiting, cancel := context.WithTimeout(context.WithoutCancel(ctx), 25*time.Second)
		defer cancel()
		if err := p.server.Shutdown(waiting); err != nil {
			errs = append(errs, fmt.Errorf("stop serving: %w", err))
		}
	}
	if p.operations.server != nil {
		if err := p.operations.server.Close(); err != nil {
			errs = append(errs, fmt.Errorf("stop the operator's port: %w", err))
		}
	}
	p.stop()
	p.running.Wait()
	if p.temporal != nil {
		p.temporal.Close()
	}
	if p.db != nil {
		p.db.Close()
	}
	return errors.Join(errs...)
}

func (p *Program) open(ctx context.Context) error {
	c := p.config
	limits, err := gateway.ParseLimits(c.StripeRate, c.StripeURL)
	if err != nil {
		return fmt.Errorf("the rate of calls to Stripe: %w", err)
	}
	if p.db, err = postgres.Open(ctx, c.DatabaseURL, postgres.Options{}); err != nil {
		return err
	}
	if err := p.refuseUnfit(ctx); err != nil {
		return err
	}
	keys, err := secrets.Open(ctx, c.KEKFile, p.db.Keysets())
	if err != nil {
		return fmt.Errorf("open the keys: %w", err)
	}
	authority, err := policies.New(p.db.Policies(), policies.Options{})
	if err != nil {
		return fmt.Errorf("permissions: %w", err)
	}
	namespace := c.Namespace
	if namespace == "" {
		namespace = "remit"
	}
	if c.TemporalAddress != "" {
		data, failures := secrets.TemporalConverters(keys)
		p.temporal, err = client.DialContext(ctx, client.Options{
			HostPort: c.TemporalAddress, Namespace: namespace, DataConverter: data, FailureConverter: failures,
			Logger: temporallog.NewStructuredLogger(quiet(c.Logger)), ConnectionOptions: client.ConnectionOptions{TLS: c.TemporalTLS},
			MetricsHandler: p.operations.temporal,
		})
		if err != nil {
			return fmt.Errorf("reach Temporal at %s: %w", c.TemporalAddress, err)
		}
	}
	p.Commands = &commands.Commands{
		DB: p.db, Authority: authority, Temporal: p.temporal, Secrets: keys, Logger: c.Logger, Now: time.Now, PublicURL: c.PublicURL,
		Stripe:        gateway.New(gateway.Options{URL: c.StripeURL, Limiter: p.db, Limits: limits, Timeout: c.StripeTimeout, Transport: c.StripeTransport, PlatformKey: c.PlatformKey.Reveal(), ClientID: c.ClientID}),
		ConnectSecret: c.ConnectSecret, ApplicationFee: c.ApplicationFee,
		Outbound: outbound.NewGuard(outbound.Options{Loopback: c.LoopbackWebhooks && c.Sandbox}),
		Answer:   c.Answer, Sandbox: c.Sandbox, Heavy: commands.NewHeavy(commands.HeavyAtOnce), RequireSecondFactor: !c.Sandbox, Identity: c.Identity, Schedules: &sync.Map{},
		MailServer: c.Postman != nil, DashboardEvery: c.DashboardEvery, Crash: c.Crash,
	}
	if c.ScriptRunner != nil {
		p.Commands.Scripts = script.NewRunner(c.ScriptRunner...)
	}
	if c.Seals != "" {
		p.Commands.Seals, err = seals.Open(c.Seals, keys)
	}
	return err
}

func (p *Program) serve(ctx context.Context) error {
	c := p.config
	listener, err := httpsec.Listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	p.URL = c.PublicURL
	if p.URL == "" {
		p.URL = "http://" + listener.Addr().String()
		p.Commands.PublicURL = p.URL
	}
	handler, err := p.handler()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	p.server = httpsec.NewServer(handler, c.Logger)
	p.server.BaseContext = func(net.Listener) context.Context { return context.WithoutCancel(ctx) }
	p.running.Go(func() {
		if err := p.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			p.failed <- fmt.Errorf("serve: %w", err)
		}
	})
	return nil
}

func (p *Program) work(ctx context.Context) {
	steps := worker.Steps{
		Payments: &activities.Payments{
			DB: p.db, Authority: p.Commands.Authority, Seals: p.Commands.Seals, Logger: p.config.Logger, Now: time.Now, Crash: p.config.Crash, Ended: p.operations.attemptEnded,
			ApplicationFee: p.config.ApplicationFee, PublicURL: p.Commands.PublicURL, Scripts: p.Commands.Scripts, Scripted: p.operations.scriptRan,
			Connector: &activities.Connector{DB: p.db, Gateway: p.Commands.Stripe, Secrets: p.Commands.Secrets},
		},
		Imports: &activities.Imports{
			DB: p.db, Logger: p.config.Logger, Now: time.Now, Begin: p.Commands.Begin,
			Connector: &activities.Connector{DB: p.db, Gateway: p.Commands.Stripe, Secrets: p.Commands.Secrets},
		},
		Reconciliations: &activities.Reconciliations{
			DB: p.db, Logger: p.config.Logger, Now: time.Now, Crash: p.config.Crash,
			Connector: &activities.Connector{DB: p.db, Gateway: p.Commands.Stripe, Secrets: p.Commands.Secrets},
		},
	}
	steps.BankAccounts = &activities.BankAccounts{DB: p.db, Connector: steps.Payments.Connector, Logger: p.config.Logger, Now: time.Now, Crash: p.config.Crash}
	steps.Connections = p.Commands.Connections(p.config.Crash)
	steps.Dashboards = &activities.Dashboards{DB: p.db, Connector: steps.Payments.Connector, Logger: p.config.Logger, Now: time.Now}
	steps.DueDates = &activities.DueDates{Payments: steps.Payments, Advance: p.Commands.Advance}
	steps.Billing = activities.NewBilling(steps.Payments)
	w := worker.New(p.temporal, steps, worker.Options{Times: p.config.Times})
	p.running.Go(func() {
		if err := w.Run(ctx); err != nil {
			p.failed <- fmt.Errorf("work: %w", err)
		}
	})
	p.running.Go(func() {
		p.sweep(ctx, "the sweep did not end", func(every time.Duration) error { return p.Commands.Sweep(ctx, every) })
	})
	p.running.Go(func() {
		p.sweep(ctx, "what was left at Stripe was not all brought in line", func(time.Duration) error { return p.Commands.SweepStripe(ctx) })
	})
	p.running.Go(func() { p.prune(ctx) })
	if every := p.config.DeliverEvery; p.config.Postman != nil {
		if every == 0 {
			every = 5 * time.Second
		}
		p.running.Go(func() { p.Commands.KeepDelivering(ctx, p.config.Postman, every) })
	}
	deliverer := &webhooks.Deliverer{DB: p.db, Secrets: p.Commands.Secrets, Guard: p.Commands.Outbound, Logger: p.config.Logger, Now: time.Now}
	p.running.Go(func() { deliverer.Run(ctx, deliverEvery) })
}

// deliverEvery is how often it is looked for events to send.
const deliverEvery = time.Second

// DashboardEvery is how old the figures of Stripe's accounts get at most while all
// is well: a refresh of an account that rested takes five calls.
const DashboardEvery = 5 * time.Minute

// pruneEvery is how often it is looked for what is kept no longer.
const pruneEvery = time.Hour

// prune lets go of what is kept no longer. Several processes may do so at once.
func (p *Program) prune(ctx context.Context) {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		done, err := p.Commands.Prune(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			p.config.Logger.WarnContext(ctx, "what is old was not let go of", "error", err)
		case done != (postgres.Pruned{}):
			p.config.Logger.InfoContext(ctx, "what is old was let go of", "card_tries", done.CardTries, "events", done.Events, "mails", done.Mails)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// sweep looks, now and then, for what was left: on the way to a workflow, or to Stripe.
// Each of the two has a loop of its own, so that neither waits for the other.
func (p *Program) sweep(ctx context.Context, failed string, look func(every time.Duration) error) {
	every := p.config.SweepEvery
	if every == 0 {
		every = 5 * time.Second
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := look(every); err != nil && ctx.Err() == nil {
			p.config.Logger.WarnContext(ctx, failed, "error", err)
		}
	}
}
