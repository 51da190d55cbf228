package house_test

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
)

// resolve asks the plugin for one field of one object, and completes what it says.
func (w *plain) resolve(typ string, f *selected, parent []byte, path []any) (any, bool) {
	if f.Name == "__typename" {
		return typ, false
	}
	def := w.schema.Types[typ].Fields.ForName(f.Name)
	if !w.may(def, path) {
		return nil, true
	}
	arguments, _ := json.Marshal(w.arguments(f))
	item := w.parking.answer(typ, f.Name, arguments, parent)
	if item.Error != nil {
		code := core.Code(item.Error.Code)
		if code != core.CodeNotFound {
			code = core.CodePluginError
		}
		w.fail(path, code)
		return nil, true
	}
	if item.Value == nil {
		return w.complete(def.Type, nil, f.set, path)
	}
	return w.complete(def.Type, json.RawMessage(item.Value), f.set, path)
}

func (w *plain) may(def *ast.FieldDefinition, path []any) bool {
	if def.Directives.ForName("can") == nil || w.q.by.may["audit:read"] {
		return true
	}
	if w.q.by.login == "" {
		w.fail(path, core.CodeUnauthenticated)
	} else {
		w.fail(path, core.CodeForbidden)
	}
	return false
}

// arguments are the field's with defaults, those within inputs too.
func (w *plain) arguments(f *selected) map[string]any {
	out := map[string]any{}
	for _, def := range f.Definition.Arguments {
		v, ok := w.literal(f.Arguments.ForName(def.Name))
		if !ok && def.DefaultValue != nil {
			v, _ = def.DefaultValue.Value(nil)
			ok = true
		}
		if ok {
			out[def.Name] = w.input(def.Type, v)
		}
	}
	return out
}

func (w *plain) literal(a *ast.Argument) (any, bool) {
	if a == nil {
		return nil, false
	}
	if a.Value.Kind == ast.Variable {
		if v, ok := w.q.op.Variables[a.Value.Raw]; ok {
			return v, true
		}
		def := w.q.op.Document.Operations[0].VariableDefinitions.ForName(a.Value.Raw).DefaultValue
		if def == nil {
			return nil, false
		}
		v, _ := def.Value(nil)
		return v, true
	}
	variables := map[string]any{}
	for _, v := range w.q.op.Document.Operations[0].VariableDefinitions {
		if v.DefaultValue != nil {
			variables[v.Variable], _ = v.DefaultValue.Value(nil)
		}
		if given, ok := w.q.op.Variables[v.Variable]; ok {
			variables[v.Variable] = given
		}
	}
	v, err := a.Value.Value(variables)
	must(w.t, err)
	return v, true
}

func (w *plain) input(t *ast.Type, v any) any {
	def := w.schema.Types[t.Name()]
	switch {
	case v == nil:
		return nil
	case t.Elem != nil:
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		out := []any{}
		for _, one := range list {
			out = append(out, w.input(t.Elem, one))
		}
		return out
	case def.Kind != ast.InputObject:
		return v
	}
	given, out := v.(map[string]any), map[string]any{}
	for _, f := range def.Fields {
		one, ok := given[f.Name]
		if !ok && f.DefaultValue != nil {
			one, _ = f.DefaultValue.Value(nil)
			ok = true
		}
		if ok {
			out[f.Name] = w.input(f.Type, one)
		}
	}
	return out
}

// complete is CompleteValue of section 6.4.3. It says whether the value is null.
func (w *plain) complete(t *ast.Type, raw json.RawMessage, set ast.SelectionSet, path []any) (any, bool) {
	bad := func() (any, bool) {
		w.fail(path, core.CodePluginBadResponse)
		return nil, true
	}
	if raw == nil || string(raw) == "null" {
		if t.NonNull {
			return bad()
		}
		return nil, true
	}
	if t.Elem != nil {
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) != nil {
			return bad()
		}
		list, spoiled := []any{}, false
		for i, item := range items {
			v, isNull := w.complete(t.Elem, item, set, append(slices.Clone(path), i))
			list, spoiled = append(list, v), spoiled || isNull && t.Elem.NonNull
		}
		if spoiled {
			return nil, true
		}
		return list, false
	}
	def := w.schema.Types[t.Name()]
	if def.IsLeafType() {
		if v := w.leaf(def, raw); v != nil {
			return v, false
		}
		return bad()
	}
	var of map[string]json.RawMessage
	if json.Unmarshal(raw, &of) != nil {
		return bad()
	}
	typ := def.Name
	if def.IsAbstractType() {
		_ = json.Unmarshal(of["__typename"], &typ)
		if !slices.ContainsFunc(w.schema.PossibleTypes[def.Name], func(d *ast.Definition) bool { return d.Name == typ }) {
			return bad()
		}
	}
	if slices.Contains(w.schema.Types[typ].Interfaces, "Node") {
		return w.refer(t, typ, of["id"], set, path)
	}
	return w.fields(typ, of, raw, set, path)
}

func (w *plain) fields(typ string, of map[string]json.RawMessage, raw json.RawMessage, set ast.SelectionSet, path []any) (any, bool) {
	out, spoiled := newObject(), false
	for _, f := range w.collect(typ, set) {
		at := append(slices.Clone(path), f.Alias)
		property, there := of[f.Name]
		if f.Name == "__typename" {
			out.put(f.Alias, typ)
			continue
		}
		var v any
		var isNull bool
		def := w.schema.Types[typ].Fields.ForName(f.Name)
		switch {
		case slices.Contains(parkingFunctions, typ+"."+f.Name) && (!there || len(def.Arguments) > 0):
			v, isNull = w.resolve(typ, f, raw, at)
		case !w.may(def, at):
			isNull = true
		default:
			v, isNull = w.complete(def.Type, property, f.set, at)
		}
		out.put(f.Alias, v)
		spoiled = spoiled || isNull && def.Type.NonNull
	}
	if spoiled {
		return nil, true
	}
	return out, false
}

// refer has the core read what the plugin names.
func (w *plain) refer(t *ast.Type, typ string, raw json.RawMessage, set ast.SelectionSet, path []any) (any, bool) {
	var text string
	_ = json.Unmarshal(raw, &text)
	id, err := core.ParseID(text)
	if err != nil || id.Type != typ {
		w.fail(path, core.CodePluginBadResponse)
		return nil, true
	}
	before := len(w.errors)
	found := w.ask(`{ zz: node(id: `+strconv.Quote(text)+`) { zz_t: __typename`+w.coreOf(w.schema.Types[typ], set)+` } }`, path).get("zz")
	if found == nil {
		if t.NonNull && len(w.errors) == before {
			w.fail(path, core.CodePluginBadResponse)
		}
		return nil, true
	}
	return w.join(typ, set, found, path), false
}

// leaf is the value as it is shown; nil when it does not fit.
func (w *plain) leaf(def *ast.Definition, raw json.RawMessage) any {
	var v any
	_ = json.Unmarshal(raw, &v)
	text, isText := v.(string)
	n, isNumber := v.(float64)
	whole := isNumber && n == float64(int64(n))
	switch def.Name {
	case "Int":
		if whole {
			return json.Number(raw)
		}
	case "String":
		if isText {
			return text
		}
	case "ID":
		if isText {
			return text
		}
		if whole {
			return string(raw)
		}
	case "Date":
		if _, err := core.ParseDate(text); err == nil {
			return text
		}
	default:
		if isText && def.EnumValues.ForName(text) != nil {
			return text
		}
	}
	return nil
}
