package catalog_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/bundle"
	"github.com/veche-city/veche/plugins/catalog"
	"github.com/veche-city/veche/plugins/manifest"
)

func TestBundlesThatAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const at = "input.file"
	_, err := h.install(pack(t, files(), nil))
	refused(t, err, core.CodeBadUserInput, at, "trust", "orders")
	_, err = h.install(pack(t, files(), keyOf("stranger")))
	refused(t, err, core.CodeBadUserInput, at, "veche plugin trust")
	raw := pack(t, files(), h.key)
	for place := 0; place < len(raw); place += 1 + len(raw)/40 {
		changed := bytes.Clone(raw)
		changed[place] ^= 1
		if row, err := h.install(changed); err == nil && row.Digest != h.digestOf(raw) {
			t.Errorf("byte %d of %d is another, and it is installed", place, len(raw))
		} else if err != nil {
			refused(t, err, core.CodeBadUserInput, at)
		}
	}
	_, err = h.db.Exec(`DELETE FROM plugin_bundles`) // what none of the sums covers, a time say, may have been changed
	must(t, err)
	_, err = h.install([]byte("no bundle"))
	refused(t, err, core.CodeBadUserInput, at)
	for name, change := range map[string]struct {
		edit func(map[string]string)
		word string
	}{
		"a module's name":   {edit("plugin.yaml", "name: orders\n", "name: permissions\n"), "permissions"},
		"rules of others":   {edit("policy.csv", "orders:read", "councils:read"), "line 1"},
		"a broken schema":   {edit("orders.graphqls", "[OrdersOrder!]", "[Missing!]"), "Missing"},
		"settings":          {edit("settings.json", `"type": "object", "add`, `"type": "array", "add`), "object"},
		"foreign settings":  {edit("settings.json", `"token": {`, `"other": {"$ref": "https://example.org/x.json"}, "token": {`), "example.org"},
		"a secret anywhere": {edit("settings.json", `"token": {`, `"list": {"type": "array", "items": {"writeOnly": true}}, "token": {`), "writeOnly"},
	} {
		all := files(change.edit)
		if name == "a module's name" {
			all["plugin.yaml"] = strings.ReplaceAll(all["plugin.yaml"], `"orders:`, `"permissions:`)
		}
		_, err := h.install(pack(t, all, h.key))
		t.Log(name)
		refused(t, err, core.CodeBadUserInput, at, change.word)
	}
	h.probed = func(*manifest.Manifest) ([]string, error) { return nil, errors.New("it says it is moss") }
	_, err = h.install(pack(t, files(), h.key))
	refused(t, err, core.CodeBadUserInput, at, "moss")
	if left, err := filepath.Glob(filepath.Join(h.dir, "plugins", ".probe-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if all, err := h.Installed(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("installed: %v %v", all, err)
	}
}

// digestOf is what the bundle is called.
func (h *house) digestOf(raw []byte) string {
	h.Helper()
	b, err := bundle.Open(reader(raw))
	must(h, err)
	return b.Digest()
}

func TestAVersionMeansOneBundle(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.installed()
	h.installed() // the same again changes nothing
	_, err := h.install(pack(t, files(edit("policy.csv", "orders:read", "orders:edit")), h.key))
	refused(t, err, core.CodeConflict, "input.file", "1.0.0")
	h.installed(version("1.1.0"))
	all, err := h.Installed(t.Context())
	must(t, err)
	if len(all) != 2 || all[0].Signer != "author" || all[0].Functions[0] != "Query.orders" {
		t.Fatalf("installed: %+v", all)
	}
	uninstall := func(v string) error {
		_, err := do(h.Context(), h, func(ctx context.Context, tx postgres.Tx) (any, error) {
			return nil, h.Uninstall(ctx, tx, "orders", v, "old")
		})
		return err
	}
	refused(t, uninstall("9.9.9"), core.CodeBadUserInput, "input.version", "veche plugin install")
	_, err = h.enable(0, first)
	must(t, err)
	refused(t, uninstall("1.0.0"), core.CodeConflict, "input.version")
	must(t, uninstall("1.1.0"))
	// Gone, and still that version means those bytes only.
	_, err = h.install(pack(t, files(version("1.1.0"), edit("policy.csv", "orders:read", "orders:edit")), h.key))
	refused(t, err, core.CodeConflict, "input.file", "1.1.0")
	again := h.installed(version("1.1.0"))
	if _, err := h.Folder(t.Context(), again.Digest); err != nil {
		t.Error(err)
	}
}

// Two operators install two bundles under one version at once: one of them is told.
func TestTwoInstallOneVersionAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var all sync.WaitGroup
	failed := make([]error, 2)
	var candidates []*catalog.Candidate
	for _, word := range []string{"orders:read", "orders:edit"} {
		r, size := reader(pack(t, files(edit("policy.csv", "orders:read", word)), h.key))
		candidate, err := h.Check(t.Context(), r, size)
		must(t, err)
		candidates = append(candidates, candidate)
	}
	for i, candidate := range candidates {
		all.Go(func() {
			failed[i] = postgres.InTx(t.Context(), h.db, func(ctx context.Context, tx postgres.Tx) error {
				_, err := h.Add(ctx, tx, candidate)
				return err
			})
		})
	}
	all.Wait()
	if (failed[0] == nil) == (failed[1] == nil) {
		t.Fatalf("both or none: %v", failed)
	}
	refused(t, errors.Join(failed...), core.CodeConflict, "input.file")
}

