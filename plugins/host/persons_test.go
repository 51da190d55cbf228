package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/host"
	"github.com/veche-city/veche/plugins/manifest"
)

// What a plugin keeps of persons, and of the tables that its foreign keys lead to.
const personsTables = `-- +goose Up
CREATE TABLE rounds (id int PRIMARY KEY);
CREATE TABLE votes (round int NOT NULL REFERENCES rounds, person_id uuid NOT NULL, said text NOT NULL DEFAULT 'yes', why text, PRIMARY KEY (round, person_id));
CREATE TABLE parts (id int PRIMARY KEY, round int NOT NULL, person_id uuid NOT NULL, FOREIGN KEY (round, person_id) REFERENCES votes ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE letters (id int PRIMARY KEY, author text, body text NOT NULL CHECK (length(body) < 100), mood text CONSTRAINT moods CHECK (mood IN ('good', 'bad')),
	size int GENERATED ALWAYS AS (length(body)) STORED, CONSTRAINT one UNIQUE (author) DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX by_size ON letters (lower(body)) WHERE size > 3;
CREATE TABLE seats (id int PRIMARY KEY, person_id uuid);
CREATE TABLE free (id int PRIMARY KEY);
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER mine BEFORE INSERT ON free EXECUTE FUNCTION nothing();
INSERT INTO rounds VALUES (1), (2);
`

func ofPersons(change ...func(m *manifest.Manifest)) *manifest.Manifest {
	return orders(append([]func(m *manifest.Manifest){func(m *manifest.Manifest) {
		t := manifest.Text{Ru: "р", En: "e"}
		m.Title = manifest.Text{Ru: "Заказы", En: "Orders"}
		m.DataClasses = []manifest.DataClass{{Key: "orders.votes", Title: t, Basis: t, Persons: []manifest.Persons{
			{Table: "votes", Column: "person_id", Erase: "keep"},
			{Table: "seats", Column: "person_id", Erase: "delete"},
		}}, {Key: "orders.letters", Title: t, Basis: t, Persons: []manifest.Persons{{Table: "letters", Column: "author", Erase: "clear", Clear: []string{"body", "mood"}}}}}
	}}, change...)...)
}

// keeping is a house in which the plugin keeps persons.
func keeping(t *testing.T) *house {
	t.Helper()
	h := open(t, host.Limits{})
	h.enable("d1", ofPersons(), ordersSDL, h.newPlugin(true), []string{ordersTables, personsTables}, h.town, h.other)
	for _, town := range []*core.Municipality{h.town, h.other} {
		if s := h.settled(town, "orders"); s.Reason != "" {
			t.Fatal(s.Reason)
		}
	}
	return h
}

// run runs SQL as the plugin's role.
func (h *house) run(town *core.Municipality, sql string, args ...any) {
	h.Helper()
	_, err := host.PoolOf(h.host, town, "orders").Exec(h.Context(), sql, args...)
	townhall.Must(h, err)
}

// rows are those of a table, as text.
func (h *house) rows(town *core.Municipality, sql string) (text string) {
	h.Helper()
	townhall.Must(h, host.PoolOf(h.host, town, "orders").QueryRow(h.Context(), "SELECT coalesce(string_agg(t::text, ' ' ORDER BY t::text), '') FROM ("+sql+") AS t").Scan(&text))
	return text
}

// in runs do in a transaction of the house's in the town.
func (h *house) in(town *core.Municipality, do func(ctx context.Context, tx postgres.Tx) error) error {
	return postgres.InTx(h.as(town, core.Actor{Kind: core.System}), h.host.DB, do)
}

func (h *house) move(from, to uuid.UUID) (moved []host.Moved, err error) {
	err = h.in(h.town, func(ctx context.Context, tx postgres.Tx) (err error) {
		moved, err = h.host.MovePerson(ctx, tx, from, to)
		return err
	})
	return moved, err
}

