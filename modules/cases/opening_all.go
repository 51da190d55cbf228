package cases

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
)

// LateAnswer is a case whose answer is overdue on the day ?asOf, in SQL against ?TableAlias, a row of cases.
const LateAnswer = lateAnswer

// Hold keeps the calendar as it is until the transaction ends. A module that locks rows of its own before it
// opens cases calls it first.
func (s *Service) Hold(ctx context.Context, tx *mutation.Tx) error { return s.calendar.Hold(ctx, tx) }

// newCase is a case as it is written with others: the row, content and all.
type newCase struct {
	Case `bun:",extend"`

	Title       string     `bun:"title"`
	Text        string     `bun:"text"`
	Code        string     `bun:"code"`
	ApplicantID *uuid.UUID `bun:"applicant_id,type:uuid"`
	ConsentID   *uuid.UUID `bun:"consent_id,type:uuid"`
}

// OpenAll is Open for many at once: all of them or none, numbered in their order, in a number of statements
// that grows with the different kinds, years, persons and bodies that they name, and not with theirs.
func (s *Service) OpenAll(ctx context.Context, tx *mutation.Tx, all []Opening) ([]uuid.UUID, error) {
	if len(all) == 0 {
		return nil, nil
	}
	if err := s.calendar.Hold(ctx, tx); err != nil {
		return nil, err
	}
	kinds, err := s.completeAll(ctx, tx, all)
	if err != nil {
		return nil, err
	}
	entries, err := entriesOf(ctx, tx)
	if err != nil {
		return nil, err
	}
	fresh, err := beginAll(ctx, tx, all, kinds, entries)
	if err != nil {
		return nil, err
	}
	if _, err := tx.NewInsert().Model(&fresh).Exec(ctx); err != nil {
		return nil, postgres.Conflicts(err, broken)
	}
	if err := followAll(ctx, tx, fresh, all, entries); err != nil {
		return nil, err
	}
	if err := startThemAll(ctx, tx, fresh, all, kinds); err != nil {
		return nil, err
	}
	return tellAll(ctx, tx, fresh, all)
}

