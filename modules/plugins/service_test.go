package plugins

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/files"
	"github.com/veche-city/veche/plugins/catalog"
)

func (h *house) install(ctx context.Context, text string) (*InstallPluginPayload, error) {
	h.Helper()
	return h.Service.Install(ctx, InstallPluginInput{File: files.Upload(graphql.Upload{File: pack(h, text), Filename: "orders.veche"})})
}

// installed is a release that was installed, as an administrator reads it.
func (h *house) installed(release, reads string) *PluginBundle {
	h.Helper()
	got, err := h.install(h.admin(0), card(release, reads))
	townhall.Must(h, err)
	if len(got.UserErrors) > 0 {
		h.Fatalf("refused: %+v", got.UserErrors)
	}
	all, err := QueryResolver{h.Module}.PluginBundles(h.admin(0), nil)
	townhall.Must(h, err)
	i := slices.IndexFunc(all, func(b *PluginBundle) bool { return b.Release == release })
	return all[i]
}

func (h *house) enabled(town int, b *PluginBundle) core.ID {
	h.Helper()
	p, err := h.Service.Enable(h.admin(town), EnablePluginInput{Name: b.Name, Digest: b.Digest, Asks: b.AsksKey})
	return core.ID{Type: "Plugin", Key: townhall.Done(h, p, err)}
}

func TestWhoMayChangePlugins(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.installed("1.0.0", "District.name")
	h.enabled(0, b)
	for name, ctx := range map[string]context.Context{"UNAUTHENTICATED": h.nobody(0), "FORBIDDEN": h.as(0, "auditor", "editor")} {
		for action, do := range map[string]func() (*core.Payload, error){
			"enable": func() (*core.Payload, error) {
				return h.Service.Enable(ctx, EnablePluginInput{Name: "orders", Digest: b.Digest, Asks: b.AsksKey})
			},
			"disable": func() (*core.Payload, error) {
				return h.Service.Disable(ctx, DisablePluginInput{Name: "orders", ExpectedVersion: 1})
			},
			"upgrade": func() (*core.Payload, error) {
				return h.Service.Upgrade(ctx, UpgradePluginInput{Name: "orders", Digest: b.Digest, ExpectedVersion: 1})
			},
			"back": func() (*core.Payload, error) {
				return h.Service.RollBack(ctx, RollBackPluginInput{Name: "orders", ExpectedVersion: 1})
			},
			"set": func() (*core.Payload, error) {
				return h.Service.Configure(ctx, ConfigurePluginInput{Name: "orders", Settings: "{}"})
			},
			"restart": func() (*core.Payload, error) { return h.Service.Restart(ctx, RestartPluginInput{Name: "orders"}) },
			"remove": func() (*core.Payload, error) {
				p, err := h.Service.Remove(ctx, RemovePluginInput{Name: "orders", ExpectedVersion: 1})
				return &p.orNone().Payload, err
			},
		} {
			p, err := do()
			if got := townhall.Code(t, p, err); got != name {
				t.Errorf("%s: %q, want %s", action, got, name)
			}
		}
		if _, err := h.install(ctx, card("2.0.0", "")); string(core.CodeOf(err)) != name {
			t.Errorf("install: %v", err)
		}
	}
	// An administrator of a municipality installs nothing on a server whose operator does not let them.
	h.catalog.Uploads = false
	if _, err := h.install(h.admin(0), card("2.0.0", "")); core.CodeOf(err) != core.CodeForbidden || !strings.Contains(err.Error(), "--plugin-uploads") {
		t.Errorf("install: %v", err)
	}
}

func (p *RemovePluginPayload) orNone() *RemovePluginPayload {
	if p == nil {
		return &RemovePluginPayload{}
	}
	return p
}