func (h *house) erase(persons ...uuid.UUID) error {
	return h.in(h.town, func(ctx context.Context, tx postgres.Tx) error { return h.host.ErasePersons(ctx, tx, persons) })
}

var ann, bob = uuid.MustParse("00000000-0000-7000-8000-00000000000a"), uuid.MustParse("00000000-0000-7000-8000-00000000000b")

func idOf(person uuid.UUID) string { return core.ID{Type: "Person", Key: person}.String() }

func TestAMergeReachesThePluginsTables(t *testing.T) {
	t.Parallel()
	h := keeping(t)
	for _, town := range []*core.Municipality{h.town, h.other} {
		h.run(town, "INSERT INTO votes VALUES (1, $1), (2, $2)", ann, bob)
		h.run(town, "INSERT INTO parts VALUES (1, 1, $1)", ann)
		h.run(town, "INSERT INTO letters VALUES (1, $1, 'dear', 'good')", idOf(ann))
		h.run(town, "INSERT INTO seats VALUES (1, $1), (2, $2)", ann, bob)
	}
	tables := "SELECT 'votes', round, person_id::text FROM votes UNION ALL SELECT 'parts', id, person_id::text FROM parts UNION ALL SELECT 'letters', id, author FROM letters UNION ALL SELECT 'seats', id, person_id::text FROM seats"
	before := h.rows(h.town, tables)
	h.catalog.disabled, h.catalog.enabled = h.catalog.enabled, nil // it works while it is out of the schema
	moved, err := h.move(ann, bob)
	townhall.Must(t, err)
	if got := h.rows(h.town, tables); strings.Contains(got, ann.String()) || strings.Contains(got, idOf(ann)) || strings.Count(got, bob.String()) != 5 || len(moved) != 3 {
		t.Errorf("%s: %s", got, moved)
	}
	if got := h.rows(h.other, tables); got != before {
		t.Errorf("another town's: %s", got)
	}
	h.run(h.town, "DELETE FROM seats WHERE id = 1")
	h.run(h.town, "INSERT INTO seats VALUES (3, $1)", bob)
	for i := range moved { // the rows that came to bob later stay with him
		townhall.Must(t, h.in(h.town, func(ctx context.Context, tx postgres.Tx) error {
			return h.host.MoveBack(ctx, tx, moved[len(moved)-1-i], bob, ann)
		}))
	}
	two := "(seats,2," + bob.String() + ")"
	want := strings.NewReplacer("(seats,1,"+ann.String()+") ", "", two, two+" (seats,3,"+bob.String()+")").Replace(before)
	if got := h.rows(h.town, tables); got != want {
		t.Errorf("%s\n%s", got, want)
	}
}

func TestAMergeThatContradictsIsRefused(t *testing.T) {
	t.Parallel()
	h := keeping(t)
	h.run(h.town, "INSERT INTO seats VALUES (1, $1)", ann)
	for _, both := range []func(){
		func() { h.run(h.town, "INSERT INTO votes VALUES (1, $1), (1, $2)", ann, bob) },
		func() { // a constraint that would speak at the commit
			h.run(h.town, "DELETE FROM votes")
			h.run(h.town, "INSERT INTO letters VALUES (1, $1, 'a'), (2, $2, 'b')", idOf(ann), idOf(bob))
		},
	} {
		both()
		_, err := h.move(ann, bob)
		if core.CodeOf(err) != core.CodeConflict || !strings.Contains(err.Error(), "Orders") {
			t.Errorf("%v", err)
		}
		if got := h.rows(h.town, "SELECT person_id FROM seats"); got != "("+ann.String()+")" {
			t.Errorf("half of it was done: %s", got)
		}
	}
}

