package graph

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/extension"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/plugins/fields"
)

// joined are the plugins of one schema, for either way of reading: what a plugin names of the core is
// read the same way as the operation.
type joined struct {
	schema    *fields.Schema
	compiled  *fields.Compiler
	resolvers *fields.Compiler
}

// scalars are checked by the core's own rules, whichever side they come from.
var scalars = map[string]func(v any) error{
	"Date":     func(v any) error { var d core.Date; return d.UnmarshalGQL(v) },
	"DateTime": func(v any) error { _, err := core.UnmarshalDateTime(v); return err },
}

func (g *Graph) join(schema *fields.Schema, s *compiled) *joined {
	may := func(ctx context.Context, permission string) error { return may(ctx, g.guard, permission) }
	of := func(byResolvers bool) *fields.Compiler {
		return &fields.Compiler{Schema: schema, Check: scalars, May: may, Fresh: g.fresh,
			Refer: func(op *graphql.OperationContext, f graphql.CollectedField, typ string) extension.Part {
				return (&compiler{compiled: s, op: op, byResolvers: byResolvers, mixed: true}).refer(f, typ)
			}}
	}
	return &joined{schema: schema, compiled: of(false), resolvers: of(true)}
}

// in says whether a selection names a field that plugins add to the core, at whatever depth.
func (j *joined) in(op *graphql.OperationContext, set ast.SelectionSet) bool {
	return j != nil && j.within(op, set, map[string]bool{})
}

// within looks into each fragment once.
func (j *joined) within(op *graphql.OperationContext, set ast.SelectionSet, seen map[string]bool) bool {
	return slices.ContainsFunc(set, func(s ast.Selection) bool {
		switch s := s.(type) {
		case *ast.Field:
			return s.ObjectDefinition != nil && j.schema.Owner(s.ObjectDefinition.Name, s.Name) != nil && s.Name != "__typename" || j.within(op, s.SelectionSet, seen)
		case *ast.InlineFragment:
			return j.within(op, s.SelectionSet, seen)
		case *ast.FragmentSpread:
			f := op.Doc.Fragments.ForName(s.Name)
			if f == nil || seen[s.Name] {
				return false
			}
			seen[s.Name] = true
			return j.within(op, f.SelectionSet, seen)
		}
		return false
	})
}

// fields compiles what plugins own, where the operation is mixed.
func (c *compiler) fields() *fields.Compiler {
	if c.byResolvers {
		return c.plugins.resolvers
	}
	return c.plugins.compiled
}

// outside is the part that a field of a plugin is; nil when it is the core's.
func (c *compiler) outside(object string, f graphql.CollectedField) extension.Part {
	if !c.mixed {
		return nil
	}
	part := c.fields().Part(c.op, object, f)
	c.joint = c.joint || part != nil
	return part
}

// outsides is outside for the reader; nil where no plugin has a share.
func (c *compiler) outsides() read.Outside {
	if !c.mixed {
		return nil
	}
	return c.outside
}

// outsideSlot is the hidden field in the place of a plugin's; nil where the field is the core's.
func (c *compiler) outsideSlot(def *ast.Definition, f graphql.CollectedField) *ast.Field {
	part := c.outside(def.Name, f)
	if part == nil {
		return nil
	}
	return c.place(def, f, extension.Slot{Part: part, Parent: func(object any) any { return object }})
}

// stream is the subscription's field, where a plugin answers it.
func (c *compiler) stream() *fields.Stream {
	if !c.mixed {
		return nil
	}
	return c.fields().Stream(c.op, graphql.CollectFields(c.op, c.op.Operation.SelectionSet, []string{"Subscription"})[0])
}

// refer is the part that reads, for a plugin's field, objects of a type of the core by their ids.
func (c *compiler) refer(f graphql.CollectedField, typ string) extension.Part {
	field, def := *f.Field, *f.Definition
	def.Type, def.Directives, field.Definition = ast.NamedType(typ, f.Position), nil, &def
	f.Selections = c.ofType(typ, f.Selections)
	as := graphql.CollectedField{Field: &field, Selections: f.Selections}
	if !c.byResolvers {
		if part := c.reads.Referred(c.op, as, c.outsides()); part != nil {
			return part
		}
	}
	set, _ := c.rewrite(parsedSchema.Types[typ], f.Selections, nil, c.byResolvers)
	return &nodes{schema: c.compiled, typ: typ, set: set, slots: c.slots}
}

