package randomop

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// hunger is what was never asked below each field and each input type, so that choices can go
// where something is missing: arguments, input fields, enum values.
type hunger struct {
	missing map[string]map[string]bool // by the field's coordinate or the input type's name
	holders map[string][]string        // the keys of missing that hold a coordinate
}

func newHunger(schema *ast.Schema) hunger {
	h := hunger{map[string]map[string]bool{}, map[string][]string{}}
	for _, def := range schema.Types {
		if def.Kind == ast.InputObject {
			h.input(schema, def.Name, def, map[string]bool{})
		}
		if def.Kind != ast.Object {
			continue
		}
		for _, f := range def.Fields {
			key := def.Name + "." + f.Name
			for _, a := range f.Arguments {
				h.misses(key, key+"("+a.Name+":)")
				h.input(schema, key, schema.Types[a.Type.Name()], map[string]bool{})
			}
		}
	}
	return h
}

// input puts all that an input holds under the key.
func (h hunger) input(schema *ast.Schema, key string, def *ast.Definition, seen map[string]bool) {
	if def == nil || seen[def.Name] {
		return
	}
	seen[def.Name] = true
	for _, v := range def.EnumValues {
		h.misses(key, def.Name+"."+v.Name)
	}
	if def.Kind != ast.InputObject {
		return
	}
	for _, f := range def.Fields {
		h.misses(key, def.Name+"."+f.Name)
		h.input(schema, key, schema.Types[f.Type.Name()], seen)
	}
}

func (h hunger) misses(key, coordinate string) {
	if h.missing[key] == nil {
		h.missing[key] = map[string]bool{}
	}
	if !h.missing[key][coordinate] {
		h.missing[key][coordinate] = true
		h.holders[coordinate] = append(h.holders[coordinate], key)
	}
}

func (h hunger) fed(coordinate string) {
	for _, key := range h.holders[coordinate] {
		delete(h.missing[key], coordinate)
	}
	delete(h.holders, coordinate)
}

// hungry says whether something below is missing; strangers, like Mutation's, are never hungry.
func (h hunger) hungry(key string) bool {
	return len(h.missing[key]) > 0 && !strings.HasPrefix(key, "Mutation.")
}
