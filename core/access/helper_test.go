package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest/pgtest"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/migrations"
)

// database is a fresh one with the kernel's tables and this package's.
func database(t testing.TB) *postgres.DB {
	t.Helper()
	files, sum := fstest.MapFS{}, sha256.New()
	for _, name := range []string{"00001_kernel.sql", "00002_access.sql"} {
		text, err := fs.ReadFile(migrations.Files, name)
		must(t, err)
		files[name] = &fstest.MapFile{Data: text}
		sum.Write(text)
	}
	url := pgtest.New(t, pgtest.Template{Name: "access", Fingerprint: hex.EncodeToString(sum.Sum(nil))[:16],
		Build: func(ctx context.Context, url string) error {
			db, err := postgres.Open(ctx, url, 2)
			if err != nil {
				return err
			}
			return errors.Join(postgres.Migrate(ctx, db, files, func(string) {}), db.Close())
		}})
	return open(t, url, 20)
}

func open(t testing.TB, url string, conns int32) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, conns)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wants fails unless err is a core.Error of the code.
func wants(t testing.TB, err error, code core.Code) {
	t.Helper()
	if err == nil || core.CodeOf(err) != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

// hands is a clock that tests move.
type hands struct{ at atomic.Int64 }

func (h *hands) now() time.Time       { return time.Unix(0, h.at.Load()).UTC() }
func (h *hands) set(to time.Time)     { h.at.Store(to.UnixNano()) }
func (h *hands) move(d time.Duration) { h.at.Add(int64(d)) }

func clockAt(value string) *hands {
	at, err := time.Parse(time.RFC3339, value)
	if err != nil {
		panic(err)
	}
	h := &hands{}
	h.set(at)
	return h
}

var testModules = []core.Info{
	{
		Name:        "alpha",
		Permissions: []core.Permission{{Name: "alpha:read"}, {Name: "alpha:edit"}},
		Policy:      "p, anonymous, *, alpha:read, any, allow\np, clerk, *, alpha:edit, own, allow\n",
	},
	{Name: "beta", Permissions: []core.Permission{{Name: "beta:read"}}},
}

type house struct {
	*Guard
	clock *hands
	town  *core.Municipality
	ctx   context.Context // in the town, as the system
}

func settings(clock *hands) Settings {
	return Settings{Clock: clock.now, Log: slog.New(slog.DiscardHandler), Modules: testModules}
}

func guard(t testing.TB, db *postgres.DB, s Settings) *Guard {
	t.Helper()
	g, err := New(db, s)
	must(t, err)
	t.Cleanup(func() { must(t, g.Close()) })
	return g
}

// newHouse is a guard over a town with the default roles, at noon of 15 May 2012 in Kansk.
func newHouse(t testing.TB) house {
	t.Helper()
	db, clock := database(t), clockAt("2012-05-15T05:00:00Z")
	h := house{Guard: guard(t, db, settings(clock)), clock: clock, town: newTown(t, db)}
	h.ctx = core.WithActor(core.WithMunicipality(t.Context(), h.town), core.Actor{Kind: core.System})
	must(t, h.EnsureDefaults(t.Context(), h.town))
	return h
}

func newTown(t testing.TB, db *postgres.DB) *core.Municipality {
	t.Helper()
	id := core.NewID()
	town := &core.Municipality{ID: id, Key: "town-" + id.String()[24:], TimeZone: "Asia/Krasnoyarsk"}
	_, err := db.NewRaw("INSERT INTO municipalities (id, key, name, region, time_zone) VALUES (?, ?, '{}', '{}', ?)",
		town.ID, town.Key, town.TimeZone).Exec(t.Context())
	must(t, err)
	return town
}

// as is the town's context for an account that holds what AssignmentsOf says.
func (h house) as(t testing.TB, account uuid.UUID) context.Context {
	t.Helper()
	roles, err := h.AssignmentsOf(h.ctx, account, uuid.Nil)
	must(t, err)
	return core.WithActor(h.ctx, core.Actor{Kind: core.Account, Account: account, Assignments: roles})
}

func (h house) nobody() context.Context {
	return core.WithActor(h.ctx, core.Actor{Kind: core.Anonymous})
}

// do runs a change in a transaction of its own.
func (h house) do(ctx context.Context, change func(ctx context.Context, tx postgres.Tx) error) error {
	return postgres.InTx(ctx, h.db, change)
}

// give assigns a role in the whole town from today on.
func (h house) give(t testing.TB, role string) (account uuid.UUID, assignment *RoleAssignment) {
	t.Helper()
	account = core.NewID()
	must(t, h.do(h.ctx, func(ctx context.Context, tx postgres.Tx) (err error) {
		assignment, err = h.Store().AssignRole(ctx, tx, AssignmentInput{Account: account, Role: role, StartsOn: h.today()})
		return err
	}))
	return account, assignment
}

func (h house) today() core.Date { return h.town.Today(h.clock.now) }

func (h house) version(t testing.TB) (v int64) {
	t.Helper()
	must(t, h.db.NewRaw("SELECT policy_version FROM municipalities WHERE id = ?", h.town.ID).Scan(t.Context(), &v))
	return v
}
