package read

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/extension"
)

// Part is a declared part of an operation: a list at the root, or objects known by their ids. It
// is made once for an operation and serves all its requests; its statements are composed when they
// are first wanted, for each standing of viewers and each shape of the arguments.
type Part struct {
	reads    *Reader
	outside  Outside
	root     graphql.CollectedField
	rows     *typ // of a list at the root
	found    *typ // of a field that finds one object by its id
	asked    []*asked
	places   map[*ast.Field]int
	referred map[*ast.Field][]referral
}

// Outside is a field of a declared type that another source answers, by the object's id; nil for
// those that are the reader's or the resolvers'.
type Outside func(typ string, f graphql.CollectedField) extension.Part

// referral is what another part answers below a row. One field of a fragment may stand at several
// places, where it is joined with other selections.
type referral struct {
	selections ast.SelectionSet
	part       extension.Part
}

func (p *Part) refer(f graphql.CollectedField, to extension.Part) {
	p.referred[f.Field] = append(p.referred[f.Field], referral{f.Selections, to})
}

// referredOf is the part that answers the field; nil when the rows themselves do.
func (p *Part) referredOf(f graphql.CollectedField) extension.Part {
	for _, r := range p.referred[f.Field] {
		if slices.Equal(r.selections, f.Selections) {
			return r.part
		}
	}
	return nil
}

// statement is one that was composed, and how its rows are written. Without SQL there are none.
type statement struct {
	sql    string
	params *parameters
	out    output
	list   *listing     // whose rows the statement's are; nil: each row is written by out
	kinds  []kind       // of objects that are found by their keys
	size   atomic.Int64 // of what was written last: about that much will be next time
}

// statementKey is what a statement follows from.
type statementKey struct {
	part     *Part
	standing access.Standing
	shape    string
}

var errUndeclared = errors.New("read: a field is not declared")

// Root is the part that a field at the root is; nil when not all of it is declared.
func (r *Reader) Root(op *graphql.OperationContext, f graphql.CollectedField, outside Outside) *Part {
	p := r.part(f, outside)
	name := f.Definition.Type.Name()
	of, isList := strings.CutSuffix(name, "Connection")
	switch {
	case f.Name == "node", f.Name == "nodes":
		p.ask(&asked{field: f.Field})
		if p.walkAny(op, f) != nil {
			return nil
		}
		return p
	case isList && r.byName[of] != nil:
		p.rows = r.byName[of]
		p.ask(&asked{field: f.Field, of: p.rows})
		if p.walkPage(op, p.rows, f.Selections) != nil {
			return nil
		}
		return p
	case r.byName[name] != nil:
		p.found = r.byName[name]
		p.ask(&asked{field: f.Field})
		if p.walk(op, p.found, f.Selections) != nil {
			return nil
		}
		return p
	}
	return nil
}

// Referred is the part of a field whose object is known by its id: a payload's, an event's; nil
// when not all of it is declared.
func (r *Reader) Referred(op *graphql.OperationContext, f graphql.CollectedField, outside Outside) *Part {
	p := r.part(f, outside)
	if p.walkAny(op, f) != nil {
		return nil
	}
	return p
}

func (r *Reader) part(f graphql.CollectedField, outside Outside) *Part {
	return &Part{reads: r, outside: outside, root: f, places: map[*ast.Field]int{}, referred: map[*ast.Field][]referral{}}
}

func (p *Part) ask(a *asked) {
	if _, known := p.places[a.field]; !known {
		a.varying = variablesIn(a.field)
		p.places[a.field] = len(p.asked)
		p.asked = append(p.asked, a)
	}
}

// placeOf is the number of the field's arguments; -1 when it has none that matter.
func (p *Part) placeOf(f *ast.Field) int {
	if i, ok := p.places[f]; ok {
		return i
	}
	return -1
}

