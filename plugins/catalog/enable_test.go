package catalog_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/catalog"
)

func TestEnablingThatIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	row := h.installed()
	other := h.installed(edit("plugin.yaml", "name: orders", "name: moss"), edit("plugin.yaml", `"orders:read"`, `"moss:read"`), edit("plugin.yaml", `"orders:edit"`, `"moss:edit"`),
		edit("policy.csv", "orders:read", "moss:read"), edit("plugin.yaml", "prefix: Orders", "prefix: Moss"),
		edit("orders.graphqls", "OrdersOrder {", "MossOrder {"), edit("orders.graphqls", "[OrdersOrder!]", "[MossOrder!]"))
	for name, c := range map[string]struct {
		change func(*catalog.Enabling)
		code   core.Code
		at     string
		word   string
	}{
		"no approval":        {func(in *catalog.Enabling) { in.Asks = "" }, core.CodeConflict, "input.asks", "Read it again"},
		"another's approval": {func(in *catalog.Enabling) { in.Asks = asksOf(t, other) }, core.CodeConflict, "input.asks", "Прочитайте"},
		"no bundle":          {func(in *catalog.Enabling) { in.Digest = strings.Repeat("0", 64) }, core.CodeBadUserInput, "input.digest", "veche plugin install"},
		"another's bundle":   {func(in *catalog.Enabling) { in.Digest = other.Digest }, core.CodeBadUserInput, "input.digest", "moss"},
		"a hook of nobody":   {func(in *catalog.Enabling) { in.HookFailure = map[string]string{"createRole": "open"} }, core.CodeBadUserInput, "input.hookFailure", "createRole"},
		"a hook's failure":   {func(in *catalog.Enabling) { in.HookFailure = map[string]string{"planMeeting": "maybe"} }, core.CodeBadUserInput, "input.hookFailure", "closed"},
		"bad settings":       {func(in *catalog.Enabling) { in.Settings = json.RawMessage(`{"limit": 0}`) }, core.CodeBadUserInput, "input.settings.limit", "limit"},
	} {
		t.Log(name)
		_, err := h.enable(0, row, c.change)
		refused(t, err, c.code, c.at, c.word)
	}
	if got := h.running(0); len(got) > 0 {
		t.Errorf("running: %v", got)
	}
	_, err := h.enable(0, row)
	must(t, err)
	_, err = h.enable(0, row)
	refused(t, err, core.CodeConflict, "input.name", "upgradePlugin")
	_, err = h.enable(0, other) // Query.orders is of the first
	refused(t, err, core.CodeBadUserInput, "input.digest", "orders")
	_, err = h.enable(1, other)
	must(t, err)
	must(t, os.Remove(filepath.Join(h.dir, "keys", "author.pub")))
	_, err = h.enable(1, row)
	refused(t, err, core.CodeConflict, "input.digest", "author")
}

func TestWhatIsEnabledIsEnabledThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	row := h.installed()
	done, err := h.enable(0, row, func(in *catalog.Enabling) { in.HookFailure = map[string]string{"planMeeting": "closed"} })
	must(t, err)
	if done.Before != nil || done.After.State != catalog.StateEnabled || len(done.After.Granted) != 6 {
		t.Errorf("%+v", done.After)
	}
	list, err := h.Enabled(t.Context())
	must(t, err)
	if len(list) != 1 || list[0].Municipality != h.towns[0].ID || list[0].HookFailure["planMeeting"] != "closed" || list[0].Manifest.Prefix != "Orders" || list[0].Functions[0] != "Query.orders" {
		t.Errorf("%+v", list)
	}
	may := func(town int, want bool) {
		t.Helper()
		d, err := h.guard.Decide(h.nobody(town), "orders:read")
		must(t, err)
		if d.All() != want {
			t.Errorf("town %d: %+v", town, d)
		}
	}
	may(0, true)
	may(1, false)
	if _, err := h.disable(1, "orders"); err == nil {
		t.Error("disabled where it never was")
	}
	_, err = h.disable(0, "orders")
	must(t, err)
	may(0, false)
	_, err = h.disable(0, "orders")
	refused(t, err, core.CodeConflict, "input.name")
	newer := h.installed(version("2.0.0"))
	_, err = h.enable(0, newer)
	refused(t, err, core.CodeConflict, "input.digest", "upgrade")
	_, err = h.enable(0, row)
	must(t, err)
	may(0, true)
}

