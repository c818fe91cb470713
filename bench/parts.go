package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"

	"remit/commands"
	"remit/embedded"
	"remit/postgres"
	"remit/program"
	"remit/secrets"
)

// bench is everything that is running.
type bench struct {
	Options
	out      io.Writer
	folder   *embedded.Folder
	postgres *embedded.Postgres
	temporal *embedded.Temporal
	standin  *embedded.Standin
	client   client.Client
	settings program.Config   // of Remit
	operator *program.Program // starts due-date runs, and does nothing of them
	remit    *exec.Cmd        // Remit in a process of its own,
	inside   *program.Program // or in ours, to be profiled
	url      string           // of Remit
	payer    *caller
	ben      uuid.UUID // who may do everything
	payers   payersInTurn
	late     atomic.Int64 // payments that were answered before they had ended
}

// organisation is whose invoices are paid.
const organisation = "/bench"

func (b *bench) say(step string) { _, _ = fmt.Fprintln(b.out, step) }

// start brings up everything but Remit.
func (b *bench) start(ctx context.Context, path string) error {
	var err error
	if b.folder, err = embedded.OpenFolder(path); err != nil {
		return err
	}
	if b.postgres, err = embedded.StartPostgres(ctx, b.folder, embedded.Durable, b.say); err != nil {
		return err
	}
	if err := b.postgres.CreateDatabase(ctx, "remit"); err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, b.postgres.URL("remit")); err != nil {
		return err
	}
	if b.settings.DatabaseURL, err = postgres.Provision(ctx, b.postgres.URL("remit"), "bench"); err != nil {
		return err
	}
	if b.temporal, err = embedded.StartTemporal(ctx, b.folder, embedded.TemporalOptions{Postgres: b.postgres.URL("postgres")}, b.say); err != nil {
		return err
	}
	if b.standin, err = embedded.StartStandin(ctx, b.folder, embedded.StandinOptions{Program: b.Program}, b.say); err != nil {
		return err
	}
	b.settings.KEKFile = filepath.Join(path, "master.key")
	if err := secrets.CreateKEK(b.settings.KEKFile); err != nil {
		return err
	}
	b.settings.TemporalAddress, b.settings.Namespace = b.temporal.Address, b.temporal.Namespace
	b.settings.StripeURL, b.settings.Logger = b.standin.URL, slog.New(slog.DiscardHandler)
	b.client, err = client.DialContext(ctx, client.Options{HostPort: b.temporal.Address, Namespace: b.temporal.Namespace, Logger: discard{}})
	return err
}

// operate does something with Remit's commands before it serves.
func (b *bench) operate(ctx context.Context, do func(*commands.Commands) error) error {
	p, err := program.Start(ctx, b.settings)
	if err != nil {
		return err
	}
	p.Commands.RequireSecondFactor = false // whoever is made here has none
	return errors.Join(do(p.Commands), p.Close(ctx))
}

// serve starts Remit, API and worker, and returns once it is ready.
func (b *bench) serve(ctx context.Context) error {
	b.say("Starting Remit")
	port, err := b.folder.Port("http")
	if err != nil {
		return err
	}
	operators, err := b.folder.Port("metrics")
	if err != nil {
		return err
	}
	const loopback = "127.0.0.1:"
	b.url = "http://" + loopback + strconv.Itoa(port)
	if b.Profile != "" || b.Inside {
		return b.serveInside(ctx, loopback+strconv.Itoa(port))
	}
	log, err := os.OpenFile(b.folder.Path("remit.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	defer log.Close()
	b.remit = exec.CommandContext(context.WithoutCancel(ctx), b.Program, "serve", "--work") //nolint:gosec // remit itself
	b.remit.Env = []string{
		"TZ=UTC", "DATABASE_URL=" + b.settings.DatabaseURL, "TEMPORAL_ADDRESS=" + b.settings.TemporalAddress, "TEMPORAL_NAMESPACE=" + b.settings.Namespace,
		"STRIPE_API_URL=" + b.settings.StripeURL, "REMIT_MASTER_KEY_FILE=" + b.settings.KEKFile,
		"REMIT_ADDR=" + loopback + strconv.Itoa(port), "REMIT_OPS_ADDR=" + loopback + strconv.Itoa(operators),
	}
	b.remit.Stdout, b.remit.Stderr = log, log
	b.remit.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C reaches us alone
	if err := b.remit.Start(); err != nil {
		return fmt.Errorf("start Remit: %w", err)
	}
	return b.ready(ctx)
}

// serveInside runs Remit in this process and profiles it until stop.
func (b *bench) serveInside(ctx context.Context, address string) error {
	b.settings.Listen, b.settings.Work = address, true
	b.settings.Logger = slog.New(slog.NewJSONHandler(io.Discard, nil)) //nolint:sloglint // writing the lines is part of what is measured
	var err error
	if b.inside, err = program.Start(ctx, b.settings); err != nil {
		return err
	}
	return nil
}

func (b *bench) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+"/readyz", http.NoBody)
		if err != nil {
			return fmt.Errorf("ask whether Remit is ready: %w", err)
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			said, _ := os.ReadFile(b.folder.Path("remit.log"))
			return fmt.Errorf("not ready: %w: %s", ctx.Err(), said)
		case <-ticker.C:
		}
	}
}

// warnings gives the last lines of Remit's log that are no information.
func (b *bench) warnings(most int) string {
	said, _ := os.ReadFile(b.folder.Path("remit.log"))
	lines := slices.DeleteFunc(strings.Split(string(said), "\n"), func(line string) bool {
		return strings.Contains(line, `"level":"INFO"`)
	})
	return strings.Join(lines[max(len(lines)-most, 0):], "\n")
}

// profile starts the profile, once what is measured begins.
func (b *bench) profile() (stop func() error, err error) {
	if b.Profile == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(b.Profile)
	if err != nil {
		return nil, fmt.Errorf("make the profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(fmt.Errorf("profile: %w", err), file.Close())
	}
	return func() error { pprof.StopCPUProfile(); return file.Close() }, nil
}

func (b *bench) stop(ctx context.Context) error {
	var errs []error
	if b.client != nil {
		b.client.Close()
	}
	if b.operator != nil {
		errs = append(errs, b.operator.Close(ctx))
	}
	if b.inside != nil {
		errs = append(errs, b.inside.Close(ctx))
	}
	if b.remit != nil && b.remit.Process != nil {
		errs = append(errs, b.remit.Process.Signal(syscall.SIGTERM), b.remit.Wait())
	}
	if b.standin != nil {
		errs = append(errs, b.standin.Stop(ctx))
	}
	if b.temporal != nil {
		errs = append(errs, b.temporal.Stop(ctx))
	}
	if b.postgres != nil {
		errs = append(errs, b.postgres.Stop(ctx))
	}
	if b.folder != nil {
		errs = append(errs, b.folder.Close())
	}
	return errors.Join(errs...)
}

// discard keeps Temporal's client quiet.
type discard struct{}

func (discard) Debug(string, ...any) {}
func (discard) Info(string, ...any)  {}
func (discard) Warn(string, ...any)  {}
func (discard) Error(string, ...any) {}
