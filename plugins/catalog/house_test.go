package catalog_test

import (
	"archive/zip"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"go.uber.org/goleak"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/catalog"
	"github.com/veche-city/veche/plugins/fields"
	"github.com/veche-city/veche/plugins/manifest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a catalog over two municipalities.
type house struct {
	*catalog.Catalog
	testing.TB
	db                *postgres.DB
	guard             *access.Guard
	towns             []*core.Municipality
	key               ed25519.PrivateKey
	dir               string
	erased, restarted []string
	probed            func(m *manifest.Manifest) ([]string, error)
	changed           int
	cannotErase       error
}

// keyOf is a signer's key, the same for the same name.
func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{TB: t, db: coretest.Database(t), key: keyOf("author"), dir: t.TempDir()}
	h.probed = func(*manifest.Manifest) ([]string, error) { return []string{"Query.orders"}, nil }
	clock := coretest.Noon(2012, 5, 15)
	var err error
	h.guard, err = access.New(h.db, access.Settings{Clock: clock, Log: coretest.Quiet(), Modules: []core.Info{{Name: "councils"}}})
	must(t, err)
	t.Cleanup(func() { _ = h.guard.Close() })
	for _, key := range []string{"kansk", "achinsk"} {
		h.towns = append(h.towns, coretest.Town(t, h.db, key))
		must(t, h.guard.EnsureDefaults(t.Context(), h.towns[len(h.towns)-1]))
	}
	h.Catalog = h.replica(h.dir)
	h.trust("author", h.key)
	return h
}

// replica is a further catalog over the same database, with a folder of its own.
func (h *house) replica(dir string) *catalog.Catalog {
	h.Helper()
	c, err := catalog.New(h.db, catalog.Options{
		Settings: catalog.Settings{Dir: filepath.Join(dir, "plugins"), Keys: filepath.Join(h.dir, "keys")},
		Guard:    h.guard, Clock: coretest.Noon(2012, 5, 15), Log: coretest.Quiet(),
		Towns: func() []*core.Municipality { return h.towns },
		Probe: func(_ context.Context, folder string, m *manifest.Manifest, _ string) ([]string, error) {
			if _, err := os.Stat(filepath.Join(folder, "plugin.yaml")); err != nil {
				return nil, err
			}
			return h.probed(m)
		},
		Schema: compose,
		Export: func(_ context.Context, m *core.Municipality, name string, out io.Writer) error {
			tables := zip.NewWriter(out)
			w, err := tables.Create("orders.jsonl")
			if err == nil {
				_, err = io.WriteString(w, `{"of":"`+m.Key+` `+name+`"}`)
			}
			return errors.Join(err, tables.Close())
		},
		Erase: func(_ context.Context, m *core.Municipality, name string) error {
			if h.cannotErase != nil {
				return h.cannotErase
			}
			h.erased = append(h.erased, m.Key+" "+name)
			return nil
		},
		Restart: func(name string) { h.restarted = append(h.restarted, name) },
		Changed: func(context.Context) { h.changed++ },
	})
	must(h, err)
	return c
}

// compose is the composition of the tests: the core's SDL and the plugins', validated.
func compose(_ *core.Municipality, sources []*fields.Source) (*ast.Schema, error) {
	all := []*ast.Source{{Name: "core", Input: "directive @can(permission: String!) on FIELD_DEFINITION\ntype Query { town: String }\n"}}
	for _, s := range sources {
		all = append(all, &ast.Source{Name: s.Manifest.Name, Input: s.SDL})
	}
	return gqlparser.LoadSchema(all...)
}