func TestAPluginsLife(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.installed("1.0.0", "District.name")
	next := h.installed("1.1.0", "District.name, Person.name")
	p, err := h.Service.Enable(h.admin(0), EnablePluginInput{Name: "orders", Digest: next.Digest, Asks: first.AsksKey})
	if got := townhall.Code(t, p, err); got != "CONFLICT asks" {
		t.Errorf("another's approval: %q", got)
	}
	p, err = h.Service.Enable(h.admin(0), EnablePluginInput{Name: "orders", Digest: first.Digest, Asks: first.AsksKey, HookFailures: []*PluginHookFailureInput{{Action: "planMeeting", Failure: Closed}}})
	id := core.ID{Type: "Plugin", Key: townhall.Done(t, p, err)}
	if list, err := h.catalog.Enabled(t.Context()); err != nil || len(list) != 1 || list[0].HookFailure["planMeeting"] != "closed" {
		t.Errorf("%+v %v", list, err)
	}
	if held, err := h.host.Guard.Permissions(h.admin(0)); err != nil || !slices.Contains(held, "orders:read") {
		t.Errorf("the administrator holds %v, %v", held, err)
	}
	if _, err := (QueryResolver{h.Module}).PluginUpgrade(h.admin(1), id, "1.1.0"); core.CodeOf(err) != core.CodeNotFound {
		t.Errorf("another town's: %v", err)
	}
	if _, err := (QueryResolver{h.Module}).PluginUpgrade(h.admin(0), id, "9.0.0"); core.CodeOf(err) != core.CodeBadUserInput {
		t.Errorf("no such release: %v", err)
	}
	up, err := QueryResolver{h.Module}.PluginUpgrade(h.admin(0), id, "1.1.0")
	townhall.Must(t, err)
	if !up.NeedsApproval || len(up.AsksMore) != 1 || up.AsksMore[0].Name != "Person.name" || up.From != "1.0.0" {
		t.Errorf("%+v", up)
	}
	p, err = h.Service.Upgrade(h.admin(0), UpgradePluginInput{Name: "orders", Digest: up.Digest, ExpectedVersion: 1})
	if got := townhall.Code(t, p, err); got != "CONFLICT approve" {
		t.Errorf("without an approval: %q", got)
	}
	p, err = h.Service.Upgrade(h.admin(0), UpgradePluginInput{Name: "orders", Digest: up.Digest, Approve: &up.Key, ExpectedVersion: 1})
	townhall.Done(t, p, err)
	p, err = h.Service.RollBack(h.admin(0), RollBackPluginInput{Name: "orders", ExpectedVersion: 2})
	townhall.Done(t, p, err)
	p, err = h.Service.Restart(h.admin(0), RestartPluginInput{Name: "orders"})
	townhall.Done(t, p, err)
	reason := strings.Repeat("я", 2001)
	p, err = h.Service.Disable(h.admin(0), DisablePluginInput{Name: "orders", Reason: &reason, ExpectedVersion: 3})
	if got := townhall.Code(t, p, err); got != "BAD_USER_INPUT reason" {
		t.Errorf("a long reason: %q", got)
	}
	p, err = h.Service.Disable(h.admin(0), DisablePluginInput{Name: "orders", ExpectedVersion: 3})
	townhall.Done(t, p, err)
	removed, err := h.Service.Remove(h.admin(0), RemovePluginInput{Name: "orders", ExpectedVersion: 4})
	townhall.Done(t, &removed.Payload, err)
	var actions []string
	townhall.Must(t, h.db.NewRaw(`SELECT action FROM audit WHERE object_type = 'Plugin' ORDER BY id`).Scan(t.Context(), &actions))
	if want := "enablePlugin upgradePlugin rollBackPlugin restartPlugin disablePlugin removePlugin"; strings.Join(actions, " ") != want {
		t.Errorf("the audit tells %v", actions)
	}
	if h.erased != 1 {
		t.Errorf("erased %d times", h.erased)
	}
	h.takeAway(*removed.ExportPath)
}

// takeAway asks for an export as different callers.
func (h *house) takeAway(path string) {
	h.Helper()
	mux := http.NewServeMux()
	for pattern, handler := range h.Handlers() {
		mux.Handle(pattern, handler)
	}
	for _, c := range []struct {
		ctx  context.Context
		path string
		want int
	}{
		{h.nobody(0), path, http.StatusForbidden}, {h.as(0, "auditor"), path, http.StatusForbidden}, {h.admin(1), path, http.StatusNotFound},
		{h.admin(0), exports + core.NewID().String(), http.StatusNotFound}, {h.admin(0), exports + "x", http.StatusNotFound}, {h.admin(0), path, http.StatusOK},
	} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(c.ctx, http.MethodGet, c.path, nil))
		if w.Code != c.want {
			h.Errorf("%s: %d, want %d", c.path, w.Code, c.want)
		}
		if w.Code == http.StatusOK && !bytes.HasPrefix(w.Body.Bytes(), []byte("PK")) {
			h.Error("no zip")
		}
	}
}

