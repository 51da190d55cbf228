//go:build whole

package house_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	plainserver "github.com/veche-city/veche/cmd/veche/house/whole"
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest/randomop"
	"github.com/veche-city/veche/graph"
	"github.com/veche-city/veche/plugins/fields"
)

// Random operations over the core and both plugins of this repository, whose processes run, give what one plain
// gqlgen server with the whole schema gives (package whole): the same data in the same order, the same
// errors at the same paths, in both ways of reading.
//
// VECHE_ORACLE is how many operations are asked, VECHE_SEED the seed of the first half.
func TestOperationsWithPluginsAgainstAPlainServer(t *testing.T) {
	t.Parallel()
	many, seed := number(t, "VECHE_ORACLE", 1500), uint64(number(t, "VECHE_SEED", 1))
	o := newWholeOracle(t, seed)
	fresh := rand.Uint64N(1 << 32)
	t.Logf("seeds %d and %d", seed, fresh)
	o.sweep()
	o.run(many-many/2, seed)
	o.run(many/2, fresh)
	t.Logf("%d operations, of which %d name plugins, %d give errors (%d errors in all) and %d were refused as a whole, %d tell less of what a null took with it; %d differences",
		many, o.mixed, o.failed, o.errors, o.refused, o.below, len(o.differences))
	for _, d := range o.differences[:min(len(o.differences), 5)] {
		t.Error(d)
	}
	if len(o.differences) > 0 {
		return
	}
	if o.mixed < many*3/4 || o.failed < many/20 || o.refused > many/10 {
		t.Errorf("too little was asked to be a test")
	}
	if silent := o.silent(); len(silent) > 0 {
		t.Errorf("never answered by a value: %s", strings.Join(silent, ", "))
	}
}

// wholeOracle is a town with both plugins, beside the plain server over the same town.
type wholeOracle struct {
	*stillWorld
	plain      *stillWorld
	generators []*randomop.Generator // over what is near the plugins, and over everything
	seen       *randomop.Generator   // counts what was answered
	functions  []string

	mu                             sync.Mutex
	mixed, failed, refused, errors int
	below                          int // answers that tell less, or more, of what is lost below a null
	differences                    []string
}

func newWholeOracle(t *testing.T, seed uint64) *wholeOracle {
	t.Helper()
	s := newStillWorld(t)
	s.plug(s.admin, order)
	s.plug(s.admin, snow)
	s.furnishOrder()
	s.furnishSnow()
	s.learn()
	o := &wholeOracle{stillWorld: s, plain: s.besideWhole()}
	town := s.Towns.ByKey("kansk")
	full := s.Graph.For(town).Schema()
	nearPlugins := []string{"node", "nodes", "districts", "district", "councils", "council", "addresses", "address", "venues", "venue", "persons", "person", "meetings", "meeting", "cases", "case",
		"PageInfo", "District", "Council", "Address", "Venue", "Person", "Meeting", "Case", "Membership", "members", "post", "meetingNotices"}
	coreSchema, err := gqlparser.LoadSchema(&ast.Source{Input: graph.SDL()})
	must(t, err)
	pool := s.harvest(nearby(coreSchema, nearPlugins))
	s.harvestPlugins(pool)
	pool.Rows = map[string]int{}
	for name, def := range full.Types {
		for _, f := range def.Fields {
			if f.Type.Elem != nil && plugins(name+"."+f.Name) {
				pool.Rows[name+"."+f.Name] = 20 // as Veche prices it
			}
		}
	}
	o.generators = []*randomop.Generator{randomop.New(nearby(full, nearPlugins, "TerritorialOrder", "SnowClearing"), pool, seed), randomop.New(full, pool, seed)}
	o.seen = randomop.New(full, pool, seed)
	for _, source := range s.Runner.Set(town).Sources {
		for f := range source.Functions {
			if typ, _, _ := strings.Cut(f, "."); typ != "Mutation" && typ != "Subscription" {
				o.functions = append(o.functions, f)
			}
		}
	}
	if len(o.functions) < 25 {
		t.Fatalf("the plugins have few functions: %v", o.functions)
	}
	return o
}

// besideWhole is the same world, whose server is the plain one.
func (s *stillWorld) besideWhole() *stillWorld {
	modules, err := graph.Join(s.Modules)
	must(s.t, err)
	server := httptest.NewServer(s.Around(plainserver.New(plainserver.Options{
		Core:    &graph.Resolver{Modules: modules, Reads: s.Reads},
		Sources: func(ctx context.Context) []*fields.Source { return s.Runner.Set(core.MunicipalityOf(ctx)).Sources },
		May: func(ctx context.Context, permission string) error {
			decision, err := s.Guard.Decide(ctx, permission)
			if err == nil && decision.None() {
				err = core.Forbidden(ctx)
			}
			return err
		},
		Present: graph.Present(s.Log), Recover: graph.Recover(s.Log),
	})))
	s.t.Cleanup(server.Close)
	beside := *s.world
	beside.server = server
	return &stillWorld{world: &beside}
}

