package house

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/veche-city/veche/plugins/catalog"
	"github.com/veche-city/veche/plugins/host"
	"github.com/veche-city/veche/plugins/manifest"
	"github.com/veche-city/veche/plugins/process"
)

// programs are the processes of plugins on this replica, and what they last wrote.
type programs struct {
	log     *slog.Logger
	metrics *process.Metrics
	asSelf  bool          // plugins run as the house's own user
	cgroup  string        // where their cgroups stand
	dev     bool          // their author works on them
	address func() string // where the host answers

	mu    sync.Mutex
	lines map[string][]catalog.LogLine // by plugin, the latest last
}

// mostLines is how many lines of a plugin are remembered.
const mostLines = 1000

func (p *programs) options() process.Options {
	return process.Options{Log: p.log, Lines: p.note, Metrics: p.metrics, HostUser: p.asSelf, Cgroup: p.cgroup}
}

// start starts a program of an unpacked bundle, whose files are checked again.
func (p *programs) start(_ context.Context, of host.Program) (host.Process, error) {
	return host.Launch(of, p.options(), p.dev)
}

// probe runs a program once, until it has said what it is. Where it may call back nobody knows its key,
// so it is refused there.
func (p *programs) probe(ctx context.Context, dir string, m *manifest.Manifest, sdl string) ([]string, error) {
	options := p.options()
	options.Crashes = 1
	s, err := host.Launch(host.Program{Manifest: m, SDL: sdl, Dir: dir, HostAddress: p.address()}, options, false)
	if err != nil {
		return nil, err
	}
	defer s.Kill()
	if err := s.Ready(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", s.State().Reason, err)
	}
	return s.Described().GetFunctions(), nil
}

// note remembers a line.
func (p *programs) note(line process.Line) {
	text := line.Message
	for _, key := range slices.Sorted(maps.Keys(line.Fields)) {
		if key != "municipality" {
			text += fmt.Sprintf(" %s=%v", key, line.Fields[key])
		}
	}
	town, _ := line.Fields["municipality"].(string)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lines == nil {
		p.lines = map[string][]catalog.LogLine{}
	}
	all := append(p.lines[line.Plugin], catalog.LogLine{At: line.At, Level: line.Level.String(), Text: text, Municipality: town})
	p.lines[line.Plugin] = all[max(0, len(all)-mostLines):]
}

func (p *programs) logs(name string, last int) []catalog.LogLine {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.lines[name]
	return append([]catalog.LogLine{}, all[max(0, len(all)-last):]...)
}
