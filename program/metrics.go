package program

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"remit"
	"remit/postgres"
)

const (
	figuresFor    = time.Minute     // how long one reading of the database counts
	figuresBudget = 3 * time.Second // for one reading
)

// figures are metrics read from the database when they are asked for, at most
// once in [figuresFor], so that they are right whichever process is asked and
// nobody can make them expensive.
type figures struct {
	db     *postgres.DB
	logger *slog.Logger

	mu   sync.Mutex
	at   time.Time
	last postgres.Figures
}

var (
	describeLive     = prometheus.NewDesc("remit_attempts_live", "Attempts that may still take money, by state. Those that stay in confirming wait for Stripe's word.", []string{"state"}, nil)
	describeLag      = prometheus.NewDesc("remit_agenda_lag_seconds", "How long the most overdue row of an agenda has been due.", nil, nil)
	describeRequests = prometheus.NewDesc("remit_requests_waiting", "Requests of the last day that are not carried out yet.", nil, nil)
	describeEvents   = prometheus.NewDesc("remit_webhook_events", "Stored events from Stripe, by state.", []string{"state"}, nil)
	describeRuns     = prometheus.NewDesc("remit_due_date_rows_failed", "Charges and notices that due-date runs of the last day could not carry out, and runs that could not go on.", nil, nil)
	describeSilent   = prometheus.NewDesc("remit_connections_unheard", "Connections whose charges Stripe has not reported for hours, though it has an endpoint to report to.", nil, nil)
	describeConns    = prometheus.NewDesc("remit_database_connections", "Connections of this process to PostgreSQL, by state.", []string{"state"}, nil)
	describeWaits    = prometheus.NewDesc("remit_database_waits_total", "How often somebody had to wait for a connection.", nil, nil)
	describeFailed   = prometheus.NewDesc("remit_figures_ok", "1 where the database told the figures above, 0 where it did not.", nil, nil)
)

// Describe names the metrics.
func (f *figures) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{describeLive, describeLag, describeRequests, describeEvents, describeRuns, describeSilent, describeConns, describeWaits, describeFailed} {
		out <- desc
	}
}

// Collect reads them.
func (f *figures) Collect(out chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	pool := f.db.Stat()
	gauge(describeConns, float64(pool.AcquiredConns()), "busy")
	gauge(describeConns, float64(pool.IdleConns()), "idle")
	gauge(describeConns, float64(pool.MaxConns()), "limit")
	out <- prometheus.MustNewConstMetric(describeWaits, prometheus.CounterValue, float64(pool.EmptyAcquireCount()))
	read, err := f.read()
	if err != nil {
		f.logger.Warn("the figures could not be read", "error", err)
		gauge(describeFailed, 0)
		return
	}
	gauge(describeFailed, 1)
	for _, state := range []remit.AttemptState{remit.AttemptCreated, remit.AttemptRequiresAction, remit.AttemptProcessing, remit.AttemptConfirming} {
		gauge(describeLive, float64(read.Live[state]), string(state))
	}
	for _, state := range []postgres.EventState{postgres.EventWaiting, postgres.EventDone, postgres.EventForeign, postgres.EventWrongMode, postgres.EventIgnored} {
		gauge(describeEvents, float64(read.Events[state]), string(state))
	}
	gauge(describeLag, read.AgendaLag.Seconds())
	gauge(describeRequests, float64(read.Requests))
	gauge(describeRuns, float64(read.RunsFailed))
	gauge(describeSilent, float64(read.Silent))
}

func (f *figures) read() (postgres.Figures, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.at.IsZero() && time.Since(f.at) < figuresFor {
		return f.last, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), figuresBudget)
	defer cancel()
	read, err := f.db.Figures(ctx)
	if err == nil {
		f.last, f.at = read, time.Now()
	}
	return read, err
}
