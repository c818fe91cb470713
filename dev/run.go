package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"remit"
	"remit/api/httpsec"
	"remit/commands"
	"remit/demo"
	"remit/embedded"
	"remit/program"
	"remit/secrets"
)

// DefaultAddress is where Remit is served unless it is taken or another is given.
const DefaultAddress = "127.0.0.1:8080"

// Options say what takes the place of a part that would be brought up.
type Options struct {
	Folder          string         // the data folder; "" is [embedded.DefaultFolder]
	Address         string         // host:port; "" is [DefaultAddress], or a free port where that is taken
	PublicURL       string         // as people reach it; "" is http://Address
	DatabaseURL     secrets.Secret // instead of a PostgreSQL of its own
	TemporalAddress string         // instead of a Temporal of its own
	Namespace       string
	StripeURL       string         // instead of a stand-in of its own
	StripeRate      string         // calls a second to each account, see [gateway.ParseLimits]
	StripeKey       secrets.Secret // a test key for the demo; one is made up otherwise
	PlatformKey     secrets.Secret // of Remit's own account, beside another Stripe than the stand-in of this machine
	ClientID        string
	ConnectSecret   secrets.Secret
	ApplicationFee  remit.ApplicationFee
	NoDemo          bool
	// LoopbackWebhooks lets webhooks be sent to this machine itself.
	LoopbackWebhooks bool
	Proxies          httpsec.Proxies
	Program          string   // this program, which is also the stand-in's
	ProgramEnv       []string // what the stand-in's process needs in its environment
	LogLevel         slog.Level
	Out              io.Writer // progress for a person
	Portal           func(*commands.Commands, *slog.Logger) (program.Portal, error)
}

// running is a Remit on this machine, in the course of being brought up.
type running struct {
	Options
	say      *progress
	log      *slog.Logger
	folder   *embedded.Folder
	isDemo   bool   // a demo is made
	earnest  bool   // Stripe is no stand-in of this machine
	admin    string // URL of the database as its superuser
	database string // and as the program signs in
	parts    []*part
	broken   chan error // a part that cannot be brought back
	standin  string
	program  *program.Program
	// preparing says what is still being made before Remit is ready.
	preparing atomic.Pointer[string]
}

// Run brings everything up, serves until ctx ends or a part fails for good, and
// stops everything in order. It returns nil where ctx ended it.
func Run(ctx context.Context, options Options) (err error) {
	r := &running{Options: options, say: newProgress(options.Out), broken: make(chan error, 4)}
	if err := r.refuse(); err != nil {
		return err
	}
	if r.folder, err = openFolder(options.Folder); err != nil {
		return err
	}
	logFile, err := openLog(r.folder.Path("remit.log"))
	if err != nil {
		return errors.Join(err, r.folder.Close())
	}
	r.log = slog.New(slog.NewJSONHandler(logFile, &slog.HandlerOptions{Level: options.LogLevel}))
	defer func() {
		err = errors.Join(err, r.stop(context.WithoutCancel(ctx)), logFile.Close(), r.folder.Close())
		if err == nil {
			r.say.line("Stopped. Nothing is lost; the next start goes on from here.")
		}
	}()
	if err := r.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // stopped while starting, as asked
		}
		return err
	}
	return r.serve(ctx)
}

// start brings up one part after the other.
func (r *running) start(ctx context.Context) error {
	r.say.line("Remit on this machine; its data is in " + r.folder.Path())
	for _, step := range []func(context.Context) error{r.startDatabase, r.startTemporal, r.startStandin, r.startProgram} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// serve makes the demo, says that all is well, and waits.
func (r *running) serve(ctx context.Context) error {
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	furnished := make(chan error, 1)
	go func() { furnished <- r.furnish(working) }()
	for {
		select {
		case <-ctx.Done():
			r.say.line("Stopping ...")
			cancel()
			if furnished != nil {
				if err := <-furnished; err != nil {
					r.log.InfoContext(ctx, "the demo was cut off", "error", err)
				}
			}
			return nil
		case err := <-furnished:
			furnished = nil
			r.preparing.Store(new(string))
			if err != nil && ctx.Err() == nil {
				r.log.ErrorContext(ctx, "the demo is incomplete", "error", err)
				r.say.line("The demo is incomplete (" + err.Error() + "). The next start goes on with it.")
			}
			r.say.ready(r)
		case err := <-r.broken:
			return err
		case err := <-r.program.Failed():
			return fmt.Errorf("a part of Remit itself failed: %w", err)
		}
	}
}

// furnish makes what is missing of the demo.
func (r *running) furnish(ctx context.Context) error {
	if !r.isDemo {
		return nil
	}
	key, err := r.stripeKey()
	if err != nil {
		return err
	}
	if err := demo.KeepWebhooks(ctx, r.standin, key, r.program.URL); err != nil {
		r.log.WarnContext(ctx, "events of the stand-in may go to a former address", "error", err)
	}
	return demo.Seed(ctx, demo.Options{
		URL: r.program.URL, Commands: r.program.Commands, StripeKey: key,
		StateFile: r.folder.Path("demo.json"), TokenFile: r.folder.Path(TokenFile), Now: time.Now, Report: r.say.line,
	})
}

// stop ends everything in the opposite order.
func (r *running) stop(ctx context.Context) error {
	var errs []error
	if r.program != nil {
		errs = append(errs, r.program.Close(ctx))
	}
	for _, p := range slices.Backward(r.parts) {
		errs = append(errs, p.stop(ctx))
	}
	return errors.Join(errs...)
}

func openFolder(path string) (*embedded.Folder, error) {
	if path == "" {
		var err error
		if path, err = embedded.DefaultFolder(); err != nil {
			return nil, err
		}
	}
	return embedded.OpenFolder(path)
}
