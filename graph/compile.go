package graph

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/extension"
	"github.com/veche-city/veche/plugins/fields"
)

// plan says who answers which part of an operation.
type plan struct {
	// roots are the fields at the top, when each is a part (or __typename): gqlgen has nothing to do.
	roots []root
	// parts are those at the top of what gqlgen answers otherwise, by their names in the answer.
	parts map[string]extension.Part
	// joint says that plugins answer some of the operation, so that its parts are asked for together.
	joint bool
	// listen is the field of a subscription that a plugin answers.
	listen *fields.Stream
	// operation is what gqlgen runs, with a slot where a part below its own objects stood; nil: as it came.
	operation *ast.OperationDefinition
	slots     []extension.Slot
}

// root is a field at the top of a query.
type root struct {
	alias   string
	name    string // the same as JSON
	nonNull bool
	text    string         // of __typename
	part    extension.Part // nil where text is all
}

// operations keeps what was compiled, by the conditions under which it holds.
type operations struct {
	mu         sync.Mutex
	conditions []string // variables of @skip and @include
	mixed      bool     // plugins own some of its fields
	plans      map[string]*plan
}

// mostPlans bounds the plans of one operation: 2 to the power of its conditions can be many.
const mostPlans = 32

// of is the plan for the variables' values. byResolvers leaves what is declared to the resolvers.
func (o *operations) of(op *graphql.OperationContext, s *compiled, byResolvers bool) *plan {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := make([]byte, len(o.conditions), len(o.conditions)+1)
	for i, name := range o.conditions {
		key[i] = '0'
		if op.Variables[name] == true {
			key[i] = '1'
		}
	}
	if byResolvers {
		key = append(key, 'r')
	}
	if p := o.plans[string(key)]; p != nil {
		return p
	}
	c := &compiler{op: op, compiled: s, byResolvers: byResolvers, mixed: o.mixed}
	p := c.compile()
	if len(o.plans) < mostPlans {
		o.plans[string(key)] = p
	}
	return p
}

func newOperations(op *graphql.OperationContext, plugins *joined) *operations {
	o := &operations{plans: map[string]*plan{}, mixed: plugins.in(op, op.Operation.SelectionSet)}
	o.conditionsIn(op.Operation.SelectionSet)
	for _, f := range op.Doc.Fragments {
		o.conditionsIn(f.SelectionSet)
	}
	return o
}

func (o *operations) conditionsIn(set ast.SelectionSet) {
	for _, s := range set {
		var directives ast.DirectiveList
		switch s := s.(type) {
		case *ast.Field:
			directives = s.Directives
			o.conditionsIn(s.SelectionSet)
		case *ast.InlineFragment:
			directives = s.Directives
			o.conditionsIn(s.SelectionSet)
		case *ast.FragmentSpread:
			directives = s.Directives
		}
		for _, d := range directives {
			if when := d.Arguments.ForName("if"); when != nil && when.Value.Kind == ast.Variable && !slices.Contains(o.conditions, when.Value.Raw) {
				o.conditions = append(o.conditions, when.Value.Raw)
			}
		}
	}
}

// compiler finds the parts of one operation.
type compiler struct {
	*compiled
	op          *graphql.OperationContext
	byResolvers bool
	mixed       bool // the operation names fields of plugins; otherwise they are nothing to it
	slots       []extension.Slot
	joint       bool // a plugin's field was found
}

func (c *compiler) compile() *plan {
	p := &plan{parts: map[string]extension.Part{}}
	def := parsedSchema.Types[rootType(c.op.Operation.Operation)]
	switch c.op.Operation.Operation {
	case ast.Query:
		if c.roots(p) {
			p.joint = c.joint
			return p
		}
	case ast.Mutation:
		for _, f := range graphql.CollectFields(c.op, c.op.Operation.SelectionSet, []string{"Mutation"}) {
			if part := c.outside("Mutation", f); part != nil {
				p.parts[f.Alias] = part
			}
		}
	case ast.Subscription:
		if p.listen = c.stream(); p.listen != nil {
			return p
		}
	}
	set, changed := c.rewrite(def, c.op.Operation.SelectionSet, p.parts, c.byResolvers)
	if p.joint = c.joint; changed {
		of := *c.op.Operation
		of.SelectionSet = set
		p.operation, p.slots = &of, c.slots
	}
	return p
}

func rootType(of ast.Operation) string {
	return strings.ToUpper(string(of[:1])) + string(of[1:])
}

