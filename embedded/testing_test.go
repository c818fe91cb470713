package embedded

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"remit"
)

// TestDatabasesAreApart protects tests from each other: what one writes, no
// other sees, and a prepared database is prepared once and copied.
func TestDatabasesAreApart(t *testing.T) {
	prepared := 0
	prepare := func(ctx context.Context, url string) error {
		prepared++
		return execute(ctx, url, "create table seen (n int)")
	}
	first := TestDatabaseFrom(t, "apart", prepare)
	second := TestDatabaseFrom(t, "apart", prepare)
	if prepared != 1 {
		t.Errorf("prepared %d times, want once", prepared)
	}
	if err := execute(t.Context(), first, "insert into seen values (1)"); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]int{first: 1, second: 0} {
		if got := count(t, url, "select count(*) from seen"); got != want {
			t.Errorf("%d rows, want %d", got, want)
		}
	}
	if got := count(t, TestDatabase(t), "select count(*) from pg_tables where tablename = 'seen'"); got != 0 {
		t.Errorf("an empty database has the table")
	}
}

// TestDatabaseIsDropped protects the shared server from filling up.
func TestDatabaseIsDropped(t *testing.T) {
	var url string
	t.Run("using it", func(t *testing.T) { url = TestDatabase(t) })
	if _, err := pgx.Connect(t.Context(), url); err == nil {
		t.Error("the database outlived its test")
	}
}

// TestNamespaceIsReady protects workflow tests from a namespace that is half
// there: a workflow with every search attribute runs at once, and another
// test's namespace does not see it.
func TestNamespaceIsReady(t *testing.T) {
	started := time.Now()
	address, namespace := TestTemporal(t)
	t.Logf("first namespace after %s", time.Since(started))
	started = time.Now()
	_, other := TestTemporal(t)
	t.Logf("second namespace after %s", time.Since(started))

	c, err := client.DialContext(t.Context(), client.Options{HostPort: address, Namespace: namespace, Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	w := worker.New(c, remit.TaskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(stateful, workflow.RegisterOptions{Name: "Stateful"})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	started = time.Now()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID:        "invoice-payment/1",
		TaskQueue: remit.TaskQueue,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(remit.SearchOrganisation).ValueSet("o"),
			temporal.NewSearchAttributeKeyKeyword(remit.SearchInvoice).ValueSet("i"),
			temporal.NewSearchAttributeKeyTime(remit.SearchDueDate).ValueSet(time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)),
		),
	}, "Stateful")
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Get(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	t.Logf("first workflow done after %s", time.Since(started))

	elsewhere, err := client.DialContext(t.Context(), client.Options{HostPort: address, Namespace: other, Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	if _, err := elsewhere.DescribeWorkflowExecution(t.Context(), "invoice-payment/1", ""); err == nil {
		t.Error("another namespace sees the workflow")
	}
}

func stateful(ctx workflow.Context) error {
	return workflow.UpsertTypedSearchAttributes(ctx, temporal.NewSearchAttributeKeyKeyword(remit.SearchState).ValueSet("open"))
}

func execute(ctx context.Context, url, statement string) error {
	connection, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer connection.Close(ctx)
	_, err = connection.Exec(ctx, statement)
	return err
}

func count(t *testing.T, url, query string) (n int) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(t.Context())
	if err := connection.QueryRow(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