func TestAnUpgradeIsApprovedAsItWasRead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.installed()
	same := h.installed(version("1.0.1"))
	greedy := h.installed(version("1.1.0"), edit("plugin.yaml", "[District.name]", "[District.name, Person.name]"))
	done, err := h.enable(0, first)
	must(t, err)
	_, err = h.upgrade(0, catalog.Upgrade{Name: "orders", Digest: first.Digest})
	refused(t, err, core.CodeConflict, "input.digest")
	_, err = h.upgrade(1, catalog.Upgrade{Name: "orders", Digest: same.Digest})
	refused(t, err, core.CodeBadUserInput, "input.name", "enablePlugin")
	_, err = h.upgrade(0, catalog.Upgrade{Name: "orders", Digest: greedy.Digest})
	refused(t, err, core.CodeConflict, "input.approve", "pluginUpgrade", "1 things more")
	d, err := h.Difference(h.as(0), done.After, greedy)
	must(t, err)
	if !d.NeedsApproval || len(d.More) != 1 || d.More[0].Name != "Person.name" || len(d.Less) != 0 || len(d.Schema.Breaking) != 0 {
		t.Errorf("%+v", d)
	}
	wrong := int64(7)
	_, err = h.upgrade(0, catalog.Upgrade{Name: "orders", Digest: greedy.Digest, Approve: d.Key, Expected: &wrong})
	refused(t, err, core.CodeConflict, "input.expectedVersion")
	// Meanwhile another administrator takes another version: what was read is no more what would change.
	_, err = h.upgrade(0, catalog.Upgrade{Name: "orders", Digest: same.Digest})
	must(t, err)
	_, err = h.upgrade(0, catalog.Upgrade{Name: "orders", Digest: greedy.Digest, Approve: d.Key})
	refused(t, err, core.CodeConflict, "input.approve", "Read it again")
	now, err := h.upgrade(0, catalog.Upgrade{Name: "orders", Digest: greedy.Digest, Approve: h.difference(0, greedy).Key})
	must(t, err)
	if got := h.running(0); !slices.Equal(got, []string{"orders 1.1.0"}) || *now.After.PreviousDigest != same.Digest {
		t.Errorf("running %v, back to %s", got, *now.After.PreviousDigest)
	}
	back := func() error {
		_, err := do(h.as(0), h, func(ctx context.Context, tx postgres.Tx) (*catalog.Done, error) {
			return h.RollBack(ctx, tx, "orders", nil)
		})
		return err
	}
	must(t, back())
	if got := h.running(0); !slices.Equal(got, []string{"orders 1.0.1"}) {
		t.Errorf("running %v", got)
	}
	if d := h.difference(0, greedy); len(d.More) != 1 {
		t.Errorf("what was granted to the other version is granted still: %+v", d.More)
	}
	must(t, back())
	if got := h.running(0); !slices.Equal(got, []string{"orders 1.1.0"}) {
		t.Errorf("running %v", got)
	}
	_, err = h.enable(1, first)
	must(t, err)
	_, err = do(h.as(1), h, func(ctx context.Context, tx postgres.Tx) (*catalog.Done, error) {
		return h.RollBack(ctx, tx, "orders", nil)
	})
	refused(t, err, core.CodeConflict, "input.name", "upgradePlugin")
}

// difference is what an administrator reads now.
func (h *house) difference(town int, to *catalog.Installed) *catalog.Difference {
	h.Helper()
	p, err := h.Here(h.as(town), "orders")
	must(h, err)
	d, err := h.Difference(h.as(town), p, to)
	must(h, err)
	return d
}

