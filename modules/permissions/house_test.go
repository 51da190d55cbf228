package permissions

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/jobs"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/calendar"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/files"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is this module over the modules that it needs, in Kansk on 1 October 2012.
type house struct {
	*Module
	*testing.T
	db     *postgres.DB
	system context.Context
}

func open(t *testing.T) *house {
	t.Helper()
	db, clock := coretest.Database(t), coretest.Noon(2012, time.October, 1)
	guard, err := access.New(db, access.Settings{Clock: clock, Log: coretest.Quiet()})
	must(t, err)
	t.Cleanup(func() { _ = guard.Close() })
	queue, err := jobs.New(db, coretest.Quiet(), func(context.Context, uuid.UUID) (*core.Municipality, error) { return nil, core.ErrNotFound })
	must(t, err)
	h := &host.Host{DB: db, Guard: guard, Reads: read.New(db, guard, clock, 100), Jobs: queue,
		Writer: &mutation.Writer{DB: db, Clock: clock, Jobs: queue}, Clock: clock, Log: coretest.Quiet()}
	residents, ground := people.New(h), places.New(h)
	attached, err := files.New(h, residents)
	must(t, err)
	spoken, err := cases.New(h, residents, calendar.New(h), attached)
	must(t, err)
	bodies := councils.New(h, residents, attached, meetings.New(h, residents, attached, spoken))
	m := New(h, residents, ground, attached, bodies)
	must(t, h.Reads.Ready())
	must(t, guard.Know(m.infos))
	town := coretest.Town(t, db, "kansk")
	must(t, guard.EnsureDefaults(t.Context(), town))
	return &house{Module: m, T: t, db: db,
		system: core.WithActor(core.WithMunicipality(t.Context(), town), core.Actor{Kind: core.System})}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// account adds one to the context's town.
func (h *house) account(ctx context.Context) core.ID {
	h.Helper()
	id := core.NewID()
	_, err := h.db.Exec(`INSERT INTO accounts (municipality_id, id, login, display_name, created_at) VALUES (?, ?, ?, 'Somebody', now())`,
		core.MunicipalityOf(ctx).ID, id, id.String())
	must(h, err)
	return core.ID{Type: "Account", Key: id}
}

// holder is somebody who holds a role as assigned, in a scope or (nil) everywhere.
func (h *house) holder(role string, scope *core.ID) context.Context {
	h.Helper()
	account := h.account(h.system)
	h.done(h.Service.AssignRole(h.system, AssignRoleInput{Role: role, AccountID: account, ScopeID: scope}))
	return h.as(account)
}

// as is the account with the roles that it holds now.
func (h *house) as(account core.ID) context.Context {
	h.Helper()
	held, err := h.host.Guard.AssignmentsOf(h.system, account.Key, uuid.Nil)
	must(h, err)
	return core.WithActor(h.system, core.Actor{Kind: core.Account, Account: account.Key, Assignments: held})
}

func (h *house) nobody() context.Context {
	return core.WithActor(h.system, core.Actor{Kind: core.Anonymous})
}

// done fails on any refusal.
func (h *house) done(a *Answer, err error) *Answer {
	h.Helper()
	must(h, err)
	if len(a.UserErrors) > 0 {
		h.Fatalf("refused: %+v", a.UserErrors)
	}
	return a
}

// refused fails unless the mutation was refused with that code at that path.
func (h *house) refused(code core.Code, path ...string) func(*Answer, error) {
	return func(a *Answer, err error) {
		h.Helper()
		got := core.UserError{Code: core.CodeOf(err)}
		var e *core.Error
		switch {
		case err == nil && len(a.UserErrors) > 0:
			got = a.UserErrors[0]
		case err == nil:
			h.Fatalf("done, want %s", code)
		case asError(err, &e):
			got.Path = e.Path
		}
		if got.Code != code || asJSON(got.Path) != asJSON(append([]string{}, path...)) && len(got.Path)+len(path) > 0 {
			h.Fatalf("got %s at %v (%v), want %s at %v", got.Code, got.Path, err, code, path)
		}
	}
}

func asJSON(v any) string {
	raw, _ := json.Marshal(v)
	return string(raw)
}

func (h *house) district(number int) core.ID {
	h.Helper()
	id := core.NewID()
	_, err := h.db.Exec(`INSERT INTO districts (municipality_id, id, number, name) VALUES (?, ?, ?, 'Микрорайон')`, core.MunicipalityOf(h.system).ID, id, number)
	must(h, err)
	return core.ID{Type: "District", Key: id}
}

func (h *house) council(district core.ID) core.ID {
	h.Helper()
	id := core.NewID()
	_, err := h.db.Exec(`INSERT INTO councils (municipality_id, id, kind, name, founding_act, founded_on, district_id)
		VALUES (?, ?, 'COMMUNITY_COUNCIL', 'Совет', 'Акт', '2010-01-01', ?)`, core.MunicipalityOf(h.system).ID, id, district.Key)
	must(h, err)
	return core.ID{Type: "Council", Key: id}
}

func (h *house) count(query string, args ...any) (n int) {
	h.Helper()
	must(h, h.db.QueryRow(query, args...).Scan(&n))
	return n
}

// trail are the audit's rows of an action, the latest last, as action's before, after and reason.
func (h *house) trail(action string) (rows []struct{ ObjectType, Before, After, Reason string }) {
	h.Helper()
	must(h, h.db.NewRaw(`SELECT object_type, coalesce(before::text, '') AS before, coalesce(after::text, '') AS after, coalesce(reason, '') AS reason
		FROM audit WHERE action = ? ORDER BY id`, action).Scan(h.Context(), &rows))
	return rows
}
