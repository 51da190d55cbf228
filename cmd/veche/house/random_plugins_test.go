package house_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/bundle"
	"github.com/veche-city/veche/plugins/catalog"
)

// furnishPlugins has one plugin enabled and another disabled. What they add to the schema is asked
// elsewhere; here it is the register.
func (s *stillWorld) furnishPlugins() {
	for _, name := range []string{"moss", "orders"} {
		digest := s.installPlugin(name)
		data := s.ask(request{as: s.admin, Query: `query($name: String) { pluginBundles(name: $name) { asksKey } }`, Variables: map[string]any{"name": name}})
		s.made("enablePlugin", "plugin", map[string]any{"name": name, "digest": digest, "asks": at(data, "pluginBundles", 0, "asksKey")})
		s.made("configurePlugin", "plugin", map[string]any{"name": name, "settings": `{"token": "hunter2"}`, "expectedRevision": 0})
	}
	since := s.clock.now()
	s.Plugins.Process = func(_ *core.Municipality, name string) *catalog.Process { // nothing stands still in one that has no program
		if name != "orders" {
			return nil
		}
		return &catalog.Process{Release: "1.0.0", Waiting: "1.1.0", Phase: "backoff", Since: since, Reason: "it ended", Restarts: 2, Unbounded: []string{"network"}}
	}
	s.made("disablePlugin", "plugin", map[string]any{"name": "moss", "reason": "Проба окончена", "expectedVersion": 1})
}

// installPlugin packs, signs and installs a plugin, and gives its digest.
func (s *stillWorld) installPlugin(name string) string {
	s.t.Helper()
	folder, key := s.t.TempDir(), ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	prefix := strings.ToUpper(name[:1]) + name[1:]
	for file, text := range map[string]string{
		"plugin.yaml": `{name: ` + name + `, version: 1.0.0, contract: 1, title: {ru: Порядок, en: Order}, prefix: ` + prefix + `, author: Veche, schema: s.graphqls, settings: s.json, values: true,
			permissions: [{name: "` + name + `:read", title: {ru: Читать, en: Read}}], reads: [District.name], hooks: [{before: planMeeting, reason: {ru: Смотрит, en: Looks}, failure: open}],
			build: {run: "echo > $VECHE_OUT", platforms: [any]}}`,
		"s.graphqls": "type " + prefix + "Thing { id: ID! }", "s.json": `{"type": "object", "properties": {"token": {"type": "string", "writeOnly": true}}}`,
	} {
		must(s.t, os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600))
	}
	out := &bytes.Buffer{}
	digest, err := bundle.Pack(folder, out)
	must(s.t, err)
	path := filepath.Join(folder, "bundle")
	must(s.t, os.WriteFile(path, out.Bytes(), 0o600))
	must(s.t, bundle.Sign(path, key))
	must(s.t, os.MkdirAll(s.Plugins.Keys, 0o700))
	must(s.t, os.WriteFile(filepath.Join(s.Plugins.Keys, "author.pub"), []byte(base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey))), 0o600))
	raw, err := os.ReadFile(path)
	must(s.t, err)
	probe := s.Plugins.Probe
	defer func() { s.Plugins.Probe = probe }()
	s.Plugins.Probe = nil // it has no program
	candidate, err := s.Plugins.Check(s.t.Context(), bytes.NewReader(raw), int64(len(raw)))
	must(s.t, err)
	must(s.t, postgres.InTx(s.t.Context(), s.DB, func(ctx context.Context, tx postgres.Tx) error {
		_, err := s.Plugins.Add(ctx, tx, candidate)
		return err
	}))
	return digest
}
