package plugins

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/uptrace/bun"
	"go.uber.org/goleak"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/catalog"
	"github.com/veche-city/veche/plugins/manifest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is this module over a catalog, in two municipalities.
type house struct {
	*Module
	testing.TB
	db    *postgres.DB
	towns []*core.Municipality
	lines []catalog.LogLine
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{TB: t, db: coretest.Database(t)}
	clock := coretest.Noon(2012, time.October, 1)
	h.towns = []*core.Municipality{coretest.Town(t, h.db, "kansk"), coretest.Town(t, h.db, "achinsk")}
	hall := townhall.Open(t, h.db, h.towns[0], clock)
	dir := t.TempDir()
	c, err := catalog.New(h.db, catalog.Options{
		Settings: catalog.Settings{Dir: dir, Keys: filepath.Join(dir, "keys"), Uploads: true},
		Guard:    hall.Guard, Clock: clock, Log: coretest.Quiet(), Towns: func() []*core.Municipality { return h.towns },
		Open: open, Logs: func(string, int) []catalog.LogLine { return h.lines },
		Export: func(_ context.Context, _ *core.Municipality, _ string, table func(string) (io.Writer, error)) error {
			w, err := table("orders")
			return errors.Join(err, json.NewEncoder(w).Encode([]string{"one"}))
		},
	})
	townhall.Must(t, err)
	townhall.Must(t, os.MkdirAll(c.Keys, 0o700))
	townhall.Must(t, os.WriteFile(filepath.Join(c.Keys, "author.pub"), []byte(base64.StdEncoding.EncodeToString(make([]byte, ed25519.PublicKeySize))), 0o600))
	h.Module, err = New(hall, c)
	townhall.Must(t, err)
	townhall.Settle(t, hall, h.towns[0], h.Module)
	townhall.Must(t, hall.Guard.EnsureDefaults(t.Context(), h.towns[1]))
	return h
}

// bundle is one as these tests have it: its text is its manifest, and whoever reads it trusts it.
type bundle struct {
	text string
	card *manifest.Manifest
}

const settings = `{"type": "object", "properties": {"limit": {"type": "integer"}, "token": {"type": "string", "writeOnly": true}}}`

func open(r io.ReaderAt, size int64) (catalog.Bundle, error) {
	raw, err := io.ReadAll(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, err
	}
	b := &bundle{text: string(raw)}
	b.card, err = manifest.Read(b.FS())
	return b, err
}

func (b *bundle) Digest() string               { return digestOf(b.text) }
func (b *bundle) Manifest() *manifest.Manifest { return b.card }
func (b *bundle) SDL() string                  { return "type OrdersOrder { id: ID! }" }
func (b *bundle) FS() fs.FS {
	return fstest.MapFS{"plugin.yaml": {Data: []byte(b.text)}, "orders.graphqls": {Data: []byte(b.SDL())}, "settings.json": {Data: []byte(settings)}}
}
func (b *bundle) SignedBy(map[string]ed25519.PublicKey) (string, bool) { return "author", true }
func (b *bundle) Unpack(dir string) error                              { return os.CopyFS(dir, b.FS()) }

func card(release, reads string) string {
	return `name: orders
version: ` + release + `
contract: 1
title: {ru: Порядок, en: Orders}
prefix: Orders
schema: orders.graphqls
settings: settings.json
permissions: [{name: "orders:read", title: {ru: Читать, en: Read}}]
reads: [` + reads + `]
hooks: [{before: planMeeting, reason: {ru: Смотрит, en: Looks}, failure: open}]
build: {run: "true", platforms: [any]}
`
}

// as is somebody with roles in a municipality.
func (h *house) as(town int, roles ...string) context.Context {
	actor := core.Actor{Kind: core.Account, Account: core.NewID()}
	for _, role := range roles {
		actor.Assignments = append(actor.Assignments, core.Assignment{Role: role})
	}
	return townhall.As(h.towns[town], actor)
}

func (h *house) admin(town int) context.Context { return h.as(town, "administrator") }

func (h *house) nobody(town int) context.Context {
	return townhall.As(h.towns[town], core.Actor{Kind: core.Anonymous})
}

var _ host.Handling = (*Module)(nil)

func ident(name string) bun.Ident { return bun.Ident(name) }