func TestAFolderIsWhatWasSigned(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	noise := make([]byte, 2_000_000)
	_, _ = rand.Read(noise)
	row := h.installed(edit("plugin.yaml", "values: true", "migrations: migrations"), func(all map[string]string) { // two parts and some
		all["migrations/1.sql"] = "-- " + hex.EncodeToString(noise)
	})
	other := h.replica(t.TempDir())
	for _, wrong := range []string{"", "../../etc", strings.Repeat("0", 64)} {
		if dir, err := other.Folder(t.Context(), wrong); err == nil {
			t.Errorf("%q: %s", wrong, dir)
		}
	}
	dir, err := other.Folder(t.Context(), row.Digest)
	must(t, err)
	text, err := os.ReadFile(filepath.Join(dir, "migrations", "1.sql"))
	if err != nil || len(text) != 4_000_003 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	// What somebody put in its place is fetched anew.
	sums := filepath.Join(dir, "plugin.yaml")
	must(t, os.Chmod(sums, 0o600))
	must(t, os.WriteFile(sums, []byte("{}"), 0o600))
	_, err = other.Folder(t.Context(), row.Digest)
	must(t, err)
	if text, err := os.ReadFile(sums); err != nil || string(text) == "{}" {
		t.Errorf("%s %v", text, err)
	}
	// Bytes that were changed in the database run nowhere, and neither do those of a key that is no more trusted.
	third := h.replica(t.TempDir())
	must(t, os.Rename(filepath.Join(h.dir, "keys", "author.pub"), filepath.Join(h.dir, "author.pub")))
	_, err = third.Folder(t.Context(), row.Digest)
	refused(t, err, core.CodeBadUserInput, "input.file", "trust")
	must(t, os.Rename(filepath.Join(h.dir, "author.pub"), filepath.Join(h.dir, "keys", "author.pub")))
	_, err = h.db.Exec(`UPDATE plugin_bundle_parts SET bytes = set_byte(bytes, 1000, 255 - get_byte(bytes, 1000)) WHERE part = 1`)
	must(t, err)
	if dir, err := third.Folder(t.Context(), row.Digest); err == nil {
		t.Errorf("changed bytes: %s", dir)
	}
}

func TestKeysAreTrustedByName(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	file := filepath.Join(t.TempDir(), "moss.pem")
	for name, text := range map[string]string{"text": "moss", "private": "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n"} {
		must(t, os.WriteFile(file, []byte(text), 0o600))
		if _, err := catalog.Trust(h.Keys, file); err == nil || !strings.Contains(err.Error(), "Ed25519") {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, os.WriteFile(file, []byte("nOhQGJ3yWIzHDDmmBbVnw7dGVS3UzNEIZ1TOYRI3wUs=\n"), 0o600))
	name, err := catalog.Trust(h.Keys, file)
	if err != nil || name != "moss" {
		t.Errorf("%s %v", name, err)
	}
	if _, err := catalog.Trust(h.Keys, file); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("twice: %v", err)
	}
	// The first that is made: plugins' own users come through to their programs, and not to the keys.
	data := filepath.Join(t.TempDir(), "data")
	_, err = catalog.Trust(filepath.Join(data, "plugins", "keys"), file)
	must(t, err)
	for dir, open := range map[string]bool{"": os.Geteuid() == 0, "plugins": true, "plugins/keys": false} {
		info, err := os.Stat(filepath.Join(data, dir))
		must(t, err)
		if (info.Mode()&0o001 != 0) != open {
			t.Errorf("data/%s has the mode %s", dir, info.Mode())
		}
	}
}

// While an author works on it each content is a version of its own; what is left behind is taken away, but for
// the one that runs and the one to go back to.
func TestAnAuthorsVersions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Dev = true
	first := h.installed()
	_, err := h.enable(0, first)
	must(t, err)
	for _, word := range []string{"orders:edit", "orders:read or more"} {
		before, err := h.Here(h.as(0), "orders")
		must(t, err)
		row := h.installed(edit("policy.csv", "orders:read", strings.Fields(word)[0]), edit("settings.json", "localhost", word))
		d, err := h.Difference(h.as(0), before, row)
		must(t, err)
		_, err = h.upgrade(0, catalog.Upgrade{Name: "orders", Digest: row.Digest, Approve: d.Key})
		must(t, err)
		_, err = h.Folder(t.Context(), row.Digest)
		must(t, err)
	}
	dir, err := h.Folder(t.Context(), first.Digest)
	must(t, err)
	must(t, h.UninstallDev(t.Context(), "orders"))
	all, err := h.Installed(t.Context())
	must(t, err)
	if len(all) != 2 || !strings.HasPrefix(all[0].Version, "1.0.0+dev.") || all[0].Version == all[1].Version {
		t.Errorf("left are %+v", all)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the first one is still unpacked: %v", err)
	}
	for _, row := range all {
		if _, err := os.Stat(filepath.Join(filepath.Dir(dir), row.Digest)); err != nil {
			t.Error(err)
		}
	}
}
