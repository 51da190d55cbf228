package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

type benchCommand struct {
	Duration    time.Duration `help:"How long each run lasts." default:"1500ms"`
	Rounds      int           `help:"How often each run is repeated; medians are shown." default:"3"`
	Connections []int         `help:"Connections of a closed loop." default:"1,16,64"`
	Operations  []string      `help:"Which operations, by their keys; none: all."`
	Persons     int           `help:"Persons added to the reference city." default:"20000"`
	Councils    int           `help:"Councils added to it, of 22 members and 6 former ones each." default:"180"`
	Pool        int           `help:"Connections of each server to the database." default:"10"`
	Veche       string        `help:"The binary to measure; none: built from this module." type:"existingfile"`
	DatabaseURL string        `name:"database-url" help:"A Postgres to make a throw-away database on, by a role that may; none: a server of its own." placeholder:"URL"`
	Markdown    bool          `help:"Print the table in Markdown."`
	Profile     string        `help:"Folder for a CPU profile of Veche for each operation, taken after measuring." type:"path"`
}

// Validate checks what kong's own tags cannot say.
func (c *benchCommand) Validate() error {
	switch {
	case c.Duration < 100*time.Millisecond:
		return errors.New("--duration is at least 100ms: the counters of CPU move in steps of 10ms")
	case c.Rounds < 1 || len(c.Connections) == 0 || slices.Min(c.Connections) < 1 || c.Pool < 1:
		return errors.New("--rounds, --connections and --pool are at least 1")
	case c.Councils < 1 || c.Persons < c.Councils*seatsPerCouncil:
		return fmt.Errorf("--persons must be at least %d for each of --councils, so that nobody sits twice", seatsPerCouncil)
	}
	return nil
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
	s, err := setStage(ctx, c)
	defer func() {
		if ctx.Err() != nil {
			err = errors.New("interrupted") // whatever else failed, failed by that
		}
		err = errors.Join(err, s.strike())
	}()
	if err != nil {
		return r, err
	}
	progress("comparing answers")
	runs, err := prepare(ctx, s, chosen)
	if err != nil {
		return r, err
	}
	r = report{settings: c, machine: s.machine(ctx)}
	if r.results, err = measure(ctx, c, s, runs); err != nil || c.Profile == "" {
		return r, err
	}
	return r, profile(ctx, c, s, runs)
}

// progress tells a person what takes its time.
func progress(line string) { fmt.Fprintln(os.Stderr, "bench: "+line) }