func TestAnUpgradeThatBreaksOperationsOfClients(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.installed()
	_, err := h.enable(0, first)
	must(t, err)
	_, err = h.enable(1, first)
	must(t, err)
	// Queries that clients ask: one by the field that goes, one by what stays, one that is wrong anyway.
	for range 3 {
		h.Seen(h.as(0), `query Q { orders(first: 2) { id name } }`)
	}
	h.Seen(h.as(0), `query R($x: String = "Иванов") { orders { id } a: town }`)
	h.Seen(h.as(0), `{ orders { nothing } }`)
	h.Seen(h.as(0), `{ orders(`)
	h.Seen(h.as(1), `{ orders { id } }`)
	must(t, h.Record(t.Context()))
	var texts string
	must(t, h.db.QueryRow(`SELECT string_agg(text, ' ') FROM plugin_operations`).Scan(&texts))
	if strings.Contains(texts, "Иванов") {
		t.Errorf("a text of the client's is kept: %s", texts)
	}
	next := h.installed(version("2.0.0"), edit("orders.graphqls", " name: String ", " title: String "))
	d := h.difference(0, next)
	if !d.NeedsApproval || len(d.Operations) != 1 || d.Operations[0].Count != 3 || !strings.Contains(d.Operations[0].Why[0], "name") {
		t.Fatalf("%+v", d)
	}
	if !slices.Equal(d.Schema.Added, []string{"OrdersOrder.title"}) || !slices.Equal(d.Schema.Removed, []string{"OrdersOrder.name"}) || len(d.Schema.Breaking) != 1 {
		t.Errorf("%+v", d.Schema)
	}
	_, err = h.upgrade(0, catalog.Upgrade{Name: "orders", Digest: next.Digest})
	refused(t, err, core.CodeConflict, "input.approve", "1 recorded")
	_, err = h.upgrade(1, catalog.Upgrade{Name: "orders", Digest: next.Digest}) // nobody asks for it there
	must(t, err)
	// A further query that breaks makes the approval stale.
	h.Seen(h.as(0), `{ orders { name } }`)
	must(t, h.Record(t.Context()))
	_, err = h.upgrade(0, catalog.Upgrade{Name: "orders", Digest: next.Digest, Approve: d.Key})
	refused(t, err, core.CodeConflict, "input.approve")
	_, err = h.upgrade(0, catalog.Upgrade{Name: "orders", Digest: next.Digest, Approve: h.difference(0, next).Key})
	must(t, err)
}

// Two administrators approve at once: one does it, the other is told; and nothing is enabled twice.
func TestTwoApproveAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	row := h.installed()
	next := h.installed(version("1.1.0"))
	last := h.installed(version("1.2.0"))
	race := func(change func(i int, ctx context.Context, tx postgres.Tx) error) {
		t.Helper()
		var all sync.WaitGroup
		failed := make([]error, 8)
		for i := range failed {
			ctx := h.as(i % 2)
			all.Go(func() {
				failed[i] = postgres.InTx(ctx, h.db, func(ctx context.Context, tx postgres.Tx) error { return change(i, ctx, tx) })
			})
		}
		all.Wait()
		for town := range 2 {
			done := 0
			for i := town; i < len(failed); i += 2 {
				if failed[i] == nil {
					done++
				} else if core.CodeOf(failed[i]) != core.CodeConflict {
					t.Error(failed[i])
				}
			}
			if done != 1 {
				t.Errorf("town %d: %d did it", town, done)
			}
		}
	}
	key := asksOf(t, row)
	race(func(_ int, ctx context.Context, tx postgres.Tx) error {
		_, err := h.Enable(ctx, tx, catalog.Enabling{Name: "orders", Digest: row.Digest, Asks: key})
		return err
	})
	one := int64(1)
	race(func(i int, ctx context.Context, tx postgres.Tx) error {
		to := next
		if i > 3 {
			to = last
		}
		_, err := h.Upgrade(ctx, tx, catalog.Upgrade{Name: "orders", Digest: to.Digest, Expected: &one})
		return err
	})
	var steps int
	must(t, h.db.QueryRow(`SELECT count(*) FROM plugin_steps`).Scan(&steps))
	if steps != 4 {
		t.Errorf("%d steps", steps)
	}
}

