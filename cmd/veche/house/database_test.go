package house_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/veche-city/veche/modules/people"
)

// foreignKey is one of the database's, with its columns in order.
type foreignKey struct {
	Name, Table, Target string
	Columns             []string `bun:",array"`
	TargetColumns       []string `bun:",array"`
}

func (w *world) foreignKeys() (all []foreignKey) {
	w.t.Helper()
	must(w.t, w.DB.NewRaw(`SELECT c.conname AS name, c.conrelid::regclass::text AS "table", c.confrelid::regclass::text AS target,
			(SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY AS k (num, n)
				JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.num) AS columns,
			(SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY AS k (num, n)
				JOIN pg_attribute AS a ON a.attrelid = c.confrelid AND a.attnum = k.num) AS target_columns
		FROM pg_constraint AS c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace ORDER BY 2, 1`).Scan(w.t.Context(), &all))
	if len(all) < 20 {
		w.t.Fatalf("only %d foreign keys are found", len(all))
	}
	return all
}

// owned are the tables whose rows belong to a municipality.
func (w *world) owned() (tables []string) {
	w.t.Helper()
	must(w.t, w.DB.NewRaw(`SELECT table_name FROM information_schema.columns
		WHERE table_schema = 'public' AND column_name = 'municipality_id' ORDER BY 1`).Scan(w.t.Context(), &tables))
	if len(tables) < 20 {
		w.t.Fatalf("only %d tables are owned", len(tables))
	}
	return tables
}

// kept are the foreign keys to persons and organisations that a merge must leave alone.
var kept = map[string]string{
	"persons.merged_into_id":       "the merge itself",
	"organisations.merged_into_id": "the merge itself",
	"personal_data.person_id":      "a duplicate keeps its own data",
}

// A merge moves every column that names a person or an organisation: a module that brings a new
// one tells people of it. And what people were told of is there.
func TestMergesKnowEveryReference(t *testing.T) {
	w := newWorld(t)
	registered := map[string]bool{}
	for _, m := range w.Modules {
		if m, ok := m.(*people.Module); ok {
			for _, r := range m.References() {
				registered[r.To+" "+r.Table+"."+r.Column] = true
			}
		}
	}
	names := map[string]string{"persons": "Person", "organisations": "Organisation"}
	found := map[string]bool{}
	for _, key := range w.foreignKeys() {
		if names[key.Target] == "" {
			continue
		}
		column := key.Table + "." + key.Columns[slices.Index(key.TargetColumns, "id")]
		found[names[key.Target]+" "+column] = true
		if !registered[names[key.Target]+" "+column] && kept[column] == "" {
			t.Errorf("%s names a %s, and merges do not know of it: RegisterReference", column, names[key.Target])
		}
	}
	for reference := range registered {
		table, column, _ := strings.Cut(reference[strings.Index(reference, " ")+1:], ".")
		var there bool
		must(t, w.DB.NewRaw(`SELECT EXISTS (SELECT FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ? AND column_name = ?)`, table, column).Scan(t.Context(), &there))
		if !there {
			t.Errorf("%s is registered, and is not there", reference)
		}
		if kept[table+"."+column] != "" {
			t.Errorf("%s is registered, and is to be kept: %s", reference, kept[table+"."+column])
		}
	}
	for column := range kept {
		if !found["Person "+column] && !found["Organisation "+column] {
			t.Errorf("%s is kept, and is no foreign key", column)
		}
	}
}

// keyed are the owned tables with another primary key.
var keyed = map[string]string{"outbox": "one order of all events, in which every replica reads them"}

// Every owned table has its municipality first in its primary key, and in every foreign key to
// another owned table, so that no row points across and the tables can be distributed by it.
func TestTheMunicipalityStandsFirst(t *testing.T) {
	w := newWorld(t)
	owned := w.owned()
	for _, table := range owned {
		var columns []string
		must(t, w.DB.NewRaw(`SELECT a.attname::text FROM pg_constraint AS c, unnest(c.conkey) WITH ORDINALITY AS k (num, n), pg_attribute AS a
			WHERE c.contype = 'p' AND c.conrelid = ?::regclass AND a.attrelid = c.conrelid AND a.attnum = k.num ORDER BY k.n`, table).Scan(t.Context(), &columns))
		if first := len(columns) > 0 && columns[0] == "municipality_id"; first == (keyed[table] != "") {
			t.Errorf("the primary key of %s is %v", table, columns)
		}
	}
	for _, key := range w.foreignKeys() {
		if !slices.Contains(owned, key.Target) {
			continue
		}
		if !slices.Contains(owned, key.Table) || key.Columns[0] != "municipality_id" || key.TargetColumns[0] != "municipality_id" {
			t.Errorf("%s: %s", key.Name, fmt.Sprint(key.Table, key.Columns, " refers to ", key.Target, key.TargetColumns))
		}
	}
}
