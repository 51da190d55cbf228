package read

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/extension"
)

// writing is one answer of a part while it is written: records in, JSON out.
type writing struct {
	ctx    context.Context
	said   []reading
	from   *statement // whose rows are written; nil: none was run
	use    *scratch
	out    []byte
	cells  []cell // of the records that are being written, the innermost last
	base   int    // where the cells of the current record begin
	path   ast.Path
	field  *ast.Field // that is being written
	list   *shown     // whose rows are being written
	errors []*extension.Error
	places []extension.Inner
	read   []readRows // of those types whose reading is logged
	rows   [][]byte   // of the lists that are being written, the innermost last
	err    error      // our own mistake; it ends the part
}

// output is how one field is written. It answers whether what it wrote is null.
type output interface{ write(w *writing) bool }

func (w *writing) cell(at int) cell { return w.cells[w.base+at] }

func (w *writing) null() bool {
	w.out = append(w.out, null...)
	return true
}

// fail notes that the current field could not be read.
func (w *writing) fail(err error) { w.note(err, w.field.Position) }

func (w *writing) note(err error, field *ast.Position, argument ...ast.PathElement) {
	w.errors = append(w.errors, &extension.Error{Path: append(slices.Clone(w.path), argument...), Field: field, Err: err})
}

type constant string

func (c constant) write(w *writing) bool {
	w.out = append(w.out, c...)
	return false
}

// failed is a field whose arguments are wrong.
type failed struct{ place int }

func (f failed) write(w *writing) bool {
	if said := &w.said[f.place]; said.early() {
		w.note(said.err, nil, said.argument...)
	} else {
		w.fail(said.err)
	}
	return w.null()
}

// refusal is a field that the viewer may not see, on any row.
type refusal struct{}

func (refusal) write(w *writing) bool {
	w.fail(core.Forbidden(w.ctx))
	return w.null()
}

type scalar struct {
	at int
	as encoding
}

func (s scalar) write(w *writing) bool {
	c := w.cell(s.at)
	if c.data == nil {
		return w.null()
	}
	var err error
	if w.out, err = s.as.append(w.out, c); err != nil {
		w.err = err
	}
	return false
}

// showing is a text that a function of the declaration makes another of.
type showing struct {
	at   int
	show func(ctx context.Context, text string) string
}

func (s showing) write(w *writing) bool {
	c := w.cell(s.at)
	if c.data == nil {
		return w.null()
	}
	w.out = appendText(w.out, []byte(s.show(w.ctx, string(c.data))))
	return false
}

// guarded is a column that the viewer may see on some rows.
type guarded struct {
	allowed int
	scalar
}

func (g guarded) write(w *writing) bool {
	if may := w.cell(g.allowed).data; may == nil || may[0] == 0 {
		return refusal{}.write(w)
	}
	return g.scalar.write(w)
}

// absent is a row that is not there or not to be seen; of personal data it is an error.
type absent struct{ refused bool }

func (a absent) write(w *writing) bool {
	if a.refused {
		return refusal{}.write(w)
	}
	return w.null()
}

// one is a row joined to the row.
type one struct {
	present int
	object  *object
	absent
}

func (o one) write(w *writing) bool {
	if w.cell(o.present).data == nil {
		return o.absent.write(w)
	}
	return o.object.write(w)
}

// group is several expressions as one object.
type group struct {
	when   int // -1: always
	object *object
}

func (g group) write(w *writing) bool {
	if g.when >= 0 {
		if holds := w.cell(g.when).data; holds == nil || holds[0] == 0 {
			return w.null()
		}
	}
	return g.object.write(w)
}

// reference is an object of any type: only its place is noted, and all of them are read together.
type reference struct {
	typ, key int
	part     extension.Part
}

func (r reference) write(w *writing) bool {
	id, ok := idOf(w.cell(r.typ), w.cell(r.key))
	if !ok {
		return w.null()
	}
	w.place(r.part, id)
	return false
}

// place is where another part writes.
func (w *writing) place(part extension.Part, parent core.ID) {
	place := &extension.Wanted{Part: part, Parent: parent, Path: slices.Clone(w.path), Context: w.ctx}
	w.places = append(w.places, extension.Inner{At: len(w.out), Wanted: place})
}

// outside is a field of the row that another source answers; it may always be null.
type outside struct {
	typ  string
	key  int
	part extension.Part
}

func (o outside) write(w *writing) bool {
	w.place(o.part, core.ID{Type: o.typ, Key: uuid.UUID(w.cell(o.key).data)})
	return false
}

// object is how a row is written.
type object struct {
	members []member
	typ     *typ
	columns []string // that are shown
	keyAt   int      // of the row's key, where its reading is logged; -1: it is not
}

// member is one field of an object: its name as JSON, and whether it may be null.
type member struct {
	field   *ast.Field
	step    ast.PathElement // its name in paths
	text    string
	nonNull bool
	output
}

func memberOf(f graphql.CollectedField, out output) member {
	return member{f.Field, ast.PathName(f.Alias), strconv.Quote(f.Alias) + ":", f.Definition != nil && f.Definition.Type.NonNull, out}
}

var errNull = errors.New("must not be null")

// write writes the row; null, when a member is null that must not be (GraphQL, section 6.4.4).
func (o *object) write(w *writing) bool {
	if o.keyAt >= 0 {
		w.keep(o)
	}
	begin, places := len(w.out), len(w.places)
	w.out = append(w.out, '{')
	spoiled := false
	for i := range o.members {
		m := &o.members[i]
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = append(w.out, m.text...)
		if m.write(w) {
			spoiled = true
		}
	}
	if spoiled {
		w.out, w.places = w.out[:begin], w.places[:places]
		return w.null()
	}
	w.out = append(w.out, '}')
	return false
}

// write writes the member, and says whether its null spoils the object.
func (m *member) write(w *writing) bool {
	errs, outer := len(w.errors), w.field
	w.path, w.field = append(w.path, m.step), m.field
	isNull := m.output.write(w)
	if isNull && m.nonNull && len(w.errors) == errs {
		w.note(errNull, nil)
	}
	w.path, w.field = w.path[:len(w.path)-1], outer
	return isNull && m.nonNull
}

// readRows are rows of which the same columns are shown.
type readRows struct {
	by   *object
	keys []uuid.UUID
}

// keep keeps the row's key for those who log what is read; once, however often it is shown.
func (w *writing) keep(o *object) {
	key := uuid.UUID(w.cell(o.keyAt).data)
	i := slices.IndexFunc(w.read, func(r readRows) bool { return r.by == o || r.by.typ == o.typ && slices.Equal(r.by.columns, o.columns) })
	if i < 0 {
		i = len(w.read)
		w.read = append(w.read, readRows{by: o})
	}
	if !slices.Contains(w.read[i].keys, key) {
		w.read[i].keys = append(w.read[i].keys, key)
	}
}

// logged tells what was read, before it is shown.
func (w *writing) logged() error {
	for _, r := range w.read {
		if err := r.by.typ.OnRead(w.ctx, r.keys, r.by.columns); err != nil {
			return err
		}
	}
	return nil
}

// within writes one record: its cells are pushed, and taken away again.
func (w *writing) within(record []byte, out output) bool {
	base := w.base
	w.base = len(w.cells)
	w.cells = cellsOf(w.cells, record)
	isNull := out.write(w)
	w.cells = w.cells[:w.base]
	w.base = base
	return isNull
}
