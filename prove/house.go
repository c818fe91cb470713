package prove

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
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/client"
	temporallog "go.temporal.io/sdk/log"

	"remit/embedded"
	"remit/postgres"
	"remit/program"
	"remit/secrets"
)

// house is everything that runs: the parts that are killed, and what looks at
// them from outside.
type house struct {
	programFile string
	folder      *embedded.Folder
	crashes     crashes
	url         string // of the API
	standin     string
	platform    *caller  // Remit's own account at the stand-in
	env         []string // of Remit's processes
	parts       map[string]*part
	logger      *slog.Logger
	operator    *program.Program // makes organisations, as an operator would
	sql         *pgxpool.Pool    // reads, and cannot write
	temporal    client.Client
	founding    sync.Mutex    // while the platform's answers are lost
	hashing     sync.Mutex    // while passwords are hashed
	rest        time.Duration // in which everything has to come to rest
}

// The parts, in the order in which they start.
const (
	partPostgres = "postgres"
	partTemporal = "temporal"
	partStandin  = "stand-in"
	partWorker   = "worker"
	partAPI      = "api"
)

var partNames = []string{partPostgres, partTemporal, partStandin, partWorker, partAPI}

const database = "remit"

// openHouse brings everything up in a folder. sql is run on Remit's database
// before anything else sees it.
func openHouse(ctx context.Context, folder, programFile string, sql []string, say func(string)) (_ *house, err error) {
	h := &house{programFile: programFile, parts: map[string]*part{}, rest: restWithin, logger: slog.New(slog.DiscardHandler)}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close(ctx))
		}
	}()
	if h.folder, err = embedded.OpenFolder(folder); err != nil {
		return nil, err
	}
	h.crashes = crashes(h.folder.Path("crashes"))
	if err := os.MkdirAll(string(h.crashes), 0o700); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	var admin, databaseURL string
	var server *embedded.Postgres
	if err := h.keep(ctx, partPostgres, func(ctx context.Context) (process, error) {
		started, err := embedded.StartPostgres(ctx, h.folder, embedded.Fast, say)
		server = started
		return orNil(started, err)
	}); err != nil {
		return nil, err
	}
	if err := server.CreateDatabase(ctx, database); err != nil {
		return nil, err
	}
	admin = server.URL(database)
	if err := postgres.Migrate(ctx, admin); err != nil {
		return nil, err
	}
	if databaseURL, err = postgres.Provision(ctx, admin, "prove"); err != nil {
		return nil, err
	}
	if h.sql, err = readOnly(ctx, admin, sql); err != nil {
		return nil, err
	}
	var temporal *embedded.Temporal
	cluster := server.URL("postgres")
	if err := h.keep(ctx, partTemporal, func(ctx context.Context) (process, error) {
		started, err := embedded.StartTemporal(ctx, h.folder, embedded.TemporalOptions{
			Postgres: cluster, WorkflowTaskTimeout: workflowTaskTimeout, NamespaceRefresh: 100 * time.Millisecond,
		}, say)
		temporal = started
		return orNil(started, err)
	}); err != nil {
		return nil, err
	}
	var standin *embedded.Standin
	if err := h.keep(ctx, partStandin, func(ctx context.Context) (process, error) {
		started, err := embedded.StartStandin(ctx, h.folder, embedded.StandinOptions{Program: programFile}, say)
		standin = started
		return orNil(started, err)
	}); err != nil {
		return nil, err
	}
	h.standin = standin.URL
	kek := h.folder.Path("master.key")
	if err := secrets.CreateKEK(kek); err != nil {
		return nil, err
	}
	if err := h.choosePorts(); err != nil {
		return nil, err
	}
	platform, err := h.openPlatform(ctx)
	if err != nil {
		return nil, err
	}
	h.env = slices.Concat(platform, []string{
		"TZ=UTC", "DATABASE_URL=" + databaseURL, "TEMPORAL_ADDRESS=" + temporal.Address, "TEMPORAL_NAMESPACE=" + temporal.Namespace,
		"STRIPE_API_URL=" + h.standin, "REMIT_MASTER_KEY_FILE=" + kek,
	})
	h.operator, err = program.Start(ctx, program.Config{DatabaseURL: databaseURL, StripeURL: h.standin, KEKFile: kek, Sandbox: true, Logger: h.logger})
	if err != nil {
		return nil, err
	}
	h.temporal, err = client.NewLazyClient(client.Options{HostPort: temporal.Address, Namespace: temporal.Namespace, Logger: temporallog.NewStructuredLogger(h.logger)})
	if err != nil {
		return nil, fmt.Errorf("reach Temporal: %w", err)
	}
	say("Starting Remit: API and worker")
	for _, name := range []string{partWorker, partAPI} {
		if err := h.keep(ctx, name, func(context.Context) (process, error) { return h.startRemit(name) }); err != nil {
			return nil, err
		}
	}
	return h, h.ready(ctx)
}

