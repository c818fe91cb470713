package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// StandinOptions say how the stand-in for Stripe is started.
type StandinOptions struct {
	// Program is this program, which knows the command sandbox.
	Program string
	// Env is added to its otherwise empty environment.
	Env []string
}

// Standin is a running stand-in for Stripe that is our child.
type Standin struct {
	// URL is what takes the place of https://api.stripe.com.
	URL string

	child *child
}

// StartStandin starts the stand-in of a folder and returns once it answers. One
// left behind in that folder is stopped first. Its journal is the folder's
// sandbox, so what was charged yesterday is charged today.
func StartStandin(ctx context.Context, folder *Folder, options StandinOptions, report Reporter) (*Standin, error) {
	if err := endLeftBehindHolder(ctx, "a stand-in", folder.Path("sandbox.pid"), report); err != nil {
		return nil, fmt.Errorf("stand-in for Stripe: %w", err)
	}
	report.stepf("Starting the stand-in for Stripe")
	s, err := startStandin(ctx, folder, options)
	if err != nil {
		return nil, fmt.Errorf("stand-in for Stripe: %w", err)
	}
	return s, nil
}

func startStandin(ctx context.Context, folder *Folder, options StandinOptions) (*Standin, error) {
	port, err := folder.Port("stripe")
	if err != nil {
		return nil, err
	}
	log, err := openLog(folder.Path("sandbox.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	before, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), options.Program, "sandbox",
		"--addr", address(port), "--dir", folder.Path("sandbox"), "--pid-file", folder.Path("sandbox.pid"))
	cmd.Dir = "/"
	cmd.Env = append([]string{"TZ=UTC"}, options.Env...) // and none of our secrets
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
	s := &Standin{URL: "http://" + address(port), child: child}
	if _, err := readReady(ctx, said, child); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %s", err, logSince(log.Name(), before)), s.Stop(ctx))
	}
	return s, nil
}

// Done is closed when the stand-in has ended, asked to or not.
func (s *Standin) Done() <-chan struct{} { return s.child.done }

// Stop ends the stand-in and returns once it is gone.
func (s *Standin) Stop(ctx context.Context) error {
	const within = 10 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	return s.child.stop(ctx, syscall.SIGTERM)
}
