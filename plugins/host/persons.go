package host

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/manifest"
)

// What plugins keep of persons is moved, erased and exported by the house itself, in the transaction of
// the merge or the erasure, whether the plugin runs or not: by statements that are made here of the
// manifest's words. They run on the house's own connection, so no code of the plugin's may run within
// them: see plain.go.

// Moved are a plugin's rows that a merge moved, by the keys under which they are found again.
type Moved struct {
	Plugin, Table, Column string
	Keys                  json.RawMessage // of each row an object, without the column that was moved
}

// kept is a column that names persons, with what its table is like.
type kept struct {
	plugin string
	title  core.Text
	class  string
	manifest.Persons
	table bun.Safe // quoted, with its schema
	text  bool     // it holds ids of the graph, not keys
	keys  []string // the columns of the primary key
	clear []string // assignments that empty the columns
}

// keptOf are the columns of the context's municipality that name persons, of all plugins. Their tables
// are locked until the transaction ends, and hold no code of the plugin's.
func (h *Host) keptOf(ctx context.Context, tx bun.IDB) (all []*kept, err error) {
	plugins, err := h.catalog.Kept(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, e := range plugins {
		schema, _ := names(e.Name, core.MunicipalityOf(ctx).Key, "")
		columns, err := keptBy(ctx, tx, schema, e.Manifest, false)
		if err != nil {
			return nil, err
		}
		all = append(all, columns...)
	}
	return all, nil
}

// each runs do for each of those columns; what it fails with is told in words.
func (h *Host) each(ctx context.Context, tx bun.IDB, do func(k *kept) error) error {
	return hurried(ctx, tx, func() error {
		all, err := h.keptOf(ctx, tx)
		if err != nil {
			return err
		}
		for _, k := range all {
			if err := do(k); err != nil {
				return k.inTheWay(err)
			}
		}
		return nil
	})
}

// MovePerson has the plugins' rows of one person name another. Rows that then contradict each other
// refuse it.
func (h *Host) MovePerson(ctx context.Context, tx bun.IDB, from, to uuid.UUID) (moved []Moved, err error) {
	err = h.each(ctx, tx, func(k *kept) error {
		var keys string
		err := tx.NewRaw(`WITH moved AS (UPDATE ?0 AS t SET ?1 = ?2 WHERE t.?1 = ?3 RETURNING ?4 AS key) SELECT coalesce(jsonb_agg(key), '[]')::text FROM moved`,
			k.table, bun.Ident(k.Column), k.of(to), k.of(from), k.key()).Scan(ctx, &keys)
		if err == nil && keys != "[]" {
			moved = append(moved, Moved{Plugin: k.plugin, Table: k.Table, Column: k.Column, Keys: json.RawMessage(keys)})
		}
		return err
	})
	return moved, err
}

// MoveBack has the rows that a merge moved, and that still name the one person, name the other again. It
// passes over those that are gone, and those of plugins that are gone.
func (h *Host) MoveBack(ctx context.Context, tx bun.IDB, back Moved, from, to uuid.UUID) error {
	return h.each(ctx, tx, func(k *kept) error {
		if k.plugin != back.Plugin || k.Table != back.Table || k.Column != back.Column {
			return nil
		}
		_, err := tx.NewRaw(`UPDATE ?0 AS t SET ?1 = ?2 WHERE t.?1 = ?3 AND ?4 IN (SELECT jsonb_array_elements(?5::jsonb))`,
			k.table, bun.Ident(k.Column), k.of(to), k.of(from), k.key(), string(back.Keys)).Exec(ctx)
		return err
	})
}

// ErasePersons does with the rows of persons what the manifests say.
func (h *Host) ErasePersons(ctx context.Context, tx bun.IDB, persons []uuid.UUID) error {
	return h.each(ctx, tx, func(k *kept) (err error) {
		switch k.Erase {
		case manifest.EraseDelete:
			_, err = tx.NewRaw(`DELETE FROM ?0 AS t WHERE t.?1 = ANY (?2)`, k.table, bun.Ident(k.Column), k.ofAll(persons)).Exec(ctx)
		case manifest.EraseClear:
			_, err = tx.NewRaw(`UPDATE ?0 AS t SET ?1 WHERE t.?2 = ANY (?3)`, k.table, bun.Safe(strings.Join(k.clear, ", ")), bun.Ident(k.Column), k.ofAll(persons)).Exec(ctx)
		}
		return err
	})
}

// ExportPersons are all rows of persons, by data class and then by table and column.
func (h *Host) ExportPersons(ctx context.Context, persons []uuid.UUID) (map[string]any, error) {
	classes := map[string]any{}
	err := postgres.InTx(ctx, h.DB, func(ctx context.Context, tx postgres.Tx) error {
		return h.each(ctx, tx, func(k *kept) error {
			var rows string
			err := tx.NewRaw(`SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY ?0), '[]')::text FROM ?1 AS t WHERE t.?2 = ANY (?3)`,
				k.key(), k.table, bun.Ident(k.Column), k.ofAll(persons)).Scan(ctx, &rows)
			tables, ok := classes[k.class].(map[string]any)
			if !ok {
				tables = map[string]any{}
				classes[k.class] = tables
			}
			tables[k.Table+"."+k.Column] = json.RawMessage(rows)
			return err
		})
	})
	return classes, err
}

// mistake is what is wrong with a word of the manifest.
type mistake struct {
	at  string // below its place in the file
	why core.Text
}

// column is one of a table, as Postgres has it.
type column struct {
	Name      string
	Type      string
	Must      bool // it is never null
	Generated bool
}

// look reads what the table is like; there: there is such a table.
func (k *kept) look(ctx context.Context, tx bun.IDB, schema string) (there bool, wrong *mistake, err error) {
	var columns []column
	err = tx.NewRaw(`SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attnotnull AS must, a.attgenerated <> '' OR a.attidentity = 'a' AS generated
		FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE n.nspname = ? AND c.relname = ? AND a.attnum > 0 AND NOT a.attisdropped`, schema, k.Table).Scan(ctx, &columns)
	if err != nil || len(columns) == 0 {
		return false, &mistake{".table", core.Textf("there is no table %q after the migrations", "после миграций таблицы %q нет", k.Table)}, err
	}
	err = tx.NewRaw(`SELECT a.attname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
		JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
		WHERE n.nspname = ? AND c.relname = ? AND i.indisprimary ORDER BY a.attname`, schema, k.Table).Scan(ctx, &k.keys)
	if err != nil {
		return true, nil, err
	}
	if len(k.keys) == 0 {
		return true, &mistake{".table", core.Textf("table %q has no primary key", "у таблицы %q нет первичного ключа", k.Table)}, nil
	}
	return true, k.columns(columns), nil
}

// columns looks at those that the manifest names.
func (k *kept) columns(all []column) *mistake {
	by := map[string]column{}
	for _, c := range all {
		by[c.Name] = c
	}
	person, ok := by[k.Column]
	k.text = isText(person.Type)
	switch {
	case !ok:
		return &mistake{".column", core.Textf("table %q has no column %q", "в таблице %q нет столбца %q", k.Table, k.Column)}
	case person.Generated || person.Type != "uuid" && !k.text:
		return &mistake{".column", core.Textf("%s.%s is neither a uuid (the person's key) nor a text (their id)", "%s.%s — не uuid (ключ человека) и не текст (его id)", k.Table, k.Column)}
	}
	for i, name := range k.Clear {
		at, c := fmt.Sprintf(".clear[%d]", i), by[name]
		switch {
		case c.Name == "":
			return &mistake{at, core.Textf("table %q has no column %q", "в таблице %q нет столбца %q", k.Table, name)}
		case !c.Generated && !c.Must:
			k.clear = append(k.clear, quote(name)+" = NULL")
		case !c.Generated && isText(c.Type):
			k.clear = append(k.clear, quote(name)+" = ''")
		default:
			return &mistake{at, core.Textf("%s.%s can be neither empty nor null", "%s.%s не может быть ни пустым, ни NULL", k.Table, name)}
		}
	}
	return nil
}

func isText(kind string) bool { return kind == "text" || kind == "character varying" }

// of is a person as the column names them.
func (k *kept) of(person uuid.UUID) any {
	if k.text {
		return core.ID{Type: "Person", Key: person}.String()
	}
	return person
}

func (k *kept) ofAll(persons []uuid.UUID) any {
	texts := make([]string, len(persons))
	for i, p := range persons {
		texts[i] = fmt.Sprint(k.of(p))
	}
	kind := "uuid[]"
	if k.text {
		kind = "text[]"
	}
	return bun.SafeQuery("?::"+kind, pgdialect.Array(texts))
}

// key is an expression of the row's key, without the person.
func (k *kept) key() bun.Safe {
	var parts []string
	for _, column := range k.keys {
		if column != k.Column {
			parts = append(parts, "'"+column+"', t."+quote(column)) // a name that keptBy looked at
		}
	}
	return bun.Safe("jsonb_build_object(" + strings.Join(parts, ", ") + ")")
}

// inTheWay is a failure in words.
func (k *kept) inTheWay(err error) error {
	state := stateOf(err)
	switch {
	case state == "55P03" || state == "40001" || state == "40P01" || state == "57014":
		return &core.Error{Code: core.CodeConflict, Text: core.ErrConflict.Text, Path: []string{"input"}, Err: err}
	case strings.HasPrefix(state, "23"):
		return &core.Error{Code: core.CodeConflict, Path: []string{"input"}, Err: err, Text: core.Textf(
			"What the plugin “%[1]s” keeps of them contradicts it (table %[3]s). Put that right in the plugin first.",
			"Этому противоречит то, что о них хранит плагин «%[2]s» (таблица %[3]s). Сначала исправьте это в плагине.", k.title.En, k.title.Ru, k.Table)}
	}
	return fmt.Errorf("plugin %s, table %s: %w", k.plugin, k.Table, err)
}