func TestSettingsThroughTheGraph(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.enabled(0, h.installed("1.0.0", ""))
	set := func(text string, revision int) (*core.Payload, error) {
		return h.Service.Configure(h.admin(0), ConfigurePluginInput{Name: "orders", Settings: text, ExpectedRevision: revision})
	}
	p, err := set(`{"limit": "x"}`, 0)
	if got := townhall.Code(t, p, err); got != "BAD_USER_INPUT limit" {
		t.Errorf("%q", got)
	}
	p, err = set(`{"token": "a\u0000b"}`, 0)
	if got := townhall.Code(t, p, err); got != "BAD_USER_INPUT settings" {
		t.Errorf("a NUL: %q", got)
	}
	p, err = set(`{"limit": 5, "token": "hunter2"}`, 0)
	townhall.Done(t, p, err)
	p, err = set(`{"limit": 6}`, 0)
	if got := townhall.Code(t, p, err); got != "CONFLICT expectedRevision" {
		t.Errorf("%q", got)
	}
	got, err := QueryResolver{h.Module}.PluginSettings(h.admin(0), id)
	townhall.Must(t, err)
	if got.Settings != `{"limit":5}` || got.Revision != 1 || len(got.Secrets) != 1 || !got.Secrets[0].Set {
		t.Errorf("%+v", got)
	}
	for _, table := range []string{"audit", "outbox", "idempotency_keys", "plugin_settings"} {
		var all string
		townhall.Must(t, h.db.NewRaw(`SELECT coalesce(string_agg(t::text, ' '), '') FROM ? AS t`, ident(table)).Scan(t.Context(), &all))
		if strings.Contains(all, "hunter2") {
			t.Errorf("%s holds a secret", table)
		}
	}
}

// A retry under the same key does nothing twice; other settings under it are refused.
func TestOneKeyOneApproval(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.installed("1.0.0", "")
	ctx := mutation.WithKey(h.admin(0), "key")
	one, two := `{"token": "hunter2"}`, `{"token": "hunter3"}`
	in := EnablePluginInput{Name: "orders", Digest: b.Digest, Asks: b.AsksKey, Settings: &one}
	p, err := h.Service.Enable(ctx, in)
	id := townhall.Done(t, p, err)
	if p, err = h.Service.Enable(ctx, in); townhall.Done(t, p, err) != id {
		t.Error("a retry gives another plugin")
	}
	in.Settings = &two
	p, err = h.Service.Enable(ctx, in)
	if got := townhall.Code(t, p, err); got != "CONFLICT" {
		t.Errorf("%q", got)
	}
}

// Lines that were written for another municipality are not shown here, nor those of nobody while another has
// the plugin too.
func TestLogsAreOfThisMunicipality(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.installed("1.0.0", "")
	id := h.enabled(0, b)
	h.lines = []catalog.LogLine{{Text: "start"}, {Text: "here", Municipality: "kansk"}, {Text: "there", Municipality: "achinsk"}, {Text: "again", Municipality: "kansk"}}
	lines := func(last int) (all []string) {
		t.Helper()
		got, err := QueryResolver{h.Module}.PluginLogs(h.admin(0), id, last)
		townhall.Must(t, err)
		for _, line := range got {
			all = append(all, line.Text)
		}
		return all
	}
	if got := lines(10); !slices.Equal(got, []string{"start", "here", "again"}) {
		t.Errorf("%v", got)
	}
	h.enabled(1, b)
	if got := lines(10); !slices.Equal(got, []string{"here", "again"}) {
		t.Errorf("%v", got)
	}
	if got := lines(1); !slices.Equal(got, []string{"again"}) {
		t.Errorf("%v", got)
	}
	if _, err := (QueryResolver{h.Module}).PluginLogs(h.admin(0), id, 1001); core.CodeOf(err) != core.CodeBadUserInput {
		t.Error(err)
	}
}

func TestWhatWasGivenUpIsBroughtAnew(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.enabled(0, h.installed("1.0.0", ""))
	letters, err := QueryResolver{h.Module}.PluginDeadLetters(h.admin(0), id, 10)
	townhall.Must(t, err)
	if len(letters) != 1 || letters[0].Name != "kansk orders" {
		t.Errorf("%+v", letters)
	}
	if _, err := (QueryResolver{h.Module}).PluginDeadLetters(h.admin(1), id, 10); core.CodeOf(err) != core.CodeNotFound {
		t.Errorf("another town's: %v", err)
	}
	if _, err := h.Service.Replay(h.as(0, "auditor"), ReplayPluginDeliveriesInput{Name: "orders"}); core.CodeOf(err) != core.CodeForbidden {
		t.Error(err)
	}
	for field, in := range map[string]ReplayPluginDeliveriesInput{"name": {Name: "moss"}, "eventIds": {Name: "orders", EventIds: []string{"x"}}} {
		if got, err := h.Service.Replay(h.admin(0), in); err != nil || len(got.UserErrors) != 1 || got.UserErrors[0].Path[1] != field {
			t.Errorf("%s: %+v %v", field, got, err)
		}
	}
	if got, err := h.Service.Replay(h.admin(0), ReplayPluginDeliveriesInput{Name: "orders"}); err != nil || got.Count != 1 || !slices.Equal(h.replayed, []string{"kansk orders"}) {
		t.Errorf("%+v %v %v", got, err, h.replayed)
	}
}
