package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/cmd/bench/load"
)

// growthCommand measures B3 as the list grows: a page is to cost the same at every length, and the
// ten-thousandth the same as the first. Minutes lie between two lengths, in which a machine may become
// slower or faster; so each time the neighbour's list, which does not grow, is measured beside it, and
// what is compared is how many times as much a page costs.
type growthCommand struct {
	setting
	Rows        int           `help:"The longest list: 10,000, 100,000, 1,000,000 and 5,000,000 rows are measured up to this." default:"5000000"`
	Duration    time.Duration `help:"How long each run lasts." default:"3s"`
	Rounds      int           `help:"How often each run is repeated; medians are shown." default:"3"`
	Connections int           `help:"Connections of the closed loop." default:"16"`
}

// Validate checks what kong's own tags cannot say.
func (c *growthCommand) Validate() error {
	switch {
	case c.Duration < leastDuration || c.Rounds < 1 || c.Connections < 1:
		return fmt.Errorf("--duration is at least %s, --rounds and --connections are at least 1", leastDuration)
	case c.Rows < lengths[0]:
		return fmt.Errorf("--rows is at least %d", lengths[0])
	}
	return c.setting.Validate()
}

// lengths are those of the list; --rows bounds them.
var lengths = []int{10_000, 100_000, 1_000_000, 5_000_000}

// farPage is the page that is asked for beside the first; where there are not so many, the last.
const (
	farPage      = 10_000
	seatsPerPage = 50
)

// grown is what a page cost at one length.
type grown struct {
	Rows    int     `json:"rows"`
	Page    int     `json:"page"`
	Figures figures `json:"veche"`
	Beside  figures `json:"neighbour"` // the first page of the neighbour's list, at the same time
	Spread  float64 `json:"spread"`
}

// relative is the CPU by the neighbour's.
func (g grown) relative() float64 { return g.Figures.cpu() / g.Beside.cpu() }

// Run measures, takes everything down, and prints.
func (c *growthCommand) Run(ctx context.Context) error {
	s := &stage{}
	all, err := c.perform(ctx, s)
	if err := s.end(ctx, err); err != nil {
		return err
	}
	return c.print(os.Stdout, all)
}

func (c *growthCommand) perform(ctx context.Context, s *stage) (all []grown, err error) {
	if err := s.begin(ctx, &c.setting); err != nil {
		return nil, err
	}
	progress("adding bulk")
	rows := lengths[0]
	if err := fill(ctx, s.db, amount{c.Persons, c.Councils, rows}); err != nil {
		return nil, err
	}
	for _, length := range lengths {
		if length > c.Rows {
			break
		}
		progress(fmt.Sprintf("a list of %d rows", length))
		if err := (amount{persons: c.Persons, rows: length}).extend(ctx, s.db, firstTown, rows); err != nil {
			return nil, err
		}
		rows = length
		if _, err := s.db.Exec(ctx, "VACUUM (ANALYZE)"); err != nil {
			return nil, err
		}
		seen, err := c.measure(ctx, s, length)
		if err != nil {
			return nil, err
		}
		all = append(all, seen...)
	}
	return all, nil
}

// measure asks for both pages and the neighbour's in turn.
func (c *growthCommand) measure(ctx context.Context, s *stage, rows int) ([]grown, error) {
	targets, far, err := s.pages(ctx)
	if err != nil {
		return nil, err
	}
	seen := make([][]figures, len(targets))
	for round := -1; round < c.Rounds; round++ { // the one before the first warms up
		for i, target := range targets {
			f, err := s.observe(s.veche, func() (load.Result, error) {
				return load.Closed(ctx, target, c.Connections, c.Duration)
			})
			if err != nil {
				return nil, err
			}
			if round >= 0 {
				seen[i] = append(seen[i], f)
			}
		}
	}
	beside := medians(seen[2])
	return []grown{
		{Rows: rows, Page: 1, Figures: medians(seen[0]), Beside: beside, Spread: apart(seen[0])},
		{Rows: rows, Page: far, Figures: medians(seen[1]), Beside: beside, Spread: apart(seen[1])},
	}, nil
}

