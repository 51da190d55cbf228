package read

import (
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/extension"
)

// found are the rows of one type by their keys.
type foundRows struct {
	*statement
	byKey map[uuid.UUID][]byte
}

func (a *answering) answerObjects(wanted []*extension.Wanted) error {
	refused, ids, err := a.idsOf(wanted)
	if err != nil {
		return err
	}
	if refused != nil {
		w := a.writing(wanted[0].Path)
		return a.finish(w, wanted[0], refused.write(w))
	}
	rows, err := a.find(slices.Concat(ids...))
	if err != nil {
		return err
	}
	for i, to := range wanted {
		w := a.writing(to.Path)
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

type objects map[string]foundRows

// find reads the objects: one statement a type.
func (a *answering) find(ids []core.ID) (objects, error) {
	keys := map[string][][16]byte{}
	seen := map[core.ID]bool{}
	for _, id := range ids {
		if t := a.byName[id.Type]; t != nil && !seen[id] && core.MunicipalityOf(a.ctx).Has(t.module()) {
			seen[id] = true
			keys[id.Type] = append(keys[id.Type], id.Key)
		}
	}
	all := objects{}
	for name, of := range keys {
		rows, err := a.findType(a.byName[name], of)
		if err != nil {
			return nil, err
		}
		all[name] = rows
	}
	return all, nil
}

func (a *answering) findType(t *typ, keys [][16]byte) (foundRows, error) {
	single := len(keys) == 1
	s, err := a.statement(t, strconv.FormatBool(single), func(c *compiler) (*statement, error) { return composeObjects(c, t, single) })
	if err != nil {
		return foundRows{}, err
	}
	var given any = keys
	if single {
		given = keys[0]
	}
	records, err := a.records(s, given)
	if err != nil {
		return foundRows{}, err
	}
	rows := foundRows{s, make(map[uuid.UUID][]byte, len(records))}
	for _, record := range records {
		rows.byKey[uuid.UUID(cellsOf(nil, record)[s.keyAt].data)] = record
	}
	return rows, nil
}

func composeObjects(c *compiler, t *typ, single bool) (*statement, error) {
	if hidden, err := c.hidden(t); hidden || err != nil {
		return &statement{}, err
	}
	s := c.scope(newRecord(), t)
	key := columnOf(s.alias, t.key)
	keyAt := s.at(key)
	out, err := c.object(s, c.root.Selections)
	if err != nil {
		return nil, err
	}
	mine := " = "
	if single {
		mine += c.write(origin{source: ofKeys}, nil, "uuid")
	} else {
		mine += "ANY (" + c.write(origin{source: ofKeys}, nil, "uuid[]") + ")"
	}
	from, err := c.from(s, key+mine)
	return &statement{sql: "SELECT " + s.record.list() + from, out: out, keyAt: keyAt}, err
}

func (o objects) write(w *writing, id core.ID) bool {
	rows := o[id.Type]
	record := rows.byKey[id.Key]
	if record == nil {
		return w.null()
	}
	return w.within(record, rows.out)
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
