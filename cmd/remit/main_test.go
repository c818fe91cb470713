package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain makes this test binary the program itself, so that tests start and
// kill the true one, and it can start its stand-in.
func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// running is a `remit dev` in a process of its own.
type running struct {
	t      *testing.T
	folder string
	cmd    *exec.Cmd
	ended  chan struct{}
	out    *output
}

// output is what a process says, readable meanwhile.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// runDev starts `remit dev` in a folder and returns once it is ready.
func runDev(t *testing.T, folder string, environ ...string) *running {
	t.Helper()
	r := start(t, folder, environ...)
	r.await("Remit to be ready", func() bool { return strings.Contains(r.out.String(), "Remit runs at") })
	if status := r.status("/readyz"); status != http.StatusOK {
		t.Fatalf("/readyz answers %d", status)
	}
	return r
}

func start(t *testing.T, folder string, environ ...string) *running {
	t.Helper()
	r := &running{t: t, folder: folder, ended: make(chan struct{}), out: &output{}}
	r.cmd = remitCommand(t, folder, append(environ, "REMIT_ADDR=127.0.0.1:"+freePort(t)), "dev")
	r.cmd.Stdout, r.cmd.Stderr = r.out, r.out
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = r.cmd.Wait(); close(r.ended) }()
	t.Cleanup(func() {
		r.signal(syscall.SIGKILL)
		<-r.ended
		if t.Failed() {
			t.Logf("remit dev said:\n%s", r.out)
		}
	})
	return r
}

func remitCommand(t *testing.T, folder string, environ []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), self, args...)
	cmd.Env = append(os.Environ(), append([]string{childVariable + "=1", "REMIT_DATA_DIR=" + folder, "DATABASE_URL=", "REMIT_URL="}, environ...)...)
	return cmd
}

// command runs one of remit's commands to its end.
func command(t *testing.T, folder string, environ []string, args ...string) (out string, code int) {
	t.Helper()
	raw, err := remitCommand(t, folder, environ, args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		code = exit.ExitCode()
	}
	return string(raw), code
}

func (r *running) signal(s syscall.Signal) { _ = r.cmd.Process.Signal(s) }

// stop ends it by Ctrl-C and wants that to be orderly.
func (r *running) stop() {
	r.t.Helper()
	r.signal(syscall.SIGINT)
	select {
	case <-r.ended:
	case <-time.After(time.Minute):
		r.t.Fatal("it does not stop")
	}
	if code := r.cmd.ProcessState.ExitCode(); code != 0 {
		r.t.Errorf("it ended with %d", code)
	}
}

func (r *running) await(what string, done func() bool) {
	r.t.Helper()
	const within = 2 * time.Minute
	deadline := time.After(within)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-r.ended:
			r.t.Fatalf("it ended while waiting for %s", what)
		case <-deadline:
			r.t.Fatalf("no sign of %s within %s", what, within)
		case <-ticker.C:
		}
	}
}

func (r *running) url() string {
	_, after, _ := strings.Cut(r.out.String(), "Remit runs at ")
	line, _, _ := strings.Cut(after, "\n")
	return strings.TrimSpace(line)
}

func (r *running) status(path string) int {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(r.url() + path)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode
}

// api asks Remit as the demo's administrator, by the token of the folder.
func (r *running) api(verb, path, body string, into any) error {
	token, err := os.ReadFile(filepath.Join(r.folder, "cli-token"))
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(r.t.Context(), verb, r.url()+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%d %s", response.StatusCode, raw)
	}
	return json.Unmarshal(raw, into)
}

// child is the process id that a child of dev wrote on the first line of a file.
func (r *running) child(file string) int {
	r.t.Helper()
	raw, err := os.ReadFile(filepath.Join(r.folder, file))
	if err != nil {
		r.t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 1 {
		r.t.Fatalf("%s holds %q, want a process id", file, first)
	}
	return pid
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err := errors.Join(err, listener.Close()); err != nil {
		t.Fatal(err)
	}
	return port
}
