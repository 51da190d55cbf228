package cases

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/identity"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/calendar"
	"github.com/veche-city/veche/modules/files"
	"github.com/veche-city/veche/modules/people"
)

// Service is every way to change cases. Each method that is a mutation checks the caller's right on the
// row; Open leaves that to the module that calls it.
type Service struct {
	reads    *read.Reader
	guard    *access.Guard
	writer   *mutation.Writer
	identity *identity.Service
	people   *people.Service
	calendar *calendar.Service
	files    *files.Service
	clock    core.Clock
}

// broken are the words for what the database holds true.
var broken = map[string]*core.Error{
	"cases_children_first":    core.Conflict(core.T("The case above is closed, or cases below this one are open. Reopen that one, or close those first.", "Вышестоящее обращение закрыто либо открыты подчинённые. Возобновите его или сначала закройте их.")),
	"case_forwardings_once":   core.Conflict(core.T("The case is in the hands of that body already.", "Обращение уже находится в этом органе."), "input", "organisationId"),
	"case_kinds_key":          core.Conflict(core.T("A kind with this key is there already.", "Вид с таким ключом уже есть."), "input", "key"),
	"case_kinds_one_default":  core.Conflict(core.T("Another kind was made the default meanwhile. Reload and try again.", "Тем временем видом по умолчанию стал другой. Обновите данные и повторите."), "input", "isDefault"),
	"case_states_key":         core.Conflict(core.T("A state with this key is there already.", "Состояние с таким ключом уже есть."), "input", "key"),
	"case_states_one_entry":   core.Conflict(core.T("Another state is the entry to this public state already.", "Вход в это публичное состояние уже задан другим состоянием."), "input", "entry"),
	"case_clocks_one_running": core.ErrConflict,
}

// lock finds a case for a change, asks for the caller's right on it, and keeps others from changing it
// until the transaction ends. expected is the version that the caller read, where they say so.
func (s *Service) lock(ctx context.Context, tx *mutation.Tx, id core.ID, permission string, expected *int, field string) (*Case, error) {
	key, err := id.Of("Case", "input", field)
	if err != nil {
		return nil, err
	}
	if err := s.calendar.Hold(ctx, tx); err != nil {
		return nil, err
	}
	if err := read.Require[Case](ctx, s.reads, tx, permission, key, "input", field); err != nil {
		return nil, err
	}
	c, err := lockCase(ctx, tx, key)
	if err == nil && expected != nil && *expected != c.Version {
		err = &core.Error{Code: core.CodeConflict, Text: core.ErrConflict.Text, Path: []string{"input", "expectedVersion"}}
	}
	return c, err
}

func lockCase(ctx context.Context, tx bun.IDB, key uuid.UUID) (*Case, error) {
	c := new(Case)
	return c, tx.NewSelect().Model(c).Where("?TableAlias.id = ?", key).For("NO KEY UPDATE").Scan(ctx)
}

// save writes columns of a locked case.
func save(ctx context.Context, tx *mutation.Tx, c *Case, columns ...string) error {
	err := postgres.Conflicts(mutation.Save(ctx, tx, c, c.Version, columns...), broken)
	c.Version++
	return err
}

// move brings a case to the state by which it becomes that public one, where the workflow leads there.
func move(ctx context.Context, tx bun.IDB, c *Case, to CasePublicState) error {
	entries, err := entriesOf(ctx, tx)
	if err != nil {
		return err
	}
	state, err := entryOf(entries, to)
	if err != nil {
		return err
	}
	return moveTo(ctx, tx, c, state, to)
}

func moveTo(ctx context.Context, tx bun.IDB, c *Case, state uuid.UUID, public CasePublicState) error {
	var ways []CaseState
	err := tx.NewSelect().Model(&ways).Column("id", "name_en", "name_ru").
		Where("?TableAlias.id IN (SELECT way.to_id FROM case_transitions AS way WHERE way.municipality_id = ? AND way.from_id = ?)", core.MunicipalityOf(ctx).ID, c.StateID).
		OrderExpr("?TableAlias.key").Scan(ctx)
	if err != nil {
		return err
	}
	var en, ru string
	for _, w := range ways {
		if w.ID == state {
			c.StateID, c.PublicState = state, public
			return nil
		}
		en, ru = en+", "+w.NameEn, ru+", "+w.NameRu
	}
	if len(ways) == 0 {
		return core.Conflict(core.T("The workflow leads nowhere from the case's state.", "Из нынешнего состояния обращения переходов нет."), "input", "id")
	}
	return core.Conflict(core.T("The workflow leads from the case's state to these only: "+en[2:]+".", "Из нынешнего состояния обращения можно перейти только в такие: "+ru[2:]+"."), "input", "id")
}

// ownerStands refuses an owner that is no more.
func (s *Service) ownerStands(ctx context.Context, tx *mutation.Tx, organisation, person *uuid.UUID, organisationPath, personPath []string) error {
	today := tx.Today()
	if organisation != nil {
		if err := s.people.OrganisationStands(ctx, tx, *organisation, today, &today, organisationPath...); err != nil {
			return err
		}
	}
	if person == nil {
		return nil
	}
	return s.people.PersonStands(ctx, tx, *person, personPath...)
}
