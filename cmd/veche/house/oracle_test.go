package house_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core/coretest/randomop"
	"github.com/veche-city/veche/graph"
)

// Random operations over the core and a plugin give what a plain executor gives, which walks them
// field by field (oracle_walk_test.go): the same data in the same order, the same errors at the same
// paths, in both ways of reading.
//
// VECHE_ORACLE is how many operations are asked, VECHE_SEED the seed of the first half.
func TestOperationsWithPluginsAgainstAPlainExecutor(t *testing.T) {
	t.Parallel()
	many, seed := number(t, "VECHE_ORACLE", 400), uint64(number(t, "VECHE_SEED", 1))
	s := newStillWorld(t)
	s.learn()
	p := park(t, s.world, s.admin)
	schema := s.Graph.For(s.Towns.ByKey("kansk")).Schema()
	core, err := gqlparser.LoadSchema(&ast.Source{Input: graph.SDL()})
	must(t, err)
	pool := s.harvest(core)
	o := &oracle{stillWorld: s, schema: schema, parking: p}
	generator := randomop.New(nearby(schema, near, "Parking"), pool, seed)
	fresh := rand.Uint64N(1 << 32)
	t.Logf("seeds %d and %d", seed, fresh)
	o.run(generator, rand.New(rand.NewPCG(seed, 1)), many-many/2)
	o.run(generator.Reseeded(fresh), rand.New(rand.NewPCG(fresh, 1)), many/2)
	t.Logf("%d operations of which %d name the plugin; %d errors compared; %d differences", many, o.mixed, o.errors, len(o.differences))
	for _, d := range o.differences[:min(len(o.differences), 5)] {
		t.Error(d)
	}
	if len(o.differences) == 0 && (o.mixed < many/2 || o.errors < many/2) {
		t.Errorf("too little was asked to be a test")
	}
}

// near are the core's types, and its fields at the root, that lead to what the plugin extends.
var near = []string{"councils", "council", "districts", "persons", "node", "nodes", "viewer", "PageInfo", "UserError", "Viewer", "CouncilMember", "Person", "Council", "District", "Venue"}

// nearby is the schema that random operations are made of: plugins, by what their types begin with, and what
// is near them.
func nearby(full *ast.Schema, near []string, prefixes ...string) *ast.Schema {
	s := *full
	s.Types, s.PossibleTypes, s.Implements = map[string]*ast.Definition{}, map[string][]*ast.Definition{}, map[string][]*ast.Definition{}
	begins := func(name string) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(strings.ToLower(name), strings.ToLower(prefix)) })
	}
	for name, def := range full.Types {
		page := strings.TrimSuffix(strings.TrimSuffix(name, "Connection"), "Edge")
		if def.Kind != ast.Object || begins(name) || slices.Contains(near, page) || name == "Query" || name == "Mutation" {
			s.Types[name] = def
		}
	}
	for name, def := range s.Types {
		c := *def
		c.Fields = slices.DeleteFunc(slices.Clone(def.Fields), func(f *ast.FieldDefinition) bool {
			ours := begins(f.Name) || slices.Contains(near, f.Name)
			return s.Types[f.Type.Name()] == nil || name == "Query" && !ours || name == "Mutation" && !ours
		})
		s.Types[name] = &c
	}
	s.Query, s.Mutation, s.Subscription = s.Types["Query"], s.Types["Mutation"], nil
	for _, of := range []map[string][]*ast.Definition{full.PossibleTypes, full.Implements} {
		to := s.PossibleTypes
		if _, isImplements := of["Person"]; isImplements && len(of["Node"]) == 0 {
			to = s.Implements
		}
		for name, defs := range of {
			for _, def := range defs {
				if s.Types[def.Name] != nil {
					to[name] = append(to[name], s.Types[def.Name])
				}
			}
		}
	}
	return &s
}

func (o *oracle) run(generator *randomop.Generator, dice *rand.Rand, many int) {
	questions := make(chan question)
	var wait sync.WaitGroup
	for range sideBySide {
		wait.Go(func() {
			for q := range questions {
				o.compare(q)
			}
		})
	}
	here := slices.DeleteFunc(slices.Clone(o.callers), func(c caller) bool { return c.town != "" }) // where the plugin is
	for range many {
		by := here[dice.IntN(len(here))]
		questions <- question{by: by, language: "ru", op: generator.Query(func(c string) bool { return strings.Contains(c, "ersonalData") || strings.Contains(c, "ccount") })}
	}
	close(questions)
	wait.Wait()
}

// mostShown is how many errors the door shows of one operation.
const mostShown = 100

// compare asks Veche both ways and the oracle.
func (o *oracle) compare(q question) {
	text, _ := o.put(q, compiledReads)
	other, _ := o.put(q, resolversReads)
	d := difference(text, other)
	got := decode(text.body)
	if d != "" && slices.Contains(got.keys, "data") && apart(decode(other.body), got) == "" {
		d = "" // all but what is lost below a null
	}
	if d != "" {
		d = "the two ways differ: " + d
	}
	data, isObject := got.get("data").(*object)
	if d == "" && isObject { // otherwise it was refused as a whole
		w := &plain{oracle: o, q: q}
		want := w.operation()
		if w.tooMuch {
			return
		}
		if a, b := want.String(), data.String(); a != b {
			d = fmt.Sprintf("the data differ\nplain: %s\nVeche: %s", a, b)
		} else if a, b := strings.Join(w.sorted(), "\n"), strings.Join(errorsOf(got), "\n"); a != b && len(w.errors) < mostShown {
			d = fmt.Sprintf("the errors differ\nplain:\n%s\nVeche:\n%s", a, b)
		}
		o.mu.Lock()
		o.errors += len(w.errors)
		o.mu.Unlock()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if strings.Contains(q.op.Text(), "arking") {
		o.mixed++
	}
	if d != "" {
		o.differences = append(o.differences, q.String()+"\n"+d)
	}
}

// oracle is the plain executor, and what it was asked.
type oracle struct {
	*stillWorld
	schema  *ast.Schema
	parking *parking

	mu            sync.Mutex
	mixed, errors int
	differences   []string
}
