package cases

import (
	"strings"
	"testing"
)

// Among many cases the few that are overdue on a day are found by the index of the days on which clocks
// are overdue, whatever the day: not by looking at every case.
func TestOverdueIsReadFromItsIndex(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.open(Opening{})
	_, err := w.db.NewRaw(`INSERT INTO cases (municipality_id, id, year, serial, code, kind_id, origin, channel, title, text, state_id, public_state, received_on, registered_on, due_on, opened_at)
			SELECT municipality_id, gen_random_uuid(), 2011, n, code, kind_id, origin, channel, title, text, state_id, public_state, received_on, registered_on, due_on, opened_at
			FROM cases, generate_series(1, 20000) AS n;
		ANALYZE cases;
		INSERT INTO case_clocks (municipality_id, id, case_id, kind, begins_on, days, unit, due_on, ended_on, outcome)
			SELECT municipality_id, gen_random_uuid(), id, 'ANSWER', '2012-01-01', 30, 'CALENDAR', date '2012-01-31' + (serial % 300), date '2012-01-31' + (serial % 300) + (serial % 7 - 5), 'MET'
			FROM cases WHERE year = 2011;
		ANALYZE case_clocks`).Exec(w.ctx())
	must(t, err)
	condition := strings.NewReplacer("?TableAlias", "a_case", "?asOf", "$2::date").Replace(lateAnswer)
	for _, day := range []string{"2012-03-01", "2012-11-01", "2013-02-01"} {
		var plan []string
		rows, err := w.db.Pool.Query(w.ctx(), `EXPLAIN SELECT a_case.id FROM cases AS a_case WHERE a_case.municipality_id = $1 AND (`+condition+`) ORDER BY `+
			strings.ReplaceAll(byDue, "?TableAlias", "a_case")+`, a_case.id LIMIT 21`, w.town.ID, day)
		must(t, err)
		for rows.Next() {
			var line string
			must(t, rows.Scan(&line))
			plan = append(plan, line)
		}
		must(t, rows.Err())
		if text := strings.Join(plan, "\n"); !strings.Contains(text, "case_clocks_overdue") || strings.Contains(text, "Seq Scan") {
			t.Errorf("on %s:\n%s", day, text)
		}
	}
}
