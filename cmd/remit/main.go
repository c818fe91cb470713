// Command remit is all of Remit in one program: `remit dev` runs everything on
// one machine, `remit serve` and `remit work` run in earnest, and the others
// are what an operator needs. Each command is a file of its own and thin: what
// it does is in the packages.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // images without a time zone database

	"github.com/alecthomas/kong"

	"remit/apiclient"
	"remit/script"
)

// commandLine is what may be asked for.
type commandLine struct {
	Dev          devCommand          `cmd:"" help:"Run everything on this machine, with a demo."`
	Serve        serveCommand        `cmd:"" help:"Serve API and portal."`
	Work         workCommand         `cmd:"" help:"Run the workflows and their steps."`
	Migrate      migrateCommand      `cmd:"" help:"Bring the database to this program's version."`
	Admin        adminCommand        `cmd:"" help:"Administrators."`
	Import       importCommand       `cmd:"" help:"Import a file of invoices into a running Remit."`
	Due          dueCommand          `cmd:"" help:"Charge what is due in a running Remit, or say what would be."`
	Clock        clockCommand        `cmd:"" help:"Test clocks of a running Remit."`
	Rebuild      rebuildCommand      `cmd:"" help:"Start every workflow that the database says there should be."`
	Retries      retriesCommand      `cmd:"" help:"Retries of charges that failed."`
	Verify       verifyCommand       `cmd:"" help:"Check hash chains, balances, statuses and all that timelines tell against what is stored."`
	VerifyRecord verifyRecordCommand `cmd:"" help:"Check the signed record of a paid invoice, offline."`
	Resume       resumeCommand       `cmd:"" help:"Move money again after a restore, once Stripe was asked what was charged since."`
	Keys         keysCommand         `cmd:"" help:"Keys that seal what is stored."`
	Sandbox      sandboxCommand      `cmd:"" help:"Run the stand-in for Stripe."`
	Storybook    storybookCommand    `cmd:"" help:"Show every page of the portal in every state."`
	Healthcheck  healthcheckCommand  `cmd:"" help:"Ask the Remit of this machine whether it is ready; exit 1 if not."`
	Bench        benchCommand        `cmd:"" help:"Measure payments beside what the same Temporal server could do at best."`
	Receivables  receivablesCommand  `cmd:"" help:"Live through a file of receivables on a test clock, charging each on its due date."`
	Prove        proveCommand        `cmd:"" help:"Prove that no cent is lost or taken twice, whatever is killed."`
	ProvePart    provePartCommand    `cmd:"" hidden:""`
	Config       configCommand       `cmd:"" help:"Print the settings in force, without secrets."`
	Version      versionCommand      `cmd:"" help:"Print the version."`
}

// surroundings are what a command has besides its flags.
type surroundings struct {
	environ []string
	in      io.Reader
	out     io.Writer
	program string // this program's file
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == script.Subcommand {
		os.Exit(script.Main(os.Stdin, os.Stdout))
	}
	ctx, stop := untilAsked()
	program, err := os.Executable()
	if err != nil {
		program = os.Args[0]
	}
	s := &surroundings{environ: os.Environ(), in: os.Stdin, out: os.Stdout, program: program}
	code := run(ctx, os.Args[1:], s, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit codes.
const (
	exitFailure     = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// run runs one command and returns the exit code.
func run(ctx context.Context, args []string, s *surroundings, errOut io.Writer) int {
	type leave int
	code, used := 0, "remit"
	err := func() (err error) {
		defer func() { // kong leaves by this after --help
			if left := recover(); left != nil {
				exit, ok := left.(leave)
				if !ok {
					panic(left)
				}
				code = int(exit)
			}
		}()
		parser, err := kong.New(&commandLine{}, kong.Name("remit"),
			kong.Description("Remit gets invoices paid through Stripe. It runs itself: remit dev."),
			kong.Writers(s.out, errOut), kong.Exit(func(n int) { panic(leave(n)) }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
			kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(s))
		if err != nil {
			return err
		}
		if len(args) == 0 {
			args = []string{"--help"}
		}
		command, err := parser.Parse(args)
		if wrong, is := errors.AsType[*kong.ParseError](err); is {
			used = commandOf(wrong.Context)
		}
		if err != nil {
			return usageError{err}
		}
		used = commandOf(command)
		return command.Run()
	}()
	if err == nil {
		return code
	}
	fmt.Fprintln(errOut, "remit: "+err.Error())
	if _, wrong := errors.AsType[usageError](err); wrong {
		fmt.Fprintf(errOut, "See \"%s --help\".\n", used)
		return exitUsage
	}
	return exitFailure
}

// usageError is a command line that is not one.
type usageError struct{ error }

// usagef is what a command finds wrong with its line itself.
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func (u usageError) Unwrap() error { return u.error }

// commandOf is the command that was asked for, as far as the line names one.
func commandOf(line *kong.Context) string {
	words := "remit"
	for _, part := range line.Path {
		if part.Command != nil {
			words += " " + part.Command.Name
		}
	}
	return words
}

// flagged says of a request that was refused for one field by which flag that was given.
func flagged(err error, flags map[string]string) error {
	refused, is := errors.AsType[*apiclient.ProblemError](err)
	if !is || len(refused.Errors) != 1 || flags[refused.Errors[0].Field] == "" {
		return err
	}
	return usageError{fmt.Errorf("%s: %s", flags[refused.Errors[0].Field], refused.Errors[0].Message)}
}

// untilAsked ends with Ctrl-C or a request to terminate. A second Ctrl-C, a
// second or more after the first, ends the program on the spot: whatever is
// killed, nothing is lost.
func untilAsked() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	asked := make(chan os.Signal, 4)
	signal.Notify(asked, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-asked
		first := time.Now()
		cancel()
		for range asked {
			if time.Since(first) > time.Second {
				os.Exit(exitInterrupted)
			}
		}
	}()
	return ctx, cancel
}
