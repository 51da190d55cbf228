package events

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// Settings of a Broker; zero values take the defaults.
type Settings struct {
	// Poll is how often the outbox is read without being woken, which heals a lost notification.
	// 1 second by default.
	Poll time.Duration
	// Buffer is how many events may wait for one subscriber before its subscription is ended with
	// ErrOverflow. 1,024 by default.
	Buffer int
}

// Broker hands this replica's subscribers what was committed by any replica. Safe for use by many
// goroutines; Run is called once.
type Broker struct {
	log      *slog.Logger
	settings Settings
	cursor   cursor
	woken    chan struct{}
	metrics  metrics

	mu      sync.Mutex
	stopped bool
	subs    map[uuid.UUID]map[*Subscription]struct{} // by municipality
}

// New makes a Broker that delivers what is committed from now on. Events that come before Run is
// started wait in the table.
func New(ctx context.Context, db *postgres.DB, log *slog.Logger, settings Settings) (*Broker, error) {
	settings.Poll = cmp.Or(settings.Poll, time.Second)
	settings.Buffer = cmp.Or(settings.Buffer, 1024)
	now, err := snapshot(ctx, db)
	if err != nil {
		return nil, err
	}
	return &Broker{
		log:      log,
		settings: settings,
		cursor:   cursor{db: db, from: now, to: now},
		woken:    make(chan struct{}, 1),
		metrics:  newMetrics(),
		subs:     map[uuid.UUID]map[*Subscription]struct{}{},
	}, nil
}

// Wake makes Run read the outbox soon. It has the form of postgres.Listen's callback, so that one
// listening connection can serve several listeners: it ignores channels other than Channel and
// takes "" (something may have been missed) as a reason to look. It never blocks.
func (b *Broker) Wake(channel string) {
	if channel != Channel && channel != "" {
		return
	}
	select {
	case b.woken <- struct{}{}:
	default: // a wake-up that waits will see our rows too
	}
}

// Run delivers until ctx ends, then ends every subscription with ErrStopped. While the database
// does not answer it keeps its place and tries again at every poll.
func (b *Broker) Run(ctx context.Context) {
	defer b.stop()
	poll := time.NewTicker(b.settings.Poll)
	defer poll.Stop()
	failing := false
	for {
		err := b.cursor.round(ctx, b.deliver)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			b.log.Warn("events cannot be read; trying again", "error", err)
		case err == nil && failing:
			b.log.Info("events are read again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-b.woken:
		case <-poll.C:
		}
	}
}

func (b *Broker) deliver(e *core.Event) {
	b.metrics.read.Inc()
	b.metrics.lag.Observe(max(0, time.Since(e.At).Seconds()))
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.subs[e.Municipality] {
		if !s.filter.Match(e) {
			continue
		}
		if s.push(e, b.settings.Buffer) {
			b.metrics.delivered.Inc()
			continue
		}
		s.end(ErrOverflow)
		b.removeLocked(s)
		b.metrics.overflows.Inc()
	}
}

func (b *Broker) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	for _, subs := range b.subs {
		for s := range subs {
			s.end(ErrStopped)
			b.removeLocked(s)
		}
	}
}

func (b *Broker) add(s *Subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		s.end(ErrStopped)
		return
	}
	if b.subs[s.municipality] == nil {
		b.subs[s.municipality] = map[*Subscription]struct{}{}
	}
	b.subs[s.municipality][s] = struct{}{}
	b.metrics.subscribers.Inc()
}

func (b *Broker) remove(s *Subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.removeLocked(s)
}

// removeLocked may be called again for a subscription that is gone.
func (b *Broker) removeLocked(s *Subscription) {
	subs := b.subs[s.municipality]
	if _, there := subs[s]; !there {
		return
	}
	delete(subs, s)
	if len(subs) == 0 {
		delete(b.subs, s.municipality)
	}
	b.metrics.subscribers.Dec()
}
