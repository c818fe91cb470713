package stripespec

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

// MockEnv names the variable with the base URL of a running stripe-mock;
// without it [StartMock] starts the binary the tool built by default.
const MockEnv = "REMIT_STRIPE_MOCK"

// StartMock returns the base URL of a stripe-mock and a function that ends it.
// It uses the one MockEnv names, which it leaves running, else starts the
// binary on a free port of its own. It fails, naming [BuildCommand], where the
// binary is missing.
func StartMock() (base string, stop func(), err error) {
	if base := os.Getenv(MockEnv); base != "" {
		return base, func() {}, nil
	}
	binary := filepath.Join(defaultDir(), "stripe-mock")
	if _, err := os.Stat(binary); err != nil {
		return "", nil, missing("stripe-mock", MockEnv, err)
	}
	command := exec.Command(binary, "-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0") //nolint:noctx // ended by stop
	output, err := command.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		return "", nil, fmt.Errorf("starting stripe-mock: %w", err)
	}
	stop = func() {
		_ = command.Process.Kill() // it may be gone already
		_ = command.Wait()         // killed is what it says then
	}
	port, err := listeningPort(output)
	if err != nil {
		stop()
		return "", nil, err
	}
	go func() { _, _ = io.Copy(io.Discard, output) }() // a full pipe would stop it
	return "http://127.0.0.1:" + port, stop, nil
}

var listening = regexp.MustCompile(`(?i)listening for http .*:(\d+)`)

// listeningPort waits for the line in which stripe-mock names its port.
func listeningPort(output io.Reader) (string, error) {
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if match := listening.FindStringSubmatch(lines.Text()); match != nil {
			return match[1], nil
		}
	}
	return "", errors.Join(errors.New("stripe-mock ended without listening"), lines.Err())
}
