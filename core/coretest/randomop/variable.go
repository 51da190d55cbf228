package randomop

import (
	"fmt"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// variable is one that the operation declares.
type variable struct {
	definition *ast.VariableDefinition
	of         string // the type and the name of what it stands for
}

// variable makes a variable of the type that stands for the value: given, or by its default, or
// both; where null may stand it is at times null, or not given at all.
func (b *builder) variable(t *ast.Type, name string, v *ast.Value) *ast.Value {
	if t.NonNull || !b.chance(12) {
		return b.givenVariable(t, name, v)
	}
	declared, reference := b.declare(t, name)
	if b.chance(50) {
		b.op.Variables[declared.Variable] = nil
	}
	return reference
}

// givenVariable is one whose value is v in any case.
func (b *builder) givenVariable(t *ast.Type, name string, v *ast.Value) *ast.Value {
	typ := *t
	isNull := v.Kind == ast.NullValue
	mode := b.rand.IntN(4)
	switch {
	case isNull:
		mode = 0
	case mode > 1 && b.chance(50):
		typ.NonNull = false // a default makes up for it
	case b.chance(30):
		typ.NonNull = true
	}
	declared, reference := b.declare(&typ, name)
	if mode > 1 {
		declared.DefaultValue = v
	}
	if mode != 2 {
		b.op.Variables[declared.Variable] = plain(v)
	}
	return reference
}

func (b *builder) declare(t *ast.Type, name string) (*ast.VariableDefinition, *ast.Value) {
	definition := &ast.VariableDefinition{Variable: fmt.Sprintf("v%d", len(b.variables)+1), Type: t}
	b.variables = append(b.variables, &variable{definition, t.Name() + " " + name})
	return definition, reference(definition)
}

func reference(definition *ast.VariableDefinition) *ast.Value {
	return &ast.Value{Kind: ast.Variable, Raw: definition.Variable, VariableDefinition: definition}
}

// known is a variable that stands for the like elsewhere already.
func (b *builder) known(t *ast.Type, at place) *ast.Value {
	var fitting []*ast.VariableDefinition
	for _, v := range b.variables {
		if v.of == t.Name()+" "+at.name() && v.definition.Type.IsCompatible(t) {
			fitting = append(fitting, v.definition)
		}
	}
	if len(fitting) == 0 {
		return nil
	}
	return reference(one(b, fitting))
}

// effective is the value as the server reads it.
func (b *builder) effective(v *ast.Value) any {
	if v.Kind != ast.Variable {
		if v.Kind != ast.ObjectValue {
			return plain(v)
		}
		object := map[string]any{}
		for _, child := range v.Children {
			object[child.Name] = b.effective(child.Value)
		}
		return object
	}
	if given, ok := b.op.Variables[v.Raw]; ok {
		return given
	}
	if v.VariableDefinition.DefaultValue != nil {
		return plain(v.VariableDefinition.DefaultValue)
	}
	return nil
}

// plain is a literal as it stands among the variables of a request.
func plain(v *ast.Value) any {
	switch v.Kind {
	case ast.IntValue:
		n, _ := strconv.ParseInt(v.Raw, 10, 64) // written by strconv
		return n
	case ast.FloatValue:
		n, _ := strconv.ParseFloat(v.Raw, 64)
		return n
	case ast.BooleanValue:
		return v.Raw == "true"
	case ast.NullValue:
		return nil
	case ast.ListValue:
		list := make([]any, len(v.Children))
		for i, child := range v.Children {
			list[i] = plain(child.Value)
		}
		return list
	case ast.ObjectValue:
		object := map[string]any{}
		for _, child := range v.Children {
			object[child.Name] = plain(child.Value)
		}
		return object
	default:
		return v.Raw
	}
}