func TestAnErasureAndAnExportReachThem(t *testing.T) {
	t.Parallel()
	h := keeping(t)
	h.run(h.town, "INSERT INTO votes VALUES (1, $1), (2, $2)", ann, bob)
	h.run(h.town, "INSERT INTO letters VALUES (1, $1, 'dear', 'good'), (2, $2, 'sir', 'bad')", idOf(ann), idOf(bob))
	h.run(h.town, "INSERT INTO seats VALUES (1, $1), (2, $2), (3, $1)", ann, bob)
	parts, err := h.host.ExportPersons(h.as(h.town, auditor()), []uuid.UUID{ann})
	townhall.Must(t, err)
	text, err := json.Marshal(parts)
	townhall.Must(t, err)
	want := fmt.Sprintf(`{"orders.letters":{"letters.author":[{"id":1,"body":"dear","mood":"good","size":4,"author":%q}]},"orders.votes":{"seats.person_id":[{"id":1,"person_id":%[2]q},{"id":3,"person_id":%[2]q}],"votes.person_id":[{"why":null,"said":"yes","round":1,"person_id":%[2]q}]}}`, idOf(ann), ann)
	var got, wanted any
	townhall.Must(t, json.Unmarshal(text, &got))
	townhall.Must(t, json.Unmarshal([]byte(want), &wanted))
	if fmt.Sprint(got) != fmt.Sprint(wanted) {
		t.Errorf("%s\n%s", text, want)
	}
	townhall.Must(t, h.erase(ann))
	if got := h.rows(h.town, "SELECT 'v', round, person_id FROM votes UNION ALL SELECT 's', id, person_id FROM seats"); got != fmt.Sprintf("(s,2,%s) (v,1,%s) (v,2,%s)", bob, ann, bob) {
		t.Error(got)
	}
	if got := h.rows(h.town, "SELECT id, body, mood FROM letters"); got != `(1,"",) (2,sir,bad)` {
		t.Error(got)
	}
}

