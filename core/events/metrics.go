package events

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	read, delivered, overflows prometheus.Counter
	subscribers                prometheus.Gauge
	lag                        prometheus.Histogram
}

func newMetrics() metrics {
	return metrics{
		read: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "veche_events_read_total", Help: "Events read from the outbox by this replica.",
		}),
		delivered: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "veche_events_delivered_total", Help: "Events handed to subscribers, counted once for each subscriber.",
		}),
		overflows: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "veche_events_overflows_total", Help: "Subscriptions ended because their subscriber was too slow.",
		}),
		subscribers: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "veche_events_subscribers", Help: "Subscriptions open on this replica.",
		}),
		lag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "veche_events_lag_seconds",
			Help:    "Time from the change to its delivery on this replica.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60},
		}),
	}
}

// Collectors are the broker's figures, for the application to register.
func (b *Broker) Collectors() []prometheus.Collector {
	m := b.metrics
	return []prometheus.Collector{m.read, m.delivered, m.overflows, m.subscribers, m.lag}
}
