package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// farPageIsReached holds that the cursor which growth makes up is the one that paging comes to.
func farPageIsReached(t *testing.T, veche *client, db *pgx.Conn) {
	const basis = "ACTIVE_CITIZEN"
	first, err := seatsPage(basis, nil)
	must(t, err)
	made, page, err := cursorBefore(t.Context(), db, veche, basis, first)
	must(t, err)
	if page < 3 {
		t.Fatalf("the list has %d pages", page)
	}
	body, reached := first, ""
	for n := 1; n < page; n++ {
		answer, err := veche.ask(t.Context(), firstTown, body)
		must(t, err)
		reached = seatsOf(answer).Memberships.PageInfo.EndCursor
		body, err = seatsPage(basis, &reached)
		must(t, err)
	}
	if made != reached {
		t.Errorf("page %d is reached by %s, and made up was %s", page, reached, made)
	}
}

// A page of twice the cost on a machine that became twice as slow costs what it did.
func TestGrowthTable(t *testing.T) {
	at := func(rows, page int, cpu, beside float64) grown {
		return grown{Rows: rows, Page: page, Figures: figures{Server: cpu, Postgres: cpu}, Beside: figures{Server: beside, Postgres: beside}}
	}
	var out bytes.Buffer
	must(t, (&growthCommand{}).print(&out, []grown{at(10, 1, 1, 1), at(10, 2, 3, 1), at(100, 1, 2, 2), at(100, 9, 3, 0.5), at(1000, 1, 1, 0), at(1000, 8, 1, 0)}))
	for _, line := range []string{"10 1 0 0.00 0.00 1.00+1.00 1.00+1.00 1.00 1.00", "100 1 0 0.00 0.00 2.00+2.00 2.00+2.00 1.00 1.00",
		"100 9 0 0.00 0.00 3.00+3.00 0.50+0.50 6.00 2.00", "1000 1 0 0.00 0.00 1.00+1.00 – – –"} {
		if text := strings.Join(strings.Fields(out.String()), " "); !strings.Contains(text, line) {
			t.Errorf("%q is not in\n%s", line, out.String())
		}
	}
}

func TestGrowthSettingsRefused(t *testing.T) {
	good := growthCommand{Duration: time.Second, Rounds: 1, Connections: 1, Rows: lengths[0], setting: setting{Persons: 280, Councils: 10, Pool: 1}}
	must(t, good.Validate())
	for name, spoil := range map[string]func(*growthCommand){
		"duration": func(c *growthCommand) { c.Duration = time.Millisecond }, "rounds": func(c *growthCommand) { c.Rounds = 0 },
		"connections": func(c *growthCommand) { c.Connections = 0 }, "rows": func(c *growthCommand) { c.Rows = lengths[0] - 1 },
		"persons": func(c *growthCommand) { c.Persons = 279 },
	} {
		c := good
		if spoil(&c); c.Validate() == nil {
			t.Errorf("a wrong --%s was let through", name)
		}
	}
}
