package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// ErrFolderBusy is in the error of [OpenFolder] while another process has the
// folder open.
var ErrFolderBusy = errors.New("data folder in use")

// Folder is a data folder this process alone has open. It holds
//
//	lock                the lock, and the id of the process that has it
//	ports.json          the ports given out, by name
//	postgres/           PostgreSQL's data
//	postgres.password   its superuser's password, mode 0600
//	postgres.log        its log; postgres.log.1 is the one before
//	temporal.pid        locked by a running Temporal server
//	temporal.log        its log
//	sandbox/            the journal of the stand-in for Stripe
//	sandbox.pid         locked by a running stand-in
//	sandbox.log         its log
//
// Deleting the whole folder while it is not open resets everything.
type Folder struct {
	path string
	lock *os.File

	mu    sync.Mutex // guards ports.json
	ports map[string]int
}

// DefaultFolder is $REMIT_DATA_DIR, else remit below $XDG_DATA_HOME, else
// ~/.local/share/remit.
func DefaultFolder() (string, error) {
	if dir := os.Getenv("REMIT_DATA_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "remit"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no home folder for Remit's data, set REMIT_DATA_DIR: %w", err)
	}
	return filepath.Join(home, ".local", "share", "remit"), nil
}

// OpenFolder makes the folder where it is absent (mode 0700) and locks it for
// this process. The error wraps [ErrFolderBusy] while another process has it,
// and names that process.
func OpenFolder(path string) (*Folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer lock.Close()
		holder, _ := os.ReadFile(lock.Name())
		return nil, fmt.Errorf("%w: %s is used by process %s; stop that one, or set REMIT_DATA_DIR to another folder",
			ErrFolderBusy, path, strings.TrimSpace(string(holder)))
	}
	folder := &Folder{path: path, lock: lock}
	if err := errors.Join(folder.writeHolder(), folder.readPorts()); err != nil {
		return nil, errors.Join(fmt.Errorf("data folder: %w", err), lock.Close())
	}
	return folder, nil
}

// FolderInUse reports whether a process has the folder open.
func FolderInUse(path string) bool { return isLocked(filepath.Join(path, "lock")) }

func (f *Folder) writeHolder() error {
	if err := f.lock.Truncate(0); err != nil {
		return err
	}
	_, err := f.lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func (f *Folder) readPorts() error {
	f.ports = make(map[string]int)
	raw, err := os.ReadFile(f.Path("ports.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if json.Unmarshal(raw, &f.ports) != nil || f.ports == nil {
		f.ports = make(map[string]int) // torn by a crash: new ports are as good
	}
	return nil
}

// Close lets other processes open the folder. Stop what runs in it first.
func (f *Folder) Close() error { return f.lock.Close() }

// Path is the absolute path of elements below the folder; without any, its own.
func (f *Folder) Path(elements ...string) string {
	return filepath.Join(append([]string{f.path}, elements...)...)
}

// Port is a TCP port on 127.0.0.1 for name, the same at each start for as long
// as it is free: bookmarks and command lines stay right. It is noted in
// ports.json.
func (f *Folder) Port(name string) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if port, ok := f.ports[name]; ok && isFree(port) {
		return port, nil
	}
	taken := make(map[int]bool, len(f.ports))
	for _, port := range f.ports {
		taken[port] = true
	}
	port, err := freePort(taken)
	if err != nil {
		return 0, fmt.Errorf("port for %s: %w", name, err)
	}
	f.ports[name] = port
	return port, f.writePorts()
}

// Noted is the port that was given out for name, whoever listens there by now.
func (f *Folder) Noted(name string) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	port, ok := f.ports[name]
	if !ok {
		return 0, fmt.Errorf("no port was given out for %s", name)
	}
	return port, nil
}

func (f *Folder) writePorts() error {
	raw, err := json.MarshalIndent(f.ports, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(f.Path("ports.json"), append(raw, '\n'), 0o600)
}

// replaceFile writes a file whole or not at all.
func replaceFile(path string, content []byte, mode fs.FileMode) error {
	if err := os.WriteFile(path+".new", content, mode); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// freePort picks below the range the kernel takes outgoing ports from (32768
// and up), so that no connection made in the meantime takes it away.
func freePort(taken map[int]bool) (int, error) {
	const low, high, tries = 20000, 32000, 500
	for range tries {
		port := low + rand.IntN(high-low) //nolint:gosec // a port is no secret
		if !taken[port] && isFree(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("none free between %d and %d on %s", low, high, loopback)
}

const loopback = "127.0.0.1"

func isFree(port int) bool {
	listener, err := net.Listen("tcp", address(port)) //nolint:noctx // on loopback, this does not wait
	return err == nil && listener.Close() == nil
}

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }
