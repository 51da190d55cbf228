package host

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/manifest"
)

// A statement of the house on a table of a plugin's could run code of the plugin's as the house: triggers,
// rules, policies, checks, expressions of indexes, types, and all that on tables that a foreign key leads
// a deletion or a change to. Taking the plugin's role for the statement would be no wall, since such code
// can give it back, and changes the session besides. So the statements run on plain tables alone: nothing
// that runs is left in them but Postgres' own immutable functions. What makes a table otherwise takes a
// lock that conflicts with the one that is taken first, so it stays plain until the transaction ends.

// near are the tables ($1: schema, $2: names) with all that foreign keys lead a change or a deletion to.
const near = `WITH RECURSIVE near AS (
	SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = ?0 AND c.relname IN (?1)
	UNION SELECT k.conrelid FROM near JOIN pg_constraint AS k ON k.contype = 'f' AND k.confrelid = near.oid
		AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))) `

// unlocked are those of them that this transaction has not locked.
const unlocked = near + `SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind FROM near JOIN pg_class AS c USING (oid) JOIN pg_namespace AS n ON n.oid = c.relnamespace
	WHERE NOT EXISTS (SELECT FROM pg_locks AS l WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation'
		AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.relation = c.oid AND l.mode = 'RowExclusiveLock' AND l.granted)
	ORDER BY 1, 2`

// notPlain are those of them in which something may run, and why. pg_depend names what is not Postgres'
// own; which of Postgres' own functions a check calls stands in its expression alone, and must be
// immutable, for others run queries that they are given as a text or read views.
const notPlain = near + `, parts AS (
		SELECT near.oid AS rel, 'pg_class'::regclass AS classid, near.oid AS objid FROM near
		UNION ALL SELECT indrelid, 'pg_class'::regclass, indexrelid FROM pg_index WHERE indrelid IN (SELECT oid FROM near)
		UNION ALL SELECT conrelid, 'pg_constraint'::regclass, oid FROM pg_constraint WHERE conrelid IN (SELECT oid FROM near)
		UNION ALL SELECT d.adrelid, 'pg_attrdef'::regclass, d.oid FROM pg_attrdef AS d JOIN pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
			WHERE d.adrelid IN (SELECT oid FROM near) AND a.attgenerated <> '' -- a default is for insertions alone
		UNION ALL SELECT stxrelid, 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext WHERE stxrelid IN (SELECT oid FROM near)
	), called AS (
		SELECT k.conrelid AS rel, m.word[1] AS kind, number::oid AS number FROM pg_constraint AS k,
			regexp_matches(k.conbin::text, ':(funcid|opfuncid|opno|opnos|hashfuncid|negfuncid|aggfnoid|winfnoid) (\(o [0-9 ]+\)|[0-9]+)', 'g') AS m (word),
			regexp_split_to_table(trim(both '()o ' FROM m.word[2]), ' +') AS number
		WHERE k.conrelid IN (SELECT oid FROM near) AND k.conbin IS NOT NULL AND number <> '0'
	), routines AS (
		SELECT rel, number AS oid FROM called WHERE kind NOT IN ('opno', 'opnos')
		UNION SELECT rel, o.oprcode FROM called JOIN pg_operator AS o ON o.oid = number WHERE kind IN ('opno', 'opnos')
	), found AS (
		SELECT oid AS rel, 'kind' AS why FROM pg_class WHERE oid IN (SELECT oid FROM near) AND relkind <> 'r'
		UNION SELECT oid, 'schema' FROM pg_class WHERE oid IN (SELECT oid FROM near) AND relnamespace <> (SELECT oid FROM pg_namespace WHERE nspname = ?0)
		UNION SELECT ev_class, 'rule' FROM pg_rewrite WHERE ev_class IN (SELECT oid FROM near)
		UNION SELECT oid, 'policy' FROM pg_class WHERE oid IN (SELECT oid FROM near) AND (relrowsecurity OR relforcerowsecurity)
		UNION SELECT tgrelid, 'trigger' FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM near) AND NOT tgisinternal
		UNION SELECT inhrelid, 'inherits' FROM pg_inherits WHERE inhrelid IN (SELECT oid FROM near)
		UNION SELECT inhparent, 'inherits' FROM pg_inherits WHERE inhparent IN (SELECT oid FROM near)
		UNION SELECT conrelid, 'default' FROM pg_constraint WHERE conrelid IN (SELECT oid FROM near) AND contype = 'f' AND (confdeltype = 'd' OR confupdtype = 'd')
		UNION SELECT parts.rel, 'own' FROM parts JOIN pg_depend AS d USING (classid, objid)
			WHERE d.refclassid NOT IN ('pg_class'::regclass, 'pg_constraint'::regclass, 'pg_namespace'::regclass, 'pg_collation'::regclass)
		UNION SELECT routines.rel, 'check' FROM routines LEFT JOIN pg_proc AS p ON p.oid = routines.oid WHERE p.provolatile IS DISTINCT FROM 'i'
	) SELECT c.relname AS name, found.why FROM found JOIN pg_class AS c ON c.oid = found.rel ORDER BY 1, 2 LIMIT 1`

// whys are the words for it.
var whys = map[string]core.Text{
	"kind":     core.T("it is no ordinary table", "это не обычная таблица"),
	"schema":   core.T("it stands in another schema", "она находится в другой схеме"),
	"rule":     core.T("it has rules", "у неё есть правила (RULE)"),
	"policy":   core.T("it has row security", "у неё включена защита строк (ROW LEVEL SECURITY)"),
	"trigger":  core.T("it has a trigger", "у неё есть триггер"),
	"inherits": core.T("it inherits, is inherited or is partitioned", "она наследует, наследуется или секционирована"),
	"default":  core.T("a foreign key of it says SET DEFAULT", "её внешний ключ задан с SET DEFAULT"),
	"own":      core.T("a column, check or index of it uses a type, function or operator that is not Postgres' own", "её столбец, проверка или индекс использует тип, функцию или оператор не из состава Postgres"),
	"check":    core.T("a check of it calls a function that is not immutable", "её проверка (CHECK) вызывает функцию, которая не IMMUTABLE"),
}

// holds looks, when the tables were made, whether the house can do in them what the manifest says of
// persons.
func (s *store) holds(ctx context.Context, m *manifest.Manifest) error {
	ctx = core.WithMunicipality(ctx, s.town)
	return postgres.InTx(ctx, s.host.DB, func(ctx context.Context, tx postgres.Tx) error {
		return hurried(ctx, tx, func() error {
			_, err := keptBy(ctx, tx, s.schema, m, true)
			return err
		})
	})
}

// keptBy are the columns of a plugin's tables that name persons, in plain tables, locked. At the start
// whatever is missing is an error; later a table that is not there keeps nobody.
func keptBy(ctx context.Context, tx bun.IDB, schema string, m *manifest.Manifest, start bool) (all []*kept, err error) {
	tables := tablesOf(m)
	if tables == nil {
		return nil, nil
	}
	if err := plain(ctx, tx, schema, tables, m); err != nil {
		return nil, err
	}
	for i, class := range m.DataClasses {
		for j, p := range class.Persons {
			k := &kept{plugin: m.Name, title: m.Title.Core(), class: class.Key, Persons: p, table: bun.Safe(quote(schema) + "." + quote(p.Table))}
			there, wrong, err := k.look(ctx, tx, schema)
			switch {
			case err != nil:
				return nil, err
			case wrong != nil && start:
				return nil, fmt.Errorf("%s: dataClasses[%d].persons[%d]%s: %s", manifest.File, i, j, wrong.at, wrong.why.En)
			case wrong != nil && there:
				return nil, unable(m, p.Table, wrong.why)
			case wrong == nil:
				all = append(all, k)
			}
		}
	}
	return all, nil
}

// tablesOf are the tables that the manifest names, in order.
func tablesOf(m *manifest.Manifest) (tables []string) {
	for _, class := range m.DataClasses {
		for _, p := range class.Persons {
			tables = append(tables, p.Table)
		}
	}
	slices.Sort(tables)
	return slices.Compact(tables)
}

