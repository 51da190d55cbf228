// Package townhall gives a module's own tests the house that the module stands in: the kernel's services over
// a test's database, for one town, without a graph and without a door. Tests of the whole go through the door
// instead (cmd/veche/house).
//
// Order: Open, then the modules are made in the order in which they build on each other, then Settle.
package townhall

import (
	"context"
	"net/netip"
	"testing"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/identity"
	"github.com/veche-city/veche/core/jobs"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// Open makes the kernel's services for one town, which its jobs are worked in. The clock is the test's.
func Open(t testing.TB, db *postgres.DB, town *core.Municipality, clock core.Clock) *host.Host {
	t.Helper()
	guard, err := access.New(db, access.Settings{Clock: clock, Log: coretest.Quiet()})
	Must(t, err)
	t.Cleanup(func() { _ = guard.Close() })
	queue, err := jobs.New(db, coretest.Quiet(), func(context.Context, uuid.UUID) (*core.Municipality, error) { return town, nil })
	Must(t, err)
	h := &host.Host{DB: db, Guard: guard, Reads: read.New(db, guard, clock, 100), Writer: &mutation.Writer{DB: db, Clock: clock, Jobs: queue}, Jobs: queue, Clock: clock, Log: coretest.Quiet()}
	h.Identity, err = identity.New(identity.Config{DB: db, Clock: clock, Log: coretest.Quiet(), Settings: identity.DefaultSettings(), Hooks: identity.Hooks{
		Assignments: guard.AssignmentsOf, Covered: guard.Covered, HasAdministrator: guard.Store().HasAdministrator,
		Mandate:           func(context.Context, uuid.UUID, uuid.UUID) (bool, error) { return false, nil },
		MakeAdministrator: func(context.Context, postgres.Tx, uuid.UUID) error { return nil },
	}})
	Must(t, err)
	return h
}

// Settle joins what the modules declare, and gives the town its default rights.
func Settle(t testing.TB, h *host.Host, town *core.Municipality, modules ...core.Module) {
	t.Helper()
	Must(t, h.Reads.Ready())
	infos := make([]core.Info, len(modules))
	for i, m := range modules {
		infos[i] = m.Info()
	}
	Must(t, h.Guard.Know(infos))
	Must(t, h.Guard.EnsureDefaults(t.Context(), town))
}

// As is the actor's context in the town, from one address.
func As(town *core.Municipality, a core.Actor) context.Context {
	ctx := identity.WithClient(context.Background(), identity.Client{Address: netip.MustParseAddr("192.0.2.1")})
	return core.WithActor(core.WithMunicipality(ctx, town), a)
}

// Code is what came of a mutation: "" when it was done, else the code and the field at fault. Our own mistake
// fails the test.
func Code(t testing.TB, p *core.Payload, err error) string {
	t.Helper()
	if err != nil {
		if core.CodeOf(err) == core.CodeInternal {
			t.Fatal(err)
		}
		return string(core.CodeOf(err))
	}
	if len(p.UserErrors) == 0 {
		return ""
	}
	e := p.UserErrors[0]
	if len(e.Path) == 0 {
		return string(e.Code)
	}
	return string(e.Code) + " " + e.Path[len(e.Path)-1]
}

// Done wants a mutation to have been done, and answers the object's key.
func Done(t testing.TB, p *core.Payload, err error) uuid.UUID {
	t.Helper()
	if code := Code(t, p, err); code != "" {
		t.Fatalf("refused: %s %+v", code, p)
	}
	return p.Key
}

// Must fails the test on an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
