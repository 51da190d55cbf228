package events

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/postgres"
)

func begin(ctx context.Context, t rapid.TB, db *postgres.DB) bun.Tx {
	t.Helper()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func must(t rapid.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestALateCommitIsNeitherSkippedNorWaitedFor(t *testing.T) {
	db := coretest.Kernel(t)
	ctx := town(within(t), t, db)
	b := newBroker(ctx, t, db, Settings{Poll: never})
	run(ctx, t, b)
	listen(ctx, t, db, b)
	s := b.Subscribe(ctx, Filter{})
	early, late := core.NewID(), core.NewID()

	first, second := begin(ctx, t, db), begin(ctx, t, db)
	must(t, Append(ctx, first, council(late), time.Now()))
	must(t, Append(ctx, second, council(early), time.Now()))
	must(t, second.Commit())
	if got := takeOne(ctx, t, s).Object; got != early {
		t.Fatalf("the open transaction with the lower seq: got %v, want %v", got, early)
	}
	must(t, first.Commit())
	if got := takeOne(ctx, t, s).Object; got != late {
		t.Fatalf("the late commit: got %v, want %v", got, late)
	}
}

// The transaction that changes the object second has begun first (a lower transaction id), and a
// third one in between stays open: neither order by id nor waiting for open ones gets this right.
func TestChangesOfOneObjectKeepTheirOrder(t *testing.T) {
	db := coretest.Kernel(t)
	ctx := town(within(t), t, db)
	b := newBroker(ctx, t, db, Settings{Poll: never})
	s := b.Subscribe(ctx, Filter{})
	object := core.NewID()

	old, open, young := begin(ctx, t, db), begin(ctx, t, db), begin(ctx, t, db)
	for _, tx := range []bun.Tx{old, open, young} {
		_, err := tx.ExecContext(ctx, "SELECT pg_current_xact_id()")
		must(t, err)
	}
	must(t, Append(ctx, young, core.Change{Kind: core.Created, Type: "Council", ID: object}, time.Now()))
	must(t, young.Commit())
	must(t, Append(ctx, old, core.Change{Kind: core.Ended, Type: "Council", ID: object}, time.Now()))
	must(t, old.Commit())

	run(ctx, t, b)
	got := take(ctx, t, s, 2)
	if got[0].Kind != core.Created || got[1].Kind != core.Ended {
		t.Fatalf("got %s, then %s", got[0].Kind, got[1].Kind)
	}
	must(t, open.Rollback())
}

// schedule plays random interleavings of transactions and reads of the outbox. A change of an
// object takes the object until the transaction's end, as a row lock does.
type schedule struct {
	ctx     context.Context
	db      *postgres.DB
	cursor  cursor
	objects []uuid.UUID
	open    []*session
	taken   map[uuid.UUID]bool
	want    map[uuid.UUID][]time.Time // by object, in the order of change, committed ones
	got     map[uuid.UUID][]time.Time
	clock   time.Time
}

type session struct {
	tx      bun.Tx
	changes map[uuid.UUID][]time.Time
}

func (s *schedule) begin(t *rapid.T) {
	if len(s.open) == 8 {
		t.Skip()
	}
	n := &session{tx: begin(s.ctx, t, s.db), changes: map[uuid.UUID][]time.Time{}}
	if rapid.Bool().Draw(t, "id at once") {
		_, err := n.tx.ExecContext(s.ctx, "SELECT pg_current_xact_id()")
		must(t, err)
	}
	s.open = append(s.open, n)
}

func (s *schedule) pick(t *rapid.T) *session {
	if len(s.open) == 0 {
		t.Skip()
	}
	return rapid.SampledFrom(s.open).Draw(t, "session")
}

func (s *schedule) change(t *rapid.T) {
	n := s.pick(t)
	object := rapid.SampledFrom(s.objects).Draw(t, "object")
	if s.taken[object] && n.changes[object] == nil {
		t.Skip()
	}
	s.taken[object] = true
	s.clock = s.clock.Add(time.Second)
	n.changes[object] = append(n.changes[object], s.clock)
	must(t, Append(s.ctx, n.tx, council(object), s.clock))
}

func (s *schedule) end(t *rapid.T, commit bool) {
	n := s.pick(t)
	s.open = slices.DeleteFunc(s.open, func(o *session) bool { return o == n })
	for object, times := range n.changes {
		delete(s.taken, object)
		if commit {
			s.want[object] = append(s.want[object], times...)
		}
	}
	if commit {
		must(t, n.tx.Commit())
	} else {
		must(t, n.tx.Rollback())
	}
}

func (s *schedule) read(t *rapid.T) {
	must(t, s.cursor.round(s.ctx, func(e *core.Event) {
		s.got[e.Object] = append(s.got[e.Object], e.At.UTC())
	}))
}

func TestEveryCommitIsReadOnceInTheOrderOfItsObject(t *testing.T) {
	db := coretest.Kernel(t)
	ctx := town(within(t), t, db)
	rapid.Check(t, func(t *rapid.T) {
		now, err := snapshot(ctx, db)
		must(t, err)
		s := &schedule{ctx: ctx, db: db, cursor: cursor{db: db, from: now, to: now},
			objects: []uuid.UUID{core.NewID(), core.NewID(), core.NewID()},
			taken:   map[uuid.UUID]bool{}, want: map[uuid.UUID][]time.Time{}, got: map[uuid.UUID][]time.Time{},
			clock: time.Date(2012, 1, 1, 0, 0, 0, 0, time.UTC)}
		defer func() {
			for _, n := range s.open {
				_ = n.tx.Rollback()
			}
		}()
		t.Repeat(map[string]func(*rapid.T){
			"begin":    s.begin,
			"change":   s.change,
			"commit":   func(t *rapid.T) { s.end(t, true) },
			"rollback": func(t *rapid.T) { s.end(t, false) },
			"read":     s.read,
			"": func(t *rapid.T) { // what is read is a prefix of what was committed
				for object, got := range s.got {
					if want := s.want[object]; len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
						t.Fatalf("read %v of %v", got, want)
					}
				}
			},
		})
		s.read(t)
		for object, want := range s.want {
			if !slices.Equal(s.got[object], want) {
				t.Fatalf("read %v, committed %v", s.got[object], want)
			}
		}
	})
}
