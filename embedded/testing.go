package embedded

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"remit"
)

// TB is what the test helpers need of a testing.TB; named here so that a
// program which uses this package does not link package testing.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Cleanup(clean func())
}

// testWithin bounds each helper; the slowest is a first start on a busy machine.
const testWithin = 2 * time.Minute

// TestDatabase makes an empty database, drops it when the test ends, and
// returns a superuser's URL of it. The server is that of
// $REMIT_TEST_DATABASE_URL, else one this process starts for itself and which
// ends with it; a goleak check then has to ignore "remit/embedded.(*child).run".
// Roles are the server's, shared by all its databases.
func TestDatabase(t TB) string {
	t.Helper()
	return testDatabase(t, "")
}

// TestDatabaseFrom is [TestDatabase] with a copy of a prepared database:
// prepare is called once in this process for each name, with a superuser's URL
// of an empty database. A copy takes about 50 ms, however long prepare took.
// No connection to the prepared one may be left open.
func TestDatabaseFrom(t TB, name string, prepare func(ctx context.Context, url string) error) string {
	t.Helper()
	templates.Lock()
	defer templates.Unlock()
	template, ok := templates.made[name]
	if !ok {
		template = "template_" + randomName()
		ctx, cancel := context.WithTimeout(context.Background(), testWithin)
		defer cancel()
		if err := onTestServer(ctx, "create database "+template+" template template0"); err != nil {
			t.Fatalf("test database: %v", err)
		}
		if err := prepare(ctx, testURL(template)); err != nil {
			t.Fatalf("prepare test database %s: %v", name, err)
		}
		templates.made[name] = template
	}
	return testDatabase(t, template)
}

var templates = struct {
	sync.Mutex
	made map[string]string
}{made: make(map[string]string)}

func testDatabase(t TB, template string) string {
	t.Helper()
	if template == "" {
		template = "template0"
	}
	name := "test_" + randomName()
	ctx, cancel := context.WithTimeout(context.Background(), testWithin)
	defer cancel()
	if err := onTestServer(ctx, "create database "+name+" template "+template); err != nil {
		t.Fatalf("test database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testWithin)
		defer cancel()
		if err := onTestServer(ctx, "drop database if exists "+name+" with (force)"); err != nil {
			t.Errorf("test database: %v", err)
		}
	})
	return testURL(name)
}

func onTestServer(ctx context.Context, statement string) error {
	server, err := testServerURL()
	if err != nil {
		return err
	}
	connection, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer connection.Close(ctx)
	_, err = connection.Exec(ctx, statement)
	return err
}

// testURL is the server's URL with another database. Call it once the server
// is up.
func testURL(database string) string {
	server, _ := testServerURL() // its error was returned by onTestServer
	base, query, _ := strings.Cut(server, "?")
	return base[:strings.LastIndex(base, "/")+1] + database + "?" + query
}

var testServerURL = sync.OnceValues(func() (string, error) {
	if url := os.Getenv(TestDatabaseVariable); url != "" {
		return url, nil
	}
	servers, err := ownServers()
	if err != nil {
		return "", err
	}
	return servers.DatabaseURL(), nil
})

// ownServers are this process's, for when no others are named. They end with
// the process, since nothing tells a package of its last test.
var ownServers = sync.OnceValues(func() (*TestServers, error) {
	ctx, cancel := context.WithTimeout(context.Background(), testWithin)
	defer cancel()
	return StartTestServers(ctx, nil)
})

// TestTemporal returns the address of a Temporal server and a namespace made
// for this test alone, with Remit's search attributes: task queues, workflow
// ids and schedules of production code need no prefix. The server is that of
// $REMIT_TEST_TEMPORAL_ADDRESS, else one this process starts for itself.
func TestTemporal(t TB) (address, namespace string) {
	t.Helper()
	address, err := testTemporalAddress()
	if err != nil {
		t.Fatalf("test Temporal: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), testWithin)
	defer cancel()
	namespace = "test-" + randomName()
	if err := makeNamespace(ctx, address, namespace); err != nil {
		t.Fatalf("test Temporal: %v", err)
	}
	return address, namespace
}

var testTemporalAddress = sync.OnceValues(func() (string, error) {
	if address := os.Getenv(TestTemporalVariable); address != "" {
		return address, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), testWithin)
	defer cancel()
	program, err := builtTemporal(ctx)
	if err != nil {
		return "", err
	}
	servers, err := ownServers()
	if err != nil {
		return "", err
	}
	return servers.Temporal(ctx, program, nil)
})

// builtTemporal asks tools/build of the source tree we are in for the program
// that belongs to it; a stale one in the cache would test something else.
func builtTemporal(ctx context.Context) (string, error) {
	if os.Getenv("REMIT_TEMPORALD") != "" {
		return TemporalProgram()
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for !isFile(filepath.Join(dir, "tools", "build")) {
		if dir == filepath.Dir(dir) {
			return TemporalProgram()
		}
		dir = filepath.Dir(dir)
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "tools", "build"), "--built", "temporald").Output()
	if err != nil {
		return "", fmt.Errorf("%w: run `make tools` first: %w", ErrNoTemporal, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// makeNamespace returns once workflows can use the namespace and its search
// attributes.
func makeNamespace(ctx context.Context, address, namespace string) error {
	c, err := client.DialContext(ctx, client.Options{HostPort: address, Namespace: namespace, Logger: silent{}})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        namespace,
		WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	if err != nil {
		return fmt.Errorf("register namespace: %w", err)
	}
	add := &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: map[string]enumspb.IndexedValueType{
		remit.SearchOrganisation: enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		remit.SearchInvoice:      enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		remit.SearchState:        enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		remit.SearchDueDate:      enumspb.INDEXED_VALUE_TYPE_DATETIME,
	}}
	// The namespace is seen by the server's parts one after the other.
	if err := until(ctx, func() error {
		_, err := c.OperatorService().AddSearchAttributes(ctx, add)
		return err
	}); err != nil {
		return fmt.Errorf("search attributes: %w", err)
	}
	return until(ctx, func() error {
		_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: namespace,
			Query:     remit.SearchOrganisation + " = 'x' AND " + remit.SearchDueDate + " IS NULL",
		})
		return err
	})
}

// until calls do every 20 ms until it succeeds or ctx ends.
func until(ctx context.Context, do func() error) error {
	for {
		err := do()
		if err == nil || !sleep(ctx, 20*time.Millisecond) {
			return err
		}
	}
}

// silent is a logger for a client whose errors are returned anyway.
type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}

func randomName() string { return strings.ToLower(rand.Text()) }
