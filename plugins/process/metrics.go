package process

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/veche-city/veche/core"
)

// Metrics are the figures of all plugins of a host, by plugin and version; calls by municipality too, whose
// key is empty for what is asked in none.
type Metrics struct {
	calls, failures, restarts *prometheus.CounterVec
	seconds                   *prometheus.HistogramVec
	inFlight, phase           *prometheus.GaugeVec
}

// NewMetrics makes the figures, once a host.
func NewMetrics() *Metrics {
	process, call := []string{"plugin", "version"}, []string{"plugin", "version", "municipality"}
	return &Metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "veche_plugin_calls_total", Help: "Calls to the plugin, streams included.",
		}, call),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "veche_plugin_errors_total", Help: "Calls to the plugin that failed, by the code that the caller was given.",
		}, append(call, "code")),
		restarts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "veche_plugin_restarts_total", Help: "Starts of the plugin's process after the first.",
		}, process),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "veche_plugin_call_seconds", Help: "Duration of a call to the plugin, streams not included.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2, 5, 30},
		}, call),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "veche_plugin_calls_in_flight", Help: "Calls to the plugin under way, streams included.",
		}, call),
		phase: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "veche_plugin_state", Help: "1 for the state that the plugin's process is in.",
		}, []string{"plugin", "version", "state"}),
	}
}

// Collectors are the figures, for the application to register.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.calls, m.failures, m.restarts, m.seconds, m.inFlight, m.phase}
}

func (s *Supervisor) metrics() *Metrics { return s.options.Metrics }

// state shows the phase alone; of one that has stopped nothing is left.
func (m *Metrics) state(p Program, phase Phase) {
	m.phase.DeletePartialMatch(prometheus.Labels{"plugin": p.Manifest.Name, "version": p.Manifest.Version})
	if phase != Stopped {
		m.phase.WithLabelValues(p.Manifest.Name, p.Manifest.Version, string(phase)).Set(1)
	}
}

// begin counts a call in a municipality, and gives back what ends it.
func (m *Metrics) begin(p Program, municipality string, stream bool) func(error) {
	began, of := time.Now(), []string{p.Manifest.Name, p.Manifest.Version, municipality}
	m.calls.WithLabelValues(of...).Inc()
	m.inFlight.WithLabelValues(of...).Inc()
	return func(err error) {
		m.inFlight.WithLabelValues(of...).Dec()
		if !stream {
			m.seconds.WithLabelValues(of...).Observe(time.Since(began).Seconds())
		}
		if err != nil {
			m.failures.WithLabelValues(append(of, string(core.CodeOf(err)))...).Inc()
		}
	}
}