// roots finds the parts at the top of a query, and says whether they are all of it.
func (c *compiler) roots(p *plan) bool {
	whole := true
	for _, f := range graphql.CollectFields(c.op, c.op.Operation.SelectionSet, []string{"Query"}) {
		r := root{alias: f.Alias, name: strconv.Quote(f.Alias) + ":", nonNull: f.Definition.Type.NonNull}
		if f.Name == "__typename" {
			r.text = `"Query"`
		} else {
			r.part = c.root(f)
			whole = whole && r.part != nil
		}
		if r.part != nil {
			p.parts[f.Alias] = r.part
		}
		p.roots = append(p.roots, r)
	}
	if !whole {
		p.roots = nil
	}
	return whole
}

// root is the part that a field at the top of a query is; nil when it is none.
func (c *compiler) root(f graphql.CollectedField) extension.Part {
	if part := c.outside("Query", f); part != nil {
		return part
	}
	if !c.byResolvers && (declaredRoots[f.Name] || f.Name == "node" || f.Name == "nodes") {
		if part := c.reads.Root(c.op, f, c.outsides()); part != nil {
			return part
		}
	}
	return nil
}

// rewrite puts slots in the place of the parts below objects that gqlgen resolves: those whose
// objects are known by their ids before they are read, and those that plugins answer. A slot cannot
// null what it stands in, so only fields that may be null get one. Below a declared object those are
// gqlgen's which its module resolves by hand, and with plugins whatever one of their fields stands below.
func (c *compiler) rewrite(def *ast.Definition, set ast.SelectionSet, parts map[string]extension.Part, declared bool) (ast.SelectionSet, bool) {
	var all ast.SelectionSet
	changed := false
	for _, f := range graphql.CollectFields(c.op, set, append([]string{def.Name}, def.Interfaces...)) {
		field := *f.Field
		field.Directives = nil
		field.SelectionSet = f.Selections
		slot := c.outsideSlot(def, f)
		if slot == nil && !declared {
			slot = c.slot(def, f)
		}
		if slot != nil {
			all, changed = append(all, slot), true
			continue
		}
		isNode := slices.Contains(def.Interfaces, "Node") && !slices.Contains(byHand[def.Name], f.Name)
		if f.Definition != nil && parts[f.Alias] == nil && (!isNode || c.mixed && c.plugins.in(c.op, f.Selections)) {
			if inner, within := c.below(f, declared || isNode); within {
				field.SelectionSet, changed = inner, true
			}
		}
		all = append(all, &field)
	}
	return all, changed
}

// below rewrites the selection of a field that gqlgen resolves; of one that shows objects of several
// types, for each of them, where plugins can have added to some.
func (c *compiler) below(f graphql.CollectedField, declared bool) (ast.SelectionSet, bool) {
	of := parsedSchema.Types[f.Definition.Type.Name()]
	switch {
	case of == nil || of.BuiltIn:
		return nil, false
	case of.Kind == ast.Object:
		return c.rewrite(of, f.Selections, nil, declared)
	case !of.IsAbstractType() || !c.mixed || !c.plugins.in(c.op, f.Selections):
		return nil, false
	}
	var all ast.SelectionSet
	changed := false
	for _, possible := range c.Schema().GetPossibleTypes(of) {
		set, within := c.rewrite(parsedSchema.Types[possible.Name], f.Selections, nil, declared)
		changed = changed || within
		all = append(all, &ast.InlineFragment{TypeCondition: possible.Name, SelectionSet: set, ObjectDefinition: of, Position: f.Position})
	}
	return all, changed
}

// slot is the hidden field in the place of a part; nil where the field is none.
func (c *compiler) slot(def *ast.Definition, f graphql.CollectedField) *ast.Field {
	keyOf := references[def.Name+"."+f.Name]
	if keyOf == nil || f.Definition.Type.NonNull {
		return nil
	}
	part := c.reads.Referred(c.op, f, c.outsides())
	if part == nil {
		return nil
	}
	return c.place(def, f, extension.Slot{Part: part, Parent: func(object any) any {
		if id := keyOf(object); id != (core.ID{}) {
			return id
		}
		return nil
	}})
}

// place is the hidden field under the name of the one whose place it takes.
func (c *compiler) place(def *ast.Definition, f graphql.CollectedField, slot extension.Slot) *ast.Field {
	c.slots = append(c.slots, slot)
	return &ast.Field{
		Alias: f.Alias, Name: hidden, ObjectDefinition: def, Definition: def.Fields.ForName(hidden), Position: f.Position,
		Arguments: ast.ArgumentList{{Name: "slot", Value: &ast.Value{Kind: ast.IntValue, Raw: strconv.Itoa(len(c.slots) - 1)}}},
	}
}

// idOf is the id of an object by its key; of none for no key.
func idOf(typ string, key uuid.UUID) core.ID {
	if key == uuid.Nil {
		return core.ID{}
	}
	return core.ID{Type: typ, Key: key}
}
