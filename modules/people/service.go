package people

import (
	"context"
	"fmt"
	"reflect"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// Service is what can be done with people and organisations. Each method that changes something is
// one mutation: it checks the input, then the caller's right, then the rules, and then writes.
type Service struct {
	host       *host.Host // its guard may come after the modules
	log        *accessLog
	references []Reference
	holders    []Holder
	keeper     *Keeper // of plugins' tables; nil: there are none
}

// do runs one mutation of this module.
func (s *Service) do(ctx context.Context, action string, input any, fn func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error)) (*core.Payload, error) {
	return s.host.Writer.Do(ctx, action, input, fn)
}

// may asks for a right on something that is not there yet.
func (s *Service) may(ctx context.Context, permission string) error {
	return s.host.Guard.Check(ctx, permission, access.Resource{})
}

// require reads the id that an input names, and asks for the caller's right on that row.
func require[M any](ctx context.Context, s *Service, tx bun.IDB, permission string, id core.ID, field string) (uuid.UUID, error) {
	key, err := id.Of(typeName[M](), "input", field)
	if err != nil {
		return uuid.Nil, err
	}
	return key, read.Require[M](ctx, s.host.Reads, tx, permission, key, "input", field)
}

// typeName is the GraphQL name of a model: by the rule of the house, Go's own.
func typeName[M any]() string { return reflect.TypeFor[M]().Name() }

// owned binds a row that is written to the municipality of the context.
func owned(ctx context.Context) postgres.Owned {
	return postgres.Owned{MunicipalityID: core.MunicipalityOf(ctx).ID}
}

// PersonStands refuses a person who was merged or erased, and keeps both away until the transaction
// ends. Whoever writes a reference to a person calls it first.
func (s *Service) PersonStands(ctx context.Context, tx bun.IDB, person uuid.UUID, path ...string) error {
	var p Person
	err := tx.NewSelect().Model(&p).Column("merged_into_id", "erased_at").
		Where("?TableAlias.id = ?", person).For("KEY SHARE").Scan(ctx)
	switch {
	case err != nil:
		return missing(err, "person", path...)
	case p.MergedIntoID != nil:
		return core.Conflict(core.T("This person was merged into another. Take that one (mergedInto).",
			"Эта запись объединена с другой. Возьмите ту запись (mergedInto)."), path...)
	case p.ErasedAt != nil:
		return core.Conflict(core.T("This person's data was erased.", "Данные этого человека удалены."), path...)
	}
	return nil
}

// OrganisationStands refuses an organisation that was merged, or that does not stand from the first
// to the last day (nil: no end), and keeps merging and dissolving away until the transaction ends.
// Changes of one organisation's posts and mandates so go one after another.
func (s *Service) OrganisationStands(ctx context.Context, tx bun.IDB, organisation uuid.UUID, first core.Date, last *core.Date, path ...string) error {
	o, err := s.unmerged(ctx, tx, organisation, path...)
	switch {
	case err != nil:
		return err
	case o.FoundedOn != nil && first.Before(*o.FoundedOn):
		return core.Invalid(core.Textf("The organisation was founded on %s, after that first day.", "Организация основана %s, позже этого первого дня.", *o.FoundedOn), path...)
	case o.DissolvedOn != nil && (last == nil || o.DissolvedOn.Before(*last)):
		return core.Invalid(core.Textf("The organisation was dissolved on %s, before that last day.", "Организация упразднена %s, раньше этого последнего дня.", *o.DissolvedOn), path...)
	}
	return nil
}

// unmerged locks an organisation, whatever its dates, and refuses one that was merged.
func (s *Service) unmerged(ctx context.Context, tx bun.IDB, organisation uuid.UUID, path ...string) (*Organisation, error) {
	o := &Organisation{Owned: owned(ctx), ID: organisation}
	if err := load(ctx, tx, o, "merged_into_id", "founded_on", "dissolved_on"); err != nil {
		return nil, err
	}
	if o.MergedIntoID != nil {
		return nil, core.Conflict(core.T("This organisation was merged into another. Take that one (mergedInto).",
			"Эта организация объединена с другой. Возьмите ту организацию (mergedInto)."), path...)
	}
	return o, nil
}

// missing is NOT_FOUND for a row that is not there.
func missing(err error, what string, path ...string) error {
	if noRows(err) {
		return &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: path}
	}
	return postgres.Conflicts(fmt.Errorf("read %s: %w", what, err), nil)
}

func id(typ string, key uuid.UUID) core.ID { return core.ID{Type: typ, Key: key} }
