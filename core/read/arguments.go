package read

import (
	"context"
	"strconv"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
)

// asked is a field of a part whose arguments have a say in its statement.
type asked struct {
	field   *ast.Field
	of      *typ  // of the rows, where it is a list
	list    *list // nil at the root
	varying bool  // an argument holds a variable: read anew for each request
	// said is what was read, where it is the same for all.
	said atomic.Pointer[reading]
}

// reading is what the arguments of one field say in one request.
type reading struct {
	values []any
	page   *page
	ids    []core.ID
	err    error
	// argument is where in the arguments gqlgen itself would have found the error: before anything
	// else was asked about the field.
	argument ast.Path
}

// early says that the error comes before the question of rights.
func (r *reading) early() bool { return r.err != nil && r.argument != nil }

// reading is what the arguments of a field say. What is wrong with them is told at the field.
func (p *planner) reading(a *asked) reading {
	if known := a.said.Load(); known != nil {
		return *known
	}
	said := p.read(a)
	if !a.varying {
		a.said.Store(&said)
	}
	return said
}

func (p *planner) read(a *asked) reading {
	args := a.field.ArgumentMap(p.op.Variables)
	if given, ok := args["id"]; ok {
		return idsIn([]any{given}, ast.Path{ast.PathName("id")})
	}
	if given, ok := args["ids"]; ok {
		return idsIn(graphql.CoerceList(given), ast.Path{ast.PathName("ids"), nil})
	}
	for _, def := range a.field.Definition.Arguments {
		if argument, err := p.scalars(def.Type, args[def.Name], ast.Path{ast.PathName(def.Name)}); err != nil {
			return reading{err: err, argument: argument}
		}
	}
	var said reading
	if a.of != nil {
		if said.page, said.err = p.page(a.field, a.of, a.list); said.err == nil {
			said.values = said.page.values
		}
		return said
	}
	on, err := p.asOf(a.field)
	if on != nil {
		said.values = []any{*on}
	}
	said.err = err
	return said
}

func idsIn(given []any, at ast.Path) reading {
	said := reading{ids: make([]core.ID, len(given))}
	for i, v := range given {
		if err := said.ids[i].UnmarshalGQL(v); err != nil {
			if len(at) > 1 {
				at[1] = ast.PathIndex(i)
			}
			return reading{err: err, argument: at}
		}
	}
	return said
}

// scalars finds the first value that is none of its type, and where it stands, as gqlgen does before
// it resolves a field: in the order in which the schema defines what an input holds.
func (p *planner) scalars(typ *ast.Type, v any, at ast.Path) (ast.Path, error) {
	switch {
	case v == nil:
		return nil, nil
	case typ.Elem != nil:
		for i, item := range graphql.CoerceList(v) {
			if where, err := p.scalars(typ.Elem, item, append(at[:len(at):len(at)], ast.PathIndex(i))); err != nil {
				return where, err
			}
		}
		return nil, nil
	}
	given, isInput := v.(map[string]any)
	if def := p.inputs[typ.Name()]; isInput && def != nil {
		for _, f := range def.Fields {
			if where, err := p.scalars(f.Type, given[f.Name], append(at[:len(at):len(at)], ast.PathName(f.Name))); err != nil {
				return where, err
			}
		}
		return nil, nil
	}
	return at, scalarOf(typ.Name(), v)
}

// scalarOf says whether the value is one of the house's own scalars; the others were validated.
func scalarOf(name string, v any) (err error) {
	switch name {
	case "ID":
		err = new(core.ID).UnmarshalGQL(v)
	case "Date":
		err = new(core.Date).UnmarshalGQL(v)
	case "DateTime":
		_, err = core.UnmarshalDateTime(v)
	}
	return err
}

// shape is what of the arguments the statement's text follows; the values are left out.
func (r *reading) shape(b []byte) []byte {
	switch pg := r.page; {
	case r.err != nil:
		return append(b, '!')
	case pg != nil:
		b = strconv.AppendInt(append(b, 'p'), int64(pg.size), 10)
		b = strconv.AppendUint(append(b, ' '), pg.order, 16)
		b = strconv.AppendInt(append(b, ' '), int64(len(pg.after)), 10)
		b = strconv.AppendBool(strconv.AppendBool(b, pg.back), pg.asks(pg.node.typ.ListedUnless))
		for _, f := range pg.filters {
			b = append(append(append(b, f.op...), f.expr...), ' ')
		}
		for _, v := range pg.values {
			b = append(b, castOf(v)...)
		}
	default:
		b = strconv.AppendInt(append(b, 'v'), int64(len(r.values)), 10)
	}
	return append(b, ';')
}

// at is a copy for one place of a part.
func (pg *page) at(place int) *page {
	of := *pg
	of.place, of.peek = place, false
	if of.asOf != nil && of.asOf.from.source == ofArgument {
		of.asOf = &day{of.asOf.date, origin{ofArgument, place, of.asOf.from.index}}
	}
	return &of
}

// varies says whether the value holds a variable.
func varies(v *ast.Value) bool {
	if v.Kind == ast.Variable {
		return true
	}
	for _, child := range v.Children {
		if varies(child.Value) {
			return true
		}
	}
	return false
}

// parameters writes values as $1, $2, …: each that comes from the same place once.
type parameters struct {
	from  []origin
	fixed []any // the values of fixed ones, by number
	known map[parameter]string
}

type parameter struct {
	origin
	fixed any
	cast  string
}

func (p *parameters) write(from origin, v any, cast string) string {
	key := parameter{origin: from, cast: cast}
	if from.source == fixed {
		key.fixed = v
	}
	if text, ok := p.known[key]; ok {
		return text
	}
	p.from = append(p.from, from)
	p.fixed = append(p.fixed, v)
	text := "$" + strconv.Itoa(len(p.from)) + "::" + cast
	p.known[key] = text
	return text
}

// bind gives the values of one request, in the order of the parameters.
func (p *parameters) bind(ctx context.Context, now core.Date, said []reading, keys []any) []any {
	actor := core.ActorOf(ctx)
	all := make([]any, len(p.from))
	for i, from := range p.from {
		switch from.source {
		case fixed:
			all[i] = native(p.fixed[i])
		case today:
			all[i] = now.Time()
		case language:
			all[i] = string(core.LanguageOf(ctx))
		case ofAccount:
			all[i] = [16]byte(actor.Account)
		case ofPerson:
			all[i] = [16]byte(actor.Person)
		case ofKeys:
			all[i] = keys[from.place]
		case ofArgument:
			all[i] = native(said[from.place].values[from.index])
		}
	}
	return all
}

// native is a value as pgx writes it in binary without asking twice what it is.
func native(v any) any {
	switch v := v.(type) {
	case uuid.UUID:
		return [16]byte(v)
	case core.Date:
		return v.Time()
	case []core.Date:
		days := make([]any, len(v))
		for i, d := range v {
			days[i] = d.Time()
		}
		return days
	}
	return v
}

func variablesIn(f *ast.Field) bool {
	for _, a := range f.Arguments {
		if varies(a.Value) {
			return true
		}
	}
	return false
}