// A plugin's code in reach of the house's statements is neither run nor changed around: it is refused.
func TestNoCodeOfAPluginRunsAsTheHouse(t *testing.T) {
	t.Parallel()
	h := keeping(t)
	h.run(h.town, "INSERT INTO votes VALUES (1, $1)", ann)
	h.run(h.town, "INSERT INTO parts VALUES (1, 1, $1)", ann)
	h.run(h.town, "INSERT INTO seats VALUES (1, $1)", ann)
	h.run(h.town, `CREATE FUNCTION evil() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.plugin_secrets VALUES ('evil', decode(repeat('00', 32), 'hex')); RETURN true; END $$`)
	h.run(h.town, `CREATE FUNCTION eviltrigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM plugin_orders_kansk.evil(); RETURN coalesce(NEW, OLD); END $$`)
	h.run(h.town, `CREATE FUNCTION evilsize(text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN IF session_user NOT LIKE 'plugin%' THEN PERFORM plugin_orders_kansk.evil(); END IF; RETURN 1; END $$`)
	h.run(h.town, `CREATE FUNCTION calm() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN session_user LIKE 'plugin%' OR plugin_orders_kansk.evil(); END $$`)
	for name, sql := range map[string][2]string{
		"a trigger":                   {"CREATE TRIGGER t BEFORE UPDATE OR DELETE ON seats FOR EACH ROW EXECUTE FUNCTION eviltrigger()", "DROP TRIGGER t ON seats"},
		"a trigger at the commit":     {"CREATE CONSTRAINT TRIGGER t AFTER UPDATE OR DELETE ON seats DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION eviltrigger()", "DROP TRIGGER t ON seats"},
		"a trigger of the statement":  {"CREATE TRIGGER t AFTER UPDATE OR DELETE ON votes EXECUTE FUNCTION eviltrigger()", "DROP TRIGGER t ON votes"},
		"a trigger behind a key":      {"CREATE TRIGGER t AFTER UPDATE OR DELETE ON parts FOR EACH ROW EXECUTE FUNCTION eviltrigger()", "DROP TRIGGER t ON parts"},
		"a trigger behind two keys":   {"CREATE TABLE far (id int REFERENCES parts ON DELETE CASCADE ON UPDATE CASCADE); CREATE TRIGGER t AFTER UPDATE OR DELETE ON far EXECUTE FUNCTION eviltrigger()", "DROP TABLE far"},
		"a rule":                      {"CREATE RULE r AS ON UPDATE TO seats DO ALSO SELECT plugin_orders_kansk.evil()", "DROP RULE r ON seats"},
		"a rule of deletions":         {"CREATE RULE r AS ON DELETE TO seats DO INSTEAD SELECT plugin_orders_kansk.evil()", "DROP RULE r ON seats"},
		"a policy":                    {"CREATE POLICY p ON seats USING (plugin_orders_kansk.evil()); ALTER TABLE seats ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY", "DROP POLICY p ON seats; ALTER TABLE seats DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY"},
		"a check":                     {"ALTER TABLE seats ADD CONSTRAINT c CHECK (calm())", "ALTER TABLE seats DROP CONSTRAINT c"},
		"a check by a text":           {"ALTER TABLE seats ADD CONSTRAINT c CHECK (query_to_xml('SELECT plugin_orders_kansk.calm()', true, true, '') IS NOT NULL)", "ALTER TABLE seats DROP CONSTRAINT c"},
		"a check by a view":           {"CREATE VIEW seen AS SELECT calm(); ALTER TABLE seats ADD CONSTRAINT c CHECK (table_to_xml('seen', true, true, '') IS NOT NULL)", "ALTER TABLE seats DROP CONSTRAINT c; DROP VIEW seen"},
		"a check of the session":      {"ALTER TABLE seats ADD CONSTRAINT c CHECK (set_config('search_path', 'plugin_orders_kansk', false) <> '')", "ALTER TABLE seats DROP CONSTRAINT c"},
		"a check behind a key":        {"ALTER TABLE parts ADD CONSTRAINT c CHECK (CASE WHEN id > 0 THEN ARRAY[calm()] <> '{}' END)", "ALTER TABLE parts DROP CONSTRAINT c"},
		"an index":                    {"CREATE INDEX i ON seats (evilsize(person_id::text))", "DROP INDEX i"},
		"a part of an index":          {"CREATE INDEX i ON seats (id) WHERE evilsize('a') = 1", "DROP INDEX i"},
		"a generated column":          {"ALTER TABLE seats ADD COLUMN g int GENERATED ALWAYS AS (evilsize('a')) STORED", "ALTER TABLE seats DROP COLUMN g"},
		"a default of a key":          {"ALTER TABLE parts ADD COLUMN v int; ALTER TABLE rounds ADD COLUMN r int UNIQUE; ALTER TABLE votes ADD COLUMN x int UNIQUE; ALTER TABLE parts ADD CONSTRAINT d FOREIGN KEY (v) REFERENCES votes (x) ON DELETE SET DEFAULT", "ALTER TABLE parts DROP COLUMN v; ALTER TABLE votes DROP COLUMN x; ALTER TABLE rounds DROP COLUMN r"},
		"a domain":                    {"CREATE DOMAIN dom AS int CHECK (calm()); ALTER TABLE seats ADD COLUMN d dom", "ALTER TABLE seats DROP COLUMN d; DROP DOMAIN dom"},
		"a type with a cast":          {"CREATE TYPE mood AS ENUM ('a'); CREATE FUNCTION evilcast(mood) RETURNS json LANGUAGE plpgsql AS 'BEGIN PERFORM plugin_orders_kansk.evil();RETURN NULL;END'; CREATE CAST (mood AS json) WITH FUNCTION evilcast(mood); ALTER TABLE seats ADD COLUMN m mood DEFAULT 'a'", "ALTER TABLE seats DROP COLUMN m; DROP TYPE mood CASCADE"},
		"a child":                     {"CREATE TABLE child () INHERITS (seats); CREATE TRIGGER t BEFORE UPDATE ON child FOR EACH ROW EXECUTE FUNCTION eviltrigger()", "DROP TABLE child"},
		"a view in its place":         {"ALTER TABLE seats RENAME TO old; CREATE VIEW seats AS SELECT *, calm() FROM old", "DROP VIEW seats; ALTER TABLE old RENAME TO seats"},
		"a partitioned table":         {"ALTER TABLE seats RENAME TO old; CREATE TABLE seats (id int, person_id uuid) PARTITION BY LIST (id)", "DROP TABLE seats; ALTER TABLE old RENAME TO seats"},
		"an operator in an exclusion": {"CREATE FUNCTION eq(int, int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN evilsize(''a'') = $1;END'; CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = eq, COMMUTATOR = ===); ALTER TABLE seats ADD CONSTRAINT c CHECK (id === 1)", "ALTER TABLE seats DROP CONSTRAINT c; DROP OPERATOR === (int, int)"},
	} {
		for _, part := range strings.Split(sql[0], "; ") {
			h.run(h.town, part)
		}
		_, moves := h.move(ann, bob)
		_, exports := h.host.ExportPersons(h.as(h.town, auditor()), []uuid.UUID{ann})
		for what, err := range map[string]error{"move": moves, "erase": h.erase(ann), "export": exports} {
			if core.CodeOf(err) != core.CodeConflict || !strings.Contains(err.Error(), "in which Veche may change nothing") {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
		for _, part := range strings.Split(sql[1], "; ") {
			h.run(h.town, part)
		}
	}
	var evil bool
	townhall.Must(t, h.host.DB.Pool.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM plugin_secrets WHERE name = 'evil')").Scan(&evil))
	if evil {
		t.Error("a plugin's code ran as the house")
	}
	_, err := h.move(ann, bob) // all of it was taken back
	townhall.Must(t, err)
	if got := h.rows(h.town, "SELECT person_id FROM seats"); got != "("+bob.String()+")" {
		t.Error(got)
	}
}

// What the manifest says of tables is held against them when they were made.
func TestPersonsAreLookedForInTheTables(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	n := 0
	for want, p := range map[string]manifest.Persons{
		`dataClasses[0].persons[0].table: there is no table "nobody" after the migrations`:           {Table: "nobody", Column: "person_id", Erase: "keep"},
		`dataClasses[0].persons[0].column: table "seats" has no column "who"`:                        {Table: "seats", Column: "who", Erase: "keep"},
		`dataClasses[0].persons[0].column: seats.id is neither a uuid (the person's key) nor a text`: {Table: "seats", Column: "id", Erase: "keep"},
		`dataClasses[0].persons[0].clear[0]: table "seats" has no column "x"`:                        {Table: "seats", Column: "person_id", Erase: "clear", Clear: []string{"x"}},
		`dataClasses[0].persons[0].clear[0]: parts.round can be neither empty nor null`:              {Table: "parts", Column: "person_id", Erase: "clear", Clear: []string{"round"}},
		`dataClasses[0].persons[0].table: table "loose" has no primary key`:                          {Table: "loose", Column: "person_id", Erase: "keep"},
		`in which Veche may change nothing: it has a trigger`:                                        {Table: "free", Column: "id", Erase: "keep"},
		`in which Veche may change nothing: it is no ordinary table`:                                 {Table: "sight", Column: "id", Erase: "keep"},
	} {
		n++
		m := ofPersons(func(m *manifest.Manifest) {
			m.Version, m.DataClasses = fmt.Sprintf("1.0.%d", n), m.DataClasses[:1]
			m.DataClasses[0].Persons = []manifest.Persons{p}
		})
		h.enable(fmt.Sprintf("p%d", n), m, ordersSDL, h.newPlugin(true), []string{ordersTables, personsTables, "-- +goose Up\nCREATE TABLE loose (person_id uuid);\nCREATE VIEW sight AS SELECT 1 AS id;"}, h.town)
		if s := h.settled(h.town, "orders"); !strings.Contains(s.Reason, want) {
			t.Errorf("%q, want %q", s.Reason, want)
		}
	}
}
