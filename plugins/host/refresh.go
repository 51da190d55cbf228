package host

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/fields"
)

// slot is what stands for a plugin in a municipality: the instance in the set, and the one that shall
// take its place once it is ready.
type slot struct {
	current, next *instance
	busy          map[*instance]bool // those being prepared
	reason        string             // why the newest is not ready; empty: it is, or is on its way
	since         time.Time
	failures      int
	again         time.Time // not to be tried before
}

// Refresh brings what runs to what is enabled. It waits for no process: sets are exchanged at once where
// the schema is another one by what is enabled, and later, each by itself, where a version gets ready.
func (h *Host) Refresh(ctx context.Context) error {
	h.refreshing.Lock()
	defer h.refreshing.Unlock()
	all, err := h.catalog.Enabled(ctx)
	if err != nil {
		return fmt.Errorf("plugins/host: what is enabled: %w", err)
	}
	var problems []error
	wanted := map[place]bool{}
	for _, e := range all {
		town, err := h.options.Town(ctx, e.Municipality)
		if err != nil {
			problems = append(problems, err)
			wanted[place{e.Municipality, e.Name}] = true // it stays as it is
			continue
		}
		wanted[place{e.Municipality, e.Name}] = true
		h.want(town, e)
	}
	h.leave(wanted)
	h.publish()
	return errors.Join(problems...)
}

// want makes the slot's instances follow what is enabled.
func (h *Host) want(town *core.Municipality, e Enabled) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := place{e.Municipality, e.Name}
	s := h.slots[at]
	if s == nil {
		s = &slot{busy: map[*instance]bool{}}
		h.slots[at] = s
	}
	switch {
	case s.next != nil && s.next.same(e):
	case s.current == nil:
		s.current = h.newInstance(town, e)
		s.fresh(h.Clock())
	case s.current.same(e):
		if s.next != nil { // what was begun is wanted no more
			h.discard(s.next)
			s.next = nil
			s.fresh(h.Clock())
		}
	default:
		if s.next != nil {
			h.discard(s.next)
		}
		s.next = h.newInstance(town, e)
		s.fresh(h.Clock())
	}
	newest := cmp.Or(s.next, s.current)
	if newest.ready.Load() || s.busy[newest] || h.Clock().Before(s.again) || h.closed {
		return
	}
	s.busy[newest] = true
	h.wait.Go(func() { h.bring(at, newest) })
}

func (s *slot) fresh(now time.Time) { s.reason, s.failures, s.again, s.since = "", 0, time.Time{}, now }

// bring prepares an instance, and puts it into its place when it is still wanted then.
func (h *Host) bring(at place, i *instance) {
	err := i.prepare(h.ctx)
	h.mu.Lock()
	s := h.slots[at]
	if s == nil || s.current != i && s.next != i {
		h.mu.Unlock()
		i.drop()
		return
	}
	delete(s.busy, i)
	defer h.tell()
	if err != nil {
		s.failures++
		s.reason, s.since = err.Error(), h.Clock()
		s.again = h.Clock().Add(min(5*time.Minute, time.Second<<min(s.failures, 9)))
		h.mu.Unlock()
		h.log.Warn("plugin is not ready", "plugin", at.plugin, "municipality", i.town.Key, "version", i.enabled.Version, "error", err)
		return
	}
	var old *instance
	if s.next == i {
		old, s.current, s.next = s.current, i, nil
	}
	s.fresh(h.Clock())
	h.mu.Unlock()
	h.log.Info("plugin is ready", "plugin", at.plugin, "municipality", i.town.Key, "version", i.enabled.Version)
	if old != nil {
		h.publish()
		old.retire()
	}
	wake(h.wakeDeliver)
}

func (h *Host) tell() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.settled)
	h.settled = make(chan struct{})
}

// Settled waits until the newest version of the plugin is ready in the municipality, or could not get
// ready for the first time; Status.Reason tells which.
func (h *Host) Settled(ctx context.Context, m *core.Municipality, plugin string) (Status, error) {
	for {
		h.mu.Lock()
		changed := h.settled
		h.mu.Unlock()
		s, there := h.Status(m, plugin)
		switch {
		case !there:
			return s, core.ErrNotFound
		case s.Reason != "" || s.Ready && s.Waiting == "":
			return s, nil
		}
		select {
		case <-ctx.Done():
			return s, ctx.Err()
		case <-changed:
		}
	}
}

