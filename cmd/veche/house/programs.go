package house

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"

	"github.com/veche-city/veche/plugins/bundle"
	"github.com/veche-city/veche/plugins/catalog"
	"github.com/veche-city/veche/plugins/host"
	"github.com/veche-city/veche/plugins/manifest"
	"github.com/veche-city/veche/plugins/process"
)

// programs are the processes of plugins on this replica, and what they last wrote.
type programs struct {
	log     *slog.Logger
	metrics *process.Metrics
	user    bool // plugins run as the house's own user

	mu      sync.Mutex
	running map[string][]*process.Supervisor // by plugin
	lines   map[string][]catalog.LogLine     // the latest last
	// dev are programs that an author works on, by the folder of their bundle: they are not checked.
	dev map[string]bool
}

// mostLines is how many lines of a plugin are remembered.
const mostLines = 1000

// start starts a program of an unpacked bundle, whose files are checked again.
func (p *programs) start(_ context.Context, of host.Program) (host.Process, error) {
	return p.launch(of.Manifest, of.SDL, of.Dir, of.HostAddress)
}

func (p *programs) launch(m *manifest.Manifest, sdl, dir, address string) (*process.Supervisor, error) {
	path, sum, err := bundle.Program(dir, m)
	if err != nil {
		return nil, err
	}
	raw, err := hex.DecodeString(sum)
	if err != nil {
		return nil, err
	}
	s := process.Start(process.Program{Manifest: m, SDL: sdl, Path: path, Sum: raw, Dir: dir, HostAddress: address, Dev: p.dev[dir]},
		process.Options{Log: p.log, Lines: p.note, Metrics: p.metrics, HostUser: p.user})
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == nil {
		p.running = map[string][]*process.Supervisor{}
	}
	p.running[m.Name] = append(p.running[m.Name], s)
	go p.forget(m.Name, s)
	return s, nil
}

// forget drops a process that has ended for good.
func (p *programs) forget(name string, s *process.Supervisor) {
	<-s.Done()
	p.mu.Lock()
	defer p.mu.Unlock()
	var left []*process.Supervisor
	for _, one := range p.running[name] {
		if one != s {
			left = append(left, one)
		}
	}
	p.running[name] = left
}

// probe runs a program once, with nowhere to call back, until it has said what it is.
func (p *programs) probe(ctx context.Context, dir string, m *manifest.Manifest, sdl string) ([]string, error) {
	s, err := p.launch(m, sdl, dir, "")
	if err != nil {
		return nil, err
	}
	defer s.Kill()
	if err := s.Ready(ctx); err != nil {
		return nil, fmt.Errorf("the plugin %s does not start: %s: %w", m.Name, s.State().Reason, err)
	}
	return s.Described().GetFunctions(), nil
}

// restart starts the plugin's processes anew, out of quarantine too.
func (p *programs) restart(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.running[name] {
		s.Restart()
	}
}

// note remembers a line.
func (p *programs) note(line process.Line) {
	text := line.Message
	for key, value := range line.Fields {
		if key != "municipality" {
			text += fmt.Sprintf(" %s=%v", key, value)
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

