// Package bench measures Remit beside the least that the same Temporal server
// could do: a bare workflow with one update and one empty activity, and the
// bare journey of an invoice. Floor and figure come from one run, in turns, so
// that the machine's speed of the day cancels out.
//
// It owns the measurement and nothing of what is measured. A figure is for
// comparison and never a test.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"

	"remit/commands"
	"remit/embedded"
	"remit/postgres"
	"remit/program"
	"remit/secrets"
)

// Options say how long and how wide.
type Options struct {
	Rounds   int           // of each measurement in turn; 0 is 3
	Each     time.Duration // how long a floor runs a round; 0 is 6 s
	Payments int           // payments and journeys a round; 0 is 200
	InFlight int           // 0 is 32
	Program  string        // remit's own file, for the stand-in's process
}

// bench is everything that is running.
type bench struct {
	Options
	out      io.Writer
	folder   *embedded.Folder
	postgres *embedded.Postgres
	temporal *embedded.Temporal
	standin  *embedded.Standin
	program  *program.Program
	client   client.Client
	payer    *caller
	customer string
	card     string
	top      string
}

// Run brings everything up in a temporary folder, measures, and prints.
func Run(ctx context.Context, out io.Writer, options Options) (err error) {
	if options.Rounds == 0 {
		options.Rounds = 3
	}
	if options.Each == 0 {
		options.Each = 6 * time.Second
	}
	if options.Payments == 0 {
		options.Payments = 200
	}
	if options.InFlight == 0 {
		options.InFlight = 32
	}
	path, err := os.MkdirTemp("", "remit-bench")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	b := &bench{Options: options, out: out}
	defer func() {
		err = errors.Join(err, b.stop(context.WithoutCancel(ctx)), os.RemoveAll(path))
	}()
	if err := b.start(ctx, path); err != nil {
		return err
	}
	if err := b.furnish(ctx); err != nil {
		return err
	}
	return b.measure(ctx)
}

func (b *bench) start(ctx context.Context, path string) error {
	var err error
	if b.folder, err = embedded.OpenFolder(path); err != nil {
		return err
	}
	say := func(step string) { _, _ = fmt.Fprintln(b.out, step) }
	if b.postgres, err = embedded.StartPostgres(ctx, b.folder, embedded.Durable, say); err != nil {
		return err
	}
	if err := b.postgres.CreateDatabase(ctx, "remit"); err != nil {
		return err
	}
	database := b.postgres.URL("remit")
	if err := postgres.Migrate(ctx, database); err != nil {
		return err
	}
	if b.temporal, err = embedded.StartTemporal(ctx, b.folder, embedded.TemporalOptions{Postgres: b.postgres.URL("postgres")}, say); err != nil {
		return err
	}
	if b.standin, err = embedded.StartStandin(ctx, b.folder, embedded.StandinOptions{Program: b.Program}, say); err != nil {
		return err
	}
	kek := filepath.Join(path, "master.key")
	if err := secrets.CreateKEK(kek); err != nil {
		return err
	}
	b.program, err = program.Start(ctx, program.Config{
		DatabaseURL: database, TemporalAddress: b.temporal.Address, Namespace: b.temporal.Namespace, StripeURL: b.standin.URL, KEKFile: kek,
		Listen: "127.0.0.1:0", Work: true, Sandbox: true, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	b.client, err = client.DialContext(ctx, client.Options{HostPort: b.temporal.Address, Namespace: b.temporal.Namespace, Logger: discard{}})
	return err
}

func (b *bench) stop(ctx context.Context) error {
	var errs []error
	if b.client != nil {
		b.client.Close()
	}
	if b.program != nil {
		errs = append(errs, b.program.Close(ctx))
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

// furnish makes an organisation with a payer and a customer whose card pays.
func (b *bench) furnish(ctx context.Context) error {
	b.top = "/bench"
	c := b.program.Commands
	if err := c.CreateDemoTenant(ctx, commands.OrganisationInput{Path: b.top, Name: "Bench", TimeZone: "UTC", Currency: "USD"}); err != nil {
		return err
	}
	_, err := c.CreateDemoUser(ctx, commands.DemoUser{
		Organisation: b.top, Email: "bench@remit.test", Name: "Ben Bench", Grants: []commands.GrantInput{{Role: "Owner", Path: b.top}},
	})
	if err != nil {
		return err
	}
	if b.payer, err = newCaller(ctx, b.program.URL, b.InFlight); err != nil {
		return err
	}
	if err := b.payer.do(ctx, "PUT", "/v1/stripe/connection/keys", map[string]any{"secret_key": "sk_test_bench", "publishable_key": "pk_test_bench"}, "", nil); err != nil {
		return err
	}
	var customer struct{ ID string }
	if err := b.payer.do(ctx, "POST", "/v1/customers", map[string]any{"organisation": b.top, "name": "Globex"}, "", &customer); err != nil {
		return err
	}
	b.customer = customer.ID
	b.card, err = b.payer.saveCard(ctx, b.customer)
	return err
}

// discard keeps Temporal's client quiet.
type discard struct{}

func (discard) Debug(string, ...any) {}
func (discard) Info(string, ...any)  {}
func (discard) Warn(string, ...any)  {}
func (discard) Error(string, ...any) {}
