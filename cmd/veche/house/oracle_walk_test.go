package house_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
)

// plain executes one operation plainly: what is the core's it asks of Veche, in operations that name no
// plugin, by the resolvers; what is the plugin's it asks object by object, and completes as GraphQL's
// section 6.4 says, in so many words. It shares no code with what it judges.
type plain struct {
	*oracle
	q      question
	errors []string
	// tooMuch says that the marks made the core's share larger than the door takes.
	tooMuch bool
}

// object is JSON with its order.
type object struct {
	keys   []string
	values map[string]any
}

func (o *object) get(key string) any {
	if o == nil {
		return nil
	}
	return o.values[key]
}

func (o *object) put(key string, v any) {
	o.keys = append(o.keys, key)
	o.values[key] = v
}

func newObject() *object { return &object{values: map[string]any{}} }

func (o *object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, key := range o.keys {
		if i > 0 {
			out.WriteByte(',')
		}
		value, err := json.Marshal(o.values[key])
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%q:%s", key, value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

func (o *object) String() string {
	text, _ := json.Marshal(o)
	return string(text)
}

func decode(text string) *object {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	o, _ := decodeNext(d).(*object)
	return o
}

func decodeNext(d *json.Decoder) any {
	token, _ := d.Token()
	switch token {
	case json.Delim('{'):
		o := newObject()
		for d.More() {
			key, _ := d.Token()
			o.put(key.(string), decodeNext(d))
		}
		_, _ = d.Token()
		return o
	case json.Delim('['):
		list := []any{}
		for d.More() {
			list = append(list, decodeNext(d))
		}
		_, _ = d.Token()
		return list
	}
	return token
}

func errorsOf(answer *object) []string {
	var all []string
	list, _ := answer.get("errors").([]any)
	for _, e := range list {
		path, _ := json.Marshal(e.(*object).get("path"))
		all = append(all, fmt.Sprintf("%s %v", path, e.(*object).get("extensions").(*object).get("code")))
	}
	slices.Sort(all)
	return all
}

func (w *plain) sorted() []string {
	slices.Sort(w.errors)
	return w.errors
}

func (w *plain) fail(path []any, code core.Code) {
	text, _ := json.Marshal(path)
	w.errors = append(w.errors, fmt.Sprintf("%s %s", text, code))
}

// selected is a field with all that is selected of it.
type selected struct {
	*ast.Field
	set ast.SelectionSet
}

// collect is CollectFields of section 6.3.2, for an object of the type.
func (w *plain) collect(typ string, set ast.SelectionSet) []*selected {
	var all []*selected
	var visit func(set ast.SelectionSet)
	visit = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				if !w.included(s.Directives) {
					continue
				}
				i := slices.IndexFunc(all, func(f *selected) bool { return f.Alias == s.Alias })
				if i < 0 {
					i, all = len(all), append(all, &selected{Field: s})
				}
				all[i].set = append(all[i].set, s.SelectionSet...)
			case *ast.InlineFragment:
				if w.included(s.Directives) && w.applies(s.TypeCondition, typ) {
					visit(s.SelectionSet)
				}
			case *ast.FragmentSpread:
				if f := w.q.op.Document.Fragments.ForName(s.Name); w.included(s.Directives) && w.applies(f.TypeCondition, typ) {
					visit(f.SelectionSet)
				}
			}
		}
	}
	visit(set)
	return all
}

func (w *plain) included(directives ast.DirectiveList) bool {
	for _, d := range directives {
		v := d.Arguments.ForName("if").Value
		on := v.Raw == "true"
		if v.Kind == ast.Variable {
			given, ok := w.q.op.Variables[v.Raw]
			if !ok {
				given = w.q.op.Document.Operations[0].VariableDefinitions.ForName(v.Raw).DefaultValue.Raw == "true"
			}
			on = given == true
		}
		if d.Name == "skip" && on || d.Name == "include" && !on {
			return false
		}
	}
	return true
}

func (w *plain) applies(condition, typ string) bool {
	if condition == "" || condition == typ {
		return true
	}
	return slices.ContainsFunc(w.schema.PossibleTypes[condition], func(d *ast.Definition) bool { return d.Name == typ })
}

func (w *plain) isPlugins(typ, field string) bool {
	return strings.HasPrefix(typ, "Parking") || strings.HasPrefix(field, "parking")
}

// operation answers the whole.
func (w *plain) operation() *object {
	set := w.q.op.Document.Operations[0].SelectionSet
	found := newObject()
	if text := w.core("Query", set); text != "" {
		found = w.ask("{ "+text+" }", nil)
	}
	out, _ := w.join("Query", set, found, nil).(*object)
	return out
}

