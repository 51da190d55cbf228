package files

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/files"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/jobs"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/people"
)

// house is the module over people, whose organisations bear files here.
type house struct {
	*Service
	t    testing.TB
	db   *postgres.DB
	now  time.Time
	town *core.Municipality
}

func newHouse(t testing.TB, maxSize int64) *house {
	t.Helper()
	h := &house{t: t, db: coretest.Database(t), now: coretest.Noon(2013, time.February, 1)()}
	clock := func() time.Time { return h.now }
	guard, err := access.New(h.db, access.Settings{Clock: clock, Log: coretest.Quiet()})
	must(t, err)
	t.Cleanup(func() { _ = guard.Close() })
	h.town = coretest.Town(t, h.db, "kansk")
	queue, err := jobs.New(h.db, coretest.Quiet(), func(context.Context, uuid.UUID) (*core.Municipality, error) { return h.town, nil })
	must(t, err)
	keeper, err := files.New(t.Context(), files.Settings{Dir: t.TempDir(), MaxSize: maxSize}, coretest.Quiet())
	must(t, err)
	on := &host.Host{DB: h.db, Guard: guard, Reads: read.New(h.db, guard, clock, 100), Writer: &mutation.Writer{DB: h.db, Clock: clock, Jobs: queue},
		Jobs: queue, Files: keeper, Clock: clock, Log: coretest.Quiet()}
	persons := people.New(on)
	m, err := New(on, persons)
	must(t, err)
	m.Attachable("Person", "people:write")
	must(t, on.Reads.Ready())
	must(t, guard.Know([]core.Info{persons.Info(), m.Info()}))
	must(t, guard.EnsureDefaults(t.Context(), h.town))
	h.Service = m.Service
	return h
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// clerk is one of the reception, each call another one.
func (h *house) clerk() context.Context {
	return core.WithActor(core.WithMunicipality(h.t.Context(), h.town),
		core.Actor{Kind: core.Account, Account: core.NewID(), Assignments: []core.Assignment{{Role: "clerk"}}})
}

func (h *house) system() context.Context {
	return core.WithActor(core.WithMunicipality(h.t.Context(), h.town), core.Actor{Kind: core.System})
}

func (h *house) newPerson() core.ID {
	h.t.Helper()
	key := core.NewID()
	_, err := h.db.Exec(`INSERT INTO persons (municipality_id, id, family_name, given_name, created_at) VALUES (?, ?, 'Образцов', 'Иван', now())`, h.town.ID, key)
	must(h.t, err)
	return core.ID{Type: "Person", Key: key}
}

// received is an upload of the caller's that can be attached.
func (h *house) received(ctx context.Context, text string) core.ID {
	h.t.Helper()
	u, err := h.receive(ctx, &Upload{File: bytes.NewReader([]byte(text)), Filename: "a.txt", Size: int64(len(text))})
	must(h.t, err)
	return core.ID{Type: typeFileUpload, Key: u.ID}
}

// take attaches as another module's mutation does, which then fails or not.
func (h *house) take(ctx context.Context, object core.ID, uploads []core.ID, after error) error {
	p, err := h.host.Writer.Do(ctx, "test", nil, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := h.Take(ctx, tx, object, uploads, "input", "uploadIds"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: object.Type, ID: object.Key})
		return object.Key, after
	})
	if err == nil && len(p.UserErrors) > 0 {
		err = &core.Error{Code: p.UserErrors[0].Code, Path: p.UserErrors[0].Path}
	}
	return err
}

func (h *house) count(query string) (n int) {
	h.t.Helper()
	must(h.t, h.db.NewRaw("SELECT count(*) FROM "+query).Scan(h.t.Context(), &n))
	return n
}

// there says whether the bytes are kept.
func (h *house) there(id core.ID) bool {
	h.t.Helper()
	blob, err := h.keeper.Store.Open(h.t.Context(), files.Key{Municipality: h.town.ID, File: id.Key})
	if errors.Is(err, files.ErrAbsent) {
		return false
	}
	must(h.t, err)
	must(h.t, blob.Close())
	return true
}

