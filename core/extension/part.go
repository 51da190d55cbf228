package extension

import (
	"context"
	"slices"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Part is a part of an operation that one source answers wholly: many places in, a value for each
// out. What is wrong is said in the values.
type Part interface{ Fill(wanted []*Wanted) }

// Joint is a part whose source answers several parts in one call: all parts of one source that are
// wanted in a round are given to one of them.
type Joint interface {
	Part
	Source() any // comparable; the same for parts that are asked together
}

// Wanted is a value that a part is asked for.
type Wanted struct {
	Part    Part
	Parent  any             // what the value hangs on: an object's core.ID, a module's own object, nil at the root
	Path    ast.Path        // from the root of the answer
	Context context.Context // whose rights hold, and for how long
	Before  []byte          // what the value's JSON begins with: the answer up to it
	Value
}

// Value is what was found.
type Value struct {
	JSON   []byte
	Null   bool
	Inner  []Inner // values within it that other parts are asked for, in the order of their places
	Errors []*Error

	// Asks are values that the whole of this one hangs on, wherever they are to stand in it; Settle makes
	// JSON, Null and Errors of them once they are all there. Both are nil where Inner is enough: where
	// no value within can spoil what is around it.
	Asks   []*Wanted
	Settle func()
}

// Inner is a value that stands at a place within another's JSON.
type Inner struct {
	At int
	*Wanted
}

// Error is an error at a place of the answer.
type Error struct {
	Path  ast.Path
	Field *ast.Position // in the operation, where the field's own reading failed
	Err   error
}

// Fill asks for all values, then for those within them, and so on: one call a source and round.
func Fill(wanted []*Wanted) {
	var settling []*Wanted
	for len(wanted) > 0 {
		ask(wanted)
		var next []*Wanted
		for _, w := range wanted {
			for _, inner := range w.Inner {
				next = append(next, inner.Wanted)
			}
			next = append(next, w.Asks...)
			if w.Settle != nil {
				settling = append(settling, w)
			}
		}
		wanted = next
	}
	for _, w := range slices.Backward(settling) { // the innermost came last
		w.Settle()
	}
}

// ask asks each source for what is wanted of it; where one takes several parts together, which lies
// outside of the house, all of them side by side.
func ask(wanted []*Wanted) {
	var sources []any
	by, apart := map[any][]*Wanted{}, false
	for _, w := range wanted {
		var source any = w.Part
		if joint, ok := w.Part.(Joint); ok {
			source, apart = joint.Source(), true
		}
		if by[source] == nil {
			sources = append(sources, source)
		}
		by[source] = append(by[source], w)
	}
	if !apart || len(sources) == 1 {
		for _, source := range sources {
			call(by[source][0].Part, by[source])
		}
		return
	}
	var wait sync.WaitGroup
	for _, source := range sources {
		wait.Go(func() { call(by[source][0].Part, by[source]) })
	}
	wait.Wait()
}

// call asks a part. A panic is an error at each place, as a resolver's is at its field.
func call(part Part, wanted []*Wanted) {
	defer func() {
		if cause := recover(); cause != nil {
			for _, w := range wanted {
				w.Fail(graphql.GetOperationContext(w.Context).RecoverFunc(w.Context, cause), nil)
			}
		}
	}()
	part.Fill(wanted)
}

// Fail makes the value null, with an error at its place; field is where it stands in the operation.
func (w *Wanted) Fail(err error, field *ast.Position) {
	w.Value = Value{JSON: append(slices.Clone(w.Before), "null"...), Null: true, Errors: []*Error{{Path: w.Path, Field: field, Err: err}}}
}

// Append writes the value with all that stands within it. There is room for a byte more behind it.
func (v *Value) Append(out []byte) []byte {
	return v.write(slices.Grow(out, v.size()+1))
}

func (v *Value) size() int {
	n := len(v.JSON)
	for _, inner := range v.Inner {
		n += inner.size()
	}
	return n
}

func (v *Value) write(out []byte) []byte {
	from := 0
	for _, inner := range v.Inner {
		out = inner.write(append(out, v.JSON[from:inner.At]...))
		from = inner.At
	}
	return append(out, v.JSON[from:]...)
}

// All are the errors of the value and of those within it.
func (v *Value) All() []*Error {
	errs := slices.Clone(v.Errors)
	for _, inner := range v.Inner {
		errs = append(errs, inner.All()...)
	}
	return errs
}
