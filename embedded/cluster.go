package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// superuser is the cluster's one role at first.
const superuser = "postgres"

// cluster is PostgreSQL's data, the programs that read it, and who runs them.
type cluster struct {
	dir      string
	password string
	binaries binaries
	owner    *syscall.Credential // nil: ourselves
}

// openCluster finds the cluster of a folder, or makes it (about 1 s). A set-up
// that was killed half way is started over.
func openCluster(ctx context.Context, folder *Folder, report Reporter) (c cluster, err error) {
	c.dir = folder.Path("postgres")
	if c.owner, err = serverAccount(); err != nil {
		return c, err
	}
	version, err := os.ReadFile(filepath.Join(c.dir, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return newCluster(ctx, folder, c, report)
	}
	if err != nil {
		return c, err
	}
	if c.binaries, err = findBinaries(ctx, numberIn(string(version))); err != nil {
		return c, err
	}
	password, err := os.ReadFile(folder.Path("postgres.password"))
	if err != nil {
		return c, fmt.Errorf("password of the PostgreSQL data in %s: %w", c.dir, err)
	}
	c.password = strings.TrimSpace(string(password))
	return c, nil
}

// newCluster makes the cluster beside its place and moves it there when whole,
// its password noted before.
func newCluster(ctx context.Context, folder *Folder, c cluster, report Reporter) (_ cluster, err error) {
	if c.binaries, err = findBinaries(ctx, 0); err != nil {
		return c, err
	}
	report.stepf("Setting up PostgreSQL %d in %s", c.binaries.major, c.dir)
	c.password = rand.Text()
	place := c.dir
	c.dir += ".new"
	passwordFile := folder.Path("postgres.password.initdb")
	defer os.Remove(passwordFile)
	err = errors.Join(
		replaceFile(folder.Path("postgres.password"), []byte(c.password+"\n"), 0o600),
		os.RemoveAll(place), os.RemoveAll(c.dir),
		os.Mkdir(c.dir, 0o700), c.give(c.dir),
		os.WriteFile(passwordFile, []byte(c.password+"\n"), 0o600), c.give(passwordFile),
	)
	if err != nil {
		return c, err
	}
	if err := c.initdb(ctx, passwordFile); err != nil {
		return c, err
	}
	if err := os.Rename(c.dir, place); err != nil {
		return c, err
	}
	c.dir = place
	return c, nil
}

func (c cluster) initdb(ctx context.Context, passwordFile string) error {
	cmd := c.command(ctx, "initdb")
	defer closeFiles(cmd)
	dir, err := c.reach(cmd, c.dir)
	if err != nil {
		return err
	}
	password, err := c.reach(cmd, passwordFile)
	if err != nil {
		return err
	}
	cmd.Args = append(cmd.Args, "--pgdata="+dir, "--username="+superuser, "--pwfile="+password,
		"--auth=scram-sha-256", "--locale=C", "--encoding=UTF8", "--no-instructions")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// command runs one of the programs as the cluster's owner.
func (c cluster) command(ctx context.Context, program string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(c.binaries.dir, program))
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	return cmd
}

// reach is the path by which cmd opens a file of ours. Another account may not
// enter, say, /root, and opening /root's mode is not ours to do; so it gets an
// open handle of the file and the name the kernel gives that handle.
func (c cluster) reach(cmd *exec.Cmd, path string) (string, error) {
	const handles = "/proc/self/fd"
	if c.owner == nil {
		return path, nil
	}
	if runtime.GOOS != "linux" {
		return path, nil // which has to do
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	const firstExtra = 3 // after standard input, output and error
	cmd.ExtraFiles = append(cmd.ExtraFiles, file)
	return filepath.Join(handles, strconv.Itoa(firstExtra+len(cmd.ExtraFiles)-1)), nil
}

func closeFiles(cmd *exec.Cmd) {
	for _, file := range cmd.ExtraFiles {
		file.Close()
	}
}

// give hands a file to the cluster's owner.
func (c cluster) give(path string) error {
	if c.owner == nil {
		return nil
	}
	return os.Chown(path, int(c.owner.Uid), int(c.owner.Gid))
}

// serverAccount is who PostgreSQL runs as, since it refuses root: the account
// postgres, else nobody. It is nil for ourselves when we are not root.
func serverAccount() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, fmt.Errorf("account %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is no account postgres or nobody; run Remit as an ordinary user")
}
