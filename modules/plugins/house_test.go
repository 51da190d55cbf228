package plugins

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"go.uber.org/goleak"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/bundle"
	"github.com/veche-city/veche/plugins/catalog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is this module over a catalog, in two municipalities.
type house struct {
	*Module
	testing.TB
	db    *postgres.DB
	towns []*core.Municipality
	lines []catalog.LogLine

	erased   int
	replayed []string
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
		Logs:  func(string, int) []catalog.LogLine { return h.lines },
		Erase: func(context.Context, *core.Municipality, string) error { h.erased++; return nil },
		Dead: func(_ context.Context, m *core.Municipality, name string, _ int) ([]catalog.Letter, error) {
			return []catalog.Letter{{Event: core.NewID(), Name: m.Key + " " + name, Reason: "too late"}}, nil
		},
		Replay: func(_ context.Context, m *core.Municipality, name string, events ...uuid.UUID) (int, error) {
			h.replayed = append(h.replayed, m.Key+" "+name)
			return 1 - len(events), nil
		},
	})
	townhall.Must(t, err)
	townhall.Must(t, os.MkdirAll(c.Keys, 0o700))
	townhall.Must(t, os.WriteFile(filepath.Join(c.Keys, "author.pub"), []byte(base64.StdEncoding.EncodeToString(author.Public().(ed25519.PublicKey))), 0o600))
	h.Module, err = New(hall, c)
	townhall.Must(t, err)
	townhall.Settle(t, hall, h.towns[0], h.Module)
	townhall.Must(t, hall.Guard.EnsureDefaults(t.Context(), h.towns[1]))
	return h
}

const settings = `{"type": "object", "properties": {"limit": {"type": "integer"}, "token": {"type": "string", "writeOnly": true}}}`

// author signs the bundles of these tests.
var author = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

// pack makes a bundle of a card.
func pack(t testing.TB, card string) io.ReadSeeker {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{"plugin.yaml": card, "orders.graphqls": "type OrdersOrder { id: ID! }", "settings.json": settings} {
		townhall.Must(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "orders.veche"))
	townhall.Must(t, err)
	_, err = bundle.Pack(folder, out)
	townhall.Must(t, errors.Join(err, out.Close()))
	townhall.Must(t, bundle.Sign(out.Name(), author))
	raw, err := os.ReadFile(out.Name())
	townhall.Must(t, err)
	return bytes.NewReader(raw)
}

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
build: {run: "echo orders > $VECHE_OUT", platforms: [any]}
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
