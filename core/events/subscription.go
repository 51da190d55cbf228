package events

import (
	"context"
	"sync"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// Why a subscription ended although its subscriber still wanted it; see Subscription.Err. In both
// cases the client connects again and loads anew. Compare with ==: errors.Is compares codes, and
// both are UNAVAILABLE.
var (
	ErrOverflow = &core.Error{Code: core.CodeUnavailable, Text: core.T(
		"Changes came faster than they were taken. Subscribe again and reload the data.",
		"Изменения поступали быстрее, чем их принимали. Подпишитесь снова и загрузите данные заново.")}
	ErrStopped = &core.Error{Code: core.CodeUnavailable, Text: core.T(
		"The server is stopping. Subscribe again and reload the data.",
		"Сервер останавливается. Подпишитесь снова и загрузите данные заново.")}
)

// Filter chooses events within the municipality. The zero value takes all.
type Filter struct {
	Type   string    // GraphQL type; empty for every type
	Object uuid.UUID // nil for every object
}

// Match says whether the event is about what the filter names, or touches it.
func (f Filter) Match(e *core.Event) bool {
	if f.match(e.Type, e.Object) {
		return true
	}
	for _, id := range e.Touched {
		if f.match(id.Type, id.Key) {
			return true
		}
	}
	return false
}

func (f Filter) match(typ string, object uuid.UUID) bool {
	return (f.Type == "" || f.Type == typ) && (f.Object == uuid.Nil || f.Object == object)
}

// Subscription is one subscriber's stream.
type Subscription struct {
	municipality uuid.UUID
	filter       Filter
	out          chan core.Event
	ready        chan struct{} // the queue has something
	done         chan struct{} // closed by end

	mu    sync.Mutex
	queue []*core.Event // shared between subscribers, never changed
	err   error
}

// Subscribe delivers the events of the context's municipality that the filter chooses, from the
// commits after its return (and perhaps a few from before), until ctx ends. A context without a
// municipality gets nothing. Rights are the caller's to check, for each event.
func (b *Broker) Subscribe(ctx context.Context, filter Filter) *Subscription {
	s := &Subscription{
		municipality: core.MunicipalityOf(ctx).ID,
		filter:       filter,
		out:          make(chan core.Event),
		ready:        make(chan struct{}, 1),
		done:         make(chan struct{}),
	}
	b.add(s)
	go func() {
		defer close(s.out)
		defer b.remove(s)
		s.pump(ctx)
	}()
	return s
}

// Events is closed when the subscription ends. What came before the end is without gaps.
func (s *Subscription) Events() <-chan core.Event { return s.out }

// Err is why Events was closed: nil when ctx ended, else ErrOverflow or ErrStopped. It is to be
// asked after the close, and shown to the client.
func (s *Subscription) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// push queues the event unless limit events wait already. It never blocks.
func (s *Subscription) push(e *core.Event, limit int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) >= limit {
		return false
	}
	s.queue = append(s.queue, e)
	select {
	case s.ready <- struct{}{}:
	default:
	}
	return true
}

// end is called by the broker, at most once.
func (s *Subscription) end(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.queue = reason, nil
	close(s.done)
}

func (s *Subscription) next() *core.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return nil
	}
	e := s.queue[0]
	s.queue[0] = nil
	s.queue = s.queue[1:]
	return e
}

func (s *Subscription) pump(ctx context.Context) {
	for {
		for e := s.next(); e != nil; e = s.next() {
			select {
			case s.out <- *e:
			case <-ctx.Done():
				return
			case <-s.done:
				return
			}
		}
		select {
		case <-s.ready:
		case <-ctx.Done():
			return
		case <-s.done:
			return
		}
	}
}