// sweep asks once for what lies so deep that chance may pass it by.
func (o *wholeOracle) sweep() {
	for _, text := range []string{
		`{ territorialOrderProjects(first: 5, stages: [ACCEPTED, DONE]) { nodes { id: title history { stage } decisions { accepted defence { state } } milestones { title } } } }`,
		`{ territorialOrderProjects(first: 5) { nodes { statements { text } rankings { place project { title } round { title } } } } }`,
		`{ territorialOrderRounds(first: 5) { chambers { __typename } rankings { place } defence { round { title } projects { title } panel { name } questions { text project { title } } scores { __typename project { title } } } } }`,
		`{ districts(first: 20) { nodes { territorialOrderProjects(first: 2) { nodes { title } } } } councils(first: 20) { nodes { territorialOrderProjects(first: 2) { nodes { title author { name } } } } } }`,
		`{ snowClearings { street address { id } } addresses(first: 50) { nodes { street snowClearing { street } } } }`,
	} {
		op, err := o.seen.Parse(text, map[string]any{})
		must(o.t, err)
		for _, by := range o.callers {
			if by.town == "" && (by.login == o.admin || by.login == "") {
				o.compare(question{by: by, language: "ru", op: op})
			}
		}
		if o.refused > 0 {
			o.t.Fatalf("refused: %s", text)
		}
	}
}

// run asks so many operations, most of which name a plugin.
func (o *wholeOracle) run(many int, seed uint64) {
	dice := rand.New(rand.NewPCG(seed, 1))
	var generators []*randomop.Generator
	for _, g := range o.generators {
		generators = append(generators, g.Reseeded(seed))
	}
	questions := make(chan question)
	var wait sync.WaitGroup
	for range sideBySide {
		wait.Go(func() {
			for q := range questions {
				o.compare(q)
			}
		})
	}
	here := slices.DeleteFunc(slices.Clone(o.callers), func(c caller) bool { return c.town != "" }) // where the plugins are
	avoid := func(c string) bool {
		return strings.Contains(c, "ersonalData") || c == "Person.personal" || c == guessed
	}
	for asked := 0; asked < many; {
		op := generators[min(dice.IntN(4)/3, 1)].Query(avoid)
		if !namesPlugin(op) && dice.IntN(100) < 85 {
			continue
		}
		questions <- question{by: here[dice.IntN(len(here))], language: []string{"ru", "en"}[dice.IntN(2)], op: op}
		asked++
	}
	close(questions)
	wait.Wait()
}

func namesPlugin(op *randomop.Operation) bool {
	for c := range op.Uses {
		if plugins(c) {
			return true
		}
	}
	return false
}

// plugins says whether a coordinate is a plugin's.
func plugins(coordinate string) bool {
	return strings.Contains(coordinate, "erritorialOrder") || strings.Contains(coordinate, "nowClearing")
}

// compare asks Veche both ways, and the plain server.
func (o *wholeOracle) compare(q question) {
	text, err := o.put(q, compiledReads)
	must(o.t, err)
	other, err := o.put(q, resolversReads)
	must(o.t, err)
	got, data := decode(text.body), map[string]any{}
	must(o.t, json.Unmarshal([]byte(text.body), &struct{ Data *map[string]any }{&data}))
	refused := !slices.Contains(got.keys, "data")
	d, lost := difference(text, other), false
	switch {
	case strings.Contains(text.body, string(core.CodeInternal)):
		d = "our own mistake: " + text.body
	case refused:
	case d != "":
		if lost = apart(decode(other.body), got) == ""; lost {
			d = ""
		} else {
			d = "the two ways differ: " + d
		}
	}
	if d == "" && !refused {
		plain, err := o.plain.put(q, "")
		must(o.t, err)
		want := decode(plain.body)
		d = apart(want, got)
		lost = lost || d == "" && !slices.Equal(errorsOf(want), errorsOf(got))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if lost {
		o.below++
	}
	o.seen.Saw(q.op, data)
	if namesPlugin(q.op) {
		o.mixed++
	}
	problems := len(errorsOf(got))
	switch {
	case refused:
		o.refused++
	case problems > 0:
		o.failed++
		o.errors += problems
	}
	if d != "" {
		o.differences = append(o.differences, q.String()+"\n"+d)
	}
}

// silent are the functions of plugins that were never answered by anything but null.
func (o *wholeOracle) silent() []string {
	return slices.DeleteFunc(slices.Sorted(slices.Values(o.functions)), func(f string) bool { return o.seen.Answered(f) > 0 })
}
