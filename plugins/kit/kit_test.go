package kit

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/veche-city/veche/plugins/bundle"
	"github.com/veche-city/veche/plugins/internal/testplugin"
	"github.com/veche-city/veche/plugins/process"
)

func TestMain(m *testing.M) {
	testplugin.Main()
	goleak.VerifyTestMain(m)
}

const sdl = `
type WeatherDay { id: ID! note: String! }
extend type Query { weatherText(day: Date!, many: Int! = 2): String @public }
extend type Query { weatherMix: String @public, weatherBroken: String @public }
extend type Mutation { setWeather(input: WeatherInput!): String @public }
extend type Person { weatherNote: String @public }
extend type Subscription { weatherChanged: String @public }
input WeatherInput { text: String!, days: [Int!]! }
`

// behaves is the plugin of that schema, which does as change says.
func behaves(change func(*testplugin.Behaviour)) testplugin.Behaviour {
	b := testplugin.Behaviour{Schema: sdl, Fields: map[string]string{},
		Functions: []string{"Query.weatherText", "Mutation.setWeather", "Person.weatherNote", "Subscription.weatherChanged", "Query.weatherMix", "Query.weatherBroken"}}
	if change != nil {
		change(&b)
	}
	return b
}

var sum = sync.OnceValue(func() []byte {
	path, _ := os.Executable()
	text, _ := os.ReadFile(path)
	all := sha256.Sum256(text)
	return all[:]
})

func try(t *testing.T, b testplugin.Behaviour) []Result {
	folder, m, path := testplugin.Folder(t, b)
	one := &trial{ctx: t.Context(), lines: &lines{}, patience: 15 * time.Second, leave: time.Second,
		program: process.Program{Manifest: m, SDL: b.Schema, Path: path, Sum: sum(), Dir: folder}}
	return one.run()
}

func TestGood(t *testing.T) {
	t.Parallel()
	results := try(t, behaves(nil))
	if len(results) < 20 {
		t.Errorf("only %d checks", len(results))
	}
	for _, one := range results {
		if !one.OK {
			t.Errorf("%s: %s", one.Check, one.Why)
		}
	}
}

// TestBad: each fault is found by the check that is there for it, and said in words.
func TestBad(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		change func(*testplugin.Behaviour)
		want   map[string]string // words of the check, to words of what is wrong
	}{
		"does not start": {func(b *testplugin.Behaviour) { b.Start = "exit" }, map[string]string{"it starts,": "exit status 1"}},
		"answers": {func(b *testplugin.Behaviour) {
			b.Fields = map[string]string{"weatherNote": "count", "weatherText": "type", "setWeather": "nojson", "weatherMix": "mix", "weatherBroken": "broken"}
			b.Functions = append(b.Functions[:3], "Query.more", "Query.weatherMix", "Query.weatherBroken")
		}, map[string]string{
			"its functions are":     "Query.more is a function, and not in the schema; Subscription.weatherChanged is in the schema, and no function answers it",
			"each function answers": "Person.weatherNote: 4 items for 3 parents|setWeather: item 0 is no JSON|and no String|weatherBroken: PLUGIN_ERROR",
			"two municipalities":    "Query.weatherMix answers",
		}},
		"manners": {func(b *testplugin.Behaviour) {
			b.Fields, b.Faults = map[string]string{"setWeather": "flood"}, []string{"twice", "nokey", "deaf", "stubborn"}
		}, map[string]string{
			"an event that comes twice": "is done again: value of event.", "it refuses calls without its key": "is answered OK",
			"it ends when its standard input does": "still there after 1s", "it ends when it is told to": "still there after 1s",
		}},
		"unwell": {func(b *testplugin.Behaviour) { b.Faults = []string{"unwell"} }, map[string]string{"its health service": "NOT_SERVING"}},
		"crash":  {func(b *testplugin.Behaviour) { b.Fields["weatherText"] = "crash" }, map[string]string{"each function": "its process: it ended: exit status 3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results := try(t, behaves(one.change))
			for check, why := range one.want {
				for _, words := range strings.Split(why, "|") {
					if !slices.ContainsFunc(results, func(r Result) bool {
						return !r.OK && strings.HasPrefix(r.Check, check) && strings.Contains(r.Why, words)
					}) {
						t.Errorf("%s: %s: not found in %+v", check, words, results)
					}
				}
			}
		})
	}
}

// TestPath: a folder is built, a bundle unpacked, and what is neither said to be.
func TestPath(t *testing.T) {
	t.Parallel()
	b := behaves(nil)
	folder, _, program := testplugin.Folder(t, b)
	card, err := os.ReadFile(filepath.Join(folder, "plugin.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	script := "printf '#!/bin/sh\\ncd " + folder + " && exec " + program + "' > $VECHE_OUT; chmod +x $VECHE_OUT"
	card = bytes.Replace(card, []byte(`run: "true"`), []byte(`run: "`+strings.ReplaceAll(script, `\`, `\\`)+`"`), 1)
	if err := os.WriteFile(filepath.Join(folder, "plugin.yaml"), card, 0o644); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "weather.veche")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bundle.Pack(folder, out); err != nil {
		t.Fatal(err)
	}
	_ = out.Close()
	for _, r := range Verify(t.Context(), path) {
		if !r.OK {
			t.Errorf("%s: %s", r.Check, r.Why)
		}
	}
	if p, err := prepare(folder, t.TempDir()); err != nil || len(p.Sum) != 32 || p.Dir != folder {
		t.Errorf("got %+v, %v", p, err)
	}
	if r := Verify(t.Context(), t.TempDir()); len(r) != 1 || !strings.Contains(r[0].Why, "plugin.yaml cannot be read") {
		t.Errorf("got %+v", r)
	}
}
