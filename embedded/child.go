package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// child is a program we started. Its process group is its own, so that Ctrl-C
// in a terminal reaches us alone and children stop in our order.
type child struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it ended
	err  error         // how; read after done
}

// startChild starts cmd and has the system send it deathSignal should this
// process die. The system means the thread that started it, so that thread is
// kept until the child ended.
func startChild(cmd *exec.Cmd, deathSignal syscall.Signal) (*child, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	endWithParent(cmd.SysProcAttr, deathSignal)
	c := &child{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go c.run(started)
	if err := <-started; err != nil {
		return nil, err
	}
	return c, nil
}

func (c *child) run(started chan<- error) {
	runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
	err := c.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	c.err = c.cmd.Wait()
	close(c.done)
}

// stop sends signal and waits; when ctx ends first, it kills the child and
// still waits for its end.
func (c *child) stop(ctx context.Context, signal syscall.Signal) error {
	select {
	case <-c.done:
		return nil
	default:
	}
	if err := c.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %s: %w", c.cmd.Path, err)
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		err := errors.Join(fmt.Errorf("%s killed: it did not stop in time", c.cmd.Path), c.cmd.Process.Kill())
		<-c.done
		return err
	}
}

// endProcess ends a process that is not our child: politely, and by SIGKILL
// after grace. It returns once alive says no; asking for the process id would
// not do, which stays taken for as long as nobody collects a dead process.
func endProcess(ctx context.Context, pid int, alive func() bool, polite syscall.Signal, grace time.Duration) error {
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	killAt := time.Now().Add(grace)
	for signal := polite; alive(); signal = 0 {
		if time.Now().After(killAt) {
			signal = syscall.SIGKILL
		}
		if err := process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("end process %d: %w", pid, err)
		}
		if !sleep(ctx, 20*time.Millisecond) {
			return fmt.Errorf("process %d still runs: %w", pid, ctx.Err())
		}
	}
	return nil
}

// sleep reports whether d passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// openLog opens a log for appending, after setting one above 8 MiB aside.
func openLog(path string) (*os.File, error) {
	const full = 8 << 20
	if info, err := os.Stat(path); err == nil && info.Size() > full {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

// logSince is what was written to a log after offset, at most its last 2 KiB,
// for an error message.
func logSince(path string, offset int64) string {
	const most = 2 << 10
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err.Error()
	}
	raw = raw[min(offset, int64(len(raw))):]
	return strings.TrimSpace(string(raw[max(0, len(raw)-most):]))
}

// kill ends the child on the spot, as a crash would.
func (c *child) kill() error {
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill %s: %w", c.cmd.Path, err)
	}
	<-c.done
	return nil
}