// pages are the first and the far page and the neighbour's first, of every ground in turn, and which
// page the far one is.
func (s *stage) pages(ctx context.Context) (targets []load.Target, far int, err error) {
	veche := &client{address: s.veche.address}
	targets = []load.Target{{Address: veche.address}, {Address: veche.address}, {Address: veche.address}}
	for _, basis := range grounds {
		first, err := seatsPage(basis, nil)
		if err != nil {
			return nil, 0, err
		}
		var cursor string
		if cursor, far, err = cursorBefore(ctx, s.db, veche, basis, first); err != nil {
			return nil, 0, err
		}
		later, err := seatsPage(basis, &cursor)
		if err != nil {
			return nil, 0, err
		}
		for i, asked := range []struct {
			town string
			body []byte
		}{{firstTown, first}, {firstTown, later}, {secondTown, first}} {
			answer, err := veche.ask(ctx, asked.town, asked.body)
			if err != nil {
				return nil, 0, err
			}
			if n := len(seatsOf(answer).Memberships.Nodes); n != seatsPerPage {
				return nil, 0, fmt.Errorf("a page of %s has %d rows", basis, n)
			}
			targets[i].Requests = append(targets[i].Requests, veche.request(asked.town, asked.body))
		}
	}
	return targets, far, nil
}

// seatsPage asks for the page after that cursor; nil: the first.
func seatsPage(basis string, after *string) ([]byte, error) {
	return operation{Name: "Seats", Query: seatsQuery}.body(variables{"basis": basis, "after": after})
}

// cursorBefore is that of the last row before the far page, and which page that is. Nobody pages ten
// thousand times: it is the first page's own cursor with the keys of that row.
func cursorBefore(ctx context.Context, db *pgx.Conn, veche *client, basis string, first []byte) (text string, page int, err error) {
	answer, err := veche.ask(ctx, firstTown, first)
	if err != nil {
		return "", 0, err
	}
	plain, err := base64.RawURLEncoding.DecodeString(seatsOf(answer).Memberships.PageInfo.EndCursor)
	if err != nil {
		return "", 0, err
	}
	var form struct {
		Version json.RawMessage `json:"v"`
		Order   json.RawMessage `json:"o"`
		Keys    []string        `json:"k"`
	}
	if err := json.Unmarshal(plain, &form); err != nil {
		return "", 0, fmt.Errorf("cursor: %w", err)
	}
	var day, id string
	err = db.QueryRow(ctx, `WITH listed AS (SELECT m.starts_on, m.id FROM municipalities AS t
			JOIN memberships AS m ON m.municipality_id = t.id AND m.post = 'MEMBER' AND m.basis = $2 WHERE t.key = $1),
		far AS (SELECT least($3, count(*) / $4) AS page FROM listed)
		SELECT far.page, row.starts_on::text, row.id::text FROM far,
			LATERAL (SELECT * FROM listed ORDER BY starts_on DESC, id DESC OFFSET (far.page - 1) * $4 - 1 LIMIT 1) AS row`,
		firstTown, basis, farPage, seatsPerPage).Scan(&page, &day, &id)
	if err != nil {
		return "", 0, fmt.Errorf("the far page of %s: %w", basis, err)
	}
	form.Keys = []string{day, id}
	plain, err = json.Marshal(form)
	return base64.RawURLEncoding.EncodeToString(plain), page, err
}

// seatsAnswer is what is looked at of B3's answer.
type seatsAnswer struct {
	Memberships struct {
		Nodes    []json.RawMessage
		PageInfo struct{ EndCursor string }
	}
}

func seatsOf(data []byte) (a seatsAnswer) {
	_ = json.Unmarshal(data, &a) // what is no such answer has no rows, which its reader refuses
	return a
}

// print compares each page with the same one of the shortest list.
func (c *growthCommand) print(out io.Writer, all []grown) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "rows\tpage\treq/s\tp50 ms\tp99 ms\tCPU-ms\tneighbour's\tby it\tby the shortest\tspread\t") // Flush tells of failures
	for i, g := range all {
		f, by, shortest := g.Figures, "–", "–"
		if g.Beside.cpu() > 0 {
			by, shortest = ratio(f.cpu(), g.Beside.cpu()), ratio(g.relative(), all[i%2].relative())
		}
		_, _ = fmt.Fprintf(table, "%d\t%d\t%.0f\t%.2f\t%.2f\t%s\t%s\t%s\t%s\t%.0f %%\t\n", g.Rows, g.Page, f.Rate, f.P50, f.P99, cpu(f), cpu(g.Beside),
			by, shortest, 100*g.Spread)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	line, err := json.Marshal(map[string]any{"growth": all})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nCPU-ms are a request's, Veche's + Postgres', at %d connections; the neighbour's list has %d rows throughout.\n\nbench %s\n",
		c.Connections, lengths[0]/secondPart, line)
	return err
}