// walkAny looks at the selection on every type that the field may show.
func (p *Part) walkAny(op *graphql.OperationContext, f graphql.CollectedField) error {
	if t := p.reads.byName[f.Definition.Type.Name()]; t != nil {
		return p.walk(op, t, f.Selections)
	}
	for _, name := range p.reads.Types() {
		if err := p.walk(op, p.reads.byName[name], f.Selections); err != nil {
			return err
		}
	}
	return nil
}

// walk finds the arguments below the rows of a type, and whether all that is selected is declared.
func (p *Part) walk(op *graphql.OperationContext, t *typ, set ast.SelectionSet) error {
	for _, f := range graphql.CollectFields(op, set, t.satisfies) {
		if err := p.walkField(op, t, f); err != nil {
			return err
		}
	}
	return nil
}

func (p *Part) walkField(op *graphql.OperationContext, t *typ, f graphql.CollectedField) error {
	name := fold(f.Name)
	if p.outside != nil {
		if other := p.outside(t.Name, f); other != nil {
			p.refer(f, other)
			return nil
		}
	}
	if t.byHand[f.Name] {
		return errUndeclared
	}
	if f.Definition != nil && f.Definition.Arguments.ForName("asOf") != nil && t.lists[name] == nil {
		p.ask(&asked{field: f.Field})
	}
	if l := t.lists[name]; l != nil {
		p.ask(&asked{field: f.Field, of: l.of, list: l})
		return p.walkPage(op, l.of, f.Selections)
	}
	if rel := t.relations[name]; rel != nil && p.reads.byModel[rel.target] != nil {
		return p.walk(op, p.reads.byModel[rel.target], f.Selections)
	}
	if _, ok := t.References[f.Name]; ok {
		object := p.reads.Referred(op, f, p.outside)
		if object == nil {
			return errUndeclared
		}
		p.refer(f, object)
		return nil
	}
	_, group := t.Groups[f.Name]
	_, computed := t.Computed[f.Name]
	if f.Name == "__typename" || group || computed || t.columns[name] != nil {
		return nil
	}
	return errUndeclared
}

func (p *Part) walkPage(op *graphql.OperationContext, t *typ, set ast.SelectionSet) error {
	for _, f := range graphql.CollectFields(op, set, []string{t.Name + "Connection"}) {
		switch f.Name {
		case "nodes":
			if err := p.walk(op, t, f.Selections); err != nil {
				return err
			}
		case "edges":
			for _, e := range graphql.CollectFields(op, f.Selections, []string{t.Name + "Edge"}) {
				if e.Name == "node" {
					if err := p.walk(op, t, e.Selections); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// Fill answers the part for all who want it: extension.Part.
func (p *Part) Fill(wanted []*extension.Wanted) {
	if err := p.fill(wanted); err != nil {
		for _, w := range wanted {
			w.Fail(err, p.root.Position)
		}
	}
}

func (p *Part) fill(wanted []*extension.Wanted) error {
	ctx := wanted[0].Context
	a := &answering{Part: p, ctx: ctx, planner: p.reads.planner(ctx)}
	a.said = make([]reading, len(p.asked))
	for i, asked := range p.asked {
		a.said[i] = a.planner.reading(asked)
	}
	var err error
	if a.standing, err = p.reads.guard.Standing(ctx); err != nil {
		return err
	}
	if p.rows != nil {
		return a.answerList(wanted[0])
	}
	return a.answerObjects(wanted)
}

// Join tells what the schema says beside the declarations: what arguments are read by, and which
// fields of declared types a module resolves by hand, so that parts leave them to it. It is called
// once, before the first operation.
func (r *Reader) Join(schema *ast.Schema, byHand map[string][]string) {
	r.inputs = map[string]*ast.Definition{}
	for name, def := range schema.Types {
		if def.Kind == ast.InputObject {
			r.inputs[name] = def
		}
	}
	for object, names := range byHand {
		if t := r.byName[object]; t != nil {
			t.byHand = map[string]bool{}
			for _, name := range names {
				t.byHand[name] = true
			}
		}
	}
}
