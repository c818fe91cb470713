package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"remit/program"
	"remit/sandbox"
)

type sandboxCommand struct {
	Addr    string `default:"127.0.0.1:12111"                          help:"Where it answers, host:port on loopback."`
	Dir     string `help:"Folder of its journal."                      required:""                                     type:"path"`
	PidFile string `help:"File that is locked for as long as it runs." hidden:""                                       type:"path"`
}

// Help is shown by remit sandbox --help.
func (sandboxCommand) Help() string {
	return "A stateful stand-in for Stripe's API, version 2024-06-20, with hosted pages. Any key sk_test_... opens an account of its own. Controls are under /_sandbox (clock, faults, books)."
}

func (c *sandboxCommand) Run(ctx context.Context, s *surroundings) error {
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil || !program.IsLoopback(host) {
		return usagef("--addr: %q is not host:port on loopback; the stand-in is for this machine alone", c.Addr)
	}
	release, err := holdPidFile(c.PidFile)
	if err != nil {
		return err
	}
	defer release()
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	stripe, err := sandbox.Open(sandbox.Options{Dir: c.Dir, Logger: logger})
	if err != nil {
		return err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", c.Addr)
	if err != nil {
		return errors.Join(fmt.Errorf("listen on %s: %w", c.Addr, err), stripe.Close())
	}
	url := "http://" + listener.Addr().String()
	stripe.SetPublicURL(url)
	server := &http.Server{Handler: stripe.Handler(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn)}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	fmt.Fprintf(s.out, "{\"ready\":true,\"url\":%q}\n", url)
	select {
	case err = <-ended:
	case <-ctx.Done():
		waiting, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = server.Shutdown(waiting)
	}
	return errors.Join(err, stripe.Close())
}

// holdPidFile locks a file for the life of this process and writes the process
// id into it, so that whoever finds it locked knows whose it is.
func holdPidFile(path string) (release func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--pid-file: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("--pid-file: %s is held by another stand-in: %w", path, err), file.Close())
	}
	if err = file.Truncate(0); err == nil {
		_, err = fmt.Fprintf(file, "%d\n", os.Getpid())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("--pid-file: %w", err), file.Close())
	}
	return func() { _ = file.Close() }, nil
}
