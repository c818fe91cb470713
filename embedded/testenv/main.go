// Command testenv runs a command with one PostgreSQL and one Temporal server
// for all its tests, and stops both afterwards, however the command ended:
//
//	go run ./embedded/testenv -- go test ./...
//
// Without a command it prints the variables that point tests at the servers
// and serves until it is interrupted. Its exit status is the command's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"remit/embedded"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status, err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "testenv: %v\n", err)
	}
	os.Exit(status)
}

func run(ctx context.Context, args []string) (status int, err error) {
	flags := flag.NewFlagSet("testenv", flag.ContinueOnError)
	withTemporal := flags.Bool("temporal", true, "start Temporal too")
	if err := flags.Parse(args); err != nil {
		return 2, nil // the flag set has said why
	}
	say := func(step string) { fmt.Fprintln(os.Stderr, "testenv: "+step) }
	servers, err := embedded.StartTestServers(ctx, say)
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, servers.Stop(context.WithoutCancel(ctx))) }()
	variables := []string{embedded.TestDatabaseVariable + "=" + servers.DatabaseURL()}
	if *withTemporal {
		address, err := servers.Temporal(ctx, "", say)
		if err != nil {
			return 1, err
		}
		variables = append(variables, embedded.TestTemporalVariable+"="+address)
	}
	if flags.NArg() == 0 {
		for _, variable := range variables {
			fmt.Println("export '" + variable + "'")
		}
		<-ctx.Done()
		return 0, nil
	}
	return command(ctx, flags.Args(), variables)
}

// command runs args; an interrupt is passed on as one, so that a test run can
// end its own children.
func command(ctx context.Context, args, variables []string) (int, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), variables...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(1, exit.ExitCode()), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
