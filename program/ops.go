package program

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"remit"
	"remit/api/httpsec"
)

// operations is what an operator's tools ask, on a port of its own that is not
// published: /healthz, /readyz and /metrics.
type operations struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	ended    *prometheus.CounterVec
	scripts  *prometheus.CounterVec
	temporal *temporalMetrics
	server   *http.Server
}

func newOperations() *operations {
	o := &operations{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "remit_request_seconds", Help: "How long operations of the API took, by operation and status.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20},
		}, []string{"operation", "status"}),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "remit_attempts_ended_total", Help: "Attempts to collect that ended, by kind, what they came to, and the class of a decline.",
		}, []string{"kind", "state", "class"}),
		scripts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "remit_after_payment_scripts_total", Help: "Runs of after-payment scripts that were saved, by outcome. What failed is told on the invoice's timeline; money is not touched.",
		}, []string{"outcome"}),
	}
	o.temporal = newTemporalMetrics(o.registry)
	o.registry.MustRegister(o.requests, o.ended, o.scripts, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return o
}

// observe counts an answered operation. Its labels are bounded: operations are
// those of the contract.
func (o *operations) observe(operation string, status int, took time.Duration) {
	o.requests.WithLabelValues(operation, strconv.Itoa(status)).Observe(took.Seconds())
}

// attemptEnded counts what an attempt came to.
func (o *operations) attemptEnded(a remit.Attempt) {
	class := ""
	if a.Decline != nil {
		class = a.Decline.Class
	}
	o.ended.WithLabelValues(string(a.Kind), string(a.State), class).Inc()
}

// scriptRan counts what a run of an after-payment script came to.
func (o *operations) scriptRan(outcome string) { o.scripts.WithLabelValues(outcome).Inc() }

// serveOperations refuses an address beyond loopback: what is said here is for
// whoever runs Remit (T37).
func (p *Program) serveOperations(ctx context.Context) error {
	address := p.config.OpsListen
	host, _, err := net.SplitHostPort(address)
	if err != nil || !IsLoopback(host) {
		return fmt.Errorf("the operator's port stays on loopback, it cannot be %s", address)
	}
	listener, err := httpsec.Listen(ctx, address)
	if err != nil {
		return err
	}
	p.OpsURL = "http://" + listener.Addr().String()
	if err := p.operations.registry.Register(&figures{db: p.db, logger: p.config.Logger}); err != nil {
		return fmt.Errorf("register the figures: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { writeHealth(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		asking, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		problems := p.Commands.Ready(asking)
		if p.config.Preparing != nil && p.config.Preparing() != "" {
			problems["preparing"] = p.config.Preparing()
		}
		off, err := p.Commands.MoneyOff(asking)
		if err != nil && len(problems) == 0 {
			problems["money"] = "whether it is on could not be looked up"
		}
		writeHealth(w, problems, off...)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.operations.registry, promhttp.HandlerOpts{}))
	p.operations.server = httpsec.NewServer(mux, p.config.Logger)
	p.running.Go(func() {
		if err := p.operations.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			p.failed <- fmt.Errorf("serve the operator's port: %w", err)
		}
	})
	return nil
}

// writeHealth also says of which organisations no money is moved. Everything
// else is served to them, and to the others all, so that this is no reason to
// send requests elsewhere.
func writeHealth(w http.ResponseWriter, problems map[string]string, moneyOff ...string) {
	status, body := http.StatusOK, map[string]any{"status": "ready"}
	if len(moneyOff) > 0 {
		body["money_off"] = moneyOff
	}
	if len(problems) > 0 {
		status = http.StatusServiceUnavailable
		body["status"], body["problems"] = "not ready", problems
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		return // whoever asked has gone
	}
}
