package motions

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
)

// Service is every way to change motions, votes and resolutions. Each method checks the caller's
// right on the row, so it may be called from anywhere.
type Service struct {
	reads    *read.Reader
	guard    *access.Guard
	writer   *mutation.Writer
	meetings *meetings.Service
	people   *people.Service
	rules    map[string]RulesOf // by the body's kind of scope
}

// broken are the words for what the database holds true.
var broken = map[string]*core.Error{
	"votes_one_at_a_time":     core.Conflict(core.T("Another vote is open in this meeting. Close or annul it first.", "В этом заседании уже идёт другое голосование. Сначала завершите или отмените его."), "input", "subjectId"),
	"ballots_once":            core.Conflict(core.T("A ballot was cast for this member already. A secret ballot cannot be changed.", "За этого члена бюллетень уже подан. При тайном голосовании изменить его нельзя."), "input", "voteId"),
	"proxies_one_each":        core.Conflict(core.T("This member has given a proxy for the meeting already. Revoke it first.", "Этот член уже выдал доверенность на заседание. Сначала отзовите её."), "input", "giverId"),
	"resolutions_once":        core.Conflict(core.T("This motion is written down as a resolution already.", "По этому предложению решение уже оформлено."), "input", "motionId"),
	"resolution_changes_once": core.Invalid(core.T("The same resolution is named twice.", "Одно и то же решение названо дважды."), "input", "changes"),
}

func insert(ctx context.Context, db bun.IDB, model any) error {
	_, err := db.NewInsert().Model(model).Exec(ctx)
	return postgres.Conflicts(err, broken)
}

// lock reads a row and keeps others from changing it until the transaction ends.
func lock[M any](ctx context.Context, db bun.IDB, key uuid.UUID, path ...string) (*M, error) {
	m := new(M)
	err := db.NewSelect().Model(m).Where("?TableAlias.id = ?", key).For("NO KEY UPDATE").Scan(ctx)
	if postgres.NoRows(err) {
		err = &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: path}
	}
	return m, err
}

// find reads one row.
func find[M any](ctx context.Context, db bun.IDB, key uuid.UUID) (*M, error) {
	m := new(M)
	return m, db.NewSelect().Model(m).Where("?TableAlias.id = ?", key).Scan(ctx)
}

// mine asks for the permission on the row, and besides for motions:run where the caller acts for
// another than themself.
func mine[M any](ctx context.Context, s *Service, tx *mutation.Tx, permission string, key uuid.UUID, person uuid.UUID, path ...string) error {
	if err := read.Require[M](ctx, s.reads, tx, permission, key, path...); err != nil {
		return err
	}
	if me := core.ActorOf(ctx).Person; me != uuid.Nil && me == person {
		return nil
	}
	return read.Require[M](ctx, s.reads, tx, mayRun, key, path...)
}

// personOr is the person named, or the caller where none is.
func personOr(ctx context.Context, id *core.ID, field string) (uuid.UUID, error) {
	if id != nil {
		return id.Of("Person", "input", field)
	}
	me := core.ActorOf(ctx).Person
	if me == uuid.Nil {
		return me, core.Invalid(core.T("Your account is linked to no person: name the member.", "Ваша учётная запись не связана с человеком: укажите члена органа."), "input", field)
	}
	return me, nil
}

// stands refuses a person whom the caller may not see, or whose record is gone.
func (s *Service) stands(ctx context.Context, tx *mutation.Tx, person uuid.UUID, field string) error {
	if err := read.Seen[people.Person](ctx, s.reads, tx, person, "input", field); err != nil {
		return err
	}
	return s.people.PersonStands(ctx, tx, person, "input", field)
}

// bodyOf is the object that the meeting's body is.
func bodyOf(m *meetings.Meeting) core.ID {
	return *read.ScopeObject(core.Scope{Kind: m.BodyKind, ID: *m.BodyID})
}
