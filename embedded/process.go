package embedded

import (
	"context"
	"os/exec"
	"syscall"
	"time"
)

// Process is a program of ours that ends with this process where the system can
// do that, in a process group of its own.
type Process struct{ child *child }

// StartProcess starts a command, which must not have been started.
func StartProcess(cmd *exec.Cmd) (*Process, error) {
	child, err := startChild(cmd, syscall.SIGKILL)
	if err != nil {
		return nil, err
	}
	return &Process{child: child}, nil
}

// Done is closed when the process has ended, asked to or not.
func (p *Process) Done() <-chan struct{} { return p.child.done }

// ExitCode is how it ended, once it has: -1 where a signal ended it.
func (p *Process) ExitCode() int { return p.child.cmd.ProcessState.ExitCode() }

// Stop asks the process to end and returns once it is gone.
func (p *Process) Stop(ctx context.Context) error {
	const within = 30 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	return p.child.stop(ctx, syscall.SIGTERM)
}

// Kill ends the process on the spot, as a crash would, and returns once it is
// gone.
func (p *Process) Kill() error { return p.child.kill() }

// Kill ends the server on the spot, as a crash would. The processes of its
// connections notice and end by themselves; the next start waits for them.
func (p *Postgres) Kill() error { return p.child.kill() }

// Kill ends the server on the spot, as a crash would.
func (t *Temporal) Kill() error { return t.child.kill() }

// Kill ends the stand-in on the spot, as a crash would.
func (s *Standin) Kill() error { return s.child.kill() }
