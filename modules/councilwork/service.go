package councilwork

import (
	"context"
	"reflect"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/calendar"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/files"
	"github.com/veche-city/veche/modules/people"
)

// Service is every way to change the work of councils. Each method checks the caller's right on the row,
// or in the body where there is no row yet, so it may be called from anywhere.
type Service struct {
	reads    *read.Reader
	guard    *access.Guard
	writer   *mutation.Writer
	people   *people.Service
	councils *councils.Service
	calendar *calendar.Service
	cases    *cases.Service
	files    *files.Service
}

// broken are the words for what the database holds true.
var broken = map[string]*core.Error{
	"secondments_once":       core.Conflict(core.T("This person is seconded by the body to that commission at that time already.", "Этот человек в это время уже направлен органом в эту комиссию."), "input", "startsOn"),
	"secondment_reports_due": core.Conflict(core.T("A report by that day is asked for already.", "Отчёт к этому дню уже запрошен."), "input", "dueOn"),
	"expertise_experts_once": core.Conflict(core.T("This person is an expert of it already.", "Этот человек уже назначен экспертом."), "input", "personId"),
	"public_expertises_length": core.Invalid(core.T("An expertise lasts 120 days at most from its announcement (212-FZ, article 22).",
		"Общественная экспертиза длится не более 120 дней со дня объявления (212-ФЗ, ст. 22)."), "input", "dueOn"),
	"expertise_conclusions_one":  core.ErrConflict, // two began it at once
	"recommendations_case":       core.ErrConflict,
	"expertise_proposals_number": core.ErrConflict,
}

func insert(ctx context.Context, tx *mutation.Tx, model any) error {
	_, err := tx.NewInsert().Model(model).Exec(ctx)
	return postgres.Conflicts(err, broken)
}

// save writes columns of a locked row, whose version the caller has read.
func save(ctx context.Context, tx *mutation.Tx, model any, expected int, columns ...string) error {
	return postgres.Conflicts(mutation.Save(ctx, tx, model, expected, columns...), broken)
}

// lock finds a row for a change: seen by the caller, changed under the permission, and held until the end
// of the transaction.
func lock[M any](ctx context.Context, s *Service, tx *mutation.Tx, id core.ID, permission, field string) (*M, error) {
	key, err := id.Of(reflect.TypeFor[M]().Name(), "input", field)
	if err != nil {
		return nil, err
	}
	if err := read.Require[M](ctx, s.reads, tx, permission, key, "input", field); err != nil {
		return nil, err
	}
	return held[M](ctx, tx, key, "NO KEY UPDATE", field)
}

// held reads a row and locks it. One that has gone meanwhile is NOT_FOUND.
func held[M any](ctx context.Context, tx *mutation.Tx, key uuid.UUID, how, field string) (*M, error) {
	row := new(M)
	err := tx.NewSelect().Model(row).Where("?TableAlias.id = ?", key).For(how).Scan(ctx)
	if postgres.NoRows(err) {
		return nil, &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: []string{"input", field}}
	}
	return row, err
}

// seen finds what an input refers to; one that the caller may not see is NOT_FOUND, none stays none.
func seen[M any](ctx context.Context, s *Service, tx *mutation.Tx, id *core.ID, field string) (*uuid.UUID, error) {
	key, err := core.KeyOf(id, reflect.TypeFor[M]().Name(), "input", field)
	if err != nil || key == nil {
		return nil, err
	}
	return key, read.Seen[M](ctx, s.reads, tx, *key, "input", field)
}

// body finds a body that the caller sees, and keeps it from being changed and its seats from being given
// and ended until the transaction does.
func (s *Service) body(ctx context.Context, tx *mutation.Tx, id core.ID, field string) (*councils.Council, error) {
	key, err := seen[councils.Council](ctx, s, tx, &id, field)
	if err != nil {
		return nil, err
	}
	return held[councils.Council](ctx, tx, *key, "SHARE", field)
}

// stands refuses a body that was not there on a day.
func stands(c *councils.Council, on core.Date, field string) error {
	switch {
	case on.Before(c.FoundedOn):
		return core.Conflict(core.Textf("The body was founded on %s only.", "Орган создан только %s.", c.FoundedOn), "input", field)
	case c.DissolvedOn != nil && c.DissolvedOn.Before(on):
		return core.Conflict(core.Textf("The body was dissolved on %s.", "Орган упразднён %s.", *c.DissolvedOn), "input", field)
	}
	return nil
}

// in is where something stands that a body has no row of yet.
func in(c *councils.Council, relations ...string) access.Resource {
	r := access.Resource{Scopes: []core.Scope{{Kind: "council", ID: c.ID}}, Relations: relations}
	if c.DistrictID != nil {
		r.Scopes = append(r.Scopes, core.Scope{Kind: "district", ID: *c.DistrictID})
	}
	return r
}

// notice is what a body's followers are told, and the persons whom it concerns; it names the body alone.
func (s *Service) notice(ctx context.Context, tx *mutation.Tx, council uuid.UUID, en, ru string, tell ...uuid.UUID) (*core.Notice, error) {
	var name string
	err := tx.NewSelect().Model((*councils.Council)(nil)).Column("name").Where("?TableAlias.id = ?", council).Scan(ctx, &name)
	return &core.Notice{Text: core.T(name+": "+en, name+": "+ru), Tell: tell}, err
}
