package randomop

import (
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

func isLeaf(schema *ast.Schema, f *ast.FieldDefinition) bool {
	return schema.Types[f.Type.Name()].IsLeafType()
}

// overlap says whether an object can be of both types.
func overlap(schema *ast.Schema, a, b *ast.Definition) bool {
	return slices.ContainsFunc(possible(schema, a), func(d *ast.Definition) bool { return slices.Contains(possible(schema, b), d) })
}

func possible(schema *ast.Schema, d *ast.Definition) []*ast.Definition {
	if d.IsAbstractType() {
		return schema.PossibleTypes[d.Name]
	}
	return []*ast.Definition{d}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
