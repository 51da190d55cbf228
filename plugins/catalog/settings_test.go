package catalog_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/catalog"
)

func (h *house) configure(town int, settings string, expected *int64) error {
	h.Helper()
	_, err := do(h, h.as(town), func(ctx context.Context, tx postgres.Tx) (*catalog.Plugin, error) {
		return h.Configure(ctx, tx, catalog.Configuring{Name: "orders", Settings: json.RawMessage(settings), Expected: expected})
	})
	return err
}

func TestSettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	refused(t, h.configure(0, `{}`, nil), core.CodeBadUserInput, "input.name")
	_, err := h.enable(0, h.installed())
	must(t, err)
	for settings, want := range map[string][2]string{
		`[]`:                                  {"input.settings", "JSON"},
		`{"limit": 1`:                         {"input.settings", "JSON"},
		`{"limit": "much"}`:                   {"input.settings.limit", "integer"},
		`{"limit": 0}`:                        {"input.settings.limit", "at least 1"},
		`{"limit": null}`:                     {"input.settings.limit", "integer"},
		`{"speed": 5}`:                        {"input.settings.speed", "no such setting"},
		`{"mail": {"password": "abc"}}`:       {"input.settings.mail.password", "mail.password"},
		`{"token": "hunter2"}`:                {"input.settings.token", "^t-"},
		`{"mail": {"host": 5}}`:               {"input.settings.mail.host", "string"},
		`{"mail": "none", "token": "t-long"}`: {"input.settings.mail", "object"},
	} {
		err := h.configure(0, settings, nil)
		t.Log(settings)
		refused(t, err, core.CodeBadUserInput, want[0], want[1])
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("a secret is told: %v", err)
		}
	}
	if _, revision, err := h.Settings(t.Context(), h.towns[0].ID, "orders"); err != nil || revision != 0 {
		t.Errorf("revision %d, %v", revision, err)
	}
	must(t, h.configure(0, `{"limit": 2}`, nil))
	none := int64(0)
	refused(t, h.configure(0, `{"limit": 3}`, &none), core.CodeConflict, "input.expectedRevision")
}

func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	row := h.installed()
	for town := range 2 {
		_, err := h.enable(town, row)
		must(t, err)
	}
	must(t, h.configure(0, `{"limit": 9007199254740993, "token": "t-secret", "mail": {"password": "hunter2"}}`, nil))
	must(t, h.configure(1, `{"token": "t-other"}`, nil))
	settings := func(town int, want string, revision int64) {
		t.Helper()
		got, at, err := h.Settings(t.Context(), h.towns[town].ID, "orders")
		must(t, err)
		if string(got) != want || at != revision {
			t.Errorf("got %s at %d", got, at)
		}
	}
	settings(0, `{"limit":9007199254740993,"mail":{"host":"localhost","password":"hunter2"},"token":"t-secret"}`, 1)
	settings(1, `{"limit":5,"token":"t-other"}`, 1)
	shown, err := h.Shown(h.as(0), "orders")
	must(t, err)
	if string(shown.Settings) != `{"limit":9007199254740993,"mail":{"host":"localhost"}}` || len(shown.Secrets) != 2 || !shown.Secrets[0].Set || strings.Join(shown.Secrets[0].Path, ".") != "mail.password" {
		t.Errorf("%s %+v", shown.Settings, shown.Secrets)
	}
	var kept string
	must(t, h.db.QueryRow(`SELECT string_agg(plain::text || secrets::text, ' ') FROM plugin_settings`).Scan(&kept))
	if strings.Contains(kept, "hunter2") || strings.Contains(kept, "t-secret") {
		t.Errorf("the database holds %s", kept)
	}
	// What is left out stays, null takes away.
	must(t, h.configure(0, `{"limit": 3, "mail": {"password": null}}`, nil))
	settings(0, `{"limit":3,"mail":{"host":"localhost"},"token":"t-secret"}`, 2)
	// A secret opens only where it was sealed, and under its key only.
	_, err = h.db.Exec(`UPDATE plugin_settings AS a SET secrets = b.secrets FROM plugin_settings AS b WHERE a.municipality_id = ? AND b.municipality_id = ?`, h.towns[1].ID, h.towns[0].ID)
	must(t, err)
	if got, _, err := h.Settings(t.Context(), h.towns[1].ID, "orders"); err == nil {
		t.Errorf("another town's secret: %s", got)
	}
	if got, _, err := h.replica(t.TempDir()).Settings(t.Context(), h.towns[0].ID, "orders"); err == nil || !strings.Contains(err.Error(), "VECHE_PLUGIN_SECRET") {
		t.Errorf("under another key: %s %v", got, err)
	}
	info, err := os.Stat(filepath.Join(h.dir, "plugins", "plugins.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
}

// An upgrade whose settings would be wrong is refused by property, and may bring them.
func TestAnUpgradeBringsItsSettings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, err := h.enable(0, h.installed())
	must(t, err)
	next := h.installed(version("2.0.0"), edit("settings.json", `"required": ["limit"]`, `"required": ["limit", "token"]`))
	_, err = h.upgrade(0, catalog.Upgrade{Name: "orders", Digest: next.Digest})
	refused(t, err, core.CodeBadUserInput, "input.settings.token", "must be given")
	_, err = h.upgrade(0, catalog.Upgrade{Name: "orders", Digest: next.Digest, Settings: json.RawMessage(`{"token": "t-1"}`)})
	must(t, err)
}

func unzip(t testing.TB, raw []byte) map[string]string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	must(t, err)
	all := map[string]string{}
	for _, f := range r.File {
		in, err := f.Open()
		must(t, err)
		text, err := io.ReadAll(in)
		must(t, err)
		all[f.Name] = string(text)
	}
	return all
}