// plain locks the tables, and refuses those in which something may run.
func plain(ctx context.Context, tx bun.IDB, schema string, tables []string, m *manifest.Manifest) error {
	for range 100 { // until nothing new is near
		more, err := lockNear(ctx, tx, schema, tables, m)
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	var found []struct{ Name, Why string }
	if err := tx.NewRaw(notPlain, schema, bun.List(tables)).Scan(ctx, &found); err != nil {
		return err
	}
	if len(found) > 0 {
		return unable(m, found[0].Name, whys[found[0].Why])
	}
	return immediate(ctx, tx, schema, tables)
}

// hurried runs do within limits of time: the plugin may hold locks on its rows, and its checks may be
// expressions that never end. When it fails the transaction is rolled back.
func hurried(ctx context.Context, tx bun.IDB, do func() error) error {
	var lock, statement string
	if err := tx.NewRaw(`SELECT current_setting('lock_timeout'), current_setting('statement_timeout')`).Scan(ctx, &lock, &statement); err != nil {
		return err
	}
	limit := func(lock, statement string) error {
		_, err := tx.NewRaw(`SELECT set_config('lock_timeout', ?, true), set_config('statement_timeout', ?, true)`, lock, statement).Exec(ctx)
		return err
	}
	if err := limit("5s", "30s"); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return limit(lock, statement)
}

// lockNear locks what is near and not locked yet; false: there is nothing more.
func lockNear(ctx context.Context, tx bun.IDB, schema string, tables []string, m *manifest.Manifest) (bool, error) {
	var open []struct{ Schema, Name, Kind string }
	if err := tx.NewRaw(unlocked, schema, bun.List(tables)).Scan(ctx, &open); err != nil {
		return false, err
	}
	for _, t := range open {
		switch {
		case t.Schema != schema:
			return false, unable(m, t.Name, whys["schema"])
		case t.Kind != "r":
			return false, unable(m, t.Name, whys["kind"])
		}
		if _, err := tx.NewRaw(`LOCK TABLE ? IN ROW EXCLUSIVE MODE`, bun.Safe(quote(schema)+"."+quote(t.Name))).Exec(ctx); err != nil {
			return false, notLocked(m, t.Name, err)
		}
	}
	return len(open) > 0, nil
}

// notLocked is why a table cannot be locked: the plugin is at work in it, or took the house's right away.
func notLocked(m *manifest.Manifest, table string, err error) error {
	switch stateOf(err) {
	case "42501":
		return errors.Join(unable(m, table, core.T("Veche was denied the right to it", "у Вече нет на неё прав")), err)
	case "55P03", "40P01", "42P01", "57014":
		return &core.Error{Code: core.CodeConflict, Text: core.ErrConflict.Text, Path: []string{"input"}, Err: err}
	}
	return err
}

// immediate has the constraints of the tables speak at once, not when everything is committed.
func immediate(ctx context.Context, tx bun.IDB, schema string, tables []string) error {
	var later []string
	err := tx.NewRaw(near+`SELECT DISTINCT conname FROM pg_constraint WHERE condeferrable AND contype <> 't'
		AND (conrelid IN (SELECT oid FROM near) OR confrelid IN (SELECT oid FROM near)) ORDER BY 1`, schema, bun.List(tables)).Scan(ctx, &later)
	if err != nil {
		return err
	}
	for _, name := range later {
		if _, err := tx.NewRaw(`SET CONSTRAINTS ? IMMEDIATE`, bun.Safe(quote(schema)+"."+quote(name))).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// unable is a table in which the house changes nothing.
func unable(m *manifest.Manifest, table string, why core.Text) error {
	return &core.Error{Code: core.CodeConflict, Path: []string{"input"}, Text: core.Textf(
		"The plugin “%[1]s” keeps persons in its table %[3]s, in which Veche may change nothing: %[4]s. Upgrade the plugin to a release without that, or remove it.",
		"Плагин «%[2]s» хранит сведения о людях в таблице %[3]s, в которой Вече не может ничего менять: %[5]s. Обновите плагин до версии без этого либо удалите его.",
		m.Title.En, m.Title.Ru, table, why.En, why.Ru)}
}

func stateOf(err error) string {
	var told *pgconn.PgError
	if errors.As(err, &told) {
		return told.Code
	}
	return ""
}
