package randomop

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// asking is what a field is asked with, and how many objects that gives at most.
type asking struct {
	all  ast.ArgumentList
	rows int
}

// paging are the arguments that choose a page; they are chosen together.
var paging = []string{"first", "last", "after", "before"}

// defaultPage is how many a list shows that is asked for no number; unpriced lists are taken for short.
const (
	defaultPage = 20
	shortList   = 4
)

func (b *builder) arguments(on *ast.Definition, def *ast.FieldDefinition, rows int) asking {
	a := asking{rows: 1}
	if def.Type.Elem != nil {
		a.rows = cmp.Or(b.pool.Rows[on.Name+"."+def.Name], shortList)
	}
	at := place{coordinate: on.Name + "." + def.Name, owner: b.owner(on, def)}
	for _, arg := range def.Arguments {
		coordinate := at.coordinate + "(" + arg.Name + ":)"
		needed := arg.Type.NonNull && arg.DefaultValue == nil
		if slices.Contains(paging, arg.Name) || !needed && (b.avoided(coordinate) || !b.wants(coordinate, arg.Type)) {
			continue
		}
		v := b.value(arg.Type, at.of(arg.Name), arg.DefaultValue != nil)
		a.all = append(a.all, &ast.Argument{Name: arg.Name, Value: v})
		if list, ok := b.effective(v).([]any); ok && arg.Name == "ids" {
			a.rows = len(list)
		}
	}
	if def.Arguments.ForName("first") != nil {
		b.page(&a, def, at, rows)
	}
	b.rand.Shuffle(len(a.all), func(i, j int) { a.all[i], a.all[j] = a.all[j], a.all[i] })
	return a
}

// wants says whether something that may be left out is given: what never was, mostly, and what
// holds much to be reached more often than a single value.
func (b *builder) wants(coordinate string, t *ast.Type) bool {
	switch {
	case b.Coverage.asked[coordinate] == 0 || b.hungry(t.Name()):
		return b.chance(80)
	case b.schema.Types[t.Name()].Kind == ast.InputObject:
		return b.chance(50)
	}
	return b.chance(35)
}

// owner is the type that a field is about: Council for councils, council and createCouncil alike.
func (b *builder) owner(on *ast.Definition, def *ast.FieldDefinition) string {
	name := def.Type.Name()
	if node := b.schema.Types[name].Fields.ForName("nodes"); node != nil {
		return node.Type.Name()
	}
	if b.schema.Types[name].IsLeafType() {
		return on.Name
	}
	for _, f := range b.schema.Types[name].Fields {
		if on == b.schema.Mutation && slices.Contains(b.schema.Types[f.Type.Name()].Interfaces, "Node") {
			return f.Type.Name()
		}
	}
	return name
}

// page adds the arguments of a page: how many, from which end, and from where on.
func (b *builder) page(a *asking, def *ast.FieldDefinition, at place, rows int) {
	count, cursor := "first", "after"
	if def.Arguments.ForName("last") != nil && b.chance(40) {
		count, cursor = "last", "before"
	}
	most := (most.price - b.spent.price) / (8 * rows)
	a.rows = defaultPage
	if most < defaultPage || b.chance(75) {
		a.rows = b.count(most)
		b.add(a, def, count, b.number(def, count, a.rows))
	} else if b.chance(10) {
		b.add(a, def, count, &ast.Value{Kind: ast.NullValue, Raw: "null"})
	}
	key := CursorKey(at.coordinate, b.given(a.all))
	if cursors := b.pool.Cursors[key]; len(cursors) > 0 && (b.chance(40) || b.Coverage.asked[at.coordinate+"("+cursor+":)"] == 0) {
		b.add(a, def, cursor, b.text(def, cursor, one(b, cursors)))
	} else if b.isWrong() {
		b.add(a, def, cursor, b.text(def, cursor, b.wrongCursor()))
	}
	if b.isWrong() {
		b.wrongPage(a, def, most)
	}
}

func (b *builder) count(most int) int {
	var sizes []int
	for _, n := range []int{1, 2, 3, 3, 5, 5, 10, 20, 50, 100, 0} {
		if n <= max(1, most) {
			sizes = append(sizes, n)
		}
	}
	return one(b, sizes)
}

// add gives the argument once more or for the first time.
func (b *builder) add(a *asking, def *ast.FieldDefinition, name string, v *ast.Value) {
	a.all = slices.DeleteFunc(a.all, func(arg *ast.Argument) bool { return arg.Name == name })
	if def.Arguments.ForName(name) != nil {
		a.all = append(a.all, &ast.Argument{Name: name, Value: v})
	}
}

func (b *builder) number(def *ast.FieldDefinition, name string, n int) *ast.Value {
	return b.perhapsVariable(def, name, &ast.Value{Kind: ast.IntValue, Raw: strconv.Itoa(n)})
}

func (b *builder) text(def *ast.FieldDefinition, name, text string) *ast.Value {
	return b.perhapsVariable(def, name, &ast.Value{Kind: ast.StringValue, Raw: text})
}

func (b *builder) perhapsVariable(def *ast.FieldDefinition, name string, v *ast.Value) *ast.Value {
	arg := def.Arguments.ForName(name)
	if arg == nil || !b.chance(30) {
		return v
	}
	return b.givenVariable(arg.Type, name, v)
}

// wrongPage asks for what no page can be, and cheaply.
func (b *builder) wrongPage(a *asking, def *ast.FieldDefinition, most int) {
	b.op.Wrong = true
	switch b.rand.IntN(3) {
	case 0:
		b.add(a, def, "first", b.number(def, "first", -1))
	case 1:
		b.add(a, def, "first", b.number(def, "first", 1))
		b.add(a, def, "last", b.number(def, "last", 1))
	case 2:
		if most > 101 {
			a.rows = 101
			b.add(a, def, "first", b.number(def, "first", 101))
		}
	}
}

// given are the arguments as the server reads them.
func (b *builder) given(all ast.ArgumentList) map[string]any {
	given := map[string]any{}
	for _, a := range all {
		given[a.Name] = b.effective(a.Value)
	}
	return given
}

// CursorKey names the order in which a list is asked: cursors of one key lead on in each other's
// answers. given are the field's arguments.
func CursorKey(coordinate string, given map[string]any) string {
	if by, ok := given["orderBy"].(map[string]any); ok {
		field, _ := by["field"].(string)
		direction, _ := by["direction"].(string)
		if direction == "" {
			direction = "ASC"
		}
		return coordinate + " " + field + " " + direction
	}
	if filter, ok := given["filter"].(map[string]any); ok && filter["search"] != nil {
		return coordinate + " likeness"
	}
	return coordinate
}