// ofType is what a selection of objects of several types wants of those of one type of the core: the core knows
// nothing of the plugins' interfaces and unions, so no fragment on one of them is left in it.
func (c *compiler) ofType(typ string, set ast.SelectionSet) ast.SelectionSet {
	def := c.Schema().Types[typ]
	var all ast.SelectionSet
	for _, f := range c.plugins.schema.Collect(c.op, def, set) {
		field := *f.Field
		field.Directives, field.SelectionSet = nil, f.Selections
		if field.Name == "__typename" {
			field.ObjectDefinition = def
		}
		all = append(all, &field)
	}
	return all
}

// before asks the plugins that want to be asked before a mutation of the core; what they have
// against it is its answer, and nothing was done.
func (r *run) before(ctx context.Context, f graphql.CollectedField) graphql.Marshaler {
	if r.schema.plugins == nil {
		return nil
	}
	plugins := r.schema.plugins.compiled
	if can := fields.PermissionOf(f.Definition); can != "" && plugins.May(ctx, can) != nil {
		return nil // who may not is told so by the field itself, and no plugin hears of it
	}
	for _, source := range r.schema.plugins.schema.Set.Sources {
		if !source.Hooks[f.Name] {
			continue
		}
		arguments, err := plugins.Arguments(f.Field, r.op.Variables)
		if core.CodeOf(err) == core.CodeBadUserInput {
			return nil // the field itself says so, and nothing is done
		}
		if err != nil {
			return r.refused(ctx, f.Alias, err)
		}
		if err := source.Plugin.Before(ctx, f.Name, arguments); err != nil {
			return r.refused(ctx, f.Alias, err)
		}
	}
	return nil
}

// refused is the payload that bears what a form can show; any other error stands at the field.
func (r *run) refused(ctx context.Context, alias string, err error) graphql.Marshaler {
	all := graphql.CollectFields(r.op, r.op.Operation.SelectionSet, []string{"Mutation"})
	f := all[slices.IndexFunc(all, func(f graphql.CollectedField) bool { return f.Alias == alias })]
	var one *core.Error
	problems := core.Problems{}
	if errors.As(err, &one) && (one.Code == core.CodeBadUserInput || one.Code == core.CodeConflict) {
		problems = append(problems, one)
	} else if !errors.As(err, &problems) {
		problems = nil
	}
	if len(problems) > 0 && r.schema.Schema().Types[f.Definition.Type.Name()].Fields.ForName("userErrors") != nil {
		type userError struct {
			Code    core.Code `json:"code"`
			Message string    `json:"message"`
			Path    []string  `json:"path"`
		}
		shown := make([]userError, len(problems))
		for i, p := range problems {
			shown[i] = userError{p.Code, p.Text.In(core.LanguageOf(ctx)), append([]string{}, p.Path...)}
		}
		payload, err := json.Marshal(map[string]any{"userErrors": shown})
		if err == nil {
			w := r.schema.plugins.compiled.Complete(ctx, r.op, f, payload)
			extension.Report(ctx, w.All())
			return written(w.Append(nil))
		}
	}
	graphql.AddError(ctx, err)
	return graphql.Null
}

// usualRows is what a list of a plugin is priced at where nothing says how long it may be.
const usualRows = 20

// rows is how many values a field may give.
func (j *joined) rows(typ, field string, args map[string]any) int {
	for _, name := range []string{"first", "last"} {
		switch n := args[name].(type) {
		case int64:
			return max(int(n), 1)
		case json.Number:
			if n, err := n.Int64(); err == nil {
				return max(int(n), 1)
			}
		}
	}
	if j.schema.Schema.Types[typ].Fields.ForName(field).Type.Elem != nil {
		return usualRows
	}
	return 1
}