func TestTake(t *testing.T) {
	h := newHouse(t, 0)
	ctx, person := h.clerk(), h.newPerson()
	one, two := h.received(ctx, "one"), h.received(ctx, "two")
	many := make([]core.ID, mostAtOnce+1)
	for i := range many {
		many[i] = core.ID{Type: typeFileUpload, Key: core.NewID()}
	}
	for name, c := range map[string]struct {
		ctx     context.Context
		uploads []core.ID
	}{
		"another's": {h.clerk(), []core.ID{one}}, "one of them is none": {ctx, []core.ID{one, many[0]}}, "of another type": {ctx, []core.ID{one, person}}, "too many": {ctx, many},
	} {
		if err := h.take(c.ctx, person, c.uploads, nil); core.CodeOf(err) != core.CodeBadUserInput {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := h.take(ctx, core.ID{Type: "Organisation", Key: core.NewID()}, []core.ID{one}, nil); core.CodeOf(err) != core.CodeInternal {
		t.Errorf("an object that bears no files: %v", err)
	}
	if err := h.take(ctx, person, []core.ID{one, two}, core.ErrConflict); core.CodeOf(err) != core.CodeConflict {
		t.Errorf("its mutation fails: %v", err)
	}
	if n := h.count("attachments"); n > 0 || h.count("uploads WHERE state = 'RECEIVED'") != 2 {
		t.Errorf("%d are attached, though all was refused", n)
	}
	must(t, h.take(ctx, person, nil, nil))
	must(t, h.take(ctx, person, []core.ID{one, two, one}, nil))
	if n := h.count("attachments WHERE object_type = 'Person'"); n != 2 || h.count("outbox WHERE object_type = 'Attachment'") != 2 {
		t.Errorf("%d are attached", n)
	}
	if err := h.take(ctx, person, []core.ID{one}, nil); core.CodeOf(err) != core.CodeConflict {
		t.Errorf("a second time: %v", err)
	}
}

// Erase takes away the files of objects with their names, and the sweep their bytes.
func TestErase(t *testing.T) {
	h := newHouse(t, 0)
	ctx, gone, stays := h.clerk(), h.newPerson(), h.newPerson()
	one, two := h.received(ctx, "one"), h.received(ctx, "two")
	must(t, h.take(ctx, gone, []core.ID{one}, nil))
	must(t, h.take(ctx, stays, []core.ID{two}, nil))
	_, err := h.host.Writer.Do(h.system(), "test", nil, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		return gone.Key, h.Erase(ctx, tx, gone)
	})
	must(t, err)
	must(t, h.Sweep(h.system()))
	if h.there(one) || !h.there(two) || h.count("attachments WHERE name = 'file.txt' AND erased_at IS NOT NULL") != 1 {
		t.Error("not what was to be erased")
	}
}

// What waits is bounded, by number and by size, for each account; what was refused, attached or
// expired does not count.
func TestWhatWaitsIsBounded(t *testing.T) {
	h := newHouse(t, 1000)
	ctx, person := h.clerk(), h.newPerson()
	prepare := func(ctx context.Context, size int) string {
		t.Helper()
		p, err := h.PrepareUpload(ctx, PrepareUploadInput{Name: "a.txt", Size: size})
		must(t, err)
		if len(p.UserErrors) > 0 {
			return string(p.UserErrors[0].Code)
		}
		return ""
	}
	upload := h.received(ctx, strings.Repeat("x", 1000))
	for range pendingSizes - 1 {
		if got := prepare(ctx, 1000); got != "" {
			t.Fatal(got)
		}
	}
	if got := prepare(ctx, 1); got != "CONFLICT" {
		t.Errorf("one byte more: %q", got)
	}
	if _, err := h.receive(ctx, &Upload{File: strings.NewReader("x"), Filename: "a.txt", Size: 1}); core.CodeOf(err) != core.CodeConflict {
		t.Errorf("one byte more, within a request: %v", err)
	}
	if got := prepare(h.clerk(), 1000); got != "" {
		t.Errorf("of another's: %q", got)
	}
	must(t, h.take(ctx, person, []core.ID{upload}, nil))
	if got := prepare(ctx, 1000); got != "" {
		t.Errorf("after one was attached: %q", got)
	}
	h.now = h.now.Add(keptFor)
	for i := range mostPending {
		if got := prepare(ctx, 1); got != "" {
			t.Fatalf("%d: %q", i, got)
		}
	}
	if got := prepare(ctx, 1); got != "CONFLICT" {
		t.Errorf("one file more: %q", got)
	}
	must(t, h.Sweep(h.system()))
	if n := h.count("uploads"); n != mostPending {
		t.Errorf("%d are left", n)
	}
	if !h.there(upload) {
		t.Error("what was attached was swept away")
	}
}

// Addresses are steady for an hour, so that caches and the two ways of reading agree, and then others.
func TestAddressesAreSteady(t *testing.T) {
	h := newHouse(t, 0)
	ctx, id := h.clerk(), core.NewID()
	address := func() string { return h.address(ctx, id, files.Read, "акт 1.txt") }
	h.now = h.now.Truncate(step)
	first := address()
	if h.now = h.now.Add(step - time.Second); address() != first {
		t.Error("another within the hour")
	}
	if h.now = h.now.Add(time.Second); address() == first {
		t.Error("the same in the next hour")
	}
	if !strings.HasPrefix(first, "/files/"+id.String()+"/%D0%B0%D0%BA%D1%82%201.txt?exp=") {
		t.Error(first)
	}
}
