package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// setting is what the benchmark and the growth share.
type setting struct {
	Persons     int    `help:"Persons added to the reference city." default:"20000"`
	Councils    int    `help:"Councils added to it, of 22 members and 6 former ones each." default:"180"`
	Pool        int    `help:"Connections of each server to the database." default:"10"`
	Veche       string `help:"The binary to measure; none: built from this module." type:"existingfile"`
	DatabaseURL string `name:"database-url" help:"A Postgres to make a throw-away database on, by a role that may; none: a server of its own." placeholder:"URL"`
}

// leastDuration of a run.
const leastDuration = 100 * time.Millisecond

// Validate checks what kong's own tags cannot say.
func (s *setting) Validate() error {
	switch {
	case s.Councils < 2 || s.Persons < 2*seatsPerCouncil || s.Persons < s.Councils*seatsPerCouncil:
		return fmt.Errorf("--persons must be at least %d for each of --councils, two at least, so that nobody sits twice", seatsPerCouncil)
	case s.Pool < 1:
		return errors.New("--pool is at least 1")
	}
	return nil
}

type benchCommand struct {
	setting
	Rows        int           `help:"Memberships added as one long list." default:"500000"`
	Duration    time.Duration `help:"How long each run lasts." default:"800ms"`
	Rounds      int           `help:"How often each run is repeated; medians are shown." default:"3"`
	Connections []int         `help:"Connections of a closed loop." default:"1,16,64"`
	Open        time.Duration `help:"How long each open loop lasts, in which requests come at their own rate; 0: none." default:"3s"`
	Operations  []string      `help:"Which operations, by their keys; none: all."`
	Markdown    bool          `help:"Print the tables in Markdown."`
	Profile     string        `help:"Folder for a CPU profile of Veche for each operation, taken after measuring." type:"path"`
}

// Validate checks what kong's own tags cannot say.
func (c *benchCommand) Validate() error {
	switch {
	case c.Duration < leastDuration:
		return fmt.Errorf("--duration is at least %s: the counters of CPU move in steps of 10ms", leastDuration)
	case c.Rounds < 1 || len(c.Connections) == 0 || slices.Min(c.Connections) < 1:
		return errors.New("--rounds and --connections are at least 1")
	case c.Open < 0 || c.Rows < leastRows:
		return fmt.Errorf("--open is at least 0, --rows at least %d", leastRows)
	}
	return c.setting.Validate()
}

// Run measures, takes everything down, and prints. Nothing is printed to standard output but the
// result.
func (c *benchCommand) Run(ctx context.Context) error {
	result, err := c.perform(ctx)
	if err != nil {
		return err
	}
	return result.print(os.Stdout, c.Markdown)
}

func (c *benchCommand) perform(ctx context.Context) (r report, err error) {
	chosen, err := choose(c.Operations)
	if err != nil {
		return r, err
	}
	s := &stage{profiled: c.Profile != ""}
	defer func() { err = s.end(ctx, err) }()
	if err := s.set(ctx, &c.setting, c.Rows); err != nil {
		return r, err
	}
	progress("comparing answers")
	runs, err := prepare(ctx, s, chosen)
	if err != nil {
		return r, err
	}
	r = report{settings: c, machine: s.machine(ctx)}
	if r.results, err = measure(ctx, c, s, runs); err != nil {
		return r, err
	}
	if r.open, err = measureOpen(ctx, c, s, runs, r.results); err != nil {
		return r, err
	}
	for _, run := range runs {
		if run.free == nil {
			continue
		}
		if err := countSeats(ctx, s.db, firstTown, int(run.free.taken.Load())); err != nil {
			return r, fmt.Errorf("%s: %w", run.Key, err)
		}
	}
	if c.Profile == "" {
		return r, nil
	}
	return r, profile(ctx, c, s, runs)
}

// progress tells a person what takes its time.
func progress(line string) { fmt.Fprintln(os.Stderr, "bench: "+line) }
