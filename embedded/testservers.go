package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// Variables by which tests find servers that are already up.
const (
	// TestDatabaseVariable holds a superuser's URL of a PostgreSQL server.
	TestDatabaseVariable = "REMIT_TEST_DATABASE_URL"
	// TestTemporalVariable holds the host:port of a Temporal frontend.
	TestTemporalVariable = "REMIT_TEST_TEMPORAL_ADDRESS"
)

// TestServers are a Fast PostgreSQL and, once asked for, a Temporal server,
// for one process and what it starts. Their folder is one of a few kept below
// the machine's folder for temporary files, so the set-up is paid once, and
// nothing of an earlier run is seen: its databases are dropped at the start.
type TestServers struct {
	folder   *Folder
	postgres *Postgres
	temporal *Temporal
}

// StartTestServers starts PostgreSQL: about 0.3 s, 2 s the first time.
func StartTestServers(ctx context.Context, report Reporter) (*TestServers, error) {
	folder, err := openTestFolder()
	if err != nil {
		return nil, err
	}
	postgres, err := StartPostgres(ctx, folder, Fast, report)
	if err != nil && !errors.Is(err, ErrNoPostgres) && ctx.Err() == nil {
		// Fast data does not outlive a crash of the machine.
		if err = os.RemoveAll(folder.Path("postgres")); err == nil {
			postgres, err = StartPostgres(ctx, folder, Fast, report)
		}
	}
	if err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	s := &TestServers{folder: folder, postgres: postgres}
	if err := s.dropDatabases(ctx); err != nil {
		return nil, errors.Join(err, s.Stop(ctx))
	}
	return s, nil
}

// openTestFolder takes the first folder nobody else has open.
func openTestFolder() (*Folder, error) {
	const most = 64
	base := filepath.Join(os.TempDir(), "remit-test-"+strconv.Itoa(os.Getuid()))
	if err := os.Mkdir(base, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	// The folder's name is known to all; only our own is safe to write below.
	if info, err := os.Lstat(base); err != nil || !info.IsDir() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s is not a folder of ours alone (mode 0700)", base)
	}
	for slot := range most {
		folder, err := OpenFolder(filepath.Join(base, strconv.Itoa(slot)))
		if !errors.Is(err, ErrFolderBusy) {
			return folder, err
		}
	}
	return nil, fmt.Errorf("all %d folders below %s are in use", most, base)
}

func (s *TestServers) dropDatabases(ctx context.Context) error {
	connection, err := pgx.Connect(ctx, s.DatabaseURL())
	if err != nil {
		return err
	}
	defer connection.Close(ctx)
	rows, err := connection.Query(ctx, "select datname from pg_database where not datistemplate and datname <> 'postgres'")
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := connection.Exec(ctx, "drop database "+pgx.Identifier{name}.Sanitize()+" with (force)"); err != nil {
			return fmt.Errorf("drop database %s of an earlier run: %w", name, err)
		}
	}
	return nil
}

// DatabaseURL is a superuser's URL of the PostgreSQL server.
func (s *TestServers) DatabaseURL() string { return s.postgres.URL("postgres") }

// Temporal is the address of the Temporal server, which it starts at the first
// call: about 2 s. Namespaces show quickly and a killed worker's workflow task
// is given out again after 5 s. With the shards of a server in earnest, and looking
// for namespaces ten times a second, it took 7 % of a core for doing nothing; as it
// is it takes 1 %.
func (s *TestServers) Temporal(ctx context.Context, program string, report Reporter) (string, error) {
	if s.temporal == nil {
		temporal, err := StartTemporal(ctx, s.folder, TemporalOptions{
			Postgres:            s.DatabaseURL(),
			Program:             program,
			NamespaceRefresh:    300 * time.Millisecond,
			Shards:              16,
			WorkflowTaskTimeout: 5 * time.Second,
		}, report)
		if err != nil {
			return "", err
		}
		s.temporal = temporal
	}
	return s.temporal.Address, nil
}

// Stop ends what runs.
func (s *TestServers) Stop(ctx context.Context) error {
	var err error
	if s.temporal != nil {
		err = s.temporal.Stop(ctx)
	}
	return errors.Join(err, s.postgres.Stop(ctx), s.folder.Close())
}