func TestRemovingExportsAndErases(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	row := h.installed()
	_, err := h.enable(0, row, func(in *catalog.Enabling) { in.Settings = json.RawMessage(`{"token": "t-1", "limit": 7}`) })
	must(t, err)
	_, err = h.enable(1, row)
	must(t, err)
	var id core.ID
	remove := func() error {
		_, err := do(h.as(0), h, func(ctx context.Context, tx postgres.Tx) (*catalog.Done, error) {
			done, export, err := h.Remove(ctx, tx, catalog.Removing{Name: "orders", Reason: "moved on"})
			if err == nil {
				id.Key = export
			}
			return done, err
		})
		return err
	}
	refused(t, remove(), core.CodeConflict, "input.name", "Disable it first")
	kept := func() int {
		all, err := h.Kept(h.as(0), h.db)
		must(t, err)
		return len(all)
	}
	if kept() != 1 {
		t.Error("what is enabled is kept")
	}
	_, err = h.disable(0, "orders")
	must(t, err)
	if kept() != 1 {
		t.Error("what is disabled is kept")
	}
	must(t, remove())
	if kept() != 0 {
		t.Error("what is removed is kept no more")
	}
	refused(t, remove(), core.CodeBadUserInput, "input.name")
	h.cannotErase = errors.New("a table is in use")
	if err := h.EraseRemoved(t.Context()); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("erased: %v", err)
	}
	_, err = h.enable(0, row)
	refused(t, err, core.CodeConflict, "input.name", "erased")
	h.cannotErase = nil
	must(t, h.EraseRemoved(t.Context()))
	must(t, h.EraseRemoved(t.Context()))
	if !slices.Equal(h.erased, []string{"kansk orders"}) {
		t.Errorf("erased: %v", h.erased)
	}
	raw, err := h.Exported(h.as(0), id.Key)
	must(t, err)
	if got := unzip(t, raw); got["orders.jsonl"] != `{"of":"kansk orders"}` || strings.Contains(got["settings.json"], "t-1") || !strings.Contains(got["settings.json"], "7") {
		t.Errorf("%v", got)
	}
	if _, err := h.Exported(h.as(1), id.Key); core.CodeOf(err) != core.CodeNotFound {
		t.Errorf("another town's: %v", err)
	}
	must(t, h.PurgeOld(t.Context()))
	_, err = h.Exported(h.as(0), id.Key)
	must(t, err)
	_, err = h.db.Exec(`UPDATE plugin_exports SET made_at = now() - interval '31 days'`)
	must(t, err)
	must(t, h.PurgeOld(t.Context()))
	if _, err := h.Exported(h.as(0), id.Key); core.CodeOf(err) != core.CodeNotFound {
		t.Errorf("after a month: %v", err)
	}
	var state, reason string
	must(t, h.db.QueryRow(`SELECT state, reason FROM plugins WHERE municipality_id = ?`, h.towns[0].ID).Scan(&state, &reason))
	if state != "REMOVED" || reason != "moved on" || len(h.running(1)) != 1 {
		t.Errorf("%s %s, the other town has %v", state, reason, h.running(1))
	}
	// It may come back, with nothing of before.
	_, err = h.enable(0, row)
	must(t, err)
	settings, revision, err := h.Settings(t.Context(), h.towns[0].ID, "orders")
	if err != nil || revision != 0 || strings.Contains(string(settings), "t-1") {
		t.Errorf("%s %d %v", settings, revision, err)
	}
}

func TestRestartsReachEveryReplica(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ask := func() error {
		_, err := do(h.as(0), h, func(ctx context.Context, tx postgres.Tx) (*catalog.Plugin, error) {
			return h.AskRestart(ctx, tx, "orders")
		})
		return err
	}
	refused(t, ask(), core.CodeBadUserInput, "input.name")
	_, err := h.enable(0, h.installed())
	must(t, err)
	h.Wake(t.Context())
	changed := h.changed
	h.Wake(t.Context())
	if h.changed != changed {
		t.Error("told of nothing")
	}
	must(t, ask())
	other := h.replica(t.TempDir())
	other.Wake(t.Context()) // started after: its processes are new anyway
	h.Wake(t.Context())
	if !slices.Equal(h.restarted, []string{"orders"}) || h.changed != changed+2 {
		t.Errorf("restarted %v, told %d times", h.restarted, h.changed-changed)
	}
	must(t, ask())
	other.Wake(t.Context())
	if len(h.restarted) != 3 {
		t.Errorf("restarted %v", h.restarted)
	}
}
