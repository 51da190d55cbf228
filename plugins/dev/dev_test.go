package dev

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/veche-city/veche/plugins/bundle"
	"github.com/veche-city/veche/plugins/manifest"
)

const card = `
name: benches
version: 1.0.0
contract: 1
title: {ru: Скамейки, en: Benches}
prefix: Benches
schema: benches.graphqls
build:
  run: test ! -e broken || { echo main.go:7 is broken; exit 3; }; cp program.txt "$VECHE_OUT"
  platforms: [any]
`

// house builds and notes what it was given, and refuses a schema with the word wrong.
type house struct {
	t        *testing.T
	programs []string
}

func (h *house) Reload(_ context.Context, folder string) error {
	m, err := manifest.Read(os.DirFS(folder))
	if err != nil {
		return err
	}
	out := filepath.Join(h.t.TempDir(), "plugin")
	if err := bundle.Build(folder, m, "any", out); err != nil {
		return err
	}
	schema, err := os.ReadFile(filepath.Join(folder, "benches.graphqls"))
	if err != nil {
		return err
	}
	if strings.Contains(string(schema), "wrong") {
		return errors.New("benches: benches.graphqls:1: wrong")
	}
	program, err := os.ReadFile(out)
	h.programs = append(h.programs, string(program))
	return err
}

// author saves files, and sees what is said.
type author struct {
	t      *testing.T
	folder string
	house  *house
	said   []string
	ticks  chan time.Time
	rounds chan bool
	stop   func() error
}

func begin(t *testing.T) *author {
	t.Helper()
	a := &author{t: t, folder: t.TempDir(), house: &house{t: t}, ticks: make(chan time.Time), rounds: make(chan bool)}
	a.write("plugin.yaml", card)
	a.write("benches.graphqls", "type Query")
	a.write("program.txt", "one")
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	loop := &Loop{Folder: a.folder, House: a.house, Say: func(text string) { a.said = append(a.said, text) }, ticks: a.ticks, done: func(built bool) { a.rounds <- built }}
	go func() { ended <- loop.Run(ctx) }()
	a.stop = func() error { cancel(); return <-ended }
	<-a.rounds
	return a
}

func (a *author) write(name, text string) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.folder, name), []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// save writes a file and waits for the round that follows.
func (a *author) save(name, text string) {
	a.t.Helper()
	a.write(name, text)
	if !a.tick() {
		a.t.Errorf("%s was saved, and nothing was built", name)
	}
}

// tick lets it look once, and says whether it built.
func (a *author) tick() bool {
	a.ticks <- time.Time{}
	return <-a.rounds
}

func (a *author) last() string { return a.said[len(a.said)-1] }

func TestWhatIsSavedIsBuiltAndSwapped(t *testing.T) {
	a := begin(t)
	if a.tick() {
		t.Error("it built what was not saved")
	}
	a.save("program.txt", "second")
	a.save("more.txt", "a new file counts")
	if err := os.Remove(filepath.Join(a.folder, "more.txt")); err != nil {
		t.Fatal(err)
	}
	if !a.tick() {
		t.Error("a file that is gone is no change")
	}
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(a.house.programs, " "); got != "one second second second" {
		t.Errorf("the house was given %q", got)
	}
	if !strings.HasPrefix(a.last(), "built and swapped in ") {
		t.Errorf("it said %q", a.last())
	}
}

func TestWhatIsWrongIsSaidAndTheOldGoesOn(t *testing.T) {
	a := begin(t)
	for _, one := range []struct{ file, text, want string }{
		{"broken", "", "build.run for any: exit status 3\nmain.go:7 is broken\n"},
		{"plugin.yaml", "name: X", "plugin.yaml: "},
		{"plugin.yaml", card + "\n", "main.go:7"},
	} {
		a.save(one.file, one.text)
		if !strings.Contains(a.last(), one.want) || !strings.Contains(a.last(), "goes on as it was") {
			t.Errorf("%s: it said %q, want %q", one.file, a.last(), one.want)
		}
	}
	a.write("plugin.yaml", card)
	if err := os.Remove(filepath.Join(a.folder, "broken")); err != nil {
		t.Fatal(err)
	}
	a.save("benches.graphqls", "wrong")
	if !strings.HasPrefix(a.last(), "benches: benches.graphqls:1: wrong\n") {
		t.Errorf("it said %q", a.last())
	}
	a.save("benches.graphqls", "type Query { mended: Int }")
	if !strings.HasPrefix(a.last(), "built and swapped in ") || len(a.house.programs) != 2 {
		t.Errorf("it said %q after %d swaps", a.last(), len(a.house.programs))
	}
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
}

func TestWhatABuildMakesIsNoChange(t *testing.T) {
	folder := t.TempDir()
	before, err := look(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bin/any/plugin", "node_modules/x/index.js", ".git/HEAD", ".test/a.js", "go.sum", "benches-1.0.0.veche"} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if after, err := look(folder); err != nil || after != before {
		t.Errorf("it was taken for a change (%v)", err)
	}
	if err := (&Loop{Folder: filepath.Join(folder, "nowhere")}).Run(t.Context()); err == nil {
		t.Error("a folder that is not there is watched")
	}
}
