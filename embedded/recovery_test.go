package embedded

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
)

// childFolder makes this test binary a program that starts both servers in the
// named folder, prints a line, and waits to be killed.
const childFolder = "REMIT_TEST_CHILD_FOLDER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childFolder); dir != "" {
		if err := startAndWait(context.Background(), dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func startAndWait(ctx context.Context, dir string) error {
	folder, err := OpenFolder(dir)
	if err != nil {
		return err
	}
	postgres, err := StartPostgres(ctx, folder, Durable, nil)
	if err != nil {
		return err
	}
	temporal, err := StartTemporal(ctx, folder, TemporalOptions{Postgres: postgres.URL("postgres")}, nil)
	if err != nil {
		return err
	}
	fmt.Println("up", postgres.URL("postgres"), temporal.Address)
	<-postgres.Done()
	return errors.New("PostgreSQL ended")
}

// TestKilledParent protects a developer who kills `remit dev` hard: the
// servers end with it, the folder is free again, and the next start has the
// data, the ports and the workflows of before.
func TestKilledParent(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	parent, url, address := startChildProgram(t, folder)
	if err := execute(t.Context(), url, "create table kept (n int)"); err != nil {
		t.Fatal(err)
	}
	startWorkflow(t, address)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed
	await(t, "the servers to end with their parent", func() bool {
		return execute(t.Context(), url, "select 1") != nil && !isLocked(folder+"/temporal.pid")
	})

	started := time.Now()
	_, again, sameAddress := startChildProgram(t, folder)
	t.Logf("up again after %s", time.Since(started))
	if again != url || sameAddress != address {
		t.Errorf("came back at %s and %s, want the ports and password of before", again, sameAddress)
	}
	if got := count(t, again, "select count(*) from kept"); got != 0 {
		t.Errorf("%d rows, want the empty table", got)
	}
	describeWorkflow(t, address)
}

// TestServersLeftBehind protects the next start where the system could not end
// the servers with their parent: they are stopped, and the data is kept.
func TestServersLeftBehind(t *testing.T) {
	t.Parallel()
	folder, postgres, temporal := startBoth(t, t.TempDir())
	startWorkflow(t, temporal.Address)
	if err := folder.Close(); err != nil { // as if we were dead
		t.Fatal(err)
	}
	var steps []string
	folder, err := OpenFolder(folder.Path())
	if err != nil {
		t.Fatal(err)
	}
	report := func(step string) { steps = append(steps, step) }
	second, err := StartPostgres(t.Context(), folder, Fast, report)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, second.Stop) })
	third, err := StartTemporal(t.Context(), folder, options(t, second), report)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, third.Stop) })
	<-postgres.Done()
	<-temporal.Done()
	if joined := strings.Join(steps, "\n"); strings.Count(joined, "left behind") != 2 {
		t.Errorf("steps %q, want both servers reported as left behind", steps)
	}
	describeWorkflow(t, third.Address)
}

// TestKilledServers protects the start after PostgreSQL and Temporal were
// killed themselves, with another process having got PostgreSQL's number.
func TestKilledServers(t *testing.T) {
	t.Parallel()
	folder, postgres, temporal := startBoth(t, t.TempDir())
	startWorkflow(t, temporal.Address)
	for _, c := range []*child{temporal.child, postgres.child} {
		if err := c.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-c.done
	}
	pidFile := folder.Path("postgres", "postmaster.pid")
	raw, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "\n")
	if err := os.WriteFile(pidFile, []byte(strconv.Itoa(os.Getpid())+"\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, temporal = startBoth(t, folder.Path())
	describeWorkflow(t, temporal.Address)
}

// TestTemporalOutlivesPostgres protects running workflows from a restart of
// the database: Temporal answers again by itself.
func TestTemporalOutlivesPostgres(t *testing.T) {
	t.Parallel()
	folder, postgres, temporal := startBoth(t, t.TempDir())
	startWorkflow(t, temporal.Address)
	if err := postgres.child.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-postgres.Done()
	again, err := StartPostgres(t.Context(), folder, Fast, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, again.Stop) })
	started := time.Now()
	await(t, "Temporal to answer again", func() bool { return tryDescribe(t, temporal.Address) == nil })
	t.Logf("Temporal answers %s after PostgreSQL is back", time.Since(started))
}

