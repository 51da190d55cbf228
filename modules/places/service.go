package places

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// Service changes places. Each method is one mutation: it asks for the right on the rows that it
// touches, whoever calls, and answers with what a form can show in the payload.
type Service struct {
	db      *postgres.DB
	reads   *read.Reader
	guard   *access.Guard
	writer  *mutation.Writer
	clock   core.Clock
	modules []core.Info
}

// Known is the id of the row that an importer brought under that external key; ok is false when
// there is none. typ is District, Address or Venue. It is for importers, which act as the system:
// it asks for no right.
func (s *Service) Known(ctx context.Context, typ, externalKey string) (id core.ID, ok bool, err error) {
	models := map[string]any{"District": (*District)(nil), "Address": (*Address)(nil), "Venue": (*Venue)(nil)}
	if models[typ] == nil {
		return id, false, fmt.Errorf("places: %s has no external key", typ)
	}
	var key uuid.UUID
	err = s.db.NewSelect().Model(models[typ]).Column("id").Where("external_key = ?", externalKey).Scan(ctx, &key)
	if postgres.NoRows(err) {
		return id, false, nil
	}
	return core.ID{Type: typ, Key: key}, err == nil, err
}

// DistrictAt is the district in which a point lies on a day, today when nil; uuid.Nil when in none.
func (s *Service) DistrictAt(ctx context.Context, p Point, asOf *core.Date) (uuid.UUID, error) {
	if problem := p.validate(); problem != nil {
		return uuid.Nil, problem
	}
	rounded := Point{round(p.Longitude), round(p.Latitude)}
	district, err := find(ctx, s.db, s.day(ctx, asOf), &rounded)
	if err != nil || district == nil {
		return uuid.Nil, err
	}
	return *district, nil
}

// day is the day asked about, today in the town when none is.
func (s *Service) day(ctx context.Context, asOf *core.Date) core.Date {
	if asOf != nil {
		return *asOf
	}
	return core.MunicipalityOf(ctx).Today(s.clock)
}

// lies is a thing that stands, or will stand, in a district; nil is outside of all.
func lies(district *uuid.UUID) access.Resource {
	if district == nil {
		return access.Resource{}
	}
	return access.Resource{Scopes: []core.Scope{{Kind: scopeDistrict, ID: *district}}}
}

// mayWriteSomewhere refuses whoever may write nowhere before an input is looked into; where a new
// row will stand, and so whether the caller may write there, is known only after.
func (s *Service) mayWriteSomewhere(ctx context.Context) error {
	d, err := s.guard.Decide(ctx, mayWrite)
	if err == nil && d.None() {
		err = core.Forbidden(ctx)
	}
	return err
}

// moveInto checks the right at the place where a row goes, when that is another than before.
func (s *Service) moveInto(ctx context.Context, was, becomes *uuid.UUID) error {
	if same(was, becomes) {
		return nil
	}
	return s.guard.Check(ctx, mayWrite, lies(becomes))
}

func same[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

// load reads one row of the municipality in the transaction, locked against other writers.
func load[M any](ctx context.Context, tx *mutation.Tx, key uuid.UUID, path ...string) (*M, error) {
	row := new(M)
	err := tx.NewSelect().Model(row).Where("?TableAlias.id = ?", key).For("UPDATE").Scan(ctx)
	if postgres.NoRows(err) {
		return nil, &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: path}
	}
	return row, err
}

// taken are the constraints that a form can be told about.
func taken(err error) error {
	return postgres.Conflicts(err, map[string]*core.Error{
		"districts_number":         core.Conflict(core.T("Another district bears this number at that time.", "Этот номер в то же время носит другой микрорайон."), "input", "number"),
		"districts_external_key":   core.Conflict(core.T("This external key is taken.", "Этот внешний ключ уже занят."), "input", "externalKey"),
		"addresses_external_key":   core.Conflict(core.T("This external key is taken.", "Этот внешний ключ уже занят."), "input", "externalKey"),
		"venues_external_key":      core.Conflict(core.T("This external key is taken.", "Этот внешний ключ уже занят."), "input", "externalKey"),
		"addresses_once":           core.Conflict(core.T("There is such an address already. Use it, or merge the two.", "Такой адрес уже есть. Используйте его или объедините оба."), "input", "house"),
		"addresses_fias":           core.Conflict(core.T("Another address bears this GUID.", "Этот GUID уже указан у другого адреса."), "input", "fiasId"),
		"district_boundaries_once": core.ErrConflict,
	})
}