func (h *house) trust(name string, key ed25519.PrivateKey) {
	h.Helper()
	raw, err := x509.MarshalPKIXPublicKey(key.Public())
	must(h, err)
	file := filepath.Join(h.TempDir(), name+".pub")
	must(h, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: raw}), 0o600))
	_, err = catalog.Trust(h.Keys, file)
	must(h, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// as is the administrator's context in a municipality.
func (h *house) as(town int) context.Context {
	ctx := core.WithMunicipality(h.Context(), h.towns[town])
	return core.WithActor(ctx, core.Actor{Kind: core.Account, Account: core.NewID()})
}

func (h *house) nobody(town int) context.Context {
	return core.WithActor(h.as(town), core.Actor{Kind: core.Anonymous})
}

// do runs a change in a transaction of its own, and learns what came of it.
func do[T any](h *house, ctx context.Context, change func(ctx context.Context, tx postgres.Tx) (T, error)) (got T, err error) {
	h.Helper()
	err = postgres.InTx(ctx, h.db, func(ctx context.Context, tx postgres.Tx) error {
		got, err = change(ctx, tx)
		return err
	})
	if err == nil {
		must(h, h.Refresh(h.Context()))
	}
	return got, err
}

// files are those of the plugin "orders".
func files(change ...func(map[string]string)) map[string]string {
	all := map[string]string{
		"plugin.yaml": `name: orders
version: 1.0.0
contract: 1
title: {ru: Порядок, en: Orders}
prefix: Orders
schema: orders.graphqls
policy: policy.csv
settings: settings.json
permissions:
  - {name: "orders:read", title: {ru: Читать, en: Read}}
  - {name: "orders:edit", title: {ru: Менять, en: Edit}}
reads: [District.name]
hooks:
  - {before: planMeeting, reason: {ru: Смотрит, en: Looks}, failure: open}
values: true
build: {run: "echo orders > $VECHE_OUT", platforms: [any]}
`,
		"orders.graphqls": "type OrdersOrder { id: ID! name: String }\nextend type Query { orders(first: Int): [OrdersOrder!] @can(permission: \"orders:read\") }\n",
		"policy.csv":      "p, anonymous, *, orders:read, any, allow\n",
		"settings.json": `{"type": "object", "additionalProperties": false, "required": ["limit"], "properties": {
			"limit": {"type": "integer", "minimum": 1, "default": 5},
			"mail": {"type": "object", "properties": {"host": {"type": "string", "default": "localhost"}, "password": {"type": "string", "writeOnly": true, "minLength": 4}}},
			"token": {"type": "string", "writeOnly": true, "pattern": "^t-"}}}`,
	}
	for _, c := range change {
		c(all)
	}
	return all
}

// edit replaces text in a file; it must be there.
func edit(name, from, to string) func(map[string]string) {
	return func(all map[string]string) {
		if !strings.Contains(all[name], from) {
			panic(name + " has no " + from)
		}
		all[name] = strings.Replace(all[name], from, to, 1)
	}
}

func version(v string) func(map[string]string) {
	return edit("plugin.yaml", "version: 1.0.0", "version: "+v)
}

// install checks and adds a bundle.
func (h *house) install(raw []byte) (*catalog.Installed, error) {
	h.Helper()
	r, size := reader(raw)
	candidate, err := h.Check(h.Context(), r, size)
	if err != nil {
		return nil, err
	}
	return do(h, h.Context(), func(ctx context.Context, tx postgres.Tx) (*catalog.Installed, error) {
		return h.Add(ctx, tx, candidate)
	})
}

func (h *house) installed(change ...func(map[string]string)) *catalog.Installed {
	h.Helper()
	row, err := h.install(pack(h, files(change...), h.key))
	must(h, err)
	return row
}

func asksOf(t testing.TB, row *catalog.Installed) string {
	t.Helper()
	m, err := row.Manifest()
	must(t, err)
	return catalog.AsksOf(m, row.Policy).Key(row.Digest)
}

func (h *house) enable(town int, row *catalog.Installed, change ...func(*catalog.Enabling)) (*catalog.Done, error) {
	h.Helper()
	in := catalog.Enabling{Name: row.Name, Digest: row.Digest, Asks: asksOf(h, row)}
	for _, c := range change {
		c(&in)
	}
	return do(h, h.as(town), func(ctx context.Context, tx postgres.Tx) (*catalog.Done, error) { return h.Enable(ctx, tx, in) })
}

func (h *house) upgrade(town int, in catalog.Upgrade) (*catalog.Done, error) {
	h.Helper()
	return do(h, h.as(town), func(ctx context.Context, tx postgres.Tx) (*catalog.Done, error) { return h.Upgrade(ctx, tx, in) })
}

func (h *house) disable(town int, name string) (*catalog.Done, error) {
	h.Helper()
	return do(h, h.as(town), func(ctx context.Context, tx postgres.Tx) (*catalog.Done, error) {
		return h.Disable(ctx, tx, name, "", nil)
	})
}

// refused wants a refusal with a code, at a field, in both languages, with the words.
func refused(t testing.TB, err error, code core.Code, field string, words ...string) {
	t.Helper()
	var e *core.Error
	var several core.Problems
	switch {
	case errors.As(err, &several):
		e = several[0]
	case !errors.As(err, &e):
		t.Fatalf("got %v, want %s", err, code)
	}
	if e.Code != code || strings.Join(e.Path, ".") != field {
		t.Errorf("got %s at %v, want %s at %s: %v", e.Code, e.Path, code, field, err)
	}
	if e.Text.En == "" || e.Text.Ru == "" || e.Text.En == e.Text.Ru {
		t.Errorf("words are missing: %+v", e.Text)
	}
	for _, word := range words {
		if !strings.Contains(e.Text.En+e.Text.Ru, word) {
			t.Errorf("%q is not said: %+v", word, e.Text)
		}
	}
}

func (h *house) running(town int) (all []string) {
	h.Helper()
	list, err := h.Enabled(h.Context())
	must(h, err)
	for _, e := range list {
		if e.Municipality == h.towns[town].ID {
			all = append(all, e.Name+" "+e.Version)
		}
	}
	slices.Sort(all)
	return all
}
