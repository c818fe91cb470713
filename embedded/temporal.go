package embedded

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrNoTemporal is in the error of [StartTemporal] when its program is not
// built.
var ErrNoTemporal = errors.New("no Temporal server program found")

// TemporalOptions say how a Temporal server is started.
type TemporalOptions struct {
	// Postgres is a superuser's URL of the server that holds its databases
	// temporal and temporal_visibility.
	Postgres string
	// Namespace is made at start; "remit" when empty.
	Namespace string
	// WorkflowTaskTimeout is how long a workflow task waits for a killed
	// worker: at least 1 s; 10 s when zero.
	WorkflowTaskTimeout time.Duration
	// NamespaceRefresh is how soon a changed namespace is seen by the whole
	// server: at least 50 ms; 1 s when zero.
	NamespaceRefresh time.Duration
	// Shards are its history shards, fixed at the first start of its database;
	// temporald's own default when zero.
	Shards int
	// Program is the temporald to run; [TemporalProgram] when empty.
	Program string
}

// Temporal is a running Temporal server that is our child.
type Temporal struct {
	// Address is its frontend, host:port on loopback.
	Address string
	// Namespace is one that is ready for use.
	Namespace string

	child *child
}

// StartTemporal starts the Temporal server of a folder and returns once its
// namespace is usable: about 0.6 s, 3 s the first time. One left behind in
// that folder is stopped first. PostgreSQL may go away and come back meanwhile;
// calls fail for as long.
func StartTemporal(ctx context.Context, folder *Folder, options TemporalOptions, report Reporter) (*Temporal, error) {
	if options.Program == "" {
		program, err := TemporalProgram()
		if err != nil {
			return nil, err
		}
		options.Program = program
	}
	if err := endLeftBehindHolder(ctx, "a Temporal", folder.Path("temporal.pid"), report); err != nil {
		return nil, fmt.Errorf("Temporal: %w", err)
	}
	report.stepf("Starting Temporal")
	t, err := startTemporal(ctx, folder, options)
	if err != nil {
		return nil, fmt.Errorf("Temporal: %w", err)
	}
	return t, nil
}

func startTemporal(ctx context.Context, folder *Folder, options TemporalOptions) (*Temporal, error) {
	port, err := folder.Port("temporal")
	if err != nil {
		return nil, err
	}
	log, err := openLog(folder.Path("temporal.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	before, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	cmd, err := temporalCommand(context.WithoutCancel(ctx), folder, options, port)
	if err != nil {
		return nil, err
	}
	cmd.Stderr = log
	said, tell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer said.Close()
	cmd.Stdout = tell
	child, err := startChild(cmd, syscall.SIGTERM)
	tell.Close()
	if err != nil {
		return nil, err
	}
	t := &Temporal{Address: address(port), child: child}
	if t.Namespace, err = readReady(ctx, said, child); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %s", err, logSince(log.Name(), before)), t.Stop(ctx))
	}
	return t, nil
}

// temporalCommand hands the password over in the environment, out of process
// lists.
func temporalCommand(ctx context.Context, folder *Folder, options TemporalOptions, port int) (*exec.Cmd, error) {
	database, err := url.Parse(options.Postgres)
	if err != nil {
		return nil, errors.New("its PostgreSQL: not a URL") // the parser's error would repeat the password
	}
	password, _ := database.User.Password()
	database.User = url.User(database.User.Username())
	database.Path = "/"
	cmd := exec.CommandContext(ctx, options.Program,
		"-addr", address(port), "-postgres", database.String(),
		"-pid-file", folder.Path("temporal.pid"), "-log-file", folder.Path("temporal.log"))
	if options.Namespace != "" {
		cmd.Args = append(cmd.Args, "-namespace", options.Namespace)
	}
	if options.WorkflowTaskTimeout > 0 {
		cmd.Args = append(cmd.Args, "-workflow-task-timeout", options.WorkflowTaskTimeout.String())
	}
	if options.NamespaceRefresh > 0 {
		cmd.Args = append(cmd.Args, "-namespace-refresh", options.NamespaceRefresh.String())
	}
	if options.Shards > 0 {
		cmd.Args = append(cmd.Args, "-shards", strconv.Itoa(options.Shards))
	}
	cmd.Dir = "/"
	cmd.Env = []string{"TZ=UTC", "TEMPORALD_POSTGRES_PASSWORD=" + password} // and none of our secrets
	return cmd, nil
}

// readReady waits for the line by which the server says it is usable.
func readReady(ctx context.Context, said *os.File, child *child) (namespace string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*readyWithin)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { said.Close() })
	defer stop()
	line, err := bufio.NewReader(said).ReadBytes('\n')
	if err != nil {
		select {
		case <-child.done:
			return "", fmt.Errorf("ended at start (%w)", child.err)
		case <-ctx.Done():
			return "", fmt.Errorf("not ready: %w", ctx.Err())
		}
	}
	var ready struct {
		Ready     bool   `json:"ready"`
		Namespace string `json:"namespace"`
	}
	if err := json.Unmarshal(line, &ready); err != nil || !ready.Ready {
		return "", fmt.Errorf("said %q, want it ready", line)
	}
	return ready.Namespace, nil
}

// endLeftBehindHolder stops a server that still holds the lock on its pid file;
// unlocked, the number in it may be anybody's.
func endLeftBehindHolder(ctx context.Context, what, pidFile string, report Reporter) error {
	if !isLocked(pidFile) {
		return nil
	}
	raw, err := os.ReadFile(pidFile)
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil || pid <= 1 {
		return fmt.Errorf("%s is locked but holds no process id", pidFile)
	}
	report.stepf("Stopping %s left behind (process %d)", what, pid)
	return endProcess(ctx, pid, func() bool { return isLocked(pidFile) }, syscall.SIGTERM, stopWithin)
}

func isLocked(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close() // and with it our lock
	return syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil
}

// Done is closed when the server has ended, asked to or not.
func (t *Temporal) Done() <-chan struct{} { return t.child.done }

// Stop ends the server and returns once it is gone: about 1 s.
func (t *Temporal) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	return t.child.stop(ctx, syscall.SIGTERM)
}

// TemporalProgram is $REMIT_TEMPORALD, else the newest one that tools/build
// put into the cache. The error wraps [ErrNoTemporal].
func TemporalProgram() (string, error) {
	if program := os.Getenv("REMIT_TEMPORALD"); program != "" {
		if !isFile(program) {
			return "", fmt.Errorf("%w: REMIT_TEMPORALD is %s, which is no file", ErrNoTemporal, program)
		}
		return program, nil
	}
	cache, err := cacheFolder()
	if err != nil {
		return "", err
	}
	pattern := filepath.Join(cache, "tools", "temporald-*")
	found, err := filepath.Glob(pattern)
	if err != nil {
		return "", err
	}
	newest, at := "", time.Time{}
	for _, program := range found {
		if info, err := os.Stat(program); err == nil && info.Mode().IsRegular() && info.ModTime().After(at) {
			newest, at = program, info.ModTime()
		}
	}
	if newest == "" {
		return "", fmt.Errorf("%w: nothing at %s; run `make tools` in Remit's source folder, or set TEMPORAL_ADDRESS to a server of your own", ErrNoTemporal, pattern)
	}
	return newest, nil
}

// cacheFolder is $REMIT_CACHE, else remit below the user's cache folder.
func cacheFolder() (string, error) {
	if dir := os.Getenv("REMIT_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder, set REMIT_CACHE: %w", err)
	}
	return filepath.Join(dir, "remit"), nil
}