// ask asks Veche for something of the core alone; its errors are noted below the path.
func (w *plain) ask(text string, below []any) *object {
	q := w.q
	header := ""
	used := map[string]any{}
	for _, v := range w.q.op.Document.Operations[0].VariableDefinitions {
		if !strings.Contains(text, "$"+v.Variable+" ") && !strings.Contains(text, "$"+v.Variable+")") && !strings.Contains(text, "$"+v.Variable+"]") && !strings.Contains(text, "$"+v.Variable+"}") && !strings.Contains(text, "$"+v.Variable+",") {
			continue
		}
		header += " $" + v.Variable + ": " + v.Type.String()
		if v.DefaultValue != nil {
			header += " = " + v.DefaultValue.String()
		}
		if given, ok := w.q.op.Variables[v.Variable]; ok {
			used[v.Variable] = given
		}
	}
	if header != "" {
		header = "query(" + header + ") "
	}
	a, err := w.putText(q, header+text, used, resolversReads)
	must(w.t, err)
	answer := decode(a.body)
	data, ok := answer.get("data").(*object)
	if !ok && strings.Contains(a.body, "COMPLEXITY_LIMIT_EXCEEDED") {
		w.tooMuch = true
		return newObject()
	}
	if !ok {
		w.t.Errorf("%s\nthe core refused %s%s\n%s", w.q, header, text, a.body)
		return newObject()
	}
	list, _ := answer.get("errors").([]any)
	for _, e := range list {
		path, _ := e.(*object).get("path").([]any)
		if below != nil {
			path = append(slices.Clone(below), path[1:]...)
		}
		w.fail(path, core.Code(fmt.Sprint(e.(*object).get("extensions").(*object).get("code"))))
	}
	return data
}

// marked says whether the field is known by the marks that each object gets.
func (w *plain) marked(typ string, f *selected) bool {
	return f.Name == "__typename" || f.Name == "id" && slices.Contains(w.schema.Types[typ].Interfaces, "Node")
}

// core is the selection without what is the plugin's, each object with its type and id.
func (w *plain) core(typ string, set ast.SelectionSet) string {
	var out strings.Builder
	for _, f := range w.collect(typ, set) {
		if w.isPlugins(typ, f.Name) || w.marked(typ, f) {
			continue
		}
		fmt.Fprintf(&out, " %s: %s", f.Alias, f.Name)
		if len(f.Arguments) > 0 {
			var args []string
			for _, a := range f.Arguments {
				args = append(args, a.Name+": "+a.Value.String()+" ")
			}
			out.WriteString("(" + strings.Join(args, ", ") + ")")
		}
		if of := w.schema.Types[f.Definition.Type.Name()]; of.IsCompositeType() {
			out.WriteString(" { zz_t: __typename" + w.coreOf(of, f.set) + " }")
		}
	}
	return out.String()
}

func (w *plain) coreOf(of *ast.Definition, set ast.SelectionSet) string {
	var out strings.Builder
	if of.Name == "Node" || slices.Contains(of.Interfaces, "Node") {
		out.WriteString(" zz_id: id")
	}
	for _, possible := range w.schema.GetPossibleTypes(of) {
		if text := w.core(possible.Name, set); text != "" {
			fmt.Fprintf(&out, " ... on %s {%s }", possible.Name, text)
		}
	}
	return out.String()
}

// join puts what the plugin answers into what the core did, in the order of the selection.
func (w *plain) join(typ string, set ast.SelectionSet, found any, path []any) any {
	switch found := found.(type) {
	case []any:
		list := []any{}
		for i, one := range found {
			list = append(list, w.join(typ, set, one, append(slices.Clone(path), i)))
		}
		return list
	case *object:
		if t, ok := found.get("zz_t").(string); ok {
			typ = t
		}
		out := newObject()
		for _, f := range w.collect(typ, set) {
			at := append(slices.Clone(path), f.Alias)
			if w.marked(typ, f) {
				out.put(f.Alias, map[bool]any{true: typ, false: found.get("zz_id")}[f.Name == "__typename"])
				continue
			}
			if w.isPlugins(typ, f.Name) {
				var parent []byte
				if id, ok := found.get("zz_id").(string); ok {
					parent = []byte(`{"id":` + strconv.Quote(id) + `}`)
				}
				v, _ := w.resolve(typ, f, parent, at)
				out.put(f.Alias, v)
				continue
			}
			v := found.get(f.Alias)
			if w.schema.Types[f.Definition.Type.Name()].IsCompositeType() {
				v = w.join(f.Definition.Type.Name(), f.set, v, at)
			}
			out.put(f.Alias, v)
		}
		return out
	}
	return found
}