// completeAll is settle for each, with each kind, person and body asked for once.
func (s *Service) completeAll(ctx context.Context, tx *mutation.Tx, all []Opening) ([]*CaseKind, error) {
	known, kinds, stood := map[string]*CaseKind{}, make([]*CaseKind, len(all)), map[[3]uuid.UUID]bool{}
	var p core.Problems
	for i := range all {
		o := &all[i]
		if known[o.Kind] == nil {
			kind, err := kindOf(ctx, tx, o)
			if err != nil {
				return nil, err
			}
			known[o.Kind] = kind
		}
		kinds[i] = known[o.Kind]
		if err := p.Add(o.complete(tx, kinds[i])); err != nil {
			return nil, err
		}
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	for i := range all {
		named := [3]uuid.UUID{keyOrNil(all[i].ApplicantID), keyOrNil(all[i].OwnerOrganisationID), keyOrNil(all[i].OwnerPersonID)}
		if stood[named] {
			continue
		}
		stood[named] = true
		if err := s.stand(ctx, tx, &all[i]); err != nil {
			return nil, err
		}
	}
	return kinds, nil
}

func keyOrNil(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

// beginAll makes the rows, with the next numbers of their years.
func beginAll(ctx context.Context, tx *mutation.Tx, all []Opening, kinds []*CaseKind, entries map[CasePublicState]uuid.UUID) ([]newCase, error) {
	fresh, many, next := make([]newCase, len(all)), map[int]int{}, map[int]int{}
	for i := range all {
		c := all[i].begin(tx, kinds[i])
		state, err := entryOf(entries, c.PublicState)
		if err != nil {
			return nil, err
		}
		c.StateID, c.Year = state, all[i].ReceivedOn.Time().Year()
		many[c.Year]++
		fresh[i] = newCase{Case: *c, Title: all[i].Title, Text: all[i].Text, Code: newCode(), ApplicantID: all[i].ApplicantID, ConsentID: all[i].ConsentID}
	}
	for i := range fresh {
		c := &fresh[i].Case
		if many[c.Year] > 0 {
			var last int
			err := tx.NewRaw(`INSERT INTO case_numbers AS known (municipality_id, year, last) VALUES (?0, ?1, ?2)
				ON CONFLICT (municipality_id, year) DO UPDATE SET last = known.last + EXCLUDED.last RETURNING last`,
				core.MunicipalityOf(ctx).ID, c.Year, many[c.Year]).Scan(ctx, &last)
			if err != nil {
				return nil, err
			}
			next[c.Year], many[c.Year] = last-many[c.Year], 0
		}
		next[c.Year]++
		c.Serial = next[c.Year]
	}
	return fresh, nil
}

// followAll is follow for each.
func followAll(ctx context.Context, tx *mutation.Tx, fresh []newCase, all []Opening, entries map[CasePublicState]uuid.UUID) error {
	var steps []CaseStep
	var signed []CaseSignatory
	for i := range fresh {
		steps = append(steps, fresh[i].firstSteps(tx, entries)...)
		if person := all[i].ApplicantID; person != nil {
			signed = append(signed, CaseSignatory{ID: core.NewID(), CaseID: fresh[i].ID, PersonID: *person, SignedOn: all[i].ReceivedOn})
		}
	}
	if _, err := tx.NewInsert().Model(&steps).Exec(ctx); err != nil || len(signed) == 0 {
		return err
	}
	_, err := tx.NewInsert().Model(&signed).Exec(ctx)
	return err
}

// startThemAll is startAll for each: the clocks are written with their days, and the cases show those of the
// answers.
func startThemAll(ctx context.Context, tx *mutation.Tx, fresh []newCase, all []Opening, kinds []*CaseKind) error {
	var clocks []map[string]any
	add := func(c *CaseClock) {
		clocks = append(clocks, map[string]any{"id": c.ID, "case_id": c.CaseID, "kind": c.Kind, "begins_on": c.BeginsOn, "days": c.Days,
			"unit": c.Unit, "fixed_on": c.FixedOn, "ended_on": c.EndedOn, "outcome": c.Outcome})
	}
	for i := range fresh {
		c := &fresh[i].Case
		add(kinds[i].untilRegistered(c))
		if c.RegisteredOn != nil {
			forwarding, answer := kinds[i].fromRegistered(c, all[i].DueOn)
			add(forwarding)
			add(answer)
		}
	}
	text, err := json.Marshal(clocks)
	if err != nil {
		return fmt.Errorf("clocks: %w", err)
	}
	var due []struct {
		ID     uuid.UUID
		Number string
		DueOn  *core.Date
	}
	err = tx.NewRaw(`WITH started AS (
			INSERT INTO case_clocks (municipality_id, id, case_id, kind, begins_on, days, unit, fixed_on, ended_on, outcome, due_on)
			SELECT ?0, id, case_id, kind, begins_on, days, unit, fixed_on, ended_on, outcome, case_due_on(?0, begins_on, days, unit, fixed_on, 0, 0)
			FROM jsonb_to_recordset(?1::jsonb) AS clock (id uuid, case_id uuid, kind text, begins_on date, days int, unit text, fixed_on date, ended_on date, outcome text)
			RETURNING case_id, kind, due_on)
		UPDATE cases SET due_on = (SELECT due_on FROM started WHERE started.case_id = cases.id AND started.kind = 'ANSWER')
		WHERE municipality_id = ?0 AND id IN (SELECT case_id FROM started) RETURNING id, number, due_on`,
		core.MunicipalityOf(ctx).ID, string(text)).Scan(ctx, &due)
	if err != nil {
		return postgres.Conflicts(err, broken)
	}
	at := make(map[uuid.UUID]int, len(due))
	for i, d := range due {
		at[d.ID] = i
	}
	for i := range fresh {
		d := due[at[fresh[i].ID]]
		fresh[i].Number, fresh[i].DueOn = d.Number, d.DueOn
	}
	return nil
}

// tellAll is opened for each, with each owner asked for once.
func tellAll(ctx context.Context, tx *mutation.Tx, fresh []newCase, all []Opening) ([]uuid.UUID, error) {
	keys, owners := make([]uuid.UUID, len(fresh)), map[[2]uuid.UUID][]uuid.UUID{}
	for i := range fresh {
		c := &fresh[i].Case
		owner := [2]uuid.UUID{keyOrNil(c.OwnerOrganisationID), keyOrNil(c.OwnerPersonID)}
		tell, known := owners[owner]
		if !known {
			var err error
			if tell, err = ownersOf(ctx, tx, c, tx.Today()); err != nil {
				return nil, err
			}
			owners[owner] = tell
		}
		keys[i] = c.ID
		tx.Changed(c.opening(&all[i], tell[:len(tell):len(tell)]))
	}
	return keys, nil
}

// PublishAllFrom publishes the cases that came from an object and are not published yet, under their own
// title and text: for words that were spoken in public, once somebody has made sure that they hold no
// personal data. It is the caller who vouches for that, and for the right.
func (s *Service) PublishAllFrom(ctx context.Context, tx *mutation.Tx, source core.ID) error {
	var all []Case
	err := tx.NewUpdate().Model(&all).Set("published_at = ?", tx.Now()).Set("published_title = title").Set("published_text = text").Set("version = version + 1").
		Where("source_type = ?", source.Type).Where("source_id = ?", source.Key).Where("published_at IS NULL").Returning("?TableColumns").Scan(ctx)
	if err != nil {
		return postgres.Conflicts(err, broken)
	}
	for i := range all {
		tx.Changed(core.Change{Kind: core.Updated, Type: "Case", ID: all[i].ID, After: all[i].facts(), Touched: all[i].touched()})
	}
	return nil
}
