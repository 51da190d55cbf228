package accounts

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

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

const goodPassword = "three unrelated words"

// house is the module over the real kernel, wired as cmd/veche wires it, in a town with the default
// roles.
type house struct {
	*Service
	*host.Host
	t    testing.TB
	town *core.Municipality
	ctx  context.Context // in the town, as nobody
	card core.Info
}

// helper may do what the module guards, and nothing about permissions.
const helper = "account_helper"

func newHouse(t testing.TB) *house {
	t.Helper()
	db, clock := coretest.Database(t), coretest.Noon(2012, time.September, 28)
	h := &house{t: t, town: coretest.Town(t, db, "kansk")}
	guard, err := access.New(db, access.Settings{Clock: clock, Log: coretest.Quiet()})
	must(t, err)
	t.Cleanup(func() { must(t, guard.Close()) })
	queue, err := jobs.New(db, coretest.Quiet(), func(context.Context, uuid.UUID) (*core.Municipality, error) { return h.town, nil })
	must(t, err)
	h.Host = &host.Host{DB: db, Guard: guard, Reads: read.New(db, guard, clock, 100), Jobs: queue,
		Writer: &mutation.Writer{DB: db, Clock: clock, Jobs: queue}, Clock: clock, Log: coretest.Quiet()}
	h.Identity = h.identityService()
	module, err := New(h.Host)
	must(t, err)
	must(t, h.Reads.Ready())
	h.Service, h.card = module.Service, module.Info()
	must(t, guard.Know([]core.Info{h.card}))
	must(t, guard.EnsureDefaults(t.Context(), h.town))
	h.ctx = identity.WithClient(core.WithMunicipality(t.Context(), h.town), identity.Client{Address: netip.MustParseAddr("192.0.2.1"), UserAgent: "test"})
	h.helperRole()
	return h
}

func (h *house) identityService() *identity.Service {
	settings := identity.DefaultSettings()
	settings.Argon, settings.OpenSignUp = identity.Argon{MemoryKiB: 8, Passes: 1, Lanes: 1}, true
	s, err := identity.New(identity.Config{DB: h.DB, Clock: h.Clock, Log: h.Log, Settings: settings, Hooks: identity.Hooks{
		Assignments:      h.Guard.AssignmentsOf,
		Mandate:          func(context.Context, uuid.UUID, uuid.UUID) (bool, error) { return false, nil },
		Covered:          h.Guard.Covered,
		HasAdministrator: h.Guard.Store().HasAdministrator,
		MakeAdministrator: func(ctx context.Context, tx postgres.Tx, account uuid.UUID) error {
			_, err := h.Guard.Store().AssignRole(ctx, tx, access.AssignmentInput{Account: account, Role: access.RoleAdministrator, StartsOn: h.today()})
			return err
		},
	}})
	must(h.t, err)
	return s
}

func (h *house) helperRole() {
	store := h.Guard.Store()
	h.system(func(ctx context.Context, tx postgres.Tx) error {
		_, err := store.CreateRole(ctx, tx, access.RoleInput{Key: helper, Name: core.T("Helper", "Помощник"), Description: core.T("Helper", "Помощник")})
		if err == nil {
			_, err = store.SetRules(ctx, tx, access.RuleSet{Role: helper, Rules: []access.RuleInput{{Permission: "accounts:*", Relation: "any"}}})
		}
		return err
	})
}

func (h *house) today() core.Date { return h.town.Today(h.Clock) }

// system runs a change of the policy as Veche itself.
func (h *house) system(fn func(ctx context.Context, tx postgres.Tx) error) {
	h.t.Helper()
	must(h.t, postgres.InTx(core.WithActor(h.ctx, core.Actor{Kind: core.System}), h.DB, fn))
}

// give assigns a role in the whole town from a day on.
func (h *house) give(account uuid.UUID, role string, startsOn core.Date) (assignment uuid.UUID) {
	h.t.Helper()
	h.system(func(ctx context.Context, tx postgres.Tx) error {
		a, err := h.Guard.Store().AssignRole(ctx, tx, access.AssignmentInput{Account: account, Role: role, StartsOn: startsOn})
		if err == nil {
			assignment = a.ID
		}
		return err
	})
	return assignment
}

// person signs somebody up, who then holds the roles.
func (h *house) person(login string, roles ...string) context.Context {
	h.t.Helper()
	p, err := h.SignUp(h.ctx, SignUpInput{Login: login, Password: goodPassword, DisplayName: "Somebody " + login, Kind: Bearer})
	must(h.t, err)
	if p.Viewer == nil {
		h.t.Fatalf("%+v", p.UserErrors)
	}
	for _, role := range roles {
		h.give(p.Viewer.account(), role, h.today())
	}
	return h.again(p.Viewer.as(h.ctx))
}

// again is the context with the rights of now.
func (h *house) again(ctx context.Context) context.Context {
	h.t.Helper()
	actor, err := h.Identity.Refresh(ctx, core.ActorOf(ctx))
	must(h.t, err)
	return core.WithActor(ctx, actor)
}

func accountOf(ctx context.Context) uuid.UUID { return core.ActorOf(ctx).Account }

func idOf(ctx context.Context) core.ID { return core.ID{Type: typeAccount, Key: accountOf(ctx)} }

// version is what a caller would give as expectedVersion.
func (h *house) version(account uuid.UUID) int {
	h.t.Helper()
	a, err := h.Identity.AccountByID(h.ctx, account)
	must(h.t, err)
	return a.Version
}

func (h *house) count(query string, args ...any) (n int) {
	h.t.Helper()
	must(h.t, h.DB.NewRaw(query, args...).Scan(h.t.Context(), &n))
	return n
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refusal is the code with which a method refused, by an error or in its payload.
func refusal(p *core.Payload, err error) core.Code {
	switch {
	case err != nil:
		return core.CodeOf(err)
	case p != nil && len(p.UserErrors) > 0:
		return p.UserErrors[0].Code
	default:
		return ""
	}
}

func want(t testing.TB, code core.Code, p *core.Payload, err error) {
	t.Helper()
	if got := refusal(p, err); got != code {
		t.Fatalf("want %q, got %q: %+v %v", code, got, p, err)
	}
}

func wantAt(t testing.TB, field string, p *core.Payload, err error) {
	t.Helper()
	must(t, err)
	for _, e := range p.UserErrors {
		if len(e.Path) == 2 && e.Path[1] == field {
			return
		}
	}
	t.Fatalf("nothing about %s: %+v", field, p.UserErrors)
}

// inParallel runs n at once and answers how each was refused.
func inParallel(n int, fn func(i int) (*core.Payload, error)) map[core.Code]int {
	codes := make([]core.Code, n)
	var ready, done sync.WaitGroup
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			p, err := fn(i)
			if codes[i] = refusal(p, err); codes[i] == core.CodeInternal {
				codes[i] = core.Code(errors.Unwrap(err).Error())
			}
		})
	}
	done.Wait()
	by := map[core.Code]int{}
	for _, c := range codes {
		by[c]++
	}
	return by
}
