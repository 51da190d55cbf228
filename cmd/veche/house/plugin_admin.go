package house

import (
	"encoding/json"
	"net/http"
	"strconv"

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
		set := h.Runner.Set(town)
		if set == nil {
			continue
		}
		for _, source := range set.Sources {
			status, there := h.Runner.Status(town, source.Manifest.Name)
			if !there {
				continue
			}
			state := PluginState{Municipality: town.Key, Name: source.Manifest.Name, Version: status.Version, Waiting: status.Waiting, Phase: "starting", Reason: status.Reason}
			if p, ok := h.Runner.ProcessOf(town, source.Manifest.Name).(*process.Supervisor); ok && p != nil {
				now := p.State()
				state.Phase = string(now.Phase)
				if state.Reason == "" && now.Phase != process.Running {
					state.Reason = now.Reason
				}
			}
			all = append(all, state)
		}
	}
	return all
}
