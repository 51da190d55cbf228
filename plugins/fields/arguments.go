package fields

import (
	"encoding/json"
	"maps"
	"reflect"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
)

// Arguments are the field's as JSON: defaults filled in, also within inputs; what was not given and has
// no default is not there.
func (c *Compiler) Arguments(f *ast.Field, variables map[string]any) (json.RawMessage, error) {
	given := f.ArgumentMap(variables)
	out := make(map[string]any, len(given))
	for _, arg := range f.Definition.Arguments {
		v, ok := given[arg.Name]
		if !ok {
			continue
		}
		value, err := c.input(arg.Type, v, ast.Path{ast.PathName(arg.Name)})
		if err != nil {
			return nil, err
		}
		out[arg.Name] = value
	}
	return json.Marshal(out)
}

// input is a value of an argument's type, which validation has let pass, as it is handed on. path
// leads to it, for errors.
func (c *Compiler) input(t *ast.Type, v any, path ast.Path) (any, error) {
	if v == nil {
		return nil, nil
	}
	if t.Elem != nil {
		return c.list(t.Elem, v, path)
	}
	def := c.Schema.Schema.Types[t.Name()]
	if def.Kind != ast.InputObject {
		if check := c.Check[def.Name]; check != nil {
			if err := check(v); err != nil {
				return nil, &argumentError{refusedAt(path, core.T("This value does not fit its field: "+err.Error(), "Значение не подходит полю: "+err.Error())), path}
			}
		}
		return v, nil
	}
	return c.object(def, v, path)
}

// list is a list of an argument: of any Go type, as gqlparser makes of variables, or one value that
// stands for a list of it.
func (c *Compiler) list(of *ast.Type, v any, path ast.Path) (any, error) {
	items := reflect.ValueOf(v)
	if items.Kind() != reflect.Slice {
		items = reflect.ValueOf([]any{v})
	}
	out := make([]any, items.Len())
	for i := range out {
		var err error
		if out[i], err = c.input(of, items.Index(i).Interface(), append(path[:len(path):len(path)], ast.PathIndex(i))); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *Compiler) object(def *ast.Definition, v any, path ast.Path) (any, error) {
	given, ok := v.(map[string]any)
	if !ok {
		return nil, &argumentError{refusedAt(path, core.T("An object is wanted here.", "Здесь нужен объект.")), path}
	}
	out := maps.Clone(given)
	for _, f := range def.Fields {
		value, ok := given[f.Name]
		if !ok && f.DefaultValue != nil {
			var err error
			if value, err = f.DefaultValue.Value(nil); err != nil {
				return nil, err
			}
			ok = true
		}
		if !ok {
			continue
		}
		var err error
		if out[f.Name], err = c.input(f.Type, value, append(path[:len(path):len(path)], ast.PathName(f.Name))); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// argumentError is a value of an argument that is none of its type. Its place in the answer is within the
// field, where gqlgen has it for the core's.
type argumentError struct {
	error
	path ast.Path
}

func (e *argumentError) Unwrap() error { return e.error }

// refusedAt names the argument's field, without indices.
func refusedAt(path ast.Path, text core.Text) error {
	var names []string
	for _, step := range path {
		if name, ok := step.(ast.PathName); ok {
			names = append(names, string(name))
		}
	}
	return core.Invalid(text, names...)
}
