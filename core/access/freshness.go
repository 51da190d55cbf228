package access

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/casbin/casbin/v2/model"
	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
)

// Channel is where every change of a policy is notified, with the municipality's id.
const Channel = "veche_policy"

// lease is how long a snapshot is trusted after it was last seen to be current.
//
// The application wakes the guard at each notification and each second, so in good order a lease
// is renewed long before its end, and a Decide touches no database. When the application does not
// wake it, a Decide renews the lease itself. When the database cannot be asked, decisions go on
// under the last good snapshot until the lease ends, so that a restart of Postgres is not felt;
// then they fail with UNAVAILABLE. To go on for longer would keep rights alive that may have been
// taken away, and the rows that the decisions are about stand in the same database. A policy that
// was never loaded is UNAVAILABLE at once: without rules there is nothing to decide by; and so is one
// that this very process has just changed, since the next decision is promised to see that.
const lease = 10 * time.Second

// tenant is what the guard knows of one municipality.
type tenant struct {
	id        uuid.UUID
	snapshot  atomic.Pointer[snapshot]
	confirmed atomic.Int64           // when snapshot was last seen to be current, in Unix nanoseconds
	pending   atomic.Pointer[string] // transaction of the last change made by this process, until its outcome is known
	loading   chan struct{}          // holds one token: one goroutine loads, the others wait for it
}

func (g *Guard) tenant(id uuid.UUID) *tenant {
	if t, ok := g.tenants.Load(id); ok {
		return t.(*tenant)
	}
	t, _ := g.tenants.LoadOrStore(id, &tenant{id: id, loading: make(chan struct{}, 1)})
	return t.(*tenant)
}

// fresh is the snapshot if it may be used as it is, else nil.
func (g *Guard) fresh(t *tenant) *snapshot {
	s := t.snapshot.Load()
	if s == nil || t.pending.Load() != nil {
		return nil
	}
	if g.settings.Clock().UnixNano()-t.confirmed.Load() > int64(lease) {
		return nil
	}
	return s
}

// current is the snapshot to decide by.
func (g *Guard) current(ctx context.Context, id uuid.UUID) (*snapshot, error) {
	t := g.tenant(id)
	if s := g.fresh(t); s != nil {
		return s, nil
	}
	select {
	case t.loading <- struct{}{}:
		defer func() { <-t.loading }()
	case <-ctx.Done():
		return nil, unavailable(ctx.Err())
	}
	if s := g.fresh(t); s != nil {
		return s, nil
	}
	if err := g.refresh(ctx, t); err != nil {
		return nil, unavailable(err)
	}
	return t.snapshot.Load(), nil
}

func unavailable(err error) error {
	return &core.Error{
		Code: core.CodeUnavailable,
		Text: core.T("Permissions cannot be checked at the moment. Try again in a few seconds.", "Сейчас не удаётся проверить права. Повторите попытку через несколько секунд."),
		Err:  err,
	}
}

// refresh brings the tenant's snapshot up to date; whoever calls holds t.loading.
//
// While a change of this process is under way every decision asks anew, so the first one after
// its commit sees it. What became of the transaction is asked before the version is: a commit
// that was seen is in every later statement, and one that falls between is seen the next time.
func (g *Guard) refresh(ctx context.Context, t *tenant) error {
	asked := g.settings.Clock().UnixNano()
	pending := t.pending.Load()
	open, err := g.open(ctx, pending)
	if err != nil {
		return err
	}
	var version int64
	if err := g.own.NewRaw("SELECT policy_version FROM municipalities WHERE id = ?", t.id).Scan(ctx, &version); err != nil {
		return fmt.Errorf("version of the policy of municipality %s: %w", t.id, err)
	}
	if s := t.snapshot.Load(); s == nil || s.version != version {
		if s, err = g.load(ctx, t.id); err != nil {
			return err
		}
		t.snapshot.Store(s)
	}
	t.confirmed.Store(asked)
	if !open {
		t.pending.CompareAndSwap(pending, nil)
	}
	return nil
}

// open says whether the change's transaction is still under way. One that Postgres has forgotten
// is long over.
func (g *Guard) open(ctx context.Context, xid *string) (open bool, err error) {
	if xid == nil {
		return false, nil
	}
	err = g.own.NewRaw("SELECT coalesce(pg_xact_status(?::xid8) = 'in progress', false)", *xid).Scan(ctx, &open)
	if err != nil {
		return false, fmt.Errorf("state of a change of policy: %w", err)
	}
	return open, nil
}

func (g *Guard) load(ctx context.Context, id uuid.UUID) (*snapshot, error) {
	var s *snapshot
	err := g.own.RunInTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, func(ctx context.Context, tx bun.Tx) (err error) {
		s, err = readSnapshot(ctx, tx, id)
		return err
	})
	return s, err
}

// readSnapshot reads and compiles the policy as db, a transaction, sees it.
func readSnapshot(ctx context.Context, db bun.IDB, id uuid.UUID) (*snapshot, error) {
	var version int64
	if err := db.NewRaw("SELECT policy_version FROM municipalities WHERE id = ?", id).Scan(ctx, &version); err != nil {
		return nil, fmt.Errorf("policy of municipality %s: %w", id, err)
	}
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, fmt.Errorf("access: %w", err)
	}
	if err := NewPolicies(ctx, db).LoadFilteredPolicy(m, Filter{Municipality: id}); err != nil {
		return nil, err
	}
	return newSnapshot(version, m)
}

// Wake looks whether a policy has changed and loads what has. The application calls it at every
// notification on Channel and every second besides, in one goroutine. What fails is logged, and
// tried again at the next call.
func (g *Guard) Wake(ctx context.Context) {
	versions, asked, err := g.versions(ctx)
	if err != nil {
		g.settings.Log.Warn("policy versions cannot be read", "error", err)
		return
	}
	for id, version := range versions {
		t := g.tenant(id)
		if s := t.snapshot.Load(); s != nil && s.version == version && t.pending.Load() == nil {
			t.confirmed.Store(asked)
			continue
		}
		if err := g.reload(ctx, t); err != nil {
			g.settings.Log.Warn("policy cannot be loaded", "municipality", id, "error", err)
		}
	}
}

func (g *Guard) reload(ctx context.Context, t *tenant) error {
	select {
	case t.loading <- struct{}{}:
		defer func() { <-t.loading }()
		return g.refresh(ctx, t)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// versions are those of the municipalities that were asked about in this process.
func (g *Guard) versions(ctx context.Context) (map[uuid.UUID]int64, int64, error) {
	var ids []uuid.UUID
	g.tenants.Range(func(id, _ any) bool {
		ids = append(ids, id.(uuid.UUID))
		return true
	})
	if len(ids) == 0 {
		return nil, 0, nil
	}
	asked := g.settings.Clock().UnixNano()
	var rows []struct {
		ID            uuid.UUID `bun:"id"`
		PolicyVersion int64     `bun:"policy_version"`
	}
	err := g.own.NewRaw("SELECT id, policy_version FROM municipalities WHERE id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	versions := make(map[uuid.UUID]int64, len(rows))
	for _, row := range rows {
		versions[row.ID] = row.PolicyVersion
	}
	return versions, asked, err
}

// Version is the number of the policy that decisions in this context go by. It grows with every
// change, and a write of this process is in it as soon as it is committed.
func (g *Guard) Version(ctx context.Context) (int64, error) {
	s, err := g.current(ctx, core.MunicipalityOf(ctx).ID)
	if err != nil {
		return 0, err
	}
	return s.version, nil
}