// orNil keeps a nil pointer from becoming a process that is not nil.
func orNil[P interface {
	comparable
	process
}](started P, err error) (process, error) {
	if err != nil {
		return nil, err
	}
	return started, nil
}

// readOnly makes what a mutant wants of the database, and then a pool that can
// change nothing.
func readOnly(ctx context.Context, admin string, sql []string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(admin)
	if err != nil {
		return nil, errors.New("the database's address is not one")
	}
	config.MaxConns = 8
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	for _, statement := range sql {
		if _, err := pool.Exec(ctx, statement); err != nil {
			pool.Close()
			return nil, fmt.Errorf("%s: %w", statement, err)
		}
	}
	pool.Close()
	config.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	pool, err = pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return pool, nil
}

// choosePorts chooses them once: who was killed comes back where he was.
func (h *house) choosePorts() error {
	for _, name := range []string{partWorker, partAPI} {
		if _, err := h.folder.Port(name + operations); err != nil {
			return err
		}
	}
	port, err := h.folder.Port("http")
	h.url = "http://" + loopback + strconv.Itoa(port)
	return err
}

const (
	loopback   = "127.0.0.1:"
	operations = "-operations"
)

// startRemit starts API or worker in a process of its own.
func (h *house) startRemit(name string) (process, error) {
	port, err := h.folder.Noted(name + operations)
	if err != nil {
		return nil, err
	}
	args := []string{"prove-part", "--crashes", string(h.crashes), "--ops", loopback + strconv.Itoa(port)}
	if name == partAPI {
		args = append(args, "--listen", strings.TrimPrefix(h.url, "http://"))
	}
	log, err := os.OpenFile(h.folder.Path(name+".log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(h.programFile, args...) //nolint:gosec,noctx // remit itself; it is killed, not canceled
	cmd.Env, cmd.Stdout, cmd.Stderr = h.env, log, log
	return orNil(embedded.StartProcess(cmd))
}

// ready returns once API and worker say that they are.
func (h *house) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for _, name := range []string{partWorker, partAPI} {
		port, err := h.folder.Noted(name + operations)
		if err != nil {
			return err
		}
		for !answers(ctx, "http://"+loopback+strconv.Itoa(port)+"/readyz") {
			if !pause(ctx, 50*time.Millisecond) {
				return fmt.Errorf("%s is not ready within two minutes: %s", name, h.lastWords(name))
			}
		}
	}
	return nil
}

func answers(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode == http.StatusOK
}

// lastWords are the last lines that a part logged.
func (h *house) lastWords(name string) string {
	raw, err := os.ReadFile(h.folder.Path(name + ".log"))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}

// remit runs one of Remit's commands for operators and returns what it says.
func (h *house) remit(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, h.programFile, args...) //nolint:gosec // remit itself
	cmd.Env = append(slices.Clone(h.env), "REMIT_DATA_DIR="+filepath.Join(h.folder.Path(), "nothing"))
	said, err := cmd.CombinedOutput()
	return string(said), err
}

func (h *house) close(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	var errs []error
	if h.temporal != nil {
		h.temporal.Close()
	}
	if h.operator != nil {
		errs = append(errs, h.operator.Close(ctx))
	}
	if h.sql != nil {
		h.sql.Close()
	}
	for _, name := range slices.Backward(partNames) {
		if p := h.parts[name]; p != nil {
			errs = append(errs, p.stop(ctx))
		}
	}
	if h.folder != nil {
		errs = append(errs, h.folder.Close())
	}
	return errors.Join(errs...)
}

// pause reports whether d passed before ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
