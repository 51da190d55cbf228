package places

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// relocation is the job that a changed boundary leaves behind: it finds the district of every
// address and venue that may have changed hands. It decides by the day on which it runs, and may
// be run again at any time.
type relocation struct {
	District uuid.UUID `json:"district"`
	// From is when it may begin: the first moment of the day from which the change holds.
	From time.Time `json:"from"`
}

func (relocation) Kind() string { return "places.relocate" }

// InsertOpts puts a change of a later day off to that day.
func (r relocation) InsertOpts() river.InsertOpts { return river.InsertOpts{ScheduledAt: r.From} }

// relocate leaves a job for each day on which the answer changes; nil days are left out. Days
// before today are today.
func (s *Service) relocate(ctx context.Context, tx *mutation.Tx, district uuid.UUID, days ...*core.Date) error {
	town := core.MunicipalityOf(ctx).Location()
	seen := map[string]bool{}
	for _, day := range days {
		if day == nil {
			continue
		}
		from := tx.Now()
		if tx.Today().Before(*day) {
			year, month, date := day.Time().Date()
			from = time.Date(year, month, date, 0, 0, 0, 0, town)
		}
		if seen[from.String()] {
			continue
		}
		seen[from.String()] = true
		if err := tx.Enqueue(ctx, relocation{district, from}); err != nil {
			return fmt.Errorf("places: %w", err)
		}
	}
	return nil
}

// relocator works relocations in steps, each a mutation of its own, so that the map is never held
// for long. A step that is run twice finds nothing to do.
type relocator struct {
	river.WorkerDefaults[relocation]
	service *Service
	step    int
}

func (*relocator) Timeout(*river.Job[relocation]) time.Duration { return 10 * time.Minute }

func (r *relocator) Work(ctx context.Context, job *river.Job[relocation]) error {
	for _, typ := range []string{"Address", "Venue"} {
		after := uuid.Nil
		for {
			last, err := r.stride(ctx, typ, job.Args.District, after)
			if err != nil {
				return fmt.Errorf("places: relocate %s: %w", typ, err)
			}
			if last == uuid.Nil {
				break
			}
			after = last
		}
	}
	return nil
}

// errInPlace rolls back a step that moved nothing: there is nothing to record of it.
var errInPlace = errors.New("places: everything is in its place")

// stride places the next rows after a key and returns the last one's; uuid.Nil when there is none.
func (r *relocator) stride(ctx context.Context, typ string, district, after uuid.UUID) (last uuid.UUID, err error) {
	err = r.service.writer.Run(ctx, "relocate", nil, &struct{}{}, func(ctx context.Context, tx *mutation.Tx) error {
		if err := shareMap(ctx, tx.Tx); err != nil {
			return err
		}
		rows, err := candidates(ctx, tx, typ, tx.Today(), district, after, r.step)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			last = rows[len(rows)-1].ID
		}
		all, err := loadAreas(ctx, tx, tx.Today(), nil)
		if err != nil {
			return err
		}
		moved := all.place(rows)
		if len(moved) == 0 {
			return errInPlace
		}
		return moveAll(ctx, tx, typ, moved)
	})
	if errors.Is(err, errInPlace) {
		err = nil
	}
	return last, err
}

// located is a row with a point, and the district that it stands under.
type located struct {
	ID         uuid.UUID
	Longitude  float64
	Latitude   float64
	DistrictID *uuid.UUID
}

// place gives the rows that stand under another district than the one in which they lie, by the
// latter; uuid.Nil is outside of all.
func (all areas) place(rows []located) map[uuid.UUID][]located {
	moved := map[uuid.UUID][]located{}
	for _, row := range rows {
		lies := all.at(Point{row.Longitude, row.Latitude})
		if same(lies, row.DistrictID) {
			continue
		}
		to := uuid.Nil
		if lies != nil {
			to = *lies
		}
		moved[to] = append(moved[to], row)
	}
	return moved
}

// moveAll writes the districts and records each row that moved; venues without a point of their
// own follow their addresses.
func moveAll(ctx context.Context, tx *mutation.Tx, typ string, moved map[uuid.UUID][]located) error {
	for to, rows := range moved {
		keys := make([]uuid.UUID, len(rows))
		for i, row := range rows {
			keys[i] = row.ID
			tx.Changed(core.Change{Kind: core.Updated, Type: typ, ID: row.ID,
				Before: map[string]any{"district": row.DistrictID}, After: map[string]any{"district": orNil(to)}})
		}
		if err := setDistrict(ctx, tx, typ, keys, orNil(to)); err != nil {
			return err
		}
		if typ == "Address" {
			if err := followAddresses(ctx, tx, keys); err != nil {
				return err
			}
		}
	}
	return nil
}

func orNil(key uuid.UUID) *uuid.UUID {
	if key == uuid.Nil {
		return nil
	}
	return &key
}

// tableOf is the table of a type whose rows have points.
func tableOf(typ string) bun.Ident {
	if typ == "Address" {
		return "addresses"
	}
	return "venues"
}
