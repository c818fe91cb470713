package prove

import (
	"context"
	"log/slog"
	"time"

	"remit"
	"remit/commands"
	"remit/program"
	"remit/secrets"
	"remit/workflows"
)

// PartOptions are those of [Part].
type PartOptions struct {
	DatabaseURL, TemporalAddress, Namespace, StripeURL, KEKFile string

	PlatformKey, ConnectSecret secrets.Secret
	ClientID                   string
	ApplicationFee             remit.ApplicationFee

	Listen       string // of the API; "" for the worker
	OpsListen    string
	Crashes      string // folder in which is written where to die
	Logger       *slog.Logger
	ScriptRunner []string
	Portal       func(*commands.Commands, *slog.Logger) (program.Portal, error)
}

// Time-outs of the proved processes: short, so that what waits for them is
// proved in seconds.
const (
	stripeTimeout       = 3 * time.Second
	chargeHeartbeat     = 2 * time.Second
	workflowTaskTimeout = 2 * time.Second
	stepTimeout         = 20 * time.Second
	answerTimeout       = 5 * time.Second
)

// Part runs API or worker until ctx ends, as `remit serve` and `remit work` do
// but for the time-outs, the test clocks and the boundaries it may die at. Being
// of the demo it starts on loopback alone, beside a stand-in, and never on a
// database that has seen real money.
func Part(ctx context.Context, o PartOptions) error {
	p, err := program.Start(ctx, program.Config{
		DatabaseURL: o.DatabaseURL, TemporalAddress: o.TemporalAddress, Namespace: o.Namespace, StripeURL: o.StripeURL, KEKFile: o.KEKFile,
		PlatformKey: o.PlatformKey, ClientID: o.ClientID, ConnectSecret: o.ConnectSecret, ApplicationFee: o.ApplicationFee,
		StripeTimeout: stripeTimeout, Times: workflows.Times{Step: stepTimeout, Heartbeat: chargeHeartbeat}, SweepEvery: time.Second, Answer: answerTimeout,
		Sandbox: true, Listen: o.Listen, Work: o.Listen == "", OpsListen: o.OpsListen, Logger: o.Logger,
		ScriptRunner: o.ScriptRunner, Portal: o.Portal, Crash: crashes(o.Crashes).hook(),
	})
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return p.Close(context.WithoutCancel(ctx))
	case err := <-p.Failed():
		return err
	}
}
