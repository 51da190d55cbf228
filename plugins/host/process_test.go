package host_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/host"
	"github.com/veche-city/veche/plugins/internal/testplugin"
	"github.com/veche-city/veche/plugins/process"
)

// A program of its own, supervised: it answers, writes down by way of the host what it is brought, is
// killed, and goes on.
func TestAProcessIsKilledAndGoesOn(t *testing.T) {
	t.Parallel()
	const sdl = "type Weather { id: ID! }\nextend type Query { weather: String @public }"
	folder, m, path := testplugin.Folder(t, testplugin.Behaviour{Schema: sdl, Functions: []string{"Query.weather"}})
	text, err := os.ReadFile(path)
	townhall.Must(t, err)
	sum := sha256.Sum256(text)
	var running *process.Supervisor
	h := open(t, host.Limits{}, func(o *host.Options) {
		o.Start = func(_ context.Context, p host.Program) (host.Process, error) {
			running = process.Start(process.Program{Manifest: p.Manifest, SDL: p.SDL, Path: path, Sum: sum[:], Dir: p.Dir, HostAddress: p.HostAddress},
				process.Options{Log: slog.New(slog.DiscardHandler), BackoffMin: time.Millisecond})
			return running, nil
		}
	})
	h.catalog.folders["w1"] = folder
	h.catalog.enabled = []host.Enabled{{Municipality: h.town.ID, Name: m.Name, Version: m.Version, Digest: "w1", Manifest: m, SDL: sdl, Functions: []string{"Query.weather"}, Revision: 1}}
	townhall.Must(t, h.host.Refresh(t.Context()))
	if s := h.settled(h.town, m.Name); s.Reason != "" {
		t.Fatal(s.Reason)
	}
	ask := func() (string, error) {
		got, err := h.source(h.town, m.Name).Plugin.Resolve(h.as(h.town, anonymous), []*contract.FieldCall{{Type: "Query", Field: "weather", Arguments: json.RawMessage(`{"a":1}`)}}, false)
		if err != nil {
			return "", err
		}
		return string(got[0].Items[0].Value), nil
	}
	for round := range 2 {
		if got, err := ask(); err != nil || got != `"kansk {\"a\":1}"` {
			t.Fatalf("round %d: got %s, %v", round, got, err)
		}
		h.happen(h.town, "Meeting", core.NewID())
		townhall.Must(t, h.host.Deliver(t.Context()))
		if waiting, dead := h.left(); waiting+dead != 0 {
			t.Fatalf("round %d: %d and %d are left", round, waiting, dead)
		}
		var kept int
		townhall.Must(t, h.host.DB.Pool.QueryRow(t.Context(), "SELECT count(*) FROM plugin_weather_kansk.veche_values").Scan(&kept))
		if kept == 0 {
			t.Errorf("round %d: nothing was kept", round)
		}
		if round == 1 {
			break
		}
		pid := running.State().PID
		townhall.Must(t, syscall.Kill(pid, syscall.SIGKILL))
		for running.State().PID == pid || running.Ready(t.Context()) != nil {
			continue // until its supervisor has seen it
		}
	}
	entries, err := filepath.Glob(filepath.Join(filepath.Dir(strings.TrimPrefix(h.host.Address(), "unix:")), "*"))
	townhall.Must(t, err)
	info, err := os.Stat(filepath.Dir(entries[0]))
	townhall.Must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's folder has the mode %o", info.Mode().Perm())
	}
}
