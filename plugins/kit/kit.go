// Package kit tries a plugin against the contract: it starts it beside a host that is not there, asks
// it what Veche would ask and what Veche never would, and kills and stops it. What it finds, its
// author reads before the plugin is given to anybody (veche plugin verify), and a test in any language's
// SDK can run it too.
//
// The host has no database: queries find nothing, and changes are only counted. A plugin may answer
// errors for that; it may not answer too little, too much, or what its schema does not say.
package kit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/veche-city/veche/plugins/bundle"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/manifest"
	"github.com/veche-city/veche/plugins/process"
)

// Result is what one check found.
type Result struct {
	Check string
	OK    bool
	Why   string // what is wrong; of one that is ok, what is worth knowing
}

// Verify tries the plugin at path: its source folder (it is built first), an unpacked bundle, or a
// bundle's file.
func Verify(ctx context.Context, path string) []Result {
	temporary, err := os.MkdirTemp("", "veche-kit-")
	if err != nil {
		return []Result{{Check: "preparation", Why: err.Error()}}
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	program, err := prepare(path, temporary)
	if err != nil {
		return []Result{{Check: "preparation", Why: err.Error()}}
	}
	return verify(ctx, program)
}

// prepare makes a program of what there is at path.
func prepare(path, temporary string) (p process.Program, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return p, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return p, err
	}
	if !info.IsDir() {
		in, err := os.Open(path) //nolint:gosec // the author's own bundle
		if err != nil {
			return p, err
		}
		defer func() { _ = in.Close() }()
		b, err := bundle.Open(in, info.Size())
		if err != nil {
			return p, err
		}
		path = filepath.Join(temporary, b.Digest())
		if err := b.Unpack(path); err != nil {
			return p, err
		}
	}
	if p.Manifest, err = manifest.Read(os.DirFS(path)); err != nil {
		return p, err
	}
	sdl, err := os.ReadFile(filepath.Join(path, p.Manifest.Schema)) //nolint:gosec // the author's own file
	if err != nil {
		return p, err
	}
	p.SDL, p.Dir = string(sdl), path
	var sum string
	if _, err := os.Stat(filepath.Join(path, "files.json")); err == nil {
		p.Path, sum, err = bundle.Program(path, p.Manifest)
		if err != nil {
			return p, err
		}
	} else if p.Path, sum, err = build(path, temporary, p.Manifest); err != nil {
		return p, err
	}
	p.Sum, err = hex.DecodeString(sum)
	return p, err
}

func build(path, temporary string, m *manifest.Manifest) (program, sum string, err error) {
	platform, err := bundle.Platform(m)
	if err != nil {
		return "", "", err
	}
	program = filepath.Join(temporary, "bin", platform, "plugin")
	if err := bundle.Build(path, m, platform, program); err != nil {
		return "", "", err
	}
	text, err := os.ReadFile(program) //nolint:gosec // built just now
	all := sha256.Sum256(text)
	return program, hex.EncodeToString(all[:]), err
}

// trial is one plugin under trial.
type trial struct {
	ctx       context.Context
	program   process.Program
	schema    *schema
	host      *host
	plugin    *process.Supervisor
	functions []string
	results   []Result
	lines     *lines
	patience  time.Duration // how long it is waited for, where Veche would wait for less
	leave     time.Duration // how long it may take to end
}

func verify(ctx context.Context, p process.Program) []Result {
	return (&trial{ctx: ctx, program: p, lines: &lines{}, patience: 20 * time.Second, leave: 5 * time.Second}).run()
}