// discard drops an instance that never came into a set; one that is being prepared is dropped by bring.
func (h *Host) discard(i *instance) {
	if s := h.slots[i.place()]; s != nil && s.busy[i] {
		delete(s.busy, i)
		return
	}
	h.wait.Go(i.drop)
}

// retire lets operations that began with an old set finish: for a while their calls are taken, then the
// process is drained, not cut off.
func (i *instance) retire() {
	if v := i.version.Load(); v != nil {
		i.host.unlist(v)
		i.host.later(func() { i.host.release(v) })
	}
}

// later does it when what began before has had its time, or the host closes.
func (h *Host) later(do func()) {
	h.wait.Go(func() {
		timer := time.NewTimer(h.options.Limits.Linger)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-h.ctx.Done():
		}
		do()
	})
}

// leave takes out what is enabled no more. Its data stay.
func (h *Host) leave(wanted map[place]bool) {
	h.mu.Lock()
	var gone []*instance
	for at, s := range h.slots {
		if wanted[at] {
			continue
		}
		for _, i := range []*instance{s.current, s.next} {
			if i != nil && !s.busy[i] {
				gone = append(gone, i)
			}
		}
		delete(h.slots, at)
		if store := h.stores[at]; store != nil {
			delete(h.stores, at)
			h.later(store.pool.Close)
		}
	}
	h.mu.Unlock()
	for _, i := range gone {
		if v := i.version.Load(); v != nil {
			h.unlist(v)
		}
		h.later(i.drop)
	}
}

// publish exchanges the sets of those municipalities whose instances are others.
func (h *Host) publish() {
	h.mu.Lock()
	defer h.mu.Unlock()
	by := map[uuid.UUID][]*fields.Source{}
	for at, s := range h.slots {
		by[at.town] = append(by[at.town], s.current.source)
	}
	had, now := *h.sets.Load(), map[uuid.UUID]*fields.Set{}
	for town, sources := range by {
		slices.SortFunc(sources, func(a, b *fields.Source) int { return cmp.Compare(a.Manifest.Name, b.Manifest.Name) })
		if old := had[town]; old != nil && slices.Equal(old.Sources, sources) {
			now[town] = old
			continue
		}
		now[town] = &fields.Set{Key: keyOf(sources), Sources: sources}
	}
	h.sets.Store(&now)
}

// keyOf is of exactly these instances: a schema that is kept by it leads to them, and to their municipality
// and settings.
func keyOf(sources []*fields.Source) string {
	sum := sha256.New()
	for _, s := range sources {
		_, _ = fmt.Fprintf(sum, "%s %d\n", s.Manifest.Name, s.Plugin.(*instance).number) // a hash never fails
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Status is how a plugin fares in a municipality on this replica.
type Status struct {
	Version string // that serves
	Ready   bool
	Waiting string // the version that shall take its place; empty: none
	Reason  string // why the newest of them is not ready
	Since   time.Time
}

// Status says how the plugin fares in the municipality; false: it is not enabled there.
func (h *Host) Status(m *core.Municipality, plugin string) (Status, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.slots[place{m.ID, plugin}]
	if s == nil {
		return Status{}, false
	}
	st := Status{Version: s.current.enabled.Version, Ready: s.current.ready.Load(), Reason: s.reason, Since: s.since}
	if s.next != nil {
		st.Waiting = s.next.enabled.Version
	}
	return st, true
}

// ProcessOf is what runs the version that serves the plugin in the municipality, for an operator's eyes
// and hands (process.Supervisor: State, Restart); nil: nothing does.
func (h *Host) ProcessOf(m *core.Municipality, plugin string) Process {
	i := h.instanceAt(place{m.ID, plugin})
	if i == nil {
		return nil
	}
	if v := i.version.Load(); v != nil {
		return v.process
	}
	return nil
}

// Restart starts the plugin's processes on this replica anew, out of quarantine too.
func (h *Host) Restart(plugin string) {
	h.mu.Lock()
	var all []interface{ Restart() }
	for _, v := range h.versions {
		select {
		case <-v.started:
			if r, can := v.process.(interface{ Restart() }); can && v.manifest.Name == plugin {
				all = append(all, r)
			}
		default: // it is being started
		}
	}
	for at, s := range h.slots {
		if at.plugin == plugin {
			s.again = time.Time{}
		}
	}
	h.mu.Unlock()
	for _, r := range all {
		r.Restart()
	}
	wake(h.wakeRefresh)
}

// instanceAt is what serves in the place; nil: nothing is enabled there.
func (h *Host) instanceAt(at place) *instance {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.slots[at]; s != nil {
		return s.current
	}
	return nil
}