// TestHalfMadeCluster protects the first start after one that was killed while
// it set PostgreSQL up.
func TestHalfMadeCluster(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(dir+"/postgres.new/base", 0o700); err != nil {
		t.Fatal(err)
	}
	folder := openFolder(t, dir)
	postgres, err := StartPostgres(t.Context(), folder, Fast, nil)
	if err != nil {
		t.Fatal(err)
	}
	stopped(t, postgres.Stop)
}

// TestUnreachableFolder protects those who run as root with a data folder
// below one that only root may enter: PostgreSQL runs as somebody else and
// still reaches its data.
func TestUnreachableFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	folder := openFolder(t, dir+"/a/b")
	postgres, err := StartPostgres(t.Context(), folder, Fast, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, postgres.Stop) })
	if err := postgres.CreateDatabase(t.Context(), "remit"); err != nil {
		t.Fatal(err)
	}
	if err := postgres.CreateDatabase(t.Context(), "remit"); err != nil {
		t.Errorf("a database that exists: %v", err)
	}
	if err := execute(t.Context(), postgres.URL("remit"), "create table t as select 1; checkpoint"); err != nil {
		t.Error(err)
	}
}

func startChildProgram(t *testing.T, folder string) (cmd *exec.Cmd, url, address string) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childFolder+"="+folder, "REMIT_TEMPORALD="+program(t))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGKILL) // killed before, in one case
		_ = cmd.Wait()
		await(t, "the servers to end", func() bool { return !isLocked(folder+"/temporal.pid") && !postmasterAlive(folder) })
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	fields := strings.Fields(line)
	if err != nil || len(fields) != 3 || fields[0] != "up" {
		t.Fatalf("child said %q, %v", line, err)
	}
	return cmd, fields[1], fields[2]
}

func postmasterAlive(folder string) bool {
	raw, err := os.ReadFile(folder + "/postgres/postmaster.pid")
	if err != nil {
		return false
	}
	pid := numberIn(string(raw))
	return worksIn(pid, folder+"/postgres")
}

// startBoth starts the servers as tests want them: a kill of processes costs
// the Fast profile no more than the Durable one.
func startBoth(t *testing.T, dir string) (*Folder, *Postgres, *Temporal) {
	t.Helper()
	folder, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	postgres, err := StartPostgres(t.Context(), folder, Fast, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, postgres.Stop) })
	temporal, err := StartTemporal(t.Context(), folder, options(t, postgres), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopped(t, temporal.Stop) })
	return folder, postgres, temporal
}

func options(t *testing.T, postgres *Postgres) TemporalOptions {
	t.Helper()
	return TemporalOptions{Postgres: postgres.URL("postgres"), Program: program(t), NamespaceRefresh: 100 * time.Millisecond}
}

func program(t *testing.T) string {
	t.Helper()
	program, err := builtTemporal(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func openFolder(t *testing.T, dir string) *Folder {
	t.Helper()
	folder, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.Close() }) // its process ends anyway
	return folder
}

func stopped(t *testing.T, stop func(context.Context) error) {
	t.Helper()
	if err := stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func dial(t *testing.T, address string) client.Client {
	t.Helper()
	c, err := client.NewLazyClient(client.Options{HostPort: address, Namespace: "remit", Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func startWorkflow(t *testing.T, address string) {
	t.Helper()
	if _, err := dial(t, address).ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "kept", TaskQueue: "none"}, "Waiting"); err != nil {
		t.Fatal(err)
	}
}

func describeWorkflow(t *testing.T, address string) {
	t.Helper()
	if err := tryDescribe(t, address); err != nil {
		t.Errorf("the workflow of before: %v", err)
	}
}

func tryDescribe(t *testing.T, address string) error {
	t.Helper()
	_, err := dial(t, address).DescribeWorkflowExecution(t.Context(), "kept", "")
	return err
}

// await waits up to 30 s for a condition.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for !done() {
		if time.Now().After(deadline) || !sleep(context.Background(), 10*time.Millisecond) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
