package places

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/jobs"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is this module in a house of its own, in the town of Kansk on 1 October 2012.
type house struct {
	*Module
	*testing.T
	db     *postgres.DB
	host   *host.Host
	town   *core.Municipality
	system context.Context
}

func open(t *testing.T) *house {
	t.Helper()
	db := coretest.Database(t)
	town := coretest.Town(t, db, "kansk")
	clock := coretest.Noon(2012, time.October, 1)
	guard, err := access.New(db, access.Settings{Clock: clock, Log: coretest.Quiet()})
	must(t, err)
	t.Cleanup(func() { _ = guard.Close() })
	broker, err := events.New(t.Context(), db, coretest.Quiet(), events.Settings{Poll: 50 * time.Millisecond})
	must(t, err)
	queue, err := jobs.New(db, coretest.Quiet(), func(context.Context, uuid.UUID) (*core.Municipality, error) { return town, nil })
	must(t, err)
	h := &host.Host{DB: db, Guard: guard, Reads: read.New(db, guard, clock, 100), Events: broker, Jobs: queue,
		Writer: &mutation.Writer{DB: db, Clock: clock, Jobs: queue}, Clock: clock, Log: coretest.Quiet()}
	m := New(h)
	must(t, h.Reads.Ready())
	must(t, guard.Know([]core.Info{m.Info()}))
	must(t, guard.EnsureDefaults(t.Context(), town))
	in := core.WithMunicipality(t.Context(), town)
	return &house{Module: m, T: t, db: db, host: h, town: town, system: core.WithActor(in, core.Actor{Kind: core.System})}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// as is somebody who holds a role, in a district or (nil) everywhere.
func (h *house) as(role string, district *core.ID) context.Context {
	a := core.Actor{Kind: core.Account, Account: core.NewID(), Assignments: []core.Assignment{{Role: role}}}
	if district != nil {
		a.Assignments[0].Scope = core.Scope{Kind: "district", ID: district.Key}
	}
	return core.WithActor(h.system, a)
}

// nobody is an anonymous visitor of the town.
func (h *house) nobody() context.Context {
	return core.WithActor(h.system, core.Actor{Kind: core.Anonymous})
}

// done is the id of what a mutation changed; any refusal fails the test.
func (h *house) done(typ string) func(*core.Payload, error) core.ID {
	return func(p *core.Payload, err error) core.ID {
		h.Helper()
		must(h.T, err)
		if len(p.UserErrors) > 0 {
			h.Fatalf("refused: %+v", p.UserErrors)
		}
		return core.ID{Type: typ, Key: p.Key}
	}
}

// refused fails unless the mutation was refused with that code, and gives the message.
func (h *house) refused(code core.Code) func(*core.Payload, error) core.UserError {
	return func(p *core.Payload, err error) core.UserError {
		h.Helper()
		if err != nil {
			if core.CodeOf(err) != code {
				h.Fatalf("got %v, want %s", err, code)
			}
			return core.UserError{Code: code}
		}
		if len(p.UserErrors) == 0 || p.UserErrors[0].Code != code {
			h.Fatalf("got %+v, want %s", p, code)
		}
		return p.UserErrors[0]
	}
}

func (h *house) district(number int) core.ID {
	h.Helper()
	return h.done("District")(h.Service.CreateDistrict(h.system, CreateDistrictInput{Number: number, Name: "Микрорайон"}))
}

// draw sets a square boundary from a day on, with the version that stands.
func (h *house) draw(district core.ID, shape string, day core.Date) (*core.Payload, error) {
	return h.Service.SetDistrictBoundary(h.system, SetDistrictBoundaryInput{
		DistrictID: district, ExpectedVersion: h.version("districts", district), Boundary: GeoJSON(shape), StartsOn: day})
}

func (h *house) version(table string, id core.ID) int {
	h.Helper()
	return value[int](h, "SELECT version FROM "+table+" WHERE id = ?", id.Key)
}

// districtOf is the stored district of an address or venue; the nil UUID for none.
func (h *house) districtOf(table string, id core.ID) uuid.UUID {
	h.Helper()
	return value[uuid.UUID](h, "SELECT coalesce(district_id, ?) FROM "+table+" WHERE id = ?", uuid.Nil, id.Key)
}

func value[T any](h *house, query string, args ...any) (v T) {
	h.Helper()
	must(h.T, h.db.QueryRowContext(h.system, query, args...).Scan(&v))
	return v
}

// relocated works the jobs that wait, as the queue would on a day.
func (h *house) relocated(district core.ID) {
	h.Helper()
	r := &relocator{service: h.Service, step: 2}
	must(h.T, r.Work(h.system, relocationJob(district)))
}

// on is the same house on another day.
func (h *house) on(clock core.Clock) *house {
	other, service := *h, *h.Service
	writer := *h.host.Writer
	writer.Clock = clock
	service.clock, service.writer = clock, &writer
	other.Module = &Module{Service: &service, reads: h.reads}
	return &other
}

func day(month time.Month, d int) core.Date { return core.NewDate(2012, month, d) }
