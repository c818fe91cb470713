package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Profile is what a PostgreSQL server is tuned for.
type Profile int

const (
	// Durable keeps what was committed through a crash of the machine.
	Durable Profile = iota
	// Fast keeps it through a kill of the server, not a crash of the machine:
	// for tests.
	Fast
)

// Reporter is told each step that may take time, in words for a person. It may
// be nil.
type Reporter func(step string)

func (r Reporter) stepf(format string, args ...any) {
	if r != nil {
		r(fmt.Sprintf(format, args...))
	}
}

// Postgres is a running PostgreSQL server that is our child.
type Postgres struct {
	port    int
	cluster cluster
	child   *child
}

const (
	// readyWithin bounds a start, which may have to replay the log of a crash.
	readyWithin = 60 * time.Second
	// stopWithin bounds a fast shutdown, which writes all dirty pages.
	stopWithin = 20 * time.Second
)

// StartPostgres starts the PostgreSQL of a folder and returns once it answers:
// about 0.2 s, 2 s with the set-up of a new one. A server left behind in that
// folder is stopped first. The error wraps [ErrNoPostgres] where there is none
// to start.
func StartPostgres(ctx context.Context, folder *Folder, profile Profile, report Reporter) (*Postgres, error) {
	cluster, err := openCluster(ctx, folder, report)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL: %w", err)
	}
	if err := cluster.endLeftBehind(ctx, report); err != nil {
		return nil, fmt.Errorf("PostgreSQL: %w", err)
	}
	report.stepf("Starting PostgreSQL %d", cluster.binaries.major)
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		p, why, err := cluster.start(ctx, folder, profile)
		if err == nil {
			return p, nil
		}
		// Both pass by themselves: the children of a killed server take a
		// moment to end, and a port may be taken just before we listen.
		passing := strings.Contains(why, "pre-existing shared memory block") || strings.Contains(why, "could not create any TCP/IP sockets")
		if !passing || !sleep(ctx, 200*time.Millisecond) {
			return nil, fmt.Errorf("PostgreSQL: %w: %s", err, why)
		}
	}
}

// start returns also what the server logged, for when it failed.
func (c cluster) start(ctx context.Context, folder *Folder, profile Profile) (*Postgres, string, error) {
	port, err := folder.Port("postgres")
	if err != nil {
		return nil, "", err
	}
	log, err := openLog(folder.Path("postgres.log"))
	if err != nil {
		return nil, "", err
	}
	defer log.Close()
	before, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, "", err
	}
	// The server outlives ctx, which bounds the start only.
	cmd := c.command(context.WithoutCancel(ctx), "postgres")
	defer closeFiles(cmd)
	dir, err := c.reach(cmd, c.dir)
	if err != nil {
		return nil, "", err
	}
	cmd.Args = append(cmd.Args, "-D", dir, "-p", strconv.Itoa(port))
	for _, setting := range settings(profile) {
		cmd.Args = append(cmd.Args, "-c", setting)
	}
	cmd.Stdout, cmd.Stderr = log, log
	child, err := startChild(cmd, syscall.SIGINT)
	if err != nil {
		return nil, "", err
	}
	p := &Postgres{port: port, cluster: c, child: child}
	if err := p.waitReady(ctx); err != nil {
		err = errors.Join(err, p.Stop(ctx))
		return nil, logSince(log.Name(), before), err
	}
	return p, "", nil
}

// settings for loopback only, no values of parameters in the log, and room for
// Temporal's eight pools beside ours.
func settings(profile Profile) []string {
	all := []string{
		"listen_addresses=" + loopback, "unix_socket_directories=", "max_connections=300",
		"log_parameter_max_length=0", "log_parameter_max_length_on_error=0", "log_timezone=UTC", "timezone=UTC",
		"log_checkpoints=off", "jit=off",
	}
	if profile == Fast {
		// synchronous_commit stays on: off would lose commits when the server is
		// killed, and beside fsync=off it saves nothing.
		return append(all, "shared_buffers=128MB", "fsync=off", "full_page_writes=off",
			"wal_level=minimal", "max_wal_senders=0", "max_wal_size=256MB")
	}
	return append(all, "shared_buffers=256MB", "wal_compression=on")
}

func (p *Postgres) waitReady(ctx context.Context) error {
	for {
		err := ping(ctx, p.URL("postgres"))
		if err == nil {
			return nil
		}
		select {
		case <-p.child.done:
			return fmt.Errorf("ended at start (%w)", p.child.err)
		case <-ctx.Done():
			return fmt.Errorf("does not answer on port %d: %w", p.port, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func ping(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	connection, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	return connection.Close(ctx)
}

// endLeftBehind stops a server that still runs on the cluster: since the
// folder is ours alone, the process that started it is dead.
func (c cluster) endLeftBehind(ctx context.Context, report Reporter) error {
	pidFile := filepath.Join(c.dir, "postmaster.pid")
	raw, err := os.ReadFile(pidFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 1 || !worksIn(pid, c.dir) {
		// Nobody's, but its number may be somebody else's by now, for whose
		// sake PostgreSQL would refuse to start.
		return os.Remove(pidFile)
	}
	report.stepf("Stopping a PostgreSQL left behind (process %d)", pid)
	return endProcess(ctx, pid, func() bool { return worksIn(pid, c.dir) }, syscall.SIGINT, stopWithin)
}

// URL is a superuser's connection URL of a database; of the server's own
// maintenance database when the name is "postgres".
func (p *Postgres) URL(database string) string {
	return (&url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, p.cluster.password),
		Host:     address(p.port),
		Path:     "/" + database,
		RawQuery: "sslmode=disable", // loopback
	}).String()
}

// CreateDatabase makes a database where it is absent.
func (p *Postgres) CreateDatabase(ctx context.Context, name string) error {
	connection, err := pgx.Connect(ctx, p.URL("postgres"))
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	defer connection.Close(ctx)
	var exists bool
	err = connection.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", name).Scan(&exists)
	if err == nil && !exists {
		_, err = connection.Exec(ctx, "create database "+pgx.Identifier{name}.Sanitize())
	}
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// Done is closed when the server has ended, asked to or not.
func (p *Postgres) Done() <-chan struct{} { return p.child.done }

// Stop ends the server by a fast shutdown: sessions are closed, what was
// committed is on disk. It returns once the server is gone.
func (p *Postgres) Stop(ctx context.Context) error {
	// A start that ran out of time still owes its server a clean end.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	return p.child.stop(ctx, syscall.SIGINT)
}