func (t *trial) run() []Result {
	p := t.program
	document, err := parser.ParseSchema(&ast.Source{Name: p.Manifest.Schema, Input: p.SDL})
	if err != nil {
		return append(t.results, Result{Check: "the schema is SDL", Why: err.Error()})
	}
	t.schema = newSchema(document)
	if t.host, err = newHost(); err != nil {
		return append(t.results, Result{Check: "preparation", Why: err.Error()})
	}
	defer t.host.close()
	t.program.HostAddress = t.host.address
	t.plugin = process.Start(t.program, process.Options{
		Log: slog.New(slog.DiscardHandler), Lines: t.lines.take, CallTimeout: t.patience, CallMost: t.patience, StopTimeout: t.leave, BreakerFailures: 1 << 30, BreakerCalls: 1 << 30,
		HealthEvery: 200 * time.Millisecond, HealthLimit: 500 * time.Millisecond, BackoffMin: 50 * time.Millisecond, HostUser: true,
		BackoffMax: 200 * time.Millisecond, Crashes: 12, Changed: t.lines.state,
	})
	t.host.setKey(t.plugin.Key())
	defer t.plugin.Kill()
	if !t.check("it starts, and describes itself as its manifest and its schema do", t.describes) {
		return t.results
	}
	t.check("its functions are the fields that its schema adds", t.covers)
	t.check("it is configured for each municipality", t.configures)
	t.check("each function answers many parents with as many values, which its schema allows", t.batches)
	t.check("no parents, empty ones and null do not break it", t.oddParents)
	t.check("a field that it does not have is refused", t.unknownField)
	t.check("its subscriptions open, and end with the caller", t.listens)
	t.check("it is asked before the actions that it names", t.hooks)
	t.check("an event that comes twice is done once", t.duplicates)
	t.check("two municipalities at the same time are not mixed up", t.leaks)
	t.check("what it began for a call ends with the call", t.deadlines)
	t.check("it comes back after it was killed", t.crashes)
	t.check("it comes back after it hung", t.hangs)
	t.check("it finishes what is under way, and ends when it is drained", t.drains)
	t.rawChecks()
	return t.results
}

// check runs one check. Its function answers a remark, or what is wrong.
func (t *trial) check(name string, run func() (string, error)) bool {
	if t.ctx.Err() != nil {
		t.results = append(t.results, Result{Check: name, Why: "not tried: time is up"})
		return false
	}
	remark, err := run()
	if err != nil {
		remark = err.Error() + t.afterFailure()
		if said := t.lines.worst(); said != "" {
			remark += "\nits log says: " + said
		}
	}
	t.results = append(t.results, Result{Check: name, OK: err == nil, Why: remark})
	return err == nil
}

// afterFailure says what the process ended of, if it did, and waits for the next one, so that one fault
// is found once.
func (t *trial) afterFailure() string {
	if t.alive() {
		return ""
	}
	ctx, cancel := context.WithTimeout(t.ctx, t.patience)
	defer cancel()
	for !t.alive() && ctx.Err() == nil && t.plugin.State().Phase != process.Quarantined && t.plugin.State().Phase != process.Stopped {
		if t.plugin.Ready(ctx) != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if ended := t.lines.ended(); ended != "" {
		return "\nits process: " + ended
	}
	return ""
}

func (t *trial) describes() (string, error) {
	ctx, cancel := context.WithTimeout(t.ctx, 2*t.patience)
	defer cancel()
	if err := t.plugin.Ready(ctx); err != nil {
		return "", fmt.Errorf("%s: %s", t.plugin.State().Phase, t.plugin.State().Reason)
	}
	t.functions = slices.Sorted(slices.Values(t.plugin.Described().GetFunctions()))
	if t.plugin.Described().GetManifest() == "" {
		return "it does not say with which manifest it was built, so that a changed plugin.yaml goes unnoticed until it runs", nil
	}
	return "", nil
}

// covers compares functions with the fields of the schema.
func (t *trial) covers() (string, error) {
	var wrong []string
	for _, one := range t.functions {
		if t.schema.field(one) == nil {
			wrong = append(wrong, one+" is a function, and not in the schema")
		}
	}
	for _, one := range t.schema.added {
		if !slices.Contains(t.functions, one) {
			wrong = append(wrong, one+" is in the schema, and no function answers it")
		}
	}
	if wrong != nil {
		return "", fmt.Errorf("%s", strings.Join(wrong, "; "))
	}
	return fmt.Sprintf("%d functions", len(t.functions)), nil
}

// ask makes one call of fields as somebody of a municipality.
func (t *trial) ask(ctx context.Context, municipality string, fields ...*contract.FieldCall) (*contract.ResolveResponse, error) {
	call := t.host.call(municipality)
	defer t.host.forget(call.GetToken())
	var answer *contract.ResolveResponse
	err := t.plugin.Call(ctx, false, func(ctx context.Context, c contract.PluginClient) (err error) {
		answer, err = c.Resolve(ctx, &contract.ResolveRequest{Call: call, Calls: fields})
		return err
	})
	return answer, err
}
