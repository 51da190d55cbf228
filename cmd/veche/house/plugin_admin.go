package house

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/catalog"
	"github.com/veche-city/veche/plugins/process"
)

// PluginState is how a plugin fares in a municipality on this replica.
type PluginState struct {
	Municipality string `json:"municipality"`
	Name         string `json:"name"`
	Version      string `json:"version"`           // that serves
	Waiting      string `json:"waiting,omitempty"` // the version that shall take its place
	Phase        string `json:"phase"`             // of its process: running, backoff, quarantined…
	Reason       string `json:"reason,omitempty"`  // why it does not serve
	Restarts     int    `json:"restarts,omitempty"`
	BreakerOpen  bool   `json:"breakerOpen,omitempty"` // calls are kept back, because too many failed
}

// pluginRoutes are what an operator asks of the plugins that run here: their states, and what they last wrote.
func (h *House) pluginRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /plugins", func(w http.ResponseWriter, _ *http.Request) { answer(w, h.pluginStates()) })
	mux.HandleFunc("GET /plugins/{name}/logs", func(w http.ResponseWriter, r *http.Request) {
		last, err := strconv.Atoi(r.FormValue("last"))
		if err != nil || last < 1 {
			last = mostLines
		}
		answer(w, h.programs.logs(r.PathValue("name"), last))
	})
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value) // whoever asked is gone
}

func (h *House) pluginStates() []PluginState {
	all := []PluginState{}
	for _, town := range h.Towns.All() {
		for _, source := range h.Runner.Set(town).Sources {
			p := h.pluginProcess(town, source.Manifest.Name)
			if p == nil {
				continue
			}
			all = append(all, PluginState{Municipality: town.Key, Name: source.Manifest.Name, Version: p.Release, Waiting: p.Waiting,
				Phase: p.Phase, Reason: p.Reason, Restarts: p.Restarts, BreakerOpen: p.BreakerOpen})
		}
	}
	return all
}

// pluginProcess is how a plugin fares in a municipality on this replica; nil: it is not enabled there.
func (h *House) pluginProcess(town *core.Municipality, name string) *catalog.Process {
	status, there := h.Runner.Status(town, name)
	if !there {
		return nil
	}
	p := &catalog.Process{Release: status.Version, Waiting: status.Waiting, Phase: string(process.Starting), Since: status.Since, Reason: status.Reason}
	runs, ok := h.Runner.ProcessOf(town, name).(*process.Supervisor)
	if !ok || runs == nil {
		return p
	}
	now := runs.State()
	p.Phase, p.Since, p.Restarts, p.BreakerOpen, p.Unbounded = string(now.Phase), now.Since, now.Restarts, now.Breaker == "open", now.Unbounded
	if p.Reason == "" && now.Phase != process.Running {
		p.Reason = now.Reason
	}
	return p
}
