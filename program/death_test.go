package program_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"time"

	"remit/program"
	"remit/workflows"
)

// dyingWorker is what a process of its own needs to work until it is killed.
type dyingWorker struct {
	DatabaseURL, TemporalAddress, Namespace, StripeURL, KEKFile string
	Boundary                                                    string // where it kills itself
}

const dyingWorkerVariable = "REMIT_TEST_DYING_WORKER"

// The test's program, started again with this variable, is a worker.
func init() { //nolint:gochecknoinits // before the tests' own set-up
	if raw := os.Getenv(dyingWorkerVariable); raw != "" {
		fmt.Fprintln(os.Stderr, workUntilKilled([]byte(raw)))
		os.Exit(1)
	}
}

func workUntilKilled(raw []byte) error {
	var d dyingWorker
	if err := json.Unmarshal(raw, &d); err != nil {
		return err
	}
	p, err := program.Start(context.Background(), program.Config{
		DatabaseURL: d.DatabaseURL, TemporalAddress: d.TemporalAddress, Namespace: d.Namespace, StripeURL: d.StripeURL, StripeTimeout: 3 * time.Second,
		KEKFile: d.KEKFile, Work: true, Sandbox: true, Logger: slog.New(slog.DiscardHandler), SweepEvery: time.Hour,
		Times: workflows.Times{Step: 20 * time.Second, Heartbeat: 3 * time.Second},
		Crash: func(boundary string) {
			if boundary == d.Boundary {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {} // nothing is done while the signal is on its way
			}
		},
	})
	if err != nil {
		return err
	}
	return <-p.Failed()
}

// payAcrossADeath pays while the only worker is killed right after Stripe has
// charged and before that is recorded; another worker takes over.
func (w *world) payAcrossADeath(p *path) {
	invoice := p.invoice(5000)
	answered := make(chan *answer, 1)
	payer := w.signIn("payer.a")
	gone := w.dyingWorker("confirm answered")
	go func() { answered <- payer.post("/v1/invoices/"+invoice+"/pay", p.card(5000)) }()
	gone()
	defer w.anotherWorker()()
	(<-answered).want(200, 202)
	w.until("it is paid", func() bool { return payer.get("/v1/invoices/"+invoice).want(200).text("status") == "paid" })
	if cents, charges := w.captured(invoice); cents != 5000 || charges != 1 {
		w.t.Fatalf("captured %d in %d charges", cents, charges)
	}
	p.end()
}

// dyingWorker starts a worker that kills itself at a boundary. What it returns
// waits until it has.
func (w *world) dyingWorker(boundary string) (gone func()) {
	w.t.Helper()
	raw, err := json.Marshal(dyingWorker{
		DatabaseURL: w.config.DatabaseURL, TemporalAddress: w.config.TemporalAddress, Namespace: w.config.Namespace, StripeURL: w.config.StripeURL,
		KEKFile: w.config.KEKFile, Boundary: boundary,
	})
	must(w.t, err)
	dying := exec.CommandContext(w.t.Context(), os.Args[0])
	dying.Env = append(os.Environ(), dyingWorkerVariable+"="+string(raw))
	dying.Stderr = os.Stderr
	must(w.t, dying.Start())
	ended := make(chan error, 1)
	go func() { ended <- dying.Wait() }()
	return func() {
		w.t.Helper()
		select {
		case <-ended:
		case <-time.After(2 * time.Minute):
			_ = dying.Process.Kill()
			w.t.Fatal("the worker was not killed")
		}
	}
}

// anotherWorker works beside the world's program until it is stopped.
func (w *world) anotherWorker() (stop func()) {
	w.t.Helper()
	config := w.config
	config.Work, config.Listen = true, ""
	next, err := program.Start(w.t.Context(), config)
	must(w.t, err)
	return func() { must(w.t, next.Close(context.Background())) }
}
