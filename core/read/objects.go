package read

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/extension"
)

func (a *answering) answerObjects(wanted []*extension.Wanted) error {
	refused, ids, err := a.idsOf(wanted)
	if err != nil {
		return err
	}
	if refused != nil {
		use := takeScratch()
		defer use.give()
		w := a.writing(wanted[0], use, nil)
		return a.finish(w, wanted[0], refused.write(w))
	}
	use := takeScratch()
	defer use.give()
	rows, err := a.find(use, ids)
	if err != nil {
		return err
	}
	for i, to := range wanted {
		w := a.writing(to, use, rows.statement)
		var isNull bool
		if a.root.Definition.Type.Elem == nil {
			isNull = rows.write(w, ids[i][0])
		} else {
			isNull = rows.writeAll(w, ids[i])
		}
		if err := a.finish(w, to, isNull); err != nil {
			return err
		}
	}
	return nil
}

// mostNodes is how many objects the field nodes finds at once.
const mostNodes = 1000

// idsOf are the ids that each place asks for: those of its parent, or of the field's arguments.
func (a *answering) idsOf(wanted []*extension.Wanted) (refused output, ids [][]core.ID, err error) {
	if place := a.Part.placeOf(a.root.Field); place < 0 || wanted[0].Parent != nil {
		for _, w := range wanted {
			id, _ := w.Parent.(core.ID)
			ids = append(ids, []core.ID{id})
		}
		return nil, ids, nil
	}
	c := &compiler{text: a.reads.text(a.ctx, nil), Part: a.Part, op: a.op, said: a.said}
	if refused, err = c.refused(); refused != nil || err != nil {
		return refused, nil, err
	}
	given := a.said[a.Part.placeOf(a.root.Field)].ids
	if len(given) > mostNodes {
		return nil, nil, tooManyNodes
	}
	if a.Part.found != nil {
		if _, err := given[0].Of(a.Part.found.Name, "id"); err != nil {
			return nil, nil, err
		}
	}
	return nil, [][]core.ID{given}, nil
}

var tooManyNodes = core.Invalid(core.Textf("Ask for at most %d objects at once.", "Запрашивайте не более %d объектов за раз.", mostNodes), "ids")

// kind is how objects of one type are written, and where their key is.
type kind struct {
	typ   string
	out   output
	keyAt int
}

// objects are the rows that were found.
type objects struct {
	*statement
	rows map[core.ID]foundRow
}

type foundRow struct {
	record []byte
	out    output
}

// wantedKeys are the keys of one type that are asked for.
type wantedKeys struct {
	typ  *typ
	keys [][16]byte
}

// keysIn sorts the ids by type, each once. A type whose module is switched off for the municipality
// is not there.
func (a *answering) keysIn(ids [][]core.ID) []wantedKeys {
	var all []wantedKeys
	seen := map[core.ID]bool{}
	for _, place := range ids {
		for _, id := range place {
			t := a.byName[id.Type]
			if t == nil || seen[id] || !core.MunicipalityOf(a.ctx).Has(t.module()) {
				continue
			}
			seen[id] = true
			i := slices.IndexFunc(all, func(w wantedKeys) bool { return w.typ == t })
			if i < 0 {
				i = len(all)
				all = append(all, wantedKeys{typ: t})
			}
			all[i].keys = append(all[i].keys, id.Key)
		}
	}
	slices.SortFunc(all, func(a, b wantedKeys) int { return strings.Compare(a.typ.Name, b.typ.Name) })
	return all
}

// find reads the objects: one statement for all their types.
func (a *answering) find(use *scratch, ids [][]core.ID) (objects, error) {
	wanted := a.keysIn(ids)
	if len(wanted) == 0 {
		return objects{}, nil
	}
	shape := make([]byte, 0, 64)
	keys := make([]any, len(wanted))
	for i, w := range wanted {
		shape = append(append(shape, w.typ.Name...), ' ')
		if keys[i] = w.keys; len(w.keys) == 1 {
			shape = append(shape, '1')
			keys[i] = w.keys[0]
		}
	}
	s, err := a.statement(shape, func(c *compiler) (*statement, error) { return composeObjects(c, wanted) })
	if err != nil {
		return objects{}, err
	}
	records, err := a.records(use, s, keys)
	if err != nil {
		return objects{}, err
	}
	found := objects{s, make(map[core.ID]foundRow, len(records))}
	for _, record := range records {
		of := s.kinds[0]
		if len(s.kinds) > 1 {
			use.cells = cellsOf(use.cells[:0], record)
			of, record = s.kinds[integer(use.cells[0].data)], use.cells[1].data
		}
		use.cells = cellsOf(use.cells[:0], record)
		found.rows[core.ID{Type: of.typ, Key: uuid.UUID(use.cells[of.keyAt].data)}] = foundRow{record, of.out}
	}
	return found, nil
}

// composeObjects finds rows of each type by their keys. Of several types each row says of which it is.
func composeObjects(c *compiler, wanted []wantedKeys) (*statement, error) {
	s := &statement{}
	var selects []*scope
	var froms []string
	for i, w := range wanted {
		hidden, err := c.hidden(w.typ)
		if err != nil {
			return nil, err
		}
		if hidden {
			continue
		}
		of, from, err := c.byKeys(s, w, i)
		if err != nil {
			return nil, err
		}
		selects, froms = append(selects, of), append(froms, from)
	}
	for i, of := range selects {
		if i > 0 {
			s.sql += " UNION ALL "
		}
		if len(selects) == 1 {
			s.sql += "SELECT " + of.record.list() + froms[i]
		} else {
			s.sql += fmt.Sprintf("SELECT %d, ROW(%s)%s", i, of.record.list(), froms[i])
		}
	}
	return s, nil
}

// byKeys selects the rows of one type.
func (c *compiler) byKeys(s *statement, w wantedKeys, place int) (*scope, string, error) {
	of := c.scope(newRecord(), w.typ)
	key := columnOf(of.alias, w.typ.key)
	b := kind{typ: w.typ.Name, keyAt: of.at(key)}
	out, err := c.object(of, c.root.Selections)
	if err != nil {
		return nil, "", err
	}
	b.out = out
	s.kinds = append(s.kinds, b)
	mine := " = "
	if len(w.keys) == 1 {
		mine += c.write(origin{source: ofKeys, place: place}, nil, "uuid")
	} else {
		mine += "ANY (" + c.write(origin{source: ofKeys, place: place}, nil, "uuid[]") + ")"
	}
	from, err := c.from(of, key+mine)
	return of, from, err
}

func (o objects) write(w *writing, id core.ID) bool {
	row, ok := o.rows[id]
	if !ok {
		return w.null()
	}
	return w.within(row.record, row.out)
}

// writeAll writes a list that may hold nulls.
func (o objects) writeAll(w *writing, ids []core.ID) bool {
	w.out = append(w.out, '[')
	w.path = append(w.path, nil)
	for i, id := range ids {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.path[len(w.path)-1] = ast.PathIndex(i)
		o.write(w, id)
	}
	w.path = w.path[:len(w.path)-1]
	w.out = append(w.out, ']')
	return false
}
