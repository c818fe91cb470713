package program

import (
	"maps"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
)

// temporalMetrics passes on those of the Temporal SDK's metrics that tell
// whether workers keep up. The others are dropped, and so are labels beyond
// those named here, which bounds how many series there are.
type temporalMetrics struct {
	counters map[string]*prometheus.CounterVec
	gauges   map[string]*prometheus.GaugeVec
	timers   map[string]*prometheus.HistogramVec
	labels   map[string]string // the one label of each metric
	tags     map[string]string
}

func newTemporalMetrics(registry prometheus.Registerer) *temporalMetrics {
	m := &temporalMetrics{counters: map[string]*prometheus.CounterVec{}, gauges: map[string]*prometheus.GaugeVec{}, timers: map[string]*prometheus.HistogramVec{}, labels: map[string]string{}}
	for name, counter := range map[string]struct{ help, label string }{
		"temporal_workflow_task_execution_failed": {"Workflow tasks that failed; non-determinism shows here.", "workflow_type"},
		"temporal_activity_execution_failed":      {"Steps that have to be repeated.", "activity_type"},
		"temporal_request_failure":                {"Requests to Temporal that failed.", "operation"},
	} {
		m.counters[name] = prometheus.NewCounterVec(prometheus.CounterOpts{Name: name + "_total", Help: counter.help}, []string{counter.label})
		m.labels[name] = counter.label
		registry.MustRegister(m.counters[name])
	}
	for name, gauge := range map[string]struct{ help, label string }{
		"temporal_worker_task_slots_available": {"Room for further tasks.", "worker_type"},
		"temporal_sticky_cache_size":           {"Workflows held in memory.", "namespace"},
	} {
		m.gauges[name] = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: gauge.help}, []string{gauge.label})
		m.labels[name] = gauge.label
		registry.MustRegister(m.gauges[name])
	}
	for name, timer := range map[string]struct{ help, label string }{
		"temporal_workflow_task_schedule_to_start_latency": {"How long workflow tasks waited for a worker.", "workflow_type"},
		"temporal_activity_schedule_to_start_latency":      {"How long steps waited for a worker.", "activity_type"},
		"temporal_activity_execution_latency":              {"How long steps took.", "activity_type"},
	} {
		m.timers[name] = prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: name + "_seconds", Help: timer.help, Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 120},
		}, []string{timer.label})
		m.labels[name] = timer.label
		registry.MustRegister(m.timers[name])
	}
	return m
}

// WithTags returns a handler whose metrics carry further tags.
func (m *temporalMetrics) WithTags(tags map[string]string) client.MetricsHandler {
	with := *m
	with.tags = make(map[string]string, len(m.tags)+len(tags))
	maps.Copy(with.tags, m.tags)
	maps.Copy(with.tags, tags)
	return &with
}

// Counter gives a counter of the SDK.
func (m *temporalMetrics) Counter(name string) client.MetricsCounter {
	if counter, kept := m.counters[name]; kept {
		return counting(func(n int64) { counter.WithLabelValues(m.tags[m.labels[name]]).Add(float64(n)) })
	}
	return client.MetricsNopHandler.Counter(name)
}

// Gauge gives a gauge of the SDK.
func (m *temporalMetrics) Gauge(name string) client.MetricsGauge {
	if gauge, kept := m.gauges[name]; kept {
		return gauging(func(value float64) { gauge.WithLabelValues(m.tags[m.labels[name]]).Set(value) })
	}
	return client.MetricsNopHandler.Gauge(name)
}

// Timer gives a timer of the SDK.
func (m *temporalMetrics) Timer(name string) client.MetricsTimer {
	if timer, kept := m.timers[name]; kept {
		return timing(func(took time.Duration) { timer.WithLabelValues(m.tags[m.labels[name]]).Observe(took.Seconds()) })
	}
	return client.MetricsNopHandler.Timer(name)
}

type (
	counting func(int64)
	gauging  func(float64)
	timing   func(time.Duration)
)

func (c counting) Inc(n int64)             { c(n) }
func (g gauging) Update(value float64)     { g(value) }
func (t timing) Record(took time.Duration) { t(took) }
