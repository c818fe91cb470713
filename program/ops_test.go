package program_test

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"remit/program"
)

// Metrics and profiles are nowhere to be had where payers are served (T37), and
// the operator's port tells what happened.
func TestT37MetricsAreForTheOperatorAlone(t *testing.T) {
	t.Parallel()
	w := openWorld(t, func(c *program.Config) { c.OpsListen = "127.0.0.1:0" })
	customer, card := w.customer(w.branchA, "4242424242424242")
	invoice, _ := w.invoice(w.branchA, customer, 5000)
	w.signIn("payer.a").post("/v1/invoices/"+invoice+"/pay", map[string]any{"amount": 5000, "payment_method": card}).want(200)

	for _, path := range []string{"/metrics", "/debug/pprof", "/debug/pprof/", "/debug/pprof/heap", "/debug/vars", "/v1/metrics"} {
		w.browser().get(path).want(http.StatusNotFound)
		w.signIn("admin").get(path).want(http.StatusNotFound)
	}
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/vars", "/v1/me", "/"} {
		if status, _ := fetch(t, w.program.OpsURL+path); status != http.StatusNotFound {
			t.Errorf("the operator's port answers %s with %d", path, status)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, body := fetch(t, w.program.OpsURL+path); status != http.StatusOK {
			t.Errorf("%s answers %d: %s", path, status, body)
		}
	}
	status, metrics := fetch(t, w.program.OpsURL+"/metrics")
	if status != http.StatusOK {
		t.Fatalf("the metrics answer %d", status)
	}
	for _, want := range []string{
		`remit_request_seconds_count{operation="payInvoice",status="200"} 1`,
		`remit_attempts_ended_total{class="",kind="charge",state="succeeded"} 1`,
		`remit_attempts_live{state="confirming"} 0`,
		`remit_agenda_lag_seconds 0`, `remit_due_date_rows_failed 0`,
		`remit_webhook_events{state="waiting"} \d+`,
		`remit_requests_waiting 0`,
		`remit_database_connections{state="limit"} \d+`,
		`remit_figures_ok 1`,
		`temporal_activity_execution_latency_seconds_count{activity_type="Perform"} 1`,
		`temporal_worker_task_slots_available{worker_type="ActivityWorker"} \d+`,
		`go_goroutines \d+`,
	} {
		if !regexp.MustCompile(`(?m)^` + strings.NewReplacer("{", `\{`, "}", `\}`).Replace(want) + `(\.\d+)?$`).MatchString(metrics) {
			t.Errorf("the metrics have no %s", want)
		}
	}
	for name, secret := range map[string]string{"key": w.key, "organisation": w.top, "invoice": invoice, "customer": customer} {
		if strings.Contains(metrics, secret) {
			t.Errorf("the metrics tell the %s", name)
		}
	}
}

// The operator's port is refused anywhere but on loopback.
func TestT37OperatorsPortStaysOnLoopback(t *testing.T) {
	t.Parallel()
	w := openWorld(t)
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "example.org:0"} {
		config := w.config
		config.Listen, config.Work, config.OpsListen = "", false, address
		p, err := program.Start(t.Context(), config)
		if err == nil {
			must(t, p.Close(context.Background()))
			t.Errorf("the operator's port is at %s", address)
		}
	}
}

func fetch(t *testing.T, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	must(t, err)
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	must(t, err)
	return response.StatusCode, string(raw)
}
